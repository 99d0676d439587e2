"""Whatever way the messages of an order come, the end is the same and the ledger is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import StockMovement
from catalog.services import stock
from orders.models import Order, OrderAttention
from orders.ports import ListedOrder, RemoteOrder
from orders.ports import RemoteOrderStatus as S
from orders.services import held, shipping
from orders.services.recording import record
from orders.services.taking import IntakeReport, take
from tests.orders.memory_channel import UPS, remote_order, unit
from tests.orders.world import World, make_world

pytestmark = pytest.mark.django_db

SKUS = ("TEA", "MUG")

#: Lives of an order before anything leaves: each ends where the channel ends it.
ENDINGS: tuple[tuple[S, ...], ...] = (
    (S.UNPAID, S.ON_HOLD, S.CANCELED),
    (S.ON_HOLD, S.AWAITING_SHIPMENT, S.CANCELED),
    (S.ON_HOLD, S.AWAITING_SHIPMENT),
    (S.AWAITING_SHIPMENT, S.AWAITING_COLLECTION, S.IN_TRANSIT),
    (S.ON_HOLD, S.AWAITING_SHIPMENT, S.IN_TRANSIT, S.DELIVERED, S.COMPLETED),
)


@st.composite
def lives(draw: st.DrawFn) -> list[RemoteOrder]:
    """Every message of one order's life, oldest first; units may be canceled on the way."""
    external_id = str(draw(st.integers(1000, 1004)))
    skus = draw(st.lists(st.sampled_from(SKUS), min_size=1, max_size=4))
    gone: set[int] = set()
    messages = []
    for minutes, status in enumerate(draw(st.sampled_from(ENDINGS))):
        if status == S.AWAITING_SHIPMENT and len(skus) > 1 and draw(st.booleans()):
            gone.add(draw(st.integers(0, len(skus) - 1)))
        units = [
            unit(f"{external_id}-{place}", sku, is_canceled=place in gone)
            for place, sku in enumerate(skus)
        ]
        messages.append(remote_order(external_id, status, units=units, minutes=minutes))
    return messages


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[RemoteOrder]], list[RemoteOrder]]:
    """Some lives, and their messages shuffled and repeated; the last of each comes at least once.

    A cancellation may be seen without what came before it; a message may be lost on the way.
    """
    found = draw(
        st.lists(lives(), min_size=1, max_size=3, unique_by=lambda life: life[0].external_id)
    )
    messages = [message for life in found for message in life]
    extra = draw(st.lists(st.sampled_from(messages), max_size=6))
    kept = [message for message in messages if draw(st.booleans())]
    last = [life[-1] for life in found]
    return found, draw(st.permutations([*kept, *extra, *last]))


def end_of(life: Sequence[RemoteOrder]) -> set[tuple[str, str, int, int, int]]:
    """What must be stored in the end: part, state, reserved, consumed, canceled."""
    states = {
        S.CANCELED: "canceled",
        S.AWAITING_SHIPMENT: "unshipped",
        S.IN_TRANSIT: "shipped",
        S.COMPLETED: "completed",
    }
    last = life[-1]
    parts = set()
    for sku in {one.seller_sku for one in last.units}:
        units = [one for one in last.units if one.seller_sku == sku]
        live = 0 if last.status == S.CANCELED else sum(not one.is_canceled for one in units)
        state = states[last.status] if live else "canceled"
        left = state in ("shipped", "completed")
        parts.add((sku, state, 0 if left else live, live if left else 0, len(units) - live))
    return parts


def undone(test: Callable[..., None]) -> Callable[..., None]:
    """Each example starts from an empty database."""

    @wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        with transaction.atomic():
            test(*args, **kwargs)
            transaction.set_rollback(True)

    return run


def check_ledger(world: World) -> None:
    assert stock.drift() == []
    for order in Order.objects.select_related("variant"):
        lines = StockMovement.objects.filter(reference__startswith=f"{order.stock_reference}:")
        kinds = list(lines.values_list("kind", flat=True))
        assert kinds.count("reserve") <= 1
        assert order.reserved + order.consumed <= order.quantity
        assert sum(lines.values_list("reserved", flat=True)) == order.reserved
        assert -sum(lines.values_list("on_hand", flat=True)) == order.consumed


