"""The requirement check of stored listings; by it alone they become ready, or incomplete again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction

from catalog import content, readiness
from catalog.models import Listing, ListingEvent
from catalog.ports import listing_channels
from catalog.services import listing_facts, locks
from catalog.states import ListingState, listing_machine
from marketplace.kernel import many

CHUNK = 500


def refresh_readiness(listing_ids: Sequence[int], *, by: str = "") -> None:
    """Check requirements again, and move listings between Incomplete and Ready to Publish (R36)."""
    ids = sorted(set(listing_ids))
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            _refresh_chunk(ids[start : start + CHUNK], by)


def _refresh_chunk(listing_ids: Sequence[int], by: str) -> None:
    # Locked before anything is read: of two who change a listing's facts, the second sees both.
    locks.hold_listings(listing_ids)
    rows = listing_facts.load(listing_ids)
    facts = listing_facts.facts_of(rows)
    limits = {}
    for row in rows:
        if row.shop_id not in limits:
            limits[row.shop_id] = listing_channels.get(row.shop.channel).limits(row.shop)
    changed, mended = [], []
    for row in rows:
        found = readiness.missing(facts[row.pk], limits[row.shop_id])
        gaps = [asdict(item) for item in found]
        fingerprint = content.fingerprint(content.content_of(facts[row.pk]))
        if row.state == ListingState.ERROR and fingerprint != row.content_hash:
            mended.append(row.pk)
        if gaps != row.missing or fingerprint != row.content_hash:
            row.missing, row.content_hash = gaps, fingerprint
            changed.append(row)
    many.write(changed, ["missing", "content_hash"])
    _settle_states([row.pk for row in rows], mended, by)


def _settle_states(ids: Sequence[int], mended: Sequence[int], by: str) -> None:
    here = Listing.objects.filter(pk__in=ids)
    complete = here.filter(missing=[])
    reasons = (
        (complete.filter(state=ListingState.INCOMPLETE), ListingState.READY, "Complete"),
        (
            here.exclude(missing=[]).filter(state__in=[ListingState.READY, ListingState.QUEUED]),
            ListingState.INCOMPLETE,
            "A requirement is no longer met",
        ),
        (
            complete.filter(pk__in=mended, state=ListingState.ERROR),
            ListingState.READY,
            "Changed after the error",
        ),
        (
            here.exclude(missing=[]).filter(pk__in=mended, state=ListingState.ERROR),
            ListingState.INCOMPLETE,
            "Changed after the error",
        ),
    )
    for rows, to, reason in reasons:
        rows = rows.filter(external_id="")
        moved = list(rows.values_list("pk", "state"))
        if not moved:
            continue
        fields = {"problem": "", "problem_code": "", "problem_request_id": ""}
        listing_machine.move_all(
            Listing.objects.filter(pk__in=[pk for pk, _ in moved]), to, **fields
        )
        many.insert(
            [
                ListingEvent(
                    listing_id=pk, old=old, new=to, reason=reason, by=by or "requirement check"
                )
                for pk, old in moved
            ]
        )
