"""What the channel was seen to show and was not sent, and why (B5)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from catalog.models import Drift, Listing
from marketplace.kernel.admin import ReadOnlyAdmin, ago, link_to, money
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.tasks import nudge

CHANGE = "catalog.change_listing"
#: Each listing is a call of its own; a whole shop is read from its page.
MOST_READ = 200


def read_again(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    """Ask a worker to read the listings of these differences once more."""
    found = Listing.objects.filter(offers__drifts__in=ids).distinct()
    report = BatchReport("Being read again")
    for listing in found[:MOST_READ]:
        nudge("read_listing_back", listing.pk, label=f"Read back: {listing}"[:200])
        report.done += 1
    if rest := found.count() - report.done:
        report.skipped[
            f"only {MOST_READ} listings are read at once; for more use “Read prices and "
            "quantities back” on the shop"
        ] += rest
    return report


@admin.register(Drift)
class DriftAdmin(ReadOnlyAdmin):
    """Differences between what was sent and what the channel showed."""

    list_display = (
        "listing",
        "sku",
        "shop",
        "what",
        "were_sent",
        "seen_there",
        "why",
        "found",
        "end",
    )
    list_select_related = ("offer__listing__shop", "offer__variant", "offer__listing", "warehouse")
    list_filter = (("offer__listing__shop", AutocompleteSelectFilter), "cause")
    search_fields = ("=offer__variant__sku", "=offer__listing__external_id")
    fields = (*list_display, "seen", "last")
    readonly_fields = fields
    tabs = (
        ListTab(
            "open",
            "Open",
            "When the channel was last read, it showed another figure than the one that was sent. "
            "A price, or more units than sent, goes out again at once. Fewer units may be an order "
            "that is not paid yet: they go out again when a second reading shows the same.",
            lambda rows: rows.open(),
        ),
        ListTab(
            "ended", "Ended", "The channel shows what was sent again.", lambda rows: rows.ended()
        ),
        ListTab("all", "All", "Open and ended ones.", lambda rows: rows),
    )
    verbs = (
        Verb(
            name="read_again",
            label="Read again now",
            run=read_again,
            permission=CHANGE,
            button="Read again now",
        ),
    )
    empty_hint = "Every price and quantity that was read back is the one that was sent."

    @admin.display(description="Listing")
    def listing(self, row: Drift) -> object:
        return link_to(row.offer.listing)

    @admin.display(description="SKU")
    def sku(self, row: Drift) -> object:
        return link_to(row.offer.variant, row.offer.variant.sku)

    @admin.display(description="Shop")
    def shop(self, row: Drift) -> object:
        return link_to(row.offer.listing.shop)

    @admin.display(description="What")
    def what(self, row: Drift) -> str:
        return f"Quantity in {row.warehouse.name}" if row.warehouse else "Price"

    @admin.display(description="Sent")
    def were_sent(self, row: Drift) -> object:
        return self._figure(row, row.sent)

    @admin.display(description="Shown there")
    def seen_there(self, row: Drift) -> object:
        return self._figure(row, row.shown)

    @display(
        description="Cause",
        label={"false_success": "danger", "changed_there": "warning"},
    )
    def why(self, row: Drift) -> tuple[str, str]:
        return row.cause, row.get_cause_display()

    @admin.display(description="Found", ordering="found_at")
    def found(self, row: Drift) -> object:
        return ago(row.found_at)

    @admin.display(description="Last seen", ordering="seen_at")
    def last(self, row: Drift) -> object:
        return ago(row.seen_at)

    @admin.display(description="Ended", ordering="corrected_at")
    def end(self, row: Drift) -> object:
        return ago(row.corrected_at, never="no")

    def _figure(self, row: Drift, value: Any) -> object:
        return f"{int(value):,}" if row.warehouse_id else money(value, row.offer.currency)
