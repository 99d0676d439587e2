from __future__ import annotations

import pytest

from integrations.http.errors import RemoteRefused
from tests.integrations.tiktok.conftest import World, picture


def test_warehouses_come_with_their_kind(world: World) -> None:
    kinds = [row.kind for row in world.logistics.warehouses()]
    assert kinds == ["RETURN_WAREHOUSE", "SALES_WAREHOUSE", "SALES_WAREHOUSE"]


def test_carriers_are_those_of_the_options_that_the_seller_ships(world: World) -> None:
    names = [row.name for row in world.logistics.all_shipping_providers()]
    assert names == sorted(names)
    assert {"USPS", "UPS", "FedEx"} <= set(names)


def test_a_site_of_the_channel_s_own_is_known_as_a_warehouse_of_the_shop(world: World) -> None:
    for row in world.logistics.fbt_warehouses():
        assert row.name != ""
        assert len(row.warehouse_ids) == 1
    assert world.sandbox.calls() == {"GET /fbt/202408/warehouses": 1}


def test_the_carriers_of_an_option_the_channel_ships_are_refused(world: World) -> None:
    warehouse = next(row for row in world.logistics.warehouses() if row.kind == "SALES_WAREHOUSE")
    option = next(
        row
        for row in world.logistics.delivery_options(warehouse.id)
        if row.name == "TikTok standard"
    )
    with pytest.raises(RemoteRefused) as caught:
        world.logistics.shipping_providers(option.id)
    assert caught.value.code == "21008117"


def test_every_leaf_category_hangs_on_a_department(world: World) -> None:
    rows = world.listings.categories()
    by_id = {row.id: row for row in rows}
    leaves = [row for row in rows if row.is_leaf]
    assert len(leaves) >= 60
    for leaf in leaves:
        row = leaf
        while row.parent_id != "0":
            row = by_id[row.parent_id]


def test_a_category_s_form_is_read(world: World) -> None:
    leaf = next(row for row in world.listings.categories() if row.is_leaf)
    attributes = world.listings.attributes(leaf.id)
    assert any(row.is_sales_property for row in attributes)
    assert world.listings.rules(leaf.id).size_chart_required in (True, False)


def test_brands_come_from_every_page(world: World) -> None:
    for number in range(103):
        if number in (50, 100):
            world.sandbox.advance(86_401)  # fifty brands a day are allowed
        world.listings.create_brand(f"Zorro {number:03}")
    names = [row.name for row in world.listings.brands(prefix="Zorro")]
    assert sorted(names) == [f"Zorro {number:03}" for number in range(103)]
    assert world.sandbox.calls()["GET /product/202309/brands"] == 2


def test_the_same_picture_is_the_same_uri(world: World) -> None:
    first = world.listings.upload_image(picture(), filename="a.jpg")
    again = world.listings.upload_image(picture(), filename="b.jpg")
    other = world.listings.upload_image(picture(color="navy"), filename="c.jpg")
    assert first.uri == again.uri
    assert first.uri != other.uri
    assert (first.width, first.height) == (600, 600)


def test_what_is_no_picture_is_refused_in_plain_words(world: World) -> None:
    with pytest.raises(RemoteRefused, match="picture"):
        world.listings.upload_image(b"not a picture", filename="a.jpg")


def test_many_products_are_changed_twenty_at_a_time(world: World) -> None:
    ids = world.sandbox.seed_products(41)
    assert world.listings.deactivate(ids) == []
    assert world.listings.activate(ids) == []
    assert world.listings.delete(ids) == []
    counts = world.sandbox.calls()
    assert counts["POST /product/202309/products/deactivate"] == 3
    assert counts["POST /product/202309/products/activate"] == 3
    assert counts["DELETE /product/202309/products"] == 3
    assert {row["status"] for row in world.sandbox.products()} == {"DELETED"}


def test_one_refused_item_of_a_batch_is_named(world: World) -> None:
    (product_id,) = world.sandbox.seed_products(1)
    failures = world.listings.deactivate([product_id, "1"])
    assert [failure.item_id for failure in failures] == ["1"]
    assert (failures[0].code != "", len(failures[0].request_id)) == (True, 34)


def test_stock_is_read_a_hundred_products_at_a_time(world: World) -> None:
    ids = world.sandbox.seed_products(101)
    rows = list(world.listings.stock(ids))
    assert {row.product_id for row in rows} == set(ids)
    assert {row.warehouse_id for row in rows} <= set(world.sandbox.warehouses())
    assert world.sandbox.calls()["POST /product/202309/inventory/search"] == 2


def test_products_come_from_every_page(world: World) -> None:
    ids = world.sandbox.seed_products(201)
    assert sorted(row.id for row in world.listings.search_products()) == sorted(ids)
    assert world.sandbox.calls()["POST /product/202502/products/search"] == 3


def test_more_skus_than_a_search_takes_become_several_searches(world: World) -> None:
    world.sandbox.seed_products(12)
    skus = [row.skus[0].seller_sku for row in world.listings.search_products()]
    world.sandbox.reset_calls()
    found = {row.skus[0].seller_sku for row in world.listings.search_products(seller_skus=skus)}
    assert found == set(skus)
    assert world.sandbox.calls()["POST /product/202502/products/search"] == 2


def test_one_property_of_a_product_can_be_replaced(world: World) -> None:
    (product_id,) = world.sandbox.seed_products(1)
    title = "A title that replaces the one before"
    sent = world.listings.partial_edit(product_id, {"title": title})
    assert sent.product_id == product_id
    world.sandbox.advance(60)
    assert world.listings.product(product_id).title == title


def test_what_stands_in_the_way_of_publishing_is_listed(world: World) -> None:
    items = {row.item: row.is_failed for row in world.listings.prerequisites()}
    assert items["RETURN_WAREHOUSE"] is False
    assert items["SHOP_STATUS"] is False


def test_a_document_gets_an_id(world: World) -> None:
    found = world.listings.upload_file(b"%PDF-1.4 test", filename="certificate.pdf")
    assert (found.name, found.format) == ("certificate.pdf", "PDF")
    assert found.id != ""
