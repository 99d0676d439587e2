from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from catalog.models import Listing, Offer, StockMovement
from catalog.services import stock
from marketplace.kernel.errors import Refused
from orders.models import (
    Address,
    ChannelOrder,
    Order,
    OrderEvent,
    OrderLine,
    Shipment,
)
from orders.ports import RemoteOrderStatus as S
from orders.ports import RemotePayment
from orders.services import privacy, shipping
from orders.services.bringing_up import KEEP_ADDRESSES
from orders.services.recording import Outcome, Recorded, record
from orders.states import OrderState, ShipmentState
from tests.orders.memory_channel import ADDRESS, PLACED, UPS, remote_order, unit, usd
from tests.orders.world import World, open_attentions

pytestmark = pytest.mark.django_db


def test_an_order_on_hold_is_pending_and_its_units_are_promised(world: World) -> None:
    tea = world.variant(on_hand=10)
    units = [unit("1"), unit("2"), unit("3")]
    recorded = record(world.shop, remote_order(units=units))
    order = Order.objects.get()
    assert recorded == Recorded(Outcome.CREATED, "", frozenset({tea.pk}))
    assert (order.state, order.quantity, order.reserved) == (OrderState.PENDING, 3, 3)
    assert (order.variant, order.fulfillment_center) == (tea, world.reno)
    assert order.routing_reason == (
        "The channel chose warehouse Warehouse 1, which is mapped to Reno."
    )
    assert world.figures(tea) == (10, 3)
    assert StockMovement.objects.get(kind="reserve").reference == (
        f"order:{world.shop.pk}:576460000000000001:id-TEA:reserve"
    )
    assert open_attentions() == []


def test_two_skus_become_two_parts_that_share_the_channel_order(world: World) -> None:
    tea, mug = world.variant("TEA", on_hand=5), world.variant("MUG", on_hand=5)
    record(
        world.shop,
        remote_order(units=[unit("1", "TEA"), unit("2", "MUG"), unit("3", "TEA")]),
    )
    parts = Order.objects.order_by("seller_sku").values_list("seller_sku", "quantity", "reserved")
    assert list(parts) == [("MUG", 1, 1), ("TEA", 2, 2)]
    assert ChannelOrder.objects.get().parts.count() == 2
    assert (world.figures(tea), world.figures(mug)) == ((5, 2), (5, 1))


def test_the_center_mapped_to_the_channels_warehouse_gives_the_stock(world: World) -> None:
    tea = world.variant(on_hand=5)
    stock.receive(tea, world.dallas, 5, reference="first:dallas")
    record(world.shop, remote_order("1001", warehouse_id="W1"))
    record(world.shop, remote_order("1002", warehouse_id="W2"))
    centers = Order.objects.order_by("external_id").values_list("fulfillment_center__name")
    assert list(centers) == [("Reno",), ("Dallas",)]
    assert (world.figures(tea), world.figures(tea, world.dallas)) == ((5, 1), (5, 1))


def test_the_same_message_ten_times_changes_nothing_after_the_first(world: World) -> None:
    tea = world.variant(on_hand=5)
    outcomes = [record(world.shop, remote_order()).outcome for _ in range(10)]
    assert outcomes == [Outcome.CREATED] + [Outcome.UNCHANGED] * 9
    assert world.movements(tea) == [("reserve", 0, 1)]
    assert (Order.objects.count(), OrderLine.objects.count(), OrderEvent.objects.count()) == (
        1,
        1,
        1,
    )


def test_a_canceled_order_gives_its_units_back_once(world: World) -> None:
    tea = world.variant(on_hand=5)
    record(world.shop, remote_order())
    canceled = remote_order(
        status=S.CANCELED, minutes=30, canceled_by="BUYER", cancel_reason="Changed my mind"
    )
    for _ in range(3):
        record(world.shop, canceled)
    order = Order.objects.get()
    assert (order.state, order.reserved, order.canceled_quantity) == (OrderState.CANCELED, 0, 1)
    assert world.movements(tea) == [("reserve", 0, 1), ("release", 0, -1)]
    assert world.figures(tea) == (5, 0)
    assert list(OrderEvent.objects.order_by("pk").values_list("old", "new", "reason")) == [
        ("", "pending", "Came in from memory as ON_HOLD."),
        ("pending", "canceled", "Canceled on the channel by the buyer: Changed my mind."),
    ]


def test_canceling_some_units_gives_only_those_back(world: World) -> None:
    tea = world.variant(on_hand=5)
    units = [unit("1"), unit("2"), unit("3")]
    record(world.shop, remote_order(units=units))
    units[0] = replace(units[0], is_canceled=True)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, units=units, minutes=61))
    order = Order.objects.get()
    assert (order.state, order.reserved, order.canceled_quantity) == (OrderState.UNSHIPPED, 2, 1)
    units[1] = replace(units[1], is_canceled=True)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, units=units, minutes=62))
    assert world.movements(tea) == [("reserve", 0, 3), ("release", 0, -1), ("release", 0, -1)]
    assert world.figures(tea) == (5, 1)


