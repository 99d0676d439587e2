"""Amounts are converted by a dated rate or not at all; the cost floor pays for everything."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.pricing.base import Stay
from catalog.pricing.bounds import Limit
from catalog.pricing.cost import CostTerms, cost_floor
from catalog.pricing.rates import Converted, NoRate, Rate, Rates
from marketplace.kernel.money import Money

D = Decimal
TODAY = date(2026, 11, 20)
USD_EUR = Rate("USD", "EUR", D("0.92000000"), date(2026, 11, 1))


def money(amount: str, currency: str = "USD") -> Money:
    return Money(D(amount), currency)


def convert(amount: str, currency: str, to: str, *rates: Rate) -> Converted | NoRate:
    return Rates(rates).convert(money(amount, currency), to, TODAY)


# -- rates ----------------------------------------------------------------------------------


def test_an_amount_is_converted_and_carries_the_rate_and_its_date() -> None:
    found = convert("25.00", "USD", "EUR", USD_EUR)
    assert found == Converted(money("23.00", "EUR"), D("0.92000000"), USD_EUR)
    assert isinstance(found, Converted)
    assert found.as_of == date(2026, 11, 1)
    assert str(found.by) == "1 USD = 0.92 EUR of 2026-11-01"


def test_an_amount_in_the_currency_asked_for_needs_no_rate() -> None:
    found = convert("25.00", "USD", "USD")
    assert found == Converted(money("25.00"), D(1), None)
    assert isinstance(found, Converted)
    assert found.as_of is None


def test_the_newest_rate_up_to_today_is_used_wherever_it_stands_in_the_list() -> None:
    older = Rate("USD", "EUR", D("0.80"), date(2026, 10, 30))
    tomorrow = Rate("USD", "EUR", D("0.70"), TODAY + timedelta(1))
    found = convert("100", "USD", "EUR", tomorrow, USD_EUR, older)
    assert isinstance(found, Converted)
    assert found.by is USD_EUR


def test_a_rate_of_the_other_direction_serves_only_where_there_is_none_of_this_one() -> None:
    back = Rate("EUR", "USD", D("1.25"), TODAY)
    assert convert("100", "USD", "EUR", back) == Converted(money("80", "EUR"), D("0.8"), back)
    assert convert("100", "USD", "EUR", back, USD_EUR) == Converted(
        money("92", "EUR"), USD_EUR.rate, USD_EUR
    )


@pytest.mark.parametrize(("days", "is_used"), [(30, True), (31, False)])
def test_a_rate_lasts_30_days(days: int, is_used: bool) -> None:
    rate = Rate("USD", "EUR", D("0.92"), TODAY - timedelta(days))
    assert isinstance(convert("1", "USD", "EUR", rate), Converted) is is_used


def test_an_old_rate_is_named_with_its_date() -> None:
    found = convert("1", "USD", "EUR", Rate("USD", "EUR", D("0.92"), date(2026, 9, 1)))
    assert found == NoRate(
        "The exchange rate 1 USD = 0.92 EUR of 2026-09-01 is older than 30 days and is not used: "
        "enter today's."
    )


def test_a_missing_rate_is_named() -> None:
    pounds = Rate("USD", "GBP", D("0.8"), TODAY)
    assert convert("1", "USD", "EUR", pounds) == NoRate(
        "There is no exchange rate from USD to EUR: enter one."
    )


@given(
    amount=st.decimals(min_value=D("0.01"), max_value=D(99999), places=2),
    rate=st.decimals(min_value=D("0.001"), max_value=D(5000), places=8),
)
def test_a_rate_and_its_inverse_convert_alike(amount: Decimal, rate: Decimal) -> None:
    direct = convert(str(amount), "USD", "EUR", Rate("USD", "EUR", rate, TODAY))
    inverse = convert(str(amount), "USD", "EUR", Rate("EUR", "USD", 1 / rate, TODAY))
    assert isinstance(direct, Converted)
    assert isinstance(inverse, Converted)
    assert abs(direct.money.amount - inverse.money.amount) <= D("0.01")


# -- cost floor -----------------------------------------------------------------------------


def least(
    cost: Money | None,
    fulfillment: Money | None,
    fee: str,
    margin: str,
    *rates: Rate,
    currency: str = "USD",
) -> Limit | Stay:
    terms = CostTerms(fee_percent=D(fee), margin_percent=D(margin))
    return cost_floor(cost, fulfillment, terms, currency=currency, rates=Rates(rates), on=TODAY)


def test_cost_9_and_fulfillment_1_with_15_percent_fee_and_margin_need_13_53() -> None:
    assert least(money("9"), money("1"), "15", "15") == Limit(D("13.53"), "cost, fee and margin")


def test_a_cost_floor_that_comes_out_even_is_not_rounded_up() -> None:
    assert least(money("8.50"), None, "15", "0") == Limit(D("10.00"), "cost, fee and margin")


def test_the_cost_floor_converts_each_part_before_it_rounds() -> None:
    found = least(money("0.09"), money("0.10"), "0", "0", USD_EUR, currency="EUR")
    assert found == Limit(D("0.18"), "cost, fee and margin")  # 0.1748, not 0.08 + 0.09
    yen = least(money("9"), money("140", "JPY"), "15", "15", Rate("USD", "JPY", D(150), TODAY),
                currency="JPY")  # fmt: skip
    assert yen == Limit(D(2016), "cost, fee and margin")  # (1,350 + 140) x 1.15 / 0.85 = 2,015.9


def test_without_a_cost_or_a_rate_the_floor_is_unknown_and_the_price_stays() -> None:
    assert least(None, money("1"), "15", "15") == Stay(
        "It has no cost, so the floor of cost, fee and margin is unknown: enter it."
    )
    assert least(money("9"), None, "15", "15", currency="EUR") == Stay(
        "There is no exchange rate from USD to EUR: enter one."
    )
    assert least(money("9", "EUR"), money("1"), "15", "15", currency="EUR") == Stay(
        "There is no exchange rate from USD to EUR: enter one."
    )


def test_a_fee_of_everything_leaves_no_price() -> None:
    assert least(money("9"), None, "100", "15") == Stay(
        "A fee of 100 % or more leaves nothing of any price: lower the rule's fee."
    )


percents = st.decimals(min_value=0, max_value=99, places=2)


@given(
    cost=st.decimals(min_value=0, max_value=9999, places=2),
    fulfillment=st.decimals(min_value=0, max_value=99, places=2),
    fee=percents,
    margin=percents,
)
def test_the_cost_floor_pays_for_all_and_a_cent_less_would_not(
    cost: Decimal, fulfillment: Decimal, fee: Decimal, margin: Decimal
) -> None:
    floor = least(money(str(cost)), money(str(fulfillment)), str(fee), str(margin))
    assert isinstance(floor, Limit)
    needed = (cost + fulfillment) * (100 + margin)
    assert floor.amount * (100 - fee) >= needed
    assert (floor.amount - D("0.01")) * (100 - fee) < needed
