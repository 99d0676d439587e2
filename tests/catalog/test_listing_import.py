from __future__ import annotations

import pytest

from catalog.models import (
    ChannelWarehouse,
    Listing,
    OfferStock,
    Product,
    StockLevel,
    StockMovement,
    UnlinkedListing,
    Variant,
)
from catalog.services import channel_sync, listings
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
    assert Listing.objects.get().product == ours
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
