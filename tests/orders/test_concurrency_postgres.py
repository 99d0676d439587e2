"""Invariants 1 to 3 of stock and orders on PostgreSQL, where writers truly run side by side."""

from __future__ import annotations

import os
import signal

import pytest

from catalog.models import Variant
from catalog.services import stock
from orders.models import Order, OrderAttention, Shipment
from orders.ports import RemoteOrderStatus as S
from orders.services import held, shipping, tracking
from orders.services.recording import record
from tests.orders.memory_channel import CHANNEL, UPS, remote_order, unit
from tests.orders.world import World, make_world
from tests.support.processes import Died, Raised, run_together, try_together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.postgres,
]


@pytest.fixture
def committed() -> World:
    return make_world()


def two_skus(world: World) -> tuple[Variant, Variant]:
    return world.variant("TEA", on_hand=100), world.variant("MUG", on_hand=100)


def test_orders_that_name_two_skus_in_opposite_order_do_not_block_each_other(
    committed: World,
) -> None:
    tea, mug = two_skus(committed)

    def work(number: int) -> str:
        skus = ("TEA", "MUG") if number % 2 else ("MUG", "TEA")
        for turn in range(4):
            external_id = str(1000 + 10 * number + turn)
            units = [unit(f"{external_id}-{sku}", sku) for sku in skus]
            record(committed.shop, remote_order(external_id, units=units))
        return "done"

    assert run_together(work, 8) == ["done"] * 8
    assert (committed.figures(tea), committed.figures(mug)) == ((100, 32), (100, 32))
    assert stock.drift() == []


def test_a_cancellation_seen_by_many_restores_once(committed: World) -> None:
    tea, _ = two_skus(committed)
    record(committed.shop, remote_order())
    canceled = remote_order(status=S.CANCELED, minutes=5)
    run_together(lambda n: record(committed.shop, canceled).outcome.value, 8)
    assert committed.movements(tea) == [("reserve", 0, 1), ("release", 0, -1)]
    assert committed.figures(tea) == (100, 0)


def test_orders_and_cancellations_side_by_side_leave_the_ledger_right(committed: World) -> None:
    tea = committed.variant("TEA", on_hand=7)

    def work(number: int) -> str:
        external_id = str(1000 + number % 6)
        last = S.CANCELED if number % 2 else S.AWAITING_SHIPMENT
        for minutes, status in enumerate((S.ON_HOLD, last)):
            # Even numbers never cancel what odd ones do: each order has one end.
            own = external_id if number % 2 == int(external_id) % 2 else str(2000 + number)
            record(committed.shop, remote_order(own, status, minutes=minutes))
            held.retry_attentions(shop=committed.shop)
        return "done"

    assert run_together(work, 12) == ["done"] * 12
    held.retry_attentions(shop=committed.shop)
    on_hand, reserved = committed.figures(tea)
    live = Order.objects.exclude(state="canceled")
    assert (on_hand, reserved) == (7, sum(live.values_list("reserved", flat=True)))
    flagged = OrderAttention.objects.filter(kind="oversold", resolved_at=None).count()
    assert (reserved, flagged) == (min(7, live.count()), live.count() - min(7, live.count()))
    assert stock.drift() == []


def test_a_process_killed_while_storing_an_order_leaves_all_of_it_or_nothing(
    committed: World,
) -> None:
    tea, mug = two_skus(committed)
    remote = remote_order(units=[unit("1", "TEA"), unit("2", "MUG")])
    reserve = stock.reserve

    def work(number: int) -> str:
        calls = []

        def reserve_then_die(*args: object, **kwargs: object) -> bool:
            calls.append(reserve(*args, **kwargs))  # type: ignore[arg-type]
            if len(calls) == 2 - number:
                os.kill(os.getpid(), signal.SIGKILL)
            return calls[-1]

        stock.reserve = reserve_then_die  # type: ignore[assignment]
        record(committed.shop, remote)
        return "done"

    assert run_together(work, 2) == [Died(-signal.SIGKILL)] * 2
    assert Order.objects.count() == 0
    assert (committed.figures(tea), committed.figures(mug)) == ((100, 0), (100, 0))
    record(committed.shop, remote)
    assert (committed.figures(tea), committed.figures(mug)) == ((100, 1), (100, 1))
    assert stock.drift() == []


def test_a_unit_shipped_by_many_people_at_once_leaves_once(committed: World) -> None:
    tea, _ = two_skus(committed)
    record(committed.shop, remote_order(status=S.AWAITING_SHIPMENT))
    order = Order.objects.get()

    def work(number: int) -> str:
        shipping.record_shipment(order, carrier=UPS, tracking_number=f"1Z{number:04}", by="ann")
        return "shipped"

    answers = try_together(work, 6)
    assert answers.count("shipped") == 1
    assert {answer.name for answer in answers if isinstance(answer, Raised)} == {"Refused"}
    assert (Shipment.objects.count(), committed.figures(tea)) == (1, (99, 0))


def test_a_tracking_number_sent_by_many_workers_leaves_once(committed: World) -> None:
    two_skus(committed)
    record(committed.shop, remote_order(status=S.AWAITING_SHIPMENT))
    shipping.record_shipment(Order.objects.get(), carrier=UPS, tracking_number="1Z999", by="ann")

    def work(number: int) -> int:
        CHANNEL.reset()
        tracking.send_tracking(committed.shop)
        return len(CHANNEL.sent)

    assert sorted(run_together(work, 6)) == [0, 0, 0, 0, 0, 1]
    assert Shipment.objects.get().attempts == 1
