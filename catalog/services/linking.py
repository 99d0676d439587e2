"""Joining the channel's listings with products by hand, and letting them go again (B11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import (
    Listing,
    ListingEvent,
    Offer,
    OfferStock,
    Product,
    UnlinkedListing,
)
from catalog.ports import RemoteListing, listing_channels
from catalog.services import listing_import, listings, locks, matching, wanted
from catalog.services.matching import Candidate
from catalog.states import ListingState, ReviewState, listing_machine
from marketplace.kernel.errors import Refused


def look(unlinked: UnlinkedListing) -> RemoteListing:
    """Read the listing as it stands on the channel now; a deleted one is refused there."""
    return listing_channels.get(unlinked.shop.channel).read(unlinked.shop, unlinked.external_id)


def candidates(unlinked: UnlinkedListing, remote: RemoteListing | None = None) -> list[Candidate]:
    """Products that it may be: by SKU, by identifier, and as suggestions those of a like title."""
    return matching.candidates(unlinked.shop.merchant_id, remote or look(unlinked))


def link(
    unlinked: UnlinkedListing,
    product: Product,
    *,
    by: str,
    named: Mapping[str, str] | None = None,
    remote: RemoteListing | None = None,
) -> Listing:
    """Join the channel's listing with a product; `named` are SKUs of ours by the channel's id.

    Creates no product and no stock, and sends no price. Raises `Refused` if that product is listed
    on the shop already, or if it is not clear which variant a SKU is.
    """
    if product.merchant_id != unlinked.shop.merchant_id:
        raise Refused(f"“{product}” does not belong to {unlinked.shop.merchant}.")
    shop = unlinked.shop
    remote = remote or look(unlinked)
    pairs = matching.pair(product, remote, named)
    category = listing_import.category_of(shop, remote)
    with transaction.atomic():
        # Of two people who link it at once, the second finds it linked.
        UnlinkedListing.objects.select_for_update().get(pk=unlinked.pk)
        _refuse_if_settled(unlinked)
        _refuse_while_created(unlinked, product)
        return listing_import.join(product, shop, remote, pairs, category, by=by)


def link_by_itself(unlinked: UnlinkedListing, *, by: str) -> Listing:
    """Join it with the one product that has its SKU, else its identifier; never by its title."""
    remote = look(unlinked)
    sure = [one for one in candidates(unlinked, remote) if one.is_sure]
    best = [one.product for one in sure if one.score == sure[0].score]
    if len(best) != 1:
        count = f"{len(best)} products have" if best else "No product has"
        raise Refused(f"{count} its SKUs or identifiers; link it to a product by hand.")
    return link(unlinked, best[0], by=by, remote=remote)


def import_anyway(unlinked: UnlinkedListing, *, by: str) -> None:
    """Make a new product of it. Raises `Refused` naming the SKUs that exist here already."""
    _refuse_if_settled(unlinked)
    shop, remote = unlinked.shop, look(unlinked)
    taken = matching.by_sku(shop.merchant_id, remote.offers)
    if taken:
        skus = ", ".join(f"“{row.sku}”" for row in taken.values())
        raise Refused(f"A SKU exists here already: {skus}. Link it to its product instead.")
    # It may be a call to the channel, so it comes before the transaction.
    listing_import.category_of(shop, remote)
    with transaction.atomic():
        # Of two people who import it at once, the second finds it linked.
        UnlinkedListing.objects.select_for_update().get(pk=unlinked.pk)
        _refuse_if_settled(unlinked)
        listing_import.bring_home(shop, remote, by=by, as_new=True)


def ignore(unlinked: UnlinkedListing, *, by: str) -> None:
    """Leave the listing to itself: it is not shown as open, and not imported again."""
    _refuse_if_settled(unlinked)
    UnlinkedListing.objects.filter(pk=unlinked.pk, resolved_at=None).update(
        resolved_at=timezone.now(), reason=f"Ignored by {by}. {unlinked.reason}"
    )


def unlink(listing: Listing, *, by: str) -> None:
    """Let go of the channel's listing: it stays there untouched, and nothing is sent to it."""
    with transaction.atomic():
        locks.hold([listing.pk])
        listing = Listing.objects.select_related("shop", "product").get(pk=listing.pk)
        if not listing.external_id:
            raise Refused("It is not on the channel.")
        sold = listing.offers.exclude(external_id="").values_list("variant__sku", flat=True)
        UnlinkedListing.objects.update_or_create(
            shop_id=listing.shop_id,
            external_id=listing.external_id,
            defaults={
                "title": listing.title_to_send,
                "seller_skus": list(sold),
                "reason": f"Unlinked by {by} from “{listing.product}”.",
                "resolved_at": None,
            },
        )
        let_go(listing, reason=f"Unlinked from {listing.external_id}", by=by)


def let_go(listing: Listing, *, reason: str, by: str) -> None:
    """Make a staged listing of it again: without the channel's ids, and without what was sent."""
    gone: dict[str, Any] = dict.fromkeys(
        ("external_id", "external_status", "external_audit", "published_hash"), ""
    )
    gone |= dict.fromkeys(("problem", "problem_code", "problem_request_id"), "")
    gone["published_content"] = {}
    gone |= dict.fromkeys(("published_at", "queued_at", "reviewed_at", "imported_at"))
    with transaction.atomic():
        locks.hold([listing.pk])
        old = listing_machine.move(
            listing, ListingState.INCOMPLETE, review=ReviewState.NONE, **gone
        )
        ListingEvent.objects.create(
            listing=listing, old=old, new=ListingState.INCOMPLETE, reason=reason, by=by
        )
        offers = Offer.objects.filter(listing=listing)
        offers.update(
            external_id="",
            price_sent=None,
            price_sent_at=None,
            price_confirmed=None,
            problem="",
            retry_at=None,
        )
        stocks = OfferStock.objects.filter(offer__listing=listing)
        # Units in a warehouse that is not mapped were only what the channel showed.
        stocks.filter(warehouse__mapping=None).delete()
        stocks.update(sent=None, sent_at=None, confirmed=None, confirmed_at=None)
        wanted.refresh_offers([listing])
        listings.refresh_readiness([listing.pk], by=by)


def _refuse_if_settled(unlinked: UnlinkedListing) -> None:
    linked = Listing.objects.filter(shop=unlinked.shop_id, external_id=unlinked.external_id)
    found = linked.select_related("product").first()
    if found:
        raise Refused(f"It is linked with “{found.product}” already.")


def _refuse_while_created(unlinked: UnlinkedListing, product: Product) -> None:
    """A create call for this product may be under way: its answer must find its listing free."""
    rows = Listing.objects.filter(shop=unlinked.shop_id, product=product)
    locks.hold(rows.values_list("pk", flat=True))
    listing = rows.first()
    if listing and (listing.create_intent or listing.state == ListingState.PUBLISHING):
        raise Refused(f"“{product}” is being published on {unlinked.shop} right now; wait for it.")
