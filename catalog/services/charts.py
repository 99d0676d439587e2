"""Prices and quantities over time, as lines to be drawn and as rows to be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import F, Sum
from django.db.models.functions import TruncDate

from catalog.models import FulfillmentCenter, Offer, StockLevel, StockMovement, Variant
from catalog.pricing.base import Stay
from catalog.services import price_history, recipes
from catalog.services.price_facts import PriceFacts

T = TypeVar("T")

#: A line of more points is no clearer, and a page of them is slow.
MOST_POINTS = 400
#: More lines than these cannot be told apart.
MOST_LINES = 8
ROWS_READ = 60


@dataclass(frozen=True)
class Line:
    """What a figure was from each moment (UTC) on; None where there was none."""

    name: str
    points: Sequence[tuple[datetime, Decimal | int | None]]
    color: str = ""
    is_limit: bool = False


@dataclass(frozen=True)
class Chart:
    """Lines of one unit: a currency, or “units”. `note` says what is left out."""

    unit: str
    lines: Sequence[Line]
    note: str = ""

    @cached_property
    def drawing(self) -> dict[str, Any]:
        """The lines as `static/desk/charts.js` reads them: moments in ms, figures as text."""
        return {
            "kind": "steps",
            "unit": self.unit,
            "series": [
                {
                    "name": line.name,
                    "color": line.color,
                    "values": [
                        [int(at.timestamp() * 1000), None if value is None else str(value)]
                        for at, value in line.points
                    ],
                }
                for line in self.lines
            ],
        }

    @property
    def heads(self) -> list[str]:
        """The names of the columns of `rows`, after the moment."""
        return [line.name for line in self.lines if not line.is_limit]

    @cached_property
    def rows(self) -> list[tuple[datetime, list[Decimal | int | None]]]:
        """The figures at each moment at which one of them changed, newest first, 60 at most."""
        lines = [dict(line.points) for line in self.lines if not line.is_limit]
        found: list[tuple[datetime, list[Decimal | int | None]]] = []
        now: list[Decimal | int | None] = [None] * len(lines)
        for at in sorted({moment for line in lines for moment in line}):
            then = [line.get(at, now[place]) for place, line in enumerate(lines)]
            if then != now or not found:
                found.append((at, then))
            now = then
        return found[::-1][:ROWS_READ]


def thinned(points: Sequence[T]) -> Sequence[T]:
    """At most 400 of them, evenly taken, the first and the last among them."""
    if len(points) <= MOST_POINTS:
        return points
    step = (len(points) - 1) / (MOST_POINTS - 1)
    return [points[round(place * step)] for place in range(MOST_POINTS)]


# -- prices ------------------------------------------------------------------------------------


def prices(
    offers: Sequence[Offer], facts: PriceFacts, *, since: datetime, until: datetime
) -> list[Chart]:
    """The price wanted of offers, one chart per currency and a line per shop.

    An offer alone in its currency has its floor and its ceiling beside it, as they are now.
    """
    known = price_history.series(offers, since=since, until=until)
    by_currency: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_currency[offer.currency].append(offer)
    charts = []
    for currency, rows in sorted(by_currency.items()):
        lines = [
            Line(
                str(facts.shop(row)),
                thinned([(point.at, point.price) for point in known[row.pk]]),
            )
            for row in rows[:MOST_LINES]
        ]
        if len(rows) == 1:
            lines += _limits(rows[0], facts, since, until)
        charts.append(Chart(currency, lines, _left_out(len(rows), "shops")))
    return charts


def _limits(offer: Offer, facts: PriceFacts, since: datetime, until: datetime) -> list[Line]:
    bounds = facts.bounds(offer)
    if isinstance(bounds, Stay):
        return []
    named = (("Floor now", bounds.floor, "red"), ("Ceiling now", bounds.ceiling, "orange"))
    return [
        Line(name, [(since, limit.amount), (until, limit.amount)], color, is_limit=True)
        for name, limit, color in named
        if limit is not None
    ]


def _left_out(count: int, what: str) -> str:
    return f"{MOST_LINES} of {count:,} {what} are drawn." if count > MOST_LINES else ""


# -- quantities --------------------------------------------------------------------------------

#: By center id and variant id.
Free = dict[int, dict[int, int]]


def quantity(variant: Variant, *, since: datetime, until: datetime) -> Chart:
    """What could be sold of a SKU at each midnight (UTC) and now, a line per fulfillment center.

    It is worked out backwards from the levels by the ledger, day by day: three or four queries,
    however many movements there were. Of a bundle it is whole ones.
    """
    bundles = recipes.of([variant.pk])
    shelves = recipes.shelves([variant.pk], bundles)
    centers, free = _levels(shelves)
    days = [since.date() + timedelta(days=n) for n in range((until - since).days + 1)]
    changes = _changes(shelves, days[0])
    points: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for pk in centers:
        points[pk].append((until, recipes.available(variant.pk, bundles, free[pk])))
    for day in reversed(days):
        for (center, shelf), units in changes.get(day, {}).items():
            free[center][shelf] -= units
        midnight = datetime.combine(day, time.min, tzinfo=UTC)
        for pk in centers:
            points[pk].append((midnight, recipes.available(variant.pk, bundles, free[pk])))
    shown = sorted(centers.values(), key=lambda row: (-points[row.pk][0][1], row.name))
    lines = [Line(row.name, thinned(points[row.pk][::-1])) for row in shown[:MOST_LINES]]
    return Chart("units", lines, _left_out(len(centers), "fulfillment centers"))


def _levels(shelves: Iterable[int]) -> tuple[dict[int, FulfillmentCenter], Free]:
    centers: dict[int, FulfillmentCenter] = {}
    free: Free = defaultdict(lambda: defaultdict(int))
    rows = StockLevel.objects.filter(variant__in=shelves).select_related("fulfillment_center")
    for level in rows:
        centers[level.fulfillment_center_id] = level.fulfillment_center
        free[level.fulfillment_center_id][level.variant_id] = level.available
    return centers, free


def _changes(shelves: Iterable[int], first: date) -> Mapping[date, dict[tuple[int, int], int]]:
    """By day, what became available at each (center, variant); below zero where it became less."""
    since = datetime.combine(first, time.min, tzinfo=UTC)
    rows = StockMovement.objects.filter(variant__in=shelves, at__gte=since).order_by()
    summed = rows.annotate(day=TruncDate("at", tzinfo=UTC)).values_list(
        "day", "fulfillment_center", "variant"
    )
    found: dict[date, dict[tuple[int, int], int]] = defaultdict(dict)
    for day, center, variant, units in summed.annotate(units=Sum(F("on_hand") - F("reserved"))):
        found[day][center, variant] = units
    return found
