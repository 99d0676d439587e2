"""What stands below a listing: its offers, its properties and its history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from catalog.admin.offer_columns import OfferColumns
from catalog.admin.property_fields import needed_words
from catalog.models import ListingAttribute, ListingEvent, Offer, OfferStock
from catalog.services import quantity_looks
from marketplace.kernel.admin import ReadOnlyInline, TimelineInline, link_to

Rows = QuerySet[Any]


class OfferInline(OfferColumns, ReadOnlyInline):
    model = Offer
    verbose_name_plural = "Offers"
    fields = (
        "sku", "wanted", "sent", "confirmed", "own", "limits", "why_price", "quantities", "why",
        "problem",
    )  # fmt: skip
    readonly_fields = fields
    tab = True

    def get_queryset(self, request: HttpRequest) -> Rows:
        rows: Rows = super().get_queryset(request)
        return rows.select_related("variant").prefetch_related("stocks__warehouse")

    @admin.display(description="SKU")
    def sku(self, row: Offer) -> object:
        return link_to(row.variant)

    @admin.display(description="Why this price")
    def why_price(self, row: Offer) -> object:
        return format_html('<span class="block desk-why">{}</span>', row.price_why or "–")

    @admin.display(description="Quantity per warehouse (wanted / sent / confirmed)")
    def quantities(self, row: Offer) -> object:
        lines = (
            (stock.warehouse.name, stock.wanted, _or_dash(stock.sent), _or_dash(stock.confirmed))
            for stock in row.stocks.all()
        )
        return format_html_join("", '<span class="block">{}: {} / {} / {}</span>', lines) or "–"

    @admin.display(description="Why this quantity")
    def why(self, row: Offer) -> object:
        lines = ((stock.warehouse.name, self._reasons(row)[stock.pk]) for stock in row.stocks.all())
        return format_html_join("", '<span class="block">{}: {}</span>', lines) or "–"

    def _reasons(self, row: Offer) -> dict[int, str]:
        """The sentences for all rows of the listing, asked for with its first one."""
        if not hasattr(self, "_known"):
            stocks = OfferStock.objects.filter(offer__listing=row.listing_id)
            self._known = quantity_looks.why(stocks.values_list("pk", flat=True))
        return self._known


def _or_dash(value: int | None) -> object:
    return "–" if value is None else value


class AttributeInline(ReadOnlyInline):
    model = ListingAttribute
    verbose_name_plural = "Properties"
    fields = ("attribute", "value", "kind_of_value", "needed", "origin")
    readonly_fields = fields
    tab = True

    def get_queryset(self, request: HttpRequest) -> Rows:
        rows: Rows = super().get_queryset(request)
        return rows.select_related("attribute__category").prefetch_related(
            "attribute__category__attributes"
        )

    @admin.display(description="Kind of value")
    def kind_of_value(self, row: ListingAttribute) -> str:
        if any(str(choice["name"]) == row.value for choice in row.attribute.values):
            return "The channel's option"
        return "Own number" if row.attribute.takes_number else "Own value"

    @admin.display(description="Required")
    def needed(self, row: ListingAttribute) -> str:
        return needed_words(row.attribute, row.attribute.category.attributes.all())


class EventInline(TimelineInline):
    model = ListingEvent
