"""Keeping order parts true: what was sold, what stock they hold, what a person must see."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.models import SamplePolicy
from catalog.services.booking import Place
from orders.models import AttentionKind, OrderComponent
from orders.services import attention, holding, placing
from orders.services.changes import Changes
from orders.services.in_hand import PartInHand
from orders.services.links import Links

CHECKED_KINDS = (
    *holding.HOLDING_KINDS,
    AttentionKind.CANCELLATION_REQUESTED,
    AttentionKind.CHANNEL_SHIPPING,
)


def link(part: PartInHand, links: Links, changes: Changes) -> None:
    """Find what was sold. A bundle's recipe is taken over once; later edits do not reach it."""
    order = part.order
    order.variant = order.variant or links.variant(order.part, order.seller_sku)
    if order.variant is None or part.components or order.stock_moves:
        return
    for variant_id, units in links.recipes.get(order.variant.pk, {}).items():
        row = OrderComponent(order=order, variant_id=variant_id, units=units)
        part.components.append(row)
        changes.components.add(row)


def places(part: PartInHand, links: Links) -> set[Place]:
    """Every level that keeping this part true may touch or must know; it is linked already."""
    centers = placing.centers(part, links)
    return {(variant_id, center) for variant_id in part.shelves for center in centers}


def route(parts: Sequence[PartInHand], links: Links, changes: Changes) -> None:
    """Find who ships these parts of one channel order."""
    placing.place(parts, links, changes)


def count(part: PartInHand) -> None:
    """Take the figures of a part from its units."""
    part.order.quantity = len(part.lines)
    part.order.canceled_quantity = sum(line.is_canceled for line in part.lines)
    part.order.shipped_quantity = sum(line.is_shipped for line in part.lines)


def settle(part: PartInHand, changes: Changes) -> None:
    """Hold, take or give back stock as the units need it, and show what stands in the way."""
    found = holding.settle(part, changes) | _channel_findings(part, changes)
    attention.sync(part, found, among=CHECKED_KINDS, changes=changes)
    if not part.open_units:
        attention.sync(part, {}, among=[AttentionKind.HELD_BY_RULE], changes=changes)
    if any(line.is_canceled and line.is_shipped for line in part.lines):
        kind = AttentionKind.CANCELED_AFTER_SHIPPING
        attention.show_once(part, kind, _CALL_IT_BACK, changes)


def _channel_findings(part: PartInHand, changes: Changes) -> dict[AttentionKind, str]:
    found = {}
    order, open_units = part.order, part.open_units
    if order.is_sample and open_units and order.shop.sample_orders == SamplePolicy.HOLD:
        attention.show_once(part, AttentionKind.SAMPLE_HELD, _RELEASE_IT, changes)
    if order.cancel_requested and open_units:
        found[AttentionKind.CANCELLATION_REQUESTED] = _ANSWER_IT
    if order.ships_itself and not order.fulfilled_by_channel and open_units:
        found[AttentionKind.CHANNEL_SHIPPING] = _LABEL_THERE
    return found


_ANSWER_IT = (
    "The buyer asks to cancel. Nothing has changed here yet: approve or decline the request under "
    "Cancellations before its time is over."
)
_LABEL_THERE = (
    "The channel ships this order: get its label here with “Get label”, or make it on the channel. "
    "Its stock is held here, and the order goes on by itself when the channel reports the parcel."
)
_RELEASE_IT = (
    "This is a sample, and this shop holds samples. Mark this as seen to if it shall be shipped; "
    "otherwise cancel it on the channel. Its stock is held here meanwhile."
)
_CALL_IT_BACK = (
    "Units were canceled after they had been shipped. Call the parcel back, and receive the "
    "units again when they arrive."
)
