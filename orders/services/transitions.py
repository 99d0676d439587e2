"""One order's state moves here: the step and its line in the timeline together.

Orders in hand move with their other changes, see `changes`.
"""

from __future__ import annotations

from django.db import transaction

from orders.models import Order, OrderEvent
from orders.states import OrderState, order_machine


@transaction.atomic
def move(order: Order, to: OrderState, *, reason: str, by: str) -> None:
    """Move an order one step and write down why. Raises `IllegalMove` if it may not go there."""
    old = order_machine.move(order, to)
    OrderEvent.objects.create(order=order, old=old, new=to, reason=reason, by=by)


def note(order: Order, text: str, *, by: str, request_id: str = "") -> None:
    """Write a line into the timeline that moves nothing."""
    OrderEvent.objects.create(
        order=order, old=order.state, new=order.state, reason=text, by=by, request_id=request_id
    )
