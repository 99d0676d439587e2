"""What becomes of some orders: gathered in memory, then stored together.

A caller locks the orders, watches or adds their rows, books stock, notes and moves, and stores all
of it at the end, in one transaction. The statements do not become more with the orders.
"""

from __future__ import annotations

from collections.abc import Iterable

from catalog.services.booking import Booking, Place
from marketplace.kernel import many
from marketplace.kernel.rows import Rows
from orders.models import (
    Address,
    ChannelOrder,
    Order,
    OrderAttention,
    OrderComponent,
    OrderEvent,
    OrderLine,
)
from orders.services.in_hand import PartInHand
from orders.states import OrderState, order_machine


class Changes:
    """Rows to write, lines of the timeline, moves and stock of the orders in hand."""

    def __init__(self, *, by: str) -> None:
        self.by = by
        self.heads = Rows(ChannelOrder)
        self.addresses = Rows(Address)
        self.orders = Rows(Order)
        self.lines = Rows(OrderLine)
        self.attentions = Rows(OrderAttention)
        self.components = Rows(OrderComponent)
        self.booking = Booking(())
        self._events: list[OrderEvent] = []
        self._moves: dict[OrderState, list[Order]] = {}

    def watch(self, parts: Iterable[PartInHand]) -> None:
        """These are stored as they stand now; what is changed of them later is written."""
        for part in parts:
            self.orders.watch([part.order])
            self.lines.watch(part.lines)
            self.attentions.watch(part.attentions)

    def lock_stock(self, places: Iterable[Place]) -> None:
        """Lock every level that will be booked; after the orders, and once."""
        self.booking = Booking(places)

    def came_in(self, order: Order, text: str) -> None:
        """The first line of an order's timeline."""
        self._events.append(OrderEvent(order=order, new=order.state, reason=text, by=self.by))

    def note(self, order: Order, text: str) -> None:
        """A line of the timeline that moves nothing."""
        self._events.append(
            OrderEvent(order=order, old=order.state, new=order.state, reason=text, by=self.by)
        )

    def advance(self, order: Order, to: OrderState, *, reason: str) -> bool:
        """Move an order once, if that is a step forward; older news changes nothing."""
        if not order_machine.allows(order.state, to):
            return False
        self._moves.setdefault(to, []).append(order)
        self._events.append(
            OrderEvent(order=order, old=order.state, new=to, reason=reason, by=self.by)
        )
        return True

    def store(self) -> None:
        """Write everything down. Raises what the database or the table of moves refuses."""
        below = (self.lines, self.components, self.attentions)
        for rows in (self.heads, self.addresses, self.orders, *below):
            rows.store()
        many.insert(self._events)
        for to, orders in self._moves.items():
            order_machine.move_together(orders, to)
        self.booking.write()
        self._events, self._moves = [], {}
