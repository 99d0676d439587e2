"""A correction against the worker that sends, on PostgreSQL: what was said is what stands there."""

from __future__ import annotations

import time

import pytest

from marketplace.kernel.errors import Failure
from orders.models import Shipment
from orders.services import label_queue, labels, shipping, tracking
from orders.states import ShipmentState
from tests.orders.test_parcels import (
    BUY,
    CORRECT,
    LIGHT,
    MARK,
    bought,
    correct,
    number_there,
)
from tests.orders.test_tiktok_orders import Place
from tests.support.processes import run_together
from tests.support.sandbox import Sandbox

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.postgres,
]
PAUSE = 0.004  # seconds between the starts, so that the correction meets every step of the sending


@pytest.fixture
def place(tiktok: Sandbox) -> Place:
    return Place(tiktok)


def test_a_correction_and_the_worker_that_sends_never_leave_two_numbers(place: Place) -> None:
    for turn in range(8):
        order = bought(place, 1)
        part = place.part(order)
        first, second = f"1Z999AA10123450{turn:03}", f"1Z999AA10123451{turn:03}"
        shipment = shipping.record_shipment(
            part, carrier=place.carrier(part), tracking_number=first, by="ann"
        )
        place.sandbox.reset_calls()

        def work(number: int, pk: int = shipment.pk, wait: int = turn, new: str = second) -> str:
            if number < 2:
                return tracking.send_tracking(place.shop).summary()
            time.sleep(PAUSE * wait)
            try:
                correct(place, Shipment.objects.get(pk=pk), new)
            except Failure as failure:
                return str(failure)
            return "corrected"

        told = run_together(work, 3)
        tracking.send_tracking(place.shop)
        shipment.refresh_from_db()
        wanted = second if told[2] == "corrected" else first
        assert shipment.state == ShipmentState.SENT, told
        assert shipment.tracking_number == wanted == number_there(place, order), told
        calls = place.sandbox.calls()
        assert calls[MARK] == 1
        assert calls.get(CORRECT, 0) <= 1


def test_of_many_workers_one_buys_a_label(place: Place) -> None:
    order = bought(place, 1, shipping_type="TIKTOK")
    labels.want_labels([place.part(order)], labels.Plan(size=LIGHT), by="ann")
    run_together(lambda number: label_queue.buy_labels(place.shop).summary(), 4)
    assert place.sandbox.calls()[BUY] == 1


def test_of_many_people_one_asks_for_a_label(place: Place) -> None:
    part = place.part(bought(place, 1, shipping_type="TIKTOK"))

    def ask(number: int) -> int:
        try:
            return len(labels.want_labels([part], labels.Plan(size=LIGHT), by=f"p{number}"))
        except Failure:
            return 0

    assert sorted(run_together(ask, 4)) == [0, 0, 0, 1]
