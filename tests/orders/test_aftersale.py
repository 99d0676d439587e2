"""Cancellations and returns of TikTok Shop, followed and answered over HTTP against the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from catalog.models import Shop, StockMovement
from catalog.services import stock
from marketplace.kernel.errors import Refused, TryLater
from marketplace.schedules import SCHEDULES
from orders import deadlines, tasks
from orders.models import (
    AftersaleCursor,
    AftersaleDecision,
    AttentionKind,
    CancellationRequest,
    Condition,
    Order,
    OrderAttention,
    OrderComponent,
    ReturnLine,
    ReturnRequest,
)
from orders.services import aftersale, cancellations, returns, shipping
from orders.states import CancellationState, DecisionState, OrderState, ReturnState
from tests.orders.test_tiktok_orders import Place
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

CANCELLATIONS = "POST /return_refund/202309/cancellations"
ANSWER = "POST /return_refund/202309/cancellations/{cancel_id}"
RETURN_ANSWER = "POST /return_refund/202309/returns/{return_id}"


@pytest.fixture
def place(tiktok: Sandbox) -> Place:
    return Place(tiktok)


def asked(place: Place, *quantities: int) -> CancellationRequest:
    """A buyer asked to cancel after the first hour, and it is here."""
    bought = place.buy(*(quantities or (2,)))
    place.sandbox.advance(3700)
    place.look()
    place.tell(bought, "cancel")
    tasks.pull_aftersale(place.shop.pk)
    place.sandbox.reset_calls()
    return CancellationRequest.objects.get(order_external_id=bought["id"])


def order_of(row: CancellationRequest | ReturnRequest) -> Order:
    return Order.objects.get(external_id=row.order_external_id)


def delivered(place: Place, units: int = 2) -> dict[str, Any]:
    bought = place.buy(units)
    place.sandbox.advance(3700)
    place.tell(bought, "ship", tracking_number="1Z999AA10123456784", provider="UPS")
    place.tell(bought, "transit")
    place.tell(bought, "deliver")
    place.look()
    return bought


def sent_back(place: Place, units: int = 2) -> ReturnRequest:
    """A return whose parcel is on its way back."""
    bought = delivered(place, units)
    answer = place.sandbox.control("POST", f"/orders/{bought['id']}/return", {})
    tasks.pull_aftersale(place.shop.pk)
    row = ReturnRequest.objects.get()
    returns.approve(row, by="ann")
    tasks.tell_decisions(place.shop.pk)
    place.sandbox.control("POST", f"/returns/{answer['return_id']}/send", {})
    tasks.pull_aftersale(place.shop.pk)
    row.refresh_from_db()
    return row


def told(place: Place) -> str:
    return tasks.tell_decisions(place.shop.pk)


def open_kinds() -> list[str]:
    rows = OrderAttention.objects.filter(resolved_at=None)
    return sorted(rows.values_list("kind", flat=True))


# -- cancellations -------------------------------------------------------------------------------


def test_a_request_is_here_with_its_time_reason_amount_and_units_and_changes_nothing(
    place: Place,
) -> None:
    row = asked(place, 2)
    order = order_of(row)
    assert (row.state, row.asked_by) == (CancellationState.REQUESTED, "buyer")
    assert row.reason == "Not needed any more"
    assert row.respond_by is not None
    assert row.respond_by > timezone.now()
    assert sorted(row.unit_ids) == sorted(order.lines.values_list("external_id", flat=True))
    assert row.refund is not None
    assert row.refund > 0
    assert (order.state, place.reserved()) == (OrderState.UNSHIPPED, 2)
    assert open_kinds() == [AttentionKind.CANCELLATION_REQUESTED]
    told_of = "The buyer asks to cancel: Not needed any more. To be answered by"
    assert order.events.filter(by="aftersale", reason__startswith=told_of).count() == 1
    assert list(CancellationRequest.objects.to_answer()) == [row]


def test_approving_before_shipment_makes_one_call_and_gives_the_stock_back_once(
    place: Place,
) -> None:
    row = asked(place, 2)
    cancellations.approve(row, by="ann")
    assert place.reserved() == 2
    assert told(place).endswith("1 told.")
    for _ in range(3):
        told(place)
        tasks.pull_aftersale(place.shop.pk)
        place.look()
    row.refresh_from_db()
    order = order_of(row)
    assert (row.state, order.state) == (CancellationState.APPROVED, OrderState.CANCELED)
    assert (place.reserved(), place.on_hand()) == (0, 100)
    assert StockMovement.objects.filter(kind="release").count() == 1
    assert place.sandbox.calls()[f"{ANSWER}/approve"] == 1
    assert open_kinds() == []
    place.sandbox.advance(400)
    tasks.pull_aftersale(place.shop.pk)
    row.refresh_from_db()
    assert row.state == CancellationState.COMPLETED
    assert stock.drift() == []


def test_declining_takes_a_reason_of_the_channel_and_changes_nothing(place: Place) -> None:
    row = asked(place, 1)
    reasons = cancellations.decline_reasons(row)
    assert cancellations.decline_reasons(row) == reasons
    assert place.sandbox.calls() == {"GET /return_refund/202309/reject_reasons": 1}
    cancellations.decline(row, reasons[0], by="ann")
    told(place)
    row.refresh_from_db()
    order = order_of(row)
    assert (row.state, order.state) == (CancellationState.DECLINED, OrderState.UNSHIPPED)
    assert (place.reserved(), open_kinds()) == (1, [])
    assert place.sandbox.calls()[f"{ANSWER}/reject"] == 1


def test_of_two_people_one_answers(place: Place) -> None:
    row = asked(place, 1)
    cancellations.approve(row, by="ann")
    with pytest.raises(Refused, match="Somebody has decided on order"):
        cancellations.approve(row, by="bob")
    with pytest.raises(Refused, match="already"):
        cancellations.decline(row, cancellations.decline_reasons(row)[0], by="bob")
    told(place)
    with pytest.raises(Refused, match="Nothing to answer"):
        cancellations.approve(row, by="bob")
    assert place.sandbox.calls()[f"{ANSWER}/approve"] == 1


@pytest.mark.parametrize("fault", ["lost_answer", "error_500"])
def test_after_a_lost_answer_the_channel_is_asked_before_it_is_told_again(
    place: Place, fault: str
) -> None:
    row = asked(place, 1)
    cancellations.approve(row, by="ann")
    place.sandbox.fault(fault, path="/return_refund/*/approve", count=1)
    with pytest.raises(TryLater):
        told(place)
    decision = AftersaleDecision.objects.get()
    assert (decision.state, decision.outcome_unknown) == (DecisionState.WANTED, True)
    expected = "known to the channel already" if fault == "lost_answer" else "1 told"
    assert expected in told(place)
    decision.refresh_from_db()
    assert (decision.state, place.reserved()) == (DecisionState.SENT, 0)
    carried_out = 1 if fault == "lost_answer" else 2
    assert place.sandbox.calls()[f"{ANSWER}/approve"] == carried_out


def test_what_the_buyer_withdrew_is_closed_and_an_answer_to_it_is_refused(place: Place) -> None:
    row = asked(place, 1)
    cancellations.approve(row, by="ann")
    place.sandbox.control("POST", f"/orders/{row.order_external_id}/withdraw_cancel", {})
    assert told(place).endswith("1 refused.")
    row.refresh_from_db()
    assert row.state == CancellationState.CLOSED
    assert order_of(row).state == OrderState.UNSHIPPED
    assert place.reserved() == 1
    assert AftersaleDecision.objects.get().problem_code == "25020009"


def test_a_request_that_nobody_answers_is_granted_by_the_channel_and_followed(
    place: Place,
) -> None:
    row = asked(place, 1)
    place.sandbox.advance(48 * 3600 + 60)
    tasks.pull_aftersale(place.shop.pk)
    row.refresh_from_db()
    assert (row.state, order_of(row).state) == (CancellationState.APPROVED, OrderState.CANCELED)
    assert (place.reserved(), CancellationRequest.objects.to_answer().count()) == (0, 0)


def test_a_request_for_a_shipped_order_cannot_be_approved(place: Place) -> None:
    row = asked(place, 1)
    order_of(row).lines.update(is_shipped=True)
    with pytest.raises(Refused, match="was shipped already"):
        cancellations.approve(row, by="ann")


def test_what_is_being_canceled_cannot_be_shipped_meanwhile(place: Place) -> None:
    row = asked(place, 1)
    order = order_of(row)
    cancellations.approve(row, by="ann")
    with pytest.raises(Refused, match="decided to cancel this order"):
        shipping.record_shipment(
            order, carrier=place.carrier(order), tracking_number="1Z999AA10123456784", by="bob"
        )


def test_a_request_of_an_order_that_is_not_here_is_shown_and_linked_when_it_comes(
    place: Place,
) -> None:
    bought = place.buy(1)
    place.sandbox.advance(3700)
    place.tell(bought, "cancel")
    tasks.pull_aftersale(place.shop.pk)
    row = CancellationRequest.objects.get()
    assert row.channel_order is None
    place.look()
    tasks.pull_aftersale(place.shop.pk)
    row.refresh_from_db()
    assert row.channel_order == order_of(row).channel_order


def test_a_quiet_look_costs_two_calls_and_stores_nothing(place: Place) -> None:
    row = asked(place, 1)
    events = order_of(row).events.count()
    assert "2 cancellations" not in tasks.pull_aftersale(place.shop.pk)
    assert place.sandbox.calls() == {
        f"{CANCELLATIONS}/search": 1,
        "POST /return_refund/202309/returns/search": 1,
    }
    assert order_of(row).events.count() == events
    cursor = AftersaleCursor.objects.get()
    assert cursor.last_result == "1 cancellations and returns seen: 0 changed."


def test_a_request_is_looked_for_often_enough_to_be_here_within_five_minutes() -> None:
    minutes = {one.task: one.minutes for one in SCHEDULES}
    assert minutes["orders.tasks.tick_pull_aftersale"] < 5
    assert minutes["orders.tasks.tick_tell_decisions"] == 1


def test_without_a_date_of_the_channel_a_request_has_24_hours() -> None:
    asked_at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    due = deadlines.answer_by(asked_at, None)
    assert due == asked_at + timedelta(hours=24)
    assert deadlines.answer_by(asked_at, asked_at) == asked_at
    assert deadlines.time_to_answer(due, asked_at + timedelta(hours=19)) == "5 h left"
    assert deadlines.time_to_answer(due, due + timedelta(minutes=20)) == "Over since 20 min"


# -- the seller cancels --------------------------------------------------------------------------


def waiting(place: Place, *quantities: int) -> Order:
    bought = place.buy(*quantities)
    place.sandbox.advance(3700)
    place.look()
    place.sandbox.reset_calls()
    return place.part(bought)


def test_a_seller_cancels_a_whole_order_with_one_call(place: Place) -> None:
    order = waiting(place, 2, 1)
    reason = cancellations.cancel_reasons(place.shop)[1]
    cancellations.cancel_order(order.channel_order, reason, by="ann")
    with pytest.raises(Refused, match="already"):
        cancellations.cancel_order(order.channel_order, reason, by="bob")
    told(place)
    states = Order.objects.values_list("state", flat=True)
    assert (set(states), place.reserved(0), place.reserved(1)) == ({OrderState.CANCELED}, 0, 0)
    assert place.sandbox.calls()[CANCELLATIONS] == 1
    row = CancellationRequest.objects.get()
    assert (row.asked_by, row.state) == ("seller", CancellationState.APPROVED)
    with pytest.raises(Refused, match="nothing left to cancel"):
        cancellations.cancel_order(order.channel_order, reason, by="ann")


def test_a_seller_cancels_one_unit_only_for_want_of_stock(place: Place) -> None:
    order = waiting(place, 3)
    one = [order.lines.first().external_id]  # type: ignore[union-attr]
    empty, price, *_ = cancellations.cancel_reasons(place.shop)
    with pytest.raises(Refused, match="only the whole order"):
        cancellations.cancel_order(order.channel_order, price, by="ann", unit_ids=one)
    cancellations.cancel_order(order.channel_order, empty, by="ann", unit_ids=one)
    told(place)
    order.refresh_from_db()
    assert (order.state, order.canceled_quantity) == (OrderState.UNSHIPPED, 1)
    assert place.reserved() == 2


def test_a_lost_answer_to_the_sellers_cancellation_is_not_sent_twice(place: Place) -> None:
    order = waiting(place, 1)
    reason = cancellations.cancel_reasons(place.shop)[0]
    cancellations.cancel_order(order.channel_order, reason, by="ann")
    place.sandbox.fault("lost_answer", path="/return_refund/*/cancellations", count=1)
    with pytest.raises(TryLater):
        told(place)
    assert "known to the channel already" in told(place)
    assert (place.reserved(), place.sandbox.calls()[CANCELLATIONS]) == (0, 1)


def test_every_region_cancels_for_reasons_that_its_market_knows(place: Place) -> None:
    for region, count in (("US", 4), ("GB", 3), ("DE", 4), ("ID", 2), ("JP", 5)):
        reasons = cancellations.cancel_reasons(Shop(channel=place.shop.channel, region=region))
        assert len(reasons) == count
        single = [reason for reason in reasons if reason.cancels_units]
        assert bool(single) == (region in ("US", "GB"))
        assert all(("_uk" in reason.name) == (region == "GB") for reason in reasons)


# -- returns -------------------------------------------------------------------------------------


def test_a_refund_is_shown_approved_once_and_followed_to_its_end(place: Place) -> None:
    bought = delivered(place, 1)
    place.sandbox.control("POST", f"/orders/{bought['id']}/return", {"type": "REFUND"})
    tasks.pull_aftersale(place.shop.pk)
    row = ReturnRequest.objects.get()
    assert (row.kind, row.state, row.lines.count()) == ("refund", ReturnState.REQUESTED, 1)
    assert row.refund is not None
    assert row.respond_by is not None
    assert open_kinds() == [AttentionKind.RETURN_REQUESTED]
    place.sandbox.reset_calls()
    returns.approve(row, by="ann")
    with pytest.raises(Refused, match="already"):
        returns.approve(row, by="bob")
    told(place)
    assert place.sandbox.calls()[f"{RETURN_ANSWER}/approve"] == 1
    row.refresh_from_db()
    assert (row.state, open_kinds()) == (ReturnState.APPROVED, [])
    place.sandbox.advance(400)
    tasks.pull_aftersale(place.shop.pk)
    row.refresh_from_db()
    assert row.state == ReturnState.COMPLETED
    with pytest.raises(Refused, match="nothing comes back"):
        returns.receive(row.lines.get(), Condition.SELLABLE, by="ann")


def test_a_return_is_declined_with_a_reason(place: Place) -> None:
    bought = delivered(place, 1)
    place.sandbox.control("POST", f"/orders/{bought['id']}/return", {})
    tasks.pull_aftersale(place.shop.pk)
    row = ReturnRequest.objects.get()
    returns.decline(row, cancellations.decline_reasons(row)[0], by="ann", comment="Worn")
    told(place)
    row.refresh_from_db()
    assert row.state == ReturnState.DECLINED


def test_only_sellable_units_that_arrived_go_back_into_stock_and_once(place: Place) -> None:
    row = sent_back(place, 2)
    assert (row.state, row.tracking_number != "") == (ReturnState.SENT_BACK, True)
    assert list(ReturnRequest.objects.to_receive()) == [row]
    before = place.on_hand()
    center = order_of(row).fulfillment_center
    good, bad = ReturnLine.objects.all()
    returns.receive(good, Condition.SELLABLE, by="ann", center=center)
    returns.receive(bad, Condition.NOT_SELLABLE, by="ann")
    assert place.on_hand() == before + 1
    with pytest.raises(Refused, match="received already"):
        returns.receive(good, Condition.SELLABLE, by="bob", center=center)
    returns.approve(row, by="ann")
    for _ in range(2):
        told(place)
        tasks.pull_aftersale(place.shop.pk)
    row.refresh_from_db()
    assert (row.state, place.on_hand()) == (ReturnState.APPROVED, before + 1)
    movement = StockMovement.objects.get(kind="return")
    assert (movement.on_hand, movement.fulfillment_center) == (1, center)
    assert ReturnRequest.objects.to_receive().count() == 0
    assert stock.drift() == []


def test_a_unit_goes_into_stock_once_however_often_it_is_returned(place: Place) -> None:
    row = sent_back(place, 1)
    line, center = row.lines.get(), order_of(row).fulfillment_center
    again = ReturnRequest.objects.create(
        shop=row.shop,
        merchant=row.merchant,
        channel_order=row.channel_order,
        external_id="another",
        order_external_id=row.order_external_id,
        kind=row.kind,
        state=row.state,
        created_on_channel_at=timezone.now(),
        updated_on_channel_at=timezone.now(),
    )
    twin = ReturnLine.objects.create(
        return_request=again,
        external_id="another",
        unit_external_id=line.unit_external_id,
        order_line=line.order_line,
    )
    returns.receive(line, Condition.SELLABLE, by="ann", center=center)
    with pytest.raises(Refused, match="another return"):
        returns.receive(twin, Condition.SELLABLE, by="ann", center=center)
    twin.refresh_from_db()
    assert twin.received_at is None


def test_a_returned_bundle_gives_its_components_back(place: Place) -> None:
    row = sent_back(place, 1)
    order = order_of(row)
    tea, cup = place.variants
    OrderComponent.objects.create(order=order, variant=tea, units=2)
    OrderComponent.objects.create(order=order, variant=cup, units=1)
    before = place.on_hand(0), place.on_hand(1)
    returns.receive(row.lines.get(), Condition.SELLABLE, by="ann", center=order.fulfillment_center)
    assert (place.on_hand(0), place.on_hand(1)) == (before[0] + 2, before[1] + 1)
    assert stock.drift() == []


def test_nothing_is_received_before_it_is_on_its_way_or_at_a_strangers_center(
    place: Place,
) -> None:
    bought = delivered(place, 1)
    place.sandbox.control("POST", f"/orders/{bought['id']}/return", {})
    tasks.pull_aftersale(place.shop.pk)
    with pytest.raises(Refused, match="Nothing is on its way back yet"):
        returns.receive(ReturnLine.objects.get(), Condition.SELLABLE, by="ann")


def test_a_request_that_cannot_be_stored_hides_no_other_and_is_read_again(
    place: Place, monkeypatch: Any
) -> None:
    first, second, third = place.buy(1), place.buy(1), place.buy(1)
    place.sandbox.advance(3700)
    place.look()
    for bought in (first, second):
        place.tell(bought, "cancel")
    place.sandbox.advance(1800)
    place.tell(third, "cancel")
    record = cancellations.record

    def poisoned(shop: Shop, remote: Any) -> bool:
        if remote.order_id == first["id"]:
            raise ValueError("poison")
        return record(shop, remote)

    with time_machine.travel(timezone.now() + timedelta(hours=3), tick=False):
        monkeypatch.setattr(cancellations, "record", poisoned)
        report = aftersale.pull_aftersale(place.shop)
        assert (report.changed, report.unreadable) == (2, 1)
        monkeypatch.setattr(cancellations, "record", record)
        assert aftersale.pull_aftersale(place.shop).changed == 1
    assert CancellationRequest.objects.count() == 3
