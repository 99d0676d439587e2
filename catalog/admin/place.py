"""Fulfillment centers, the channels' warehouses and how they are mapped."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.db.models import F, Sum
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.models import (
    CenterKind,
    ChannelWarehouse,
    FulfillmentCenter,
    StockLevel,
    WarehouseKind,
    WarehouseMapping,
)
from catalog.services import mapping
from marketplace.kernel.admin import (
    BaseAdmin,
    ReadOnlyAdmin,
    colors,
    label,
    link_to,
    number,
)

CENTER_LABELS = colors(CenterKind, {CenterKind.THIRD_PARTY: "info"})
WAREHOUSE_LABELS = colors(
    WarehouseKind,
    {WarehouseKind.SALES: "success", WarehouseKind.CHANNEL_FULFILLED: "info"},
)


@admin.register(FulfillmentCenter)
class FulfillmentCenterAdmin(BaseAdmin):
    list_display = ("name", "code", "merchant", "kind_label", "provider", "city", "units", "free")
    list_select_related = ("merchant",)
    list_filter = (
        ("merchant", AutocompleteSelectFilter),
        ("kind", ChoicesDropdownFilter),
        ("provider", ChoicesDropdownFilter),
    )
    search_fields = ("name", "code", "city")
    autocomplete_fields = ("merchant",)
    fieldsets = (
        (None, {"fields": (("merchant", "code"), "name", ("kind", "provider"))}),
        ("Address", {"fields": ("address", ("city", "state"), ("postal_code", "country"))}),
        ("Who sells from it", {"fields": ("mapped_in",)}),
    )
    readonly_fields = ("mapped_in",)
    empty_hint = (
        "No fulfillment center yet. Add an own warehouse or a 3rd-party fulfillment service "
        "before connecting a sales channel, so that its quantity shows there."
    )

    def prepare_page(self, rows: list[Any]) -> None:
        levels = StockLevel.objects.filter(fulfillment_center__in=[row.pk for row in rows])
        sums = levels.order_by().values_list("fulfillment_center")
        found = {
            center: (units, free)
            for center, units, free in sums.annotate(
                units=Sum("on_hand"), free=Sum(F("on_hand") - F("reserved"))
            )
        }
        for row in rows:
            row.units, row.free = found.get(row.pk, (0, 0))

    @admin.display(description="Kind")
    def kind_label(self, row: FulfillmentCenter) -> object:
        return label(row.get_kind_display(), CENTER_LABELS[row.kind])

    @admin.display(description="Shops")
    def mapped_in(self, row: FulfillmentCenter) -> object:
        mappings = row.mappings.select_related("shop").order_by("shop__name") if row.pk else ()
        shops = format_html_join(", ", "{}", ((link_to(one.shop),) for one in mappings))
        return format_html("{} {}", shops or "None yet.", mapping.shops_sharing(row))

    @admin.display(description="On hand")
    def units(self, row: FulfillmentCenter) -> object:
        return number(row.units)  # type: ignore[attr-defined]

    @admin.display(description="Available")
    def free(self, row: FulfillmentCenter) -> object:
        return number(row.free)  # type: ignore[attr-defined]


@admin.register(WarehouseMapping)
class WarehouseMappingAdmin(ReadOnlyAdmin):
    """A confirmed mapping is neither changed nor deleted by anybody (R18)."""

    list_display = (
        "warehouse", "center", "shop", "merchant", "shared_with", "confirmed_by", "created_at",
    )  # fmt: skip
    list_select_related = ("warehouse", "fulfillment_center", "shop__merchant", "confirmed_by")
    list_filter = (("shop", AutocompleteSelectFilter), ("shop__merchant", AutocompleteSelectFilter))
    search_fields = ("warehouse__name", "fulfillment_center__name", "shop__name")
    empty_hint = (
        "No warehouse is mapped yet. The prompt appears when a merchant connects a shop, and "
        "again in the shop's settings for warehouses that are opened later."
    )

    def prepare_page(self, rows: list[Any]) -> None:
        uses = WarehouseMapping.objects.filter(
            fulfillment_center__in=[row.fulfillment_center_id for row in rows]
        ).select_related("shop")
        found: dict[int, list[WarehouseMapping]] = defaultdict(list)
        for use in uses.order_by("shop__name"):
            found[use.fulfillment_center_id].append(use)
        for row in rows:
            others = (use for use in found[row.fulfillment_center_id] if use.pk != row.pk)
            row.others = ", ".join(str(use.shop) for use in others)

    @admin.display(description="Shares its units with")
    def shared_with(self, row: WarehouseMapping) -> str:
        return row.others or "–"  # type: ignore[attr-defined]

    @admin.display(description="Fulfillment center", ordering="fulfillment_center__name")
    def center(self, row: WarehouseMapping) -> object:
        return link_to(row.fulfillment_center)

    @admin.display(description="Merchant", ordering="shop__merchant__name")
    def merchant(self, row: WarehouseMapping) -> str:
        return str(row.shop.merchant)


@admin.register(ChannelWarehouse)
class ChannelWarehouseAdmin(ReadOnlyAdmin):
    list_display = ("name", "shop", "kind_label", "is_default", "is_enabled", "center", "location")
    list_select_related = ("shop", "mapping__fulfillment_center")
    list_filter = (("shop", AutocompleteSelectFilter), ("kind", ChoicesDropdownFilter))
    search_fields = ("name", "external_id")

    @admin.display(description="Kind")
    def kind_label(self, row: ChannelWarehouse) -> object:
        return label(row.get_kind_display(), WAREHOUSE_LABELS[row.kind])

    @admin.display(description="Fulfillment center")
    def center(self, row: ChannelWarehouse) -> object:
        own = getattr(row, "mapping", None)
        return link_to(own.fulfillment_center) if own else "Not mapped"
