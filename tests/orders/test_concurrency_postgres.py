"""Invariants 1 to 3 of stock and orders on PostgreSQL, where writers truly run side by side."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from catalog.models import ChannelWarehouse, Shop, Variant, WarehouseKind, WarehouseMapping
from catalog.services import stock
from orders.models import ChannelOrder, Order, OrderAttention, OrderEvent, Shipment
from orders.ports import RemoteOrderStatus as S
from orders.services import held, intake, shipping, tracking
from orders.services.recording import Recorded, record, record_all
from tests.orders.memory_channel import CHANNEL, PLACED, UPS, remote_order, unit
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


def test_pages_of_two_shops_that_sell_from_one_shelf_in_opposite_order_do_not_block(
    committed: World,
) -> None:
    tea, mug = two_skus(committed)
    shops = [committed.shop, second_shop(committed)]

    def work(number: int) -> str:
        shop, skus = shops[number % 2], ("TEA", "MUG") if number % 2 else ("MUG", "TEA")
        for turn in range(3):
            ids = [str(1000 + 100 * number + 10 * turn + n) for n in range(5)]
            page = [remote_order(n, units=[unit(f"{n}-{k}", k) for k in skus]) for n in ids]
            page.reverse()
            assert all(isinstance(one, Recorded) for one in record_all(shop, page))
        return "done"

    assert run_together(work, 6) == ["done"] * 6
    assert (committed.figures(tea), committed.figures(mug)) == ((100, 90), (100, 90))
    assert Order.objects.count() == 180
    assert stock.drift() == []


def second_shop(world: World) -> Shop:
    """Another shop of the merchant, whose warehouse stands for the same shelf."""
    shop = Shop.objects.create(
        merchant=world.merchant,
        channel=world.shop.channel,
        external_id="7000002",
        name="Second",
        region="US",
        state="active",
        connected_at=world.shop.connected_at,
    )
    warehouse = ChannelWarehouse.objects.create(
        shop=shop, external_id="W1", name="Theirs", kind=WarehouseKind.SALES
    )
    WarehouseMapping.objects.create(shop=shop, warehouse=warehouse, fulfillment_center=world.reno)
    return shop


def test_polls_and_comparisons_of_the_same_orders_side_by_side_store_each_once(
    committed: World,
) -> None:
    tea, mug = two_skus(committed)

    def work(number: int) -> str:
        CHANNEL.reset()
        ids = [str(n) for n in range(1000, 1030)]
        later = S.AWAITING_SHIPMENT if number % 2 else S.ON_HOLD
        CHANNEL.listed = [
            remote_order(
                n,
                later,
                units=[unit(f"{n}-{sku}", sku) for sku in ("TEA", "MUG")],
                minutes=number % 2,
            )
            for n in (ids if number % 3 else reversed(ids))
        ]
        look = intake.reconcile if number % 4 == 0 else intake.pull_orders
        report = look(committed.shop)
        return f"{report.seen} {report.problems}"

    with time_machine.travel(PLACED + timedelta(hours=1), tick=True):
        assert run_together(work, 8) == ["30 0"] * 8
    assert ChannelOrder.objects.count() == 30
    assert Order.objects.filter(state="unshipped", reserved=1).count() == 60
    assert OrderEvent.objects.filter(old="").count() == 60
    assert committed.movements(tea) == committed.movements(mug) == [("reserve", 0, 1)] * 30
    assert stock.drift() == []


def test_a_process_killed_while_storing_a_page_leaves_all_of_it_or_nothing(
    committed: World,
) -> None:
    tea, mug = two_skus(committed)
    page = [
        remote_order(n, units=[unit(f"{n}-1", "TEA"), unit(f"{n}-2", "MUG")])
        for n in ("1001", "1002", "1003")
    ]

    def work(number: int) -> str:
        left = 4 + 4 * number

        def dying(execute: Callable[..., object], *arguments: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(*arguments)

        with connection.execute_wrapper(dying):
            record_all(committed.shop, page)
        return "done"

    assert run_together(work, 3) == [Died(-signal.SIGKILL)] * 3
    assert ChannelOrder.objects.count() == Order.objects.count() == 0
    assert (committed.figures(tea), committed.figures(mug)) == ((100, 0), (100, 0))
    record_all(committed.shop, page)
    assert (committed.figures(tea), committed.figures(mug)) == ((100, 3), (100, 3))
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
