"""Keeping one order part true: who ships it, what stock it holds, what a person must see."""

from __future__ import annotations

from collections.abc import Sequence

from orders import routing
from orders.models import AttentionKind, Order, OrderLine
from orders.services import attention, holding, transitions
from orders.services.links import Links

CHECKED_KINDS = (
    *holding.HOLDING_KINDS,
    AttentionKind.CANCELLATION_REQUESTED,
    AttentionKind.CHANNEL_SHIPPING,
)


def route(order: Order, links: Links, *, by: str) -> None:
    """Find who ships it, without saving; a promise moves along, unless something has left."""
    head = order.channel_order
    decision = routing.route(
        head.warehouse_external_id,
        links.warehouses,
        fulfilled_by_channel=head.fulfilled_by_channel,
    )
    if decision.center_id == order.fulfillment_center_id and order.routing_reason:
        return
    if order.consumed or (decision.center_id is None and order.reserved):
        return
    order.routing_reason = decision.reason[:300]
    center = links.centers[decision.center_id] if decision.center_id else None
    if center and order.reserved:
        holding.move_elsewhere(order, center, by=by)
        transitions.note(order, decision.reason, by=by)
    order.fulfillment_center = center


def count(order: Order, lines: Sequence[OrderLine]) -> None:
    """Take the figures of a part from its units, without saving."""
    order.quantity = len(lines)
    order.canceled_quantity = sum(line.is_canceled for line in lines)
    order.shipped_quantity = sum(line.is_shipped for line in lines)


def save(order: Order) -> None:
    """Store a part's columns, but never its state: that moves by the machine alone."""
    if order.pk is None:
        order.save()
    else:
        order.save(update_fields=_COLUMNS)


def settle(order: Order, lines: Sequence[OrderLine], *, by: str, is_new: bool = False) -> None:
    """Hold, take or give back stock as the units need it, and show what stands in the way."""
    open_units = sum(line.is_open for line in lines)
    found = holding.settle(order, open_units=open_units, by=by)
    found |= _channel_findings(order, open_units)
    attention.sync(order, found, among=CHECKED_KINDS, by=by, is_new=is_new)
    if any(line.is_canceled and line.is_shipped for line in lines):
        attention.flag_once(order, AttentionKind.CANCELED_AFTER_SHIPPING, _CALL_IT_BACK)


def _channel_findings(order: Order, open_units: int) -> dict[AttentionKind, str]:
    found = {}
    if order.cancel_requested and open_units:
        found[AttentionKind.CANCELLATION_REQUESTED] = _ANSWER_IT
    if order.ships_itself and not order.fulfilled_by_channel and open_units:
        found[AttentionKind.CHANNEL_SHIPPING] = _LABEL_THERE
    return found


_COLUMNS = [
    column.name
    for column in Order._meta.concrete_fields
    if column.name not in ("id", "state", "created_at")
]

_ANSWER_IT = (
    "The buyer asks to cancel. Nothing has changed here yet: answer the request on the channel "
    "before its time is over."
)
_LABEL_THERE = (
    "The channel ships this order: make its label on the channel. Its stock is held here, and "
    "the order goes on by itself when the channel reports the parcel."
)
_CALL_IT_BACK = (
    "Units were canceled after they had been shipped. Call the parcel back, and receive the "
    "units again when they arrive."
)
