"""What money is worth in another currency, by the rates a person entered, with their date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from marketplace.kernel.money import Money

#: An older rate is worse than none: prices would follow a market that has moved on.
RATE_LASTS = timedelta(days=30)


@dataclass(frozen=True)
class Rate:
    """What one unit of `base` is worth in `quote`, from the day `as_of` on."""

    base: str
    quote: str
    rate: Decimal
    as_of: date

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate.normalize():f} {self.quote} of {self.as_of}"


@dataclass(frozen=True)
class Converted:
    """Money in the currency asked for; `rate` is the factor used, `by` the rate it comes from.

    `by` is None where nothing had to be converted.
    """

    money: Money
    rate: Decimal
    by: Rate | None

    @property
    def as_of(self) -> date | None:
        return self.by.as_of if self.by else None


@dataclass(frozen=True)
class NoRate:
    """That an amount cannot be converted: one sentence on which rate is missing, and what to do."""

    why: str


class Rates:
    """The exchange rates of a merchant, each pair with its history in any order."""

    def __init__(self, rates: Iterable[Rate] = ()) -> None:
        self._by_pair: dict[tuple[str, str], list[Rate]] = {}
        for rate in rates:
            self._by_pair.setdefault((rate.base, rate.quote), []).append(rate)

    def convert(self, money: Money, to: str, on: date) -> Converted | NoRate:
        """Return an amount in another currency by the newest rate of that day, UTC.

        A rate of the other direction serves where there is none of this one. A rate older than
        30 days is not used.
        """
        if money.currency == to:
            return Converted(money, Decimal(1), None)
        known = [
            rate
            for pair in ((money.currency, to), (to, money.currency))
            if (rate := self._newest(pair, on)) is not None
        ]
        for rate in known:
            if on - rate.as_of <= RATE_LASTS:
                factor = rate.rate if rate.quote == to else 1 / rate.rate
                return Converted(Money(money.amount * factor, to), factor, rate)
        return NoRate(_what_is_missing(money.currency, to, max(known, key=_day, default=None)))

    def _newest(self, pair: tuple[str, str], on: date) -> Rate | None:
        known = (rate for rate in self._by_pair.get(pair, ()) if rate.as_of <= on)
        return max(known, key=_day, default=None)


def _day(rate: Rate) -> date:
    return rate.as_of


def _what_is_missing(base: str, quote: str, old: Rate | None) -> str:
    if old is None:
        return f"There is no exchange rate from {base} to {quote}: enter one."
    return (
        f"The exchange rate {old} is older than {RATE_LASTS.days} days and is not used: "
        "enter today's."
    )
