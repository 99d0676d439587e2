from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Merchant, Product, Variant, WarehouseMapping
from catalog.services import stock
from orders.models import AttentionKind, Order, OrderAttention
from orders.ports import RemoteOrderStatus as S
from orders.services import attention, held, upkeep
from orders.services.changes import Changes
from orders.services.in_hand import PartInHand
from orders.services.recording import record
from orders.states import OrderState
from tests.orders.memory_channel import PLACED, remote_order, unit
from tests.orders.world import World, open_attentions

pytestmark = pytest.mark.django_db


def test_an_oversold_order_comes_in_with_a_note_and_takes_nothing(world: World) -> None:
    tea = world.variant(on_hand=2)
    record(world.shop, remote_order(units=[unit("1"), unit("2"), unit("3")]))
    order = Order.objects.get()
    assert (order.state, order.reserved) == (OrderState.PENDING, 0)
    assert OrderAttention.objects.get().sentence == (
        "3 of TEA ordered, 2 available at Reno. Add stock there, or cancel the order on the "
        "channel; when stock arrives it is held by itself."
    )
    assert world.figures(tea) == (2, 0)


def test_stock_that_arrives_is_held_for_the_oldest_oversold_order(world: World) -> None:
    tea = world.variant()
    record(world.shop, remote_order("1002", created_at=PLACED + timedelta(minutes=1)))
    record(world.shop, remote_order("1001"))
    assert held.retry_attentions(shop=world.shop).orders == 0
    stock.receive(tea, world.reno, 1, reference="delivery")
    released = held.retry_attentions(variant=tea)
    assert (released.orders, released.variant_ids) == (1, {tea.pk})
    assert open_attentions() == [("1002", AttentionKind.OVERSOLD)]
    assert Order.objects.get(external_id="1001").reserved == 1
    assert world.figures(tea) == (1, 1)


def test_an_unknown_sku_is_held_and_goes_on_when_a_product_gets_it(world: World) -> None:
    record(world.shop, remote_order())
    assert open_attentions() == [("576460000000000001", AttentionKind.UNLINKED_SKU)]
    tea = world.variant(on_hand=5)
    assert held.retry_attentions(shop=world.shop).orders == 1
    assert held.retry_attentions(shop=world.shop).orders == 0
    assert Order.objects.get().variant == tea
    assert open_attentions() == []
    assert world.movements(tea) == [("reserve", 0, 1)]


def test_an_unmapped_warehouse_holds_the_order_until_it_is_mapped(world: World) -> None:
    tea = world.variant(on_hand=5)
    mapping = WarehouseMapping.objects.get(warehouse__external_id="W1")
    WarehouseMapping.objects.filter(pk=mapping.pk).delete()
    record(world.shop, remote_order())
    assert open_attentions() == [("576460000000000001", AttentionKind.UNMAPPED_WAREHOUSE)]
    WarehouseMapping.objects.create(
        shop=world.shop, warehouse=mapping.warehouse, fulfillment_center=world.reno
    )
    assert held.retry_attentions(shop=world.shop).orders == 1
    assert world.figures(tea) == (5, 1)
    assert open_attentions() == []


def test_what_left_without_stock_of_ours_asks_for_a_count_and_deducts_nothing(
    world: World,
) -> None:
    tea = world.variant(on_hand=1)
    record(world.shop, remote_order(units=[unit("1"), unit("2")]))
    record(world.shop, remote_order(status=S.IN_TRANSIT, units=[unit("1"), unit("2")], minutes=9))
    order = Order.objects.get()
    assert (order.state, order.uncovered, order.consumed) == (OrderState.SHIPPED, 2, 0)
    assert open_attentions() == [("576460000000000001", AttentionKind.SHIPPED_UNCOVERED)]
    assert world.figures(tea) == (1, 0)


