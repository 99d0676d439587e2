"""Shops with their connections, and every call that was made to a channel."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.admin.shop import ShopAdmin
from catalog.models import Shop
from catalog.pages.access import STAFF_MAY_SEE, choose_merchant
from catalog.states import ShopState
from integrations.models import Connection, Exchange, WebhookDelivery
from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    ago,
    first_line,
    label,
    link_to,
    number,
)
from marketplace.kernel.admin_lists import ListTab
from orders.models import IntakeCursor

SOON = timedelta(days=3)
MERCHANT_PAGES = ("mapping", "shop_settings", "integrations")
HEALTH = {"good": "success", "soon": "warning", "ended": "danger", "none": "danger"}


def health(connection: Connection | None) -> tuple[str, str]:
    """How long a shop's authorization still lasts; it is renewed early by itself."""
    if connection is None or not connection.refresh_token:
        return "none", "Not authorized"
    ends = connection.refresh_expires_at
    if ends and ends < timezone.now():
        return "ended", "Authorization ended"
    if ends and ends < timezone.now() + SOON:
        return "soon", f"Ends on {ends:%b %d}"
    return "good", "Authorized"


def health_label(connection: Connection | None) -> object:
    state, words = health(connection)
    return label(words, HEALTH[state])


@admin.register(Shop)
class ConnectedShopAdmin(ShopAdmin):
    """The shop's page, with what only this layer knows: its authorization and its orders."""

    list_display = (
        "name", "channel", "merchant", "region", "state_label", "connection_health", "outbound",
        "quota", "listings", "listings_read", "orders_read",
    )  # fmt: skip
    list_select_related = ("merchant", "connection", "intake_cursor")
    fieldsets = (
        *ShopAdmin.fieldsets,
        (
            "Connection",
            {
                "fields": (
                    ("connection_health", "renewed"),
                    ("access_ends", "refresh_ends"),
                    "merchant_page",
                    "orders_read_words",
                )
            },
        ),
    )
    readonly_fields = (
        *ShopAdmin.readonly_fields,
        "connection_health",
        "renewed",
        "access_ends",
        "refresh_ends",
        "merchant_page",
        "orders_read_words",
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.open_page)
        pattern = "<int:pk>/page/<slug:name>/"
        return [path(pattern, view, name="merchant_page"), *super().get_urls()]

    def open_page(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Show staff the merchant's own page of this shop."""
        if not request.user.has_perm(STAFF_MAY_SEE):
            raise PermissionDenied
        if name not in MERCHANT_PAGES:
            raise Http404
        shop = get_object_or_404(Shop.objects.select_related("merchant"), pk=pk)
        choose_merchant(request, shop.merchant)
        return HttpResponseRedirect(
            reverse(name) if name == "integrations" else reverse(name, args=[pk])
        )

    @admin.display(description="Connection")
    def connection_health(self, row: Shop) -> object:
        return health_label(getattr(row, "connection", None))

    @admin.display(description="Tokens renewed")
    def renewed(self, row: Shop) -> object:
        return ago(_moment(row, "refreshed_at"))

    @admin.display(description="Access token ends")
    def access_ends(self, row: Shop) -> object:
        return ago(_moment(row, "access_expires_at"), never="not known")

    @admin.display(description="Authorization ends")
    def refresh_ends(self, row: Shop) -> object:
        return ago(_moment(row, "refresh_expires_at"), never="not known")

    @admin.display(description="Orders read")
    def orders_read(self, row: Shop) -> object:
        cursor = _cursor(row)
        return ago(cursor.last_run_at) if cursor else "never"

    @admin.display(description="Orders")
    def orders_read_words(self, row: Shop) -> object:
        cursor = _cursor(row)
        if cursor is None:
            return "Not read yet"
        return format_html("{}: {}", ago(cursor.last_run_at), cursor.last_result or "–")

    @admin.display(description="Merchant's page")
    def merchant_page(self, row: Shop) -> object:
        name, text = {
            ShopState.MAPPING_REQUIRED: ("mapping", "Map warehouses for the merchant"),
            ShopState.DISCONNECTED: ("integrations", "Connect again for the merchant"),
            ShopState.NEEDS_RECONNECT: ("integrations", "Authorize again for the merchant"),
        }.get(ShopState(row.state), ("shop_settings", "Open the shop's settings"))
        url = reverse("admin:merchant_page", args=[row.pk, name])
        return format_html(
            '<a class="text-primary-600 hover:underline" href="{}">{}</a>', url, text
        )


def _moment(row: Shop, name: str) -> Any:
    connection = getattr(row, "connection", None)
    return getattr(connection, name, None)


def _cursor(row: Shop) -> IntakeCursor | None:
    return getattr(row, "intake_cursor", None)


def _ending(rows: Any) -> Any:
    now = timezone.now()
    ends = Q(refresh_expires_at__lt=now + SOON) | Q(access_expires_at__lt=now)
    return rows.filter(ends).exclude(shop__state=ShopState.DISCONNECTED)


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    """Authorizations, without their tokens."""

    list_display = ("shop", "merchant", "seller_name", "state", "access", "refresh", "renewed")
    list_select_related = ("shop__merchant",)
    list_filter = (("shop__merchant", AutocompleteSelectFilter),)
    search_fields = ("shop__name", "seller_name")
    fields = (
        ("shop_link", "merchant"), ("seller_name", "state"), ("access", "refresh"), "renewed",
        "scope_words", "problem",
    )  # fmt: skip
    readonly_fields = (
        "shop_link", "merchant", "state", "access", "refresh", "renewed", "scope_words",
    )  # fmt: skip
    tabs = (
        ListTab("all", "All", "Every shop that was ever authorized.", lambda rows: rows),
        ListTab(
            "ending",
            "Ends soon",
            "The authorization ended or ends within three days, or its access token was not "
            "renewed in time. The merchant authorizes the shop again on the Integrations page.",
            _ending,
        ),
    )
    empty_hint = "No shop is connected yet. Merchants do that on their Integrations page."

    @admin.display(description="Shop")
    def shop_link(self, row: Connection) -> object:
        return link_to(row.shop)

    @admin.display(description="Merchant", ordering="shop__merchant__name")
    def merchant(self, row: Connection) -> str:
        return str(row.shop.merchant)

    @admin.display(description="State")
    def state(self, row: Connection) -> object:
        return health_label(row)

    @admin.display(description="Access token ends", ordering="access_expires_at")
    def access(self, row: Connection) -> object:
        return ago(row.access_expires_at, never="not known")

    @admin.display(description="Authorization ends", ordering="refresh_expires_at")
    def refresh(self, row: Connection) -> object:
        return ago(row.refresh_expires_at, never="not known")

    @admin.display(description="Renewed", ordering="refreshed_at")
    def renewed(self, row: Connection) -> object:
        return ago(row.refreshed_at)

    @admin.display(description="What the shop allowed")
    def scope_words(self, row: Connection) -> str:
        return ", ".join(map(str, row.scopes)) or "Not known"


def _failed(rows: Any) -> Any:
    return rows.exclude(code__in=["", "0"], status=200)


@admin.register(Exchange)
class ExchangeAdmin(ReadOnlyAdmin):
    """Every call to a channel: what was asked and answered, without secrets and people."""

    list_display = ("at", "shop", "call", "result", "said", "request_id", "time_taken")
    list_select_related = ("shop",)
    list_filter = (("shop", AutocompleteSelectFilter),)
    search_fields = ("=request_id", "path")
    search_help_text = "Search by request id or by an id in the address"
    fields = (
        ("at", "shop"), ("call", "result"), ("request_id", "time_taken"), "said",
        "request_text", "answer_text",
    )  # fmt: skip
    readonly_fields = ("call", "result", "said", "time_taken", "request_text", "answer_text")
    tabs = (
        ListTab("all", "All", "The last thirty days.", lambda rows: rows),
        ListTab("failed", "Not answered well", "Refused, or not answered at all.", _failed),
    )
    empty_hint = "No call was made yet."

    @admin.display(description="Call", ordering="path")
    def call(self, row: Exchange) -> str:
        return f"{row.method} {row.path}"

    @admin.display(description="Result")
    def result(self, row: Exchange) -> object:
        words = f"HTTP {row.status}" if row.status else "No answer"
        code = f" · code {row.code}" if row.code not in ("", "0") else ""
        return label(f"{words}{code}", "success" if row.was_good else "danger")

    @admin.display(description="What the channel said")
    def said(self, row: Exchange) -> object:
        return first_line(row.message)

    @admin.display(description="Took", ordering="milliseconds")
    def time_taken(self, row: Exchange) -> object:
        return number(f"{row.milliseconds:,} ms")

    @admin.display(description="Asked")
    def request_text(self, row: Exchange) -> object:
        return pretty(row.request)

    @admin.display(description="Answered")
    def answer_text(self, row: Exchange) -> object:
        return pretty(row.answer)


def pretty(text: str) -> object:
    """JSON on several lines; anything else as it is."""
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text else "–"
    return format_html(
        '<pre class="text-xs" style="white-space:pre-wrap;max-height:30rem;overflow:auto">{}</pre>',
        text,
    )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Notices of the channels, each stored once; they only make us look sooner."""

    list_display = ("created_at", "kind", "subject", "shop", "outcome")
    list_select_related = ("shop",)
    list_filter = (("shop", AutocompleteSelectFilter),)
    search_fields = ("subject", "kind")
    empty_hint = "No notice came yet. Reading by schedule finds everything all the same."
