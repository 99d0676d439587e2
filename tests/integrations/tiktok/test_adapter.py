from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.models import CategoryPermission, WarehouseKind
from catalog.ports import (
    AttributeValue,
    DailyLimitReached,
    ListingDraft,
    OfferDraft,
    Weight,
    listing_channels,
    offer_channels,
    taxonomy_sources,
    warehouse_sources,
)
from catalog.ports import Dimensions as Size
from catalog.states import ListingState
from integrations.http.errors import RemoteBusy, RemoteRefused
from integrations.tiktok.adapter import (
    TikTokListings,
    TikTokOffers,
    TikTokTaxonomy,
    TikTokWarehouses,
)
from integrations.tiktok.gateway import listing_calls
from integrations.tiktok.shipping import TikTokShipping
from integrations.tiktok.to_tiktok import new_product
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import Money
from tests.integrations.tiktok.conftest import Connected, picture

LISTINGS, OFFERS, TAXONOMY = TikTokListings(), TikTokOffers(), TikTokTaxonomy()
CREATE = "POST /product/202309/products"


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


@pytest.fixture
def draft(connected: Connected) -> ListingDraft:
    """A mug, ready to be sent."""
    shop = connected.shop
    mugs = next(row for row in TAXONOMY.categories(shop) if row.name == "Mugs")
    required = [
        row
        for row in TAXONOMY.attributes(shop, mugs.external_id)
        if row.is_required and not row.is_sales
    ]
    uri = LISTINGS.upload_image(shop, picture(), name="mug.jpg", use="main")
    east, west = connected.sandbox.warehouses()
    return ListingDraft(
        key="listing-1",
        title="Stoneware mug for long mornings",
        description="<p>Holds 350 ml.</p>",
        category_id=mugs.external_id,
        image_uris=(uri,),
        weight=Weight(Decimal("12"), "oz"),
        dimensions=Size(Decimal(5), Decimal(4), Decimal(4), "in"),
        attributes=tuple(
            AttributeValue(row.external_id, row.values[0][0], row.values[0][1]) for row in required
        ),
        offers=(OfferDraft("MUG", usd("14.5"), {east: 7, west: 4}, identifiers={}),),
    )


def test_a_listing_goes_through_its_review_to_active(
    connected: Connected, draft: ListingDraft
) -> None:
    published = LISTINGS.create(connected.shop, draft)
    first = LISTINGS.status(connected.shop, published.external_id)
    assert (first.state, first.raw_status) == (ListingState.IN_REVIEW, "PENDING")
    connected.sandbox.advance(60)
    second = LISTINGS.status(connected.shop, published.external_id)
    assert (second.state, second.raw_status) == (ListingState.ACTIVE, "ACTIVATE")
    assert set(published.offer_ids) == {"MUG"}
    assert len(published.request_id) == 34


def test_what_was_sent_is_what_is_read_back(connected: Connected, draft: ListingDraft) -> None:
    published = LISTINGS.create(connected.shop, draft)
    found = LISTINGS.read(connected.shop, published.external_id)
    (offer,) = found.offers
    assert (found.title, found.description) == (draft.title, draft.description)
    assert found.category_id == draft.category_id
    assert found.weight == Weight(Decimal("0.75"), "lb")
    assert found.dimensions == draft.dimensions
    assert (offer.seller_sku, offer.price) == ("MUG", usd("14.50"))
    assert offer.quantities == draft.offers[0].quantities
    assert offer.external_id == published.offer_ids["MUG"]


def test_variants_come_back_with_their_options(connected: Connected, draft: ListingDraft) -> None:
    east, west = connected.sandbox.warehouses()
    offers = tuple(
        OfferDraft(f"MUG-{color}", usd("9"), {east: 1, west: 2}, (("Color", color),))
        for color in ("Red", "Blue")
    )
    published = LISTINGS.create(connected.shop, replace(draft, offers=offers))
    found = LISTINGS.read(connected.shop, published.external_id)
    assert {offer.seller_sku: offer.options for offer in found.offers} == {
        "MUG-Red": (("Color", "Red"),),
        "MUG-Blue": (("Color", "Blue"),),
    }


def test_the_same_draft_is_created_once(connected: Connected, draft: ListingDraft) -> None:
    first = LISTINGS.create(connected.shop, draft)
    again = LISTINGS.create(connected.shop, draft)
    assert first.external_id == again.external_id
    assert len(connected.sandbox.products()) == 1


