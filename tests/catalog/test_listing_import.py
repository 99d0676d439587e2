from __future__ import annotations

import pytest

from catalog.models import (
    ChannelWarehouse,
    Image,
    Listing,
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
from catalog.services import channel_sync, exporting, images, listings, products, publishing
from catalog.states import ListingState
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
