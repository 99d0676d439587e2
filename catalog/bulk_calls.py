"""Bulk runs that cost a call to the channel for every row: linking, importing, asking."""

from __future__ import annotations

from collections.abc import Callable

from catalog.bulk import CHANGE, IN_A_CALL, Given
from catalog.models import Shop, UnlinkedListing
from catalog.services import linking, suggestions
from marketplace.kernel.batch import BatchReport, run_batch
from marketplace.kernel.bulk import by_chunks
from marketplace.kernel.tasks import nudge


def hurry_after_linking(ids: list[int]) -> None:
    """Quantities go out, pictures come in, and orders that were held for these SKUs go on."""
    for shop in Shop.objects.active().filter(unlinked_listings__in=ids).distinct():
        nudge("pull_orders", shop.pk, label=f"Read orders: {shop}")
        nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")
        nudge("fetch_images", shop.merchant_id, label=f"Fetch images: {shop.merchant}")


def _unlinked(name: str, verb: str, act: Callable[..., object]) -> None:
    def treat(ids: list[int], given: Given, by: str) -> BatchReport:
        rows = UnlinkedListing.objects.filter(pk__in=ids).select_related("shop__merchant")
        return run_batch(verb, rows.order_by("pk"), lambda row: act(row, by=by))

    register = by_chunks(
        name, permission=CHANGE, chunk=IN_A_CALL, is_atomic=False, ended=hurry_after_linking
    )
    register(treat)


_unlinked("link_by_itself", "Linked", linking.link_by_itself)
_unlinked("import_as_new", "Imported", linking.import_anyway)


@by_chunks("ask_category", permission=CHANGE, chunk=IN_A_CALL, is_atomic=False)
def ask_category(ids: list[int], given: Given, by: str) -> BatchReport:
    """Ask the channel which category it recommends; what was asked today is not asked again."""
    return suggestions.ask_many(ids)
