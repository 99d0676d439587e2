"""A re-publish sends what changed, and leaves the rest of the channel's product alone (R26)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog.models import FulfillmentCenter, Listing, Shop, Variant
from catalog.ports import listing_channels
from catalog.services import channel_sync, listings, products, publishing
from catalog.states import ReviewState
from tests import factories
from tests.catalog.test_publishing import leaf, queue, ready_listing
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

PART, WHOLE = "partial_edit", "PUT"


@pytest.fixture
def active(live: Shop, center: FulfillmentCenter, tiktok: Sandbox) -> Listing:
    """A listing that the channel approved as we sent it."""
    listing = ready_listing(live, center, brand="")
    queue(listing)
    publishing.publish_queued(live)
    pass_review(live, tiktok)
    listing.refresh_from_db()
    assert listing.review == ReviewState.APPROVED
    return listing


def pass_review(shop: Shop, tiktok: Sandbox) -> None:
    tiktok.advance(60)
    channel_sync.sync(shop)


def republish(listing: Listing, tiktok: Sandbox, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Change the product, publish again, and return what the channel got: how, and the body."""
    type(listing.product).objects.filter(pk=listing.product_id).update(**changes)
    products.changed([listing.product_id])
    queue(listing)
    assert publishing.publish_queued(listing.shop).published == 1
    call = [row for row in tiktok.recent_calls() if "{product_id}" in row["template"]][-1]
    how = PART if call["template"].endswith("/partial_edit") else call["method"]
    return how, json.loads(call["body"])


def test_a_new_title_sends_the_title_alone(active: Listing, tiktok: Sandbox) -> None:
    channel = listing_channels.get(active.shop.channel)
    before = channel.read(active.shop, active.external_id)
    how, body = republish(active, tiktok, title="Another title for a dog toy")
    assert (how, set(body)) == (PART, {"save_mode", "title"})
    pass_review(active.shop, tiktok)
    after = channel.read(active.shop, active.external_id)
    assert after.title == "Another title for a dog toy"
    for name in ("description", "category_id", "attributes", "offers", "weight", "dimensions"):
        assert getattr(after, name) == getattr(before, name), name
    assert len(after.image_urls) == len(before.image_urls) == 1
    active.refresh_from_db()
    assert (active.has_unpublished_changes, active.published_content["title"]) == (
        False,
        "Another title for a dog toy",
    )


def test_what_somebody_added_on_the_channel_survives(active: Listing, tiktok: Sandbox) -> None:
    """Sizes were corrected in the channel's own pages; our new title does not undo it."""
    doc = tiktok.state.store.get("product", active.external_id)
    doc["content"]["package_dimensions"]["length"] = "77"
    tiktok.state.store.put(
        "product",
        doc["id"],
        doc,
        shop_id=doc["shop_id"],
        status=doc["status"],
        create_time=doc["create_time"],
        update_time=doc["update_time"],
        labels=None,
    )
    republish(active, tiktok, title="Another title for a dog toy")
    pass_review(active.shop, tiktok)
    shown = listing_channels.get(active.shop.channel).read(active.shop, active.external_id)
    assert shown.dimensions is not None
    assert (shown.title, int(shown.dimensions.length)) == ("Another title for a dog toy", 77)


def test_weight_goes_with_the_sizes_since_both_are_of_one_system(
    active: Listing, tiktok: Sandbox
) -> None:
    Variant.objects.filter(product=active.product_id).update(weight="0.75", price="99.00")
    how, body = republish(active, tiktok)
    assert (how, set(body)) == (PART, {"save_mode", "package_weight", "package_dimensions"})


def test_a_changed_variant_sends_the_whole_product_but_neither_price_nor_quantity(
    active: Listing, tiktok: Sandbox
) -> None:
    variant = active.product.variants.get()
    variant.identifiers.create(kind="upc", value="012345678905")
    how, body = republish(active, tiktok)
    assert how == WHOLE
    (sku,) = body["skus"]
    assert sku["identifier_code"]["code"] == "012345678905"
    assert not {"price", "inventory"} & set(sku)


def test_a_version_that_is_still_in_review_is_sent_whole(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    publishing.publish_queued(live)
    listing.refresh_from_db()
    how, _ = republish(listing, tiktok, title="Another title for a dog toy")
    assert how == WHOLE


def test_after_linking_only_later_changes_ask_for_a_republish(live: Shop, tiktok: Sandbox) -> None:
    (external_id,) = tiktok.seed_products(1)
    there = listing_channels.get(live.channel).read(live, external_id)
    product = factories.make_product(
        live.merchant, sku=there.offers[0].seller_sku, title="Our own title of it"
    )
    channel_sync.sync(live)
    listing = Listing.objects.get(product=product)
    assert not listing.has_unpublished_changes
    assert listing.published_content["title"] == there.title
    listings.categorize([listing.pk], leaf(live), by="test")
    listing.refresh_from_db()
    assert listing.has_unpublished_changes
