"""The limits of a price, and how a quoted price is brought within them (B12).

What counts more when limits disagree: what the region takes, then floor and ceiling, then the
largest change in a day, then the ending.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from catalog.pricing.amounts import plain
from catalog.pricing.base import Quote, Stay
from marketplace.kernel.money import Money, decimals

INFINITE = Decimal("Infinity")


@dataclass(frozen=True)
class Limit:
    """A floor or a ceiling in the shop's currency, and in words whose it is: “set by hand”."""

    amount: Decimal
    words: str


@dataclass(frozen=True)
class Region:
    """What the channel takes in a region, both ends included, in the shop's currency."""

    least: Decimal
    most: Decimal
    name: str

    def takes(self, price: Decimal) -> bool:
        return self.least <= price <= self.most


@dataclass(frozen=True)
class Day:
    """The largest change in a day, in percent of the price that the day started with."""

    start: Decimal
    most_percent: Decimal


@dataclass(frozen=True)
class Bounds:
    """All that limits one offer's price; what is None does not limit. `ending` as in “.99”."""

    currency: str
    floor: Limit | None = None
    ceiling: Limit | None = None
    region: Region | None = None
    day: Day | None = None
    ending: str = ""


@dataclass(frozen=True)
class _Span:
    """The prices from low to high, both included; none at all where low is above high."""

    low: Decimal = -INFINITE
    high: Decimal = INFINITE

    def clip(self, price: Decimal) -> Decimal:
        return min(max(price, self.low), self.high)

    def meet(self, other: _Span) -> _Span:
        return _Span(max(self.low, other.low), min(self.high, other.high))

    def __contains__(self, price: Decimal) -> bool:
        return self.low <= price <= self.high


def highest(limits: Iterable[Limit]) -> Limit | None:
    """Return the floor that counts among several."""
    return max(limits, key=lambda limit: limit.amount, default=None)


def lowest(limits: Iterable[Limit]) -> Limit | None:
    """Return the ceiling that counts among several."""
    return min(limits, key=lambda limit: limit.amount, default=None)


def settle(quote: Quote, bounds: Bounds) -> Quote | Stay:
    """Return the price within the bounds nearest to the quoted one, and why it is that one.

    It stays as it is where floor and ceiling leave no price, or where the price would be outside
    what the region takes: that limit is told, never silently kept.
    """
    if quote.price.currency != bounds.currency:
        raise ValueError(f"bounds in {bounds.currency} for a price in {quote.price.currency}")
    conflict = _conflict(bounds)
    if conflict:
        return Stay(conflict)
    between, of_day = _between(bounds), _of_day(bounds)
    bounded = between.clip(of_day.clip(quote.price.amount))
    notes = _moves(quote.price.amount, bounded, bounds)
    refusal = _outside_region(bounded, bounds)
    if refusal:
        return Stay(_sentence(quote.why, *notes, refusal))
    allowed = of_day.meet(between).meet(_of_region(bounds))
    ended = _ended(bounded, bounds, allowed if bounded in allowed else _Span(bounded, bounded))
    if ended is None:
        notes.append(f"no price ending in {bounds.ending} lies within the limits")
    elif ended != bounded:
        notes.append(f"set to {plain(ended, bounds.currency)} to end in {bounds.ending}")
    price = Money(bounded if ended is None else ended, bounds.currency)
    return Quote(price, _sentence(quote.why, *notes))


def outside(price: Decimal, bounds: Bounds) -> str:
    """Say why a price must not leave as it is; empty if it may.

    Only floor, ceiling and region decide: the day's change and the ending are how a price is
    found, not what makes it wrong.
    """
    conflict = _conflict(bounds)
    if conflict:
        return conflict
    between, shown = _between(bounds), Money(price, bounds.currency)
    if bounds.floor and price < between.low:
        limit = _named("floor", bounds.floor, bounds)
        return _sentence(f"{shown} is not sent: it is below {limit}")
    if bounds.ceiling and price > between.high:
        limit = _named("ceiling", bounds.ceiling, bounds)
        return _sentence(f"{shown} is not sent: it is above {limit}")
    refusal = _outside_region(price, bounds)
    return _sentence(refusal) if refusal else ""


