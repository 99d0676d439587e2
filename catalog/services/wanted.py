"""What the channel should show: price and quantity wanted, as rows, for every offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from catalog.models import (
    ChannelWarehouse,
    Listing,
    Offer,
    OfferStock,
    Shop,
    StockLevel,
    Variant,
    WarehouseMapping,
)
from catalog.states import ListingState

#: The channel takes no more than this for one SKU in one warehouse.
MOST_UNITS = 99_999
#: Zero is said again after this time, even if the channel said it took it (no oversell).
REASSERT_ZERO_AFTER = timedelta(hours=6)

TAKES_QUANTITY = (ListingState.ACTIVE, ListingState.IN_REVIEW)


def refresh_quantities(places: Iterable[tuple[int, int]]) -> set[int]:
    """Bring the wanted quantities of these (variant id, center id) up to date.

    Returns the variants whose quantity came to or left zero somewhere, for their listings may have
    become ready or incomplete by it.
    """
    by_center: dict[int, list[int]] = defaultdict(list)
    for variant, center in places:
        by_center[center].append(variant)
    turned: set[int] = set()
    with transaction.atomic(savepoint=False):
        for center, variants in by_center.items():
            turned |= _refresh_center(center, variants)
    return turned


def _refresh_center(center: int, variants: Sequence[int]) -> set[int]:
    # The rows are locked before the levels are read: whoever comes second reads the newer level.
    rows = list(
        OfferStock.objects.filter(
            warehouse__mapping__fulfillment_center=center, offer__variant__in=variants
        )
        .select_related("offer")
        .select_for_update(of=("self",))
        .order_by("offer__variant", "pk")
    )
    free = dict(
        StockLevel.objects.filter(fulfillment_center=center, variant__in=variants).values_list(
            "variant", F("on_hand") - F("reserved")
        )
    )
    changed = []
    turned = set()
    for row in rows:
        wanted = min(max(free.get(row.offer.variant_id, 0), 0), MOST_UNITS)
        if wanted == row.wanted:
            continue
        if not wanted or not row.wanted:
            turned.add(row.offer.variant_id)
        row.wanted = wanted
        changed.append(row)
    OfferStock.objects.bulk_update(changed, ["wanted"], batch_size=500)
    Offer.objects.filter(pk__in={row.offer_id for row in changed}, retry_at__isnull=False).update(
        retry_at=None
    )
    return turned


def refresh_prices(variants: Iterable[int]) -> int:
    """Bring the wanted prices of these variants' offers up to date; return how many changed."""
    price = Variant.objects.filter(pk=OuterRef("variant")).values("price")[:1]
    offers = Offer.objects.filter(variant__in=list(variants), currency=F("variant__currency"))
    differs = ~Q(price_wanted=F("variant__price")) | Q(
        price_wanted__isnull=True, variant__price__isnull=False
    )
    return offers.filter(differs).update(price_wanted=Subquery(price), retry_at=None)


def refresh_offers(listings: Sequence[Listing]) -> None:
    """Make an offer per variant and a quantity row per mapped warehouse of these listings."""
    variants: dict[int, list[Variant]] = defaultdict(list)
    for variant in Variant.objects.filter(product__in=[row.product_id for row in listings]):
        variants[variant.product_id].append(variant)
    shops = {row.shop_id: row.shop for row in listings}
    offers = [
        Offer(listing=row, variant=variant, currency=shops[row.shop_id].currency)
        for row in listings
        for variant in variants[row.product_id]
    ]
    Offer.objects.bulk_create(offers, ignore_conflicts=True, batch_size=500)
    _make_quantity_rows(listings)
    touched = [variant.pk for group in variants.values() for variant in group]
    refresh_prices(touched)
    centers = WarehouseMapping.objects.filter(shop__in=list(shops)).values_list(
        "fulfillment_center", flat=True
    )
    refresh_quantities([(variant, center) for center in set(centers) for variant in touched])


def _make_quantity_rows(listings: Sequence[Listing]) -> None:
    warehouses: dict[int, list[int]] = defaultdict(list)
    shops = {row.shop_id for row in listings}
    for shop, warehouse in WarehouseMapping.objects.filter(shop__in=shops).values_list(
        "shop", "warehouse"
    ):
        warehouses[shop].append(warehouse)
    offers = Offer.objects.filter(listing__in=[row.pk for row in listings])
    rows = [
        OfferStock(offer_id=offer, warehouse_id=warehouse)
        for offer, shop in offers.values_list("pk", "listing__shop")
        for warehouse in warehouses[shop]
    ]
    OfferStock.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def refresh_shop(shop: Shop) -> int:
    """Prepare price and quantity of every listing of a shop; return how many listings."""
    listings = Listing.objects.filter(shop=shop).select_related("shop").order_by("pk")
    total = 0
    for chunk in _chunks(listings.iterator(chunk_size=500), 500):
        with transaction.atomic():
            refresh_offers(chunk)
        total += len(chunk)
    return total


def reassert_zero(shop: Shop) -> int:
    """Say zero again where it was said long ago; return how many rows."""
    old = timezone.now() - REASSERT_ZERO_AFTER
    rows = OfferStock.objects.filter(
        offer__listing__shop=shop,
        offer__listing__state__in=TAKES_QUANTITY,
        wanted=0,
        sent=0,
        sent_at__lt=old,
    )
    return rows.update(sent=None)


def remember_quantity(offer: Offer, warehouse: ChannelWarehouse, units: int) -> bool:
    """Keep what the channel shows; in a warehouse that is not mapped it stays as it is there.

    Returns whether this warehouse of the offer was not known before.
    """
    is_ours = WarehouseMapping.objects.filter(warehouse=warehouse).exists()
    shown = {"sent": units, "confirmed": units, "confirmed_at": timezone.now()}
    _, is_new = OfferStock.objects.update_or_create(
        offer=offer, warehouse=warehouse, defaults=shown if is_ours else {"wanted": units, **shown}
    )
    return is_new


def _chunks(rows: Iterable[Listing], size: int) -> Iterator[list[Listing]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk
