"""Publishing: asked for by a person, carried out by a drain, each listing created at most once.

Before a create call leaves, its intent is committed. While an intent stands, nobody knows whether
the channel has the product, so the next run asks the channel for the seller SKUs first.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import Listing, ListingEvent, Offer, OfferStock, Shop, UnlinkedListing
from catalog.ports import DailyLimitReached, ListingDraft, Published, RemoteStatus, listing_channels
from catalog.services import drafts, listing_facts, listings, matching, quota
from catalog.states import ListingState, ReviewState, ShopState, listing_machine
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Reconnect, Refused, TryLater

CLAIM_LASTS = timedelta(minutes=5)


class ClaimLost(Exception):
    """Another worker has this listing by now: whatever this one found out is not its to write."""


@dataclass
class PublishReport:
    """What one run of the drain did."""

    published: int = 0
    refused: int = 0
    held: int = 0
    unclear: int = 0
    is_complete: bool = True

    def summary(self) -> str:
        text = f"{self.published:,} published, {self.refused:,} refused"
        if self.held:
            text += f", {self.held:,} held for the daily limit"
        if self.unclear:
            text += f", {self.unclear:,} unclear (will be looked up)"
        return text


# -- asking ----------------------------------------------------------------------------------


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
        _move(
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
    for start in range(0, len(listing_ids), 500):
        rows = Listing.objects.filter(pk__in=listing_ids[start : start + 500])
        for listing in rows.select_related("shop", "product"):
            try:
                request_publish(listing, by=by)
            except Refused as error:
                report.refused[error.message] += 1
            else:
                report.done += 1
    return report


def _may_be_sent_again(listing: Listing) -> bool:
    return listing.has_unpublished_changes or listing.state == ListingState.REJECTED


# -- the drain -------------------------------------------------------------------------------


def publish_queued(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> PublishReport:
    """Publish what is queued on a shop, one by one; safe to stop and to repeat at any point.

    `until` says when to stop early. Raises `TryLater` when the channel asks for a pause and
    `Reconnect` when the shop must be authorized again; what was queued stays queued.
    """
    report = PublishReport()
    _take_over_from_the_dead(shop)
    for pk in _queued_ids(shop):
        if until():
            report.is_complete = False
            break
        listing = Listing.objects.select_related("shop").get(pk=pk)
        is_new = not listing.external_id
        if is_new and not listing.create_intent and quota.left(listing.shop) == 0:
            report.held = quota.hold_waiting(listing.shop)
            continue
        if _claim(listing):
            with suppress(ClaimLost):
                _publish_one(listing, report)
    return report


def _queued_ids(shop: Shop) -> Iterator[int]:
    yield from list(Listing.objects.filter(shop=shop).queued().values_list("pk", flat=True))


def _claim(listing: Listing) -> bool:
    owner = uuid.uuid4().hex
    try:
        with transaction.atomic():
            _move(
                listing,
                ListingState.PUBLISHING,
                by="publishing job",
                claimed_by=owner,
                claimed_until=timezone.now() + CLAIM_LASTS,
            )
    except (Refused, ClaimLost):
        return False
    return True


def _take_over_from_the_dead(shop: Shop) -> None:
    """Queue again what a dead worker had in its hands; its intent tells what may have happened."""
    stale = Listing.objects.filter(
        shop=shop, state=ListingState.PUBLISHING, claimed_until__lt=timezone.now()
    )
    for listing in stale:
        with suppress(ClaimLost):
            _back_to_queue(listing, "The worker that published it is gone")


def _publish_one(listing: Listing, report: PublishReport) -> None:
    try:
        settled = _edit(listing) if listing.external_id else _create(listing)
    except DailyLimitReached as error:
        quota.remember_spent(listing.shop)
        _back_to_queue(listing, error.message, keep_intent=False)
        report.held = quota.hold_waiting(listing.shop)
    except Refused as error:
        _refuse(listing, error)
        report.refused += 1
    except TryLater as error:
        _back_to_queue(listing, error.message, keep_intent=error.outcome_unknown)
        if not error.outcome_unknown:
            raise
        report.unclear += 1
        report.is_complete = False
    except Reconnect as error:
        _back_to_queue(listing, error.message, keep_intent=False)
        raise
    else:
        report.published += settled


def _create(listing: Listing) -> bool:
    if listing.create_intent:
        found = _on_channel_already(listing)
        if found:
            _adopt(listing, found)
            return True
    channel = listing_channels.get(listing.shop.channel)
    full = listing_facts.load([listing.pk])[0]
    key = listing.create_intent or f"mm-{listing.pk}-{uuid.uuid4().hex[:12]}"
    draft = drafts.draft_of(full, key=key)
    _write_intent(listing, key)
    answer = channel.create(listing.shop, draft)
    _settle(listing, draft, answer, fingerprint=full.content_hash, is_new=True)
    return True


def _edit(listing: Listing) -> bool:
    channel = listing_channels.get(listing.shop.channel)
    full = listing_facts.load([listing.pk])[0]
    draft = drafts.draft_of(full, key="")
    answer = channel.edit(listing.shop, listing.external_id, draft)
    _settle(listing, draft, answer, fingerprint=full.content_hash, is_new=False)
    return True


def _write_intent(listing: Listing, key: str) -> None:
    now = timezone.now()
    kept = Listing.objects.filter(pk=listing.pk, claimed_by=listing.claimed_by).update(
        create_intent=key, create_intent_at=now, claimed_until=now + CLAIM_LASTS
    )
    if not kept:
        raise ClaimLost
    listing.create_intent, listing.create_intent_at = key, now


def _on_channel_already(listing: Listing) -> RemoteStatus | None:
    skus = list(listing.offers.order_by("pk").values_list("variant__sku", flat=True))
    channel = listing_channels.get(listing.shop.channel)
    wanted = set(skus)
    taken = set(
        Listing.objects.filter(shop=listing.shop).on_channel().values_list("external_id", flat=True)
    )
    # What a person let go, or left alone, is not what our call made.
    taken |= set(
        UnlinkedListing.objects.filter(shop=listing.shop).values_list("external_id", flat=True)
    )
    for start in range(0, len(skus), 10):
        for status in channel.find_by_skus(listing.shop, skus[start : start + 10]):
            if wanted & set(status.seller_skus) and status.external_id not in taken:
                return status
    return None


def _adopt(listing: Listing, status: RemoteStatus) -> None:
    """The earlier call did reach the channel: take its product as ours, and its SKU ids."""
    channel = listing_channels.get(listing.shop.channel)
    remote = channel.read(listing.shop, status.external_id)
    with transaction.atomic():
        _move(
            listing,
            status.state,
            reason="Found on the channel after an unclear answer",
            by="publishing job",
            external_id=status.external_id,
            external_status=status.raw_status,
            external_audit=status.raw_audit,
            review=status.review,
            published_hash=listing.content_hash,
            published_at=timezone.now(),
            uploaded_at=listing.create_intent_at,
            **_no_claim(keep_intent=False),
        )
        by_sku = {offer.seller_sku: offer for offer in remote.offers}
        for offer in listing.offers.select_related("variant"):
            if found := by_sku.get(offer.variant.sku):
                Offer.objects.filter(pk=offer.pk).update(external_id=found.external_id)


def _settle(
    listing: Listing, draft: ListingDraft, answer: Published, *, fingerprint: str, is_new: bool
) -> None:
    now = timezone.now()
    with transaction.atomic():
        changes: dict[str, Any] = {"uploaded_at": now} if is_new else {}
        _move(
            listing,
            ListingState.IN_REVIEW,
            reason="; ".join(answer.warnings) or "The channel took it and reviews it",
            request_id=answer.request_id,
            by="publishing job",
            external_id=answer.external_id,
            review=ReviewState.IN_REVIEW,
            published_hash=fingerprint,
            published_at=now,
            problem="",
            problem_code="",
            problem_request_id="",
            **changes,
            **_no_claim(keep_intent=False),
        )
        _remember_offers(listing, draft, answer, with_figures=is_new)


def _remember_offers(
    listing: Listing, draft: ListingDraft, answer: Published, *, with_figures: bool
) -> None:
    now = timezone.now()
    sent = {offer.seller_sku: offer for offer in draft.offers}
    offers, stocks = [], []
    rows = listing.offers.select_related("variant").prefetch_related("stocks__warehouse")
    for offer in rows:
        known = sent.get(offer.variant.sku)
        if known is None:
            continue
        offer.external_id = answer.offer_ids.get(known.seller_sku, offer.external_id)
        offers.append(offer)
        if not with_figures:
            continue
        offer.price_sent, offer.price_sent_at = known.price.amount, now
        for stock in offer.stocks.all():
            if stock.warehouse.external_id in known.quantities:
                stock.sent = known.quantities[stock.warehouse.external_id]
                stock.sent_at = now
                stocks.append(stock)
    Offer.objects.bulk_update(offers, ["external_id", "price_sent", "price_sent_at"])
    OfferStock.objects.bulk_update(stocks, ["sent", "sent_at"], batch_size=500)


def _refuse(listing: Listing, error: Refused) -> None:
    with transaction.atomic():
        _move(
            listing,
            ListingState.ERROR,
            reason=error.message,
            request_id=error.request_id,
            by="publishing job",
            problem=error.message,
            problem_code=error.code,
            problem_request_id=error.request_id,
            **_no_claim(keep_intent=False),
        )


def _back_to_queue(listing: Listing, why: str, *, keep_intent: bool = True) -> None:
    with transaction.atomic():
        _move(
            listing,
            ListingState.QUEUED,
            reason=why,
            by="publishing job",
            problem=why,
            **_no_claim(keep_intent=keep_intent),
        )
    listings.refresh_readiness([listing.pk])


def _no_claim(*, keep_intent: bool) -> dict[str, Any]:
    cleared: dict[str, Any] = {"claimed_by": "", "claimed_until": None}
    if not keep_intent:
        cleared |= {"create_intent": "", "create_intent_at": None}
    return cleared


def _move(
    listing: Listing,
    to: ListingState,
    *,
    reason: str = "",
    by: str = "",
    request_id: str = "",
    **changes: Any,
) -> None:
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
