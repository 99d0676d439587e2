"""The pages of prices as a person of operations uses them (R91-R94, B12)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import (
    ExchangeRate,
    Offer,
    PriceCause,
    PriceChange,
    PriceRule,
    PriceRun,
    Tag,
)
from catalog.services import price_rules, repricing
from marketplace.kernel import bulk
from marketplace.kernel.models import BulkRun, Job
from tests import factories
from tests.admin.conftest import member_of
from tests.admin.door import do, list_url, page_url, said, select
from tests.catalog.price_world import make_rule, mirror, offer_on, price

pytestmark = pytest.mark.django_db

ADD = reverse("admin:catalog_pricerule_add")
BOARD = reverse("admin:catalog_pricerun_board")


@pytest.fixture
def pricing(db: None) -> Client:
    return member_of("Pricing")


def typed(**changes: Any) -> dict[str, Any]:
    """The form as a browser posts it: every strategy's settings travel along."""
    plain = {
        "name": "Ten off", "listing": "", "tag": "", "position": 0, "strategy": "mirror",
        "mirror__source": "catalog", "mirror__modifier": "-10",
        "mirror__modifier_unit": "percent", "floor": "", "ceiling": "", "fulfillment_cost": "",
        "fee_percent": "0", "margin_percent": "0", "keeps_map": "on", "ending": "",
        "most_change_percent": "", "every_minutes": "60", "starts_at_0": "", "starts_at_1": "",
        "ends_at_0": "", "ends_at_1": "",
    }  # fmt: skip
    return {**plain, **changes}


def text(response: Any) -> str:
    return response.content.decode()


def run(rule: PriceRule) -> PriceRun:
    return repricing.run(PriceRule.objects.get(pk=rule.pk), timezone.now())


# -- making a rule -----------------------------------------------------------------------------


