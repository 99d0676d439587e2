"""Orders of which some units are canceled and some leave, at any time and in any order (B2, B7)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import AttentionKind, Order, OrderLine
from orders.ports import RemoteOrder
from orders.ports import RemoteOrderStatus as S
from orders.services import shipping
from orders.services.recording import record
from tests.orders.memory_channel import UPS, remote_order, unit
from tests.orders.test_any_order_of_messages import SKUS, check_ledger, undone
from tests.orders.world import make_world, open_attentions

pytestmark = pytest.mark.django_db

NAME = "1000"


@dataclass(frozen=True)
class Life:
    """What the channel says of one order, oldest first, and how each unit ends."""

    skus: tuple[str, ...]
    messages: tuple[RemoteOrder, ...]
    left: frozenset[int]

    def units_of(self, sku: str, among: frozenset[int]) -> int:
        return sum(self.skus[place] == sku for place in among)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Units go in the free hour, while they await shipment, and after others have left."""
    skus = tuple(draw(st.lists(st.sampled_from(SKUS), min_size=2, max_size=5)))
    every = frozenset(range(len(skus)))
    in_the_hour = frozenset(draw(st.sets(st.sampled_from(sorted(every)), max_size=2)))
    later = frozenset(draw(st.sets(st.sampled_from(sorted(every)), max_size=2))) | in_the_hour
    live = every - later
    first = frozenset(draw(st.sets(st.sampled_from(sorted(live)), min_size=1)) if live else ())
    rest_is_canceled = draw(st.booleans())
    left = first if rest_is_canceled else live
    steps = [
        (S.ON_HOLD, frozenset[int](), frozenset[int]()),
        (S.ON_HOLD if every - in_the_hour else S.CANCELED, in_the_hour, frozenset[int]()),
        (S.AWAITING_SHIPMENT if live else S.CANCELED, later, frozenset[int]()),
    ]
    if live:
        partly = S.PARTIALLY_SHIPPED if first != live else S.IN_TRANSIT
        end = draw(st.sampled_from([S.IN_TRANSIT, S.DELIVERED, S.COMPLETED]))
        steps += [(partly, later, first), (end, every - left, left)]
    messages = tuple(
        _said(skus, status, gone, tracked, minutes)
        for minutes, (status, gone, tracked) in enumerate(steps)
    )
    return Life(skus, messages, left)


def _said(
    skus: tuple[str, ...], status: S, gone: frozenset[int], tracked: frozenset[int], minutes: int
) -> RemoteOrder:
    units = [
        unit(
            f"{NAME}-{place}",
            sku,
            is_canceled=place in gone,
            tracking_number=f"1Z99AA{place}" if place in tracked else "",
            carrier="UPS" if place in tracked else "",
        )
        for place, sku in enumerate(skus)
    ]
    return remote_order(NAME, status, units=units, minutes=minutes)


def ship_here(life: Life, places: frozenset[int]) -> None:
    """A person enters tracking for units that leave in the end, as far as they are open now."""
    names = {f"{NAME}-{place}" for place in places & life.left}
    for order in Order.objects.filter(state__in=["unshipped", "partially_shipped"]):
        rows = OrderLine.objects.filter(order=order, external_id__in=names)
        lines = list(rows.filter(is_shipped=False, is_canceled=False))
        if lines:
            shipping.record_shipment(
                order, carrier=UPS, tracking_number=f"1Z99BB{lines[0].pk}", by="ann", lines=lines
            )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), lives())
@undone
def test_units_canceled_and_shipped_in_part_end_as_the_last_message_says(
    data: st.DataObject, life: Life
) -> None:
    world = make_world()
    variants = {sku: world.variant(sku, on_hand=50) for sku in SKUS}
    seen = data.draw(st.lists(st.sampled_from(life.messages), max_size=8))
    for message in (*seen, life.messages[-1], *seen[:2]):
        record(world.shop, message)
        check_ledger(world)
        here = data.draw(st.sets(st.integers(0, 4), max_size=3))
        ship_here(life, frozenset(here))
    canceled = frozenset(range(len(life.skus))) - life.left
    for sku, variant in variants.items():
        left, gone = life.units_of(sku, life.left), life.units_of(sku, canceled)
        found = Order.objects.filter(seller_sku=sku).values_list(
            "reserved", "consumed", "shipped_quantity", "canceled_quantity", "uncovered"
        )
        assert list(found) == ([(0, left, left, gone, 0)] if left + gone else [])
        if left + gone:
            assert Order.objects.get(seller_sku=sku).state == _end(life, left)
        assert world.figures(variant) == (50 - left, 0)
    assert {kind for _, kind in open_attentions()} <= {AttentionKind.MONEY_DIFFERS}


def _end(life: Life, left: int) -> str:
    ends = {S.IN_TRANSIT: "shipped", S.DELIVERED: "delivered", S.COMPLETED: "completed"}
    return ends[life.messages[-1].status] if left else "canceled"
