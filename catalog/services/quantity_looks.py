"""Why a quantity is shown as it is, and what a rule would make of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from catalog.models import OfferStock, QuantityRule, Shop, StockLevel
from catalog.quantities import Place, Shown, shown
from catalog.services import recipes, rulebooks

NOT_MAPPED = "No fulfillment center is mapped to this warehouse: what the channel has there stays."
#: Totals of a preview are summed over no more rows than these.
MOST_SUMMED = 5_000
CHUNK = 1_000


@dataclass(frozen=True)
class _Spot:
    """A quantity row, by ids, and the center behind its warehouse."""

    stock: int
    variant: int
    warehouse: int
    shop: int
    center: int | None


def looks(stocks: Iterable[int], *, instead: Iterable[QuantityRule] = ()) -> dict[int, Shown]:
    """What the rules make of what is available now, by quantity row (`OfferStock` ids).

    Rows of warehouses that are not mapped are left out. `instead` are rules to be tried. Six
    queries at most.
    """
    names = ("pk", "offer__variant", "warehouse", "warehouse__shop")
    center = "warehouse__mapping__fulfillment_center"
    rows = OfferStock.objects.filter(pk__in=list(stocks)).order_by()
    spots = [_Spot(*row) for row in rows.values_list(*names, center)]
    mapped = [spot for spot in spots if spot.center is not None]
    variants = {spot.variant for spot in mapped}
    bundles = recipes.of(variants)
    free: dict[int | None, dict[int, int]] = defaultdict(dict)
    levels = StockLevel.objects.filter(
        variant__in=recipes.shelves(variants, bundles),
        fulfillment_center__in={spot.center for spot in mapped},
    )
    columns = ("fulfillment_center", "variant", F("on_hand") - F("reserved"))
    for place, variant, units in levels.values_list(*columns):
        free[place][variant] = units
    book, tags = rulebooks.load({spot.shop for spot in mapped}, variants, instead=instead)
    found = {}
    for spot in mapped:
        tagged = tags.get(spot.variant, frozenset())
        rule = book.pick(Place(spot.shop, spot.warehouse, spot.variant, tagged))
        available = recipes.available(spot.variant, bundles, free[spot.center])
        found[spot.stock] = shown(available, rule)
    return found


def why(stocks: Iterable[int]) -> dict[int, str]:
    """A sentence for each of these quantity rows (`OfferStock` ids): how its figure comes about."""
    ids = list(stocks)
    found = looks(ids) if ids else {}
    return {pk: found[pk].why if pk in found else NOT_MAPPED for pk in ids}


# -- trying a rule -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """A quantity row as it is shown now, and as it would be with the rule that is tried."""

    stock: OfferStock
    available: int
    now: int
    then: int
    why: str

    @property
    def change(self) -> int:
        return self.then - self.now

    @property
    def fewer(self) -> int:
        return max(self.now - self.then, 0)


@dataclass(frozen=True)
class Totals:
    """Sums over the rows of a preview, or over the first of them."""

    rows: int
    changed: int
    now: int
    then: int
    is_part: bool


def rows_for(
    shop: Shop, rule: QuantityRule | None, listings: Sequence[int] | None = None
) -> QuerySet[OfferStock, OfferStock]:
    """The quantity rows of a shop that a rule is tried on: of these listings (ids), or else all
    that it is set on.
    """
    rows = OfferStock.objects.filter(
        warehouse__shop=shop, warehouse__mapping__isnull=False
    ).order_by("pk")
    if listings is not None:
        return rows.filter(offer__listing__in=listings)
    if rule is None:
        return rows
    scope = Q()
    if rule.warehouse_id:
        scope &= Q(warehouse=rule.warehouse_id)
    if rule.variant_id:
        scope &= Q(offer__variant=rule.variant_id)
    if rule.tag_id:
        scope &= Q(offer__variant__product__tags=rule.tag_id)
    return rows.filter(scope)


def trials(rule: QuantityRule | None, stocks: Sequence[OfferStock]) -> list[Trial]:
    """What a rule, saved or not, would make of these quantity rows; nothing is written.

    Without a rule: what the rules in force make of them.
    """
    found = looks([row.pk for row in stocks], instead=[rule] if rule else ())
    return [
        Trial(row, found[row.pk].available, row.wanted, found[row.pk].units, found[row.pk].why)
        for row in stocks
        if row.pk in found
    ]


def totals(rule: QuantityRule | None, rows: QuerySet[OfferStock, OfferStock]) -> Totals:
    """The units shown now and with the rule, summed over the first rows of a preview."""
    known = list(rows.values_list("pk", "wanted")[: MOST_SUMMED + 1])
    summed = dict(known[:MOST_SUMMED])
    tried = [rule] if rule else []
    then: dict[int, int] = {}
    for chunk in _chunks(list(summed)):
        then |= {pk: one.units for pk, one in looks(chunk, instead=tried).items()}
    return Totals(
        rows=len(summed),
        changed=sum(units != summed[pk] for pk, units in then.items()),
        now=sum(summed.values()),
        then=sum(then.values()),
        is_part=len(known) > MOST_SUMMED,
    )


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
