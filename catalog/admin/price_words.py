"""A price rule in sentences, for lists and pages."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from catalog.models import Offer, PriceRule, Shop
from catalog.pricing import strategies
from marketplace.kernel.money import Money

BY_CATALOG = "The catalog's price."


class Sources:
    """The names of the shops that some rules copy from, in one query for all of them."""

    def __init__(self, rules: Sequence[PriceRule]) -> None:
        by_rule = {rule.pk: _source(rule) for rule in rules}
        wanted = {pk for pk in by_rule.values() if pk}
        self._shops = Shop.objects.in_bulk(wanted) if wanted else {}
        self._of_rule = by_rule

    def describe(self, rule: PriceRule) -> str:
        """The strategy with its settings, as one sentence."""
        if not rule.strategy:
            return BY_CATALOG
        if rule.strategy not in strategies:
            return f"“{rule.strategy}”, a strategy that is not there any more."
        shop = self._shops.get(self._of_rule.get(rule.pk) or 0)
        return strategies.get(rule.strategy).describe(
            rule.settings, currency=rule.shop.currency, source_name=shop.name if shop else ""
        )


def _source(rule: PriceRule) -> int | None:
    if rule.strategy not in strategies:
        return None
    return strategies.get(rule.strategy).needs(rule.settings).source_shop


def bounds_words(rule: PriceRule) -> str:
    """All that limits the rule's prices."""
    parts = [
        f"{words} {Money(amount, rule.shop.currency)}"
        for words, amount in (("at least", rule.floor), ("at most", rule.ceiling))
        if amount is not None
    ]
    if rule.covers_cost:
        fee, margin = _plain(rule.fee_percent), _plain(rule.margin_percent)
        parts.append(f"never below cost with {fee} % fee and {margin} % margin")
    if rule.keeps_map:
        parts.append("never below the minimum advertised price")
    if rule.most_change_percent is not None:
        parts.append(f"moves {_plain(rule.most_change_percent)} % a day at most")
    if rule.ending:
        parts.append(f"ends in {rule.ending}")
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}" if text else "None"


def schedule_words(rule: PriceRule) -> str:
    """How often a rule runs, and from when to when."""
    text = f"every {_interval(rule.every_minutes)}"
    if rule.starts_at:
        text += f", from {rule.starts_at:%Y-%m-%d %H:%M}"
    if rule.ends_at:
        text += f", until {rule.ends_at:%Y-%m-%d %H:%M}"
    return text


def limits_words(row: Offer) -> str:
    """An offer's own floor and ceiling: “12.00 – 30.00”."""
    if row.price_floor is None and row.price_ceiling is None:
        return "–"
    floor = "any" if row.price_floor is None else f"{row.price_floor:,}"
    ceiling = "any" if row.price_ceiling is None else f"{row.price_ceiling:,}"
    return f"{floor} – {ceiling}"


def _interval(minutes: int) -> str:
    for size, word in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            count = minutes // size
            return word if count == 1 else f"{count:,} {word}s"
    return "minute" if minutes == 1 else f"{minutes:,} minutes"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