class Killed(BaseException):
    """A worker that is gone: nothing catches it, and its transaction is rolled back."""


@contextmanager
def killed_at(statement: int) -> Iterator[None]:
    """Die before the so-maniest statement, if there are that many."""
    left = statement

    def dying(execute: Callable[..., object], *arguments: object) -> object:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return execute(*arguments)

    try:
        with transaction.atomic(), connection.execute_wrapper(dying):
            yield
    except Killed:
        pass


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[list[RemoteOrder]], list[tuple[int, list[RemoteOrder]]]]:
    """Some lives, and pages of their messages, each with the statement at which its worker dies.

    Zero: it lives. What a page of a dead worker brought may be lost; the last page brings the last
    message of each order again.
    """
    found, messages = draw(deliveries())
    pages = []
    while messages:
        size = draw(st.integers(1, 5))
        pages.append((draw(st.sampled_from((0, 0, 0, *range(1, 60, 4)))), list(messages[:size])))
        messages = messages[size:]
    return found, [*pages, (0, [life[-1] for life in found])]


def ship_what_will_leave(lives_of_orders: Sequence[Sequence[RemoteOrder]]) -> None:
    """A person enters tracking here for what the channel will report as shipped anyway."""
    leaving = [life[0].external_id for life in lives_of_orders if life[-1].status in GONE]
    for order in Order.objects.filter(external_id__in=leaving, state="unshipped"):
        shipping.record_shipment(order, carrier=UPS, tracking_number="1Z99", by="ann")


GONE = (S.IN_TRANSIT, S.COMPLETED)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs(), st.booleans())
@undone
def test_pages_repeated_late_lost_and_cut_short_end_in_the_state_of_the_last_message(
    run: tuple[list[list[RemoteOrder]], list[tuple[int, list[RemoteOrder]]]], ships: bool
) -> None:
    lives_of_orders, pages = run
    world = make_world()
    variants = {sku: world.variant(sku, on_hand=100) for sku in SKUS}
    for dies_at, page in pages:
        report = IntakeReport()
        with killed_at(dies_at):
            take(world.shop, [ListedOrder.of(remote) for remote in page], report)
        assert report.problems == 0
        if ships:
            ship_what_will_leave(lives_of_orders)
    check_ledger(world)
    for life in lives_of_orders:
        rows = Order.objects.filter(external_id=life[0].external_id)
        columns = ("seller_sku", "state", "reserved", "consumed", "canceled_quantity")
        assert set(rows.values_list(*columns)) == end_of(life)
    for sku, variant in variants.items():
        rows = list(Order.objects.filter(seller_sku=sku))
        held_units = sum(order.reserved for order in rows)
        left = sum(order.consumed for order in rows)
        assert world.figures(variant) == (100 - left, held_units)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deliveries(), st.integers(0, 4), st.lists(st.integers(0, 30), max_size=3))
@undone
def test_with_too_little_stock_nothing_is_promised_twice_or_goes_below_zero(
    delivery: tuple[list[list[RemoteOrder]], list[RemoteOrder]],
    on_hand: int,
    arrivals: list[int],
) -> None:
    _, messages = delivery
    world = make_world()
    variants = {sku: world.variant(sku, on_hand=on_hand) for sku in SKUS}
    for place, message in enumerate(messages):
        record(world.shop, message)
        if place in arrivals:
            stock.receive(variants["TEA"], world.reno, 2, reference=f"first:arrival-{place}")
            held.retry_attentions(variant=variants["TEA"])
    check_ledger(world)
    for order in Order.objects.filter(state__in=["pending", "unshipped"]):
        need = order.quantity - order.canceled_quantity - order.shipped_quantity
        flagged = OrderAttention.objects.filter(order=order, kind="oversold", resolved_at=None)
        assert (order.reserved == need) is not flagged.exists()
