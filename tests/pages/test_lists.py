"""The lists: tabs and their counts, filters in the address, fifty a page, a fixed cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Listing, Merchant, Product, Shop, Tag
from catalog.pages.lists import COUNT_UP_TO, Count
from catalog.services import listings
from catalog.states import ListingState, ReviewState
from orders.models import ChannelOrder, Order
from tests import factories
from tests.pages.conftest import People, Store

SignIn = Callable[[User], Client]


@pytest.fixture
def alice(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.alice)


def counts(client: Client, name: str, **query: object) -> dict[str, str]:
    """The tabs of a list with what they say."""
    return {tab.key: str(tab.count) for tab in client.get(reverse(name), query).context["tabs"]}


def skus(client: Client, **query: object) -> list[str]:
    page = client.get(reverse("products"), query).context["page"]
    return sorted(row.sku for row in page.rows)


def test_products_are_found_by_title_sku_variant_and_tag(alice: Client, merchant: Merchant) -> None:
    factories.make_product(merchant, sku="ROPE-1", title="Cotton rope")
    bowl = factories.make_product(merchant, sku="BOWL-1", title="Feeder bowl")
    collar = factories.make_variant_product(merchant, {"Color": ["Red"]}, title="Collar")
    tag = Tag.objects.create(merchant=merchant, name="Bowls")
    bowl.tags.add(tag)
    assert skus(alice) == sorted(["ROPE-1", "BOWL-1", collar.sku])
    assert skus(alice, q="cotton") == ["ROPE-1"]
    assert skus(alice, q="bowl-1") == ["BOWL-1"]
    assert skus(alice, q=f"{collar.sku}-Red") == [collar.sku]
    assert skus(alice, tag=tag.pk) == ["BOWL-1"]
    assert skus(alice, tag="nonsense") == sorted(["ROPE-1", "BOWL-1", collar.sku])


def test_the_products_tabs_count_what_they_show(alice: Client, store: Store) -> None:
    factories.make_product(store.shop.merchant, sku="NEW-1")
    found = counts(alice, "products")
    assert found == {"all": "2", "unlisted": "1", "listed": "1", "empty": "1"}
    assert skus(alice, tab="unlisted") == ["NEW-1"]
    assert skus(alice, tab="empty") == ["NEW-1"]


def test_a_product_row_shows_price_stock_tags_and_listing(alice: Client, store: Store) -> None:
    row = alice.get(reverse("products")).context["rows"][0]
    assert (str(row.lowest), str(row.highest)) == ("19.90 USD", "19.90 USD")
    assert (row.on_hand, row.available, row.variants) == (12, 12, 1)
    assert row.tags == ["Dog toys"]
    assert row.listings == [store.listing]


def test_a_list_shows_fifty_rows_and_leads_to_the_next(alice: Client, merchant: Merchant) -> None:
    Product.objects.bulk_create(
        Product(merchant=merchant, sku=f"P-{number:03}", title="Bowl") for number in range(120)
    )
    first = alice.get(reverse("products"), {"q": "bowl"}).content.decode()
    assert "1–50 of 120" in first
    assert "?q=bowl&amp;page=2" in first
    assert "Previous" not in first
    last = alice.get(reverse("products"), {"page": "3"})
    assert "101–120 of 120" in last.content.decode()
    assert last.context["page"].has_next is False
    assert alice.get(reverse("products"), {"page": "-1"}).context["page"].number == 1
    assert alice.get(reverse("products"), {"page": "9" * 30}).status_code == 200


def test_counting_stops_after_ten_thousand() -> None:
    assert str(Count(COUNT_UP_TO)) == "10,000"
    assert str(Count(COUNT_UP_TO + 1)) == "10,000+"


@pytest.mark.parametrize(
    ("state", "tab"),
    [
        (ListingState.INCOMPLETE, "incomplete"),
        (ListingState.READY, "ready"),
        (ListingState.QUEUED, "queued"),
        (ListingState.PUBLISHING, "queued"),
        (ListingState.IN_REVIEW, "suspended"),
        (ListingState.ACTIVE, "active"),
        (ListingState.REJECTED, "attention"),
        (ListingState.ERROR, "attention"),
        (ListingState.INACTIVE, "inactive"),
    ],
)
def test_each_listing_is_in_the_tab_of_its_state(
    state: ListingState, tab: str, alice: Client, store: Store
) -> None:
    Listing.objects.filter(pk=store.listing.pk).update(state=state)
    found = {key for key, count in counts(alice, "listings").items() if count == "1"}
    assert found == {"all", tab}
    page = alice.get(reverse("listings"), {"tab": tab})
    assert page.context["page"].rows == [store.listing]


def test_a_listing_that_waits_for_a_permission_needs_attention(alice: Client, store: Store) -> None:
    rows = Listing.objects.filter(pk=store.listing.pk)
    rows.update(state=ListingState.IN_REVIEW, review=ReviewState.PRE_APPROVED)
    assert counts(alice, "listings")["attention"] == "1"


def test_listings_are_filtered_by_shop_and_tag(alice: Client, store: Store) -> None:
    other = factories.make_shop(store.shop.merchant)
    second = factories.make_product(store.shop.merchant)
    listings.stage([second.pk], other, by="alice")
    assert counts(alice, "listings")["all"] == "2"
    assert counts(alice, "listings", shop=other.pk)["all"] == "1"
    assert counts(alice, "listings", tag=store.product.tags.get().pk)["all"] == "1"
    assert counts(alice, "listings", q="1729")["all"] == "1"


def test_a_refused_listing_shows_the_channels_words_and_the_request(
    alice: Client, store: Store
) -> None:
    for address in (reverse("listings"), reverse("listing", args=[store.listing.pk])):
        page = alice.get(address).content.decode()
        assert "The title looks like spam." in page
        assert "req-77" in page
    page = alice.get(reverse("listing", args=[store.listing.pk])).content.decode()
    assert "The title is too long." in page
    assert "Code 12052" in page


def test_a_listing_refused_without_a_word_leads_to_support(alice: Client, store: Store) -> None:
    Listing.objects.filter(pk=store.listing.pk).update(problem="", state=ListingState.ERROR)
    page = alice.get(reverse("listing", args=[store.listing.pk])).content.decode()
    assert "The channel gave no reason." in page
    assert "mailto:support@example.com" in page


def test_the_orders_tabs_count_what_they_show(alice: Client, store: Store) -> None:
    expected = {"all", "unshipped", "soon", "attention"}
    assert {key for key, count in counts(alice, "orders").items() if count == "1"} == expected
    now = timezone.now()
    Order.objects.update(due_at=now - timedelta(minutes=1), cancel_requested=True)
    expected = {"all", "unshipped", "late", "attention", "cancel"}
    assert {key for key, count in counts(alice, "orders").items() if count == "1"} == expected
    for key in expected:
        assert alice.get(reverse("orders"), {"tab": key}).context["page"].rows == [store.order]


def test_an_order_page_shows_money_address_shipment_attention_and_timeline(
    alice: Client, store: Store
) -> None:
    page = alice.get(reverse("order", args=[store.order.pk])).content.decode()
    for words in (
        "18.90 USD",
        "25.40 USD",
        "1 Main St",
        "+1 555 0100",
        "9400",
        "2 units are missing at Reno.",
        "Pending → Unshipped",
        "Due in 19 h",
    ):
        assert words in page


def test_a_viewer_sees_the_address_masked(people: People, store: Store, sign_in: SignIn) -> None:
    page = sign_in(people.bob).get(reverse("order", args=[store.order.pk])).content.decode()
    assert "J*** D***, Reno, US" in page
    assert "1 Main St" not in page
    assert "555 0100" not in page


def test_orders_that_could_not_be_read_stand_below_the_list(alice: Client, store: Store) -> None:
    page = alice.get(reverse("orders")).content.decode()
    assert "Orders that could not be read" in page
    assert "It has no lines." in page


def test_each_count_on_the_overview_opens_a_list_of_as_many(alice: Client, store: Store) -> None:
    page = alice.get(reverse("home"))
    shown = [*page.context["attention"], *page.context["standing"]]
    assert {one.label: str(one.count) for one in page.context["attention"]} == {
        "Orders due within 24 h": "1",
        "Orders that need a person": "1",
        "Listings with a problem": "1",
    }
    for one in shown:
        opened = alice.get(one.url)
        assert str(opened.context["tab"].count) == str(one.count), one.label
        assert len(opened.context["page"].rows) == one.count.value


def test_a_description_is_shown_without_scripts_and_foreign_pictures(
    alice: Client, store: Store
) -> None:
    html = "<p onclick='x()'>Soft <b>rope</b></p><script>bad()</script><img src='https://evil/x'>"
    Product.objects.filter(pk=store.product.pk).update(description=html)
    page = alice.get(reverse("product", args=[store.product.pk])).content.decode()
    assert "<p>Soft <b>rope</b></p>" in page
    assert "bad()" not in page
    assert "evil" not in page


def test_times_are_shown_in_the_merchants_zone(alice: Client, store: Store) -> None:
    Merchant.objects.filter(pk=store.shop.merchant_id).update(time_zone="America/New_York")
    Shop.objects.filter(pk=store.shop.pk).update(connected_at="2026-11-23T02:30:00Z")
    page = alice.get(reverse("shop_settings", args=[store.shop.pk])).content.decode()
    assert "Nov 22, 2026, 21:30" in page
    assert 'title="2026-11-22 21:30:00 EST"' in page


@pytest.mark.parametrize("name", ["products", "listings", "orders"])
def test_a_list_of_many_rows_costs_as_many_queries_as_a_list_of_few(
    name: str, alice: Client, store: Store
) -> None:
    few = queries(alice, name)
    fill(store)
    assert queries(alice, name) == few


def queries(client: Client, name: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse(name)).status_code == 200
    return len(captured)


def fill(store: Store) -> None:
    """Twenty more rows of everything, each with what hangs on it."""
    merchant = store.shop.merchant
    products = [factories.make_product(merchant) for _ in range(20)]
    for product in products:
        factories.put_stock(product, store.center, 3)
        product.tags.add(store.product.tags.get())
    listings.stage([product.pk for product in products], store.shop, by="alice")
    now = timezone.now()
    zero = dict.fromkeys(
        ("seller_discount", "platform_discount", "shipping_fee", "tax", "other_fees"), Decimal(0)
    )
    for number in range(20):
        whole = ChannelOrder.objects.create(
            shop=store.shop,
            merchant=merchant,
            external_id=f"58{number}",
            created_on_channel_at=now,
            updated_on_channel_at=now,
            currency="USD",
            sub_total=Decimal(9),
            total=Decimal(9),
            **zero,
        )
        order = Order.objects.create(
            channel_order=whole,
            merchant=merchant,
            shop=store.shop,
            external_id=whole.external_id,
            part="p",
            created_on_channel_at=now,
            due_at=now,
            fulfillment_center=store.center,
            currency="USD",
        )
        order.attentions.create(kind="oversold", sentence="Missing.")
