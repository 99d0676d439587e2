"""Strategies copy or move a price as they were set to, and say why in one sentence (R91-R93)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.pricing import strategies
from catalog.pricing.base import Needs, PriceContext, PriceStrategy, Quote, Stay
from catalog.pricing.mirror import Mirror
from catalog.pricing.rates import Rate, Rates
from catalog.pricing.spec import InvalidSettings, Setting, clean
from catalog.pricing.velocity import SalesVelocity
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import Money
from marketplace.kernel.registry import Registry

D = Decimal
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MIRROR, VELOCITY = Mirror(), SalesVelocity()
USD_EUR = Rate("USD", "EUR", D("0.92"), date(2026, 11, 1))
NOTHING = PriceContext("USD", NOW, Rates())
SELLING = replace(NOTHING, current=D("20.00"), available=40, on_sale_since=NOW - timedelta(days=60))


def money(amount: str, currency: str = "USD") -> Money:
    return Money(D(amount), currency)


def mirror(context: PriceContext, **raw: object) -> Quote | Stay:
    return MIRROR.quote(context, MIRROR.clean({"source": "7", **raw}))


def velocity(context: PriceContext, **raw: object) -> Quote | Stay:
    return VELOCITY.quote(context, VELOCITY.clean({"target_units": "10", **raw}))


# -- the registry, and what a form is made of -----------------------------------------------


def test_both_strategies_can_be_chosen_by_name() -> None:
    assert strategies.names() == ["mirror", "sales_velocity"]
    for name in strategies.names():
        strategy = strategies.get(name)
        assert strategy.name == name
        assert strategy.label
        assert strategy.about.endswith(".")
        assert len({setting.key for setting in strategy.settings}) == len(strategy.settings)


class CostPlus:
    """What a third strategy takes: this, and a line in the registry."""

    name = "cost_plus"
    label = "Cost plus"
    about = "The cost and a markup."
    settings: Sequence[Setting] = (Setting("markup", "Markup", "percent"),)

    def clean(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return clean(self.settings, raw)

    def needs(self, settings: Mapping[str, Any]) -> Needs:
        return Needs()

    def quote(self, context: PriceContext, settings: Mapping[str, Any]) -> Quote | Stay:
        if context.cost is None:
            return Stay("It has no cost.")
        markup = 1 + D(settings["markup"]) / 100
        return Quote(Money(context.cost.amount * markup, context.currency), "Cost and markup.")

    def describe(self, settings: Mapping[str, Any], *, currency: str, source_name: str = "") -> str:
        return f"Cost plus {settings['markup']} %."


def test_a_strategy_of_ones_own_needs_nothing_but_its_class() -> None:
    registry: Registry[PriceStrategy] = Registry("price strategy")
    registry.register(CostPlus.name, CostPlus())
    own = registry.get("cost_plus")
    settings = own.clean({"markup": "50"})
    quote = own.quote(replace(NOTHING, cost=money("9")), settings)
    assert quote == Quote(money("13.50"), "Cost and markup.")


def test_what_is_left_out_takes_its_default_and_can_be_stored_as_json() -> None:
    assert MIRROR.clean({"source": "catalog"}) == {
        "source": "catalog",
        "modifier": "0",
        "modifier_unit": "percent",
    }
    assert VELOCITY.clean({"target_units": 10, "step_up": D("2.50")}) == {
        "window_days": 7,
        "target_units": 10,
        "step_up": "2.5",
        "step_down": "5",
        "step_unit": "percent",
        "cooldown_hours": 24,
        "out_of_stock": "stay",
    }


def test_all_that_is_wrong_is_told_at_once_by_the_name_of_its_field() -> None:
    with pytest.raises(InvalidSettings) as refusal:
        VELOCITY.clean(
            {
                "window_days": "91",
                "step_up": "much",
                "step_down": "0.12345",
                "step_unit": "euros",
                "cooldown_hours": "1.5",
            }
        )
    assert refusal.value.problems == {
        "window_days": "Count sales of the last so many days: 91 is not between 1 and 90.",
        "target_units": "Units aimed at in that time: this is needed.",
        "step_up": "Raise by: “much” is not a number.",
        "step_down": "Lower by: 0.12345 has more than 4 decimals.",
        "step_unit": "Steps are in: “euros” is not one of the choices.",
        "cooldown_hours": "Rest after a change, hours: 1.5 is not a whole number.",
    }
    assert isinstance(refusal.value, Refused)


@pytest.mark.parametrize("source", ["", None, "0", "-3", "shop", "²", "1.5"])
def test_a_source_is_the_catalog_or_a_shop(source: str | None) -> None:
    with pytest.raises(InvalidSettings, match=r"^Copy from: "):
        MIRROR.clean({"source": source})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e9"])
def test_no_number_is_endless(number: str) -> None:
    with pytest.raises(InvalidSettings, match=r"^Add: "):
        MIRROR.clean({"source": "catalog", "modifier": number})


@pytest.mark.parametrize(
    ("strategy", "raw", "said"),
    [
        (
            MIRROR,
            {"source": 7, "modifier": "-100"},
            "Add: less 100 % or more would leave no price.",
        ),
        (
            VELOCITY,
            {"target_units": 1, "step_down": "100"},
            "Lower by: 100 % or more would leave no price.",
        ),
        (
            VELOCITY,
            {"target_units": 1, "step_up": "0", "step_down": "0"},
            "Raise by: one of the two steps must be above zero.",
        ),
    ],
)
def test_settings_that_could_leave_no_price_are_refused(
    strategy: PriceStrategy, raw: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        strategy.clean(raw)
    assert refusal.value.message == said


def test_settings_once_cleaned_stay_the_same_when_cleaned_again() -> None:
    for strategy, raw in ((MIRROR, {"source": "7"}), (VELOCITY, {"target_units": "10"})):
        settings = strategy.clean(raw)
        assert strategy.clean(settings) == settings


# -- mirror ---------------------------------------------------------------------------------


def test_a_mirror_copies_what_the_source_shop_shows() -> None:
    found = mirror(replace(NOTHING, source=money("25"), source_name="Harbor"))
    assert found == Quote(money("25.00"), "Copied from Harbor: 25.00 USD.")


def test_a_mirror_of_the_catalog_copies_its_price_and_not_the_shops() -> None:
    found = mirror(replace(NOTHING, source=money("25"), catalog=money("18")), source="catalog")
    assert found == Quote(money("18.00"), "Copied from the catalog: 18.00 USD.")


@pytest.mark.parametrize(
    ("modifier", "unit", "price", "words"),
    [
        ("5", "percent", "24.15", "plus 5 % = 24.15 EUR"),
        ("-2.5", "percent", "22.43", "less 2.5 % = 22.43 EUR"),
        ("1.50", "money", "24.50", "plus 1.50 EUR = 24.50 EUR"),
        ("-3", "money", "20.00", "less 3.00 EUR = 20.00 EUR"),
    ],
)
def test_a_mirror_converts_first_and_then_adds_in_the_shops_currency(
    modifier: str, unit: str, price: str, words: str
) -> None:
    context = PriceContext(
        "EUR", NOW, Rates([USD_EUR]), source=money("25"), source_name="Harbor US"
    )
    found = mirror(context, modifier=modifier, modifier_unit=unit)
    assert found == Quote(
        money(price, "EUR"),
        f"Copied from Harbor US: 25.00 USD = 23.00 EUR (1 USD = 0.92 EUR of 2026-11-01), {words}.",
    )


def test_a_mirror_without_a_rate_leaves_the_price() -> None:
    found = mirror(replace(NOTHING, currency="EUR", source=money("25")))
    assert found == Stay("There is no exchange rate from USD to EUR: enter one.")


def test_a_mirror_without_a_source_price_leaves_the_price() -> None:
    found = mirror(replace(NOTHING, source_name="Harbor", catalog=money("18")))
    assert found == Stay("No price to copy: Harbor has none for this SKU.")
    found = mirror(replace(NOTHING, source=money("25")), source="catalog")
    assert found == Stay("No price to copy: the catalog has none for this SKU.")


def test_a_mirror_never_gives_a_thing_away() -> None:
    found = mirror(
        replace(NOTHING, source=money("5"), source_name="Harbor"),
        modifier="-5",
        modifier_unit="money",
    )
    assert found == Stay(
        "Copied from Harbor: 5.00 USD, less 5.00 USD = 0.00 USD: that is no price."
    )


def test_a_mirror_says_what_must_be_loaded_for_it() -> None:
    assert MIRROR.needs(MIRROR.clean({"source": "7"})) == Needs(source_shop=7)
    assert MIRROR.needs(MIRROR.clean({"source": "catalog"})) == Needs(source_is_catalog=True)


def test_a_mirror_is_told_in_one_sentence() -> None:
    described = MIRROR.describe(
        MIRROR.clean({"source": "7", "modifier": "-2", "modifier_unit": "money"}),
        currency="GBP",
        source_name="Harbor US",
    )
    assert described == "Copies the price of Harbor US, less 2.00 GBP."
    assert MIRROR.describe(MIRROR.clean({"source": "catalog"}), currency="GBP") == (
        "Copies the price of the catalog."
    )


def test_the_name_of_a_shop_does_not_fill_the_reason() -> None:
    found = mirror(replace(NOTHING, source=money("25"), source_name="Harbor " * 30))
    assert found.why == f"Copied from {('Harbor ' * 30)[:39]}…: 25.00 USD."


@given(
    source=st.decimals(min_value=D("0.01"), max_value=D(5000), places=2),
    rate=st.decimals(min_value=D("0.01"), max_value=D(200), places=4),
    modifier=st.decimals(min_value=D(-99), max_value=D(99), places=2),
    unit=st.sampled_from(("percent", "money")),
)
def test_a_mirror_equals_its_source_converted_give_or_take(
    source: Decimal, rate: Decimal, modifier: Decimal, unit: str
) -> None:
    context = PriceContext(
        "EUR", NOW, Rates([Rate("USD", "EUR", rate, NOW.date())]), source=Money(source, "USD")
    )
    converted = Money(source * rate, "EUR")
    change = converted.amount * modifier / 100 if unit == "percent" else modifier
    expected = Money(converted.amount + change, "EUR")
    found = mirror(context, modifier=modifier, modifier_unit=unit)
    if expected.amount > 0:
        assert isinstance(found, Quote)
        assert found.price == expected
    else:
        assert isinstance(found, Stay)


# -- sales velocity -------------------------------------------------------------------------


def test_fewer_sales_than_aimed_at_lower_the_price_by_a_step() -> None:
    assert velocity(replace(SELLING, units_sold=3)) == Quote(
        money("19.00"),
        "Sold 3 of the 10 aimed at in 7 days: lowered by 5 % from 20.00 to 19.00 USD.",
    )


def test_more_sales_than_aimed_at_raise_the_price_by_a_step() -> None:
    found = velocity(replace(SELLING, units_sold=12), step_up="1.5", step_unit="money")
    assert found == Quote(
        money("21.50"),
        "Sold 12 of the 10 aimed at in 7 days: raised by 1.50 USD from 20.00 to 21.50 USD.",
    )


def test_just_the_sales_aimed_at_leave_the_price() -> None:
    assert velocity(replace(SELLING, units_sold=10)) == Stay(
        "Sold 10 of the 10 aimed at in 7 days: it stays."
    )


@pytest.mark.parametrize(("minutes", "moves"), [(-1, False), (0, True)])
def test_after_a_change_the_price_rests_through_the_cooldown(minutes: int, moves: bool) -> None:
    changed = NOW - timedelta(hours=24, minutes=minutes)
    found = velocity(replace(SELLING, changed_at=changed))
    assert isinstance(found, Quote) is moves


def test_a_resting_price_says_until_when() -> None:
    found = velocity(replace(SELLING, changed_at=NOW - timedelta(hours=2)), cooldown_hours=6)
    assert found == Stay("It was changed 2026-11-20 10:00 and rests until 2026-11-20 16:00 UTC.")


def test_a_sku_that_was_not_on_sale_for_the_whole_window_stays_and_says_so() -> None:
    newer = replace(SELLING, on_sale_since=NOW - timedelta(days=6))
    assert velocity(newer) == Stay(
        "It is on sale since 2026-11-14 12:00 UTC, less than the 7 days that are counted."
    )
    assert velocity(replace(SELLING, on_sale_since=None)) == Stay("It is not on sale yet.")
    whole = replace(SELLING, on_sale_since=NOW - timedelta(days=7))
    assert isinstance(velocity(whole), Quote)


@pytest.mark.parametrize(
    ("direction", "found"),
    [
        (
            "raise",
            Quote(money("21.00"), "None is left in stock: raised by 5 % from 20.00 to 21.00 USD."),
        ),
        (
            "lower",
            Quote(money("19.00"), "None is left in stock: lowered by 5 % from 20.00 to 19.00 USD."),
        ),
        ("stay", Stay("None is left in stock: it stays.")),
    ],
)
def test_out_of_stock_the_price_goes_where_it_was_told_whatever_was_sold(
    direction: str, found: Quote | Stay
) -> None:
    for sold in (0, 10, 99):
        context = replace(SELLING, available=0, units_sold=sold)
        assert velocity(context, out_of_stock=direction) == found


def test_a_step_of_zero_never_moves_in_that_direction() -> None:
    assert velocity(replace(SELLING, units_sold=3), step_down="0") == Stay(
        "Sold 3 of the 10 aimed at in 7 days; by your settings it is not lowered."
    )
    assert isinstance(velocity(replace(SELLING, units_sold=30), step_down="0"), Quote)


def test_a_step_that_would_leave_no_price_is_not_made() -> None:
    found = velocity(replace(SELLING, current=D("2.00")), step_down="2", step_unit="money")
    assert found == Stay(
        "Sold 0 of the 10 aimed at in 7 days; 2.00 USD less than 2.00 USD would leave no price."
    )


def test_a_step_below_a_cent_is_told() -> None:
    assert velocity(replace(SELLING, current=D("0.05"))) == Stay(
        "Sold 0 of the 10 aimed at in 7 days; 5 % of 0.05 USD is too little to change it."
    )


def test_a_sku_without_a_price_has_nothing_to_move() -> None:
    assert velocity(replace(SELLING, current=None)) == Stay(
        "There is no price yet to raise or lower: enter one in the catalog."
    )


def test_velocity_says_how_far_back_sales_must_be_loaded() -> None:
    settings = VELOCITY.clean({"target_units": 10, "window_days": 14})
    assert VELOCITY.needs(settings) == Needs(sales_window=timedelta(days=14))


@pytest.mark.parametrize(
    ("direction", "words"), [("stay", "."), ("raise", "; raised when out of stock.")]
)
def test_velocity_is_told_in_one_sentence(direction: str, words: str) -> None:
    settings = VELOCITY.clean(
        {"target_units": 1, "window_days": 1, "step_unit": "money", "out_of_stock": direction}
    )
    assert VELOCITY.describe(settings, currency="EUR") == (
        "Aims at 1 unit in 1 day: 5.00 EUR up when more are sold, 5.00 EUR down when fewer, "
        f"and rests 24 h after a change{words}"
    )


@given(
    price=st.decimals(min_value=D("0.01"), max_value=D(5000), places=2),
    sold=st.lists(st.integers(min_value=0, max_value=60), min_size=2, max_size=2).map(sorted),
    target=st.integers(min_value=1, max_value=30),
    up=st.decimals(min_value=D("0.1"), max_value=D(50), places=1),
    down=st.decimals(min_value=D(0), max_value=D(50), places=1),
    unit=st.sampled_from(("percent", "money")),
)
def test_more_sales_never_mean_a_lower_price(
    price: Decimal, sold: list[int], target: int, up: Decimal, down: Decimal, unit: str
) -> None:
    few, many = (
        velocity(
            replace(SELLING, current=price, units_sold=units),
            target_units=target,
            step_up=up,
            step_down=down,
            step_unit=unit,
        )
        for units in sold
    )
    lower = few.price.amount if isinstance(few, Quote) else price
    higher = many.price.amount if isinstance(many, Quote) else price
    assert D(0) < lower <= higher
