"""When what is queued will go out: the queue's order against what each day still takes (B4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from catalog.models import Listing, Shop
from catalog.services import quota
from catalog.states import ListingState

#: Where something stands in the queue: compared in this order.
Place = tuple[int, datetime, int]


@dataclass(frozen=True)
class Forecast:
    """On which day of its shop a queued listing goes out, and how many go before it."""

    day: date | None  # None: no day takes any
    days: int  # from the shop's today
    ahead: int  # of those that need the quota too

    def words(self) -> str:
        """“today”, “tomorrow (24 Nov)”, “in 3 days (26 Nov)”."""
        if self.day is None:
            return "not before the limit of new listings per day is raised"
        if self.days == 0:
            return "today"
        on = f"{self.day:%-d %b}"
        return f"tomorrow ({on})" if self.days == 1 else f"in {self.days:,} days ({on})"


def of_listings(listings: Iterable[Listing], *, now: datetime | None = None) -> dict[int, Forecast]:
    """Return the forecast of each queued listing, by its id; three queries per shop of theirs."""
    moment = now or timezone.now()
    found: dict[int, Forecast] = {}
    by_shop: dict[Shop, list[Listing]] = {}
    for listing in listings:
        if listing.state in (ListingState.QUEUED, ListingState.PUBLISHING):
            by_shop.setdefault(listing.shop, []).append(listing)
    for shop, rows in by_shop.items():
        days = _Days(shop, moment)
        places = {pk: number for number, (_, _, pk) in enumerate(_waiting(shop))}
        for row in rows:
            # An edit, and a create that may have happened already, need none of the quota.
            found[row.pk] = days.of(places[row.pk]) if row.pk in places else days.at_once()
    return found


def if_queued(
    shop: Shop, listing_ids: Collection[int], *, now: datetime | None = None
) -> list[tuple[Forecast, int]]:
    """Say how many of these new listings would go on which day if they were queued now."""
    moment = now or timezone.now()
    rows = Listing.objects.filter(pk__in=listing_ids, shop=shop).values_list("priority", "pk")
    added: list[Place] = [(-priority, moment, pk) for priority, pk in rows]
    asked = {pk for _, _, pk in added}
    days = _Days(shop, moment)
    queue = sorted([*(place for place in _waiting(shop) if place[2] not in asked), *added])
    numbers = [number for number, (_, _, pk) in enumerate(queue) if pk in asked]
    per_day = Counter(days.of(number).days for number in numbers)
    first = {days.of(number).days: days.of(number) for number in reversed(numbers)}
    return [(first[key], per_day[key]) for key in sorted(per_day)]


def sentence(plan: Sequence[tuple[Forecast, int]]) -> str:
    """“120 today, 100 tomorrow (24 Nov), 30 in 2 days (25 Nov)”; the tail of a long plan in one."""
    shown = [f"{count:,} {forecast.words()}" for forecast, count in plan[:3]]
    if rest := sum(count for _, count in plan[3:]):
        shown.append(f"{rest:,} on later days, the last {plan[-1][0].words()}")
    return ", ".join(shown)


def _waiting(shop: Shop) -> list[Place]:
    """New listings that the quota will let through one after another, in their order."""
    long_ago = timezone.now() - timedelta(days=36_500)
    rows = Listing.objects.filter(shop=shop, external_id="", create_intent="")
    queue = rows.queued().values_list("priority", "queued_at", "pk")
    return [(-priority, queued_at or long_ago, pk) for priority, queued_at, pk in queue]


class _Days:
    """The days of one shop, and which place in the queue falls on which."""

    def __init__(self, shop: Shop, now: datetime) -> None:
        self._today = quota.day_start(shop, now).date()
        self._left = quota.left(shop, now=now)
        # A channel that says “no more today” may have a limit that we do not know.
        self._per_day = shop.daily_listing_limit if shop.on_probation else None

    def of(self, number: int) -> Forecast:
        if self._left is None or number < self._left:
            return Forecast(self._today, 0, number)
        if self._per_day == 0:
            return Forecast(None, 1_000_000, number)
        days = 1 + ((number - self._left) // self._per_day if self._per_day else 0)
        return Forecast(self._today + timedelta(days=days), days, number)

    def at_once(self) -> Forecast:
        return Forecast(self._today, 0, 0)
