from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.kernel.errors import Reconnect, Refused, TryLater
from orders.models import AttentionKind, Order, OrderAttention, OrderEvent, Shipment
from orders.ports import RemoteOrderStatus as S
from orders.services import shipping, tracking
from orders.services.recording import record
from orders.states import OrderState, ShipmentState
from tests.orders.memory_channel import UPS, MemoryChannel, remote_order, unit
from tests.orders.world import World

pytestmark = pytest.mark.django_db


def an_order(
    world: World, status: S = S.AWAITING_SHIPMENT, units: int = 1, **more: object
) -> Order:
    lines = [unit(str(number)) for number in range(1, units + 1)]
    record(world.shop, remote_order(status=status, units=lines, **more))
    return Order.objects.get()


def ship(order: Order, number: str = "1Z999AA1", **more: object) -> Shipment:
    return shipping.record_shipment(order, carrier=UPS, tracking_number=number, by="ann", **more)


def states() -> list[str]:
    return list(Shipment.objects.order_by("pk").values_list("state", flat=True))


def test_a_whole_shipment_moves_the_order_and_takes_its_stock(world: World) -> None:
    tea = world.variant(on_hand=5)
    order = an_order(world, units=2)
    shipment = ship(order, " 1Z999AA1 ")
    assert (order.state, order.shipped_quantity, order.consumed) == (OrderState.SHIPPED, 2, 2)
    assert (shipment.tracking_number, shipment.carrier) == ("1Z999AA1", "UPS")
    assert shipment.state == ShipmentState.WANTED
    assert world.figures(tea) == (3, 0)
    assert OrderEvent.objects.first().reason == "2 of 2 left with UPS 1Z999AA1."


def test_units_can_leave_in_several_parcels(world: World, channel: MemoryChannel) -> None:
    tea = world.variant(on_hand=5)
    order = an_order(world, units=3)
    ship(order, "AAAA1", lines=list(order.lines.all()[:1]))
    assert (order.state, world.figures(tea)) == (OrderState.PARTIALLY_SHIPPED, (4, 2))
    ship(order, "BBBB2")
    assert (order.state, world.figures(tea)) == (OrderState.SHIPPED, (2, 0))
    assert tracking.send_tracking(world.shop).sent == 2
    assert channel.sent == [
        (order.external_id, ("1",), UPS.external_id, "AAAA1"),
        (order.external_id, ("2", "3"), UPS.external_id, "BBBB2"),
    ]


def test_what_was_shipped_here_is_not_undone_by_the_next_look(world: World) -> None:
    tea = world.variant(on_hand=5)
    order = an_order(world)
    ship(order)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, units=[unit("1")], minutes=5))
    record(world.shop, remote_order(status=S.IN_TRANSIT, units=[unit("1")], minutes=6))
    order.refresh_from_db()
    assert order.state == OrderState.SHIPPED
    assert world.movements(tea) == [("reserve", 0, 1), ("ship", -1, -1)]
    assert Shipment.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "more", "why"),
    [
        (S.ON_HOLD, {}, "the buyer may still cancel it"),
        (S.AWAITING_SHIPMENT, {"ships_itself": True}, "make its label on the channel"),
        (S.AWAITING_SHIPMENT, {"fulfilled_by_channel": True}, "from its own warehouse"),
        (S.CANCELED, {}, "was canceled: do not ship it"),
        (S.DELIVERED, {}, "has been delivered"),
    ],
)
def test_an_order_that_must_not_be_shipped_from_here_says_why(
    world: World, status: S, more: dict[str, object], why: str
) -> None:
    tea = world.variant(on_hand=5)
    order = an_order(world, status, **more)
    before = (order.state, world.figures(tea))
    with pytest.raises(Refused, match=why):
        ship(order)
    order.refresh_from_db()
    assert (order.state, world.figures(tea)) == before
    assert Shipment.objects.count() == 0


def test_a_unit_leaves_once(world: World) -> None:
    tea = world.variant(on_hand=5)
    order = an_order(world, units=2)
    first = list(order.lines.all()[:1])
    ship(order, lines=first)
    with pytest.raises(Refused, match="have left already"):
        ship(order, "OTHER1", lines=first)
    assert (Shipment.objects.count(), world.figures(tea)) == (1, (4, 1))


def test_a_number_that_cannot_be_one_is_refused_before_anything_moves(world: World) -> None:
    order = an_order(world)
    with pytest.raises(Refused, match="cannot be a tracking number"):
        ship(order, "12 3")
    assert Shipment.objects.count() == 0


def test_an_oversold_order_is_not_shipped_until_stock_is_there(world: World) -> None:
    tea = world.variant(on_hand=1)
    order = an_order(world, units=2)
    with pytest.raises(Refused, match="No stock is held for this order"):
        ship(order)
    assert (Shipment.objects.count(), world.figures(tea)) == (0, (1, 0))


def test_carriers_are_asked_once_a_day(world: World, channel: MemoryChannel) -> None:
    order = an_order(world, delivery_option_id="standard-1")
    assert [shipping.carriers(order), shipping.carriers(order)] == [[UPS], [UPS]]
    assert channel.carrier_reads == 1


def test_a_tracking_number_is_sent_once(world: World, channel: MemoryChannel) -> None:
    world.variant(on_hand=5)
    ship(an_order(world))
    reports = [tracking.send_tracking(world.shop).summary() for _ in range(3)]
    assert reports == [
        "Tracking numbers: 1 sent.",
        "Tracking numbers: none to send.",
        "Tracking numbers: none to send.",
    ]
    assert len(channel.sent) == 1
    shipment = Shipment.objects.get()
    assert (shipment.state, shipment.package_external_id) == (
        ShipmentState.SENT,
        "package-1Z999AA1",
    )
    assert (shipment.outcome_unknown, shipment.claimed_by, shipment.attempts) == (False, "", 1)


