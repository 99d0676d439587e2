"""The stock that an order holds: promised once, taken out once, given back once.

Nothing here remembers steps. The order says how many units are still to leave and how many have
left; the difference to what it holds becomes ledger lines in the same transaction, so a repeated,
late or reordered message finds nothing left to do. Callers hold the lock of the channel order and
of the stock, and store the changes.
"""

from __future__ import annotations

from catalog.models import FulfillmentCenter
from orders.models import AttentionKind, Order
from orders.services import attention
from orders.services.changes import Changes
from orders.services.in_hand import PartInHand

HOLDING_KINDS = (
    AttentionKind.UNLINKED_SKU,
    AttentionKind.UNMAPPED_WAREHOUSE,
    AttentionKind.NOT_ROUTED,
    AttentionKind.OVERSOLD,
)


def settle(part: PartInHand, changes: Changes) -> dict[AttentionKind, str]:
    """Make what a part holds equal to what its units need; return what keeps it from that."""
    order = part.order
    if order.channel_order.fulfilled_by_channel:
        return {}
    open_units = part.open_units
    left = order.shipped_quantity - order.uncovered
    needed = open_units + left - order.consumed - order.reserved
    if needed > 0 and (found := _hold(part, needed, changes)):
        gone = left - order.consumed - order.reserved
        if gone <= 0:
            return found
        _write_off(part, gone, changes)
        return settle(part, changes)
    if left > order.consumed:
        _move(part, "ship", left - order.consumed, changes)
    if order.reserved > open_units:
        _move(part, "release", order.reserved - open_units, changes)
    return {}


def move_elsewhere(part: PartInHand, center: FulfillmentCenter, changes: Changes) -> None:
    """The channel chose another warehouse: give the promise back where it was made."""
    if part.order.reserved:
        _move(part, "release", part.order.reserved, changes)
    part.order.fulfillment_center = center


def available(part: PartInHand, center_id: int, changes: Changes) -> int:
    """Units of what was sold that a center can still promise; of a bundle, whole ones."""
    free = changes.booking.available
    shelves = part.shelves.items()
    return min((free((variant, center_id)) // units for variant, units in shelves), default=0)


def _hold(part: PartInHand, units: int, changes: Changes) -> dict[AttentionKind, str]:
    order = part.order
    if order.variant is None:
        return {AttentionKind.UNLINKED_SKU: _unlinked(order)}
    if order.fulfillment_center is None:
        return {part.waits_as: order.routing_reason}
    free = available(part, order.fulfillment_center.pk, changes)
    if free < units:
        return {AttentionKind.OVERSOLD: _oversold(part, units, free)}
    _move(part, "reserve", units, changes)
    return {}


def _write_off(part: PartInHand, units: int, changes: Changes) -> None:
    """Units left although none were promised: the ledger cannot know which, so a person counts."""
    order = part.order
    order.uncovered += units
    attention.show(
        part,
        AttentionKind.SHIPPED_UNCOVERED,
        f"{units:,} of {order.seller_sku or order.part} left although no stock was promised for "
        "it here. Count the stock of this SKU where it was shipped from.",
        changes,
    )


def _move(part: PartInHand, verb: str, units: int, changes: Changes) -> None:
    """A ledger line, for a bundle one per component, and the order's own count of it."""
    order, center_id = part.order, part.order.fulfillment_center_id
    assert center_id is not None
    booking = changes.booking
    act = {"reserve": booking.reserve, "release": booking.release, "ship": booking.ship}[verb]
    step = order.stock_moves + 1
    reference = f"{order.stock_reference}:{verb}" + (f":{step}" if step > 1 else "")
    for variant_id, in_one in part.shelves.items():
        signed = f"{reference}:of-{variant_id}" if part.components else reference
        act((variant_id, center_id), units * in_one, reference=signed, by=changes.by)
    order.stock_moves = step
    order.reserved += units if verb == "reserve" else -units
    order.consumed += units if verb == "ship" else 0


def _unlinked(order: Order) -> str:
    return (
        f"SKU {order.seller_sku or order.part} is not known here, so no stock is held for "
        f"{order.quantity:,} ordered. Give a product this SKU, or link the listing; the order "
        "then goes on by itself."
    )


def _oversold(part: PartInHand, units: int, free: int) -> str:
    order = part.order
    assert order.variant is not None
    what = "stock of the bundle's components" if part.components else "stock"
    return (
        f"{units:,} of {order.variant.sku} ordered, {free:,} available at "
        f"{order.fulfillment_center}. Add {what} there, or cancel the order on the channel; "
        "when stock arrives it is held by itself."
    )
