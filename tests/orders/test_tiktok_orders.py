"""Orders of TikTok Shop, read and shipped over HTTP against the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Product, Shop, Variant, WarehouseMapping
from catalog.services import stock
from marketplace.kernel.errors import TryLater
from orders import tasks
from orders.models import AttentionKind, ChannelOrder, Order, OrderAttention, Shipment
from orders.ports import RemoteCarrier
from orders.services import intake, shipping, tracking
from orders.states import OrderState, ShipmentState
from tests import factories
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db


class Place:
    """An authorized shop with its two sales warehouses mapped and two products on sale."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        merchant = factories.make_merchant()
        self.shop: Shop = factories.connect(factories.make_shop(merchant), sandbox)
        Shop.objects.filter(pk=self.shop.pk).update(
            connected_at=timezone.now() - timedelta(minutes=1)
        )
        self.shop.refresh_from_db()
        self.centers = {}
        for number, warehouse_id in enumerate(sandbox.warehouses()):
            center = factories.make_center(merchant, name=f"Center {number}")
            warehouse = factories.make_warehouse(self.shop, external_id=warehouse_id)
            factories.map_warehouse(self.shop, center, warehouse)
            self.centers[warehouse_id] = center
        sandbox.seed_products(6)
        skus = [sku for row in sandbox.products() for sku in row["seller_skus"] if sku]
        self.skus = list(dict.fromkeys(skus))[:2]
        self.variants = [self._variant(sku) for sku in self.skus]

    def _variant(self, sku: str) -> Variant:
        merchant = self.shop.merchant
        product = Product.objects.create(merchant=merchant, sku=sku, title=sku)
        variant = Variant.objects.create(merchant=merchant, product=product, sku=sku)
        for center in self.centers.values():
            stock.receive(variant, center, 50, reference=f"{sku}:{center.pk}")
        return variant

    def buy(self, *quantities: int, **wishes: Any) -> dict[str, Any]:
        items = [
            {"seller_sku": sku, "quantity": count}
            for sku, count in zip(self.skus, quantities, strict=False)
        ]
        order: dict[str, Any] = self.sandbox.control(
            "POST", "/shops/first/orders", {"items": items, **wishes}
        )
        return order

    def tell(self, order: dict[str, Any], what: str, **body: Any) -> None:
        self.sandbox.control("POST", f"/orders/{order['id']}/{what}", body)

    def carrier(self, order: Order, name: str = "UPS") -> RemoteCarrier:
        return next(one for one in shipping.carriers(order) if one.name == name)

    def look(self) -> intake.IntakeReport:
        return intake.pull_orders(self.shop)

    def part(self, order: dict[str, Any], place: int = 0) -> Order:
        return Order.objects.get(external_id=order["id"], seller_sku=self.skus[place])

    def reserved(self, place: int = 0) -> int:
        levels = self.variants[place].stock_levels.all()
        return sum(level.reserved for level in levels)

    def on_hand(self, place: int = 0) -> int:
        return sum(level.on_hand for level in self.variants[place].stock_levels.all())


@pytest.fixture
def place(tiktok: Sandbox) -> Place:
    return Place(tiktok)


def test_an_order_goes_from_on_hold_to_delivered_and_its_stock_leaves_once(place: Place) -> None:
    bought = place.buy(3)
    assert place.look().created == 1
    order = place.part(bought)
    assert (order.state, order.quantity, place.reserved()) == (OrderState.PENDING, 3, 3)
    place.sandbox.advance(3700)
    place.look()
    order.refresh_from_db()
    assert order.state == OrderState.UNSHIPPED
    assert order.channel_order.address.postal_code != ""
    carrier = place.carrier(order)
    shipment = shipping.record_shipment(
        order, carrier=carrier, tracking_number="1Z999AA10123456784", by="ann"
    )
    assert tracking.send_tracking(place.shop).sent == 1
    shipment.refresh_from_db()
    assert shipment.state == ShipmentState.SENT
    assert shipment.package_external_id != ""
    shown = place.sandbox.control("GET", f"/orders/{bought['id']}")
    assert (shown["status"], shown["tracking_number"], shown["ship_calls"]) == (
        "AWAITING_COLLECTION",
        "1Z999AA10123456784",
        1,
    )
    place.tell(bought, "transit")
    place.tell(bought, "deliver")
    place.look()
    order.refresh_from_db()
    assert (order.state, place.on_hand(), place.reserved()) == (OrderState.DELIVERED, 97, 0)
    assert Shipment.objects.count() == 1
    assert stock.drift() == []


