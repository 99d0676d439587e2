"""Variants with their stock over all places."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.admin import figures
from catalog.admin.bundle import ComponentFormSet, ComponentInline, ContainedInline
from catalog.admin.hurry import hurry_exports
from catalog.admin.stock_verbs import VARIANT_VERBS
from catalog.admin.variant_forms import WordsField
from catalog.models import Identifier, StockLevel, Variant
from catalog.services import bundles, products
from marketplace.kernel.admin import (
    BaseAdmin,
    ReadOnlyInline,
    link_to,
    money,
    number,
    thumbnail,
)
from marketplace.kernel.admin_verbs import who
from marketplace.kernel.sheets.admin import SheetsAdmin


class IdentifierInline(TabularInline):
    model = Identifier
    extra = 0
    fields = ("kind", "value")


class LevelInline(ReadOnlyInline):
    model = StockLevel
    verbose_name_plural = "Stock"
    fields = ("fulfillment_center", "on_hand", "reserved", "free")
    readonly_fields = fields

    @admin.display(description="Available")
    def free(self, row: StockLevel) -> object:
        return number(row.available)


@admin.register(Variant)
class VariantAdmin(SheetsAdmin, BaseAdmin):
    list_display = (
        "picture", "sku", "product_link", "option_words", "merchant", "price_text", "weight_text",
        "units", "free",
    )  # fmt: skip
    list_display_links = ("picture", "sku")
    list_select_related = ("product", "merchant")
    list_filter = (
        ("merchant", AutocompleteSelectFilter),
        ("product__tags", AutocompleteSelectFilter),
    )
    search_fields = ("sku", "product__title", "identifiers__value")
    search_help_text = "Search by SKU, product title or identifier"
    fieldsets = (
        (None, {"fields": (("product", "sku"), "options")}),
        ("Price", {"fields": (("price", "compare_at_price"), ("cost", "currency"))}),
        (
            "Shipping",
            {
                "fields": (
                    ("weight", "weight_unit"),
                    ("length", "width"),
                    ("height", "dimension_unit"),
                )
            },
        ),
    )
    readonly_fields = ("product",)
    inlines = (IdentifierInline, ComponentInline, LevelInline, ContainedInline)
    verbs = VARIANT_VERBS

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A bundle has no stock of its own, and few variants are part of one."""
        hidden = set()
        if obj and obj.components.exists():
            hidden.add(LevelInline)
        if not (obj and obj.contained_in.exists()):
            hidden.add(ContainedInline)
        return [inline for inline in self.inlines if inline not in hidden]

    empty_hint = "No variant yet. They come with products."

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "options":
            return WordsField(required=False, help_text="Red / Large")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def prepare_page(self, rows: list[Any]) -> None:
        figures.add_pictures(rows, "product__images")
        found = figures.available_of_variants(rows)
        for row in rows:
            row.units, row.free = found.get(row.pk, (0, 0))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if any(isinstance(one, ComponentFormSet) and one.has_changed() for one in formsets):
            bundles.changed([form.instance.pk])
        products.changed([form.instance.product_id], by=who(request))
        hurry_exports(Variant.objects.filter(product=form.instance.product_id))

    @admin.display(description="")
    def picture(self, row: Variant) -> object:
        return thumbnail(figures.picture_url(row.product))

    @admin.display(description="Product", ordering="product__title")
    def product_link(self, row: Variant) -> object:
        return link_to(row.product)

    @admin.display(description="Options")
    def option_words(self, row: Variant) -> str:
        return row.option_text or "–"

    @admin.display(description="Price", ordering="price")
    def price_text(self, row: Variant) -> object:
        return money(row.price, row.currency)

    @admin.display(description="Weight")
    def weight_text(self, row: Variant) -> str:
        return f"{row.weight.normalize():f} {row.weight_unit}" if row.weight else "–"

    @admin.display(description="On hand")
    def units(self, row: Variant) -> object:
        return number(row.units)  # type: ignore[attr-defined]

    @admin.display(description="Available")
    def free(self, row: Variant) -> object:
        return number(row.free)  # type: ignore[attr-defined]
