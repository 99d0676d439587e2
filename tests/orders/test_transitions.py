from __future__ import annotations

import pytest

from marketplace.kernel.states import IllegalMove
from orders.models import Order, OrderEvent
from orders.services import transitions
from orders.services.changes import Changes
from orders.services.recording import record
from orders.states import OrderState, order_machine
from tests.orders.memory_channel import remote_order
from tests.orders.world import World

pytestmark = pytest.mark.django_db

ILLEGAL = [
    (old, new) for old in OrderState for new in OrderState if not order_machine.allows(old, new)
]


@pytest.mark.parametrize(("old", "new"), ILLEGAL)
def test_a_step_that_is_not_in_the_table_is_refused_and_leaves_no_trace(
    world: World, old: OrderState, new: OrderState
) -> None:
    record(world.shop, remote_order())
    Order.objects.update(state=old)
    order = Order.objects.get()
    events = OrderEvent.objects.count()
    with pytest.raises(IllegalMove, match=f"“{old.label}” cannot become “{new.label}”"):
        transitions.move(order, new, reason="test", by="test")
    assert Changes(by="test").advance(order, new, reason="test") is False
    assert (Order.objects.get().state, OrderEvent.objects.count()) == (old, events)


def test_of_two_that_move_an_order_one_is_refused(world: World) -> None:
    record(world.shop, remote_order())
    mine, theirs = Order.objects.get(), Order.objects.get()
    transitions.move(mine, OrderState.UNSHIPPED, reason="mine", by="me")
    with pytest.raises(IllegalMove, match="somebody changed it meanwhile"):
        transitions.move(theirs, OrderState.CANCELED, reason="theirs", by="them")
    assert OrderEvent.objects.filter(reason="theirs").count() == 0
