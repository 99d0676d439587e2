"""Recording what left: units of an order, or several orders in one parcel."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from marketplace.kernel.errors import Refused
from orders.models import ChannelOrder, Order, OrderLine, Shipment, ShipmentLine
from orders.ports import RemoteCarrier
from orders.services import in_hand, parcel_rules, placing, upkeep
from orders.services.carrier_list import carrier_named, carriers, carriers_of
from orders.services.changes import Changes
from orders.services.corrections import correct_tracking
from orders.services.in_hand import PartInHand
from orders.services.links import links_of_skus
from orders.services.parcel_rules import why_not_shippable
from orders.states import OrderState, ShipmentState, shipment_machine

__all__ = [
    "carrier_named",
    "carriers",
    "carriers_of",
    "correct_tracking",
    "record_parcel",
    "record_shipment",
    "why_not_shippable",
]


def record_shipment(
    order: Order,
    *,
    carrier: RemoteCarrier,
    tracking_number: str,
    by: str,
    lines: Sequence[OrderLine] | None = None,
    units: int | None = None,
) -> Shipment:
    """Write down that units of an order left: all that are still open, these, or so many.

    Its stock leaves the ledger, the order moves on, and the tracking number waits to be sent.
    """
    number = parcel_rules.clean_number(tracking_number)
    with transaction.atomic():
        (part,) = _take([order])
        (shipment,) = _record([part], [_leaving(part, lines, units)], carrier, number, by)
    order.refresh_from_db()
    return shipment


def record_parcel(
    orders: Sequence[Order], *, carrier: RemoteCarrier, tracking_number: str, by: str
) -> list[Shipment]:
    """Write down that one parcel took all open units of several order parts; all or nothing.

    One shipment for each channel order, so that the channel gets the number once for each. They
    may be of several channel orders if they go to one recipient and the market lets them share a
    number. Raises `Refused` with the order that stands in the way.
    """
    number = parcel_rules.clean_number(tracking_number)
    with transaction.atomic():
        parts = _take(orders)
        parcel_rules.check_together([part.order for part in parts])
        leaving = [_leaving(part, None, None) for part in parts]
        return _record(parts, leaving, carrier, number, by)


def _take(orders: Sequence[Order]) -> list[PartInHand]:
    """Lock the order parts; raise `Refused` if one of them cannot be shipped from here."""
    parts = in_hand.take_parts([order.pk for order in orders])
    for part in parts:
        if why := why_not_shippable(part.order):
            raise Refused(f"{part.order}: {why}" if len(parts) > 1 else why)
        placing.refuse_if_held(part)
    return parts


def _record(
    parts: Sequence[PartInHand],
    leaving: Sequence[Sequence[OrderLine]],
    carrier: RemoteCarrier,
    number: str,
    by: str,
) -> list[Shipment]:
    orders = [part.order for part in parts]
    parcel_rules.check_reuse(number, orders)
    changes = Changes(by=by)
    changes.watch(parts)
    _place(parts, changes)
    lines_of: dict[ChannelOrder, list[OrderLine]] = {}
    for part, lines in zip(parts, leaving, strict=True):
        _mark(part, lines, changes)
        lines_of.setdefault(part.order.channel_order, []).extend(lines)
    shipments = {
        head: _store(orders[0], head, lines, carrier, number, by=by)
        for head, lines in lines_of.items()
    }
    for part, lines in zip(parts, leaving, strict=True):
        _advance(part, len(lines), shipments[part.order.channel_order], changes)
    changes.store()
    return list(shipments.values())


def _place(parts: Sequence[PartInHand], changes: Changes) -> None:
    """Link the parts, lock their stock and find who ships them, as intake does."""
    orders = [part.order for part in parts]
    links = links_of_skus(
        orders[0].shop, {order.part for order in orders}, {order.seller_sku for order in orders}
    )
    by_head: dict[ChannelOrder, list[PartInHand]] = {}
    for part in parts:
        upkeep.link(part, links, changes)
        by_head.setdefault(part.order.channel_order, []).append(part)
    changes.lock_stock(place for part in parts for place in upkeep.places(part, links))
    for some in by_head.values():
        upkeep.route(some, links, changes)


def _advance(part: PartInHand, count: int, shipment: Shipment, changes: Changes) -> None:
    state = OrderState.PARTIALLY_SHIPPED if part.open_units else OrderState.SHIPPED
    text = f"{count:,} of {part.order.quantity:,} left with {shipment}."
    if not changes.advance(part.order, state, reason=text):
        changes.note(part.order, text)


def _leaving(
    part: PartInHand, asked: Sequence[OrderLine] | None, units: int | None
) -> list[OrderLine]:
    """The units that leave now; each can leave once."""
    open_ones = [line for line in part.lines if line.is_open]
    if asked is not None:
        wanted = {line.pk for line in asked}
        leaving = [line for line in part.lines if line.pk in wanted]
        if len(leaving) != len(wanted):
            raise Refused("These units do not all belong to this order.")
        if not all(line.is_open for line in leaving):
            raise Refused("Some of these units have left already, or were canceled.")
    elif units is not None:
        if not 1 <= units <= len(open_ones):
            raise Refused(
                f"{units:,} units cannot leave: {len(open_ones):,} of this order are still open."
            )
        leaving = open_ones[:units]
    else:
        leaving = open_ones
    if not leaving:
        raise Refused("No unit of this order is left to ship.")
    return leaving


def _mark(part: PartInHand, leaving: Sequence[OrderLine], changes: Changes) -> None:
    """The units have left: their stock leaves the ledger, which must have been promised before."""
    order = part.order
    upkeep.settle(part, changes)
    if order.reserved < len(leaving):
        raise Refused(
            f"No stock is held for this order here ({order}). See what it needs under its "
            "attention notes: a known SKU, a mapped warehouse, or stock."
        )
    for line in leaving:
        line.is_shipped = True
    upkeep.count(part)
    upkeep.settle(part, changes)


def _store(
    order: Order,
    head: ChannelOrder,
    leaving: Sequence[OrderLine],
    carrier: RemoteCarrier,
    number: str,
    *,
    by: str,
) -> Shipment:
    shipment = Shipment.objects.create(
        shop=order.shop,
        channel_order=head,
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
