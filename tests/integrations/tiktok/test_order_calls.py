from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.http.errors import RemoteBusy, RemoteRefused
from integrations.tiktok.adapter import TikTokOrders
from integrations.tiktok.shipping import TikTokShipping
from orders.ports import ListedOrder, RemoteOrder, RemoteOrderStatus, UnreadableOrder
from tests.integrations.tiktok.conftest import Connected, World
from tests.support.sandbox import Sandbox

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
USPS = "7117858858072016686"
SEARCH = "POST /order/202309/orders/search"
ORDERS, SHIPPING = TikTokOrders(), TikTokShipping()


def sku_ids(sandbox: Sandbox, count: int) -> list[str]:
    """Put products on the shop and return SKUs that have stock."""
    ids = sandbox.seed_products(count)
    return [sandbox.product(key)["skus"][0]["id"] for key in ids]


def place(sandbox: Sandbox, *skus: str, **wishes: Any) -> str:
    """A buyer orders one unit per SKU named (twice named, two units)."""
    items = [{"sku_id": sku, "quantity": count} for sku, count in Counter(skus).items()]
    answer = sandbox.control("POST", "/shops/first/orders", {"items": items, **wishes})
    return str(answer["id"])


def read(listed: ListedOrder) -> RemoteOrder:
    found = listed.read()
    assert isinstance(found, RemoteOrder), found
    return found


def test_orders_come_from_every_page_oldest_change_first(world: World) -> None:
    (sku,) = sku_ids(world.sandbox, 1)
    ids = [place(world.sandbox, sku, warehouse_id=world.sandbox.warehouses()[0]) for _ in range(3)]
    world.sandbox.advance(10)
    ids.append(place(world.sandbox, sku, warehouse_id=world.sandbox.warehouses()[0]))
    found = [row.text("id") for row in world.orders.search_orders(updated_since=LONG_AGO)]
    assert sorted(found) == sorted(ids)
    assert found[-1] == ids[-1]
    (call,) = world.sandbox.recent_calls(SEARCH.split()[1])
    assert (call["query"]["sort_field"], call["query"]["sort_order"]) == ("update_time", "ASC")
    assert call["query"]["page_size"] == "100"


def test_two_hundred_and_one_orders_are_three_calls(world: World) -> None:
    sku_ids(world.sandbox, 20)
    placed = world.sandbox.control("POST", "/shops/first/orders/bulk", {"count": 201})
    found = [row.text("id") for row in world.orders.search_orders(updated_since=LONG_AGO)]
    assert sorted(found) == sorted(placed["order_ids"])
    assert world.sandbox.calls() == {SEARCH: 3}


def test_orders_are_read_fifty_at_a_time(world: World) -> None:
    skus = sku_ids(world.sandbox, 51)
    ids = [place(world.sandbox, sku) for sku in skus]
    found = list(world.orders.orders(ids))
    assert sorted(row.text("id") for row in found) == sorted(ids)
    assert world.sandbox.calls()["GET /order/202507/orders"] == 2


def test_an_order_the_channel_does_not_know_hides_no_other(connected: Connected) -> None:
    first, second = sku_ids(connected.sandbox, 2)
    ids = [place(connected.sandbox, first), "999", place(connected.sandbox, second)]
    found = [listed.read() for listed in ORDERS.orders(connected.shop, ids)]
    assert [row.external_id for row in found] == ids
    assert [isinstance(row, UnreadableOrder) for row in found] == [False, True, False]
    assert isinstance(found[1], UnreadableOrder)
    assert "code 21008111" in found[1].reason