def test_one_part_of_an_order_can_be_canceled_alone(world: World) -> None:
    tea, mug = world.variant("TEA", on_hand=5), world.variant("MUG", on_hand=5)
    record(world.shop, remote_order(units=[unit("1", "TEA"), unit("2", "MUG")]))
    units = [unit("1", "TEA", is_canceled=True), unit("2", "MUG")]
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, units=units, minutes=70))
    states = Order.objects.order_by("seller_sku").values_list("seller_sku", "state")
    assert list(states) == [("MUG", "unshipped"), ("TEA", "canceled")]
    assert (world.figures(tea), world.figures(mug)) == ((5, 0), (5, 1))


def test_awaiting_shipment_brings_the_address(world: World) -> None:
    world.variant(on_hand=5)
    record(world.shop, remote_order())
    assert Address.objects.count() == 0
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, minutes=60, address=ADDRESS))
    order = Order.objects.get()
    assert order.state == OrderState.UNSHIPPED
    assert order.channel_order.address.full == (
        "Jane Doe\n1 Main St\nApt 2\nReno NV 89501\nUS\n+1 775 555 0100"
    )
    assert order.channel_order.address.masked == "J*** D***, Reno, US"
    assert order.due_at == PLACED + timedelta(hours=72)


def test_a_buyers_data_is_erased_when_its_time_is_over_and_stays_away(world: World) -> None:
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, address=ADDRESS, buyer="Jane"))
    assert privacy.erase_personal_data(PLACED + KEEP_ADDRESSES - timedelta(seconds=1)) == 0
    with time_machine.travel(PLACED + KEEP_ADDRESSES, tick=False):
        assert privacy.erase_personal_data(timezone.now()) == 1
        remote = remote_order(status=S.COMPLETED, address=ADDRESS, buyer="Jane", minutes=9)
        record(world.shop, remote)
    address = Address.objects.get()
    assert (address.name, address.lines, address.full) == ("", [], "Erased")
    assert (address.masked, address.channel_order.buyer) == ("Erased", "")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (S.AWAITING_COLLECTION, OrderState.SHIPPED),
        (S.IN_TRANSIT, OrderState.SHIPPED),
        (S.DELIVERED, OrderState.DELIVERED),
        (S.COMPLETED, OrderState.COMPLETED),
    ],
)
def test_what_left_on_the_channel_leaves_the_stock_once(
    world: World, status: S, state: OrderState
) -> None:
    tea = world.variant(on_hand=5)
    record(world.shop, remote_order())
    record(world.shop, remote_order(status=status, minutes=90))
    record(world.shop, remote_order(status=S.COMPLETED, minutes=99))
    assert OrderEvent.objects.filter(new=state).count() == 1
    assert world.movements(tea) == [("reserve", 0, 1), ("ship", -1, -1)]
    assert world.figures(tea) == (4, 0)


def test_an_order_first_seen_shipped_is_taken_in_and_leaves_the_stock(world: World) -> None:
    tea = world.variant(on_hand=5)
    parcel = unit("1", tracking_number="1Z999", package_id="P1", carrier="UPS")
    record(world.shop, remote_order(status=S.IN_TRANSIT, units=[parcel], minutes=90))
    record(world.shop, remote_order(status=S.DELIVERED, units=[parcel], minutes=95))
    shipment = Shipment.objects.get()
    assert (shipment.tracking_number, shipment.carrier, shipment.state) == (
        "1Z999",
        "UPS",
        ShipmentState.SENT,
    )
    assert shipment.made_on_channel is True
    assert world.figures(tea) == (4, 0)


def test_what_left_here_stays_gone_while_the_channel_still_awaits_it(world: World) -> None:
    tea = world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT))
    shipping.record_shipment(Order.objects.get(), carrier=UPS, tracking_number="1Z99", by="ann")
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, minutes=5, buyer_note="Ring twice"))
    order = Order.objects.get()
    assert (order.state, order.shipped_quantity) == (OrderState.SHIPPED, 1)
    assert world.movements(tea) == [("reserve", 0, 1), ("ship", -1, -1)]


def test_units_with_a_tracking_number_of_a_partly_shipped_order_have_left(world: World) -> None:
    tea = world.variant(on_hand=5)
    units = [unit("1", tracking_number="1Z999"), unit("2"), unit("3")]
    record(world.shop, remote_order(status=S.PARTIALLY_SHIPPED, units=units))
    order = Order.objects.get()
    assert (order.state, order.shipped_quantity) == (OrderState.PARTIALLY_SHIPPED, 1)
    assert world.figures(tea) == (4, 2)


