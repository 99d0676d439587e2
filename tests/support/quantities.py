"""Which quantity rule counts, told by sorting all that fit."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.quantities import Place, Rule


def nearest(rules: Sequence[Rule], place: Place) -> Rule | None:
    """The one that counts there, or None."""
    fitting = [
        rule
        for rule in rules
        if rule.shop == place.shop
        and rule.warehouse in (None, place.warehouse)
        and rule.variant in (None, place.variant)
        and (rule.tag is None or rule.tag in place.tags)
    ]

    def nearness(rule: Rule) -> tuple[int, bool, int, int]:
        kind = 0 if rule.variant else 1 if rule.tag else 2
        return kind, rule.warehouse is None, rule.position, rule.pk

    return min(fitting, key=nearness, default=None)