def test_a_create_without_an_answer_can_be_looked_up_by_its_sku(
    connected: Connected, draft: ListingDraft
) -> None:
    connected.sandbox.fault("lost_answer", path="/product/202309/products", count=1)
    with pytest.raises(RemoteBusy) as caught:
        LISTINGS.create(connected.shop, draft)
    assert caught.value.outcome_unknown is True
    (found,) = LISTINGS.find_by_skus(connected.shop, ["MUG", "NOT-THERE"])
    assert found.seller_skus == ("MUG",)
    assert connected.sandbox.calls()[CREATE] == 1


def test_nothing_is_asked_for_no_skus(connected: Connected) -> None:
    connected.sandbox.reset_calls()
    assert LISTINGS.find_by_skus(connected.shop, []) == []
    assert connected.sandbox.calls() == {}


def test_an_edit_changes_the_text_and_leaves_price_and_quantity(
    connected: Connected, draft: ListingDraft
) -> None:
    published = LISTINGS.create(connected.shop, draft)
    connected.sandbox.advance(60)
    offer = replace(
        draft.offers[0], external_id=published.offer_ids["MUG"], price=usd("99"), quantities={}
    )
    edited = replace(draft, title="Stoneware mug, second firing", offers=(offer,))
    LISTINGS.edit(connected.shop, published.external_id, edited)
    connected.sandbox.advance(60)
    found = LISTINGS.read(connected.shop, published.external_id)
    assert found.title == "Stoneware mug, second firing"
    assert found.offers[0].price == usd("14.50")
    assert found.offers[0].quantities == draft.offers[0].quantities


def test_a_refusal_is_told_in_plain_words_with_its_request_id(
    connected: Connected, draft: ListingDraft
) -> None:
    with pytest.raises(RemoteRefused, match="primary picture is missing") as caught:
        LISTINGS.create(connected.shop, replace(draft, image_uris=()))
    assert caught.value.code in ("12052028", "36009004")
    assert connected.sandbox.products() == []


def test_a_product_too_many_for_today_leaves_no_draft_behind(
    connected: Connected, draft: ListingDraft
) -> None:
    connected.sandbox.change_shop(probation={"daily_listing_limit": 0})
    with pytest.raises(DailyLimitReached, match="limit of new products") as caught:
        LISTINGS.create(connected.shop, draft)
    assert caught.value.code == "12052093"
    assert [row["status"] for row in connected.sandbox.products()] == ["DELETED"]
    assert LISTINGS.find_by_skus(connected.shop, ["MUG"]) == []


def test_a_draft_that_is_not_ours_is_left_alone(connected: Connected, draft: ListingDraft) -> None:
    connected.sandbox.change_shop(probation={"daily_listing_limit": 0})
    with pytest.raises(RemoteRefused):
        listing_calls(connected.shop).create_product(
            new_product(replace(draft, key="by-hand"), region="US")
        )
    with pytest.raises(DailyLimitReached):
        LISTINGS.create(connected.shop, draft)
    states = [row["status"] for row in connected.sandbox.products()]
    assert sorted(states) == ["DELETED", "DRAFT"]


def test_prices_and_quantities_arrive(connected: Connected, draft: ListingDraft) -> None:
    published = LISTINGS.create(connected.shop, draft)
    connected.sandbox.advance(60)
    sku_id = published.offer_ids["MUG"]
    east, west = connected.sandbox.warehouses()
    assert OFFERS.send_prices(connected.shop, published.external_id, {sku_id: usd("16")}) == []
    wanted = {sku_id: {east: 0, west: 9}}
    assert OFFERS.send_quantities(connected.shop, published.external_id, wanted) == []
    found = OFFERS.read_offers(connected.shop, [published.external_id])
    (offer,) = found[published.external_id]
    assert (offer.price, offer.quantities) == (usd("16.00"), {east: 0, west: 9})


def test_a_quantity_that_is_refused_is_named_with_its_reason(
    connected: Connected, draft: ListingDraft
) -> None:
    published = LISTINGS.create(connected.shop, draft)
    connected.sandbox.advance(60)
    east, west = connected.sandbox.warehouses()
    sku_id = published.offer_ids["MUG"]
    wanted = {sku_id: {east: 1}, "123": {east: 1, west: 1}}
    try:
        failures = OFFERS.send_quantities(connected.shop, published.external_id, wanted)
    except Refused as error:
        failures = [error]
    assert len(failures) >= 1
    assert all(failure.code and failure.request_id for failure in failures)