def test_two_skus_become_two_parts_at_the_center_of_the_channels_warehouse(place: Place) -> None:
    bought = place.buy(1, 2)
    place.look()
    parts = [place.part(bought, 0), place.part(bought, 1)]
    assert [part.quantity for part in parts] == [1, 2]
    center = place.centers[bought["warehouse_id"]]
    assert [part.fulfillment_center for part in parts] == [center, center]
    head = parts[0].channel_order
    assert f"{head.total:.2f}" == bought["total"]
    assert sum(part.sub_total for part in parts) == head.sub_total
    assert head.unexplained == 0


def test_a_buyer_who_cancels_in_the_first_hour_gives_the_stock_back_once(place: Place) -> None:
    bought = place.buy(2)
    place.look()
    place.tell(bought, "cancel")
    for _ in range(3):
        place.look()
    order = place.part(bought)
    assert (order.state, place.reserved(), place.on_hand()) == (OrderState.CANCELED, 0, 100)
    assert stock.drift() == []


def test_a_buyers_request_after_the_first_hour_is_shown_until_it_is_withdrawn(
    place: Place,
) -> None:
    bought = place.buy(1)
    place.sandbox.advance(3700)
    place.look()
    place.tell(bought, "cancel")
    place.look()
    order = place.part(bought)
    open_ones = OrderAttention.objects.filter(order=order, resolved_at=None)
    assert [row.kind for row in open_ones] == [AttentionKind.CANCELLATION_REQUESTED]
    assert (order.state, place.reserved()) == (OrderState.UNSHIPPED, 1)
    place.tell(bought, "withdraw_cancel")
    place.look()
    assert (open_ones.all().count(), place.reserved()) == (0, 1)


def test_an_unpaid_order_stays_on_the_channel_until_it_is_paid(place: Place) -> None:
    bought = place.buy(1, paid=False)
    assert place.look().skipped == 1
    assert Order.objects.count() == 0
    place.tell(bought, "pay")
    assert place.look().created == 1


def test_an_order_placed_before_the_shop_was_connected_stays_on_the_channel(place: Place) -> None:
    place.buy(1)
    later = timezone.now() + timedelta(minutes=5)
    Shop.objects.filter(pk=place.shop.pk).update(connected_at=later)
    place.shop.refresh_from_db()
    assert (place.look().skipped, Order.objects.count()) == (1, 0)


def test_what_was_shipped_in_seller_center_follows_here_with_its_number(place: Place) -> None:
    bought = place.buy(1)
    place.sandbox.advance(3700)
    place.look()
    order = place.part(bought)
    place.tell(bought, "ship", tracking_number="1Z999AA10123456784", provider="UPS")
    place.look()
    order.refresh_from_db()
    shipment = Shipment.objects.get()
    assert (order.state, place.on_hand(), place.reserved()) == (OrderState.SHIPPED, 99, 0)
    assert (shipment.tracking_number, shipment.made_on_channel) == ("1Z999AA10123456784", True)
    assert tracking.send_tracking(place.shop).summary() == "Tracking numbers: none to send."


def test_a_lost_answer_to_a_tracking_number_is_not_sent_twice(place: Place) -> None:
    bought = place.buy(1)
    place.sandbox.advance(3700)
    place.look()
    order = place.part(bought)
    shipping.record_shipment(
        order, carrier=place.carrier(order), tracking_number="1Z999AA10123456784", by="ann"
    )
    place.sandbox.fault("lost_answer", path="/fulfillment/*", count=1)
    for _ in range(3):
        try:
            tracking.send_tracking(place.shop)
        except TryLater:
            continue
    assert Shipment.objects.get().state == ShipmentState.SENT
    shown = place.sandbox.control("GET", f"/orders/{bought['id']}")
    assert (shown["status"], shown["ship_calls"]) == ("AWAITING_COLLECTION", 1)


