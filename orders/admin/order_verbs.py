"""What can be done with selected orders: tracking, labels, trying again, seeing to attention."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from catalog.models import Shop
from marketplace.kernel.admin_verbs import Outcome, Verb, who
from marketplace.kernel.batch import run_batch
from orders.admin.cancel_verb import CANCEL_ORDER
from orders.admin.label_verbs import GET_LABEL
from orders.admin.tracking_verbs import ENTER_TRACKING
from orders.models import Order, OrderAttention
from orders.services import attention, held

CHANGE = "orders.change_order"


def retry(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    done = 0
    for shop in Shop.objects.filter(orders__in=ids).distinct():
        done += held.retry_attentions(shop=shop, by=who(request)).orders
    left = Order.objects.filter(pk__in=ids).needing_attention().count()
    return f"Tried again: {done:,} held orders went on; {left:,} selected ones still need a person."


def resolve(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    rows = OrderAttention.objects.filter(order__in=ids, resolved_at=None)
    return run_batch(
        "Marked as seen to:", rows, lambda row: attention.dismiss(row, by=who(request))
    )


def needs_attention(row: Order) -> bool:
    return row.attentions.filter(resolved_at=None).exists()


VERBS = (
    ENTER_TRACKING,
    GET_LABEL,
    Verb(
        name="retry_attention",
        label="Retry attention",
        run=retry,
        permission=CHANGE,
        button="Try again",
        applies=needs_attention,
    ),
    Verb(
        name="resolve_attention",
        label="Mark attention as seen to",
        run=resolve,
        permission=CHANGE,
        button="Mark as seen to",
        applies=needs_attention,
    ),
    CANCEL_ORDER,
)
