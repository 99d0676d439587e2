"""Publishing: asked for by a person, carried out by a drain that may stop and repeat at any point.

What is asked for here is taken from the queue by `publish_queue`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from catalog.models import Listing
from catalog.services import matching, publish_claims
from catalog.services.publish_queue import PublishReport, publish_queued
from catalog.states import ListingState, ShopState
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused

__all__ = [
    "FIRST",
    "LAST",
    "NORMAL",
    "PublishReport",
    "publish_queued",
    "request_publish",
    "request_publish_many",
    "set_priority",
]

CHUNK = 500
#: Places in the queue that a person may give; the column takes any number between.
FIRST, NORMAL, LAST = 100, 0, -100


def request_publish(listing: Listing, *, by: str) -> None:
    """Queue one listing for its first publishing or a re-publish (R23, R26).

    Raises `Refused` with all reasons if a requirement is not met.
    """
    if listing.shop.state != ShopState.ACTIVE:
        raise Refused(f"{listing.shop} is “{listing.shop.get_state_display()}”, not active.")
    if listing.missing:
        sentences = " ".join(item["sentence"] for item in listing.missing)
        raise Refused(f"It is incomplete: {sentences}")
    if listing.external_id and not _may_be_sent_again(listing):
        raise Refused(
            "Nothing changed since it was published; price and quantity go by themselves."
        )
    if not listing.external_id and (twin := matching.unlinked_twin(listing)):
        raise Refused(
            f"“{twin}” is on {listing.shop} with the same SKU and not linked. Link it to this "
            "product, or ignore it, under Unlinked listings."
        )
    with transaction.atomic():
        publish_claims.move(
            listing,
            ListingState.QUEUED,
            reason="Re-publish asked for" if listing.external_id else "Publish asked for",
            by=by,
            queued_at=timezone.now(),
            problem="",
            problem_code="",
            problem_request_id="",
        )


def request_publish_many(listing_ids: list[int], *, by: str) -> BatchReport:
    """Queue many; each refusal is counted with its reason and does not stop the rest."""
    report = BatchReport("Queued for publishing")
    for start in range(0, len(listing_ids), CHUNK):
        rows = Listing.objects.filter(pk__in=listing_ids[start : start + CHUNK])
        for listing in rows.select_related("shop", "product").order_by("pk"):
            try:
                request_publish(listing, by=by)
            except Refused as error:
                report.refused[error.message] += 1
            else:
                report.done += 1
    return report


def set_priority(listing_ids: Sequence[int], priority: int) -> BatchReport:
    """Say which listings go before others; it holds for every publish until it is changed (B4).

    Among equal ones, whoever was queued earlier goes first.
    """
    report = BatchReport("Set")
    for start in range(0, len(listing_ids), CHUNK):
        rows = Listing.objects.filter(pk__in=listing_ids[start : start + CHUNK])
        report.done += rows.update(priority=priority)
    return report


def _may_be_sent_again(listing: Listing) -> bool:
    return listing.has_unpublished_changes or listing.state == ListingState.REJECTED
