"""All prices on all shops: wanted, sent and confirmed, their limits, and why."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, DropdownFilter

from catalog.admin import price_own, price_verbs
from catalog.admin.offer_columns import OfferColumns
from catalog.models import Offer
from catalog.services import price_looks
from marketplace.kernel.admin import ReadOnlyAdmin, first_line, link_to, two_lines
from marketplace.kernel.admin_lists import ListTab


class HeldFilter(DropdownFilter):
    """Why a price stays as it is."""

    title = "why it stays"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known = [(key, words) for key, words, _ in price_looks.HELD_REASONS]
        return [*known, (price_looks.OTHER, "Other reasons")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        key = self.value()
        known = dict(self.lookup_choices)
        return queryset.filter(price_looks.held_for(key)) if key in known else queryset


@admin.register(Offer)
class OfferAdmin(OfferColumns, ReadOnlyAdmin):
    list_display = (
        "what", "wanted", "sent", "confirmed", "own", "limits", "why", "unsent",
    )  # fmt: skip
    list_display_links = None
    list_select_related = ("variant", "listing__product", "listing__shop")
    list_filter = (("listing__shop", AutocompleteSelectFilter), HeldFilter)
    search_fields = ("=variant__sku", "=listing__product__sku", "=external_id")
    search_help_text = "Search by SKU or SKU id on the channel"
    ordering = ("listing", "pk")
    fields = (
        ("sku", "listing_link", "shop"), ("wanted", "sent", "confirmed"), ("own", "limits"),
        "price_why", "problem",
    )  # fmt: skip
    readonly_fields = (
        "sku", "listing_link", "shop", "wanted", "sent", "confirmed", "own", "limits",
    )  # fmt: skip
    verbs = price_verbs.OF_OFFERS
    tabs = (
        ListTab("all", "All", "Every SKU on every shop.", lambda rows: rows),
        ListTab(
            "floor", "At the floor", "A lower price was asked for and raised to the floor.",
            lambda rows: rows.filter(price_looks.AT_FLOOR),
        ),
        ListTab(
            "ceiling", "At the ceiling", "A higher price was asked for and lowered to the ceiling.",
            lambda rows: rows.filter(price_looks.AT_CEILING),
        ),
        ListTab(
            "kept", "Kept as they are", "Something is missing or contradicts; it stands beside.",
            lambda rows: rows.filter(price_looks.KEPT),
        ),
        ListTab(
            "unsent", "Not sent", "The price wanted must not leave as it is; why stands beside.",
            lambda rows: rows.filter(price_looks.NOT_SENT),
        ),
        ListTab(
            "region", "Outside the region", "The channel does not take such a price in the region.",
            lambda rows: rows.filter(price_looks.OUT_OF_REGION),
        ),
        ListTab(
            "own", "Own prices", "Set by a person; rules and the catalog leave them alone.",
            lambda rows: rows.filter(price_looks.OWN),
        ),
    )  # fmt: skip
    empty_hint = "No SKU is on a shop yet. Stage listings in Products; their prices appear here."

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "own-prices/<slug:token>/",
            self.admin_site.admin_view(price_own.own_prices_view),
            {"model_admin": self},
            name="catalog_offer_own_prices",
        )
        return [own, *super().get_urls()]

    @admin.display(description="SKU and listing")
    def what(self, row: Offer) -> object:
        detail = format_html("{} · {}", link_to(row.listing), row.listing.shop.name)
        return two_lines(row.variant.sku, detail)

    @admin.display(description="SKU")
    def sku(self, row: Offer) -> object:
        return link_to(row.variant, row.variant.sku)

    @admin.display(description="Listing")
    def listing_link(self, row: Offer) -> object:
        return link_to(row.listing)

    @admin.display(description="Shop")
    def shop(self, row: Offer) -> str:
        return row.listing.shop.name

    @admin.display(description="Why this price")
    def why(self, row: Offer) -> object:
        return first_line(row.price_why, most=160)

    @admin.display(description="Not sent")
    def unsent(self, row: Offer) -> object:
        return first_line(row.problem, most=160)
