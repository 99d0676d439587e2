"""Reading the channel: how our listings stand there, and which ones exist there and not here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.utils import timezone

from catalog.models import Listing, ListingEvent, Offer, Shop, UnlinkedListing
from catalog.ports import ListingChannel, RemoteListing, RemoteStatus, listing_channels
from catalog.services import listing_import
from catalog.states import ListingState, listing_machine
from marketplace.kernel.errors import Refused

#: Read again this far back, for the channel's own index lags behind its writes.
OVERLAP = timedelta(minutes=10)
#: So many are read, one call each, before they are stored together.
IMPORTED_AT_ONCE = 20

#: A publish that is asked for or under way settles the state itself.
UNDER_WAY = (ListingState.QUEUED, ListingState.PUBLISHING)


@dataclass
class SyncReport:
    """What one look at the channel found."""

    seen: int = 0
    moved: int = 0
    imported: int = 0
    linked: int = 0
    unlinked: int = 0
    is_complete: bool = True

    def summary(self) -> str:
        return (
            f"{self.seen:,} listings read, {self.moved:,} changed state, {self.imported:,} "
            f"imported, {self.linked:,} linked, {self.unlinked:,} could not be linked"
        )


def sync(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> SyncReport:
    """Bring states home (R53-R55) and import what is not here yet (R56, R57).

    The mark “seen through” moves only after the rows of a page are stored, and only as far as the
    channel's own times were seen.
    """
    report = SyncReport()
    channel = listing_channels.get(shop.channel)
    since = shop.listings_seen_through - OVERLAP if shop.listings_seen_through else None
    newest = shop.listings_seen_through
    statuses = iter(channel.statuses(shop, updated_since=since))
    while page := list(islice(statuses, 100)):
        _sync_page(channel, shop, page, report)
        newest = max(filter(None, [newest, *(status.updated_at for status in page)]), default=None)
        if until():
            report.is_complete = False
            break
    if report.is_complete:
        _remember(shop, newest)
    return report


def _remember(shop: Shop, newest: datetime | None) -> None:
    Shop.objects.filter(pk=shop.pk).update(
        listings_seen_through=newest, listings_imported_at=timezone.now()
    )


def _sync_page(
    channel: ListingChannel, shop: Shop, page: list[RemoteStatus], report: SyncReport
) -> None:
    ids = [status.external_id for status in page]
    known = {
        listing.external_id: listing
        for listing in Listing.objects.filter(shop=shop, external_id__in=ids)
    }
    # Those that a person ignored stay away too: they are resolved, and no listing bears their id.
    set_aside = set(
        UnlinkedListing.objects.filter(shop=shop, external_id__in=ids).values_list(
            "external_id", flat=True
        )
    )
    new = []
    for status in page:
        report.seen += 1
        listing = known.get(status.external_id)
        if listing is not None:
            report.moved += apply_status(channel, listing, status)
        elif status.external_id not in set_aside and not _is_gone(status):
            new.append(status)
    for start in range(0, len(new), IMPORTED_AT_ONCE):
        _import(channel, shop, new[start : start + IMPORTED_AT_ONCE], report)


def _is_gone(status: RemoteStatus) -> bool:
    """Deleted on the channel and drafts nobody published are no listings to bring home."""
    return status.raw_status in ("DELETED", "DRAFT")


def _import(
    channel: ListingChannel, shop: Shop, statuses: Sequence[RemoteStatus], report: SyncReport
) -> None:
    """Read some listings of the channel one by one, then store them together."""
    creating = _being_created(shop, statuses)
    found: list[tuple[RemoteStatus, RemoteListing]] = []
    for status in statuses:
        if creating.intersection(status.seller_skus):
            continue
        try:
            found.append((status, channel.read(shop, status.external_id)))
        except Refused as error:
            listing_import.set_aside(shop, status, error.message)
            report.unlinked += 1
    outcomes = listing_import.bring_home_many(shop, [remote for _, remote in found])
    for (status, remote), outcome in zip(found, outcomes, strict=True):
        if isinstance(outcome, Refused):
            listing_import.set_aside(shop, status, outcome.message, title=remote.title)
            report.unlinked += 1
        report.imported += outcome == listing_import.IMPORTED
        report.linked += outcome == listing_import.LINKED


def _being_created(shop: Shop, statuses: Iterable[RemoteStatus]) -> set[str]:
    """SKUs of create calls of ours that may be under way: their own run settles whose these are."""
    skus = {sku for status in statuses for sku in status.seller_skus}
    rows = Offer.objects.filter(
        listing__shop=shop, listing__external_id="", variant__sku__in=skus
    ).exclude(listing__create_intent="")
    return set(rows.values_list("variant__sku", flat=True))


def apply_status(channel: ListingChannel, listing: Listing, status: RemoteStatus) -> bool:
    """Store how a listing stands on the channel; return whether its state moved."""
    known = (listing.state, listing.review, listing.external_status, listing.external_audit)
    if known == (status.state, status.review, status.raw_status, status.raw_audit):
        return False
    if status.state == ListingState.REJECTED and not status.reasons:
        status = channel.status(listing.shop, listing.external_id)
    with transaction.atomic():
        facts = {
            "review": status.review,
            "external_status": status.raw_status,
            "external_audit": status.raw_audit,
            "problem": " ".join(status.reasons),
            "reviewed_at": timezone.now(),
        }
        if listing.state in UNDER_WAY or not listing_machine.allows(listing.state, status.state):
            Listing.objects.filter(pk=listing.pk, state=listing.state).update(**facts)
            return False
        old = listing_machine.move(listing, status.state, **facts)
        ListingEvent.objects.create(
            listing=listing,
            old=old,
            new=status.state,
            reason=" ".join(status.reasons) or f"The channel says {status.raw_status}",
            by="channel",
        )
    return True


def refresh_one(listing: Listing) -> bool:
    """Ask the channel how one listing stands now."""
    channel = listing_channels.get(listing.shop.channel)
    return apply_status(channel, listing, channel.status(listing.shop, listing.external_id))
