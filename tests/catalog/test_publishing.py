from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import ChannelCategory, ChannelImage, Listing, Offer, OfferStock, Shop
from catalog.services import (
    channel_sync,
    exporting,
    listings,
    products,
    publishing,
    quota,
    stock,
    taxonomy,
)
from catalog.states import ListingState, ReviewState
from integrations.models import Exchange
from marketplace.kernel.errors import Reconnect, Refused, TryLater
from tests import factories

pytestmark = pytest.mark.django_db

CREATE = "POST /product/202309/products"


def leaf(shop: Shop, name: str = "Dog Toys") -> ChannelCategory:
    category = ChannelCategory.objects.get(shop=shop, name=name, is_leaf=True)
    taxonomy.ensure_form(category)
    return category


def ready_listing(shop: Shop, center, **product) -> Listing:
    made = factories.make_product(shop.merchant, **product)
    factories.put_stock(made, center, 12)
    listings.stage([made.pk], shop, by="test")
    listing = Listing.objects.get(product=made)
    category = leaf(shop)
    listings.categorize([listing.pk], category, by="test")
    for attribute in category.attributes.filter(is_required=True, kind="product"):
        value = attribute.values[0]["name"] if attribute.values else "Rope"
        listings.set_attribute([listing.pk], attribute, [value], by="test")
    listing.refresh_from_db()
    assert (listing.state, listing.missing) == (ListingState.READY, [])
    return listing


def queue(listing: Listing) -> None:
    publishing.request_publish(Listing.objects.get(pk=listing.pk), by="test")