def test_with_outbound_tracking_off_a_number_is_held_and_goes_out_when_it_is_on(
    world: World, channel: MemoryChannel
) -> None:
    world.variant(on_hand=5)
    order = an_order(world)
    world.shop.push_tracking = False
    world.shop.save()
    ship(Order.objects.get(pk=order.pk))
    assert states() == ["held"]
    assert tracking.send_tracking(world.shop).held == 1
    assert channel.sent == []
    world.shop.push_tracking = True
    assert tracking.send_tracking(world.shop).sent == 1


def test_switching_off_holds_what_was_waiting(world: World, channel: MemoryChannel) -> None:
    world.variant(on_hand=5)
    ship(an_order(world))
    world.shop.push_tracking = False
    assert tracking.send_tracking(world.shop).held == 1
    assert (states(), channel.sent) == (["held"], [])


def test_a_lost_answer_is_not_sent_again(world: World, channel: MemoryChannel) -> None:
    world.variant(on_hand=5)
    ship(an_order(world))
    channel.loses_answers = True
    channel.failures = [TryLater("No answer came.", outcome_unknown=True)]
    with pytest.raises(TryLater, match="1 to be sent again"):
        tracking.send_tracking(world.shop)
    assert (states(), Shipment.objects.get().outcome_unknown) == (["wanted"], True)
    assert tracking.send_tracking(world.shop).known == 1
    assert (states(), len(channel.sent)) == (["sent"], 1)


def test_a_request_that_never_arrived_is_sent_again(world: World, channel: MemoryChannel) -> None:
    world.variant(on_hand=5)
    ship(an_order(world))
    channel.failures = [TryLater("No answer came.", outcome_unknown=True)]
    with pytest.raises(TryLater):
        tracking.send_tracking(world.shop)
    assert tracking.send_tracking(world.shop).sent == 1
    assert len(channel.sent) == 1


def test_a_worker_that_died_while_sending_is_taken_over_and_nothing_is_sent_twice(
    world: World, channel: MemoryChannel
) -> None:
    world.variant(on_hand=5)
    ship(an_order(world))
    shipment = Shipment.objects.get()
    assert tracking.TrackingOutbox(world.shop).claim(shipment.pk) is not None
    channel.numbers = {"1": "1Z999AA1"}  # it had arrived
    assert tracking.send_tracking(world.shop).summary() == "Tracking numbers: none to send."
    past = timezone.now() - timedelta(seconds=1)
    Shipment.objects.update(claimed_until=past)
    assert list(Shipment.objects.to_send(timezone.now())) == [shipment]
    assert tracking.send_tracking(world.shop).known == 1
    assert (states(), channel.sent) == (["sent"], [])


def test_of_two_workers_one_claims_a_shipment(world: World) -> None:
    world.variant(on_hand=5)
    shipment = ship(an_order(world))
    mine, theirs = (tracking.TrackingOutbox(world.shop) for _ in range(2))
    claimed = mine.claim(shipment.pk)
    assert claimed is not None
    row, asks_first = claimed
    assert (row.pk, row.attempts, row.outcome_unknown, asks_first) == (shipment.pk, 1, True, False)
    assert theirs.claim(shipment.pk) is None


def test_a_refused_number_is_shown_with_the_channels_words_and_goes_out_corrected(
    world: World, channel: MemoryChannel
) -> None:
    world.variant(on_hand=5)
    order = an_order(world)
    shipment = ship(order)
    channel.failures = [
        Refused("The number fits no carrier.", code="11028006", request_id="2026REQ")
    ]
    assert tracking.send_tracking(world.shop).refused == 1
    shipment.refresh_from_db()
    assert (shipment.state, shipment.problem, shipment.problem_code) == (
        "refused",
        "The number fits no carrier.",
        "11028006",
    )
    attention = OrderAttention.objects.get(resolved_at=None)
    assert (attention.kind, attention.sentence) == (
        AttentionKind.TRACKING_REFUSED,
        "The channel refused tracking number UPS 1Z999AA1: The number fits no carrier. "
        "Correct the number or the carrier; it is then sent again.",
    )
    assert OrderEvent.objects.first().request_id == "2026REQ"
    assert tracking.send_tracking(world.shop).summary() == "Tracking numbers: none to send."
    shipping.correct_tracking(shipment, carrier=UPS, tracking_number="1Z999AA2", by="ann")
    assert OrderAttention.objects.filter(resolved_at=None).count() == 0
    assert tracking.send_tracking(world.shop).sent == 1
    assert [sent[3] for sent in channel.sent] == ["1Z999AA2"]


def test_one_refused_number_does_not_stop_the_others(world: World, channel: MemoryChannel) -> None:
    world.variant(on_hand=5)
    for number in ("1001", "1002", "1003"):
        remote = remote_order(number, S.AWAITING_SHIPMENT, units=[unit(f"u{number}")])
        record(world.shop, remote)
        ship(Order.objects.get(external_id=number), f"T{number}")
    channel.failures = [Refused("No.")]
    report = tracking.send_tracking(world.shop)
    assert (report.refused, report.sent) == (1, 2)
    assert [sent[0] for sent in channel.sent] == ["1002", "1003"]


def test_dead_credentials_leave_the_number_waiting(world: World, channel: MemoryChannel) -> None:
    world.variant(on_hand=5)
    ship(an_order(world))
    channel.failures = [Reconnect("The authorization was revoked.")]
    with pytest.raises(Reconnect):
        tracking.send_tracking(world.shop)
    assert (states(), Shipment.objects.get().outcome_unknown) == (["wanted"], False)
