"""Invariants 1 to 3 of stock and orders, with real processes on whatever database the tests use."""

from __future__ import annotations

from collections import Counter

import pytest

from catalog.services import stock
from orders.models import Order, OrderAttention
from orders.services.recording import record, record_all
from tests.orders.memory_channel import remote_order, unit
from tests.orders.world import make_world
from tests.support.processes import run_together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_twenty_orders_for_five_units_reserve_five_and_flag_fifteen() -> None:
    world = make_world()
    tea = world.variant(on_hand=5)
    run_together(lambda n: record(world.shop, remote_order(f"{1000 + n}")).outcome.value, 20)
    assert Counter(Order.objects.values_list("reserved", flat=True)) == {1: 5, 0: 15}
    assert OrderAttention.objects.filter(kind="oversold", resolved_at=None).count() == 15
    assert world.figures(tea) == (5, 5)
    assert len(world.movements(tea)) == 5
    assert stock.drift() == []


def test_pages_of_orders_for_five_units_reserve_five_and_flag_fifteen() -> None:
    world = make_world()
    tea = world.variant(on_hand=5)

    def work(number: int) -> int:
        page = [remote_order(f"{1000 + 4 * number + place}") for place in range(4)]
        return len(record_all(world.shop, page))

    assert run_together(work, 5) == [4] * 5
    assert Counter(Order.objects.values_list("reserved", flat=True)) == {1: 5, 0: 15}
    assert OrderAttention.objects.filter(kind="oversold", resolved_at=None).count() == 15
    assert (world.figures(tea), len(world.movements(tea))) == ((5, 5), 5)
    assert stock.drift() == []


def test_one_order_in_eight_processes_is_stored_once_and_deducted_once() -> None:
    world = make_world()
    tea, mug = world.variant("TEA", on_hand=9), world.variant("MUG", on_hand=9)
    remote = remote_order(units=[unit("1", "TEA"), unit("2", "MUG")])
    outcomes = run_together(lambda n: record(world.shop, remote).outcome.value, 8)
    assert Counter(outcomes) == {"created": 1, "unchanged": 7}
    assert Order.objects.count() == 2
    assert (world.movements(tea), world.movements(mug)) == (
        [("reserve", 0, 1)],
        [("reserve", 0, 1)],
    )
