"""What people of operations do to selected rows, through the door that they use."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from catalog.models import (
    ChannelCategory,
    FulfillmentCenter,
    Listing,
    ListingAttribute,
    Product,
    SamplePolicy,
    Shop,
    StockLevel,
    StockMovement,
    Tag,
)
from catalog.services import bundles, listings
from catalog.states import ListingState, ShopState
from marketplace.kernel.models import Job, JobState
from orders.models import Order, OrderAttention, Shipment
from orders.ports import RemoteCarrier, RemoteOrderStatus
from orders.states import OrderState
from tests import factories
from tests.admin.door import do, list_url, page_url, said, select
from tests.admin.rows import make_order, stage


@pytest.fixture
def product(shop: Shop, center: FulfillmentCenter) -> Product:
    product = factories.make_product(shop.merchant, sku="ROPE")
    factories.put_stock(product, center, 5)
    return product


def make_ready(product: Product, shop: Shop, category: ChannelCategory) -> Listing:
    listing = stage(product, shop, category)
    attribute = category.attributes.get(name="Material")
    listings.set_attribute([listing.pk], attribute, ["Cotton"], by="test")
    listing.refresh_from_db()
    assert listing.state == ListingState.READY
    return listing


def offer_carriers(order: Order) -> None:
    """The channel's answer about carriers, as the product keeps it for a day."""
    option = order.channel_order.delivery_option_id
    cache.set(f"carriers:{order.shop_id}:{option}", [RemoteCarrier("7", "UPS")])


def test_staging_asks_for_the_shop_and_stages_each_product_once(
    lister: Client, shop: Shop, product: Product
) -> None:
    other = factories.make_product(shop.merchant)
    stage(other, shop)
    told = do(lister, "stage_listings", [product, other], shop=shop.pk)
    assert told == ["Staged 1. 1 skipped: it is staged already."]
    assert Listing.objects.filter(shop=shop).count() == 2


def test_all_rows_of_the_filtered_list_are_treated_not_only_those_on_the_page(
    admin: Client, shop: Shop
) -> None:
    wanted = [factories.make_product(shop.merchant, with_image=False) for _ in range(60)]
    outside = factories.make_product(factories.make_merchant(), with_image=False)
    query = f"?merchant__id__exact={shop.merchant_id}"
    response = select(admin, "stage_listings", wanted[:1], query=query, across=True)
    done = admin.post(response.url, {"shop": shop.pk})
    assert said(done) == ["Staged 60."]
    assert not outside.listings.exists()


def test_the_form_can_be_reloaded_and_returns_to_the_list_it_came_from(
    admin: Client, shop: Shop, product: Product
) -> None:
    response = select(admin, "apply_tag", [product], query="?q=ROPE")
    for _ in range(2):
        assert admin.get(response.url).context["count"] == 1
    done = admin.post(response.url, {"name": "Dog toys"})
    assert done.url == list_url(Product, "?q=ROPE")
    assert [tag.name for tag in product.tags.all()] == ["Dog toys"]


def test_a_forgotten_selection_is_said_so_and_changes_nothing(
    admin: Client, product: Product
) -> None:
    url = f"{list_url(Product)}verb/apply_tag/0123456789/"
    assert said(admin.post(url, {"name": "X"})) == [
        "This selection is no longer known. Select the rows again."
    ]
    assert not Tag.objects.exists()


def test_categorizing_and_filling_in_makes_a_listing_ready(
    lister: Client, shop: Shop, product: Product, category: ChannelCategory
) -> None:
    listing = stage(product, shop)
    assert do(lister, "categorize", [listing], category=category.pk) == ["Categorized 1."]
    field = f"attribute_{category.attributes.get().pk}"
    assert do(lister, "fill_in", [listing], **{field: "Nylon"})[-1] == "Filled in 1."
    listing.refresh_from_db()
    assert listing.state == ListingState.READY
    assert [row.value for row in ListingAttribute.objects.all()] == ["Nylon"]


def test_a_value_that_the_channel_does_not_offer_is_refused_beside_its_field(
    lister: Client, shop: Shop, product: Product, category: ChannelCategory
) -> None:
    listing = stage(product, shop, category)
    response = select(lister, "fill_in", [listing])
    field = f"attribute_{category.attributes.get().pk}"
    page = lister.post(response.url, {field: "Gold"})
    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]
    assert not ListingAttribute.objects.exists()


def test_listings_of_two_shops_cannot_be_categorized_together(
    lister: Client, shop: Shop, product: Product, category: ChannelCategory
) -> None:
    other = factories.make_shop(shop.merchant)
    rows = [stage(product, shop), stage(product, other)]
    response = select(lister, "categorize", rows)
    told = said(lister.get(response.url))
    assert told[0].startswith("The selection holds listings of several shops")


