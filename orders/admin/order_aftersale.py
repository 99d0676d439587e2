"""What was asked back of an order: its cancellations and its returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.contrib import admin
from django.utils.html import format_html, format_html_join

from marketplace.kernel.admin import ago, link_to, money
from orders.admin.tables import table
from orders.models import CancellationRequest, Order, ReturnRequest

NOTHING = "Nothing was asked"
HEADS = ("What", "Reason", "Asked by", "Asked", "Standing", "Answer by", "Refund")


def aftersale_words(order: Order) -> object:
    """How the order's cancellation stands, and a line for each request of the buyer or of us."""
    head = order.channel_order
    requests = [*head.cancellationrequests.all(), *head.returnrequests.all()]
    words = format_html_join("", '<span class="block">{}</span>', _lines(order))
    found = table(HEADS, (_row(one) for one in requests))
    return format_html("{}{}", words, found) if words or found else NOTHING


def _lines(order: Order) -> Iterator[tuple[str]]:
    if order.cancel_requested:
        yield ("The buyer asked to cancel.",)
    if order.canceled_by:
        yield (f"Canceled by: {order.canceled_by}.",)
    if order.cancel_reason:
        yield (f"Reason: {order.cancel_reason}",)


def _row(one: CancellationRequest | ReturnRequest) -> Sequence[object]:
    what = one.get_kind_display() if isinstance(one, ReturnRequest) else "Cancellation"
    is_page = admin.site.is_registered(type(one))
    return (
        link_to(one, what) if is_page else what,
        one.reason or "–",
        one.get_asked_by_display(),
        ago(one.created_on_channel_at),
        one.get_state_display(),
        ago(one.respond_by, never="–"),
        money(one.refund, one.currency),
    )
