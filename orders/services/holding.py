"""The stock that an order holds: promised once, taken out once, given back once.

Nothing here remembers steps. The order says how many units are still to leave and how many have
left; the difference to what it holds becomes ledger lines in the same transaction, so a repeated,
late or reordered message finds nothing left to do. Callers hold the lock of the channel order.
"""

from __future__ import annotations

from collections.abc import Callable

from catalog.models import FulfillmentCenter
from catalog.services import stock
from orders.models import AttentionKind, Order
from orders.services import attention

HOLDING_KINDS = (
    AttentionKind.UNLINKED_SKU,
    AttentionKind.UNMAPPED_WAREHOUSE,
    AttentionKind.OVERSOLD,
)


def settle(order: Order, *, open_units: int, by: str) -> dict[AttentionKind, str]:
    """Make what an order holds equal to what its units need; return what keeps it from that.

    `open_units` are those that still have to leave.
    """
    if order.channel_order.fulfilled_by_channel:
        return {}
    left = order.shipped_quantity - order.uncovered
    needed = open_units + left - order.consumed - order.reserved
    if needed > 0 and (found := _hold(order, needed, by=by)):
        gone = left - order.consumed - order.reserved
        if gone <= 0:
            return found
        _write_off(order, gone)
        return settle(order, open_units=open_units, by=by)
    if left > order.consumed:
        _move(order, "ship", left - order.consumed, by=by)
    if order.reserved > open_units:
        _move(order, "release", order.reserved - open_units, by=by)
    return {}


def move_elsewhere(order: Order, center: FulfillmentCenter, *, by: str) -> None:
    """The channel chose another warehouse: give the promise back where it was made."""
    if order.reserved:
        _move(order, "release", order.reserved, by=by)
    order.fulfillment_center = center
    order.save(update_fields=["fulfillment_center", "updated_at"])


def _hold(order: Order, units: int, *, by: str) -> dict[AttentionKind, str]:
    if order.variant is None:
        return {AttentionKind.UNLINKED_SKU: _unlinked(order)}
    if order.fulfillment_center is None:
        return {AttentionKind.UNMAPPED_WAREHOUSE: order.routing_reason}
    try:
        _move(order, "reserve", units, by=by)
    except stock.NotEnoughStock:
        return {AttentionKind.OVERSOLD: _oversold(order, units)}
    return {}


def _write_off(order: Order, units: int) -> None:
    """Units left although none were promised: the ledger cannot know which, so a person counts."""
    order.uncovered += units
    order.save(update_fields=["uncovered", "updated_at"])
    attention.flag(
        order,
        AttentionKind.SHIPPED_UNCOVERED,
        f"{units:,} of {order.seller_sku or order.part} left although no stock was promised for "
        "it here. Count the stock of this SKU where it was shipped from.",
    )


def _move(order: Order, verb: str, units: int, *, by: str) -> None:
    """One ledger line and the order's own count of it, in the caller's transaction."""
    act: Callable[..., bool] = getattr(stock, verb)
    step = order.stock_moves + 1
    reference = f"{order.stock_reference}:{verb}" + (f":{step}" if step > 1 else "")
    act(order.variant, order.fulfillment_center, units, reference=reference, by=by)
    order.stock_moves = step
    order.reserved += units if verb == "reserve" else -units
    order.consumed += units if verb == "ship" else 0
    order.save(update_fields=["stock_moves", "reserved", "consumed", "updated_at"])


def _unlinked(order: Order) -> str:
    return (
        f"SKU {order.seller_sku or order.part} is not known here, so no stock is held for "
        f"{order.quantity:,} ordered. Give a product this SKU, or link the listing; the order "
        "then goes on by itself."
    )


def _oversold(order: Order, units: int) -> str:
    assert order.variant is not None
    assert order.fulfillment_center is not None
    left = stock.available(order.variant, order.fulfillment_center)
    return (
        f"{units:,} of {order.variant.sku} ordered, {left:,} available at "
        f"{order.fulfillment_center}. Add stock there, or cancel the order on the channel; "
        "when stock arrives it is held by itself."
    )
