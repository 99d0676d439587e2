from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.services import stock
from marketplace.kernel.errors import Refused, TryLater
from orders.models import IntakeCursor, IntakeProblem, Order
from orders.ports import ListedOrder, RemoteOrder, UnreadableOrder
from orders.ports import RemoteOrderStatus as S
from orders.services import intake, problems
from tests.orders.memory_channel import ADDRESS, PLACED, MemoryChannel, remote_order, unit
from tests.orders.world import World

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def test_orders_come_in_and_the_report_counts_them(world: World, channel: MemoryChannel) -> None:
    world.variant(on_hand=50)
    channel.listed = [remote_order(str(n), minutes=n) for n in range(1000, 1005)]
    channel.listed.append(remote_order("2000", S.UNPAID))
    report = intake.pull_orders(world.shop)
    assert report.summary() == "6 orders seen: 5 new, 0 changed, 0 unchanged, 1 not ours to take."
    assert Order.objects.count() == 5
    cursor = IntakeCursor.objects.get()
    assert cursor.updated_through == PLACED + timedelta(minutes=1004)
    assert (cursor.last_run_at, cursor.last_result) == (NOW, report.summary())


def test_the_next_look_starts_ten_minutes_before_what_was_seen(
    world: World, channel: MemoryChannel
) -> None:
    channel.listed = [remote_order(minutes=120)]
    intake.pull_orders(world.shop)
    intake.pull_orders(world.shop)
    assert channel.asked_since == [
        PLACED - timedelta(minutes=70),
        PLACED + timedelta(minutes=110),
    ]


def test_a_change_dated_in_the_future_does_not_carry_the_cursor_there(
    world: World, channel: MemoryChannel
) -> None:
    channel.listed = [remote_order(updated_at=NOW + timedelta(days=300))]
    intake.pull_orders(world.shop)
    assert IntakeCursor.objects.get().updated_through == NOW


def test_the_cursor_never_goes_back(world: World, channel: MemoryChannel) -> None:
    channel.listed = [remote_order(minutes=60)]
    intake.pull_orders(world.shop)
    channel.listed = [remote_order("9", minutes=55)]
    intake.pull_orders(world.shop)
    assert IntakeCursor.objects.get().updated_through == PLACED + timedelta(minutes=60)
    assert Order.objects.filter(external_id="9").exists()


def test_one_order_that_cannot_be_stored_becomes_a_problem_and_the_rest_come_in(
    world: World, channel: MemoryChannel
) -> None:
    poison = remote_order("1001", units=[], raw={"id": "1001", "buyer_email": "jane@example.com"})
    no_status = remote_order("1002", raw_status=None)
    channel.listed = [
        remote_order("1000"),
        poison,
        no_status,
        UnreadableOrder("1003", "“payment” is missing.", PLACED + timedelta(minutes=5)),
        remote_order("1004", minutes=7),
    ]
    report = intake.pull_orders(world.shop)
    assert (report.created, report.problems) == (2, 3)
    assert set(Order.objects.values_list("external_id", flat=True)) == {"1000", "1004"}
    assert IntakeProblem.objects.get(external_id="1002").reason.startswith("IntegrityError: ")
    problem = IntakeProblem.objects.get(external_id="1001")
    assert problem.reason == "The order has no units."
    assert problem.excerpt == '{"id": "1001", "buyer_email": "[hidden]"}'
    assert IntakeProblem.objects.get(external_id="1003").reason == "“payment” is missing."
    assert IntakeCursor.objects.get().updated_through == PLACED + timedelta(minutes=7)


def test_a_problem_is_asked_for_again_and_resolved_when_it_comes_through(
    world: World, channel: MemoryChannel
) -> None:
    channel.listed = [UnreadableOrder("1001", "“payment” is missing.", PLACED)]
    intake.pull_orders(world.shop)
    channel.listed = [remote_order("2000", minutes=600), remote_order("1001")]
    with time_machine.travel(NOW + timedelta(minutes=4), tick=False):
        channel.listed.pop()
        assert intake.pull_orders(world.shop).recovered == 0
        channel.listed.append(remote_order("1001"))
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        report = intake.pull_orders(world.shop)
    assert (report.created, report.recovered) == (1, 1)
    assert IntakeProblem.objects.get().resolved_at == NOW + timedelta(minutes=5)


