from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import (
    ChannelCategory,
    ChannelWarehouse,
    Image,
    Listing,
    ListingAttribute,
    Offer,
    OfferStock,
    Product,
    Shop,
    StockLevel,
    StockMovement,
    UnlinkedListing,
    Variant,
)
from catalog.ports import listing_channels
from catalog.services import (
    channel_sync,
    exporting,
    images,
    listings,
    products,
    publishing,
    taxonomy,
)
from catalog.states import ListingState
from integrations.sandbox.tiktok import taxonomy as taxonomy_of_sandbox
from integrations.sandbox.tiktok.brands import FIRST_BRAND
from integrations.sandbox.tiktok.existing import MODELS
from integrations.sandbox.tiktok.product_store import save_product
from integrations.sandbox.tiktok.taxonomy_data import BRANDS
from tests import factories

pytestmark = pytest.mark.django_db


def details(tiktok, product_id: str) -> dict:
    return tiktok.product(product_id)


def test_every_listing_of_the_shop_that_is_not_here_is_imported_once(live, tiktok) -> None:
    ids = tiktok.seed_products(12)
    report = channel_sync.sync(live)
    assert (report.imported, report.linked, report.unlinked) == (12, 0, 0)
    assert set(Listing.objects.values_list("external_id", flat=True)) == set(ids)
    again = channel_sync.sync(live)
    assert again.imported == 0
    assert Product.objects.count() == 12


def test_an_imported_product_carries_everything_the_channel_says(live, tiktok, center) -> None:
    ids = tiktok.seed_products(12)
    channel_sync.sync(live)
    kinds = set()
    for external_id in ids:
        remote = details(tiktok, external_id)
        listing = Listing.objects.get(external_id=external_id)
        product = listing.product
        is_simple = len(remote["skus"]) == 1
        kinds.add(is_simple)
        # R58: the channel's product id is the SKU of a variant product.
        assert product.sku == (remote["skus"][0]["seller_sku"] if is_simple else external_id)
        assert product.title == remote["title"]
        assert "<" in product.description
        assert listing.category is not None
        assert product.images.count() >= 1
        assert product.variants.count() == len(remote["skus"])
        for sku in remote["skus"]:
            variant = Variant.objects.get(merchant=live.merchant, sku=sku["seller_sku"])
            assert str(variant.price) == f"{float(sku['price']):.2f}"
            assert variant.weight is not None
            assert variant.weight_unit
            assert variant.length is not None
            assert variant.dimension_unit
            assert len(variant.options) == len(product.option_names)
            for warehouse_id, units in sku["available"].items():
                stock = OfferStock.objects.filter(
                    offer__external_id=sku["id"], warehouse__external_id=warehouse_id
                ).get()
                assert stock.confirmed == units
    assert kinds == {True, False}
    assert listing.state == ListingState.ACTIVE
    assert any(product.brand for product in Product.objects.all())
    assert any(
        product.variants.filter(identifiers__isnull=False) for product in Product.objects.all()
    )
    assert Listing.objects.filter(attributes__isnull=False).exists()
    assert Product.objects.filter(video__isnull=False).exists()


def test_the_quantity_of_a_new_product_becomes_stock_of_the_mapped_center(
    live, tiktok, center
) -> None:
    (external_id,) = tiktok.seed_products(1)
    channel_sync.sync(live)
    mapped = live.mappings.get().warehouse.external_id
    shown = sum(sku["available"].get(mapped, 0) for sku in details(tiktok, external_id)["skus"])
    here = sum(row.on_hand for row in StockLevel.objects.filter(fulfillment_center=center))
    assert here == shown > 0


