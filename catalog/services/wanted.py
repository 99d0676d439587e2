"""What the channel should show: the quantity wanted, as rows, for every offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import islice

from django.db import transaction
from django.db.models import F
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
from catalog.services import recipes, wanted_prices
from catalog.services.recipes import Recipe
from catalog.states import ListingState
from marketplace.kernel import many

#: The channel takes no more than this for one SKU in one warehouse.
MOST_UNITS = 99_999
#: Zero is said again after this time, even if the channel said it took it (no oversell).
REASSERT_ZERO_AFTER = timedelta(hours=6)

TAKES_QUANTITY = (ListingState.ACTIVE, ListingState.IN_REVIEW)


def refresh_quantities(places: Iterable[tuple[int, int]]) -> set[int]:
    """Bring the wanted quantities of these (variant id, center id) up to date.

    A bundle that contains one of them follows at the same place. Returns the variants whose
    quantity came to or left zero somewhere, for their listings may have become ready or incomplete
    by it.
    """
    by_center: dict[int, list[int]] = defaultdict(list)
    for variant, center in places:
        by_center[center].append(variant)
    turned: set[int] = set()
    bundles = recipes.around({variant for some in by_center.values() for variant in some})
    with transaction.atomic(savepoint=False):
        # A bundle's rows are everybody's who moves a component: places are gone through in order.
        for center, moved in sorted(by_center.items()):
            touched = {pk for pk, recipe in bundles.items() if not recipe.keys().isdisjoint(moved)}
            turned |= _refresh_center(center, touched.union(moved), bundles)
    return turned


def _refresh_center(
    center: int, variants: Collection[int], bundles: Mapping[int, Recipe]
) -> set[int]:
    # The rows are locked before the levels are read: whoever comes second reads the newer level.
    rows = list(
        OfferStock.objects.filter(
            warehouse__mapping__fulfillment_center=center, offer__variant__in=variants
        )
        .select_related("offer")
        .select_for_update(of=("self",))
        .order_by("offer__variant", "pk")
    )
    shelves = recipes.shelves(variants, bundles)
    free = dict(
        StockLevel.objects.filter(fulfillment_center=center, variant__in=shelves).values_list(
            "variant", F("on_hand") - F("reserved")
        )
    )
    changed = []
    turned = set()
    for row in rows:
        wanted = _wanted(recipes.available(row.offer.variant_id, bundles, free))
        if wanted == row.wanted:
            continue
        if not wanted or not row.wanted:
            turned.add(row.offer.variant_id)
        row.wanted = wanted
        changed.append(row)
    many.write(changed, ["wanted"])
    Offer.objects.filter(pk__in={row.offer_id for row in changed}, retry_at__isnull=False).update(
        retry_at=None
    )
    return turned


def refresh_offers(listings: Sequence[Listing]) -> None:
    """Make an offer per variant and a quantity row per mapped warehouse of these listings.

    What is new gets its price and quantity at once; what is there already is brought up to date.
    """
    variants: dict[int, list[tuple[int, Decimal | None, str]]] = defaultdict(list)
    found = Variant.objects.filter(product__in=[row.product_id for row in listings])
    columns = found.values_list("product", "pk", "price", "currency")
    for product, variant, price, currency in columns:
        variants[product].append((variant, price, currency))
    ids = [row.pk for row in listings]
    known = set(Offer.objects.filter(listing__in=ids).values_list("listing", "variant"))
    offers = [
        Offer(
            listing_id=row.pk,
            variant_id=variant,
            currency=row.shop.currency,
            price_wanted=price if currency == row.shop.currency else None,
        )
        for row in listings
        for variant, price, currency in variants[row.product_id]
        if (row.pk, variant) not in known
    ]
    Offer.objects.bulk_create(offers, ignore_conflicts=True, batch_size=500)
    wanted_prices.refresh_prices({variant for _, variant in known})
    _refresh_quantities_of(listings)


def _refresh_quantities_of(listings: Sequence[Listing]) -> None:
    places: dict[int, dict[int, int]] = defaultdict(dict)
    mappings = WarehouseMapping.objects.filter(shop__in={row.shop_id for row in listings})
    for shop, warehouse, center in mappings.values_list("shop", "warehouse", "fulfillment_center"):
        places[shop][warehouse] = center
    shops = {row.pk: row.shop_id for row in listings}
    offers = Offer.objects.filter(listing__in=list(shops))
    stocks = OfferStock.objects.filter(offer__listing__in=list(shops))
    known = set(stocks.values_list("offer", "warehouse"))
    old: set[tuple[int, int]] = set()
    new: list[tuple[int, int, tuple[int, int]]] = []
    for offer, listing, variant in offers.values_list("pk", "listing", "variant"):
        for warehouse, center in places[shops[listing]].items():
            if (offer, warehouse) in known:
                old.add((variant, center))
            else:
                new.append((offer, warehouse, (variant, center)))
    units = _units(new)
    OfferStock.objects.bulk_create(
        [
            OfferStock(offer_id=offer, warehouse_id=warehouse, wanted=units.get(place, 0))
            for offer, warehouse, place in new
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    refresh_quantities(old)


def _units(new: Sequence[tuple[int, int, tuple[int, int]]]) -> dict[tuple[int, int], int]:
    """What each variant has free at each center, as far as the channel takes it.

    The levels stay locked: a movement that is under way does not see the new rows, so it must end
    before the level is read; a later one waits until it sees them.
    """
    variants = {place[0] for _, _, place in new}
    centers = {place[1] for _, _, place in new}
    bundles = recipes.of(variants)
    shelves = recipes.shelves(variants, bundles)
    levels = (
        StockLevel.objects.filter(variant__in=shelves, fulfillment_center__in=centers)
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    free: dict[int, dict[int, int]] = defaultdict(dict)
    columns = ("fulfillment_center", "variant", F("on_hand") - F("reserved"))
    for center, variant, units in levels.values_list(*columns):
        free[center][variant] = units
    return {
        (variant, center): _wanted(recipes.available(variant, bundles, free[center]))
        for variant, center in {place for _, _, place in new}
    }


def _wanted(free: int) -> int:
    return min(max(free, 0), MOST_UNITS)


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
