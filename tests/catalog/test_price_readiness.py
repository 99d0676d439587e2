"""A listing is ready by the price wanted in its shop, and no price leaves outside its bounds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import ChannelCategory, Listing, Offer, Shop
from catalog.services import (
    exchange_rates,
    own_prices,
    price_rules,
    products,
    publishing,
    repricing,
    taxonomy,
)
from catalog.services import listings as listing_services
from catalog.states import ListingState
from tests import factories
from tests.catalog.price_world import make_rule, mirror, price

pytestmark = pytest.mark.django_db

CREATE = "POST /product/202309/products"
EDIT = "PUT /product/202309/products"


@pytest.fixture
def europe(merchant, center) -> Shop:
    shop = factories.make_shop(merchant, currency="EUR", name="Europe")
    factories.map_warehouse(shop, center)
    return shop


def listed(shop: Shop, center, **product) -> Listing:
    """A listing that misses nothing, but perhaps a price."""
    made = factories.make_product(shop.merchant, **product)
    factories.put_stock(made, center, 5)
    listing_services.stage([made.pk], shop, by="test")
    row = Listing.objects.get(product=made, shop=shop)
    listing_services.categorize([row.pk], factories.make_category(shop), by="test")
    return row


def stands(row: Listing) -> tuple[str, list[str]]:
    row.refresh_from_db()
    return row.state, [gap["sentence"] for gap in row.missing]


def give(row: Listing, amount: str | None) -> None:
    offers = Offer.objects.filter(listing=row).values_list("pk", flat=True)
    own_prices.set_by_hand(
        offers, Decimal(amount) if amount else None, by="ann", now=timezone.now()
    )


def test_a_listing_in_another_currency_says_what_to_do_and_follows_an_own_price(
    europe, center
) -> None:
    row = listed(europe, center, sku="ROPE")
    words = (
        "ROPE has no price in EUR: set an own price for this shop, or a price rule with an "
        "exchange rate."
    )
    assert stands(row) == (ListingState.INCOMPLETE, [words])
    give(row, "18")
    assert stands(row) == (ListingState.READY, [])
    assert row.events.latest("pk").by == "prices"
    give(row, None)
    assert stands(row) == (ListingState.INCOMPLETE, [words])


def test_a_listing_in_another_currency_follows_a_rule_and_its_end(europe, center) -> None:
    row = listed(europe, center, sku="ROPE")
    rule = make_rule(europe, **mirror())
    repricing.run_due(europe, timezone.now())
    assert stands(row)[0] == ListingState.INCOMPLETE
    today = timezone.now().date()
    exchange_rates.enter([("USD", "EUR", Decimal("0.9"), today)], source="bank")
    repricing.run(rule, timezone.now())
    assert stands(row) == (ListingState.READY, [])
    price_rules.delete(rule, by="ann", now=timezone.now())
    assert stands(row)[0] == ListingState.INCOMPLETE


def test_a_price_that_leaves_what_the_region_takes_and_comes_back_moves_its_listing(
    shop, center
) -> None:
    row = listed(shop, center, sku="ROPE")
    assert stands(row)[0] == ListingState.READY
    rule = make_rule(shop, floor=Decimal(7601))
    state, (sentence,) = stands(row)
    assert (state, sentence) == (
        ListingState.INCOMPLETE, "The price of ROPE is outside the channel's limits.",
    )  # fmt: skip
    rule.floor = Decimal(100)
    price_rules.save(rule, by="ann", now=timezone.now())
    assert stands(row) == (ListingState.READY, [])


def test_prices_that_move_within_the_limits_check_no_listing(
    shop, center, django_assert_max_num_queries
) -> None:
    row = listed(shop, center)
    give(row, "18")
    with django_assert_max_num_queries(12) as queries:
        give(row, "17")
    assert not [one for one in queries if "catalog_listingattribute" in one["sql"]]


def test_queries_of_the_check_do_not_grow_with_listings(
    shop, center, django_assert_num_queries
) -> None:
    rows = [listed(shop, center) for _ in range(6)]
    with django_assert_num_queries(16) as one:
        listing_services.refresh_readiness([rows[0].pk])
    with django_assert_num_queries(len(one)):
        listing_services.refresh_readiness([row.pk for row in rows])


# -- publishing ------------------------------------------------------------------------------------


def ready(shop: Shop, center) -> Listing:
    made = factories.make_product(shop.merchant, sku="ROPE")
    factories.put_stock(made, center, 12)
    listing_services.stage([made.pk], shop, by="test")
    row = Listing.objects.get(product=made)
    category = ChannelCategory.objects.get(shop=shop, name="Dog Toys", is_leaf=True)
    taxonomy.ensure_form(category)
    listing_services.categorize([row.pk], category, by="test")
    for attribute in category.attributes.filter(is_required=True, kind="product"):
        value = attribute.values[0]["name"] if attribute.values else "Rope"
        listing_services.set_attribute([row.pk], attribute, [value], by="test")
    row.refresh_from_db()
    assert (row.state, row.missing) == (ListingState.READY, [])
    return row


def publish(row: Listing) -> None:
    publishing.request_publish(Listing.objects.get(pk=row.pk), by="test")
    publishing.publish_queued(row.shop)
    row.refresh_from_db()


def test_a_price_outside_its_bounds_is_refused_before_a_create_leaves(live, center, tiktok) -> None:
    row = ready(live, center)
    now = timezone.now()
    ids = list(Offer.objects.filter(listing=row).values_list("pk", flat=True))
    own_prices.set_bounds(ids, floor=Decimal(25), ceiling=None, by="ann", now=now)
    rule = make_rule(live, ceiling=Decimal(15))
    before = tiktok.calls()
    publish(row)
    assert row.state == ListingState.ERROR
    assert row.problem == (
        "ROPE: The floor 25.00 (set by hand) is above the ceiling 15.00 (rule “Rule”): lower the "
        "one or raise the other."
    )
    assert tiktok.calls() == before
    rule.ceiling = Decimal(30)
    price_rules.save(rule, by="ann", now=now)
    publish(row)
    assert row.state == ListingState.IN_REVIEW
    assert tiktok.product(row.external_id)["skus"][0]["price"] == "25.00"


def test_a_price_outside_its_bounds_is_refused_before_an_edit_leaves(live, center, tiktok) -> None:
    row = ready(live, center)
    publish(row)
    before = tiktok.calls()
    product = row.product
    product.title = "A longer rope for dogs"
    product.save()
    products.changed([product.pk])
    # Stored beside the service, as an older release may have left it.
    Offer.objects.filter(listing=row).update(price_wanted=Decimal("9000"))
    publish(row)
    assert "takes 0.01 to 7,600.00" in row.problem
    assert {name for name in tiktok.calls() if name.startswith(EDIT)} == {
        name for name in before if name.startswith(EDIT)
    }
    assert price(Offer.objects.get(listing=row)) == Decimal("9000")
