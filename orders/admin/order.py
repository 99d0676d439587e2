"""Orders: one row per part of a channel order, soonest due first where something must leave."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    MultipleChoicesDropdownFilter,
)

from marketplace.kernel.admin import ReadOnlyAdmin, ago, label, money, number, two_lines
from marketplace.kernel.admin_verbs import who
from marketplace.kernel.sheets.admin import SheetsAdmin
from orders import deadlines
from orders.admin import prints
from orders.admin.days import DaysFilter
from orders.admin.labels import DUE_LABELS, ORDER_LABELS
from orders.admin.order_filters import (
    PLAIN_KIND,
    AttentionFilter,
    AutoCancelFilter,
    CarrierFilter,
    KindFilter,
    kind_words,
)
from orders.admin.order_inlines import AttentionInline, EventInline, LineInline
from orders.admin.order_page import (
    FIELDSETS,
    READONLY,
    OrderPage,
    prepare,
)
from orders.admin.order_tabs import TABS
from orders.admin.order_verbs import VERBS
from orders.admin.tables import stacked
from orders.models import Order, OrderAttention
from orders.services import finding, privacy

Rows = QuerySet[Any]
SEE_ADDRESS = "orders.view_address"


@admin.register(Order)
class OrderAdmin(OrderPage, SheetsAdmin, ReadOnlyAdmin):
    list_display = (
        "order_and_shop", "item", "units_and_paid", "state_label", "due", "attention",
        "from_and_to",
    )  # fmt: skip
    list_display_links = ("order_and_shop",)
    list_select_related = ("channel_order__address", "shop__merchant", "fulfillment_center")
    list_filter = (
        ("shop__channel", ChoicesDropdownFilter),
        ("shop", AutocompleteSelectFilter),
        ("merchant", AutocompleteSelectFilter),
        ("fulfillment_center", AutocompleteSelectFilter),
        ("state", MultipleChoicesDropdownFilter),
        KindFilter,
        AttentionFilter,
        AutoCancelFilter,
        CarrierFilter,
        ("due_at", DaysFilter),
    )
    #: They only make the search box appear; `get_search_results` looks.
    search_fields = ("=external_id",)
    search_help_text = finding.HELP
    fieldsets = FIELDSETS
    readonly_fields = READONLY
    inlines = (LineInline, AttentionInline, EventInline)
    tabs = TABS
    verbs = (*VERBS, *prints.VERBS)
    empty_hint = (
        "No order yet. Orders placed after a shop was connected come in by themselves within a "
        "few minutes."
    )

    def prepare_page(self, rows: list[Any]) -> None:
        opened = OrderAttention.objects.filter(resolved_at=None).order_by("opened_at")
        prefetch_related_objects(rows, Prefetch("attentions", opened, to_attr="open_attentions"))

    def get_search_results(
        self, request: HttpRequest, queryset: Rows, search_term: str
    ) -> tuple[Rows, bool]:
        if not search_term.strip():
            return queryset, False
        by_buyer = request.user.has_perm(SEE_ADDRESS)
        return finding.search(queryset, search_term, by_buyer=by_buyer), False

    def get_urls(self) -> list[URLPattern]:
        return [*prints.urls(self.admin_site), *super().get_urls()]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is not None:
            prepare(request, obj)
        return super().get_form(request, obj, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """A whole address that is about to be shown is written down as seen."""
        if obj is not None and obj.may_see_address and obj.channel_order.has_address_to_see:
            privacy.note_looks([obj.channel_order_id], by=who(request), page="order page")
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    # -- columns of the list -----------------------------------------------------------------

    @admin.display(description="Order", ordering="created_on_channel_at")
    def order_and_shop(self, row: Order) -> object:
        """The order id, its shop with the merchant on hover, and its age."""
        shop = format_html('<span title="{}">{}</span>', row.shop.merchant, row.shop.name)
        return stacked(row.external_id, shop, ago(row.created_on_channel_at))

    @admin.display(description="Item", ordering="title")
    def item(self, row: Order) -> object:
        detail = " · ".join(part for part in (row.seller_sku, row.options) if part)
        return two_lines(row.title or row.seller_sku or row.part, detail)

    @admin.display(description="Units", ordering="quantity")
    def units(self, row: Order) -> object:
        notes = [
            f"{count:,} {word}"
            for count, word in (
                (row.shipped_quantity, "shipped"),
                (row.canceled_quantity, "canceled"),
            )
            if count
        ]
        return number(f"{row.quantity:,} ({', '.join(notes)})" if notes else row.quantity)

    @admin.display(description="Paid", ordering="sub_total")
    def paid(self, row: Order) -> object:
        return money(row.sub_total, row.currency)

    @admin.display(description="Units and paid", ordering="quantity")
    def units_and_paid(self, row: Order) -> object:
        return stacked(self.units(row), self.paid(row))

    @admin.display(description="State", ordering="state")
    def state_label(self, row: Order) -> object:
        state = label(row.get_state_display(), ORDER_LABELS[row.state])
        kind = kind_words(row.channel_order).removeprefix(PLAIN_KIND).removeprefix(" · ")
        if not kind:
            return state
        return stacked(state, kind)

    @admin.display(description="Ship by", ordering="due_at")
    def due(self, row: Order) -> object:
        if row.fulfilled_by_channel:
            return label("The channel ships it", DUE_LABELS[deadlines.Standing.NOT_DUE])
        now = timezone.now()
        words = deadlines.sentence(row.state, row.due_at, now)
        color = DUE_LABELS[deadlines.standing(row.state, row.due_at, now)]
        exact = f"{row.due_at:%Y-%m-%d %H:%M} UTC"
        return format_html('<span title="{}">{}</span>', exact, label(words, color))

    @admin.display(description="From and to", ordering="fulfillment_center__name")
    def from_and_to(self, row: Order) -> object:
        """The fulfillment center, with the reason on hover, and the buyer, masked."""
        address = getattr(row.channel_order, "address", None)
        center = format_html(
            '<span title="{}">{}</span>',
            row.routing_reason,
            row.fulfillment_center or "No center yet",
        )
        return stacked(center, address.masked if address else "–")

    @admin.display(description="Attention")
    def attention(self, row: Order) -> object:
        found = getattr(row, "open_attentions", [])
        lines = ((item.sentence, item.get_kind_display()) for item in found)
        return format_html_join("", '<span class="block" title="{}">{}</span>', lines) or "–"
