"""Every page of the admin opens, empty and full, and a list costs the same for any length."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import (
    ChannelCategory,
    FulfillmentCenter,
    Image,
    Listing,
    Product,
    Shop,
    StockLevel,
    StockMovement,
    Tag,
    UnlinkedListing,
    Variant,
)
from catalog.services import products
from integrations.models import Connection, Exchange
from marketplace.kernel import jobs
from marketplace.kernel.models import Job
from orders.models import IntakeProblem, Order, Shipment
from orders.ports import RemoteCarrier
from orders.services import problems, shipping
from tests import factories
from tests.admin.door import list_url, page_url
from tests.admin.rows import make_order, stage

MODELS = sorted(
    (model for model in django_admin.site._registry), key=lambda model: model._meta.label
)
LISTS = (
    Product, Variant, Image, Tag, Listing, UnlinkedListing, Order, Shipment, StockLevel,
    StockMovement, Job, Exchange, IntakeProblem,
)  # fmt: skip


def fill(
    shop: Shop, center: FulfillmentCenter, category: ChannelCategory, start: int, stop: int
) -> None:
    """One of everything per number."""
    for number in range(start, stop):
        sku = f"TOY-{number:03d}"
        product = factories.make_product(shop.merchant, sku=sku)
        factories.put_stock(product, center, 5)
        products.tag([product.pk], f"Tag {number}")
        stage(product, shop, category)
        order = make_order(shop, sku)
        carrier = RemoteCarrier("1", "UPS")
        shipping.record_shipment(order, carrier=carrier, tracking_number=f"1Z{number:08d}", by="x")
        make_order(shop, f"NOT-HERE-{number}")
        problems.note(shop, f"57{number}", "It has no units.")
        jobs.want("pull_orders", number, label=f"Read orders {number}")
        UnlinkedListing.objects.create(shop=shop, external_id=str(number), reason="No SKU.")
        Exchange.objects.create(shop=shop, channel=shop.channel, method="GET", path="/x")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_opens_while_it_is_empty(admin: Client, model: type[Model]) -> None:
    assert admin.get(list_url(model)).status_code == 200


def test_every_list_and_every_row_opens_when_there_are_rows(
    admin: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    fill(shop, center, category, 0, 3)
    Connection.objects.create(shop=shop, access_token="a", refresh_token="b")
    opened = []
    for model in MODELS:
        assert admin.get(list_url(model)).status_code == 200, model
        row = model._default_manager.first()
        if row is not None:
            assert admin.get(page_url(row)).status_code == 200, model
            opened.append(model)
    assert set(LISTS) <= set(opened)


def test_a_list_of_sixty_rows_costs_as_many_queries_as_one_of_three(
    admin: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    fill(shop, center, category, 0, 3)
    queries_of_lists(admin)  # content types and the like are read once
    few = queries_of_lists(admin)
    fill(shop, center, category, 3, 60)
    assert queries_of_lists(admin) == few


def queries_of_lists(client: Client) -> dict[str, int]:
    """How many queries each list page takes now."""
    counts = {}
    for model in LISTS:
        with CaptureQueriesContext(connection) as queries:
            client.get(list_url(model))
        counts[model._meta.label] = len(queries)
    return counts


def test_the_tabs_of_orders_hold_what_they_say(
    admin: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    now = timezone.now()
    late = make_order(shop, "A", ship_by=now - timedelta(hours=1))
    today = make_order(shop, "B", ship_by=now + timedelta(hours=5))
    later = make_order(shop, "C", ship_by=now + timedelta(hours=50))
    shown = {
        tab: [row.pk for row in admin.get(list_url(Order, f"?tab={tab}")).context["cl"].result_list]
        for tab in ("late", "today", "unshipped", "pending")
    }
    assert shown == {
        "late": [late.pk],
        "today": [today.pk],
        "unshipped": [late.pk, today.pk, later.pk],
        "pending": [],
    }


def test_the_count_on_a_tab_is_the_number_of_rows_that_it_shows_under_the_same_filter(
    admin: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    other = factories.make_shop(shop.merchant)
    for place in (shop, shop, other):
        stage(factories.make_product(shop.merchant), place)
    page = admin.get(list_url(Listing, f"?shop__id__exact={shop.pk}&tab=incomplete"))
    changelist = page.context["cl"]
    counts = {tab.label: tab.count for tab in changelist.tab_links()}
    assert counts["Incomplete"] == "2"
    assert len(changelist.result_list) == 2


def test_an_order_shows_the_whole_address_only_to_those_who_may_see_it(
    viewer: Client, clerk: Client, shop: Shop
) -> None:
    order = make_order(shop, "A")
    assert "12 Elm Street" in clerk.get(page_url(order)).content.decode()
    page = viewer.get(page_url(order)).content.decode()
    assert "12 Elm Street" not in page
    assert "J*** D***, Reno, US" in page


def test_no_list_names_an_app_or_a_bare_id(admin: Client, shop: Shop) -> None:
    stage(factories.make_product(shop.merchant, sku="ROPE"), shop)
    page = admin.get(list_url(Listing)).content.decode()
    assert "Listing object" not in page
    assert "ROPE" in page


def test_filters_by_channel_shop_and_tag_narrow_the_listings(admin: Client, shop: Shop) -> None:
    product = factories.make_product(shop.merchant)
    products.tag([product.pk], "Dog toys")
    wanted = stage(product, shop)
    stage(factories.make_product(shop.merchant), factories.make_shop(shop.merchant))
    tag = Tag.objects.get()
    for query in (
        f"?shop__channel__exact=tiktok_shop&product__tags__id__exact={tag.pk}",
        f"?shop__id__exact={shop.pk}",
    ):
        shown = admin.get(list_url(Listing, query)).context["cl"].result_list
        assert [row.pk for row in shown] == [wanted.pk]


def test_products_that_are_staged_nowhere_can_be_found(admin: Client, shop: Shop) -> None:
    stage(factories.make_product(shop.merchant), shop)
    waiting = factories.make_product(shop.merchant)
    shown = admin.get(list_url(Product, "?staged=none")).context["cl"].result_list
    assert [row.pk for row in shown] == [waiting.pk]


def test_staff_open_the_merchants_own_page_of_a_shop(admin: Client, shop: Shop) -> None:
    factories.make_shop(factories.make_merchant(name="Another one"))
    answer = admin.get(reverse("admin:merchant_page", args=[shop.pk, "shop_settings"]), follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [(reverse("shop_settings", args=[shop.pk]), 302)]


def test_a_listing_refused_without_words_names_the_support_contact(
    admin: Client, shop: Shop, settings: Any
) -> None:
    settings.SUPPORT_EMAIL = "help@example.com"
    listing = stage(factories.make_product(shop.merchant), shop)
    Listing.objects.filter(pk=listing.pk).update(
        state="error", problem="", problem_request_id="req-1"
    )
    page = admin.get(page_url(listing)).content.decode()
    assert "Write to help@example.com" in page
    assert "Request req-1" in page
