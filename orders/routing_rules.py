"""A shop's own rules for where its orders ship from; pure: facts in, decisions with reasons out.

Rules are tried from the top. Holds, tags and notices add up; the first rule that finds a center
ends the search for a part. Parts that one rule places go together, unless the rule splits them.
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class PartFacts:
    """Units of one SKU that still need a center, and what is free of it at each."""

    sku: str
    units: int
    free: Mapping[int, int] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()

    def fits(self, center: int) -> bool:
        """Whether all of its units are available there."""
        return self.free.get(center, 0) >= self.units


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


def decide(policy: Policy, order: OrderFacts, parts: Sequence[PartFacts]) -> list[Decision]:
    """Decide for all parts of an order that need a center; answers come in their order."""
    found = [_Found() for _ in parts]
    for rule in policy.rules:
        open_ones = [
            place
            for place, part in enumerate(parts)
            if found[place].center is None and _matches(rule, order, part)
        ]
        if rule.action in (RuleAction.HOLD, RuleAction.TAG, RuleAction.NOTIFY):
            for place in open_ones:
                _remark(rule, found[place])
        elif open_ones and order.kind != OrderKind.CHANNEL_LABEL:
            _place(rule, policy, order, parts, {place: found[place] for place in open_ones})
    return [_decision(policy, order, one) for one in found]


def _matches(rule: Rule, order: OrderFacts, part: PartFacts) -> bool:
    return (
        (not rule.skus or part.sku in rule.skus)
        and (not rule.tags or bool(rule.tags & part.tags))
        and (not rule.kind or rule.kind == order.kind)
        and (rule.min_value is None or order.value >= rule.min_value)
        and (rule.max_value is None or order.value <= rule.max_value)
        and (not rule.countries or order.country.casefold() in rule.countries)
        and (not rule.regions or order.region.casefold() in rule.regions)
        and (rule.stocked_at is None or part.fits(rule.stocked_at))
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
    parts: Sequence[PartFacts],
    found: Mapping[int, _Found],
) -> None:
    ranked = _ranked(rule, policy, order)
    together = rule.action != RuleAction.SPLIT
    for place, one in found.items():
        needed = [parts[other] for other in found] if together else [parts[place]]
        center = next((pk for pk in ranked if all(part.fits(pk) for part in needed)), None)
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