def test_a_sku_that_exists_is_linked_and_not_overwritten(live, tiktok, center) -> None:
    (external_id,) = tiktok.seed_products(1)
    sku = details(tiktok, external_id)["skus"][0]["seller_sku"]
    ours = factories.make_product(live.merchant, sku=sku, title="Our own title", price="3.33")
    report = channel_sync.sync(live)
    assert (report.imported, report.linked) == (0, 1)
    assert Product.objects.count() == 1
    ours.refresh_from_db()
    assert ours.title == "Our own title"
    assert str(ours.variants.get(sku=sku).price) == "3.33"
    listing = Listing.objects.get()
    assert listing.product == ours
    # Linking sends no price: only a change of ours does (R89).
    offer = Offer.objects.get(listing=listing, variant__sku=sku)
    assert (offer.price_sent, offer.price_confirmed != offer.price_wanted) == (
        offer.price_wanted,
        True,
    )
    assert exporting.send_prices(live).calls == 0
    assert StockMovement.objects.filter(variant__sku=sku).exists() is False


def test_a_staged_listing_of_the_same_sku_becomes_the_channels_listing(live, tiktok) -> None:
    (external_id,) = tiktok.seed_products(1)
    sku = details(tiktok, external_id)["skus"][0]["seller_sku"]
    ours = factories.make_product(live.merchant, sku=sku)
    listings.stage([ours.pk], live, by="test")
    channel_sync.sync(live)
    listing = Listing.objects.get()
    assert (listing.external_id, listing.state) == (external_id, ListingState.ACTIVE)


def test_skus_of_two_products_are_set_aside_with_the_reason_and_the_rest_go_on(
    live, tiktok
) -> None:
    ids = tiktok.seed_products(12)
    variants = next(i for i in ids if len(details(tiktok, i)["skus"]) > 1)
    for sku in details(tiktok, variants)["skus"][:2]:
        factories.make_product(live.merchant, sku=sku["seller_sku"])
    report = channel_sync.sync(live)
    assert (report.imported, report.unlinked) == (11, 1)
    aside = UnlinkedListing.objects.get()
    assert aside.external_id == variants
    assert aside.reason.startswith("Its SKUs belong to several products here")


def test_looking_again_costs_one_call_when_nothing_changed(live, tiktok) -> None:
    tiktok.seed_products(12)
    channel_sync.sync(live)
    tiktok.advance(3600)
    tiktok.reset_calls()
    channel_sync.sync(live)
    assert sum(tiktok.calls().values()) == 1


def test_the_return_warehouse_is_known_and_never_mapped(live) -> None:
    assert ChannelWarehouse.objects.filter(shop=live, kind="return").count() == 1
    assert live.warehouses.sellable().count() == 2


def test_fetching_the_pictures_of_an_imported_listing_is_no_change_to_publish(
    live, tiktok, settings
) -> None:
    settings.IMAGE_FETCH_ALLOW_PRIVATE = True
    tiktok.seed_products(2)
    channel_sync.sync(live)
    images.fetch_images(Image.objects.to_fetch())
    assert Image.objects.exclude(sha256="").count() > 0
    assert [row.has_unpublished_changes for row in Listing.objects.all()] == [False, False]


def test_a_republish_that_waits_is_not_forgotten_when_the_channel_is_read(live, tiktok) -> None:
    tiktok.seed_products(1)
    channel_sync.sync(live)
    listing = Listing.objects.get()
    Listing.objects.update(content_hash="changed", missing=[])
    publishing.request_publish(Listing.objects.get(), by="test")
    Shop.objects.update(listings_seen_through=None)
    Listing.objects.update(external_audit="")
    live.refresh_from_db()
    channel_sync.sync(live)
    listing.refresh_from_db()
    assert listing.state == ListingState.QUEUED


