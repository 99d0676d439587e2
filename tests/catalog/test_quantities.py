"""The calculation of what a shop shows, without a database (B8)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.quantities import MOST_UNITS, Place, Rule, Rulebook, shown
from tests.support.quantities import nearest

ids = st.integers(1, 3)
maybe = st.none() | ids


@st.composite
def a_rule(draw: Any, *, may_exceed: bool | None = None) -> Rule:
    tag, variant = draw(st.sampled_from([(None, None), (1, None), (2, None), (None, 1), (None, 2)]))
    fixed = draw(st.none() | st.integers(0, 300_000))
    return Rule(
        pk=draw(st.integers(1, 10_000)),
        shop=draw(st.integers(1, 2)),
        warehouse=draw(maybe),
        tag=tag,
        variant=variant,
        position=draw(st.integers(0, 2)),
        percent=draw(st.integers(0, 100)),
        buffer=draw(st.integers(0, 20)),
        threshold=draw(st.integers(0, 20)),
        maximum=draw(st.none() | st.integers(0, 200_000)),
        fixed=fixed,
        may_exceed=draw(st.booleans()) if may_exceed is None else may_exceed,
    )


places = st.builds(
    Place,
    shop=st.integers(1, 2),
    warehouse=ids,
    variant=ids,
    tags=st.frozensets(st.integers(1, 2)),
)
available_units = st.integers(-50, 250_000)


@given(rule=a_rule(may_exceed=False), available=available_units)
def test_no_rule_shows_more_than_is_available(rule: Rule, available: int) -> None:
    assert 0 <= shown(available, rule).units <= min(max(available, 0), MOST_UNITS)


@given(rule=a_rule(), available=available_units)
def test_every_quantity_says_how_it_comes_about(rule: Rule, available: int) -> None:
    one = shown(available, rule)
    assert one.why.startswith(f"{max(available, 0):,} available")
    assert one.why.endswith(f": {one.units:,}. By the rule for everything.")


@given(rule=a_rule(may_exceed=False), available=available_units, more=st.integers(0, 1_000))
def test_more_stock_never_shows_less(rule: Rule, available: int, more: int) -> None:
    assert shown(available + more, rule).units >= shown(available, rule).units


@given(rules=st.lists(a_rule(), max_size=12), place=places, mix=st.randoms())
def test_one_rule_counts_whatever_their_order(rules: list[Rule], place: Place, mix: Any) -> None:
    alone = list({(row.shop, row.variant, row.tag, row.warehouse): row for row in rules}.values())
    expected = nearest(alone, place)
    assert Rulebook(alone).pick(place) == expected
    mix.shuffle(alone)
    assert Rulebook(alone).pick(place) == expected


@pytest.mark.parametrize(
    ("changes", "available", "units", "why"),
    [
        ({"percent": 80, "buffer": 2}, 12, 7, "12 available, 80 % of them, less 2 kept back: 7."),
        ({}, 12, 12, "12 available: 12."),
        ({"percent": 99}, 1, 0, "1 available, 99 % of them: 0."),
        ({"percent": 0}, 12, 0, "12 available, none of them shown: 0."),
        ({"buffer": 20}, 12, 0, "12 available, less 20 kept back: 0."),
        ({"threshold": 13}, 12, 0, "12 available, and 12 is fewer than 13, so none: 0."),
        ({"threshold": 12}, 12, 12, "12 available: 12."),
        ({"maximum": 5}, 12, 5, "12 available, never more than 5: 5."),
        ({"fixed": 9}, 12, 9, "12 available, always 9 shown: 9."),
        ({"fixed": 9}, 4, 4, "4 available, always 9 shown, as far as there are so many: 4."),
        (
            {"fixed": 9, "may_exceed": True},
            4,
            9,
            "4 available, always 9 shown, even if that is more: 9.",
        ),
        ({}, -3, 0, "0 available: 0."),
        (
            {},
            1_000_000,
            99_999,
            "1,000,000 available, the channel takes no more than 99,999: 99,999.",
        ),
    ],
)
def test_the_figures_and_their_words(
    changes: dict[str, Any], available: int, units: int, why: str
) -> None:
    one = shown(available, Rule(pk=1, shop=1, scope="tag “Dog toys”", **changes))
    assert one.units == units
    assert one.why == f"{why} By the rule for tag “Dog toys”."


def test_without_a_rule_all_is_shown() -> None:
    assert shown(12, None).why == "12 available: 12. No quantity rule counts here."