def test_a_ready_listing_is_published_reviewed_and_active(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    report = publishing.publish_queued(live)
    assert report.summary() == "1 published, 0 refused"
    listing.refresh_from_db()
    assert (listing.state, listing.get_state_display()) == (ListingState.IN_REVIEW, "Suspended")
    assert listing.review == ReviewState.IN_REVIEW
    assert listing.published_hash == listing.content_hash

    tiktok.advance(60)
    channel_sync.sync(live)
    listing.refresh_from_db()
    assert (listing.state, listing.review) == (ListingState.ACTIVE, ReviewState.APPROVED)
    assert [event.new for event in listing.events.order_by("pk")] == [
        "incomplete",
        "ready",
        "queued",
        "publishing",
        "in_review",
        "active",
    ]


def test_what_was_sent_is_what_the_channel_shows(live, center, tiktok) -> None:
    listing = ready_listing(live, center, sku="ROPE-1", price="19.90")
    queue(listing)
    publishing.publish_queued(live)
    listing.refresh_from_db()
    shown = tiktok.product(listing.external_id)
    assert [sku["seller_sku"] for sku in shown["skus"]] == ["ROPE-1"]
    offer = Offer.objects.get(listing=listing)
    assert offer.external_id == shown["skus"][0]["id"]
    assert offer.price_sent == Decimal("19.90")
    stocks = OfferStock.objects.get(offer=offer)
    assert (stocks.wanted, stocks.sent) == (12, 12)


def test_publishing_twice_makes_one_call_and_one_upload_per_picture(live, center, tiktok) -> None:
    first, second = ready_listing(live, center), ready_listing(live, center)
    for listing in (first, second):
        queue(listing)
    publishing.publish_queued(live)
    publishing.publish_queued(live)
    calls = tiktok.calls()
    assert calls[CREATE] == 2
    # Both products carry the same picture.
    assert calls["POST /product/202309/images/upload"] == 1
    assert ChannelImage.objects.count() == 1


def test_a_lost_answer_never_makes_a_second_product(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    tiktok.fault("lost_answer", path="/product/202309/products", method="POST", count=1)
    report = publishing.publish_queued(live)
    assert (report.published, report.unclear) == (0, 1)
    listing.refresh_from_db()
    assert listing.state == ListingState.QUEUED
    assert listing.create_intent
    publishing.publish_queued(live)
    listing.refresh_from_db()
    assert listing.external_id
    assert listing.state in (ListingState.IN_REVIEW, ListingState.ACTIVE)
    assert len(tiktok.products()) == 1
    assert listing.create_intent == ""
    assert Offer.objects.get(listing=listing).external_id


def test_a_worker_killed_after_the_call_leaves_a_listing_that_is_found_again(
    live, center, tiktok
) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    publishing.publish_queued(live)
    product_id = Listing.objects.get(pk=listing.pk).external_id
    # As the rows stood when the worker was killed: intent written, answer not stored.
    Listing.objects.filter(pk=listing.pk).update(
        state=ListingState.PUBLISHING,
        external_id="",
        create_intent="mm-lost",
        create_intent_at=timezone.now(),
        claimed_by="dead",
        claimed_until=timezone.now() - timedelta(seconds=1),
    )
    publishing.publish_queued(live)
    listing.refresh_from_db()
    assert listing.external_id == product_id
    assert len(tiktok.products()) == 1


def refuse_next_create(tiktok) -> None:
    tiktok.fault(
        "business_error",
        path="/product/202309/products",
        method="POST",
        code=12052208,
        message="brand",
    )


def test_a_refusal_keeps_the_channels_words_and_request_id(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    refuse_next_create(tiktok)
    report = publishing.publish_queued(live)
    assert (report.published, report.refused) == (0, 1)
    listing.refresh_from_db()
    assert listing.state == ListingState.ERROR
    assert listing.problem_code == "12052208"
    assert "brand" in listing.problem.lower()
    assert listing.problem_request_id == Exchange.objects.get(code="12052208").request_id


def test_a_change_after_an_error_makes_the_listing_ready_again(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    refuse_next_create(tiktok)
    publishing.publish_queued(live)
    product = listing.product
    product.title = "A better title for this dog toy"
    product.save()
    products.changed([product.pk])
    listing.refresh_from_db()
    assert (listing.state, listing.problem) == (ListingState.READY, "")


def test_the_channels_own_limit_holds_the_rest_until_the_next_day(live, center, tiktok) -> None:
    rows = [ready_listing(live, center) for _ in range(3)]
    for listing in rows:
        queue(listing)
    tiktok.change_shop(probation={"daily_listing_limit": 1})
    report = publishing.publish_queued(live)
    assert (report.published, report.refused, report.held) == (1, 0, 2)
    waiting = Listing.objects.filter(state=ListingState.QUEUED)
    assert waiting.count() == 2
    assert all("goes out by itself" in listing.problem for listing in waiting)
    tiktok.reset_calls()
    assert publishing.publish_queued(live).held == 2
    assert tiktok.calls() == {}
    tiktok.change_shop(probation={"daily_listing_limit": 100})
    Shop.objects.update(uploads_spent_at=timezone.now() - timedelta(days=2))
    live.refresh_from_db()
    assert publishing.publish_queued(live).published == 2
    # The draft that the channel kept of the refused one was cleared away.
    deleted = [row["status"] == "DELETED" for row in tiktok.products()]
    assert sorted(deleted) == [False, False, False, True]


def test_the_upload_above_the_daily_limit_is_held_with_its_reason(live, center, tiktok) -> None:
    Shop.objects.filter(pk=live.pk).update(daily_listing_limit=1)
    live.refresh_from_db()
    first, second = ready_listing(live, center), ready_listing(live, center)
    for listing in (first, second):
        queue(listing)
    report = publishing.publish_queued(live)
    assert (report.published, report.held) == (1, 1)
    assert tiktok.calls()[CREATE] == 1
    second.refresh_from_db()
    assert second.state == ListingState.QUEUED
    assert "takes 1 new listings a day" in second.problem
    # On the shop's next day it goes out by itself.
    Listing.objects.filter(pk=first.pk).update(uploaded_at=timezone.now() - timedelta(days=2))
    assert publishing.publish_queued(live).published == 1


def test_the_shops_own_midnight_begins_the_day_of_the_quota(shop) -> None:
    at = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert quota.day_start(shop, at).isoformat() == "2026-11-22T00:00:00-08:00"


def test_an_incomplete_listing_is_not_queued_and_all_reasons_are_named(shop, center) -> None:
    product = factories.make_product(shop.merchant, weight=None, title="", with_image=False)
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get()
    with pytest.raises(Refused) as refused:
        publishing.request_publish(listing, by="test")
    for part in ("title", "weight", "image", "quantity", "category"):
        assert part in refused.value.message.lower()
    listing.refresh_from_db()
    assert listing.state == ListingState.INCOMPLETE


def test_when_the_channel_asks_for_a_pause_the_rest_stays_queued(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    tiktok.fault("rate_limit", path="/product/202309/products", method="POST", retry_after=60)
    with pytest.raises(TryLater) as pause:
        publishing.publish_queued(live)
    assert pause.value.retry_after == 60
    listing.refresh_from_db()
    assert (listing.state, listing.create_intent) == (ListingState.QUEUED, "")


def test_dead_credentials_leave_the_listing_queued(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    tiktok.fault("bad_token", path="/*")
    with pytest.raises(Reconnect):
        publishing.publish_queued(live)
    listing.refresh_from_db()
    assert listing.state == ListingState.QUEUED


def test_a_failed_review_brings_the_channels_reasons_home(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    publishing.publish_queued(live)
    listing.refresh_from_db()
    tiktok.fault("review_failure")
    tiktok.advance(60)
    channel_sync.sync(live)
    listing.refresh_from_db()
    assert (listing.state, listing.review) == (ListingState.REJECTED, ReviewState.FAILED)
    assert listing.problem


def test_a_new_title_sends_nothing_and_shows_as_changes_not_published(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    publishing.publish_queued(live)
    tiktok.advance(60)
    channel_sync.sync(live)
    tiktok.reset_calls()
    product = listing.product
    product.title = "Another title for a dog toy"
    product.save()
    products.changed([product.pk])
    listing.refresh_from_db()
    assert listing.has_unpublished_changes
    exporting.send_quantities(live)
    exporting.send_prices(live)
    assert tiktok.calls() == {}
    queue(listing)
    publishing.publish_queued(live)
    tiktok.advance(60)
    channel_sync.sync(live)
    listing.refresh_from_db()
    assert (listing.state, listing.has_unpublished_changes) == (ListingState.ACTIVE, False)
    assert tiktok.product(listing.external_id)["title"] == "Another title for a dog toy"


def test_price_and_quantity_go_without_a_republish(live, center, tiktok) -> None:
    listing = ready_listing(live, center)
    queue(listing)
    publishing.publish_queued(live)
    tiktok.advance(60)
    channel_sync.sync(live)
    tiktok.reset_calls()
    variant = listing.product.variants.get()
    stock.receive(variant, center, 5, reference="more")
    variant.price = Decimal("24.50")
    variant.save()
    products.changed([listing.product_id])
    assert exporting.send_quantities(live).summary("quantities") == "1 quantities sent in 1 calls"
    assert exporting.send_prices(live).summary("prices") == "1 prices sent in 1 calls"
    listing.refresh_from_db()
    assert not listing.has_unpublished_changes
    assert sum(tiktok.calls().values()) == 2
    exporting.send_quantities(live)
    exporting.send_prices(live)
    assert sum(tiktok.calls().values()) == 2
