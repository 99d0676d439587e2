"""Prices and quantities on a merchant's pages: seen side by side, set and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from catalog.models import (
    Drift,
    DriftCause,
    ExchangeRate,
    Listing,
    Merchant,
    Offer,
    PriceCause,
    PriceChange,
    Product,
    Shop,
)
from catalog.services import own_prices, stock
from marketplace.kernel.models import Job
from tests import factories
from tests.catalog.price_world import make_rule, stage
from tests.pages.conftest import People, Store

SignIn = Callable[[User], Client]


@pytest.fixture
def offer(store: Store) -> Offer:
    Shop.objects.filter(pk=store.shop.pk).update(push_price=True)
    return Offer.objects.get(listing=store.listing)


@pytest.fixture
def alice(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.alice)


def shown(client: Client, row: Listing | Product, **query: Any) -> str:
    response = client.get(reverse(row._meta.model_name, args=[row.pk]), query)
    assert response.status_code == 200
    return unescape(" ".join(strip_tags(response.content.decode().replace("<", " <")).split()))


def given(offer: Offer, **changes: str) -> dict[str, str]:
    """The form as a browser sends it back, with what the person saw in its hidden fields."""
    seen = {name: getattr(offer, name) for name in own_prices.COLUMNS}
    fields = {name: "" if value is None else str(value) for name, value in seen.items()}
    return {**{f"initial-{name}": value for name, value in fields.items()}, **fields, **changes}


def save(client: Client, offer: Offer, **changes: str) -> Any:
    return client.post(reverse("set_prices", args=[offer.pk]), given(offer, **changes))


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


# -- setting -----------------------------------------------------------------------------------


def test_an_owner_sets_an_own_price_and_it_is_hurried_to_the_channel(
    alice: Client, offer: Offer
) -> None:
    response = save(alice, offer, price_by_hand="24.50")
    assert response.url == f"/listings/{offer.listing_id}/?sku={offer.variant_id}#prices"
    assert said(response) == (
        "Saved: ROPE-1 is 24.50 USD on Paws & Co (TikTok US). Own price, set by hand."
    )
    offer.refresh_from_db()
    assert (offer.price_by_hand, offer.price_wanted) == (Decimal("24.50"), Decimal("24.50"))
    change = PriceChange.objects.get(offer=offer)
    assert (change.cause, change.by, change.old) == (PriceCause.HAND, "alice", Decimal("19.90"))
    assert Job.objects.filter(kind="export_offers", subject=offer.listing.shop_id).exists()
    page = shown(alice, offer.listing)
    assert "24.50 USD Own price Own price, set by hand." in page


def test_a_floor_raises_the_price_and_an_empty_field_takes_it_away(
    alice: Client, offer: Offer
) -> None:
    save(alice, offer, price_floor="21.00")
    offer.refresh_from_db()
    assert (offer.price_wanted, offer.price_by_hand) == (Decimal("21.00"), None)
    assert "raised to the floor 21.00 (set by hand)" in shown(alice, offer.listing)
    save(alice, offer, price_floor="")
    offer.refresh_from_db()
    assert (offer.price_wanted, offer.price_floor) == (Decimal("19.90"), None)


def test_what_a_person_did_not_touch_stays_as_another_left_it_meanwhile(
    alice: Client, offer: Offer
) -> None:
    own_prices.set_by_hand([offer.pk], Decimal("30.00"), by="bob", now=timezone.now())
    save(alice, offer, price_ceiling="40.00")  # her page still shows no own price
    offer.refresh_from_db()
    assert (offer.price_by_hand, offer.price_ceiling) == (Decimal("30.00"), Decimal("40.00"))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"price_by_hand": "0"}, "greater than or equal to 0.01"),
        ({"price_by_hand": "1.999"}, "no more than 2 decimal places"),
        ({"price_by_hand": "cheap"}, "Enter a number"),
        ({"price_floor": "30", "price_ceiling": "20"}, "the floor 30 is above the ceiling 20"),
        ({"price_by_hand": "99999"}, "is not sent: TikTok US takes 0.01 to 7,600.00"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_kept_in_the_form(
    alice: Client, offer: Offer, typed: dict[str, str], words: str
) -> None:
    response = save(alice, offer, **typed)
    page = unescape(response.content.decode())
    assert response.status_code == 200
    assert words in page
    # The answer stands at the form's address, from which nothing can be chosen.
    assert f'action="/listings/{offer.listing_id}/#prices"' in page
    for value in typed.values():
        assert f'value="{value}"' in page
    offer.refresh_from_db()
    assert offer.price_wanted == Decimal("19.90")
    assert not PriceChange.objects.exists()


def test_where_sending_prices_is_off_the_answer_says_so_and_nothing_is_hurried(
    alice: Client, offer: Offer
) -> None:
    Shop.objects.update(push_price=False)
    response = save(alice, offer, price_by_hand="24.50")
    assert said(response).endswith("sending prices is off for Paws & Co (TikTok US).")
    assert not Job.objects.filter(kind="export_offers").exists()


def test_a_change_is_taken_back_as_an_own_price(alice: Client, offer: Offer) -> None:
    own_prices.set_by_hand([offer.pk], Decimal("24.50"), by="bob", now=timezone.now())
    change = PriceChange.objects.get(offer=offer)
    assert "Go back to 19.90 USD" in shown(alice, offer.listing)
    response = alice.post(reverse("roll_back_price", args=[change.pk]))
    assert "ROPE-1 is 19.90 USD on Paws & Co" in said(response)
    offer.refresh_from_db()
    assert (offer.price_wanted, offer.price_by_hand) == (Decimal("19.90"), Decimal("19.90"))
    newest = PriceChange.objects.first()
    assert (newest.cause, newest.by) == (PriceCause.ROLLBACK, "alice")


def test_a_first_price_cannot_be_taken_back(alice: Client, offer: Offer) -> None:
    change = PriceChange.objects.create(
        offer=offer, at=timezone.now(), new=Decimal("19.90"), currency="USD", cause="catalog"
    )
    assert "Go back to" not in shown(alice, offer.listing)
    response = alice.post(reverse("roll_back_price", args=[change.pk]))
    assert said(response).startswith("Nothing was rolled back. There was no price before")


# -- who may -----------------------------------------------------------------------------------


def test_a_viewer_sees_prices_and_may_not_change_them(
    people: People, sign_in: SignIn, alice: Client, offer: Offer
) -> None:
    save(alice, offer, price_by_hand="24.50")
    bob = sign_in(people.bob)
    page = shown(bob, offer.listing)
    assert "Price changes" in page
    assert "Save prices" not in page
    assert "Go back to" not in page
    offer.refresh_from_db()
    assert save(bob, offer, price_by_hand="1.00").status_code == 403
    change = PriceChange.objects.get(offer=offer)
    assert bob.post(reverse("roll_back_price", args=[change.pk])).status_code == 403
    offer.refresh_from_db()
    assert offer.price_wanted == Decimal("24.50")


def test_another_merchant_finds_neither_offer_nor_change(
    people: People, sign_in: SignIn, offer: Offer
) -> None:
    own_prices.set_by_hand([offer.pk], Decimal("24.50"), by="alice", now=timezone.now())
    charlie = sign_in(people.charlie)
    change = PriceChange.objects.get(offer=offer)
    assert save(charlie, offer, price_by_hand="1.00").status_code == 404
    assert charlie.post(reverse("roll_back_price", args=[change.pk])).status_code == 404
    offer.refresh_from_db()
    assert offer.price_wanted == Decimal("24.50")


# -- side by side ------------------------------------------------------------------------------


@pytest.fixture
def london(merchant: Merchant, store: Store) -> Shop:
    shop = factories.make_shop(merchant, name="Paws London", region="GB", currency="GBP")
    factories.map_warehouse(shop, store.center)
    stage(shop, store.product)
    return shop


def test_two_shops_stand_side_by_side_each_with_its_currency_limits_and_units(
    alice: Client, store: Store, offer: Offer, london: Shop
) -> None:
    today = timezone.now().date()
    ExchangeRate.objects.create(base="GBP", quote="USD", rate=Decimal("1.25"), as_of=today)
    there = Offer.objects.get(listing__shop=london)
    own_prices.set_by_hand([there.pk], Decimal("16.00"), by="alice", now=timezone.now())
    make_rule(store.shop, name="Gentle", floor=Decimal(15), ceiling=Decimal(45))
    Drift.objects.create(
        offer=offer,
        sent=Decimal("19.90"),
        shown=Decimal("18.00"),
        cause=DriftCause.CHANGED_THERE,
        found_at=timezone.now(),
        seen_at=timezone.now(),
    )
    page = shown(alice, store.product)
    assert "16.00 GBP Own price Own price, set by hand." in page
    assert f"20.00 USD 1 GBP = 1.25 USD of {today}" in page
    assert "Rule: Gentle" in page
    assert "Floor 15.00 USD (rule “Gentle”)" in page
    assert "TikTok GB takes 0.01 GBP to 5,600.00 GBP" in page
    assert "Price: 19.90 USD sent, 18.00 USD shown there. Changed on the channel." in page
    assert (
        "Reno is a shared pool: Paws & Co (TikTok US), Paws London (TikTok GB) sell the same units."
        in page
    )
    assert "Reno is a shared pool: Paws London (TikTok GB) sells the same units." in page


def test_a_rate_that_is_missing_or_old_is_told_and_nothing_is_converted(
    alice: Client, store: Store, london: Shop
) -> None:
    there = Offer.objects.get(listing__shop=london)
    own_prices.set_by_hand([there.pk], Decimal("16.00"), by="alice", now=timezone.now())
    assert "There is no exchange rate from GBP to USD: enter one." in shown(alice, store.product)
    old = timezone.now().date() - timedelta(days=40)
    ExchangeRate.objects.create(base="GBP", quote="USD", rate=Decimal("1.25"), as_of=old)
    page = shown(alice, store.product)
    assert "is older than 30 days and is not used" in page
    assert "20.00 USD" not in page


def test_nothing_of_another_merchant_or_another_shop_is_beside_it(
    alice: Client, people: People, sign_in: SignIn, store: Store, offer: Offer, london: Shop
) -> None:
    stranger = factories.make_shop(people.charlie.memberships.get().merchant, name="Cats Ltd")
    factories.map_warehouse(stranger, factories.make_center(stranger.merchant))
    (theirs,) = stage(stranger, factories.make_product(stranger.merchant, sku="ROPE-1"))
    own_prices.set_by_hand([theirs.pk], Decimal("77.77"), by="charlie", now=timezone.now())
    there = Offer.objects.get(listing__shop=london)
    own_prices.set_by_hand([there.pk], Decimal("16.16"), by="alice", now=timezone.now())
    product = shown(alice, store.product)
    assert "16.16 GBP" in product
    assert "77.77" not in product
    assert "Cats Ltd" not in product
    listing = shown(alice, offer.listing)
    assert "16.16 GBP" not in listing
    other = sign_in(people.charlie)
    assert other.get(reverse("product", args=[store.product.pk])).status_code == 404


def test_a_sku_is_chosen_among_many_and_nonsense_means_the_first(
    alice: Client, merchant: Merchant, store: Store
) -> None:
    product = factories.make_variant_product(merchant, {"Color": ["Red", "Blue"]})
    red, blue = stage(store.shop, product)
    own_prices.set_by_hand([blue.pk], Decimal("33.33"), by="alice", now=timezone.now())
    listing = blue.listing
    chosen = alice.get(reverse("listing", args=[listing.pk]), {"sku": blue.variant_id})
    assert chosen.context["view"].chosen == blue.variant
    assert chosen.context["form"].offer == blue
    for sku in (str(store.product.variants.get().pk), "x", "9" * 30, "²"):
        other = alice.get(reverse("listing", args=[listing.pk]), {"sku": sku, "days": "7000"})
        assert other.context["view"].chosen == red.variant
        assert other.context["view"].days == 30


# -- over time ---------------------------------------------------------------------------------


def test_the_price_is_drawn_from_its_changes_with_floor_and_ceiling(
    alice: Client, offer: Offer
) -> None:
    now = timezone.now()
    Offer.objects.update(created_at=now - timedelta(days=60))
    for days, price in ((10, "22.00"), (3, "25.00")):
        own_prices.set_by_hand(
            [offer.pk], Decimal(price), by="alice", now=now - timedelta(days=days)
        )
    own_prices.set_bounds([offer.pk], floor=Decimal(20), ceiling=Decimal(30), by="a", now=now)
    view = alice.get(reverse("listing", args=[offer.listing_id])).context["view"]
    (chart,) = view.price_charts
    assert chart.unit == "USD"
    series = {one["name"]: one["values"] for one in chart.drawing["series"]}
    assert [value for _, value in series["Paws & Co (TikTok US)"]] == [
        "19.90",
        "22.00",
        "25.00",
        "25.00",
    ]
    ten_days_ago = int((now - timedelta(days=10)).timestamp() * 1000)
    assert series["Paws & Co (TikTok US)"][1][0] == ten_days_ago
    assert {value for _, value in series["Floor now"]} == {"20.00"}
    assert {value for _, value in series["Ceiling now"]} == {"30.00"}
    assert [values for _, values in chart.rows] == [
        [Decimal("25.00")], [Decimal("22.00")], [Decimal("19.90")]
    ]  # fmt: skip


def test_the_quantity_is_drawn_from_the_ledger_for_each_center(
    alice: Client, store: Store, offer: Offer
) -> None:
    variant, now = offer.variant, timezone.now()
    variant.movements.update(at=now - timedelta(days=20))  # 12 received
    second = factories.make_center(store.shop.merchant, name="Austin")
    stock.receive(variant, second, 7, reference="later")
    variant.movements.filter(reference="later").update(at=now - timedelta(days=5))
    stock.count(variant, store.center, 10, reference="count")
    variant.movements.filter(reference="count").update(at=now - timedelta(days=2))
    view = alice.get(reverse("product", args=[store.product.pk])).context["view"]
    lines = {line.name: dict(line.points) for line in view.quantity_chart.lines}

    def at_midnight(name: str, days_ago: int) -> int:
        day = (now - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
        return lines[name][day]

    assert [at_midnight("Reno", days) for days in (25, 20, 19, 2, 1, 0)] == [0, 0, 12, 12, 10, 10]
    assert [at_midnight("Austin", days) for days in (6, 5, 4)] == [0, 0, 7]
    assert [line.points[-1][1] for line in view.quantity_chart.lines] == [10, 7]


def test_a_chart_of_thousands_of_changes_has_at_most_400_points(
    alice: Client, offer: Offer
) -> None:
    now = timezone.now()
    PriceChange.objects.bulk_create(
        PriceChange(
            offer=offer,
            at=now - timedelta(minutes=5000 - number),
            old=Decimal(number + 10),
            new=Decimal(number + 11),
            currency="USD",
            cause=PriceCause.RULE,
        )
        for number in range(2000)
    )
    view = alice.get(reverse("listing", args=[offer.listing_id]), {"days": 365}).context["view"]
    points = view.price_charts[0].lines[0].points
    assert len(points) == 400
    assert (points[0][1], points[-1][1]) == (Decimal(10), Decimal(2010))
    assert len(view.quantity_chart.lines[0].points) == 367
    assert len(view.changes) == 10
    assert len(view.price_charts[0].rows) == 60


def test_a_product_that_is_listed_nowhere_says_so_and_draws_its_stock(
    alice: Client, merchant: Merchant, store: Store
) -> None:
    product = factories.make_product(merchant, sku="LONELY", with_image=False)
    page = shown(alice, product)
    assert "LONELY is not listed on any shop, so it has no price there yet." in page
    assert "quantity-chart" not in page


def test_pages_cost_the_same_with_two_shops_and_with_eight(
    alice: Client, merchant: Merchant, store: Store, london: Shop, django_assert_num_queries: Any
) -> None:
    address = reverse("product", args=[store.product.pk])
    with django_assert_num_queries(100, exact=False) as few:
        alice.get(address)
    for number in range(6):
        shop = factories.make_shop(merchant, name=f"Shop number {number}")
        factories.map_warehouse(shop, store.center)
        (more,) = stage(shop, store.product)
        own_prices.set_by_hand([more.pk], Decimal(20 + number), by="a", now=timezone.now())
    with django_assert_num_queries(len(few)):
        page = alice.get(address)
    assert len(page.context["view"].standings) == 8