def test_publishing_in_bulk_queues_what_is_ready_and_names_why_the_rest_is_not(
    lister: Client, shop: Shop, product: Product, category: ChannelCategory
) -> None:
    ready = make_ready(product, shop, category)
    incomplete = stage(factories.make_product(shop.merchant), shop)
    told = do(lister, "publish", [ready, incomplete])
    assert told[0].startswith("Queued for publishing 1. 1 refused: It is incomplete: ")
    ready.refresh_from_db()
    assert (ready.state, ready.events.first().by) == (ListingState.QUEUED, "Lister person")
    assert Job.objects.get(kind="publish_queued").subject == str(shop.pk)


def test_one_listing_is_published_from_its_own_page_and_the_person_stays_there(
    lister: Client, shop: Shop, product: Product, category: ChannelCategory
) -> None:
    listing = make_ready(product, shop, category)
    assert "Publish" in lister.get(page_url(listing)).content.decode()
    data = {"action": "publish", "_selected_action": listing.pk, "index": "0"}
    asked = lister.post(list_url(Listing), {**data, "_back": page_url(listing)})
    done = lister.post(asked.url)
    assert done.url == page_url(listing)
    listing.refresh_from_db()
    assert listing.state == ListingState.QUEUED


def test_the_publish_page_warns_when_the_days_limit_is_too_small(
    lister: Client, shop: Shop, product: Product, category: ChannelCategory
) -> None:
    Shop.objects.filter(pk=shop.pk).update(daily_listing_limit=1)
    second = factories.make_product(shop.merchant, sku="BALL")
    factories.put_stock(second, FulfillmentCenter.objects.get(), 1)
    rows = [make_ready(one, shop, category) for one in (product, second)]
    page = lister.get(select(lister, "publish", rows).url)
    assert "1 today, 1 tomorrow (" in page.content.decode()


def test_a_viewer_may_only_look_and_a_forged_request_changes_nothing(
    viewer: Client, shop: Shop, product: Product, category: ChannelCategory
) -> None:
    listing = make_ready(product, shop, category)
    page = viewer.get(list_url(Listing))
    choices = [one for one in page.context["action_form"].fields["action"].choices if one[0]]
    assert choices == [
        ("More actions", [("preview_quantities", "Preview quantities")]),
        ("Prices", [("dry_run_prices", "Dry run of prices")]),
        ("export_sheet", "Export the selected rows"),
    ]
    assert "Publish</button>" not in viewer.get(page_url(listing)).content.decode()
    select(viewer, "publish", [listing])
    assert viewer.post(f"{list_url(Listing)}verb/publish/abc/").status_code == 403
    listing.refresh_from_db()
    assert listing.state == ListingState.READY
    assert not Job.objects.exists()


def test_a_clerk_may_not_publish_and_a_lister_may_not_ship(
    clerk: Client, lister: Client, shop: Shop, product: Product, category: ChannelCategory
) -> None:
    listing, order = make_ready(product, shop, category), make_order(shop, "ROPE")
    select(clerk, "publish", [listing])
    select(lister, "enter_tracking", [order])
    assert clerk.get(f"{list_url(Listing)}verb/publish/abc/").status_code == 403
    assert lister.get(f"{list_url(Order)}verb/enter_tracking/abc/").status_code == 403
    assert not Shipment.objects.exists()


def test_entering_tracking_ships_the_order_once_and_asks_for_sending(
    clerk: Client, shop: Shop, product: Product
) -> None:
    order = make_order(shop, "ROPE")
    offer_carriers(order)
    told = do(clerk, "enter_tracking", [order], carrier="7", tracking_number="1Z999AA10123456784")
    assert told == [
        "It left with UPS 1Z999AA10123456784. The number goes to the channel by itself."
    ]
    order.refresh_from_db()
    shipment = Shipment.objects.get()
    assert order.state == OrderState.SHIPPED
    assert (shipment.carrier, shipment.by) == ("UPS", "Order clerk person")
    assert Job.objects.get(kind="send_tracking").state == JobState.DUE


def test_an_order_on_hold_cannot_be_shipped_and_says_why(
    clerk: Client, shop: Shop, product: Product
) -> None:
    order = make_order(shop, "ROPE", status=RemoteOrderStatus.ON_HOLD)
    response = select(clerk, "enter_tracking", [order])
    assert said(clerk.get(response.url))[0].startswith("This order is on hold")
    assert not Shipment.objects.exists()


def test_a_tracking_number_with_a_space_is_refused_beside_its_field(
    clerk: Client, shop: Shop, product: Product
) -> None:
    order = make_order(shop, "ROPE")
    offer_carriers(order)
    response = select(clerk, "enter_tracking", [order])
    page = clerk.post(response.url, {"carrier": "7", "tracking_number": "1Z 99"})
    assert list(page.context["form"].errors) == ["tracking_number"]


