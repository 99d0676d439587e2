"""How orders live, what they cost, and how the app reads them."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from tests.integrations.sandbox.buying import (
    DAY,
    HOUR,
    buy,
    held,
    lines_of,
    mark_shipped,
    order_of,
    ready,
    status_of,
    stock_up,
)
from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox, in_process

SEARCH = "/order/202309/orders/search"


def search(client: SignedClient, body: object = None, **query: str) -> list[str]:
    found = client.call("POST", SEARCH, body or {}, query={"page_size": "100", **query})
    return [order["id"] for order in found["orders"]]


def test_a_paid_order_is_on_hold_for_an_hour_without_an_address(box: Sandbox, client: SignedClient):
    stock_up(client)
    placed = buy(box)
    before = order_of(client, placed["id"])
    assert (before["status"], before["is_on_hold_order"]) == ("ON_HOLD", True)
    assert "recipient_address" not in before
    assert "buyer_email" not in before
    assert "rts_sla_time" not in before
    box.advance(HOUR - 5)
    assert status_of(client, placed["id"]) == "ON_HOLD"
    box.advance(6)
    after = order_of(client, placed["id"])
    assert (after["status"], after["is_on_hold_order"]) == ("AWAITING_SHIPMENT", False)
    assert after["recipient_address"]["region_code"] == "US"
    assert "***" not in after["recipient_address"]["name"]
    assert after["rts_sla_time"] - after["update_time"] == 3 * DAY


def test_an_unpaid_order_is_canceled_by_the_system_after_a_day(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    order_id = buy(box, 2, paid=False)["id"]
    assert status_of(client, order_id) == "UNPAID"
    assert sum(available for available, _promised in held(client, sku)) == 10
    box.advance(DAY)
    order = order_of(client, order_id)
    assert (order["status"], order["cancellation_initiator"]) == ("CANCELLED", "SYSTEM")
    assert order["cancel_reason"] == "system_cancel_unpaid_time_out"
    assert held(client, sku) == [(5, 0), (7, 0)]


def test_an_order_that_nobody_ships_is_canceled_at_its_deadline(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    box.advance(5 * DAY - 5)
    assert status_of(client, order_id) == "AWAITING_SHIPMENT"
    box.advance(6)
    assert order_of(client, order_id)["cancellation_initiator"] == "SYSTEM"


def test_every_unit_is_a_line_of_its_own(box: Sandbox, client: SignedClient):
    stock_up(client, "MUG-1")
    stock_up(client, "MUG-2")
    order_id = buy(box, 2, "MUG-1", "MUG-2")["id"]
    lines = order_of(client, order_id)["line_items"]
    assert [line["seller_sku"] for line in lines] == ["MUG-1", "MUG-1", "MUG-2", "MUG-2"]
    assert len({line["id"] for line in lines}) == 4


@pytest.mark.parametrize(("state", "place"), [("California", 1), ("New York", 0)])
def test_the_nearest_warehouse_gets_the_order(
    box: Sandbox, client: SignedClient, state: str, place: int
):
    sku = stock_up(client)
    order_id = buy(box, 3, buyer={"state": state})["id"]
    assert order_of(client, order_id)["warehouse_id"] == box.warehouses()[place]
    expected = [(5, 0), (7, 0)]
    expected[place] = (expected[place][0] - 3, 3)
    assert held(client, sku) == expected


def test_a_warehouse_without_the_goods_gets_no_order(box: Sandbox, client: SignedClient):
    stock_up(client, east=1, west=9)
    order_id = buy(box, 4, buyer={"state": "New York"})["id"]
    assert order_of(client, order_id)["warehouse_id"] == box.warehouses()[1]


def test_more_than_any_warehouse_has_cannot_be_bought(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    items = [{"seller_sku": "MUG-1", "quantity": 8}]
    answer = box.session.post(f"{box.url}/_sandbox/shops/first/orders", json={"items": items})
    assert (answer.status_code, held(client, sku)) == (400, [(5, 0), (7, 0)])


def test_the_amounts_obey_the_formulas(box: Sandbox, client: SignedClient):
    stock_up(client, price="19.99")
    order_id = buy(
        box, 3, seller_discount="5.00", platform_discount="1.00", shipping_seller_discount="2.00"
    )["id"]
    order = order_of(client, order_id)
    pay = order["payment"]
    assert {name: pay[name] for name in pay if pay[name] not in ("0", "USD")} == {
        "sub_total": "53.97",
        "shipping_fee": "2.99",
        "seller_discount": "5.00",
        "platform_discount": "1.00",
        "total_amount": "61.41",
        "original_total_product_price": "59.97",
        "original_shipping_fee": "4.99",
        "shipping_fee_seller_discount": "2.00",
        "tax": "4.45",
        "product_tax": "4.45",
    }
    lines = order["line_items"]
    assert [line["seller_discount"] for line in lines] == ["1.67", "1.67", "1.66"]
    assert [line["sale_price"] for line in lines] == ["17.98", "17.99", "18.00"]
    assert sum(Decimal(line["sale_price"]) for line in lines) == Decimal("53.97")


def test_the_price_detail_adds_up(box: Sandbox, client: SignedClient):
    stock_up(client, price="19.99")
    order_id = buy(box, 3)["id"]
    detail = client.call("GET", f"/order/202407/orders/{order_id}/price_detail")
    assert (detail["total"], detail["sku_sale_price"], detail["tax_amount"]) == (
        "69.91",
        "59.97",
        "4.95",
    )
    assert sum(Decimal(line["total"]) for line in detail["line_items"]) == Decimal("69.91")
    assert [line["shipping_sale_price"] for line in detail["line_items"]] == [
        "1.67",
        "1.66",
        "1.66",
    ]


def test_a_sample_costs_nothing(box: Sandbox, client: SignedClient):
    stock_up(client)
    order = order_of(client, buy(box, is_sample_order=True)["id"])
    assert (order["is_sample_order"], order["payment"]["total_amount"]) == (True, "0")
    assert order["line_items"][0]["sale_price"] == "0"


@pytest.mark.parametrize(
    "wishes", [{"shipping_type": "TIKTOK"}, {"fulfillment_type": "FULFILLMENT_BY_TIKTOK"}]
)
def test_the_address_is_masked_where_tiktok_ships(
    box: Sandbox, client: SignedClient, wishes: dict[str, str]
):
    stock_up(client)
    order_id = ready(box, buyer={"name": "Robin Vale", "state": "Oregon"}, **wishes)
    address = order_of(client, order_id)["recipient_address"]
    assert (address["name"], address["postal_code"]) == ("R***", "97401")
    assert address["address_line1"].endswith("***")


def test_an_order_fulfilled_by_tiktok_takes_nothing_from_the_seller(
    box: Sandbox, client: SignedClient
):
    sku = stock_up(client)
    order_id = ready(box, fulfillment_type="FULFILLMENT_BY_TIKTOK")
    site = client.call("GET", "/fbt/202408/warehouses")["warehouses"][0]
    assert order_of(client, order_id)["warehouse_id"] == site["warehouse_ids"][0]
    assert held(client, sku) == [(5, 0), (7, 0)]
    box.advance(6 * HOUR)
    assert status_of(client, order_id) == "AWAITING_COLLECTION"


def test_what_lies_at_tiktok_can_be_listed(box: Sandbox, client: SignedClient):
    stock_up(client)
    box.control("POST", "/shops/first/fbt", {"seller_sku": "MUG-1", "quantity": 12})
    query = {"page_size": "10"}
    found = client.call("POST", "/fbt/202408/inventory/search", {}, query=query)["inventory"][0]
    assert found["goods"]["reference_code"] == "MUG-1"
    assert found["on_hand_detail"]["available_quantity"] == 12


def test_the_search_pages_through_all_orders_once(box: Sandbox, client: SignedClient):
    stock_up(client, east=9, west=9)
    placed = [buy(box)["id"] for _number in range(5)]
    seen, token, totals = [], "", set()
    while True:
        query = {"page_size": "2", "page_token": token, "sort_order": "ASC"}
        page = client.call("POST", SEARCH, {}, query=query)
        seen += [order["id"] for order in page["orders"]]
        totals.add(page["total_count"])
        token = page["next_page_token"]
        if not token:
            break
    assert (seen, totals) == (placed, {5})


def test_the_search_finds_by_status_times_and_way_of_shipping(box: Sandbox, client: SignedClient):
    stock_up(client, east=9, west=9)
    held_id = buy(box)["id"]
    waiting = ready(box, shipping_type="TIKTOK")
    start = box.advance(600)
    late = buy(box)["id"]
    assert search(client, {"order_status": "AWAITING_SHIPMENT"}) == [waiting]
    assert search(client, {"shipping_type": "TIKTOK"}) == [waiting]
    assert search(client, {"create_time_ge": start}) == [late]
    assert search(client, {"create_time_lt": start}, sort_order="ASC") == [held_id, waiting]
    client.box.control("POST", f"/orders/{held_id}/cancel", {})
    assert search(client, {"update_time_ge": start}, sort_field="update_time")[0] in (late, held_id)
    assert sorted(search(client, {"update_time_ge": start})) == sorted([held_id, late])
    place = order_of(client, late)["warehouse_id"]
    assert late in search(client, {"warehouse_ids": [place]})
    buyer = order_of(client, late)["user_id"]
    assert search(client, {"buyer_user_id": buyer}) == [late]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({}, {}),
        ({}, {"page_size": "101"}),
        ({"order_status": "LOST"}, {"page_size": "10"}),
        ({}, {"page_size": "10", "sort_field": "total"}),
        ({"create_time_ge": "1"}, {"page_size": "10"}),
    ],
)
def test_a_malformed_search_is_refused(
    client: SignedClient, body: dict[str, object], query: dict[str, str]
):
    assert client.gateway("POST", SEARCH, body, query=query) == (400, 36009004)


def test_a_lagging_index_hides_what_is_new(box: Sandbox, client: SignedClient):
    stock_up(client)
    buy(box)
    box.fault("index_lag", seconds=30, path=SEARCH)
    assert search(client) == []
    box.advance(31)
    assert len(search(client)) == 1


def test_details_take_up_to_fifty_ids_joined_or_repeated(box: Sandbox, client: SignedClient):
    stock_up(client, east=9, west=9)
    first, second = buy(box)["id"], buy(box)["id"]
    for version in ("202309", "202507"):
        found = client.call("GET", f"/order/{version}/orders", query={"ids": f"{second},{first}"})
        assert [order["id"] for order in found["orders"]] == [second, first]
    many = ",".join(str(number) for number in range(51))
    assert client.gateway("GET", "/order/202507/orders", query={"ids": many}) == (400, 36009004)
    assert client.refused("GET", "/order/202507/orders", query={"ids": "5"}) == 21008111


def test_another_shops_order_is_not_shown(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = buy(box)["id"]
    other = SignedClient(box, box.add_shop("GB")["id"])
    assert other.refused("GET", "/order/202507/orders", query={"ids": order_id}) == 21008111
    path, body = mark_shipped(other, order_id)
    assert other.refused("POST", path, body) == 21008111


def test_an_order_can_be_linked_with_the_sellers_number(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = buy(box)["id"]
    line = lines_of(client, order_id)[0]
    external = {
        "id": "MM-17",
        "platform": "ORDER_MANAGEMENT_SYSTEM",
        "line_items": [{"id": "MM-17-1", "origin_id": line}],
    }
    body = {"orders": [{"id": order_id, "external_order": external}]}
    assert client.call("POST", "/order/202406/orders/external_orders", body) == {"errors": []}
    platform = {"platform": "ORDER_MANAGEMENT_SYSTEM"}
    path = f"/order/202406/orders/{order_id}/external_orders"
    assert client.call("GET", path, query=platform) == {"external_orders": [external]}
    query = {**platform, "external_order_id": "MM-17"}
    found = client.call("POST", "/order/202406/orders/external_order_search", query=query)
    assert found == {"orders": [{"id": order_id, "external_order": external}]}
    body = {"orders": [{"id": "5", "external_order": external}]}
    errors = client.call("POST", "/order/202406/orders/external_orders", body)["errors"]
    assert [error["code"] for error in errors] == ["21008111"]


def test_five_hundred_orders_are_placed_in_seconds(box: Sandbox, client: SignedClient):
    box.seed_products(20)
    started = time.monotonic()
    orders = box.control("POST", "/shops/first/scenarios/many_orders")["orders"]
    assert (len(orders), time.monotonic() - started < 10) == (500, True)
    assert {order["status"] for order in orders} == {
        "UNPAID",
        "ON_HOLD",
        "AWAITING_SHIPMENT",
        "AWAITING_COLLECTION",
        "IN_TRANSIT",
        "DELIVERED",
        "COMPLETED",
        "CANCELLED",
    }
    assert client.call("POST", SEARCH, {}, query={"page_size": "1"})["total_count"] == 500


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("canceled_in_first_hour", "CANCELLED"),
        ("two_skus", "AWAITING_SHIPMENT"),
        ("asks_to_cancel_late", "AWAITING_SHIPMENT"),
        ("partial_shipment", "PARTIALLY_SHIPPING"),
        ("tiktok_shipping", "AWAITING_SHIPMENT"),
        ("fulfilled_by_tiktok", "AWAITING_SHIPMENT"),
        ("sample_order", "AWAITING_SHIPMENT"),
        ("never_paid", "UNPAID"),
        ("never_shipped", "AWAITING_SHIPMENT"),
    ],
)
def test_a_story_happens(box: Sandbox, client: SignedClient, name: str, status: str):
    box.seed_products(5)
    order = box.control("POST", f"/shops/first/scenarios/{name}")["orders"][0]
    assert (order["status"], status_of(client, order["id"])) == (status, status)


def test_orders_outlive_a_restart(tmp_path, request: pytest.FixtureRequest):
    path = str(tmp_path / "state.sqlite3")
    first = in_process(state=path)
    client = SignedClient(first)
    stock_up(client)
    order_id = buy(first)["id"]
    first.state.stop()
    second = in_process(state=path)
    request.addfinalizer(second.state.stop)
    second.advance(HOUR)
    assert second.control("GET", f"/orders/{order_id}")["status"] == "AWAITING_SHIPMENT"
