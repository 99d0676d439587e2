from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orders import deadlines
from orders.deadlines import Standing
from orders.states import OrderState

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_an_order_is_due_72_hours_after_it_was_placed() -> None:
    assert deadlines.due_at(NOON, None) == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_channels_own_date_goes_before_the_72_hours() -> None:
    assert deadlines.due_at(NOON, NOON + timedelta(hours=5)) == NOON + timedelta(hours=5)


@pytest.mark.parametrize(
    ("due_in", "standing", "words"),
    [
        (timedelta(seconds=-61), Standing.LATE, "Late by 1 min"),
        (timedelta(hours=-3), Standing.LATE, "Late by 3 h"),
        (timedelta(0), Standing.DUE_SOON, "Due in 0 min"),
        (timedelta(hours=23, minutes=59), Standing.DUE_SOON, "Due in 23 h"),
        (timedelta(hours=24), Standing.ON_TIME, "Due in 1 day"),
        (timedelta(hours=52), Standing.ON_TIME, "Due in 2 days 4 h"),
    ],
)
def test_an_unshipped_order_stands_against_its_date(
    due_in: timedelta, standing: Standing, words: str
) -> None:
    assert deadlines.standing(OrderState.UNSHIPPED, NOON + due_in, NOON) == standing
    assert deadlines.sentence(OrderState.UNSHIPPED, NOON + due_in, NOON) == words


@pytest.mark.parametrize(
    "state", [OrderState.PENDING, OrderState.SHIPPED, OrderState.CANCELED, OrderState.COMPLETED]
)
def test_only_what_still_has_to_leave_can_be_late(state: OrderState) -> None:
    assert deadlines.standing(state, NOON - timedelta(days=9), NOON) == Standing.NOT_DUE