def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-decimals(currency))


def _between(bounds: Bounds) -> _Span:
    """Floor and ceiling, inwards to what the currency can express."""
    unit, span = _unit(bounds.currency), _Span()
    if bounds.floor:
        span = span.meet(_Span(low=bounds.floor.amount.quantize(unit, ROUND_CEILING)))
    if bounds.ceiling:
        span = span.meet(_Span(high=bounds.ceiling.amount.quantize(unit, ROUND_FLOOR)))
    return span


def _of_day(bounds: Bounds) -> _Span:
    """How far it may move today; as far as it likes from a price that the region never took."""
    if bounds.day is None or bounds.day.start not in _of_region(bounds):
        return _Span()
    unit, most = _unit(bounds.currency), bounds.day.start * bounds.day.most_percent / 100
    return _Span(
        (bounds.day.start - most).quantize(unit, ROUND_CEILING),
        (bounds.day.start + most).quantize(unit, ROUND_FLOOR),
    )


def _of_region(bounds: Bounds) -> _Span:
    """What the channel takes; a price is above zero everywhere."""
    span = _Span(low=_unit(bounds.currency))
    if bounds.region:
        span = span.meet(_Span(bounds.region.least, bounds.region.most))
    return span


def _ended(price: Decimal, bounds: Bounds, allowed: _Span) -> Decimal | None:
    """Return the allowed price nearest to this one with the ending, of two the higher."""
    if not bounds.ending or not decimals(bounds.currency):
        return price
    ending = Decimal(bounds.ending)
    below = (price - ending).to_integral_value(ROUND_FLOOR) + ending
    fitting = [near for near in (below, below + 1) if near in allowed]
    return min(fitting, key=lambda near: (abs(near - price), -near), default=None)


def _moves(quoted: Decimal, bounded: Decimal, bounds: Bounds) -> list[str]:
    """Say in words which limits moved the quoted price to the bounded one."""
    notes, between, of_day = [], _between(bounds), _of_day(bounds)
    limited = of_day.clip(quoted)
    if bounds.day and between.clip(quoted) != bounded:
        most, start = bounds.day.most_percent.normalize(), plain(bounds.day.start, bounds.currency)
        notes.append(
            f"held at {plain(limited, bounds.currency)} by the largest change in a day, "
            f"{most:f} % of {start}"
        )
    at_bound = quoted if between.clip(quoted) == bounded else limited
    if bounds.floor and bounded > at_bound:
        notes.append(f"raised to {_named('floor', bounds.floor, bounds)}")
    elif bounds.ceiling and bounded < at_bound:
        notes.append(f"lowered to {_named('ceiling', bounds.ceiling, bounds)}")
    if bounded not in of_day:
        notes.append("more than the largest change in a day, as floor and ceiling come first")
    return notes


def _named(kind: str, limit: Limit, bounds: Bounds) -> str:
    between = _between(bounds)
    amount = between.low if kind == "floor" else between.high
    return f"the {kind} {plain(amount, bounds.currency)} ({limit.words})"


def _conflict(bounds: Bounds) -> str:
    """Say that floor and ceiling leave no price; empty if they do leave some."""
    between = _between(bounds)
    if bounds.floor is None or bounds.ceiling is None or between.low <= between.high:
        return ""
    return _sentence(
        f"{_named('floor', bounds.floor, bounds)} is above "
        f"{_named('ceiling', bounds.ceiling, bounds)}: lower the one or raise the other"
    )


def _outside_region(price: Decimal, bounds: Bounds) -> str:
    if price in _of_region(bounds):
        return ""
    shown = Money(price, bounds.currency)
    if bounds.region is None or price <= 0:
        return f"{shown} is no price: it must be above zero"
    least, most = (plain(end, bounds.currency) for end in (bounds.region.least, bounds.region.most))
    return (
        f"{shown} is not sent: {bounds.region.name} takes {least} to {most}. "
        "Change the price or its limits"
    )


def _sentence(why: str, *notes: str) -> str:
    text = "; ".join([why.rstrip("."), *notes])
    return f"{text[:1].upper()}{text[1:]}."