def test_a_buyers_request_to_cancel_is_shown_and_changes_nothing_else(world: World) -> None:
    tea = world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT))
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, cancel_requested=True, minutes=1))
    assert open_attentions() == [("576460000000000001", AttentionKind.CANCELLATION_REQUESTED)]
    assert list(Order.objects.with_cancellation_requested()) == [Order.objects.get()]
    assert (Order.objects.get().state, world.figures(tea)) == (OrderState.UNSHIPPED, (5, 1))
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, minutes=2))
    assert open_attentions() == []
    assert world.movements(tea) == [("reserve", 0, 1)]


def test_an_order_that_the_channel_ships_holds_stock_and_says_where_the_label_is_made(
    world: World,
) -> None:
    tea = world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, ships_itself=True))
    assert open_attentions() == [("576460000000000001", AttentionKind.CHANNEL_SHIPPING)]
    assert world.figures(tea) == (5, 1)
    record(world.shop, remote_order(status=S.IN_TRANSIT, ships_itself=True, minutes=5))
    assert open_attentions() == []
    assert (Order.objects.get().state, world.figures(tea)) == (OrderState.SHIPPED, (4, 0))


def test_a_parcel_canceled_on_its_way_is_shown_and_not_put_back(world: World) -> None:
    tea = world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.IN_TRANSIT))
    record(world.shop, remote_order(status=S.CANCELED, minutes=9))
    assert Order.objects.get().state == OrderState.CANCELED
    assert open_attentions() == [("576460000000000001", AttentionKind.CANCELED_AFTER_SHIPPING)]
    assert world.figures(tea) == (4, 0)


def test_what_a_person_has_seen_to_is_not_shown_again(world: World) -> None:
    world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.IN_TRANSIT))
    record(world.shop, remote_order(status=S.CANCELED, minutes=9))
    attention.dismiss(OrderAttention.objects.get(), by="ann")
    record(world.shop, remote_order(status=S.CANCELED, minutes=10))
    assert open_attentions() == []
    assert OrderAttention.objects.get().resolved_by == "ann"


def test_a_held_order_of_another_merchant_is_not_linked_by_the_same_sku(world: World) -> None:
    record(world.shop, remote_order())
    other = Merchant.objects.create(name="Other", slug="other")
    product = Product.objects.create(merchant=other, sku="TEA", title="Their tea")
    theirs = Variant.objects.create(merchant=other, product=product, sku="TEA")
    assert held.retry_attentions(shop=world.shop).orders == 0
    assert held.retry_attentions(variant=theirs).orders == 0
    assert Order.objects.get().variant is None


def test_held_orders_go_on_together_and_each_takes_its_stock_once(world: World) -> None:
    """However many they are, the queries stay the same few."""
    costs = []
    for first, orders in ((1000, 4), (2000, 24)):
        sku = f"SKU-{first}"
        for n in range(first, first + orders):
            record(world.shop, remote_order(str(n), units=[unit(f"{n}-1", sku)]))
        variant = world.variant(sku, on_hand=orders)
        with CaptureQueriesContext(connection) as queries:
            released = held.retry_attentions(shop=world.shop)
        assert (released.orders, released.variant_ids) == (orders, {variant.pk})
        assert held.retry_attentions(shop=world.shop).orders == 0
        assert world.movements(variant) == [("reserve", 0, 1)] * orders
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 25
    assert open_attentions() == []
    assert stock.drift() == []


def test_a_held_order_that_fails_keeps_no_other_from_going_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("1001", "1002", "1003"):
        record(world.shop, remote_order(number))
    tea = world.variant(on_hand=5)
    settle = upkeep.settle

    def settle_but_one(part: PartInHand, changes: Changes) -> None:
        settle(part, changes)
        if part.order.external_id == "1002":
            raise ValueError("something nobody thought of")

    monkeypatch.setattr(upkeep, "settle", settle_but_one)
    monkeypatch.setattr(held, "TOGETHER", 2)
    assert held.retry_attentions(shop=world.shop).orders == 2
    assert open_attentions() == [("1002", AttentionKind.UNLINKED_SKU)]
    assert world.movements(tea) == [("reserve", 0, 1)] * 2