def test_an_older_message_never_moves_an_order_back(world: World) -> None:
    tea = world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.CANCELED, minutes=30))
    late = record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, minutes=20))
    same_second = record(world.shop, remote_order(status=S.ON_HOLD, minutes=30))
    assert (late.outcome, same_second.outcome) == (Outcome.UNCHANGED, Outcome.UNCHANGED)
    assert Order.objects.get().state == OrderState.CANCELED
    assert world.figures(tea) == (5, 0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": S.UNPAID}, "not paid yet"),
        ({"status": S.CANCELED, "paid_at": None}, "canceled before it was paid"),
        (
            {"created_at": PLACED - timedelta(hours=1, seconds=1)},
            "placed before the shop was connected",
        ),
    ],
)
def test_what_is_not_ours_to_take_stays_on_the_channel(
    world: World, changes: dict[str, object], why: str
) -> None:
    recorded = record(world.shop, replace(remote_order(), **changes))
    assert recorded == Recorded(Outcome.SKIPPED, why)
    assert ChannelOrder.objects.count() == 0


def test_an_order_placed_the_moment_of_connecting_comes_in(world: World) -> None:
    """The channel tells whole seconds, we know parts of them: the whole second is ours."""
    world.shop.connected_at = PLACED - timedelta(hours=1, microseconds=-400_000)
    remote = remote_order(created_at=PLACED - timedelta(hours=1))
    assert record(world.shop, remote).outcome == Outcome.CREATED


def test_an_unpaid_order_comes_in_when_it_is_paid(world: World) -> None:
    world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.UNPAID))
    assert record(world.shop, remote_order(minutes=5)).outcome == Outcome.CREATED


def test_the_listing_that_was_sold_decides_the_variant_before_the_sku_does(world: World) -> None:
    world.variant("TEA", on_hand=5)
    other = world.variant("GREEN-TEA", on_hand=5)
    listing = Listing.objects.create(shop=world.shop, product=other.product)
    Offer.objects.create(listing=listing, variant=other, external_id="id-TEA", currency="USD")
    record(world.shop, remote_order())
    assert Order.objects.get().variant == other


def test_a_promise_moves_along_when_the_channel_chooses_another_warehouse(world: World) -> None:
    tea = world.variant(on_hand=5)
    stock.receive(tea, world.dallas, 5, reference="first:dallas")
    record(world.shop, remote_order(warehouse_id="W1"))
    record(world.shop, remote_order(warehouse_id="W2", minutes=1))
    record(world.shop, remote_order(warehouse_id="W1", minutes=2))
    record(world.shop, remote_order(warehouse_id="W2", minutes=3))
    assert (world.figures(tea), world.figures(tea, world.dallas)) == ((5, 0), (5, 1))
    assert Order.objects.get().fulfillment_center == world.dallas
    assert stock.drift() == []


def test_an_order_fulfilled_by_the_channel_never_touches_our_stock(world: World) -> None:
    tea = world.variant(on_hand=5)
    for minutes, status in enumerate((S.AWAITING_SHIPMENT, S.IN_TRANSIT, S.DELIVERED)):
        record(
            world.shop,
            remote_order(
                status=status, fulfilled_by_channel=True, warehouse_id="FBT", minutes=minutes
            ),
        )
    order = Order.objects.get()
    assert (order.state, order.fulfillment_center) == (OrderState.DELIVERED, None)
    assert world.movements(tea) == []
    assert open_attentions() == []


def test_money_is_kept_apart_and_adds_up_to_the_channels_total(world: World) -> None:
    units = [
        unit(
            "1",
            price="17.49",
            original_price=usd("19.99"),
            seller_discount=usd("2.00"),
            platform_discount=usd("0.50"),
            tax=usd("1.44"),
        ),
        unit("2", "MUG", price="0.10", tax=usd("0.01")),
    ]
    payment = RemotePayment(
        sub_total=usd("17.59"),
        shipping_fee=usd("4.95"),
        seller_discount=usd("2.00"),
        platform_discount=usd("0.50"),
        tax=usd("1.45"),
        total=usd("24.27"),
        other_fees=usd("0.28"),
    )
    record(world.shop, remote_order(units=units, payment=payment))
    head = ChannelOrder.objects.get()
    assert (head.total, head.unexplained) == (Decimal("24.27"), Decimal("0.00"))
    tea = Order.objects.get(seller_sku="TEA")
    assert (tea.list_total, tea.seller_discount, tea.platform_discount, tea.sub_total, tea.tax) == (
        Decimal("19.99"),
        Decimal("2.00"),
        Decimal("0.50"),
        Decimal("17.49"),
        Decimal("1.44"),
    )
    assert str(tea.sub_total_money) == "17.49 USD"


def test_an_order_without_units_is_refused_and_leaves_no_trace(world: World) -> None:
    with pytest.raises(Refused, match="The order has no units"):
        record(world.shop, remote_order(units=[]))
    assert ChannelOrder.objects.count() == 0


def test_late_and_soon_due_orders_are_found(world: World) -> None:
    now = timezone.now()
    for external_id, hours in (("late", -1), ("soon", 1), ("later", 40)):
        remote = remote_order(
            external_id, S.AWAITING_SHIPMENT, ship_by=now + timedelta(hours=hours)
        )
        record(world.shop, remote)
    record(world.shop, remote_order("pending", ship_by=now - timedelta(hours=5)))
    assert [order.external_id for order in Order.objects.late(now)] == ["late"]
    soon = Order.objects.due_within(now, timedelta(hours=24))
    assert [order.external_id for order in soon] == ["soon"]