def test_an_order_that_tiktok_ships_holds_stock_and_cannot_be_shipped_here(place: Place) -> None:
    bought = place.buy(1, shipping_type="TIKTOK")
    place.sandbox.advance(3700)
    place.look()
    order = place.part(bought)
    assert order.ships_itself is True
    assert shipping.why_not_shippable(order).startswith("This order goes by the channel's own")
    assert place.reserved() == 1
    place.tell(bought, "ship")
    place.tell(bought, "transit")
    place.look()
    order.refresh_from_db()
    assert (order.state, place.on_hand(), place.reserved()) == (OrderState.SHIPPED, 99, 0)


def test_an_order_in_an_unmapped_warehouse_waits_for_its_mapping(place: Place) -> None:
    mappings = WarehouseMapping.objects.filter(shop=place.shop)
    rows = [(row.warehouse, row.fulfillment_center) for row in mappings]
    mappings.all()._raw_delete(using="default")  # type: ignore[attr-defined]
    bought = place.buy(1)
    place.look()
    order = place.part(bought)
    assert [row.kind for row in order.attentions.all()] == [AttentionKind.UNMAPPED_WAREHOUSE]
    for warehouse, center in rows:
        factories.map_warehouse(place.shop, center, warehouse)
    assert tasks.pull_orders(place.shop.pk).endswith("1 held orders went on.")
    assert place.reserved() == 1


def test_a_quiet_look_costs_one_call(place: Place) -> None:
    place.buy(1)
    place.look()
    place.sandbox.reset_calls()
    assert place.look().unchanged == 1
    assert place.sandbox.calls() == {"POST /order/202309/orders/search": 1}


def test_an_order_can_leave_in_two_parcels_and_each_number_is_sent_once(place: Place) -> None:
    bought = place.buy(2, 1)
    place.sandbox.advance(3700)
    place.look()
    first, second = place.part(bought, 0), place.part(bought, 1)
    ups = place.carrier(first)
    one_unit = list(first.lines.all()[:1])
    for order, lines, number in (
        (first, one_unit, "1Z999AA10123456784"),
        (first, None, "1Z999AA10123456795"),
        (second, None, "1Z999AA10123456806"),
    ):
        shipping.record_shipment(order, carrier=ups, tracking_number=number, by="ann", lines=lines)
        tracking.send_tracking(place.shop)
        place.look()
    assert list(Shipment.objects.values_list("state", flat=True)) == ["sent"] * 3
    shown = place.sandbox.control("GET", f"/orders/{bought['id']}")
    assert (shown["status"], shown["ship_calls"]) == ("AWAITING_COLLECTION", 3)
    assert [place.part(bought, n).state for n in (0, 1)] == [OrderState.SHIPPED] * 2
    assert ((place.on_hand(0), place.on_hand(1)), place.reserved(0)) == ((98, 99), 0)
    assert stock.drift() == []


def test_an_order_from_tiktoks_own_warehouse_leaves_our_stock_alone(place: Place) -> None:
    (order_row,) = place.sandbox.control("POST", "/shops/first/scenarios/fulfilled_by_tiktok", {})[
        "orders"
    ]
    place.look()
    order = Order.objects.get(external_id=order_row["id"])
    assert (order.fulfilled_by_channel, order.fulfillment_center, order.reserved) == (
        True,
        None,
        0,
    )
    assert OrderAttention.objects.count() == 0
    assert shipping.why_not_shippable(order).startswith("The channel ships this order")


def test_a_whole_days_orders_come_in_whatever_state_they_are_in(place: Place) -> None:
    ids = place.sandbox.control("POST", "/shops/first/orders/bulk", {"count": 60})["order_ids"]
    place.sandbox.reset_calls()
    report = place.look()
    assert report.problems == 0
    assert report.created + report.skipped == len(ids) == 60
    assert stock.drift() == []
    assert all(head.unexplained == 0 for head in ChannelOrder.objects.all())
    again = intake.reconcile(place.shop)
    assert (again.created, again.updated, again.unchanged) == (0, 0, report.created)
