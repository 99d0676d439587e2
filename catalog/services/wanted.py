"""What the channel should show: the quantity wanted, as rows, for every offer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

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
from catalog.quantities import Place, shown
from catalog.services import recipes, rulebooks, wanted_prices
from catalog.services.recipes import Recipe
from catalog.states import ListingState
from marketplace.kernel import many

#: Zero is said again after this time, even if the channel said it took it (no oversell).
REASSERT_ZERO_AFTER = timedelta(hours=6)

TAKES_QUANTITY = (ListingState.ACTIVE, ListingState.IN_REVIEW)


class Sold(NamedTuple):
    """Of a SKU a shop sold units, or took a sale back: it changed its own figure there."""

    shop: int
    variant: int
    center: int


def refresh_quantities(places: Iterable[tuple[int, int]], sold: Collection[Sold] = ()) -> set[int]:
    """Bring the wanted quantities of these (variant id, center id) up to date.

    A bundle that contains one of them follows at the same place. What was sold is said again even
    where as much is wanted as before, such as under a rule with a maximum: the shop that sold it
    shows another figure than the one sent. Returns the variants whose listings may have become
    ready or incomplete by it: what is available came to or left zero.
    """
    by_center: dict[int, list[int]] = defaultdict(list)
    for variant, center in {*places, *((one.variant, one.center) for one in sold)}:
        by_center[center].append(variant)
    turned: set[int] = set()
    bundles = recipes.around({variant for some in by_center.values() for variant in some})
    with transaction.atomic(savepoint=False):
        # A bundle's rows are everybody's who moves a component: places are gone through in order.
        for center, moved in sorted(by_center.items()):
            touched = {pk for pk, recipe in bundles.items() if not recipe.keys().isdisjoint(moved)}
            turned |= _refresh_center(center, touched.union(moved), bundles, sold)
    return turned


def _refresh_center(
    center: int,
    variants: Collection[int],
    bundles: Mapping[int, Recipe],
    sold: Collection[Sold],
) -> set[int]:
    # The rows are locked before the levels are read: whoever comes second reads the newer level.
    rows = list(
        OfferStock.objects.filter(
            warehouse__mapping__fulfillment_center=center, offer__variant__in=variants
        )
        .select_related("offer", "warehouse")
        .select_for_update(of=("self",))
        .order_by("offer__variant", "pk")
    )
    # So are the rules: a rule that is saved beside this finds the rows locked, and comes after.
    book, tags = rulebooks.load({row.warehouse.shop_id for row in rows}, variants)
    shelves = recipes.shelves(variants, bundles)
    free = dict(
        StockLevel.objects.filter(fulfillment_center=center, variant__in=shelves).values_list(
            "variant", F("on_hand") - F("reserved")
        )
    )
    turned: set[int] = set()
    changed: list[OfferStock] = []
    as_before: list[OfferStock] = []
    for row in rows:
        variant = row.offer.variant_id
        place = Place(
            row.warehouse.shop_id, row.warehouse_id, variant, tags.get(variant, frozenset())
        )
        rule = book.pick(place)
        units = shown(recipes.available(variant, bundles, free), rule).units
        # Under a rule nothing may be shown of what is there, so zero says nothing of the shelf.
        if rule is not None or (units != row.wanted and not (units and row.wanted)):
            turned.add(variant)
        (as_before if units == row.wanted else changed).append(row)
        row.wanted = units
    _want(changed)
    _say_again([row for row in as_before if _is_sold(row, center, sold)])
    return turned


def _want(rows: Sequence[OfferStock]) -> None:
    """Store what is wanted now; what the channel refused before is offered again at once."""
    many.write(rows, ["wanted"])
    held = Offer.objects.filter(pk__in={row.offer_id for row in rows}, retry_at__isnull=False)
    locked = held.select_for_update(no_key=True).order_by("pk")
    if ids := list(locked.values_list("pk", flat=True)):
        Offer.objects.filter(pk__in=ids).update(retry_at=None)


def _is_sold(row: OfferStock, center: int, sold: Collection[Sold]) -> bool:
    return Sold(row.warehouse.shop_id, row.offer.variant_id, center) in sold


def _say_again(rows: Sequence[OfferStock]) -> None:
    for row in rows:
        row.sent = None
    many.write(rows, ["sent"])


def refresh_offers(listings: Sequence[Listing]) -> None:
    """Make an offer per variant and a quantity row per mapped warehouse of these listings.

    What is new gets its price and quantity at once; what is there already is brought up to date.
    """
    variants: dict[int, list[int]] = defaultdict(list)
    found = Variant.objects.filter(product__in=[row.product_id for row in listings])
    for product, variant in found.values_list("product", "pk"):
        variants[product].append(variant)
    ids = [row.pk for row in listings]
    known = set(Offer.objects.filter(listing__in=ids).values_list("listing", "variant"))
    offers = [
        Offer(listing_id=row.pk, variant_id=variant, currency=row.shop.currency)
        for row in listings
        for variant in variants[row.product_id]
        if (row.pk, variant) not in known
    ]
    wanted_prices.give_first(offers)
    Offer.objects.bulk_create(offers, ignore_conflicts=True, batch_size=500)
    _refresh_quantities_of(listings)
    wanted_prices.refresh_prices({variant for _, variant in known})


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
    new: list[_NewRow] = []
    for offer, listing, variant in offers.values_list("pk", "listing", "variant"):
        shop = shops[listing]
        for warehouse, center in places[shop].items():
            if (offer, warehouse) in known:
                old.add((variant, center))
            else:
                new.append(_NewRow(offer, shop, warehouse, variant, center))
    OfferStock.objects.bulk_create(
        [
            OfferStock(offer_id=row.offer, warehouse_id=row.warehouse, wanted=units)
            for row, units in zip(new, _units(new), strict=True)
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    refresh_quantities(old)


class _NewRow(NamedTuple):
    """A quantity row to be made, by ids."""

    offer: int
    shop: int
    warehouse: int
    variant: int
    center: int


def _units(new: Sequence[_NewRow]) -> list[int]:
    """What each new row shows of what its variant has free at its center.

    The levels stay locked: a movement that is under way does not see the new rows, so it must end
    before the level is read; a later one waits until it sees them.
    """
    if not new:
        return []
    variants = {row.variant for row in new}
    bundles = recipes.of(variants)
    shelves = recipes.shelves(variants, bundles)
    levels = (
        StockLevel.objects.filter(
            variant__in=shelves, fulfillment_center__in={row.center for row in new}
        )
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    free: dict[int, dict[int, int]] = defaultdict(dict)
    columns = ("fulfillment_center", "variant", F("on_hand") - F("reserved"))
    for center, variant, units in levels.values_list(*columns):
        free[center][variant] = units
    book, tags = rulebooks.load({row.shop for row in new}, variants)
    return [
        book.units(
            recipes.available(row.variant, bundles, free[row.center]),
            Place(row.shop, row.warehouse, row.variant, tags.get(row.variant, frozenset())),
        )
        for row in new
    ]


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
