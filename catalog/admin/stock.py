"""Stock levels and the ledger behind them; both are read here and written by verbs only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin.labels import MOVEMENT_LABELS
from catalog.admin.stock_verbs import LEVEL_VERBS
from catalog.models import StockLevel, StockMovement
from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    label,
    link_to,
    number,
)
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.sheets.admin import SheetsAdmin


def _all(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows


def _sold_out(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(on_hand=F("reserved"))


def _reserved(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(reserved__gt=0)


@admin.register(StockLevel)
class StockLevelAdmin(SheetsAdmin, ReadOnlyAdmin):
    list_display = ("sku", "product", "center", "merchant", "units", "promised", "free")
    list_select_related = ("variant__product__merchant", "fulfillment_center")
    list_filter = (
        ("variant__merchant", AutocompleteSelectFilter),
        ("fulfillment_center", AutocompleteSelectFilter),
    )
    search_fields = ("variant__sku", "variant__product__title")
    search_help_text = "Search by SKU or product title"
    fields = ("sku", "product", "center", "units", "promised", "free")
    readonly_fields = fields
    tabs = (
        ListTab("all", "All", "Units of each SKU at each fulfillment center.", _all),
        ListTab("out", "Sold out", "Nothing is left to sell there.", _sold_out),
        ListTab("promised", "Promised to orders", "Some of it must still be shipped.", _reserved),
    )
    verbs = LEVEL_VERBS
    empty_hint = (
        "No stock yet. Import counts (SKU, fulfillment center, quantity), or select variants and "
        "use “Receive stock”."
    )

    @admin.display(description="SKU", ordering="variant__sku")
    def sku(self, row: StockLevel) -> object:
        return row.variant.sku

    @admin.display(description="Product")
    def product(self, row: StockLevel) -> object:
        return link_to(row.variant.product)

    @admin.display(description="Fulfillment center", ordering="fulfillment_center__name")
    def center(self, row: StockLevel) -> object:
        return link_to(row.fulfillment_center)

    @admin.display(description="Merchant")
    def merchant(self, row: StockLevel) -> str:
        return str(row.variant.product.merchant)

    @admin.display(description="On hand", ordering="on_hand")
    def units(self, row: StockLevel) -> object:
        return number(row.on_hand)

    @admin.display(description="Reserved", ordering="reserved")
    def promised(self, row: StockLevel) -> object:
        return number(row.reserved)

    @admin.display(description="Available", ordering=F("on_hand") - F("reserved"))
    def free(self, row: StockLevel) -> object:
        return number(row.available)


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    """The ledger: every unit that came, went or was promised, and why."""

    list_display = (
        "at", "kind_label", "sku", "center", "on_hand_text", "reserved_text", "reference", "note",
        "by",
    )  # fmt: skip
    list_select_related = ("variant", "fulfillment_center")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("fulfillment_center", AutocompleteSelectFilter),
        ("variant__merchant", AutocompleteSelectFilter),
    )
    search_fields = ("variant__sku", "reference")
    search_help_text = "Search by SKU or reference, such as an order id"

    @admin.display(description="What", ordering="kind")
    def kind_label(self, row: StockMovement) -> object:
        return label(row.get_kind_display(), MOVEMENT_LABELS[row.kind])

    @admin.display(description="SKU", ordering="variant__sku")
    def sku(self, row: StockMovement) -> object:
        return link_to(row.variant, row.variant.sku)

    @admin.display(description="Fulfillment center")
    def center(self, row: StockMovement) -> str:
        return str(row.fulfillment_center)

    @admin.display(description="On hand")
    def on_hand_text(self, row: StockMovement) -> object:
        return number(f"{row.on_hand:+,}" if row.on_hand else "–")

    @admin.display(description="Reserved")
    def reserved_text(self, row: StockMovement) -> object:
        return number(f"{row.reserved:+,}" if row.reserved else "–")
