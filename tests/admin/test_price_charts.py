"""Prices and quantities of a SKU on the admin's pages of products and listings."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from catalog.models import FulfillmentCenter, Listing, Merchant, Offer, PriceRule, Shop
from catalog.services import own_prices
from marketplace.pages.board import groups_for
from tests import factories
from tests.admin.door import page_url
from tests.admin.product_page import save, words
from tests.catalog.price_world import make_rule, mirror, stage


@pytest.fixture
def offer(merchant: Merchant, shop: Shop, center: FulfillmentCenter) -> Offer:
    product = factories.make_product(merchant, sku="ROPE", price="20.00")
    factories.put_stock(product, center, 9)
    (row,) = stage(shop, product)
    Offer.objects.update(created_at=timezone.now() - timedelta(days=50))
    return Offer.objects.select_related("listing__product").get(pk=row.pk)


def drawn(page: str, name: str) -> Any:
    """The data of a chart, as the browser's script finds it."""
    assert f'data-chart="{name}"' in page
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("kind", ["product", "listing"])
def test_the_page_draws_price_and_quantity_and_says_why(
    admin: Client, offer: Offer, kind: str
) -> None:
    now = timezone.now()
    own_prices.set_by_hand([offer.pk], Decimal("24.00"), by="Ada", now=now - timedelta(days=2))
    row = offer.listing if kind == "listing" else offer.listing.product
    response = admin.get(page_url(row))
    page = response.content.decode()
    price = drawn(page, "price-chart-USD")
    assert (price["kind"], price["unit"]) == ("steps", "USD")
    assert [value for _, value in price["series"][0]["values"]] == ["20.00", "24.00", "24.00"]
    quantity = drawn(page, "quantity-chart")
    assert quantity["series"][0]["name"] == "Reno"
    assert quantity["series"][0]["values"][-1][1] == "9"
    assert "desk/charts.js" in page
    text = words(response)
    assert "24.00 USD (own price)Own price, set by hand." in text
    assert "9 available: 9. No quantity rule counts here." in text
    assert "Set by hand · Ada" in text


def test_the_span_is_chosen_in_the_address(admin: Client, offer: Offer) -> None:
    now = timezone.now()
    own_prices.set_by_hand([offer.pk], Decimal("24.00"), by="Ada", now=now - timedelta(days=45))
    short = drawn(admin.get(page_url(offer.listing)).content.decode(), "price-chart-USD")
    assert [value for _, value in short["series"][0]["values"]] == ["24.00", "24.00"]
    page = admin.get(page_url(offer.listing), {"days": "90"}).content.decode()
    long = drawn(page, "price-chart-USD")
    assert [value for _, value in long["series"][0]["values"]] == ["20.00", "24.00", "24.00"]


def test_each_currency_has_a_chart_of_its_own(
    admin: Client, merchant: Merchant, offer: Offer, center: FulfillmentCenter
) -> None:
    london = factories.make_shop(merchant, name="London", region="GB", currency="GBP")
    (there,) = stage(london, offer.listing.product)
    own_prices.set_by_hand([there.pk], Decimal("16.00"), by="Ada", now=timezone.now())
    page = admin.get(page_url(offer.listing.product)).content.decode()
    assert drawn(page, "price-chart-USD")["series"][0]["values"][-1][1] == "20.00"
    assert drawn(page, "price-chart-GBP")["series"][0]["name"] == str(london)
    assert 'data-chart="price-chart-GBP"' not in admin.get(page_url(offer.listing)).content.decode()


def test_the_product_can_still_be_saved_below_its_charts(admin: Client, offer: Offer) -> None:
    product = offer.listing.product
    assert save(admin, product, title="Rope toy, long").status_code == 302
    product.refresh_from_db()
    assert product.title == "Rope toy, long"


def test_a_viewer_sees_charts(viewer: Client, offer: Offer) -> None:
    page = viewer.get(page_url(offer.listing)).content.decode()
    assert drawn(page, "price-chart-USD")["series"]


def test_the_page_of_a_listing_costs_the_same_with_two_skus_and_with_twelve(
    admin: Client, merchant: Merchant, shop: Shop, django_assert_num_queries: Any
) -> None:
    def page_of(colors: int) -> str:
        names = [f"Color {number}" for number in range(colors)]
        product = factories.make_variant_product(merchant, {"Color": names})
        return page_url(stage(shop, product)[0].listing)

    small, large = page_of(2), page_of(12)
    admin.get(small)
    with django_assert_num_queries(200, exact=False) as few:
        admin.get(small)
    with django_assert_num_queries(len(few)):
        admin.get(large)


def test_first_pages_count_prices_held_back_and_rules_that_cannot_run(
    admin: Client, merchant: Merchant, shop: Shop, offer: Offer
) -> None:
    owner = factories.make_member(merchant)
    stranger = factories.make_member(factories.make_merchant())
    make_rule(shop, **mirror())
    # The catalog is in another currency, and nobody entered a rate.
    london = factories.make_shop(merchant, name="London", region="GB", currency="GBP")
    stage(london, offer.listing.product)
    PriceRule.objects.update(problem="The shop to copy from is gone: choose another.")
    groups = {group.title: group.counters for group in groups_for(User.objects.get(username="Ada"))}
    counters = {one.label: one for one in groups["Listings"]}
    for label in ("Prices held back", "Price rules that cannot run"):
        assert counters[label].count == "1"
        page = admin.get(counters[label].url)
        assert page.context["cl"].result_count == 1
    client = Client()
    client.force_login(owner)
    home = words(client.get("/"))
    assert "Prices held back" in home
    assert "cannot run. The shop to copy from is gone: choose another." in home
    found = client.get("/listings/", {"tab": "held"}).context["page"].rows
    assert found == [Listing.objects.get(shop=london)]
    client.force_login(stranger)
    home = words(client.get("/"))
    assert "Prices held back" not in home
    assert "cannot run" not in home