def test_a_rule_is_made_with_its_strategys_own_fields(pricing, shop) -> None:
    offer_on(shop)
    url = f"{ADD}?shop={shop.pk}"
    page = text(pricing.get(url))
    for label in ("Copy from", "Units aimed at in that time", "Rest after a change, hours"):
        assert label in page
    response = pricing.post(url, typed(floor="15"))
    rule = PriceRule.objects.get()
    assert (rule.strategy, rule.floor, rule.by) == ("mirror", Decimal(15), "Pricing person")
    assert rule.settings == {"source": "catalog", "modifier": "-10", "modifier_unit": "percent"}
    assert Job.objects.filter(kind="reprice", subject=str(shop.pk)).exists()
    assert f"The prices of {shop} are worked out in the background now." in said(response)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"mirror__source": ""}, "mirror__source", "Copy from: this is needed."),
        ({"mirror__modifier": "ten"}, "mirror__modifier", "Add: “ten” is not a number."),
        ({"floor": "9", "ceiling": "8"}, "ceiling", "The ceiling 8 is below the floor 9."),
        ({"fee_percent": "100"}, "fee_percent", "The fee is 0 % or more, and less than 100 %."),
        ({"every_minutes": "0"}, "every_minutes", "It runs every 1 to 43,200 minutes."),
        ({"strategy": "sales_velocity"}, "sales_velocity__target_units", "this is needed."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(pricing, shop, changes, field, words) -> None:
    response = pricing.post(f"{ADD}?shop={shop.pk}", typed(**changes))
    assert response.status_code == 200
    (sentence,) = response.context["adminform"].form.errors[field]
    assert words in sentence
    assert not PriceRule.objects.exists()


def test_the_shop_comes_first_and_a_second_rule_of_a_scope_is_refused(pricing, shop) -> None:
    factories.make_shop(shop.merchant, name="Shop B")
    assert "For which shop?" in text(pricing.get(ADD))
    tag = Tag.objects.create(merchant=shop.merchant, name="Sale")
    make_rule(shop, tag=tag)
    page = text(pricing.post(f"{ADD}?shop={shop.pk}", typed(tag=tag.pk)))
    assert "There is a rule for tag “Sale” already: “Rule”. Change that one." in page


def test_a_rule_for_a_listing_and_a_tag_is_refused_in_words(pricing, shop) -> None:
    tag = Tag.objects.create(merchant=shop.merchant, name="Sale")
    given = typed(tag=tag.pk, listing=offer_on(shop).listing_id)
    response = pricing.post(f"{ADD}?shop={shop.pk}", given)
    assert response.context["adminform"].form.errors == {
        "tag": ["A rule is set on a listing or on a tag, not on both."]
    }


def test_a_rule_is_changed_and_deleted_and_its_prices_follow(pricing, shop) -> None:
    offer = offer_on(shop)
    rule = make_rule(shop, **mirror(modifier="-10"))
    run(rule)
    assert price(offer) == Decimal("18.00")
    pricing.post(page_url(rule), typed(ceiling="17"))
    assert price(offer) == Decimal("17.00")
    pricing.post(reverse("admin:catalog_pricerule_delete", args=[rule.pk]), {"post": "yes"})
    assert price(offer) == Decimal("20.00")
    assert PriceChange.objects.filter(offer=offer).count() == 3


def test_the_list_says_what_each_rule_does(pricing, shop) -> None:
    assert "No price rule yet" in text(pricing.get(list_url(PriceRule)))
    other = factories.make_shop(shop.merchant, name="Shop B")
    offer_on(shop)
    rule = make_rule(
        shop, floor=Decimal(12), most_change_percent=Decimal(5), ending=".99",
        every_minutes=120, **mirror(other, "-5"),
    )  # fmt: skip
    run(rule)
    price_rules.pause(rule, why="Season is over", by="ann")
    page = text(pricing.get(list_url(PriceRule)))
    for words in (
        "Copies the price of Shop B, less 5 %.",
        "At least 12.00 USD, never below the minimum advertised price, moves 5 % a day at most, "
        "ends in .99",
        "Every 2 hours",
        "0 of 1 changed, 1 left with a reason",
        "Season is over (ann)",
    ):
        assert words in page
    for tab, count in (("paused", 1), ("running", 0), ("problem", 0)):
        found = pricing.get(list_url(PriceRule, f"?tab={tab}")).context["cl"].result_count
        assert found == count, tab


# -- verbs of rules ----------------------------------------------------------------------------


def test_running_now_is_done_by_the_job_and_the_history_says_who_and_why(pricing, shop) -> None:
    offer = offer_on(shop)
    rule = make_rule(shop, **mirror(modifier="-10"))
    Job.objects.all().delete()
    PriceRule.objects.update(next_run_at=timezone.now() + timedelta(hours=1))
    assert do(pricing, "run_now", [rule]) == ["Running now, in the background: 1."]
    assert Job.objects.filter(kind="reprice", subject=str(shop.pk)).exists()
    assert price(offer) == Decimal("20.00")
    repricing.run_due(shop, timezone.now())
    assert price(offer) == Decimal("18.00")
    assert PriceRun.objects.get().by == "Pricing person"
    page = text(pricing.get(list_url(PriceChange)))
    for words in ("-10.0 %", "run by Pricing person", "Copied from the catalog: 20.00 USD"):
        assert words in page


def test_a_rule_is_paused_with_a_reason_and_resumed(pricing, shop) -> None:
    rule = make_rule(shop, **mirror(modifier="-10"))
    assert do(pricing, "pause", [rule], why="Stock-taking") == ["Paused 1."]
    rule.refresh_from_db()
    assert (rule.is_paused, rule.paused_why) == (True, "Stock-taking (Pricing person)")
    told = do(pricing, "run_now", [rule])[-1]
    assert "“Rule” is paused: Stock-taking (Pricing person)" in told
    assert not PriceRun.objects.exists()
    do(pricing, "resume", [rule])
    rule.refresh_from_db()
    assert (rule.is_paused, rule.paused_why) == (False, "")


# -- dry run -----------------------------------------------------------------------------------


def counts_of_rows() -> tuple[Any, ...]:
    prices = Offer.objects.order_by("pk").values_list("price_wanted", "price_quoted", "price_why")
    return list(prices), PriceChange.objects.count(), PriceRun.objects.count()


def test_a_dry_run_of_a_saved_rule_shows_what_would_change_and_writes_nothing(
    pricing, shop
) -> None:
    down, same = offer_on(shop), offer_on(shop, "30.00")
    Offer.objects.filter(pk=same.pk).update(price_by_hand=Decimal("30.00"))
    rule = make_rule(shop, floor=Decimal(19), **mirror(modifier="-10"))
    before = counts_of_rows()
    response = pricing.get(select(pricing, "dry_run", [rule]).url)
    page = text(response)
    for words in (
        "Nothing is changed by looking.",
        "0 up, 1 down, 0 right already, 1 held with a reason",
        "1: It has an own price, which rules leave alone.",
        down.variant.sku,
        "18.00 USD",
        "19.00 USD",
        "-1.00 (-5.0 %)",
        "raised to the floor 19.00",
        "Apply now",
    ):
        assert words in page, words
    charts = response.context["charts"]
    assert charts["before_after"]["series"][1]["values"] == [19.0, 30.0]
    assert counts_of_rows() == before


def test_a_long_dry_run_is_paged_with_its_rule(pricing, shop, monkeypatch) -> None:
    monkeypatch.setattr("catalog.admin.price_dry_run.PER_PAGE", 2)
    offers = [offer_on(shop) for _ in range(3)]
    make_rule(shop, name="One", **mirror(modifier="-10"))
    rule = make_rule(shop, name="Two", listing=offers[0].listing, **mirror(modifier="-20"))
    url = select(pricing, "dry_run_prices", [offer.listing for offer in offers]).url
    first = pricing.get(f"{url}?rule={rule.pk}")
    assert "Page 1 of 2" in text(first)
    later = next(part for part in text(first).split('"') if part.endswith("page=2"))
    second = pricing.get(url + later.replace("&amp;", "&"))
    assert second.context["rule"] == rule
    assert (len(first.context["rows"]), len(second.context["rows"])) == (2, 1)
    shown = [*first.context["rows"], *second.context["rows"]]
    assert {one["row"].offer for one in shown} == set(offers)


def test_a_dry_run_of_typed_values_can_be_saved_afterwards(pricing, shop) -> None:
    offer = offer_on(shop)
    url = f"{ADD}?shop={shop.pk}"
    response = pricing.post(url, typed(_dry_run="1", ending=".99"))
    page = pricing.get(response.url)
    assert "not saved" in text(page)
    assert "0 up, 1 down, 0 right already, 0 held." in text(page)
    assert not PriceRule.objects.exists()
    assert price(offer) == Decimal("20.00")
    form = pricing.get(page.context["form_url"]).context["adminform"].form
    initial = {name: form[name].value() for name in ("name", "mirror__modifier", "ending")}
    assert initial == {"name": "Ten off", "mirror__modifier": "-10", "ending": ".99"}
    wrong = pricing.post(url, typed(_dry_run="1", mirror__modifier="-100"))
    assert "less 100 % or more would leave no price" in text(wrong)


def test_typed_changes_of_a_stored_rule_are_tried_and_leave_it_as_it_is(pricing, shop) -> None:
    offer_on(shop)
    rule = make_rule(shop, **mirror(modifier="-10"))
    response = pricing.post(page_url(rule), typed(_dry_run="1", mirror__modifier="-50"))
    page = text(pricing.get(response.url))
    assert "10.00 USD" in page
    rule.refresh_from_db()
    assert rule.settings["modifier"] == "-10"


def test_selected_listings_are_tried_with_a_rule_of_their_shop(pricing, shop) -> None:
    offer, other = offer_on(shop), offer_on(shop)
    make_rule(shop, **mirror(modifier="-10"))
    page = text(pricing.get(select(pricing, "dry_run_prices", [offer.listing]).url))
    assert "tried on 1 selected listing as if it counted for all of them" in page
    assert offer.variant.sku in page
    assert other.variant.sku not in page


def test_a_dry_run_that_cannot_be_says_why(pricing, shop) -> None:
    offer_on(shop)
    rule = make_rule(shop)
    PriceRule.objects.filter(pk=rule.pk).update(strategy="gone")
    page = text(pricing.get(select(pricing, "dry_run", [rule]).url))
    assert "There is no strategy “gone” any more: choose another." in page
    lost = pricing.get(reverse("admin:catalog_pricerule_dry_run", args=["nothing"]))
    assert "This selection is no longer known. Select the rows again." in said(lost)


# -- own prices --------------------------------------------------------------------------------


def test_each_sku_of_a_listing_gets_its_own_price_and_limits(pricing, shop) -> None:
    offer = offer_on(shop)
    url = select(pricing, "own_prices", [offer.listing]).url
    assert offer.variant.sku in text(pricing.get(url))
    given = {f"price_by_hand_{offer.pk}": "21.50", f"price_floor_{offer.pk}": "19"}
    pricing.post(url, given)
    assert price(offer) == Decimal("21.50")
    assert (offer.price_by_hand, offer.price_floor) == (Decimal("21.50"), Decimal(19))
    change = PriceChange.objects.get()
    assert (change.cause, change.by) == (PriceCause.HAND, "Pricing person")
    wrong = pricing.post(url, {f"price_floor_{offer.pk}": "9", f"price_ceiling_{offer.pk}": "8"})
    assert "The ceiling 8 is below the floor 9." in text(wrong)
    pricing.post(url, {})
    assert price(offer) == Decimal("20.00")


def test_own_prices_and_limits_of_many_listings(pricing, shop) -> None:
    offers = [offer_on(shop), offer_on(shop, "30.00")]
    rows = [offer.listing for offer in offers]
    told = do(pricing, "set_price_limits", rows, unit="percent", floor="10", ceiling="5.5")
    assert told == ["Limits set on 2."]
    found = Offer.objects.order_by("pk").values_list("price_floor", "price_ceiling")
    assert list(found) == [
        (Decimal("18.00"), Decimal("21.10")),
        (Decimal("27.00"), Decimal("31.65")),
    ]
    do(pricing, "set_own_price", rows, price="28")
    assert [price(offer) for offer in offers] == [Decimal("21.10"), Decimal("28.00")]
    do(pricing, "clear_own_price", rows)
    do(pricing, "set_price_limits", rows, unit="money", clear="on")
    assert [price(offer) for offer in offers] == [Decimal("20.00"), Decimal("30.00")]
    assert not Offer.objects.exclude(price_floor=None, price_ceiling=None).exists()


def test_one_amount_for_two_currencies_is_refused(pricing, shop) -> None:
    other = factories.make_shop(shop.merchant, currency="EUR", region="DE")
    rows = [offer_on(shop).listing, offer_on(other).listing]
    url = select(pricing, "set_own_price", rows).url
    assert "These are sold in EUR and USD." in text(pricing.post(url, {"price": "28"}))
    assert not Offer.objects.exclude(price_by_hand=None).exists()


# -- history and going back --------------------------------------------------------------------


def test_a_change_is_rolled_back_by_the_button_in_its_row(pricing, shop) -> None:
    offer = offer_on(shop)
    rule = make_rule(shop, **mirror(modifier="-10"))
    run(rule)
    change = PriceChange.objects.get()
    url = reverse("admin:catalog_pricechange_roll_back", args=[change.pk])
    assert url in text(pricing.get(list_url(PriceChange)))
    assert pricing.get(url).status_code == 405
    (told,) = said(pricing.post(url))
    assert told == (
        f"{offer}: the price is 20.00 USD again, as its own price. Rules leave it alone until the "
        "own price is taken away."
    )
    assert price(offer) == Decimal("20.00")
    run(rule)
    assert price(offer) == Decimal("20.00")
    newest = PriceChange.objects.first()
    assert (newest.cause, newest.by) == (PriceCause.ROLLBACK, "Pricing person")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_run_is_rolled_back_as_a_whole(pricing, shop, monkeypatch, at_once) -> None:
    if not at_once:
        monkeypatch.setattr("catalog.admin.price_run.BACK_AT_ONCE", 1)
    offers = [offer_on(shop), offer_on(shop, "30.00")]
    rule = make_rule(shop, **mirror(modifier="-10"))
    ran = run(rule)
    assert "2 of 2 changed" in text(pricing.get(page_url(rule)))
    told = do(pricing, "roll_back_run", [ran])
    if at_once:
        assert told == ["Prices put back: 2."]
    else:
        row = BulkRun.objects.get(kind="roll_back_price_runs")
        bulk.kinds.get(row.kind).work(row, lambda: False)
    assert [price(offer) for offer in offers] == [Decimal("20.00"), Decimal("30.00")]
    rule.refresh_from_db()
    assert rule.is_paused
    page = text(pricing.get(page_url(ran)))
    assert "Roll back the run" not in page
    assert ">Rolled back</span>" in page


# -- exchange rates ----------------------------------------------------------------------------


def test_rates_are_entered_and_old_ones_are_marked(pricing) -> None:
    today = timezone.now().date()
    url = reverse("admin:catalog_exchangerate_add")
    given = {"base": "eur", "quote": "USD", "rate": "1.08", "as_of": today}
    pricing.post(url, {**given, "rate": "1.07"})
    pricing.post(url, given)
    row = ExchangeRate.objects.get()
    assert (row.base, row.rate, row.source) == ("EUR", Decimal("1.08"), "Entered by Pricing person")
    pricing.post(url, {**given, "as_of": today - timedelta(days=50)})
    pricing.post(url, {**given, "base": "GBP", "as_of": today - timedelta(days=40)})
    response = pricing.get(list_url(ExchangeRate))
    assert response.context["cl"].result_count == 2
    assert "40 days: too old to use" in text(response)
    assert pricing.get(list_url(ExchangeRate, "?tab=all")).context["cl"].result_count == 3
    for changes, words in (
        ({"quote": "EUR"}, "A rate is between two currencies; both are EUR."),
        ({"as_of": today + timedelta(days=9)}, "which is still to come"),
        ({"base": "E1R"}, "“E1R” is no currency"),
        ({"rate": "0"}, "is no rate"),
    ):
        assert words in text(pricing.post(url, {**given, **changes})), changes
    assert ExchangeRate.objects.count() == 3


# -- the board ---------------------------------------------------------------------------------


def test_every_figure_of_the_board_equals_the_list_it_opens(pricing, shop) -> None:
    empty = text(pricing.get(BOARD))
    assert "No price changed in that time." in empty
    assert "No rule has run today." in empty
    offer_on(shop)
    offer_on(shop, "200.00")
    bare = offer_on(shop, "9.00")
    lost = offer_on(shop, "8.00")
    make_rule(shop, floor=Decimal(15), ceiling=Decimal(100), name="Limits")
    held = offer_on(shop, "30.00")
    Offer.objects.filter(pk=held.pk).update(
        price_why="Stays as it is: The catalog has no price: enter one."
    )
    Offer.objects.filter(pk=bare.pk).update(
        problem="9.00 USD is not sent: TikTok Shop US takes 10.00 to 500.00."
    )
    Offer.objects.filter(pk=lost.pk).update(
        price_why="Stays as it is: The floor 9.00 is above the ceiling 8.00: lower the one."
    )
    response = pricing.get(BOARD)
    shown = {one.label: one.count for one in response.context["figures"]}
    assert shown == {
        "Prices changed today": 3,
        "At the floor": 1,
        "At the ceiling": 1,
        "Own prices": 0,
        "Kept as they are": 2,
        "Not sent": 1,
        "Outside the region": 1,
        "Shown differently there": 0,
    }
    figures = [*response.context["rules"], *response.context["figures"]]
    assert len(response.context["reasons"]) == 2
    for figure in [*figures, *response.context["reasons"]]:
        found = pricing.get(figure.url).context["cl"].result_count
        assert found == figure.count, figure.label
    assert sum(response.context["chart"]["series"][0]["values"]) == 2
    assert sum(response.context["chart"]["series"][1]["values"]) == 1


# -- who may, and what it costs ----------------------------------------------------------------


@pytest.mark.parametrize("group", ["Viewer", "Order clerk"])
def test_others_look_and_change_nothing(group: str, shop) -> None:
    offer = offer_on(shop)
    rule = make_rule(shop, **mirror(modifier="-10"))
    ran = run(rule)
    change = PriceChange.objects.get()
    client = member_of(group)
    for url in (
        page_url(rule), page_url(ran), page_url(change), page_url(offer), BOARD,
        list_url(PriceRule), list_url(ExchangeRate), list_url(Offer),
    ):  # fmt: skip
        assert client.get(url).status_code == 200, url
    back = reverse("admin:catalog_pricechange_roll_back", args=[change.pk])
    assert back not in text(client.get(list_url(PriceChange)))
    assert client.post(back).status_code == 403
    assert client.post(f"{ADD}?shop={shop.pk}", typed()).status_code == 403
    assert client.post(page_url(rule), typed(ceiling="5")).status_code == 403
    for row, verb in (
        (rule, "run_now"), (rule, "pause"), (ran, "roll_back_run"), (change, "roll_back"),
        (offer, "clear_own_price"), (offer.listing, "set_own_price"),
    ):  # fmt: skip
        assert "/verb/" not in (select(client, verb, [row]).get("Location") or "")
    page = text(client.get(select(client, "dry_run", [rule]).url))
    assert "Apply now" not in page
    assert price(offer) == Decimal("18.00")
    rule.refresh_from_db()
    assert not rule.is_paused


def test_a_stranger_sees_no_page_of_prices(shop) -> None:
    client = Client()
    client.force_login(factories.make_user(is_staff=True))
    for url in (BOARD, list_url(Offer), reverse("admin:catalog_pricerule_dry_run", args=["x"])):
        assert client.get(url).status_code == 403


def test_pages_cost_the_same_for_ten_and_sixty_rows(admin, shop) -> None:
    others = [factories.make_shop(shop.merchant) for _ in range(3)]

    def fill(count: int) -> None:
        for _ in range(count):
            offer = offer_on(shop)
            tag = Tag.objects.create(merchant=shop.merchant, name=f"Tag {offer.pk}")
            rule = make_rule(shop, tag=tag, **mirror(others[offer.pk % 3]))
            offer.listing.product.tags.add(tag)
            run(rule)
            PriceChange.objects.create(
                offer=offer, at=timezone.now(), old=Decimal(1), new=Decimal(2), currency="USD",
                cause=PriceCause.RULE, rule=rule, run=PriceRun.objects.first(),
            )  # fmt: skip

    def counted() -> dict[str, int]:
        whole = PriceRule.objects.get(tag=None)
        urls = [list_url(model) for model in (PriceRule, PriceRun, PriceChange, Offer)]
        dry = select(admin, "dry_run", [whole]).url
        found = {}
        for url in [*urls, BOARD, dry]:
            with CaptureQueriesContext(connection) as queries:
                assert admin.get(url).status_code == 200
            found["dry" if url == dry else url] = len(queries)
        return found

    make_rule(shop, **mirror(modifier="-10"))
    fill(10)
    admin.get(BOARD)
    few = counted()
    fill(50)
    assert counted() == few


def test_a_listing_shows_its_price_limits_and_why(admin, shop) -> None:
    offer = offer_on(shop)
    do(admin, "set_price_limits", [offer.listing], unit="money", floor="25")
    page = text(admin.get(page_url(offer.listing)))
    for words in ("25.00 – any", "raised to the floor 25.00", "Own prices and limits"):
        assert words in page