def test_an_order_on_hold_becomes_shippable_with_its_address(connected: Connected) -> None:
    sandbox, shop = connected.sandbox, connected.shop
    first, second = sku_ids(sandbox, 2)
    order_id = place(sandbox, first, first, second)
    held = read(next(ORDERS.orders_since(shop, LONG_AGO)))
    assert (held.external_id, held.status) == (order_id, RemoteOrderStatus.ON_HOLD)
    assert held.address is None
    assert Counter(unit.sku_id for unit in held.units) == {first: 2, second: 1}
    sandbox.advance(3601)
    free = read(next(ORDERS.orders(shop, [order_id])))
    assert free.status is RemoteOrderStatus.AWAITING_SHIPMENT
    assert free.address is not None
    assert (free.address.country, free.address.is_masked) == ("US", False)
    assert free.address.city != ""
    assert free.ship_by is not None
    assert free.warehouse_id in sandbox.warehouses()


def test_an_order_s_parts_add_up_on_the_channel_s_own_figures(connected: Connected) -> None:
    first, second = sku_ids(connected.sandbox, 2)
    place(connected.sandbox, first, second, second)
    paid = read(next(ORDERS.orders_since(connected.shop, LONG_AGO))).payment
    assert paid.sub_total + paid.shipping_fee + paid.tax + paid.other_fees == paid.total


def test_only_orders_changed_since_a_moment_come(connected: Connected) -> None:
    (sku,) = sku_ids(connected.sandbox, 1)
    place(connected.sandbox, sku)
    later = datetime.now(UTC) + timedelta(minutes=5)
    assert list(ORDERS.orders_since(connected.shop, later)) == []


def test_a_tracking_number_reaches_the_order_once(connected: Connected) -> None:
    sandbox, shop = connected.sandbox, connected.shop
    (sku,) = sku_ids(sandbox, 1)
    order_id = place(sandbox, sku, sku)
    sandbox.advance(3601)
    units = [unit.external_id for unit in read(next(ORDERS.orders(shop, [order_id]))).units]
    package_id = SHIPPING.send_tracking(
        shop,
        order_id,
        line_ids=units,
        carrier_id=USPS,
        tracking_number="9400111899223100001234",
    )
    assert package_id != ""
    known = SHIPPING.sent_tracking(shop, order_id)
    assert {key: one.number for key, one in known.items()} == dict.fromkeys(
        units, "9400111899223100001234"
    )
    shipped = read(next(ORDERS.orders(shop, [order_id])))
    assert shipped.status is RemoteOrderStatus.AWAITING_COLLECTION


def test_an_unclear_answer_is_cleared_by_asking_what_was_sent(connected: Connected) -> None:
    sandbox, shop = connected.sandbox, connected.shop
    (sku,) = sku_ids(sandbox, 1)
    order_id = place(sandbox, sku)
    sandbox.advance(3601)
    assert SHIPPING.sent_tracking(shop, order_id) == {}
    sandbox.fault("lost_answer", path="/fulfillment/*", count=1)
    with pytest.raises(RemoteBusy) as caught:
        SHIPPING.send_tracking(
            shop,
            order_id,
            line_ids=[],
            carrier_id=USPS,
            tracking_number="9400111899223100001234",
        )
    assert caught.value.outcome_unknown is True
    (there,) = SHIPPING.sent_tracking(shop, order_id).values()
    assert (there.number, there.carrier) == ("9400111899223100001234", "USPS")


def test_an_order_on_hold_cannot_be_shipped(connected: Connected) -> None:
    (sku,) = sku_ids(connected.sandbox, 1)
    order_id = place(connected.sandbox, sku)
    with pytest.raises(RemoteRefused) as caught:
        SHIPPING.send_tracking(
            connected.shop,
            order_id,
            line_ids=[],
            carrier_id=USPS,
            tracking_number="9400111899223100001234",
        )
    assert caught.value.code != ""
    assert SHIPPING.sent_tracking(connected.shop, order_id) == {}


def test_an_order_that_the_channel_ships_says_so(connected: Connected) -> None:
    (sku,) = sku_ids(connected.sandbox, 1)
    place(connected.sandbox, sku, shipping_type="TIKTOK")
    connected.sandbox.advance(3601)
    found = read(next(ORDERS.orders_since(connected.shop, LONG_AGO)))
    assert (found.ships_itself, found.fulfilled_by_channel) == (True, False)
    assert found.address is not None
    assert found.address.is_masked is True
