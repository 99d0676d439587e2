"""Categories and their forms as they change on the channel, and what listings say of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog import tasks
from catalog.models import (
    CategoryAttribute,
    CategoryPermission,
    ChannelCategory,
    Listing,
    ListingAttribute,
    Shop,
)
from catalog.ports import listing_channels
from catalog.services import category_tree, listing_import, listings, taxonomy
from catalog.states import ListingState
from marketplace.kernel.errors import Refused
from tests import factories
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def staged(shop: Shop, category: ChannelCategory | None = None) -> Listing:
    product = factories.make_product(shop.merchant, with_image=False)
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get(product=product, shop=shop)
    if category:
        listings.categorize([listing.pk], category, by="test")
    return listing


def gaps(listing: Listing, field: str) -> list[str]:
    listing.refresh_from_db()
    return [gap["sentence"] for gap in listing.missing if gap["field"].startswith(field)]


def leaf(shop: Shop, path: str, **changes: Any) -> ChannelCategory:
    return factories.make_category(shop, name=path.split(" > ")[-1], path=path, **changes)


def socks(live: Shop) -> ChannelCategory:
    return ChannelCategory.objects.get(shop=live, name="Socks", is_leaf=True)


# -- finding one among many --------------------------------------------------------------------


def test_words_are_searched_in_the_whole_path_and_names_come_first(shop: Shop) -> None:
    for path in ("Dogs > Toys > Balls", "Pets > Dog Toys", "Pets > Cats > Beds"):
        leaf(shop, path)
    leaf(factories.make_shop(shop.merchant), "Other > Dog Toys")
    assert [one.path for one in category_tree.search(shop, "toys dog").items] == [
        "Pets > Dog Toys",
        "Dogs > Toys > Balls",
    ]
    assert [one.path for one in category_tree.search(shop, "DOGS toy").items] == [
        "Pets > Dog Toys",
        "Dogs > Toys > Balls",
    ]
    assert category_tree.search(shop, "kettle").remark == (
        "No category holds “kettle”. Try fewer or other words."
    )


def test_thousands_of_categories_are_searched_in_one_query_and_fifty_are_shown(
    shop: Shop, django_assert_num_queries: Any
) -> None:
    ChannelCategory.objects.bulk_create(
        ChannelCategory(
            shop=shop, external_id=str(n), name=f"Toy {n}", path=f"Pets > Toy {n}", is_leaf=True
        )
        for n in range(2_001)
    )
    with django_assert_num_queries(1):
        found = category_tree.search(shop, "pets toy")
    assert len(found.items) == 50
    assert found.remark == (
        "More than 2,000 categories fit; the first 50 are shown. Type more words."
    )


def test_a_typed_category_must_be_one_that_exists_and_no_other(shop: Shop) -> None:
    exact, _ = leaf(shop, "Pets > Toys"), leaf(shop, "Pets > Toys > Balls")
    assert category_tree.find(shop, "pets > toys") == exact
    with pytest.raises(Refused, match="Several categories fit “toys”: Pets > Toys; Pets > Toys >"):
        category_tree.find(shop, "toys")
    with pytest.raises(Refused, match="holds “kettle”"):
        category_tree.find(shop, "kettle")


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        (CategoryPermission.PROHIBITED, "The channel prohibits"),
        (CategoryPermission.NOT_MAIN, "Outside the shop's main category"),
    ],
)
def test_a_category_that_the_channel_would_refuse_is_refused_here(
    shop: Shop, permission: str, words: str
) -> None:
    listing = staged(shop)
    with pytest.raises(Refused, match=words):
        listings.categorize([listing.pk], leaf(shop, "Gold > Rings", permission=permission), by="x")
    listing.refresh_from_db()
    assert listing.category is None


# -- the tree changes on the channel -----------------------------------------------------------


def test_a_category_that_is_gone_makes_its_listings_incomplete_with_the_reason(live: Shop) -> None:
    gone = leaf(live, "Pets > Gone", external_id="999999")
    listing = staged(live, gone)
    assert gaps(listing, "category") == []
    taxonomy.refresh(live)
    assert listing.state == ListingState.INCOMPLETE
    assert gaps(listing, "category") == [
        "The category cannot hold products: it is not at the lowest level, or it is gone."
    ]


def test_a_permission_that_changed_is_said_by_the_listings_of_the_category(
    live: Shop, tiktok: Sandbox
) -> None:
    coffee = ChannelCategory.objects.get(shop=live, name="Coffee", is_leaf=True)
    taxonomy.ensure_form(coffee)
    listing = staged(live, coffee)
    assert [words[:34] for words in gaps(listing, "category")] == [
        "This category is invite-only. Ask "
    ]
    tiktok.change_shop(approved_categories=[coffee.external_id])
    taxonomy.refresh(live)
    assert gaps(listing, "category") == []


# -- a form changes on the channel -------------------------------------------------------------


def test_an_option_that_vanished_makes_the_listing_incomplete_with_the_reason(live: Shop) -> None:
    category = socks(live)
    taxonomy.ensure_form(category)
    attribute = category.attributes.filter(kind="product", is_customizable=False).exclude(values=[])
    one = attribute[0]
    one.values = [*one.values, {"id": "1", "name": "Old option"}]
    one.save()
    listing = staged(live, category)
    listings.set_attribute([listing.pk], one, ["Old option"], by="test")
    assert gaps(listing, f"attribute:{one.external_id}") == []
    taxonomy.fetch_form(category)
    assert gaps(listing, f"attribute:{one.external_id}") == [
        f"“{one.name}” takes only the channel's own options."
    ]


def test_an_option_with_a_new_name_is_followed(live: Shop) -> None:
    category = socks(live)
    taxonomy.ensure_form(category)
    one = category.attributes.filter(kind="product").exclude(values=[])[0]
    real = one.values[0]
    one.values = [{**real, "name": "Its old name"}, *one.values[1:]]
    one.save()
    listing = staged(live, category)
    listings.set_attribute([listing.pk], one, ["Its old name"], by="test")
    taxonomy.fetch_form(category)
    filled = ListingAttribute.objects.get(listing=listing)
    assert (filled.value, filled.value_external_id) == (real["name"], real["id"])


def test_only_forms_in_use_that_are_a_week_old_are_read_again_each_night(
    live: Shop, tiktok: Sandbox
) -> None:
    old, fresh = socks(live), ChannelCategory.objects.get(shop=live, name="Hats")
    unused = ChannelCategory.objects.get(shop=live, name="Belts")
    for category in (old, fresh, unused):
        taxonomy.ensure_form(category)
    staged(live, old)
    staged(live, fresh)
    week_ago = timezone.now() - timedelta(days=8)
    ChannelCategory.objects.filter(pk__in=[old.pk, unused.pk]).update(
        attributes_fetched_at=week_ago
    )
    broken = leaf(live, "Pets > Unknown", external_id="999999", attributes_fetched_at=week_ago)
    staged(live, broken)
    tiktok.reset_calls()
    report = taxonomy.refresh_forms(live)
    assert (report.read, sum(report.refused.values())) == (1, 1)
    assert next(iter(report.refused)).startswith("Pets > Unknown: ")
    read = {call["path"] for call in tiktok.recent_calls() if call["path"].endswith("/attributes")}
    assert len(read) == 2
    told = tasks.refresh_taxonomy(live.pk)
    assert told.endswith("categories; 0 forms read again")


def test_a_listing_in_an_unknown_category_does_not_fetch_the_tree_again_and_again(
    live: Shop, tiktok: Sandbox
) -> None:
    tiktok.seed_products(2)
    ChannelCategory.objects.filter(shop=live).delete()
    tiktok.reset_calls()
    for product in tiktok.products():
        remote = listing_channels.get(live.channel).read(live, product["id"])
        assert listing_import.category_of(live, remote) is None
    assert "GET /product/202309/categories" not in tiktok.calls()


# -- what may be filled in ---------------------------------------------------------------------


def test_a_property_that_takes_numbers_refuses_words_and_takes_its_own_options(shop: Shop) -> None:
    one = CategoryAttribute.objects.create(
        category=leaf(shop, "Pets > Lamps"),
        external_id="1",
        name="Watts",
        kind="product",
        is_customizable=True,
        takes_number=True,
        values=[{"id": "7", "name": "Unknown"}],
    )
    for good in ("12", "0.5", "Unknown"):
        listings.check_values(one, [good])
    for bad in ("many", "0", "-1", "1,5"):
        with pytest.raises(Refused, match=f"“Watts” takes a number above zero.*not “{bad}”"):
            listings.check_values(one, [bad])