def test_a_republish_keeps_the_video_that_the_shop_had(live, tiktok, settings) -> None:
    settings.IMAGE_FETCH_ALLOW_PRIVATE = True
    tiktok.seed_products(12)
    channel_sync.sync(live)
    images.fetch_images(Image.objects.to_fetch())
    listing = Listing.objects.exclude(product__video=None).earliest("pk")
    before = listing_channels.get(live.channel).read(live, listing.external_id)
    product = listing.product
    product.title = f"{product.title} again"
    product.save()
    Listing.objects.filter(pk=listing.pk).update(title="")
    products.changed([product.pk])
    publishing.request_publish(Listing.objects.get(pk=listing.pk), by="test")
    assert publishing.publish_queued(live).summary() == "1 published, 0 refused"
    tiktok.advance(60)
    after = listing_channels.get(live.channel).read(live, listing.external_id)
    assert after.title == product.title
    assert after.video_id == before.video_id != ""


def as_it_stands_there(tiktok, product_id: str) -> dict[str, object]:
    """What the shop shows of a listing, by requirement, told by the channel itself."""
    doc = tiktok.state.store.get("product", product_id)
    content = doc["content"]
    tree, brand = taxonomy_of_sandbox.tree("v2"), int(content["brand_id"]) - FIRST_BRAND
    size, weight = content["package_dimensions"], content["package_weight"]
    return {
        "R59 options": [
            [option["value_name"] for option in sku.get("sales_attributes", [])]
            for sku in content["skus"]
        ],
        "R60 title": content["title"],
        "R61 category": tree[content["category_id"]].name,
        "R62 description": content["description"],
        "R63 brand": BRANDS[brand - 1][0],
        "R64 identifiers": [sku["identifier_code"]["code"] for sku in content["skus"]],
        "R65 weight": (Decimal(weight["value"]), weight["unit"]),
        "R66 dimensions": (
            *(Decimal(size[side]) for side in ("length", "width", "height")),
            size["unit"],
        ),
        "R67 properties": sorted(
            (item["name"], value["name"])
            for item in content["product_attributes"]
            for value in item["values"]
        ),
        "R68 images": len(content["main_images"]),
        "R69 prices": [Decimal(sku["price"]["amount"]) for sku in content["skus"]],
        "R70 quantities": {
            (sku["seller_sku"], site): units["available"]
            for sku in content["skus"]
            for site, units in doc["stock"][sku["id"]].items()
        },
        "R71 video": (content.get("video") or {}).get("id", ""),
    }


def as_it_stands_here(listing: Listing) -> dict[str, object]:
    product = listing.product
    variants = list(product.variants.order_by("position"))
    one = variants[0]
    stocks = OfferStock.objects.filter(offer__listing=listing)
    units = {"lb": "POUND", "in": "INCH"}
    video = getattr(product, "video", None)
    return {
        "R59 options": [list(variant.options) for variant in variants],
        "R60 title": listing.title_to_send,
        "R61 category": listing.category.name,
        "R62 description": product.description,
        "R63 brand": product.brand,
        "R64 identifiers": [variant.identifiers.get().value for variant in variants],
        "R65 weight": (one.weight, units[one.weight_unit]),
        "R66 dimensions": (one.length, one.width, one.height, units[one.dimension_unit]),
        "R67 properties": sorted(
            listing.attributes.values_list("attribute__name", "value").order_by()
        ),
        "R68 images": product.images.exclude(source_url="").count(),
        "R69 prices": [variant.price for variant in variants],
        "R70 quantities": {
            (sku, site): units
            for sku, site, units in stocks.values_list(
                "offer__variant__sku", "warehouse__external_id", "confirmed"
            )
        },
        "R71 video": video.external_id if video else "",
    }


def test_every_field_of_forty_listings_comes_home(live, tiktok, center) -> None:
    ids = tiktok.seed_products(40)
    assert channel_sync.sync(live).imported == 40
    seen: dict[str, set[bool]] = {}
    for listing in Listing.objects.filter(external_id__in=ids).select_related("product"):
        there = as_it_stands_there(tiktok, listing.external_id)
        here = as_it_stands_here(listing)
        for field, value in there.items():
            assert here[field] == value, (field, listing.external_id)
            seen.setdefault(field, set()).add(bool(value))
        # R58: the channel's product id is the SKU of a variant product.
        if any(there["R59 options"]):
            assert listing.product.sku == listing.external_id
    # Each field was there to be lost at least once; some listings have a video and some have none.
    assert all(True in values for values in seen.values())
    assert seen["R71 video"] == {True, False}


