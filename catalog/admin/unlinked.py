"""Listings of the shops that could not be joined with a product here."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.models import UnlinkedListing
from marketplace.kernel.admin import ReadOnlyAdmin, ago, first_line
from marketplace.kernel.admin_lists import ListTab


@admin.register(UnlinkedListing)
class UnlinkedListingAdmin(ReadOnlyAdmin):
    """Listings of a shop that could not be joined with a product here, and why."""

    list_display = ("name", "skus", "shop", "why", "found", "resolved")
    list_select_related = ("shop",)
    list_filter = (("shop", AutocompleteSelectFilter),)
    search_fields = ("title", "=external_id")
    tabs = (
        ListTab(
            "open",
            "Open",
            "On the channel, and not joined with a product here. The reason is beside each.",
            lambda rows: rows.filter(resolved_at=None),
        ),
        ListTab("all", "All", "Resolved ones too.", lambda rows: rows),
    )
    empty_hint = "Every listing of the shops is linked with a product here."

    @admin.display(description="Listing on the channel", ordering="title")
    def name(self, row: UnlinkedListing) -> str:
        return str(row)

    @admin.display(description="SKUs there")
    def skus(self, row: UnlinkedListing) -> str:
        return ", ".join(row.seller_skus) or "none"

    @admin.display(description="Why")
    def why(self, row: UnlinkedListing) -> object:
        return first_line(row.reason)

    @admin.display(description="Found", ordering="created_at")
    def found(self, row: UnlinkedListing) -> object:
        return ago(row.created_at)

    @admin.display(description="Resolved", ordering="resolved_at")
    def resolved(self, row: UnlinkedListing) -> object:
        return ago(row.resolved_at, never="no")
