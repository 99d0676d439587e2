"""Labels of the channel: asked for, bought, refused, and the document to print."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from catalog.models import Shop
from marketplace.kernel.admin import ago
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb, failure_text
from marketplace.kernel.errors import Failure
from orders.admin.labels import LABEL_LABELS
from orders.admin.outgoing import OutgoingAdmin, UnitInline, hurry
from orders.admin.tables import stacked
from orders.models import Label, LabelLine
from orders.services import labels
from orders.states import LabelState

PRINT = "orders.add_label"
UNITS = {"POUND": "lb", "GRAM": "g", "INCH": "in", "CM": "cm"}


def print_url(row: Label) -> str:
    """Where the document of a label is fetched."""
    return reverse("admin:orders_label_document", args=[row.pk])


def buy_now(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    shops = hurry("buy_labels", "Buy labels", Shop.objects.filter(labels__in=ids))
    return f"Asked for {shops:,} shops: what was not bought yet is bought now."


class LabelUnitInline(UnitInline):
    model = LabelLine


@admin.register(Label)
class LabelAdmin(OutgoingAdmin):
    colors = LABEL_LABELS
    list_display = (
        "order_and_shop", "state_label", "printing", "service_and_price", "problem_text",
        "bought",
    )  # fmt: skip
    search_fields = ("channel_order__external_id", "=package_external_id")
    search_help_text = "Search by order id or package"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("order_id", "state_label"),
                    ("shop", "printing"),
                    "problem_full",
                    ("service_name", "cost"),
                    ("parcel", "way"),
                    ("package_external_id", "bought"),
                    ("attempts", "by"),
                )
            },
        ),
    )
    readonly_fields = (
        "order_id", "state_label", "printing", "problem_full", "service_name", "cost",
        "parcel", "way", "bought",
    )  # fmt: skip
    inlines = (LabelUnitInline,)
    tabs = (
        ListTab("all", "All", "Every label that was asked for here.", lambda rows: rows),
        ListTab(
            "wanted",
            "To be bought",
            "They are bought within a minute.",
            lambda rows: rows.filter(state__in=[LabelState.WANTED, LabelState.BUYING]),
        ),
        ListTab(
            "refused",
            "Refused",
            "The channel made no label. Mend what it says, then use “Get label” on the order.",
            lambda rows: rows.filter(state=LabelState.REFUSED),
        ),
    )
    verbs = (
        Verb(
            name="buy_labels",
            label="Buy now",
            run=buy_now,
            permission=PRINT,
            button="Buy now",
            applies=lambda row: row.state in (LabelState.WANTED, LabelState.BUYING),
        ),
    )
    empty_hint = "No label yet. Open an order that the channel ships and use “Get label”."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.document_view)
        return [
            path("<int:pk>/document/", view, name="orders_label_document"),
            *super().get_urls(),
        ]

    def document_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The document as the channel gives it now; nothing of it is kept, here or in between."""
        if not request.user.has_perm(PRINT):
            raise PermissionDenied
        row = self.get_queryset(request).select_related("channel_order__shop").filter(pk=pk).first()
        if row is None:
            raise Http404
        try:
            content = labels.document(row)
        except Failure as error:
            messages.error(request, failure_text(error))
            return HttpResponseRedirect(reverse("admin:orders_label_change", args=[pk]))
        name = f"label-{row.package_external_id}.pdf"
        return HttpResponse(
            content,
            content_type="application/pdf",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store, private",
                "X-Content-Type-Options": "nosniff",
            },
        )

    @admin.display(description="Document")
    def printing(self, row: Label) -> object:
        if row.state != LabelState.BOUGHT:
            return "–"
        return format_html(
            '<a class="font-medium text-primary-600 dark:text-primary-500 whitespace-nowrap" '
            'href="{}">Download PDF</a>',
            print_url(row),
        )

    @admin.display(description="Service")
    def service_name(self, row: Label) -> str:
        return row.service or "The channel's own choice"

    @admin.display(description="Service and price", ordering="service")
    def service_and_price(self, row: Label) -> object:
        return stacked(self.service_name(row), str(row.price_money or ""))

    @admin.display(description="Price")
    def cost(self, row: Label) -> str:
        return str(row.price_money or "–")

    @admin.display(description="Parcel")
    def parcel(self, row: Label) -> str:
        if row.weight is None:
            return "As the channel knows it"
        sides = [side for side in (row.length, row.width, row.height) if side is not None]
        size = f", {' × '.join(f'{side:f}' for side in sides)} {UNITS.get(row.size_unit, '')}"
        return f"{row.weight.normalize():f} {UNITS.get(row.weight_unit, '')}{size if sides else ''}"

    @admin.display(description="Handed over by")
    def way(self, row: Label) -> str:
        if row.pickup_from and row.pickup_until:
            return f"Pickup, {row.pickup_from:%d %b %H:%M} to {row.pickup_until:%H:%M} UTC"
        return row.handover.replace("_", " ").capitalize() or "–"

    @admin.display(description="Bought", ordering="bought_at")
    def bought(self, row: Label) -> object:
        return ago(row.bought_at, never="not yet")