def test_an_import_costs_few_queries_a_listing(live, tiktok, django_assert_max_num_queries) -> None:
    tiktok.seed_products(20)
    leaves = [leaf for leaf, *_ in MODELS]
    for category in ChannelCategory.objects.filter(shop=live, is_leaf=True, name__in=leaves):
        taxonomy.ensure_form(category)
    # Ten tables are written for each listing; offers, stock and requirements for all at once.
    with django_assert_max_num_queries(20 * 24):
        assert channel_sync.sync(live).imported == 20


def test_values_of_an_earlier_category_go_and_those_of_a_person_stay(live, tiktok) -> None:
    (external_id,) = [i for i in tiktok.seed_products(2) if len(details(tiktok, i)["skus"]) > 1]
    remote = tiktok.state.store.get("product", external_id)["content"]
    ours = factories.make_product(live.merchant, sku=remote["skus"][0]["seller_sku"])
    listings.stage([ours.pk], live, by="test")
    listing = Listing.objects.get()
    right = ChannelCategory.objects.get(shop=live, external_id=remote["category_id"])
    wrong = ChannelCategory.objects.get(shop=live, name="Mugs", is_leaf=True)
    for category in (wrong, right):
        taxonomy.ensure_form(category)
    told = [item["id"] for item in remote["product_attributes"]]
    stays = right.attributes.filter(external_id__in=told).exclude(values=[])[0]
    mine = stays.values[0]["name"]
    listings.categorize([listing.pk], wrong, by="test")
    listings.set_attribute([listing.pk], wrong.attributes.filter(kind="product")[0], ["?"], by="t")
    ListingAttribute.objects.create(listing=listing, attribute=stays, value=mine)
    channel_sync.sync(live)
    found = ListingAttribute.objects.filter(listing=listing)
    assert set(found.values_list("attribute__category", flat=True)) == {right.pk}
    by_origin = dict(found.values_list("attribute__external_id", "origin"))
    assert by_origin == {**dict.fromkeys(told, "channel"), stays.external_id: "person"}
    assert found.get(attribute=stays).value == mine


def test_two_listings_of_one_sku_on_one_shop_are_told_apart_in_words(live, tiktok) -> None:
    ids = [i for i in tiktok.seed_products(24) if len(details(tiktok, i)["skus"]) == 1][-2:]
    docs = [tiktok.state.store.get("product", key) for key in ids]
    docs[1]["content"]["skus"][0]["seller_sku"] = docs[0]["content"]["skus"][0]["seller_sku"]
    save_product(tiktok.state, docs[1], touch=False)
    report = channel_sync.sync(live)
    assert (report.imported, report.linked, report.unlinked) == (23, 0, 1)
    aside = UnlinkedListing.objects.get()
    linked = Listing.objects.exclude(external_id=aside.external_id).get(external_id__in=ids)
    assert aside.reason == (
        f"“{linked.product}” is already listed on {live} as product {linked.external_id}; one of "
        "the two must be deleted there, or given another SKU."
    )


def test_a_sku_that_is_renamed_here_stays_linked(live, tiktok) -> None:
    tiktok.seed_products(3)
    channel_sync.sync(live)
    offers = dict(Offer.objects.values_list("external_id", "variant"))
    for variant in Variant.objects.all():
        variant.sku = f"NEW-{variant.pk}"
        variant.save()
    Shop.objects.update(listings_seen_through=None)
    live.refresh_from_db()
    report = channel_sync.sync(live)
    assert (report.imported, report.linked, report.unlinked) == (0, 0, 0)
    assert dict(Offer.objects.values_list("external_id", "variant")) == offers
    assert Product.objects.count() == 3
