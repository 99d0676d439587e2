"""Listings of the shop that are joined with products by hand, let go, imported or ignored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import (
    Identifier,
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
from catalog.services import channel_sync, exporting, linking, listings, publishing, stock
from catalog.states import ListingState, listing_machine
from marketplace.kernel.errors import Refused
from orders import tasks
from orders.models import AttentionKind, Order, OrderAttention
from orders.states import OrderState
from tests import factories
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def set_aside(shop: Shop, product: dict[str, Any]) -> UnlinkedListing:
    """A listing that the sync could not join."""
    return UnlinkedListing.objects.create(
        shop=shop,
        external_id=product["id"],
        title=product["title"],
        seller_skus=[sku["seller_sku"] for sku in product["skus"]],
        reason="Its SKUs belong to several products here.",
    )


def remote_product(tiktok: Sandbox, *, variants: bool = False) -> dict[str, Any]:
    """A listing on the shop with one SKU, or with several."""
    found = [tiktok.product(key) for key in tiktok.seed_products(12)]
    # The first one's number of the public register is all zeros, which no register gives out.
    return next(row for row in found[1:] if (len(row["skus"]) > 1) is variants)


def only(live: Shop, tiktok: Sandbox, *, variants: bool = False) -> UnlinkedListing:
    """The one listing of the shop that is not settled: the others are ignored."""
    product = remote_product(tiktok, variants=variants)
    for row in tiktok.products():
        if row["id"] != product["id"]:
            UnlinkedListing.objects.create(
                shop=live, external_id=row["id"], reason="–", resolved_at=timezone.now()
            )
    return set_aside(live, product)


def sell_variants(shop: Shop, skus: list[str]) -> Product:
    """A product of ours with variants of these SKUs, without options."""
    product = Product.objects.create(merchant=shop.merchant, sku="COLLAR", title="Dog collar")
    for sku in skus:
        factories.add_variant(product, sku=sku)
    return product


def test_a_listing_of_another_sku_is_linked_by_hand_and_nothing_else_is_made(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    ours = factories.make_product(live.merchant, sku="MINE", title="Our own title", price="3.33")
    listing = linking.link(unlinked, ours, by="Ada")
    (sku,) = tiktok.product(unlinked.external_id)["skus"]
    assert (listing.external_id, listing.state) == (unlinked.external_id, ListingState.ACTIVE)
    offer = Offer.objects.get()
    assert (offer.variant.sku, offer.external_id) == ("MINE", sku["id"])
    ours.refresh_from_db()
    assert (ours.title, ours.variants.get().price) == ("Our own title", offer.price_sent)
    assert not StockMovement.objects.exists()
    unlinked.refresh_from_db()
    assert unlinked.resolved_at is not None
    assert (listing.events.get().reason, listing.events.get().by) == ("Found on the shop", "Ada")
    report = channel_sync.sync(live)
    assert (report.imported, report.linked, report.unlinked) == (0, 0, 0)
    assert (Product.objects.count(), Listing.objects.count()) == (1, 1)
    assert exporting.send_prices(live).calls == 0


def test_a_staged_listing_of_the_product_becomes_the_one_on_the_channel(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    ours = factories.make_product(live.merchant, sku="MINE")
    listings.stage([ours.pk], live, by="test")
    staged = Listing.objects.get()
    assert linking.link(unlinked, ours, by="Ada").pk == staged.pk
    assert Listing.objects.count() == 1


def test_candidates_come_by_sku_then_by_identifier_then_by_title(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    (sku,) = tiktok.product(unlinked.external_id)["skus"]
    factories.make_product(live.merchant, title=f"{unlinked.title} deluxe", sku="LIKE")
    number = factories.make_product(live.merchant, title="Quite another", sku="NUMBER")
    factories.make_product(live.merchant, title="Same", sku=sku["seller_sku"])
    factories.make_product(factories.make_merchant(), title=unlinked.title, sku="FOREIGN")
    (offer,) = linking.look(unlinked).offers
    (value,) = offer.identifiers.values()
    Identifier.objects.create(variant=number.variants.get(), kind="ean", value=value.zfill(13))
    found = [(one.product.sku, one.why, one.is_sure) for one in linking.candidates(unlinked)]
    words = len(set(unlinked.title.lower().split()))
    assert found == [
        (sku["seller_sku"], f"same SKU: {sku['seller_sku']}", True),
        ("NUMBER", "same identifier: NUMBER", True),
        ("LIKE", f"title alike, {100 * words // (words + 1)} of 100", False),
    ]


def test_a_listing_that_bears_our_identifier_is_linked_by_itself(live, tiktok) -> None:
    row = remote_product(tiktok)
    (offer,) = listing_channels.get(live.channel).read(live, row["id"]).offers
    (number,) = offer.identifiers.values()
    ours = factories.make_product(live.merchant, sku="MINE")
    Identifier.objects.create(variant=ours.variants.get(), kind="gtin", value=number.zfill(14))
    report = channel_sync.sync(live)
    assert (report.imported, report.linked, report.unlinked) == (11, 1, 0)
    assert Listing.objects.get(product=ours).external_id == row["id"]
    assert Product.objects.count() == 12


def test_a_like_title_alone_links_nothing(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    factories.make_product(live.merchant, sku="MINE", title=unlinked.title)
    with pytest.raises(Refused, match="No product has its SKUs or identifiers"):
        linking.link_by_itself(unlinked, by="Ada")
    assert not Listing.objects.exists()


def test_once_its_sku_is_clear_a_listing_links_by_itself(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    ours = factories.make_product(live.merchant, sku=unlinked.seller_skus[0])
    assert linking.link_by_itself(unlinked, by="Ada").product == ours


def test_a_product_that_is_listed_there_already_is_refused_in_words(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    ours = factories.make_product(live.merchant, sku="MINE", title="Rope")
    linking.link(unlinked, ours, by="Ada")
    other = set_aside(
        live, next(r for r in map(tiktok.product, tiktok.seed_products(12)) if len(r["skus"]) == 1)
    )
    with pytest.raises(Refused, match="“Rope” is already listed on"):
        linking.link(other, ours, by="Ada")
    with pytest.raises(Refused, match="It is linked with “Rope” already"):
        linking.link(unlinked, factories.make_product(live.merchant), by="Ada")
    assert Listing.objects.count() == 1


def test_a_product_may_be_listed_on_many_shops_at_once(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    ours = factories.make_product(live.merchant, sku="MINE")
    listings.stage([ours.pk], factories.make_shop(live.merchant), by="test")
    linking.link(unlinked, ours, by="Ada")
    assert Offer.objects.filter(variant__sku="MINE").count() == 2


def test_a_product_of_another_merchant_is_refused(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    foreign = factories.make_product(factories.make_merchant(), title="Foreign")
    with pytest.raises(Refused, match="“Foreign” does not belong to"):
        linking.link(unlinked, foreign, by="Ada")


def test_skus_that_are_not_clear_are_named_and_a_person_may_say_which_they_are(
    live, tiktok
) -> None:
    unlinked = only(live, tiktok, variants=True)
    remote = tiktok.product(unlinked.external_id)["skus"]
    mine = [f"MINE-{place}" for place in range(len(remote))]
    ours = sell_variants(live, mine)
    with pytest.raises(Refused, match=f"no variant that is clearly “{remote[0]['seller_sku']}”"):
        linking.link(unlinked, ours, by="Ada")
    assert not Listing.objects.exists()
    named = {sku["id"]: ours_sku for sku, ours_sku in zip(remote, mine, strict=True)}
    with pytest.raises(Refused, match="“MINE-0” is named for two SKUs"):
        linking.link(unlinked, ours, by="Ada", named=dict.fromkeys(named, "MINE-0"))
    linking.link(unlinked, ours, by="Ada", named=named)
    linked = Offer.objects.values_list("external_id", "variant__sku")
    assert dict(linked) == named


def test_an_unlinked_listing_stays_on_the_channel_and_nothing_is_sent_to_it(
    live, tiktok, center
) -> None:
    unlinked = only(live, tiktok)
    ours = factories.make_product(live.merchant, sku="MINE")
    factories.put_stock(ours, center, 7)
    listing = linking.link(unlinked, ours, by="Ada")
    assert exporting.send_quantities(live).sent == 1
    before = tiktok.product(unlinked.external_id)
    linking.unlink(listing, by="Bob")
    factories.put_stock(ours, center, 5)
    Variant.objects.update(price="99.00")
    listings.refresh_of_products([ours.pk])
    tiktok.reset_calls()
    assert exporting.has_differences(live) is False
    assert exporting.send_quantities(live).calls + exporting.send_prices(live).calls == 0
    report = channel_sync.sync(live)
    assert (report.imported, report.linked) == (0, 0)
    assert list(tiktok.calls()) == ["POST /product/202502/products/search"]
    assert tiktok.product(unlinked.external_id) == before
    listing.refresh_from_db()
    assert (listing.external_id, listing.published_hash, listing.state in listings.CHECKED) == (
        "",
        "",
        True,
    )
    assert listing.events.filter(by="Bob").count() >= 1
    offer = Offer.objects.get()
    assert (offer.external_id, offer.price_sent) == ("", None)
    assert set(OfferStock.objects.values_list("wanted", "sent", "confirmed")) == {(12, None, None)}
    unlinked.refresh_from_db()
    assert unlinked.resolved_at is None
    assert unlinked.reason == f"Unlinked by Bob from “{ours}”."


def test_what_was_unlinked_can_be_linked_with_another_product(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    first = factories.make_product(live.merchant, sku="FIRST")
    second = factories.make_product(live.merchant, sku="SECOND")
    linking.unlink(linking.link(unlinked, first, by="Ada"), by="Ada")
    linking.link(UnlinkedListing.objects.get(pk=unlinked.pk), second, by="Ada")
    on_channel = Listing.objects.on_channel().get()
    assert (on_channel.product, on_channel.external_id) == (second, unlinked.external_id)
    assert Offer.objects.exclude(external_id="").get().variant.sku == "SECOND"


def test_what_was_unlinked_is_not_published_a_second_time_by_mistake(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    ours = factories.make_product(live.merchant, sku="MINE")
    listing = linking.link(unlinked, ours, by="Ada")
    linking.unlink(listing, by="Ada")
    Listing.objects.update(missing=[])
    listing.refresh_from_db()
    listing_machine.move(listing, ListingState.READY)
    with pytest.raises(Refused, match="with the same SKU and not linked"):
        publishing.request_publish(listing, by="Ada")
    linking.ignore(UnlinkedListing.objects.get(pk=unlinked.pk), by="Ada")
    publishing.request_publish(listing, by="Ada")
    assert Listing.objects.get().state == ListingState.QUEUED


def test_only_what_is_on_the_channel_can_be_unlinked(live) -> None:
    ours = factories.make_product(live.merchant)
    listings.stage([ours.pk], live, by="test")
    with pytest.raises(Refused, match="It is not on the channel"):
        linking.unlink(Listing.objects.get(), by="Ada")
    assert not UnlinkedListing.objects.exists()


def test_it_is_imported_as_a_new_product_only_where_its_skus_are_free(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    sku = unlinked.seller_skus[0]
    taken = factories.make_product(live.merchant, sku=sku)
    with pytest.raises(Refused, match=f"A SKU exists here already: “{sku}”"):
        linking.import_anyway(unlinked, by="Ada")
    taken.variants.update(sku="OTHER")
    Product.objects.filter(pk=taken.pk).update(sku="OTHER")
    linking.import_anyway(unlinked, by="Ada")
    with pytest.raises(Refused, match="It is linked with"):
        linking.import_anyway(unlinked, by="Ada")
    assert (Product.objects.count(), Listing.objects.count()) == (2, 1)
    assert Listing.objects.get().product.variants.get().sku == sku


def test_an_ignored_listing_is_neither_shown_as_open_nor_imported(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    linking.ignore(unlinked, by="Ada")
    report = channel_sync.sync(live)
    assert (report.imported, report.linked, report.unlinked) == (0, 0, 0)
    unlinked.refresh_from_db()
    assert unlinked.resolved_at is not None
    assert unlinked.reason.startswith("Ignored by Ada. ")
    ours = factories.make_product(live.merchant, sku="MINE")
    assert linking.link(unlinked, ours, by="Ada").external_id == unlinked.external_id


def test_what_was_deleted_on_the_channel_cannot_be_linked(live, tiktok) -> None:
    unlinked = only(live, tiktok)
    listing_channels.get(live.channel).delete(live, [unlinked.external_id])
    with pytest.raises(Refused, match="A frozen or deleted product cannot be read"):
        linking.link(unlinked, factories.make_product(live.merchant), by="Ada")
    assert not Listing.objects.exists()


def test_an_order_held_for_an_unlinked_sku_goes_on_after_linking_and_deducts_once(
    live, tiktok, center
) -> None:
    Shop.objects.filter(pk=live.pk).update(connected_at=timezone.now() - timedelta(minutes=1))
    live.refresh_from_db()
    unlinked = only(live, tiktok)
    bought = tiktok.control(
        "POST",
        "/shops/first/orders",
        {
            "items": [{"seller_sku": unlinked.seller_skus[0], "quantity": 2}],
            "warehouse_id": tiktok.warehouses()[0],
        },
    )
    tasks.pull_orders(live.pk)
    order = Order.objects.get(external_id=bought["id"])
    held = OrderAttention.objects.get(order=order)
    assert (held.kind, order.variant) == (AttentionKind.UNLINKED_SKU, None)
    ours = factories.make_product(live.merchant, sku="MINE")
    factories.put_stock(ours, center, 9)
    linking.link(unlinked, ours, by="Ada")
    assert tasks.pull_orders(live.pk).endswith("1 held orders went on.")
    tasks.pull_orders(live.pk)
    order.refresh_from_db()
    assert (order.variant.sku, order.state) == ("MINE", OrderState.PENDING)
    level = StockLevel.objects.get(fulfillment_center=center)
    assert (level.on_hand, level.reserved) == (9, 2)
    assert StockMovement.objects.filter(kind="reserve").count() == 1
    assert not OrderAttention.objects.filter(resolved_at=None).exists()
    assert stock.drift() == []