def test_attention_can_be_marked_as_seen_to(clerk: Client, shop: Shop) -> None:
    order = make_order(shop, "NOT-HERE")
    assert do(clerk, "resolve_attention", [order]) == ["Marked as seen to: 1."]
    assert OrderAttention.objects.get().resolved_by == "Order clerk person"


def test_a_held_order_goes_on_when_it_is_retried_after_stock_came(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    product = factories.make_product(shop.merchant, sku="BALL")
    order = make_order(shop, "BALL")
    factories.put_stock(product, center, 3)
    told = do(clerk, "retry_attention", [order])
    assert told == ["Tried again: 1 held orders went on; 0 selected ones still need a person."]


def test_receiving_stock_twice_with_the_same_form_writes_one_line(
    clerk: Client, shop: Shop, product: Product, center: FulfillmentCenter
) -> None:
    response = select(clerk, "receive_stock", product.variants.all())
    reference = clerk.get(response.url).context["form"]["reference"].value()
    given = {"fulfillment_center": center.pk, "units": 7, "reference": reference}
    for _ in range(2):
        clerk.post(response.url, given)
    assert StockLevel.objects.get().on_hand == 12
    assert StockMovement.objects.filter(kind="receive").count() == 2


def test_stock_of_a_component_hurries_the_shops_that_offer_only_the_bundle(
    clerk: Client, shop: Shop, product: Product, center: FulfillmentCenter
) -> None:
    part = factories.make_product(shop.merchant, sku="PART")
    factories.make_shop(shop.merchant, name="Sells neither")
    kit = factories.make_product(shop.merchant, sku="KIT")
    listings.stage([kit.pk], shop, by="test")
    bundles.compose(kit.variants.get(), {part.variants.get(): 2})
    exports = Job.objects.filter(kind="export_offers")
    for verb, chosen, more in (
        ("receive_stock", part.variants.all(), {"fulfillment_center": center.pk}),
        ("count_stock", StockLevel.objects.filter(variant__product=part), {}),
    ):
        exports.delete()
        do(clerk, verb, chosen, units=8, reference=verb, **more)
        assert list(exports.values_list("subject", flat=True)) == [str(shop.pk)]


def test_a_count_below_what_is_promised_is_refused_in_words(
    clerk: Client, shop: Shop, product: Product
) -> None:
    make_order(shop, "ROPE")
    told = do(clerk, "count_stock", StockLevel.objects.all(), units=0, reference="r-1")
    assert told[0].startswith("Adjusted 0. 1 refused: Counted is not possible for ROPE")
    assert StockLevel.objects.get().on_hand == 5


def test_reading_now_is_asked_for_active_shops_only(admin: Client, shop: Shop) -> None:
    paused = factories.make_shop(shop.merchant, name="Quiet", state=ShopState.PAUSED)
    told = do(admin, "read_orders", [shop, paused])
    assert told == ["Asked for 1. 1 refused: Quiet (TikTok US) is “Paused”, not active."]
    assert [job.subject for job in Job.objects.filter(kind="pull_orders")] == [str(shop.pk)]


def test_a_shop_is_paused_with_its_reason_and_resumed(admin: Client, shop: Shop) -> None:
    do(admin, "pause", [shop], why="Stock-taking.")
    shop.refresh_from_db()
    assert (shop.state, shop.problem) == (ShopState.PAUSED, "Paused by Ada. Stock-taking.")
    do(admin, "resume", [shop])
    shop.refresh_from_db()
    assert (shop.state, shop.problem) == (ShopState.ACTIVE, "")


def test_a_failed_job_is_asked_for_again(admin: Client, shop: Shop) -> None:
    job = Job.objects.create(
        key=f"pull_orders:{shop.pk}",
        kind="pull_orders",
        subject=str(shop.pk),
        state=JobState.FAILED,
        attempts=5,
        next_attempt_at=shop.created_at,
    )
    assert do(admin, "retry", [job]) == ["Asked for again: 1."]
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DUE, 0)


def test_outbound_switches_are_changed_on_the_shops_page(admin: Client, shop: Shop) -> None:
    data = {"push_price": "on", "daily_listing_limit": "250", "sample_orders": "hold"}
    inline = {"warehouses-TOTAL_FORMS": "0", "warehouses-INITIAL_FORMS": "0"}
    admin.post(page_url(shop), {**data, **inline})
    shop.refresh_from_db()
    assert (shop.push_quantity, shop.push_price, shop.push_tracking) == (False, True, False)
    assert (shop.on_probation, shop.daily_listing_limit) == (False, 250)
    assert shop.sample_orders == SamplePolicy.HOLD


def test_a_confirmed_mapping_has_no_way_to_be_changed_or_deleted(admin: Client, shop: Shop) -> None:
    mapping = shop.mappings.get()
    assert admin.post(page_url(mapping), {}).status_code == 403
    assert admin.post(f"{list_url(type(mapping))}{mapping.pk}/delete/").status_code == 403
    assert shop.mappings.count() == 1
