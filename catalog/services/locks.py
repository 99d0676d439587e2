"""The one order in which rows that depend on one another are locked, so that no two wait in a ring.

Channel orders, stock levels, quantity rows, offers, listings, then the shop; those of one kind by
id, quantity rows by variant first. Whoever needs a later kind before an earlier one calls `hold`.
"""

from __future__ import annotations

from collections.abc import Iterable

from catalog.models import Listing, Offer, OfferStock


def hold(listing_ids: Iterable[int]) -> None:
    """Lock listings, their offers and quantity rows until the transaction ends: three queries."""
    ids = sorted(set(listing_ids))
    stocks = OfferStock.objects.filter(offer__listing__in=ids).order_by("offer__variant", "pk")
    list(stocks.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    offers = Offer.objects.filter(listing__in=ids).order_by("pk")
    list(offers.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    hold_listings(ids)


def hold_listings(listing_ids: Iterable[int]) -> None:
    """Lock these listings until the transaction ends; what is read after it is what they are."""
    rows = Listing.objects.filter(pk__in=list(listing_ids)).order_by("pk")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
