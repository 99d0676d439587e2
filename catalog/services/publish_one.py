"""Sending one claimed listing: a create, at most once, or an edit of what changed.

Before a create call leaves, its intent is committed. While an intent stands, nobody knows whether
the channel has the product, so the channel is asked for the seller SKUs first.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.content import Content, differing, fingerprint
from catalog.models import Listing, Offer, OfferStock, UnlinkedListing
from catalog.ports import ListingDraft, Published, RemoteStatus, listing_channels
from catalog.services import drafts, listing_facts, locks, published
from catalog.services.publish_claims import BY, intend_to_create, move, no_claim
from catalog.states import ListingState, ReviewState


def send(listing: Listing) -> None:
    """Create or edit a claimed listing on the channel, and keep the answer.

    Raises what the channel raises, `quota.NoneLeft` and `publish_claims.ClaimLost`.
    """
    if listing.external_id:
        _edit(listing)
    else:
        _create(listing)


def _create(listing: Listing) -> None:
    if listing.create_intent:
        found = _on_channel_already(listing)
        if found:
            _adopt(listing, found)
            return
    key = listing.create_intent or f"mm-{listing.pk}-{uuid.uuid4().hex[:12]}"
    draft, sent = _draft(listing, key)
    intend_to_create(listing, key, sent)
    answer = listing_channels.get(listing.shop.channel).create(listing.shop, draft)
    _settle(listing, draft, answer, sent, is_new=True)


def _edit(listing: Listing) -> None:
    draft, sent = _draft(listing, "")
    channel = listing_channels.get(listing.shop.channel)
    parts = _parts_to_send(listing, sent)
    answer = channel.edit(listing.shop, listing.external_id, draft, parts=parts)
    _settle(listing, draft, answer, sent, is_new=False)


def _draft(listing: Listing, key: str) -> tuple[ListingDraft, Content]:
    """Build what is sent, and what is remembered of it, from one look at the rows."""
    (full,) = listing_facts.load([listing.pk])
    full.shop = listing.shop
    return drafts.draft_of(full, key=key), published.content_here([full])[full.pk]


def _parts_to_send(listing: Listing, sent: Content) -> frozenset[str]:
    """Name what differs from what stands on the channel; empty where that is not certain.

    A version that is in review, or failed it, is sent whole.
    """
    if listing.review != ReviewState.APPROVED or not listing.published_content:
        return frozenset()
    return differing(listing.published_content, sent)


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
        locks.hold([listing.pk])
        move(
            listing,
            status.state,
            reason="Found on the channel after an unclear answer",
            by=BY,
            external_id=status.external_id,
            external_status=status.raw_status,
            external_audit=status.raw_audit,
            review=status.review,
            published_at=timezone.now(),
            uploaded_at=listing.create_intent_at,
            problem=" ".join(remote.status.reasons),
            **no_claim(keep_intent=False),
        )
        by_sku = {offer.seller_sku: offer for offer in remote.offers}
        for offer in listing.offers.select_related("variant"):
            if found := by_sku.get(offer.variant.sku):
                Offer.objects.filter(pk=offer.pk).update(external_id=found.external_id)


def _settle(
    listing: Listing, draft: ListingDraft, answer: Published, sent: Content, *, is_new: bool
) -> None:
    now = timezone.now()
    with transaction.atomic():
        locks.hold([listing.pk])
        changes: dict[str, Any] = {"uploaded_at": now} if is_new else {}
        move(
            listing,
            ListingState.IN_REVIEW,
            reason="; ".join(answer.warnings) or "The channel took it and reviews it",
            request_id=answer.request_id,
            by=BY,
            external_id=answer.external_id,
            review=ReviewState.IN_REVIEW,
            published_content=sent,
            published_hash=fingerprint(sent),
            published_at=now,
            problem="",
            problem_code="",
            problem_request_id="",
            **changes,
            **no_claim(keep_intent=False),
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
