"""Rules that run: mirrors, velocity, resuming, dry runs, rollback, and what cannot run."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import tasks
from catalog.models import Offer, OfferStock, PriceRule, PriceRun, Product, Shop, Variant
from catalog.services import (
    exchange_rates,
    own_prices,
    price_history,
    price_rules,
    repricing,
    wanted_prices,
)
from marketplace.kernel.errors import Refused
from orders.models import ChannelOrder, IntakeCursor, Order, OrderLine
from tests import factories
from tests.catalog.price_world import (
    make_rule,
    mirror,
    offer_on,
    on_sale,
    price,
    stage,
    velocity,
)

pytestmark = pytest.mark.django_db


def sell(offer: Offer, units: int, *, days_ago: int = 1, state: str = "unshipped", **more) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    shop = offer.listing.shop
    money = dict.fromkeys(
        ("sub_total", "seller_discount", "platform_discount", "shipping_fee", "tax"), Decimal(0)
    )
    placed = ChannelOrder.objects.create(
        shop=shop, merchant=shop.merchant, external_id=f"o{ChannelOrder.objects.count()}",
        status="x", raw_status="x", created_on_channel_at=at, updated_on_channel_at=at,
        currency="USD", other_fees=0, total=0, **money, **more,
    )  # fmt: skip
    part = Order.objects.create(
        channel_order=placed, merchant=shop.merchant, shop=shop, external_id=placed.external_id,
        part="1", variant=offer.variant, created_on_channel_at=at, due_at=at, currency="USD",
        quantity=units, state=state,
    )  # fmt: skip
    for number in range(units):
        OrderLine.objects.create(
            order=part, external_id=f"{part.pk}-{number}", price=1, list_price=1,
            seller_discount=0, platform_discount=0, tax=0, currency="USD",
        )  # fmt: skip


def test_a_mirror_copies_another_shop_by_the_rate_and_says_which(shop) -> None:
    euro = factories.make_shop(shop.merchant, currency="EUR", name="Europe")
    here = offer_on(shop)
    (there,) = stage(euro, here.variant.product)
    Offer.objects.filter(pk=there.pk).update(price_sent=Decimal("10.00"))
    rule = make_rule(shop, **mirror(euro, "5"))
    now = timezone.now()
    assert repricing.run_due(shop, now).held == 1
    assert "There is no exchange rate from EUR to USD" in str(rule.runs.get().reasons)
    exchange_rates.enter([("EUR", "USD", Decimal("1.10"), now.date())], source="bank")
    repricing.run_due(shop, now + timedelta(hours=2))
    assert price(here) == Decimal("11.55")
    assert f"1 EUR = 1.1 USD of {now.date()}" in here.price_why


def test_shops_cannot_mirror_each_other(shop) -> None:
    second = factories.make_shop(shop.merchant)
    third = factories.make_shop(shop.merchant)
    make_rule(shop, **mirror(second))
    make_rule(second, **mirror(third))
    with pytest.raises(price_rules.InvalidRule, match="would follow each other without end"):
        make_rule(third, **mirror(shop))
    stranger = factories.make_shop(factories.make_merchant())
    with pytest.raises(price_rules.InvalidRule, match="not one of this merchant's"):
        make_rule(third, **mirror(stranger))
    assert PriceRule.objects.count() == 2


def test_velocity_counts_sales_but_no_samples_and_no_canceled_orders(shop) -> None:
    offer = offer_on(shop)
    on_sale(offer)
    OfferStock.objects.update(wanted=50)
    make_rule(shop, **velocity(target_units=3))
    sell(offer, 2)
    sell(offer, 4, is_sample=True)
    sell(offer, 4, is_free=True)
    sell(offer, 4, state="canceled")
    sell(offer, 4, days_ago=20)
    repricing.run_due(shop, timezone.now())
    assert price(offer) == Decimal("19.00")
    assert offer.price_why.startswith("Sold 2 of the 3 aimed at in 7 days: lowered by 5 %")


def test_a_velocity_rule_waits_until_orders_come_in_and_others_go_on(shop) -> None:
    offer, plain = offer_on(shop), offer_on(shop)
    on_sale(offer)
    stuck = make_rule(shop, listing=offer.listing, **velocity())
    make_rule(shop, **mirror(modifier="10"))
    old = timezone.now() - timedelta(days=1)
    IntakeCursor.objects.update(read_through=old)
    report = repricing.run_due(shop, timezone.now())
    assert (report.rules, len(report.problems)) == (1, 1)
    stuck.refresh_from_db()
    assert "were last read" in stuck.problem
    assert (price(offer), price(plain)) == (Decimal("20.00"), Decimal("22.00"))


def test_the_largest_change_in_a_day_is_kept_over_several_runs(shop) -> None:
    offer = offer_on(shop)
    make_rule(shop, most_change_percent=Decimal(10), **mirror(modifier="50"))
    noon = (timezone.now() + timedelta(days=1)).replace(hour=20, minute=0)
    prices = []
    for hours in (0, 1, 2, 24, 25):
        repricing.run_due(shop, noon + timedelta(hours=hours, minutes=1))
        prices.append(price(offer))
    assert prices == [Decimal("22.00")] * 3 + [Decimal("24.20")] * 2


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(shop, monkeypatch) -> None:
    monkeypatch.setattr(repricing, "BATCH", 2)
    offers = [offer_on(shop) for _ in range(5)]
    rule = make_rule(shop, **mirror(modifier="10"))
    asked = iter([False, True])
    ran = repricing.run(rule, timezone.now(), until=lambda: next(asked))
    assert (ran.ended_at, ran.looked) == (None, 2)
    ran = repricing.run(rule, timezone.now())
    assert (ran.looked, ran.changed, PriceRun.objects.count()) == (5, 5, 1)
    assert {price(row) for row in offers} == {Decimal("22.00")}


def test_queries_of_a_run_do_not_grow(shop, django_assert_max_num_queries) -> None:
    for row in [offer_on(shop) for _ in range(8)]:
        on_sale(row)
    rule = make_rule(shop, most_change_percent=Decimal(5), **velocity(window_days=7))
    with django_assert_max_num_queries(40):
        assert repricing.run(rule, timezone.now()).looked == 8


def test_a_dry_run_shows_what_a_run_does_and_writes_nothing(shop) -> None:
    offer, own = offer_on(shop), offer_on(shop)
    now = timezone.now()
    own_prices.set_by_hand([own.pk], Decimal("31.00"), by="ann", now=now)
    rule = PriceRule(shop=shop, name="New", ceiling=Decimal(21), **mirror(modifier="10"))
    price_rules.check(rule)
    rows = list(repricing.dry_run(rule, Offer.objects.order_by("pk"), now))
    assert [(str(row.quoted), str(row.settled), row.change) for row in rows] == [
        ("22.00 USD", "21.00 USD", Decimal("1.00")),
        ("None", "21.00 USD", Decimal("-10.00")),
    ]
    assert price(offer) == Decimal("20.00")
    assert PriceRun.objects.count() == 0
    price_rules.save(rule, by="ann", now=now)
    repricing.run_due(shop, now)
    assert [price(offer), price(own)] == [row.settled.amount for row in rows]


def test_a_run_rolled_back_puts_prices_back_and_pauses_its_rule(shop) -> None:
    offer, moved = offer_on(shop), offer_on(shop)
    rule = make_rule(shop, **mirror(modifier="10"))
    now = timezone.now()
    repricing.run_due(shop, now)
    own_prices.set_by_hand([moved.pk], Decimal("30.00"), by="ann", now=now)
    report = price_history.rollback_run(rule.runs.get(), by="ann", now=now)
    assert (report.done, report.skipped) == (1, {"it has an own price now": 1})
    assert (price(offer), price(moved)) == (Decimal("20.00"), Decimal("30.00"))
    rule.refresh_from_db()
    assert (rule.is_paused, "was rolled back (ann)" in rule.paused_why) == (True, True)
    with pytest.raises(Refused, match="is paused"):
        repricing.run(rule, now)
    with pytest.raises(Refused, match="rolled back already"):
        price_history.rollback_run(rule.runs.get(), by="ann", now=now)


def test_a_deleted_rule_gives_prices_back_to_the_catalog(shop) -> None:
    offer = offer_on(shop)
    rule = make_rule(shop, **mirror(modifier="10"))
    repricing.run_due(shop, timezone.now())
    assert price(offer) == Decimal("22.00")
    price_rules.delete(rule, by="ann", now=timezone.now())
    assert price(offer) == Decimal("20.00")


def test_a_rule_that_ended_gives_prices_back_by_itself(shop) -> None:
    offer, now = offer_on(shop), timezone.now() + timedelta(minutes=5)
    make_rule(shop, ends_at=now + timedelta(days=1), **mirror(modifier="10"))
    repricing.run_due(shop, now)
    assert price(offer) == Decimal("22.00")
    assert shop.pk in repricing.due_shops(now + timedelta(days=2))
    repricing.run_due(shop, now + timedelta(days=2))
    assert price(offer) == Decimal("20.00")


def test_a_rule_over_many_offers_marks_the_shop_and_the_job_does_it(shop, monkeypatch) -> None:
    monkeypatch.setattr(price_rules, "BATCH", 2)
    offers = [offer_on(shop) for _ in range(4)]
    make_rule(shop, ceiling=Decimal(15))
    assert price(offers[0]) == Decimal("20.00")
    tasks.tick_reprice()
    tasks.reprice(shop.pk)
    assert {price(row) for row in offers} == {Decimal("15.00")}
    assert Shop.objects.get(pk=shop.pk).prices_to_settle_after is None


def test_the_nearest_rule_counts_alone(shop) -> None:
    offer, other = offer_on(shop), offer_on(shop)
    make_rule(shop, ceiling=Decimal(10))
    make_rule(shop, listing=offer.listing, ceiling=Decimal(12))
    assert (price(offer), price(other)) == (Decimal("12.00"), Decimal("10.00"))
    assert wanted_prices.refresh_prices([offer.variant_id, other.variant_id]) == 0


def test_a_job_of_a_shop_that_is_not_active_does_nothing(shop) -> None:
    make_rule(shop, **mirror(modifier="10"))
    offer = offer_on(shop)
    Shop.objects.filter(pk=shop.pk).update(state="paused")
    assert repricing.due_shops(timezone.now()) == set()
    assert "nothing was done" in tasks.reprice(shop.pk)
    assert price(offer) == Decimal("20.00")


def test_a_rule_that_takes_over_does_not_keep_the_price_of_the_one_before(shop) -> None:
    offer = offer_on(shop)
    on_sale(offer)
    make_rule(shop, **mirror(modifier="50"))
    repricing.run_due(shop, timezone.now())
    assert price(offer) == Decimal("30.00")
    IntakeCursor.objects.all().delete()
    nearer = make_rule(shop, listing=offer.listing, floor=Decimal(21), **velocity())
    assert (price(offer), offer.price_quoted) == (Decimal("21.00"), None)
    assert offer.price_why == "The catalog's price; raised to the floor 21.00 (rule “Rule”)."
    repricing.run_due(shop, timezone.now())
    nearer.refresh_from_db()
    assert "were never read" in nearer.problem
    assert price(offer) == Decimal("21.00")
    price_rules.delete(nearer, by="ann", now=timezone.now())
    assert price(offer) == Decimal("20.00")
    repricing.run_due(shop, timezone.now() + timedelta(hours=2))
    assert price(offer) == Decimal("30.00")


def test_a_price_that_nothing_gives_any_more_comes_within_the_bounds_of_the_new_rule(shop) -> None:
    euro = factories.make_shop(shop.merchant, currency="EUR", name="Europe")
    offer = offer_on(euro)
    now = timezone.now()
    exchange_rates.enter([("USD", "EUR", Decimal("0.9"), now.date())], source="bank")
    make_rule(euro, **mirror())
    repricing.run_due(euro, timezone.now())
    assert price(offer) == Decimal("18.00")
    make_rule(euro, listing=offer.listing, ceiling=Decimal(15), **mirror(shop))
    assert price(offer) == Decimal("15.00")
    assert "lowered to the ceiling 15.00" in offer.price_why


def test_a_rule_that_begins_bounds_prices_even_if_it_cannot_run(shop) -> None:
    offer, now = offer_on(shop), timezone.now()
    on_sale(offer)
    begin = now + timedelta(days=1)
    rule = make_rule(shop, starts_at=begin, ceiling=Decimal(15), **velocity())
    repricing.run_due(shop, now)
    assert (price(offer), rule.runs.count()) == (Decimal("20.00"), 0)
    IntakeCursor.objects.all().delete()
    later = begin + timedelta(minutes=1)
    assert shop.pk in repricing.due_shops(later)
    assert len(repricing.run_due(shop, later).problems) == 1
    assert price(offer) == Decimal("15.00")


def test_a_paused_rule_that_begins_marks_its_shop_once(shop) -> None:
    offer, now = offer_on(shop), timezone.now()
    begin = now + timedelta(days=1)
    rule = make_rule(shop, starts_at=begin, ceiling=Decimal(15), **mirror())
    price_rules.pause(rule, why="later", by="ann")
    later = begin + timedelta(minutes=1)
    assert repricing.due_shops(later) == {shop.pk}
    repricing.run_due(shop, later)
    assert price(offer) == Decimal("15.00")
    assert repricing.due_shops(later) == set()


def test_a_dry_run_of_a_rule_that_takes_over_shows_what_its_run_does(shop) -> None:
    offer = offer_on(shop)
    on_sale(offer)
    OfferStock.objects.update(wanted=50)
    make_rule(shop, **mirror(modifier="50"))
    now = timezone.now()
    repricing.run_due(shop, now)
    rule = PriceRule(shop=shop, listing=offer.listing, name="Sales", **velocity(cooldown_hours=0))
    price_rules.check(rule)
    (row,) = repricing.dry_run(rule, Offer.objects.all(), now)
    assert (str(row.current), str(row.settled)) == ("30.00 USD", "19.00 USD")
    price_rules.save(rule, by="ann", now=now)
    repricing.run_due(shop, now)
    assert price(offer) == row.settled.amount


def test_a_round_of_a_run_asks_as_often_for_480_offers_as_for_60(shop) -> None:
    counted = []
    for size in (60, 480):
        here = factories.make_shop(shop.merchant)
        made = Product.objects.bulk_create(
            Product(merchant=shop.merchant, sku=f"{size}-{n}", title="Rope") for n in range(size)
        )
        Variant.objects.bulk_create(
            Variant(merchant=shop.merchant, product=one, sku=one.sku, price=Decimal(20))
            for one in made
        )
        stage(here, *made)
        rule = make_rule(here, most_change_percent=Decimal(5), **mirror(modifier="50"))
        with CaptureQueriesContext(connection) as queries:
            assert repricing.run(rule, timezone.now()).changed == size
        counted.append(len(queries))
    assert counted[0] == counted[1]
