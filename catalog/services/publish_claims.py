"""Who has a listing in hand while it is published, and every step that only its holder may take.

A claim is a name and a time. Each step compares it first, so a worker that slept until another
took its listing over finds out nothing and writes nothing.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.content import Content, fingerprint
from catalog.models import Listing, ListingEvent, Shop
from catalog.services import listings, quota
from catalog.states import ListingState, listing_machine
from marketplace.kernel.errors import Refused

CLAIM_LASTS = timedelta(minutes=5)
BY = "publishing job"


class ClaimLost(Exception):
    """Another worker has this listing by now: whatever this one found out is not its to write."""


def claim(listing: Listing) -> bool:
    """Take a queued listing in hand; say whether it was still to be had."""
    try:
        with transaction.atomic():
            move(
                listing,
                ListingState.PUBLISHING,
                by=BY,
                claimed_by=uuid.uuid4().hex,
                claimed_until=timezone.now() + CLAIM_LASTS,
            )
    except (Refused, ClaimLost):
        return False
    return True


def take_over_from_the_dead(shop: Shop) -> None:
    """Queue again what a dead worker had in its hands; its intent tells what may have happened."""
    stale = Listing.objects.filter(
        shop=shop, state=ListingState.PUBLISHING, claimed_until__lt=timezone.now()
    )
    for listing in stale:
        with suppress(ClaimLost):
            back_to_queue(listing, "The worker that published it is gone")


def intend_to_create(listing: Listing, key: str, sent: Content) -> None:
    """Commit that this content is about to be created under this key, and reserve its upload.

    Raises `quota.NoneLeft` if today's uploads are used up, and `ClaimLost`.
    """
    with transaction.atomic():
        now = timezone.now()
        kept = Listing.objects.filter(pk=listing.pk, claimed_by=listing.claimed_by).update(
            create_intent=key,
            create_intent_at=now,
            claimed_until=now + CLAIM_LASTS,
            # Should the answer be lost, this is what the channel has.
            published_content=sent,
            published_hash=fingerprint(sent),
        )
        if not kept:
            raise ClaimLost
        # The shop comes last: whoever holds it waits for no listing.
        quota.reserve(listing)
    listing.create_intent, listing.create_intent_at = key, now


def refuse(listing: Listing, error: Refused, *, keep_intent: bool) -> None:
    """Put the listing down with the channel's words; a person must change something first."""
    with transaction.atomic():
        move(
            listing,
            ListingState.ERROR,
            reason=error.message,
            request_id=error.request_id,
            by=BY,
            problem=error.message,
            problem_code=error.code,
            problem_request_id=error.request_id,
            **no_claim(keep_intent=keep_intent),
        )


def back_to_queue(listing: Listing, why: str, *, keep_intent: bool = True) -> None:
    """Put the listing back; the intent is dropped where it is certain that nothing was created."""
    with transaction.atomic():
        move(
            listing,
            ListingState.QUEUED,
            reason=why,
            by=BY,
            problem=why,
            **no_claim(keep_intent=keep_intent),
        )
    listings.refresh_readiness([listing.pk])


def no_claim(*, keep_intent: bool) -> dict[str, Any]:
    """The columns of a listing that nobody has in hand."""
    cleared: dict[str, Any] = {"claimed_by": "", "claimed_until": None}
    if not keep_intent:
        cleared |= {"create_intent": "", "create_intent_at": None}
    return cleared


def move(
    listing: Listing,
    to: ListingState,
    *,
    reason: str = "",
    by: str = "",
    request_id: str = "",
    **changes: Any,
) -> None:
    """Move a listing and write the step down; call it inside a transaction.

    Raises `ClaimLost` if it is being published and not by us, `Refused` for an illegal step.
    """
    if listing.state == ListingState.PUBLISHING and not _is_still_ours(listing):
        raise ClaimLost
    old = listing_machine.move(listing, to, **changes)
    ListingEvent.objects.create(
        listing=listing, old=old, new=to, reason=reason, by=by, request_id=request_id
    )


def _is_still_ours(listing: Listing) -> bool:
    """Whether nobody took the listing over; it stays so until the transaction ends."""
    held = Listing.objects.select_for_update(no_key=True).filter(
        pk=listing.pk, state=listing.state, claimed_by=listing.claimed_by
    )
    return held.exists()
