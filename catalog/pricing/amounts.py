"""Amounts that are money or percent, as a person chose: the sums with them, and the words."""

from __future__ import annotations

from decimal import Decimal

from catalog.pricing.spec import PERCENT
from marketplace.kernel.money import Money


def moved(price: Money, by: Decimal, unit: str) -> Money:
    """Return a price changed by an amount, below zero for less, rounded half up."""
    change = price.amount * by / 100 if unit == PERCENT else by
    return Money(price.amount + change, price.currency)


def words(amount: Decimal, unit: str, currency: str) -> str:
    """Return an amount without its sign: “5 %” or “1.50 USD”."""
    if unit == PERCENT:
        return f"{abs(amount).normalize():f} %"
    return str(Money(abs(amount), currency))


def plain(amount: Decimal, currency: str) -> str:
    """Return an amount of money without its currency, for a sentence that has named it."""
    return str(Money(amount, currency)).removesuffix(f" {currency}")
