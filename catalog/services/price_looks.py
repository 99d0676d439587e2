"""Looking at prices without changing any: what a rule would do in all, and where prices stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate

from catalog.models import Offer, PriceChange, PriceRule
from catalog.models.offer import OfferQuerySet
from catalog.services import price_scope, repricing
from catalog.services.repricing import DryRow
from catalog.services.wanted_prices import STAYS

#: A chart of more points is no clearer.
MOST_POINTS = 150
#: More offers than these are not tried while a person waits.
MOST_TRIED = 20_000
#: Edges, in percent, of the groups that changes are counted in.
EDGES = (-20, -10, -5, 0, 5, 10, 20)


@dataclass
class Outlook:
    """What a rule would do with many offers: counts, why prices are held, and one page of rows.

    `same` are right already, `held` may not move; `reasons` counts why. `pairs` are (current, new)
    of every offer that has both.
    """

    looked: int = 0
    up: int = 0
    down: int = 0
    first: int = 0
    same: int = 0
    held: int = 0
    is_part: bool = False
    reasons: Counter[str] = field(default_factory=Counter)
    rows: list[DryRow] = field(default_factory=list)
    pairs: list[tuple[Decimal, Decimal]] = field(default_factory=list)

    def add(self, row: DryRow) -> None:
        self.looked += 1
        if row.current and row.settled:
            self.pairs.append((row.current.amount, row.settled.amount))
        if row.is_held:
            self.held += 1
            self.reasons[row.why] += 1
        elif row.change:
            self.up += row.change > 0
            self.down += row.change < 0
        elif row.settled and not row.current:
            self.first += 1
        else:
            self.same += 1

    def sampled(self) -> list[tuple[Decimal, Decimal]]:
        """Some of the pairs, evenly taken, by their present price."""
        ordered = sorted(self.pairs)
        step = max(1, -(-len(ordered) // MOST_POINTS))
        return ordered[::step]

    def groups(self) -> list[tuple[str, int]]:
        """How many prices move by how much, from the largest fall to the largest rise."""
        counts = [0] * (len(EDGES) + 2)
        for current, new in self.pairs:
            counts[_group((new - current) / current * 100 if current else Decimal(0))] += 1
        return list(zip(_group_names(), counts, strict=True))


def outlook(rule: PriceRule, offers: OfferQuerySet, now: datetime, *, page: range) -> Outlook:
    """Try a rule, stored or not, on offers; keep the rows whose places are in `page`.

    Nothing is written. Raises `Refused` if the rule cannot run.
    """
    found = Outlook()
    # Grouped as they are shown, so that SKUs of a listing stand together.
    chosen = offers.select_related("variant", "listing").order_by("listing", "pk")
    rows: Iterable[Offer] = chosen[: MOST_TRIED + 1].iterator(chunk_size=500)
    for place, row in enumerate(repricing.dry_run(rule, rows, now)):
        if place == MOST_TRIED:
            found.is_part = True
            break
        found.add(row)
        if place in page:
            found.rows.append(row)
    return found


def offers_of(rule: PriceRule, listings: Iterable[int] | None = None) -> OfferQuerySet:
    """The offers a rule is set on; or of these listings (ids), as far as they are of its shop."""
    if listings is None:
        return price_scope.offers_under(rule)
    return Offer.objects.filter(listing__shop=rule.shop_id, listing__in=list(listings))


def _group(percent: Decimal) -> int:
    """The place of a change among the groups; no change has its own in the middle."""
    if not percent:
        return EDGES.index(0) + 1
    if percent < 0:
        return sum(percent >= edge for edge in EDGES if edge < 0)
    above = sum(percent > edge for edge in EDGES if edge > 0)
    return EDGES.index(0) + 2 + above


def _group_names() -> list[str]:
    falls = [edge for edge in EDGES if edge <= 0]
    rises = [edge for edge in EDGES if edge >= 0]
    down = [f"more than {-falls[0]} % down"]
    down += [f"{-high}–{-low} % down" for low, high in pairwise(falls)]
    up = [f"{low}–{high} % up" for low, high in pairwise(rises)]
    return [*down, "no change", *up, f"more than {rises[-1]} % up"]


# -- where prices stand --------------------------------------------------------------------------

AT_FLOOR = Q(price_why__contains="raised to the floor")
AT_CEILING = Q(price_why__contains="lowered to the ceiling")
KEPT = Q(price_why__startswith=STAYS)
NOT_SENT = Q(price_wanted__isnull=False) & (
    Q(problem__contains=" is not sent:") | Q(problem__contains=" is above the ceiling")
)
#: A limit of the region is told in these words, whatever the region is called.
OUT_OF_REGION = Q(problem__contains=" is not sent: ") & Q(problem__contains=" takes ")
OWN = Q(price_by_hand__isnull=False)

#: Why a price stays: a key, the words for people, and which offers say so.
HELD_REASONS = (
    (
        "rate",
        "No exchange rate, or one that is too old",
        Q(price_why__contains="There is no exchange rate")
        | Q(price_why__contains="is not used: enter"),
    ),
    ("catalog", "The catalog has no price", Q(price_why__contains="The catalog has no price")),
    (
        "currency",
        "The catalog's price is in another currency",
        Q(price_why__contains="The catalog's price is in"),
    ),
    (
        "conflict",
        "The floor is above the ceiling",
        Q(price_why__contains="is above the ceiling"),
    ),
    ("cost", "The cost is not known", Q(price_why__contains="cost")),
)
OTHER = "other"


def held_for(key: str) -> Q:
    """Prices that stay for one reason; each is counted under the first that fits."""
    before = Q()
    for name, _, says in HELD_REASONS:
        if name == key:
            return KEPT & says & ~before if before else KEPT & says
        before |= says
    return KEPT & ~before


def standing() -> dict[str, int]:
    """How many offers stand at a limit or are held, by name; one query."""
    counts = {
        "all": Count("pk"),
        "floor": Count("pk", filter=AT_FLOOR),
        "ceiling": Count("pk", filter=AT_CEILING),
        "kept": Count("pk", filter=KEPT),
        "unsent": Count("pk", filter=NOT_SENT),
        "region": Count("pk", filter=OUT_OF_REGION),
        "own": Count("pk", filter=OWN),
    }
    for key in (*(name for name, _, _ in HELD_REASONS), OTHER):
        counts[f"held_{key}"] = Count("pk", filter=held_for(key))
    return Offer.objects.aggregate(**counts)


def changes_by_day(now: datetime, days: int) -> list[tuple[str, int, int]]:
    """Day (UTC), prices raised and prices lowered, for each of the last days; one query."""
    today = now.date()
    first = today - timedelta(days=days - 1)
    rows = PriceChange.objects.filter(at__date__gte=first, at__date__lte=today).order_by()
    counted = rows.values(day=TruncDate("at")).annotate(
        up=Count("pk", filter=Q(new__gt=F("old"))), down=Count("pk", filter=Q(new__lt=F("old")))
    )
    by_day = {row["day"]: (row["up"], row["down"]) for row in counted}
    span = [first + timedelta(days=n) for n in range(days)]
    return [(f"{day:%d %b}", *by_day.get(day, (0, 0))) for day in span]
