"""Shops: their state, what leaves towards them, and the day's quota.

The toolkit of integrations adds what it knows of connections and registers the page.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin.labels import SHOP_LABELS
from catalog.admin.shop_verbs import VERBS
from catalog.models import ChannelWarehouse, Listing, Shop
from catalog.services import mapping, quota, shops
from catalog.states import ListingState, ShopState
from marketplace.kernel.admin import (
    BaseAdmin,
    ReadOnlyInline,
    ago,
    label,
    link_to,
    number,
)
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.errors import Refused
from marketplace.kernel.tasks import nudge

EDITABLE = (
    "push_quantity",
    "push_price",
    "push_tracking",
    "on_probation",
    "daily_listing_limit",
    "sample_orders",
)


def _needs_person(rows: Any) -> Any:
    return rows.filter(state__in=[ShopState.NEEDS_RECONNECT, ShopState.MAPPING_REQUIRED])


class ShopForm(forms.ModelForm):
    """What staff may decide about a shop; the rest comes from the channel."""

    class Meta:
        model = Shop
        fields = EDITABLE

    def clean_daily_listing_limit(self) -> int:
        limit: int = self.cleaned_data["daily_listing_limit"]
        if not 1 <= limit <= shops.MOST_UPLOADS:
            raise forms.ValidationError(f"A number from 1 to {shops.MOST_UPLOADS:,}.")
        return limit


class WarehouseInline(ReadOnlyInline):
    model = ChannelWarehouse
    verbose_name_plural = "Warehouses on the channel"
    fields = ("name", "kind", "is_enabled", "center")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("mapping__fulfillment_center")

    @admin.display(description="Fulfillment center")
    def center(self, row: ChannelWarehouse) -> object:
        own = getattr(row, "mapping", None)
        return link_to(own.fulfillment_center) if own else "Not mapped"


class ShopAdmin(BaseAdmin):
    list_display: tuple[str, ...] = (
        "name", "channel", "merchant", "region", "state_label", "outbound", "quota", "listings",
        "listings_read",
    )  # fmt: skip
    list_select_related: tuple[str, ...] = ("merchant",)
    list_filter = (
        ("merchant", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
    )
    search_fields = ("name", "=external_id", "merchant__name")
    form = ShopForm
    fieldsets: tuple[Any, ...] = (
        (
            None,
            {
                "fields": (
                    ("merchant", "channel"),
                    ("region", "currency"),
                    "time_zone",
                    ("state_label", "problem_text"),
                    "external_id",
                )
            },
        ),
        ("What leaves towards the channel", {"fields": EDITABLE[:3]}),
        ("Uploads", {"fields": (EDITABLE[3:5], "quota")}),
        ("Orders", {"fields": ("sample_orders",)}),
        ("Stock", {"fields": ("shared_pools",)}),
        (
            "Last looks",
            {"fields": (("connected", "activated"), ("listings_read", "categories_read"))},
        ),
    )
    readonly_fields: tuple[str, ...] = (
        "merchant", "channel", "region", "currency", "time_zone", "state_label", "problem_text",
        "external_id", "quota", "shared_pools", "connected", "activated", "listings_read",
        "categories_read",
    )  # fmt: skip
    inlines = (WarehouseInline,)
    tabs = (
        ListTab("all", "All", "Every shop that was ever connected.", lambda rows: rows),
        ListTab(
            "active",
            "Active",
            "Connected and mapped: listings, orders and stock flow.",
            lambda rows: rows.active(),
        ),
        ListTab(
            "attention",
            "Needs a person",
            "Their jobs stand still until the merchant maps warehouses or authorizes again.",
            _needs_person,
        ),
    )
    verbs = VERBS
    empty_hint = (
        "No shop yet. A merchant connects one on the Integrations page; staff with the right may "
        "open the same page for them."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def prepare_page(self, rows: list[Any]) -> None:
        on_sale = Listing.objects.filter(shop__in=[row.pk for row in rows]).order_by()
        counts = on_sale.filter(state=ListingState.ACTIVE).values_list("shop")
        found = dict(counts.annotate(n=Count("pk")))
        uploads = _uploads_today(rows)
        for row in rows:
            row.number_of_listings = found.get(row.pk, 0)
            row.uploads_today = uploads.get(row.pk, 0)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Every switch goes through the service, which may refuse it in words."""
        given = form.cleaned_data
        try:
            shops.set_outbound(
                obj,
                quantity=given["push_quantity"],
                price=given["push_price"],
                tracking=given["push_tracking"],
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
        shops.set_quota(
            obj,
            on_probation=given["on_probation"],
            daily_limit=given["daily_listing_limit"],
        )
        shops.set_sample_orders(obj, given["sample_orders"])
        if obj.is_active:
            for kind in ("export_offers", "send_tracking", "publish_queued"):
                nudge(kind, obj.pk, label=f"{kind.replace('_', ' ').capitalize()}: {obj}")

    @admin.display(description="State", ordering="state")
    def state_label(self, row: Shop) -> object:
        return label(row.get_state_display(), SHOP_LABELS[row.state])

    @admin.display(description="Why it stopped and what to do")
    def problem_text(self, row: Shop) -> str:
        return row.problem or "–"

    @admin.display(description="Outbound")
    def outbound(self, row: Shop) -> str:
        on = [
            word
            for word, flag in (
                ("quantity", row.push_quantity),
                ("price", row.push_price),
                ("tracking", row.push_tracking),
            )
            if flag
        ]
        return ", ".join(on) or "nothing"

    @admin.display(description="Uploads today")
    def quota(self, row: Shop) -> str:
        if not row.on_probation:
            return "No limit"
        used: int | None = getattr(row, "uploads_today", None)
        if used is None:
            used = _uploads_today([row]).get(row.pk, 0)
        return f"{used:,} of {row.daily_listing_limit:,}"

    @admin.display(description="Shared with other shops")
    def shared_pools(self, row: Shop) -> str:
        return " ".join(mapping.shared_pools(row)) or "No other shop sells from its warehouses."

    @admin.display(description="On sale")
    def listings(self, row: Shop) -> object:
        return number(row.number_of_listings)  # type: ignore[attr-defined]

    @admin.display(description="Listings read", ordering="listings_imported_at")
    def listings_read(self, row: Shop) -> object:
        return ago(row.listings_imported_at)

    @admin.display(description="Categories read")
    def categories_read(self, row: Shop) -> object:
        return ago(row.taxonomy_refreshed_at)

    @admin.display(description="Connected")
    def connected(self, row: Shop) -> object:
        return ago(row.connected_at)

    @admin.display(description="Activated")
    def activated(self, row: Shop) -> object:
        return ago(row.activated_at)


def _uploads_today(rows: list[Shop]) -> dict[int, int]:
    """Uploads since midnight of each shop's own day, in one query."""
    now, today = timezone.now(), Q(pk__in=[])
    for row in rows:
        if row.on_probation:
            today |= Q(shop=row.pk, uploaded_at__gte=quota.day_start(row, now))
    counts = Listing.objects.filter(today).order_by().values_list("shop")
    return dict(counts.annotate(n=Count("pk")))
