from __future__ import annotations

import pytest

from catalog.models import CategoryAttribute, Listing, ListingAttribute
from catalog.services import listings, products
from catalog.states import ListingState, ShopState
from marketplace.kernel.errors import Refused
from tests import factories

pytestmark = pytest.mark.django_db


def stage(shop, *rows) -> list[Listing]:
    listings.stage([row.pk for row in rows], shop, by="test")
    return list(Listing.objects.filter(shop=shop).order_by("pk"))


def test_staging_twice_creates_one_listing_per_product(merchant, shop) -> None:
    product = factories.make_product(merchant)
    first = listings.stage([product.pk], shop, by="test")
    second = listings.stage([product.pk], shop, by="test")
    assert first.summary() == "Staged 1."
    assert second.summary() == "Staged 0. 1 skipped: it is staged already."
    assert Listing.objects.count() == 1


def test_a_product_of_another_merchant_is_not_staged(shop) -> None:
    stranger = factories.make_product(factories.make_merchant())
    report = listings.stage([stranger.pk], shop, by="test")
    assert report.done == 0
    assert sum(report.refused.values()) == 1
    assert Listing.objects.count() == 0


def test_nothing_is_staged_on_a_disconnected_shop(merchant, shop) -> None:
    shop.state = ShopState.DISCONNECTED
    with pytest.raises(Refused, match="is disconnected"):
        listings.stage([factories.make_product(merchant).pk], shop, by="test")


def test_one_action_sets_a_leaf_category_on_all_selected(merchant, shop) -> None:
    rows = stage(shop, factories.make_product(merchant), factories.make_product(merchant))
    category = factories.make_category(shop)
    report = listings.categorize([row.pk for row in rows], category, by="test")
    assert report.summary() == "Categorized 2."
    assert set(Listing.objects.values_list("category", flat=True)) == {category.pk}


def test_a_category_that_is_no_leaf_is_refused(merchant, shop) -> None:
    (row,) = stage(shop, factories.make_product(merchant))
    with pytest.raises(Refused, match="not at the lowest level"):
        listings.categorize([row.pk], factories.make_category(shop, is_leaf=False), by="test")


def test_a_listing_of_another_shop_keeps_its_category(merchant, shop) -> None:
    other = factories.make_shop(merchant)
    (row,) = stage(other, factories.make_product(merchant))
    report = listings.categorize([row.pk], factories.make_category(shop), by="test")
    assert report.done == 0
    row.refresh_from_db()
    assert row.category is None


def test_values_of_the_former_category_go_with_it(merchant, shop) -> None:
    (row,) = stage(shop, factories.make_product(merchant))
    old, new = factories.make_category(shop), factories.make_category(shop)
    field = CategoryAttribute.objects.create(
        category=old, external_id="1", name="Material", kind="product"
    )
    listings.categorize([row.pk], old, by="test")
    listings.set_attribute([row.pk], field, ["Cotton"], by="test")
    listings.categorize([row.pk], new, by="test")
    assert ListingAttribute.objects.count() == 0


def test_a_value_the_form_does_not_know_is_refused_and_changes_nothing(merchant, shop) -> None:
    (row,) = stage(shop, factories.make_product(merchant))
    category = factories.make_category(shop)
    field = CategoryAttribute.objects.create(
        category=category,
        external_id="1",
        name="Material",
        kind="product",
        values=[{"id": "11", "name": "Cotton"}],
    )
    listings.categorize([row.pk], category, by="test")
    with pytest.raises(Refused, match="only the channel's own options, not “Hemp”"):
        listings.set_attribute([row.pk], field, ["Hemp"], by="test")
    listings.set_attribute([row.pk], field, ["Cotton"], by="test")
    stored = ListingAttribute.objects.get()
    assert (stored.value, stored.value_external_id) == ("Cotton", "11")


def test_a_listing_moves_by_itself_when_its_product_changes(merchant, shop, center) -> None:
    product = factories.make_product(merchant, price=None)
    factories.put_stock(product, center, 3)
    (row,) = stage(shop, product)
    listings.categorize([row.pk], factories.make_category(shop), by="test")
    row.refresh_from_db()
    assert [gap["field"] for gap in row.missing] == ["price"]
    product.variants.update(price="5.00")
    products.changed([product.pk])
    row.refresh_from_db()
    assert row.state == ListingState.READY
    product.variants.update(price=None)
    products.changed([product.pk])
    row.refresh_from_db()
    assert row.state == ListingState.INCOMPLETE


def test_staging_needs_the_same_queries_for_three_and_for_sixty(
    merchant, shop, center, django_assert_max_num_queries
) -> None:
    few = [factories.make_product(merchant, with_image=False).pk for _ in range(3)]
    many = [factories.make_product(merchant, with_image=False).pk for _ in range(60)]
    with django_assert_max_num_queries(60) as first:
        listings.stage(few, shop, by="test")
    with django_assert_max_num_queries(60) as second:
        listings.stage(many, shop, by="test")
    # SQLite cuts one large insert into a few; per row there is none.
    assert len(second.captured_queries) <= len(first.captured_queries) + 3
