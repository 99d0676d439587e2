"""What cancellations and returns share when the channel tells of them: news stored, once."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import TextChoices

from catalog.models import Shop
from marketplace.kernel.states import Machine
from orders.models import AftersaleRequest
from orders.ports_aftersale import RemoteCancellation, RemoteReturn
from orders.services import in_hand

RequestT = TypeVar("RequestT", bound=AftersaleRequest)
S = TypeVar("S", bound=TextChoices)
Remote = RemoteCancellation | RemoteReturn


def keep(
    model: type[RequestT], shop: Shop, remote: Remote, **own: Any
) -> tuple[RequestT, bool] | None:
    """Make our row say what the channel says, its state apart; return it, and whether it is new.

    `own` are the columns of this model alone. None if it is no news: older than what is here, or
    the same. Locks the order; needs a transaction.
    """
    head = in_hand.lock(shop, [remote.order_id]).get(remote.order_id)
    columns = {**_common_columns(remote), **own}
    row, is_new = model._default_manager.get_or_create(
        shop=shop,
        external_id=remote.external_id,
        defaults={"merchant_id": shop.merchant_id, "channel_order": head, **columns},
    )
    if not is_new and _is_old_news(row, remote):
        return None
    row.channel_order = row.channel_order or head
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=[*columns, "channel_order"])
    return row, is_new


def advance(machine: Machine[S], row: AftersaleRequest, state: S) -> bool:
    """Move a request to where the channel has it, if it may go there; return whether it moved."""
    old = row.state  # type: ignore[attr-defined]
    if state == old or not machine.allows(old, state):
        return False
    machine.move(row, state)
    return True


def _common_columns(remote: Remote) -> dict[str, Any]:
    return {
        "order_external_id": remote.order_id,
        "raw_status": remote.raw_status[:60],
        "asked_by": remote.asked_by.value,
        "reason": remote.reason[:300],
        "refund": remote.refund.amount if remote.refund else None,
        "currency": remote.refund.currency if remote.refund else "",
        "created_on_channel_at": remote.created_at,
        "updated_on_channel_at": remote.updated_at,
    }


def _is_old_news(row: AftersaleRequest, remote: Remote) -> bool:
    if remote.updated_at != row.updated_on_channel_at:
        return remote.updated_at < row.updated_on_channel_at
    return remote.raw_status == row.raw_status
