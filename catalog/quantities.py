"""How much of what is available a shop shows (B8): pure, without database or clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

#: The channel takes no more than this for one SKU in one warehouse.
MOST_UNITS = 99_999


@dataclass(frozen=True)
class Rule:
    """A shop's rule as the calculation needs it; ids of rows, units, percent of 100.

    `scope` says in words what it is set on.
    """

    pk: int
    shop: int
    warehouse: int | None = None
    tag: int | None = None
    variant: int | None = None
    position: int = 0
    percent: int = 100
    buffer: int = 0
    threshold: int = 0
    maximum: int | None = None
    fixed: int | None = None
    may_exceed: bool = False
    scope: str = "everything"


@dataclass(frozen=True)
class Place:
    """Where a quantity is shown: a SKU, with its product's tags, in one warehouse of a shop."""

    shop: int
    warehouse: int
    variant: int
    tags: frozenset[int] = frozenset()


class Rulebook:
    """The rules in force of some shops, found by what they are set on."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: dict[tuple[int, int | None, int | None, int | None], Rule] = {}
        for rule in rules:
            self._rules[rule.shop, rule.variant, rule.tag, rule.warehouse] = rule

    def pick(self, place: Place) -> Rule | None:
        """The one rule that counts there, or None.

        SKU before tag before neither; in each of these, the one that names the warehouse first;
        of several tags, the lowest position, then the older rule.
        """
        if not self._rules:
            return None
        for warehouse in (place.warehouse, None):
            if found := self._rules.get((place.shop, place.variant, None, warehouse)):
                return found
        for warehouse in (place.warehouse, None):
            if found := self._by_tag(place.shop, place.tags, warehouse):
                return found
        for warehouse in (place.warehouse, None):
            if found := self._rules.get((place.shop, None, None, warehouse)):
                return found
        return None

    def _by_tag(self, shop: int, tags: Collection[int], warehouse: int | None) -> Rule | None:
        fitting = [rule for tag in tags if (rule := self._rules.get((shop, None, tag, warehouse)))]
        return min(fitting, key=lambda rule: (rule.position, rule.pk), default=None)

    def units(self, available: int, place: Place) -> int:
        """What the shop shows there of so many available units."""
        return shown(available, self.pick(place)).units


@dataclass(frozen=True)
class Shown:
    """The units to show, and how they come about."""

    units: int
    available: int
    rule: Rule | None

    @property
    def why(self) -> str:
        """One or two plain sentences with the figures, and whose rule it is."""
        steps = f"{_steps(max(self.available, 0), self.rule)}: {self.units:,}."
        if self.rule is None:
            return f"{steps} No quantity rule counts here."
        return f"{steps} By the rule for {self.rule.scope}."


def shown(available: int, rule: Rule | None) -> Shown:
    """How many of the available units a shop shows by a rule, or without one.

    Never more than is available, unless the rule fixes a quantity that may exceed it; never more
    than the channel takes. What is oversold (below zero) counts as none.
    """
    free = max(available, 0)
    if rule is None:
        units = free
    elif rule.fixed is None:
        units = _part(free, rule)
    else:
        units = rule.fixed if rule.may_exceed else min(rule.fixed, free)
    return Shown(min(units, MOST_UNITS), available, rule)


def _part(free: int, rule: Rule) -> int:
    units = max(free * rule.percent // 100 - rule.buffer, 0)
    if units < rule.threshold:
        return 0
    return units if rule.maximum is None else min(units, rule.maximum)


def _steps(free: int, rule: Rule | None) -> str:
    if rule is None:
        words = [f"{free:,} available"]
        units = free
    elif rule.fixed is not None:
        words = [f"{free:,} available, always {rule.fixed:,} shown"]
        if rule.may_exceed:
            words.append("even if that is more")
        elif rule.fixed > free:
            words.append("as far as there are so many")
        units = rule.fixed if rule.may_exceed else min(rule.fixed, free)
    else:
        words, units = _words_of_part(free, rule), _part(free, rule)
    if units > MOST_UNITS:
        words.append(f"the channel takes no more than {MOST_UNITS:,}")
    return ", ".join(words)


def _words_of_part(free: int, rule: Rule) -> list[str]:
    words = [f"{free:,} available"]
    if rule.percent == 0:
        return [*words, "none of them shown"]
    if rule.percent < 100:
        words.append(f"{rule.percent} % of them")
    if rule.buffer:
        words.append(f"less {rule.buffer:,} kept back")
    units = max(free * rule.percent // 100 - rule.buffer, 0)
    if units < rule.threshold:
        words.append(f"and {units:,} is fewer than {rule.threshold:,}, so none")
    elif rule.maximum is not None and units > rule.maximum:
        words.append(f"never more than {rule.maximum:,}")
    return words
