"""Listings of the shops that could not be joined with a product here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.admin.unlinked_verbs import VERBS
from catalog.models import Listing, UnlinkedListing, Variant
from marketplace.kernel.admin import ReadOnlyAdmin, ago, first_line, link_to
from marketplace.kernel.admin_lists import ListTab


@admin.register(UnlinkedListing)
class UnlinkedListingAdmin(ReadOnlyAdmin):
    """Listings of a shop that could not be joined with a product here, and why."""

    list_display = ("name", "skus", "shop", "same_sku", "why", "found", "resolved")
    list_select_related = ("shop",)
    list_filter = (("shop", AutocompleteSelectFilter),)
    fields = ("title", "id_there", "skus", "shop", "reason", "found", "resolved", "listing")
    readonly_fields = ("id_there", "skus", "found", "resolved", "listing")
    search_fields = ("title", "=external_id")
    tabs = (
        ListTab(
            "open",
            "Open",
            "On the channel, and not joined with a product here. The reason is beside each. Link "
            "each to a product, import it as a new one, or ignore it.",
            lambda rows: rows.filter(resolved_at=None),
        ),
        ListTab("all", "All", "Resolved ones too.", lambda rows: rows),
    )
    verbs = VERBS
    empty_hint = "Every listing of the shops is linked with a product here."

    @admin.display(description="Listing on the channel", ordering="title")
    def name(self, row: UnlinkedListing) -> str:
        return str(row)

    @admin.display(description="Product id on the channel")
    def id_there(self, row: UnlinkedListing) -> str:
        return row.external_id

    @admin.display(description="Linked with")
    def listing(self, row: UnlinkedListing) -> object:
        found = Listing.objects.filter(shop=row.shop_id, external_id=row.external_id).first()
        return link_to(found)

    @admin.display(description="SKUs there")
    def skus(self, row: UnlinkedListing) -> str:
        return ", ".join(row.seller_skus) or "none"

    def prepare_page(self, rows: list[Any]) -> None:
        skus = {sku for row in rows for sku in row.seller_skus}
        merchants = {row.shop.merchant_id for row in rows}
        known = Variant.objects.filter(sku__in=skus, merchant__in=merchants)
        bearers = {
            (one.merchant_id, one.sku): one.product for one in known.select_related("product")
        }
        for row in rows:
            keys = [(row.shop.merchant_id, sku) for sku in row.seller_skus]
            row.bearers = {bearers[key].pk: bearers[key] for key in keys if key in bearers}

    @admin.display(description="Same SKU here")
    def same_sku(self, row: Any) -> object:
        found = list(row.bearers.values())
        if len(found) > 1:
            return f"{len(found)} products: link by hand"
        return link_to(found[0], f"{found[0]} ({found[0].sku})") if found else "–"

    @admin.display(description="Why")
    def why(self, row: UnlinkedListing) -> object:
        return first_line(row.reason)

    @admin.display(description="Found", ordering="created_at")
    def found(self, row: UnlinkedListing) -> object:
        return ago(row.created_at)

    @admin.display(description="Resolved", ordering="resolved_at")
    def resolved(self, row: UnlinkedListing) -> object:
        return ago(row.resolved_at, never="no")
