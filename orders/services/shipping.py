"""Recording what left, and which carriers may take it."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from orders import carriers as known_carriers
from orders.models import AttentionKind, Order, OrderLine, Shipment, ShipmentLine
from orders.ports import RemoteCarrier, shipping_channels
from orders.services import attention, held, transitions, upkeep
from orders.services.links import links_of_skus
from orders.states import OrderState, ShipmentState, shipment_machine

CARRIERS_LAST = 60 * 60  # seconds


def carriers(order: Order) -> list[RemoteCarrier]:
    """The carriers that the channel takes for this order's delivery option (R85)."""
    return carriers_of(order.shop, order.channel_order.delivery_option_id)


def carriers_of(shop: Shop, delivery_option_id: str) -> list[RemoteCarrier]:
    """The same for any order of a shop; the channel is asked once an hour."""
    key = f"carriers:{shop.pk}:{delivery_option_id}"
    found: list[RemoteCarrier] | None = cache.get(key)
    if found is None:
        found = shipping_channels.get(shop.channel).carriers(shop, delivery_option_id)
        cache.set(key, found, CARRIERS_LAST)
    return found


def carrier_named(shop: Shop, delivery_option_id: str, name: str) -> RemoteCarrier:
    """The channel's carrier of that name, as somebody wrote it in a sheet."""
    known = carriers_of(shop, delivery_option_id)
    for carrier in known:
        if carrier.name.casefold() == name.strip().casefold():
            return carrier
    names = ", ".join(carrier.name for carrier in known)
    raise Refused(f"The channel knows no carrier “{name}” for this order. It takes: {names}.")


def why_not_shippable(order: Order) -> str:
    """Why an order cannot be shipped from here, in words for the person who tried; else empty."""
    if order.fulfilled_by_channel:
        return "The channel ships this order from its own warehouse: there is nothing to do here."
    if order.ships_itself:
        return (
            "This order goes by the channel's own shipping: make its label on the channel. "
            "The order here follows the parcel."
        )
    return _WHY_NOT.get(OrderState(order.state), "")


def record_shipment(
    order: Order,
    *,
    carrier: RemoteCarrier,
    tracking_number: str,
    by: str,
    lines: Sequence[OrderLine] | None = None,
) -> Shipment:
    """Write down that units of an order left: all that are still open, or just these.

    Its stock leaves the ledger, the order moves on, and the tracking number waits to be sent.
    """
    number = tracking_number.strip()
    if problem := known_carriers.problem_of(number):
        raise Refused(problem)
    with transaction.atomic():
        fresh = held.lock(order.pk)
        if why := why_not_shippable(fresh):
            raise Refused(why)
        all_lines = list(fresh.lines.all())
        leaving = _leaving(fresh, all_lines, lines)
        _mark(fresh, all_lines, leaving, by=by)
        shipment = _store(fresh, leaving, carrier, number, by=by)
        partly = any(line.is_open for line in all_lines)
        state = OrderState.PARTIALLY_SHIPPED if partly else OrderState.SHIPPED
        text = f"{len(leaving):,} of {fresh.quantity:,} left with {shipment}."
        if not transitions.advance(fresh, state, reason=text, by=by):
            transitions.note(fresh, text, by=by)
    order.refresh_from_db()
    return shipment


def correct_tracking(
    shipment: Shipment, *, carrier: RemoteCarrier, tracking_number: str, by: str
) -> None:
    """Change a number that the channel has not taken yet; it is sent again."""
    number = tracking_number.strip()
    if problem := known_carriers.problem_of(number):
        raise Refused(problem)
    if shipment.state not in (ShipmentState.REFUSED, ShipmentState.HELD):
        raise Refused("The channel has this tracking number: correct it on the channel.")
    with transaction.atomic():
        shipment_machine.move(
            shipment,
            ShipmentState.WANTED,
            carrier_external_id=carrier.external_id,
            carrier=carrier.name,
            tracking_number=number,
            attempts=0,
            outcome_unknown=True,  # the channel is asked before it is sent
            problem="",
            problem_code="",
            problem_request_id="",
        )
        orders = list(Order.objects.filter(lines__shipment_line__shipment=shipment).distinct())
        attention.clear(orders, AttentionKind.TRACKING_REFUSED, by=by)
        for order in orders:
            transitions.note(order, f"Tracking number changed to {shipment}.", by=by)


def _leaving(
    order: Order, all_lines: Sequence[OrderLine], asked: Sequence[OrderLine] | None
) -> list[OrderLine]:
    """The units that leave now; each can leave once."""
    if asked is None:
        leaving = [line for line in all_lines if line.is_open]
    else:
        wanted = {line.pk for line in asked}
        leaving = [line for line in all_lines if line.pk in wanted]
        if len(leaving) != len(wanted):
            raise Refused("These units do not all belong to this order.")
        if not all(line.is_open for line in leaving):
            raise Refused("Some of these units have left already, or were canceled.")
    if not leaving:
        raise Refused("No unit of this order is left to ship.")
    return leaving


def _mark(
    order: Order, all_lines: Sequence[OrderLine], leaving: Sequence[OrderLine], *, by: str
) -> None:
    """The units have left: their stock leaves the ledger, which must have been promised before."""
    links = links_of_skus(order.shop, {order.part}, {order.seller_sku})
    order.variant = order.variant or links.variant(order.part, order.seller_sku)
    upkeep.route(order, links, by=by)
    upkeep.save(order)
    upkeep.settle(order, all_lines, by=by)
    if order.reserved < len(leaving):
        raise Refused(
            "No stock is held for this order here. See what it needs under its attention notes: "
            "a known SKU, a mapped warehouse, or stock."
        )
    for line in leaving:
        line.is_shipped = True
        line.save(update_fields=["is_shipped", "updated_at"])
    upkeep.count(order, all_lines)
    upkeep.save(order)
    upkeep.settle(order, all_lines, by=by)


def _store(
    order: Order, leaving: Sequence[OrderLine], carrier: RemoteCarrier, number: str, *, by: str
) -> Shipment:
    shipment = Shipment.objects.create(
        shop=order.shop,
        channel_order=order.channel_order,
        carrier_external_id=carrier.external_id,
        carrier=carrier.name,
        tracking_number=number,
        shipped_at=timezone.now(),
        by=by,
    )
    ShipmentLine.objects.bulk_create(ShipmentLine(shipment=shipment, line=line) for line in leaving)
    if not order.shop.push_tracking:
        shipment_machine.move(shipment, ShipmentState.HELD)
    return shipment


_WHY_NOT = {
    OrderState.PENDING: (
        "This order is on hold: the buyer may still cancel it. It can be shipped when the channel "
        "says that it awaits shipment."
    ),
    OrderState.SHIPPED: "This order has been shipped.",
    OrderState.DELIVERED: "This order has been delivered.",
    OrderState.COMPLETED: "This order is completed.",
    OrderState.CANCELED: "This order was canceled: do not ship it.",
}
