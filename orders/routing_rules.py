"""A shop's own rules for where its orders ship from; pure: facts in, decisions with reasons out.

Rules are tried from the top. Holds, tags and notices add up; the first rule that finds a center
ends the search for a part. Parts that one rule places go together, unless the rule splits them;
the units of one part are never split. Units that one part takes from a shelf, such as a component
that two bundles share, are not there for the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from orders.models import OrderKind, RuleAction
from orders.routing import Decision


@dataclass(frozen=True)
class Center:
    """A fulfillment center of the merchant; `is_own` is false for a 3PL."""

    pk: int
    name: str
    is_own: bool = True
    country: str = ""
    region: str = ""
    postal_code: str = ""


@dataclass(frozen=True)
class Rule:
    """Conditions, of which an empty one asks nothing, and what to do; centers as preferred."""

    name: str
    action: str
    centers: tuple[int, ...] = ()
    words: str = ""
    skus: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    kind: str = ""
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    countries: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    stocked_at: int | None = None


@dataclass(frozen=True)
class Policy:
    """The rules of a shop, its merchant's centers by id, and who takes what no rule places."""

    rules: tuple[Rule, ...] = ()
    centers: Mapping[int, Center] = field(default_factory=dict)
    fallback: int | None = None

    @property
    def candidates(self) -> frozenset[int]:
        """Every center whose stock a decision may look at."""
        named: set[int | None] = {self.fallback}
        named |= {pk for rule in self.rules for pk in (*rule.centers, rule.stocked_at)}
        if any(rule.action == RuleAction.NEAREST and not rule.centers for rule in self.rules):
            named |= self.centers.keys()
        return frozenset(pk for pk in named if pk is not None)


#: (variant id, fulfillment center id)
Place = tuple[int, int]


@dataclass(frozen=True)
class PartFacts:
    """A SKU that still needs a center, and the units it takes by variant id (all of them)."""

    sku: str
    needs: Mapping[int, int] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class OrderFacts:
    """What rules ask of a whole order; `by_channel` is where the channel would ship it from."""

    by_channel: Decision
    value: Decimal = Decimal(0)
    country: str = ""
    region: str = ""
    postal_code: str = ""
    kind: str = OrderKind.SELLER


@dataclass
class _Found:
    center: int | None = None
    reason: str = ""
    passed: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


class _Stock:
    """What is free on the shelves, less what was given to parts on the way."""

    def __init__(self, free: Mapping[Place, int]) -> None:
        self._free = dict(free)

    def has(self, center: int, parts: Sequence[PartFacts]) -> bool:
        """Whether a center has all units of all these parts together."""
        return all(
            self._free.get((variant, center), 0) >= units
            for variant, units in _needs(parts).items()
        )

    def take(self, center: int, parts: Sequence[PartFacts]) -> None:
        """Give the units of these parts away."""
        for variant, units in _needs(parts).items():
            self._free[variant, center] -= units


def _needs(parts: Sequence[PartFacts]) -> Mapping[int, int]:
    found: Counter[int] = Counter()
    for part in parts:
        found.update(part.needs)
    return found


def decide(
    policy: Policy, order: OrderFacts, parts: Sequence[PartFacts], free: Mapping[Place, int]
) -> list[Decision]:
    """Decide for all parts of an order that need a center; answers come in their order.

    `free` are the units that can be promised, by variant and center.
    """
    found = [_Found() for _ in parts]
    stock = _Stock(free)
    for rule in policy.rules:
        open_ones = [
            (part, one)
            for part, one in zip(parts, found, strict=True)
            if one.center is None and _matches(rule, order, part, stock)
        ]
        if rule.action in (RuleAction.HOLD, RuleAction.TAG, RuleAction.NOTIFY):
            for _, one in open_ones:
                _remark(rule, one)
        elif open_ones and order.kind != OrderKind.CHANNEL_LABEL:
            is_split = rule.action == RuleAction.SPLIT
            for some in [[one] for one in open_ones] if is_split else [open_ones]:
                _place(rule, policy, order, some, stock)
    return [_decision(policy, order, one) for one in found]


