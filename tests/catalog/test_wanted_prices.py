"""One price wanted: where it comes from, its bounds, its history, and what may leave."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Offer, PriceChange, PriceRule, Tag, Variant
from catalog.services import (
    channel_sync,
    exporting,
    own_prices,
    price_history,
    price_rules,
    products,
    repricing,
    wanted_prices,
)
from marketplace.kernel.errors import Refused
from tests import factories
from tests.catalog.price_world import assert_right, make_rule, mirror, offer_on, price

pytestmark = pytest.mark.django_db

PRICE = "POST /product/202309/products/{product_id}/prices/update"


def catalog_says(offer: Offer, amount: str | None) -> None:
    Variant.objects.filter(pk=offer.variant_id).update(price=Decimal(amount) if amount else None)
    products.changed([offer.variant.product_id])


def test_the_catalogs_price_is_followed_with_its_history(shop) -> None:
    offer = offer_on(shop)
    assert (offer.price_wanted, offer.price_why) == (Decimal("20.00"), "The catalog's price.")
    assert PriceChange.objects.count() == 0
    catalog_says(offer, "22.50")
    assert price(offer) == Decimal("22.50")
    change = PriceChange.objects.get()
    assert (change.old, change.new, change.cause) == (Decimal("20.00"), Decimal("22.50"), "catalog")


def test_an_own_price_counts_before_the_catalog_until_it_is_taken_away(shop) -> None:
    offer, now = offer_on(shop), timezone.now()
    own_prices.set_by_hand([offer.pk], Decimal("31.10"), by="ann", now=now)
    catalog_says(offer, "25.00")
    assert price(offer) == Decimal("31.10")
    own_prices.set_by_hand([offer.pk], None, by="ann", now=now)
    assert price(offer) == Decimal("25.00")
    assert list(PriceChange.objects.order_by("pk").values_list("cause", "by")) == [
        ("hand", "ann"),
        ("hand", "ann"),
    ]


def test_bounds_hold_for_own_prices_too_and_say_so(shop) -> None:
    offer, now = offer_on(shop), timezone.now()
    own_prices.set_bounds([offer.pk], floor=Decimal(15), ceiling=Decimal(18), by="ann", now=now)
    assert price(offer) == Decimal("18.00")
    assert "lowered to the ceiling 18.00 (set by hand)" in offer.price_why
    own_prices.set_by_hand([offer.pk], Decimal("9.00"), by="ann", now=now)
    assert price(offer) == Decimal("15.00")


def test_no_price_goes_below_the_minimum_advertised_one(shop) -> None:
    offer = offer_on(shop, map_price=Decimal("21.00"))
    assert offer.price_wanted == Decimal("21.00")


def test_a_floor_above_the_ceiling_moves_nothing_and_says_why(shop) -> None:
    offer, now = offer_on(shop), timezone.now()
    own_prices.set_bounds([offer.pk], floor=None, ceiling=Decimal(30), by="ann", now=now)
    make_rule(shop, floor=Decimal(40))
    assert price(offer) == Decimal("20.00")
    assert "is above the ceiling 30.00" in offer.price_why
    report = own_prices.set_bounds(
        [offer.pk], floor=Decimal(9), ceiling=Decimal(8), by="ann", now=now
    )
    assert report.done == 0
    assert "the floor 9 is above the ceiling 8" in report.summary()


def test_cost_fee_and_margin_make_the_floor(shop) -> None:
    offer = offer_on(shop, price="12.00", cost=Decimal(9), fulfillment_cost=Decimal(1))
    make_rule(shop, covers_cost=True, fee_percent=Decimal(15), margin_percent=Decimal(15))
    assert price(offer) == Decimal("13.53")


def test_a_refresh_that_changes_nothing_is_one_query(shop, django_assert_num_queries) -> None:
    offers = [offer_on(shop) for _ in range(3)]
    with django_assert_num_queries(1):
        assert wanted_prices.refresh_prices([row.variant_id for row in offers]) == 0


def test_queries_do_not_grow_with_the_offers(shop, django_assert_max_num_queries) -> None:
    tag = Tag.objects.create(merchant=shop.merchant, name="Toys")
    make_rule(shop, tag=tag, ceiling=Decimal(15))
    offers = [offer_on(shop) for _ in range(12)]
    for offer in offers:
        offer.variant.product.tags.add(tag)
    with django_assert_max_num_queries(18):
        wanted_prices.refresh_prices([row.variant_id for row in offers])
    assert {price(row) for row in offers} == {Decimal("15.00")}


def test_rolling_a_change_back_makes_it_an_own_price(shop) -> None:
    offer = offer_on(shop)
    catalog_says(offer, "2.00")
    price_history.rollback_change(PriceChange.objects.get(), by="ann", now=timezone.now())
    assert price(offer) == Decimal("20.00")
    assert offer.price_by_hand == Decimal("20.00")
    assert PriceChange.objects.first().cause == "rollback"


def test_a_rule_of_one_shop_never_touches_another(shop) -> None:
    other = factories.make_shop(shop.merchant, currency="EUR")
    here, there = offer_on(shop), offer_on(other, currency="EUR")
    make_rule(shop, ceiling=Decimal(10))
    assert (price(here), price(there)) == (Decimal("10.00"), Decimal("20.00"))


def test_a_price_outside_the_region_is_refused_by_hand(shop) -> None:
    offer = offer_on(shop)
    report = own_prices.set_by_hand([offer.pk], Decimal(9999999), by="ann", now=timezone.now())
    assert report.done == 0
    assert "takes" in report.summary()
    assert price(offer) == Decimal("20.00")


# -- what leaves -----------------------------------------------------------------------------------


@pytest.fixture
def listed(live, tiktok):
    tiktok.seed_products(3)
    channel_sync.sync(live)
    tiktok.reset_calls()
    return live


def shown(tiktok, offer: Offer) -> str:
    product = tiktok.product(offer.listing.external_id)
    (sku,) = [sku for sku in product["skus"] if sku["id"] == offer.external_id]
    return sku["price"]


def test_a_price_outside_its_bounds_never_leaves(listed, tiktok) -> None:
    first, second = Offer.objects.order_by("pk")[:2]
    before = shown(tiktok, first)
    # Behind every service's back: the last guard must hold by itself.
    Offer.objects.filter(pk=first.pk).update(price_wanted=Decimal("3.00"), price_floor=Decimal(5))
    Offer.objects.filter(pk=second.pk).update(price_wanted=Decimal("33.00"))
    report = exporting.send_prices(listed)
    assert (report.sent, report.held) == (1, 1)
    assert Decimal(shown(tiktok, second)) == Decimal("33.00")
    assert shown(tiktok, first) == before
    first.refresh_from_db()
    assert "below the floor 5.00" in first.problem
    assert not exporting.has_differences(listed)


def test_a_price_that_the_region_does_not_take_is_held(listed, tiktok) -> None:
    offer = Offer.objects.order_by("pk").first()
    catalog_says(offer, "99999999.00")
    assert price(offer) == Decimal("99999999.00")
    assert exporting.send_prices(listed).held == 1
    assert PRICE not in tiktok.calls()
    catalog_says(offer, "12.00")
    assert exporting.send_prices(listed).sent == 1
    assert Decimal(shown(tiktok, offer)) == Decimal("12.00")


def test_with_outbound_price_off_nothing_leaves_and_on_again_the_difference_does(
    listed, tiktok
) -> None:
    offer = Offer.objects.order_by("pk").first()
    listed.push_price = False
    listed.save()
    make_rule(listed, **mirror(modifier="-10"))
    repricing.run_due(listed, timezone.now())
    assert exporting.send_prices(listed).calls == 0
    assert tiktok.calls() == {}
    listed.push_price = True
    listed.save()
    assert exporting.send_prices(listed).sent == Offer.objects.count()
    assert Decimal(shown(tiktok, offer)) == price(offer)


# -- any order -------------------------------------------------------------------------------------

AMOUNT = st.decimals("0.50", "60", places=2)
STEP = st.one_of(
    st.tuples(st.just("catalog"), st.integers(0, 2), AMOUNT),
    st.tuples(st.just("hand"), st.integers(0, 2), st.none() | AMOUNT),
    st.tuples(st.just("bounds"), st.integers(0, 2), st.none() | AMOUNT, st.none() | AMOUNT),
    st.tuples(
        st.just("rule"),
        st.sampled_from(["shop", "tag", "listing"]),
        st.none() | st.integers(-40, 40),
        st.none() | AMOUNT,
        st.sampled_from(["", ".99", ".00"]),
    ),
    st.tuples(st.just("pause"), st.booleans()),
    st.tuples(st.just("delete")),
    st.tuples(st.just("run"), st.integers(0, 30)),
    st.tuples(st.just("rollback change")),
    st.tuples(st.just("rollback run")),
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, max_size=12))
def test_whatever_happens_a_price_is_what_its_rows_say(db, clock, steps) -> None:
    merchant = factories.make_merchant()
    shop = factories.make_shop(merchant)
    tag = Tag.objects.create(merchant=merchant, name="Toys")
    offers = [offer_on(shop) for _ in range(3)]
    offers[0].variant.product.tags.add(tag)
    moment = clock
    for step in steps:
        moment.now += timedelta(minutes=1)
        with suppress(Refused):
            take(step, shop, tag, offers, moment)
        assert_right(merchant)


@pytest.fixture
def clock():
    """A clock that only goes on."""

    class Clock:
        now = timezone.now()

    return Clock()


def take(step, shop, tag, offers, moment) -> None:
    kind, *given = step
    if kind == "catalog":
        catalog_says(offers[given[0]], str(given[1]))
    elif kind == "hand":
        own_prices.set_by_hand([offers[given[0]].pk], given[1], by="ann", now=moment.now)
    elif kind == "bounds":
        own_prices.set_bounds(
            [offers[given[0]].pk], floor=given[1], ceiling=given[2], by="ann", now=moment.now
        )
    elif kind == "rule":
        save_rule(shop, tag, offers[1], given, moment)
    elif kind == "run":
        repricing.run_due(shop, moment.now + timedelta(hours=given[0]))
    elif rule := PriceRule.objects.filter(shop=shop).order_by("-pk").first():
        take_with(rule, kind, given, moment.now)


def take_with(rule, kind, given, now) -> None:
    if kind == "rollback change" and (change := PriceChange.objects.first()):
        price_history.rollback_change(change, by="ann", now=now)
    elif kind == "rollback run" and (ran := rule.runs.first()):
        price_history.rollback_run(ran, by="ann", now=now)
    elif kind == "pause" and given[0]:
        price_rules.pause(rule, why="tried", by="ann")
    elif kind == "pause":
        price_rules.resume(rule, by="ann", now=now)
    elif kind == "delete":
        price_rules.delete(rule, by="ann", now=now)


def save_rule(shop, tag, offer, given, moment) -> None:
    scope, modifier, floor, ending = given
    target = {"tag": tag if scope == "tag" else None}
    target["listing"] = offer.listing if scope == "listing" else None
    rule = PriceRule.objects.filter(shop=shop, **target).first() or PriceRule(shop=shop, **target)
    how = {"strategy": "", "settings": {}} if modifier is None else mirror(modifier=str(modifier))
    for name, value in {"name": "Any", "floor": floor, "ending": ending, **how}.items():
        setattr(rule, name, value)
    price_rules.save(rule, by="ann", now=moment.now)
