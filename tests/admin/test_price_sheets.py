"""Sheets of prices per shop, of exchange rates, and of the costs that floors are made of."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import (
    ExchangeRate,
    Listing,
    Merchant,
    Offer,
    PriceChange,
    Shop,
    Variant,
)
from catalog.services import exchange_rates, listings, own_prices
from tests import factories
from tests.admin import sheets
from tests.admin.conftest import member_of
from tests.admin.sheets import ask, counts, diff, give, give_lines, refusals
from tests.catalog.price_world import make_rule, offer_on, price, stage


@pytest.fixture
def pricing(db: None) -> Client:
    return member_of("Pricing")


def own(offer: Offer) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    offer.refresh_from_db()
    return offer.price_by_hand, offer.price_floor, offer.price_ceiling


def test_costs_and_the_least_advertised_price_come_in_and_move_prices(
    lister: Client, shop: Shop
) -> None:
    offer = offer_on(shop)
    sku = offer.variant.sku
    make_rule(shop, covers_cost=True, fee_percent=Decimal(15), margin_percent=Decimal(15))
    lines = ("sku,price,cost,fulfillment_cost,map_price", f"{sku},10,9,1,13.60")
    sheet = give_lines(lister, "prices", *lines)
    assert diff(sheet)[0][1] == {
        "price": ["20.00", "10.00"], "cost": ["", "9.00"],
        "fulfillment_cost": ["", "1.00"], "map_price": ["", "13.60"],
    }  # fmt: skip
    ask(lister, sheet, "apply")
    assert price(offer) == Decimal("13.60")
    ask(lister, give_lines(lister, "prices", "sku,map_price", f"{sku},"), "apply")
    assert price(offer) == Decimal("13.53")
    bad = give_lines(lister, "prices", "sku,map_price,fulfillment_cost", f"{sku},-1,", f"{sku}x,,")
    assert [(row, column) for row, column, _ in refusals(bad)] == [(2, "map_price"), (3, "sku")]


def test_prices_of_a_filtered_list_go_out_come_back_and_are_undone(
    pricing: Client, shop: Shop
) -> None:
    offer, other = offer_on(shop), offer_on(shop)
    own_prices.set_by_hand([other.pk], Decimal(31), by="ann", now=timezone.now())
    query = f"?q={other.variant.sku}"
    (row,) = sheets.read_csv(sheets.taken_out(pricing, Listing, "shop_prices.csv", query=query))
    assert (row["sku"], row["own_price"], row["price"]) == (other.variant.sku, "31.00", "31.00")
    assert row["why"] == "Own price, set by hand."
    everything = sheets.taken_out(pricing, Listing, "shop_prices.csv")
    assert counts(give(pricing, "shop_prices", everything)) == (0, 0, 0, 2)
    filled = sheets.with_cells(everything, own_price="18", never_below="17.50", never_above="25")
    sheet = give(pricing, "shop_prices", filled)
    assert diff(sheet)[0][1]["never_below"] == ["", "17.50"]
    ask(pricing, sheet, "apply")
    assert own(offer) == own(other) == (Decimal(18), Decimal("17.50"), Decimal(25))
    assert (price(offer), price(other)) == (Decimal(18), Decimal(18))
    change = PriceChange.objects.filter(offer=offer).latest("pk")
    assert (change.cause, change.by, change.old) == ("hand", "Pricing person", Decimal("20.00"))
    ask(pricing, sheet, "undo")
    assert (own(offer), own(other)[0]) == ((None, None, None), Decimal(31))
    assert (price(offer), price(other)) == (Decimal(20), Decimal(31))


def test_a_row_that_cannot_be_is_refused_with_its_row_and_field_and_others_are_applied(
    pricing: Client, shop: Shop
) -> None:
    first, second = offer_on(shop), offer_on(shop)
    third = offer_on(shop)
    a, b, c = (one.variant.sku for one in (first, second, third))
    sheet = give_lines(
        pricing,
        "shop_prices",
        "sku,shop_id,own_price,never_below,never_above",
        f"{a},,90000,,",
        f"{b},,,30,20",
        f"{c},,19.00,,",
        f"{c},nowhere,1,,",
        "NOPE,,1,,",
        ",,1,,",
        f"{c}x,,cheap,,",
    )
    assert [(row, column) for row, column, _ in refusals(sheet)] == [
        (2, "own_price"), (3, "never_below"), (5, "sku"), (6, "sku"), (7, "sku"), (8, "sku"),
    ]  # fmt: skip
    assert "takes 0.01 to 7,600.00" in refusals(sheet)[0][2]
    assert "the floor 30.00 is above the ceiling 20.00" in refusals(sheet)[1][2]
    ask(pricing, sheet, "apply")
    assert (price(first), price(second), price(third)) == (Decimal(20), Decimal(20), Decimal(19))


def test_one_price_that_changed_after_the_check_stops_them_all(pricing: Client, shop: Shop) -> None:
    first, second = offer_on(shop), offer_on(shop)
    lines = [f"{one.variant.sku},19" for one in (first, second)]
    sheet = give_lines(pricing, "shop_prices", "sku,own_price", *lines)
    own_prices.set_by_hand([second.pk], Decimal(21), by="ann", now=timezone.now())
    page = ask(pricing, sheet, "apply").content.decode()
    assert f"row 3 ({second.variant.sku} · {shop.name}): own_price is “21.00” now" in page
    assert (own(first)[0], own(second)[0]) == (None, Decimal(21))


def test_a_sku_of_two_shops_needs_the_shop(pricing: Client, shop: Shop) -> None:
    euro = factories.make_shop(shop.merchant, currency="EUR", name="Europe")
    here = offer_on(shop)
    (there,) = stage(euro, here.variant.product)
    sku = here.variant.sku
    sheet = give_lines(
        pricing,
        "shop_prices",
        "sku,shop_id,own_price",
        f"{sku},,1",
        f"{sku},{euro.external_id},17.00",
    )
    assert [row[:2] for row in refusals(sheet)] == [(2, "shop_id")]
    ask(pricing, sheet, "apply")
    assert (price(here), price(there)) == (Decimal(20), Decimal(17))


def test_queries_of_an_import_do_not_grow_with_its_rows(pricing: Client, shop: Shop) -> None:
    made = [factories.make_product(shop.merchant, with_image=False) for _ in range(120)]
    listings.stage([one.pk for one in made], shop, by="test")
    counted = []
    # The first is not counted: only later sheets look for what was applied before them.
    for some in (made[:5], made[5:25], made[25:]):
        lines = [f"{one.sku},18.5,15,30" for one in some]
        with CaptureQueriesContext(connection) as queries:
            sheet = give_lines(
                pricing, "shop_prices", "sku,own_price,never_below,never_above", *lines
            )
            ask(pricing, sheet, "apply")
        assert sheet.state == "applied"
        # SQLite writes each row by itself; that is the only thing that may grow.
        counted.append(len([one for one in queries if not one["sql"].startswith("UPDATE")]))
    assert Offer.objects.filter(price_wanted=Decimal("18.50")).count() == 120
    assert counted[1] == counted[2]


# -- exchange rates --------------------------------------------------------------------------------


def test_rates_come_in_are_replaced_and_taken_back(pricing: Client, merchant: Merchant) -> None:
    today = timezone.now().date()
    exchange_rates.enter([("EUR", "USD", Decimal("1.08"), today)], source="bank")
    sheet = give_lines(
        pricing,
        "exchange_rates",
        "from,to,rate,as_of,source",
        f"eur,usd,1.0950,{today},",
        f"GBP,USD,1.27,{today},Central bank",
        f"EUR,USD,1.07,{today - timedelta(days=1)},Central bank",
    )
    assert (counts(sheet), refusals(sheet)) == ((1, 2, 0, 0), [])
    assert diff(sheet)[0][1] == {"rate": ["1.08", "1.095"], "source": ["bank", ""]}
    ask(pricing, sheet, "apply")
    assert sheet.state == "applied", sheet.problem
    found = ExchangeRate.objects.order_by("base", "as_of").values_list("base", "rate", "source")
    assert list(found) == [
        ("EUR", Decimal("1.07"), "Central bank"),
        ("EUR", Decimal("1.095"), ""),
        ("GBP", Decimal("1.27"), "Central bank"),
    ]
    # The list shows the newest rate of each pair.
    again = sheets.taken_out(pricing, ExchangeRate, "exchange_rates.csv")
    assert counts(give(pricing, "exchange_rates", again)) == (0, 0, 0, 2)
    ask(pricing, sheet, "undo")
    assert list(ExchangeRate.objects.values_list("rate", "source")) == [(Decimal("1.08"), "bank")]


def test_what_can_be_no_rate_is_refused_with_its_field(pricing: Client) -> None:
    today, later = date.today(), date.today() + timedelta(days=9)  # noqa: DTZ011
    sheet = give_lines(
        pricing,
        "exchange_rates",
        "from,to,rate,as_of",
        f"EURO,USD,1,{today}",
        f"EUR,EUR,1,{today}",
        f"EUR,USD,-1,{today}",
        f"EUR,GBP,,{today}",
        f"EUR,USD,1.1,{later}",
        "EUR,USD,1.1,31/03/2026",
        f"CHF,USD,1.1,{today}",
        f"chf,usd,1.2,{today}",
    )
    assert [(row, column) for row, column, _ in refusals(sheet)] == [
        (2, "from"), (3, "to"), (4, "rate"), (5, "rate"), (6, "as_of"), (7, "as_of"), (9, ""),
    ]  # fmt: skip
    ask(pricing, sheet, "apply")
    assert ExchangeRate.objects.get().base == "CHF"


def test_who_may_not_set_prices_may_not_import_them(
    viewer: Client, clerk: Client, lister: Client, shop: Shop
) -> None:
    offer_on(shop)
    for kind in ("shop_prices", "exchange_rates"):
        url = reverse("admin:kernel_sheetimport_upload", args=[kind])
        assert [one.get(url).status_code for one in (viewer, clerk)] == [403, 403]
    url = reverse("admin:kernel_sheetimport_upload", args=["exchange_rates"])
    assert lister.get(url).status_code == 403
    assert Variant.objects.count() == 1