def _matches(rule: Rule, order: OrderFacts, part: PartFacts, stock: _Stock) -> bool:
    return (
        (not rule.skus or part.sku in rule.skus)
        and (not rule.tags or bool(rule.tags & part.tags))
        and (not rule.kind or rule.kind == order.kind)
        and (rule.min_value is None or order.value >= rule.min_value)
        and (rule.max_value is None or order.value <= rule.max_value)
        and (not rule.countries or order.country.casefold() in rule.countries)
        and (not rule.regions or order.region.casefold() in rule.regions)
        and (rule.stocked_at is None or stock.has(rule.stocked_at, [part]))
    )


def _remark(rule: Rule, found: _Found) -> None:
    says = f"Rule “{rule.name}”: {rule.words.removesuffix('.') or 'no reason given'}."
    if rule.action == RuleAction.HOLD:
        found.holds.append(says)
    elif rule.action == RuleAction.NOTIFY:
        found.notices.append(says)
    elif rule.words:
        found.tags.append(rule.words)


def _place(
    rule: Rule,
    policy: Policy,
    order: OrderFacts,
    together: Sequence[tuple[PartFacts, _Found]],
    stock: _Stock,
) -> None:
    """Find one center for these parts, which it must have all together."""
    parts = [part for part, _ in together]
    ranked = _ranked(rule, policy, order)
    center = next((pk for pk in ranked if stock.has(pk, parts)), None)
    if center is not None:
        stock.take(center, parts)
    for _, one in together:
        if center is None:
            one.passed.append(f"“{rule.name}” found no center with all of it")
        else:
            one.center = center
            one.reason = f"Rule “{rule.name}”: {_why(rule)} {policy.centers[center].name}."


def _ranked(rule: Rule, policy: Policy, order: OrderFacts) -> list[int]:
    named = [pk for pk in rule.centers if pk in policy.centers]
    if rule.action == RuleAction.SPLIT:
        return [pk for pk in named if policy.centers[pk].is_own]
    if rule.action == RuleAction.NEAREST:
        return sorted(named or policy.centers, key=lambda pk: _distance(policy.centers[pk], order))
    return named


def _distance(center: Center, order: OrderFacts) -> tuple[bool, bool, int]:
    """How far, as far as addresses tell: another country, another state, postal codes unlike."""
    common = 0
    for ours, theirs in zip(center.postal_code.upper(), order.postal_code.upper(), strict=False):
        if ours != theirs:
            break
        common += 1
    return (
        center.country.casefold() != order.country.casefold(),
        center.region.casefold() != order.region.casefold(),
        -common,
    )


def _why(rule: Rule) -> str:
    words: dict[str, str] = {
        RuleAction.CHOOSE: "the first center with all of it is",
        RuleAction.NEAREST: "the nearest center with all of it is",
        RuleAction.SPLIT: "each SKU ships from the first own center that has it, here",
    }
    return words[rule.action]


def _decision(policy: Policy, order: OrderFacts, found: _Found) -> Decision:
    center, reason = found.center, found.reason
    if center is None and order.kind == OrderKind.CHANNEL_LABEL:
        center = order.by_channel.center_id
        reason = f"{order.by_channel.reason} Its label names that warehouse: no rule moves it."
    elif center is None:
        center, reason = policy.fallback, _no_rule(policy, found)
    return Decision(center, reason, tuple(found.holds), tuple(found.tags), tuple(found.notices))


def _no_rule(policy: Policy, found: _Found) -> str:
    why = f"No rule places it{': ' if found.passed else ''}{'; '.join(found.passed)}."
    if policy.fallback is not None:
        return f"{why} The fallback {policy.centers[policy.fallback].name} takes it."
    return (
        f"{why} Add stock, a rule or a fallback center under Order routing; the order then goes "
        "on by itself."
    )