def test_a_problem_that_stays_is_asked_for_less_and_less_often(
    world: World, channel: MemoryChannel
) -> None:
    channel.listed = [UnreadableOrder("1001", "“payment” is missing.", PLACED)]
    for minutes in range(0, 120, 5):
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            intake.pull_orders(world.shop)
    problem = IntakeProblem.objects.get()
    assert problem.attempts == 5  # at 0, 5, 15, 35 and 75 minutes
    assert problem.next_attempt_at == NOW + timedelta(minutes=155)


def test_a_channel_that_is_busy_stops_the_run_and_keeps_what_was_stored(
    world: World, channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [ListedOrder.of(remote_order(str(n), minutes=n)) for n in range(1000, 1100)]

    def broken(shop: object, since: object) -> object:
        yield from pages
        raise TryLater("The channel is busy.")

    monkeypatch.setattr(channel, "orders_since", broken)
    with pytest.raises(TryLater):
        intake.pull_orders(world.shop)
    assert Order.objects.count() == 100
    assert IntakeCursor.objects.get().updated_through == PLACED + timedelta(minutes=1099)


def test_a_run_that_is_out_of_time_stops_after_a_page_and_says_so(
    world: World, channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PAGE", 100)
    channel.listed = [remote_order(str(n), minutes=n) for n in range(1000, 1150)]
    report = intake.pull_orders(world.shop, until=lambda: True)
    assert report.is_complete is False
    assert report.summary() == "100 orders seen: 100 new, 0 changed, 0 unchanged, more to come."
    assert intake.pull_orders(world.shop).created == 50


def test_a_page_of_known_orders_costs_the_same_few_queries_however_long_it_is(
    world: World, channel: MemoryChannel
) -> None:
    world.variant(on_hand=200)
    counts = []
    for orders in (10, 100):
        channel.listed = [remote_order(str(n)) for n in range(1000, 1000 + orders)]
        intake.pull_orders(world.shop)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            report = intake.pull_orders(world.shop)
        assert report.unchanged == orders
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def queries_for(world: World, channel: MemoryChannel, listed: list[RemoteOrder]) -> int:
    channel.listed = list(listed)
    IntakeCursor.objects.all().delete()
    with CaptureQueriesContext(connection) as queries:
        report = intake.pull_orders(world.shop)
    assert (report.seen, report.problems) == (len(listed), 0)
    return len(queries)


def test_a_page_of_new_and_of_changed_orders_costs_the_same_few_queries_however_long_it_is(
    world: World, channel: MemoryChannel
) -> None:
    for sku in ("TEA", "MUG"):
        world.variant(sku, on_hand=200)
    costs = []
    for first, orders in ((1000, 5), (2000, 12)):
        ids = range(first, first + orders)
        sold = {n: [unit(f"{n}-1", "TEA"), unit(f"{n}-2", "MUG")] for n in ids}
        new = [remote_order(str(n), units=sold[n], minutes=first) for n in ids]
        paid = [
            replace(order, status=S.AWAITING_SHIPMENT, address=ADDRESS, updated_at=NOW)
            for order in new
        ]
        gone = [replace(order, status=S.CANCELED, updated_at=NOW) for order in new]
        costs.append([queries_for(world, channel, some) for some in (new, paid, gone)])
    assert costs[0] == costs[1]
    assert max(costs[0]) <= 40
    assert Order.objects.filter(state="canceled").count() == 34
    assert stock.drift() == []


def test_several_messages_of_one_order_on_a_page_are_taken_one_after_the_other(
    world: World, channel: MemoryChannel
) -> None:
    tea = world.variant(on_hand=5)
    channel.listed = [
        remote_order("1000"),
        remote_order("1000", S.AWAITING_SHIPMENT, minutes=1),
        remote_order("1001"),
        remote_order("1000", S.CANCELED, minutes=2),
    ]
    report = intake.pull_orders(world.shop)
    assert (report.created, report.updated) == (2, 2)
    assert world.movements(tea) == [("reserve", 0, 1), ("reserve", 0, 1), ("release", 0, -1)]
    states = Order.objects.order_by("external_id").values_list("external_id", "state")
    assert list(states) == [("1000", "canceled"), ("1001", "pending")]


def test_what_the_database_refuses_is_told_without_the_buyer(
    world: World, channel: MemoryChannel, caplog: pytest.LogCaptureFixture
) -> None:
    channel.listed = [remote_order(raw_status=None, buyer="Jane Doe")]
    intake.pull_orders(world.shop)
    problem = IntakeProblem.objects.get()
    assert "raw_status" in problem.reason
    assert "Jane" not in problem.reason + caplog.text


def test_comparing_finds_and_takes_in_an_order_that_was_missed(
    world: World, channel: MemoryChannel
) -> None:
    tea = world.variant(on_hand=50)
    channel.listed = [remote_order(str(n), minutes=n) for n in range(1000, 1005)]
    intake.pull_orders(world.shop)
    channel.listed.append(remote_order("999", minutes=1))  # too old for the next look
    assert intake.pull_orders(world.shop).created == 0
    report = intake.reconcile(world.shop)
    assert (report.seen, report.created, report.unchanged) == (6, 1, 5)
    assert IntakeCursor.objects.get().reconcile_result == (
        "6 orders compared: 1 had been missed and is here now (999), 0 had changed, 5 were right."
    )
    assert world.figures(tea) == (50, 6)
    assert stock.drift() == []


def test_the_variants_whose_stock_moved_are_reported(world: World, channel: MemoryChannel) -> None:
    tea, mug = world.variant("TEA", on_hand=5), world.variant("MUG")
    channel.listed = [remote_order(units=[unit("1", "TEA"), unit("2", "MUG")])]
    assert intake.pull_orders(world.shop).variant_ids == {tea.pk}
    assert Order.objects.get(variant=mug).reserved == 0


def test_an_order_without_an_id_is_shown_and_never_asked_for(
    world: World, channel: MemoryChannel
) -> None:
    channel.listed = [UnreadableOrder("", "“id” is missing.", PLACED), remote_order("1001")]
    intake.pull_orders(world.shop)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert problems.due(world.shop) == []
    assert IntakeProblem.objects.get().reason == "“id” is missing."
    assert Order.objects.get().external_id == "1001"


def test_old_problems_that_the_channel_will_not_tell_about_do_not_keep_new_orders_out(
    world: World, channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.listed = [UnreadableOrder("1001", "“payment” is missing.", PLACED)]
    intake.pull_orders(world.shop)

    def refuses(shop: object, external_ids: object) -> object:
        yield from ()
        raise Refused("There is no such order.")

    monkeypatch.setattr(channel, "orders", refuses)
    channel.listed = [remote_order("1002", minutes=1)]
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert intake.pull_orders(world.shop).created == 1


def test_a_comparison_goes_on_where_it_ran_out_of_time_and_reports_all_of_it(
    world: World, channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PAGE", 100)
    channel.listed = [remote_order(str(n), minutes=n - 1000) for n in range(1000, 1250)]
    intake.pull_orders(world.shop)
    channel.listed += [remote_order("1", minutes=3), remote_order("2", minutes=240)]
    first = intake.reconcile(world.shop, until=lambda: True)
    cursor = IntakeCursor.objects.get()
    assert (first.is_complete, first.created, cursor.reconciled_at) == (False, 1, None)
    assert cursor.reconcile_result.endswith(" It goes on by itself.")
    channel.asked_since.clear()
    last = intake.reconcile(world.shop)
    assert channel.asked_since == [PLACED + timedelta(minutes=98)]
    assert (last.is_complete, last.created, last.created_ids) == (True, 2, ["1", "2"])
    cursor.refresh_from_db()
    assert (cursor.reconciled_at, cursor.reconciling_from) == (NOW, None)
    assert cursor.reconcile_result.startswith("253 orders compared: 2 had been missed and are here")
    channel.asked_since.clear()
    intake.reconcile(world.shop)
    assert channel.asked_since == [NOW - intake.RECONCILE_SPAN]


def test_an_order_sent_just_as_it_is_known_is_not_read_and_one_that_differs_is(
    world: World, channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    def listed(remote: RemoteOrder) -> ListedOrder:
        def read() -> RemoteOrder:
            reads.append(remote.buyer)
            return remote

        return ListedOrder(remote.external_id, remote.updated_at, remote.raw_hash, read)

    def pull(remote: RemoteOrder) -> str:
        monkeypatch.setattr(channel, "orders_since", lambda shop, since: iter([listed(remote)]))
        return intake.pull_orders(world.shop).summary()

    first = replace(remote_order("1001"), buyer="Ann", raw_hash="a" * 64)
    assert pull(first) == "1 orders seen: 1 new, 0 changed, 0 unchanged."
    assert pull(first) == "1 orders seen: 0 new, 0 changed, 1 unchanged."
    assert reads == ["Ann"]
    within_the_second = replace(first, buyer="Bea", raw_hash="b" * 64)
    assert pull(within_the_second) == "1 orders seen: 0 new, 1 changed, 0 unchanged."
    assert reads == ["Ann", "Bea"]
    assert pull(within_the_second) == "1 orders seen: 0 new, 0 changed, 1 unchanged."
    assert reads == ["Ann", "Bea"]