def test_existing_listings_are_all_found(connected: Connected) -> None:
    ids = connected.sandbox.seed_products(40)
    found = list(LISTINGS.statuses(connected.shop, updated_since=None))
    assert sorted(row.external_id for row in found) == sorted(ids)
    whole = LISTINGS.read(connected.shop, ids[0])
    assert whole.title != ""
    assert whole.offers[0].price is not None


def test_many_listings_are_read_back_in_few_calls(connected: Connected) -> None:
    ids = connected.sandbox.seed_products(21)
    one_by_one = {key: OFFERS.read_offers(connected.shop, [key])[key] for key in ids}
    connected.sandbox.reset_calls()
    together = OFFERS.read_offers(connected.shop, ids)
    assert {
        key: {offer.external_id: (offer.price, offer.quantities) for offer in offers}
        for key, offers in together.items()
    } == {
        key: {offer.external_id: (offer.price, offer.quantities) for offer in offers}
        for key, offers in one_by_one.items()
    }
    assert connected.sandbox.calls() == {
        "POST /product/202309/inventory/search": 1,
        "POST /product/202502/products/search": 3,
    }
    assert OFFERS.read_offers(connected.shop, []) == {}


def test_only_changed_listings_are_read(connected: Connected) -> None:
    connected.sandbox.seed_products(3)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert list(LISTINGS.statuses(connected.shop, updated_since=tomorrow)) == []


def test_the_return_warehouse_is_marked_as_such(connected: Connected) -> None:
    kinds = [row.kind for row in TikTokWarehouses().warehouses(connected.shop)]
    assert kinds == [WarehouseKind.RETURN, WarehouseKind.SALES, WarehouseKind.SALES]


def test_a_category_by_invitation_is_marked_as_such(connected: Connected) -> None:
    rows = {row.name: row for row in TAXONOMY.categories(connected.shop)}
    assert rows["Perfume"].permission is CategoryPermission.INVITE_ONLY
    assert rows["Mugs"].permission is CategoryPermission.AVAILABLE


def test_a_category_s_rules_are_read(connected: Connected) -> None:
    rows = {row.name: row for row in TAXONOMY.categories(connected.shop)}
    rules = TAXONOMY.rules(connected.shop, rows["Sneakers"].external_id)
    assert (rules.size_chart_required, rules.size_chart_supported) == (True, True)
    chargers = TAXONOMY.rules(connected.shop, rows["Chargers"].external_id)
    assert [item.is_required for item in chargers.certifications] == [True]


def test_a_category_is_recommended_or_not(connected: Connected) -> None:
    shop = connected.shop
    rows = {row.name: row for row in TAXONOMY.categories(shop)}
    found = TAXONOMY.recommend(shop, title="Stoneware mugs", description="")
    assert found == rows["Mugs"].external_id
    assert TAXONOMY.recommend(shop, title="zzxyq", description="") == ""


def test_brands_are_found_by_their_beginning(connected: Connected) -> None:
    everything = list(TAXONOMY.brands(connected.shop, prefix=""))
    prefix = everything[0].name[:4]
    found = list(TAXONOMY.brands(connected.shop, prefix=prefix))
    assert everything[0] in found
    assert all(row.name.lower().startswith(prefix.lower()) for row in found)


def test_carriers_are_those_of_the_order_s_delivery_option(connected: Connected) -> None:
    shipping = TikTokShipping()
    all_of_them = shipping.carriers(connected.shop, "")
    express = shipping.carriers(connected.shop, "7091146663229654815")
    assert [row.name for row in express] == ["UPS", "FedEx"]
    assert shipping.carriers(connected.shop, "7091146663229654816") == []
    assert {row.name for row in express} < {row.name for row in all_of_them}


def test_limits_are_those_of_the_region(connected: Connected) -> None:
    limits = LISTINGS.limits(connected.shop)
    assert (limits.title_max, limits.variants_max, limits.price_max) == (255, 300, Decimal(7600))


def test_the_adapter_serves_every_catalog_port() -> None:
    for registry in (listing_channels, offer_channels, warehouse_sources, taxonomy_sources):
        assert "tiktok_shop" in registry
