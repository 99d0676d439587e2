"""The parts of the order workspace: what each is called, and which orders are in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from marketplace.kernel.admin_lists import ListTab
from orders.models import ReturnLine
from orders.states import OrderState, ReturnState

Rows = QuerySet[Any]
DAY = timedelta(hours=24)
ON_THEIR_WAY = (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED)

#: A return in one of these is not over yet.
RETURNS_GOING_ON = (
    ReturnState.REQUESTED,
    ReturnState.AWAITING_BUYER,
    ReturnState.SENT_BACK,
    ReturnState.APPROVED,
    ReturnState.UNKNOWN,
)


def _with_a_return(rows: Rows) -> Rows:
    lines = ReturnLine.objects.filter(return_request__state__in=RETURNS_GOING_ON)
    return rows.filter(pk__in=lines.exclude(order_line=None).values("order_line__order"))


TABS = (
    ListTab("all", "All", "Every order part, newest first.", lambda rows: rows),
    ListTab(
        "pending",
        "Pending",
        "On hold: the buyer may still cancel. Stock is reserved, nothing can be shipped yet.",
        lambda rows: rows.pending(),
    ),
    ListTab(
        "unshipped",
        "Unshipped",
        "To be shipped by us, soonest due first. What the channel ships from its own warehouse is "
        "not among them.",
        lambda rows: rows.to_ship(),
    ),
    ListTab(
        "today",
        "Ship today",
        "Due within 24 hours and not late yet, soonest due first.",
        lambda rows: rows.due_within(timezone.now(), DAY),
    ),
    ListTab(
        "late",
        "Late",
        "The time to ship is over: ship them first.",
        lambda rows: rows.late(timezone.now()),
    ),
    ListTab(
        "partial",
        "Partially shipped",
        "Some units left, others still have to.",
        lambda rows: rows.to_ship().filter(state=OrderState.PARTIALLY_SHIPPED),
    ),
    ListTab(
        "shipped",
        "Shipped",
        "Left, delivered or completed, newest first.",
        lambda rows: rows.filter(state__in=ON_THEIR_WAY),
    ),
    ListTab(
        "cancel",
        "Cancellation requested",
        "The buyer asks to cancel; nothing has changed here. Answer before the time is over.",
        lambda rows: rows.with_cancellation_requested(),
    ),
    ListTab(
        "returns",
        "Returns",
        "The buyer wants the money back, or another piece, and it is not over yet.",
        _with_a_return,
    ),
    ListTab(
        "canceled",
        "Canceled",
        "Stock was given back once.",
        lambda rows: rows.filter(state=OrderState.CANCELED),
    ),
    ListTab(
        "attention",
        "Needs attention",
        "Something stands in the way. What it is and what to do is on each order.",
        lambda rows: rows.needing_attention(),
    ),
)
