"""A price stays within its limits, whatever is quoted, and says which limit moved it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from catalog.pricing.base import Quote, Stay
from catalog.pricing.bounds import Bounds, Day, Limit, Region, highest, lowest, outside, settle
from marketplace.kernel.money import Money, decimals

D = Decimal
US = Region(D("0.01"), D("7600"), "TikTok Shop in US")
ENDINGS = ("", ".99", ".95", ".90", ".49", ".00")


def usd(amount: str, why: str = "The catalog's price.") -> Quote:
    return Quote(Money(D(amount), "USD"), why)


def floor(amount: str, words: str = "set by hand") -> Limit:
    return Limit(D(amount), words)


def settled(amount: str, **bounds: object) -> str:
    """Return the settled price and its reason, as “price | reason”."""
    found = settle(usd(amount), Bounds("USD", **bounds))  # type: ignore[arg-type]
    return f"{found.price.amount} | {found.why}" if isinstance(found, Quote) else f"- | {found.why}"


# -- whatever is quoted ---------------------------------------------------------------------

amounts = st.decimals(min_value=D("0.01"), max_value=D("12000"), places=2)
limits = st.none() | st.builds(Limit, amounts, st.just("set by hand"))


@st.composite
def regions(draw: st.DrawFn) -> Region:
    least, most = sorted((draw(amounts), draw(amounts)))
    return Region(least, most, "TikTok Shop in US")


@st.composite
def all_bounds(draw: st.DrawFn) -> Bounds:
    currency = draw(st.sampled_from(("USD", "JPY")))
    begun = amounts.map(lambda amount: Money(amount, currency).amount)
    percent = st.decimals(min_value=0, max_value=150, places=2)
    return Bounds(
        currency,
        draw(limits),
        draw(limits),
        draw(st.none() | regions()),
        draw(st.none() | st.builds(Day, begun, percent)),
        draw(st.sampled_from(ENDINGS)),
    )


def quote_in(bounds: Bounds, amount: Decimal) -> Quote:
    return Quote(Money(amount, bounds.currency), "Asked for.")


def fits_limits(price: Decimal, bounds: Bounds) -> bool:
    """Whether floor, ceiling and region all allow a price; told apart from how `settle` does it."""
    return (
        (bounds.floor is None or price >= bounds.floor.amount)
        and (bounds.ceiling is None or price <= bounds.ceiling.amount)
        and (bounds.region is None or bounds.region.least <= price <= bounds.region.most)
        and price > 0
    )


def fits_day(price: Decimal, bounds: Bounds) -> bool:
    day = bounds.day
    return day is None or abs(price - day.start) <= day.start * day.most_percent / 100


@given(quoted=amounts, bounds=all_bounds())
def test_a_settled_price_is_within_floor_ceiling_and_region(
    quoted: Decimal, bounds: Bounds
) -> None:
    found = settle(quote_in(bounds, quoted), bounds)
    if isinstance(found, Quote):
        assert fits_limits(found.price.amount, bounds)
        assert outside(found.price.amount, bounds) == ""


@given(quoted=amounts, bounds=all_bounds())
def test_a_price_stays_only_where_no_limit_or_the_region_leaves_none(
    quoted: Decimal, bounds: Bounds
) -> None:
    found = settle(quote_in(bounds, quoted), replace(bounds, region=None))
    if bounds.floor and bounds.ceiling and bounds.floor.amount > bounds.ceiling.amount:
        assert isinstance(found, Stay)
    elif bounds.currency == "USD":
        assert isinstance(found, Quote)


@given(quoted=amounts, bounds=all_bounds())
def test_a_price_moves_no_further_in_a_day_unless_floor_or_ceiling_push_it(
    quoted: Decimal, bounds: Bounds
) -> None:
    found = settle(quote_in(bounds, quoted), bounds)
    assume(isinstance(found, Quote) and bounds.day)
    assert isinstance(found, Quote)
    assert bounds.day
    region = bounds.region
    start = bounds.day.start
    begun_outside = start == 0 or (region and not region.least <= start <= region.most)
    if not fits_day(found.price.amount, bounds) and not begun_outside:
        unit = D(1).scaleb(-decimals(bounds.currency))
        ends = [limit.amount for limit in (bounds.floor, bounds.ceiling) if limit]
        assert any(abs(found.price.amount - end) < unit for end in ends)
        assert "more than the largest change in a day" in found.why


@given(quoted=amounts, bounds=all_bounds())
def test_the_ending_is_kept_whenever_one_fits(quoted: Decimal, bounds: Bounds) -> None:
    bounds = replace(bounds, currency="USD")
    found = settle(quote_in(bounds, quoted), bounds)
    assume(isinstance(found, Quote) and bounds.ending)
    assert isinstance(found, Quote)
    price = found.price.amount
    if f"{price:.2f}".endswith(bounds.ending):
        return
    # A push beyond the day's largest change goes to the bound and no cent further.
    assume(fits_day(price, bounds))
    nearby = (int(price) + step + D(bounds.ending) for step in range(-2, 3))
    assert not any(fits_limits(near, bounds) and fits_day(near, bounds) for near in nearby)
    assert f"no price ending in {bounds.ending} lies within the limits" in found.why


@given(quoted=amounts, bounds=all_bounds())
def test_settling_a_settled_price_leaves_it(quoted: Decimal, bounds: Bounds) -> None:
    found = settle(quote_in(bounds, quoted), bounds)
    if isinstance(found, Quote):
        again = settle(Quote(found.price, "Asked again."), bounds)
        assert isinstance(again, Quote)
        assert again.price == found.price


@given(quoted=amounts, bounds=all_bounds())
def test_a_quoted_price_that_fits_is_not_touched(quoted: Decimal, bounds: Bounds) -> None:
    quote = quote_in(bounds, quoted)
    fits = fits_limits(quote.price.amount, bounds) and fits_day(quote.price.amount, bounds)
    assume(fits and not bounds.ending)
    assert settle(quote, bounds) == quote


@given(quoted=amounts, bounds=all_bounds())
def test_every_reason_is_one_sentence_that_fits_its_column(quoted: Decimal, bounds: Bounds) -> None:
    found = settle(quote_in(bounds, quoted), bounds)
    assert len(found.why) <= 300
    assert found.why.endswith(".")
    assert found.why[0].isupper()


@given(
    quotes=st.lists(amounts, min_size=2, max_size=2).map(sorted),
    bounds=all_bounds(),
)
def test_of_two_quotes_the_higher_never_settles_lower(
    quotes: list[Decimal], bounds: Bounds
) -> None:
    low, high = (settle(quote_in(bounds, amount), bounds) for amount in quotes)
    assume(isinstance(low, Quote) and isinstance(high, Quote))
    assert isinstance(low, Quote)
    assert isinstance(high, Quote)
    assert low.price.amount <= high.price.amount


# -- each limit in its words ----------------------------------------------------------------


def test_a_price_below_the_floor_is_raised_to_it_and_says_whose_floor_it_is() -> None:
    why = "Sold 3 of the 10 aimed at in 7 days: lowered by 5 % from 20.00 to 19.00 USD."
    found = settle(
        usd("19.00", why), Bounds("USD", floor=floor("19.50", "cost, fee and margin"), region=US)
    )
    assert found == usd("19.50", f"{why[:-1]}; raised to the floor 19.50 (cost, fee and margin).")


def test_a_price_above_the_ceiling_is_lowered_to_it() -> None:
    assert settled("30", ceiling=floor("25", "the rule's")) == (
        "25.00 | The catalog's price; lowered to the ceiling 25.00 (the rule's)."
    )


def test_a_floor_above_its_ceiling_moves_nothing() -> None:
    found = settled("22", floor=floor("24.10", "minimum advertised price"), ceiling=floor("20"))
    assert found == (
        "- | The floor 24.10 (minimum advertised price) is above the ceiling 20.00 (set by hand): "
        "lower the one or raise the other."
    )


def test_a_price_outside_the_region_is_told_and_not_moved_into_it() -> None:
    assert settled("9000", region=US) == (
        "- | The catalog's price; 9,000.00 USD is not sent: TikTok Shop in US takes 0.01 to "
        "7,600.00. Change the price or its limits."
    )


def test_a_floor_beyond_the_region_moves_nothing() -> None:
    assert settled("20", floor=floor("8000"), region=US).startswith("- | ")


@pytest.mark.parametrize("region", [None, US])
def test_nothing_is_sold_for_nothing(region: Region | None) -> None:
    assert settled("0", region=region) == (
        "- | The catalog's price; 0.00 USD is no price: it must be above zero."
    )


def test_the_largest_change_of_a_day_counts_from_the_days_first_price() -> None:
    assert settled("30", day=Day(D("20"), D("10"))) == (
        "22.00 | The catalog's price; held at 22.00 by the largest change in a day, 10 % of 20.00."
    )


def test_a_bound_pushes_beyond_the_largest_change_and_says_so() -> None:
    assert settled("30", day=Day(D("20"), D("10")), floor=floor("25")) == (
        "25.00 | The catalog's price; held at 22.00 by the largest change in a day, 10 % of "
        "20.00; raised to the floor 25.00 (set by hand); more than the largest change in a day, "
        "as floor and ceiling come first."
    )


def test_a_bound_pushes_to_itself_and_the_ending_waits() -> None:
    found = settled("30", day=Day(D("20"), D("10")), floor=floor("25.10"), ending=".99")
    assert found.startswith("25.10 | ")
    assert found.endswith("no price ending in .99 lies within the limits.")


def test_a_price_that_the_region_never_took_may_go_back_in_one_day() -> None:
    found = settled("7000", day=Day(D("9000"), D("10")), region=US)
    assert found == "7000.00 | The catalog's price."


@pytest.mark.parametrize(
    ("price", "ending", "found"),
    [
        ("20.30", ".99", "19.99"),
        ("20.60", ".99", "20.99"),
        ("20.49", ".99", "20.99"),
        ("20.99", ".99", "20.99"),
        ("0.30", ".99", "0.99"),
        ("12.20", ".00", "12.00"),
        ("0.20", ".00", "1.00"),
        ("12.20", ".49", "12.49"),
    ],
)
def test_a_price_goes_to_the_nearest_ending_of_two_the_higher(
    price: str, ending: str, found: str
) -> None:
    assert settled(price, ending=ending).split(" | ")[0] == found


def test_an_ending_below_the_floor_becomes_the_next_one_up() -> None:
    assert settled("20.10", floor=floor("20.05"), ending=".99") == (
        "20.99 | The catalog's price; set to 20.99 to end in .99."
    )


def test_an_ending_above_the_ceiling_becomes_the_next_one_down() -> None:
    assert settled("20.80", ceiling=floor("20.90"), ending=".99").startswith("19.99 | ")


def test_where_no_ending_fits_the_price_goes_without_and_says_so() -> None:
    assert settled("20.30", floor=floor("20.10"), ceiling=floor("20.60"), ending=".99") == (
        "20.30 | The catalog's price; no price ending in .99 lies within the limits."
    )


def test_an_ending_beyond_the_region_is_not_taken() -> None:
    assert settled("7599.80", ending=".90", region=Region(D(1), D("7599.85"), "US")).startswith(
        "7598.90 | "
    )


def test_a_currency_without_cents_has_no_endings_and_whole_limits() -> None:
    bounds = Bounds("JPY", floor=floor("1000.20"), ending=".99")
    found = settle(Quote(Money(D(900), "JPY"), "Asked for."), bounds)
    assert found == Quote(
        Money(D(1001), "JPY"), "Asked for; raised to the floor 1,001 (set by hand)."
    )


def test_a_price_in_another_currency_than_its_bounds_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="bounds in EUR for a price in USD"):
        settle(usd("20"), Bounds("EUR"))


def test_of_several_floors_the_highest_counts_and_of_ceilings_the_lowest() -> None:
    several = [floor("3", "a"), floor("9", "b"), floor("5", "c")]
    assert highest(several) == floor("9", "b")
    assert lowest(several) == floor("3", "a")
    assert highest([]) is lowest([]) is None


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("20.00", ""),
        ("9.99", "9.99 USD is not sent: it is below the floor 10.00 (set by hand)."),
        ("30.01", "30.01 USD is not sent: it is above the ceiling 30.00 (set by hand)."),
    ],
)
def test_a_price_may_not_leave_outside_floor_and_ceiling(price: str, said: str) -> None:
    bounds = Bounds("USD", floor=floor("10"), ceiling=floor("30"), region=US, ending=".99")
    assert outside(D(price), bounds) == said


def test_a_price_may_not_leave_outside_the_region_or_between_crossed_limits() -> None:
    assert outside(D("9000"), Bounds("USD", region=US)).startswith(
        "9,000.00 USD is not sent: TikTok Shop in US takes"
    )
    crossed = Bounds("USD", floor=floor("30"), ceiling=floor("10"))
    assert "is above the ceiling" in outside(D("20"), crossed)
