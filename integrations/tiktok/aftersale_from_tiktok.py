"""TikTok Shop's cancellations and returns in our words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from integrations.tiktok.fields import Fields, UnexpectedShape
from integrations.tiktok.orders_from_tiktok import changed_at, reason_words
from integrations.tiktok.schemas_orders import (
    CancellationRow,
    NextActionRow,
    ReturnRow,
    ReturnUnitRow,
)
from marketplace.kernel.money import Money
from orders.ports_aftersale import (
    RemoteAsker,
    RemoteCancellation,
    RemoteCancellationStatus,
    RemoteReturn,
    RemoteReturnKind,
    RemoteReturnStatus,
    RemoteReturnUnit,
    UnreadableRequest,
)

T = TypeVar("T")

CANCELLATION_STATUSES = {
    "CANCELLATION_REQUEST_PENDING": RemoteCancellationStatus.REQUESTED,
    "CANCELLATION_REQUEST_SUCCESS": RemoteCancellationStatus.APPROVED,
    "CANCELLATION_REQUEST_COMPLETE": RemoteCancellationStatus.COMPLETED,
    "CANCELLATION_REQUEST_CANCEL": RemoteCancellationStatus.CLOSED,
}
RETURN_STATUSES = {
    "RETURN_OR_REFUND_REQUEST_PENDING": RemoteReturnStatus.REQUESTED,
    "REFUND_OR_RETURN_REQUEST_REJECT": RemoteReturnStatus.DECLINED,
    "AWAITING_BUYER_SHIP": RemoteReturnStatus.AWAITING_BUYER,
    "BUYER_SHIPPED_ITEM": RemoteReturnStatus.SENT_BACK,
    "REJECT_RECEIVE_PACKAGE": RemoteReturnStatus.PARCEL_DECLINED,
    "RETURN_OR_REFUND_REQUEST_SUCCESS": RemoteReturnStatus.APPROVED,
    "RETURN_OR_REFUND_REQUEST_CANCEL": RemoteReturnStatus.CLOSED,
    "RETURN_OR_REFUND_REQUEST_CANCELLED": RemoteReturnStatus.CLOSED,
    "RETURN_OR_REFUND_REQUEST_COMPLETE": RemoteReturnStatus.COMPLETED,
    "REPLACEMENT_REQUEST_PENDING": RemoteReturnStatus.REQUESTED,
    "REPLACEMENT_REQUEST_REJECT": RemoteReturnStatus.DECLINED,
    "REPLACEMENT_REQUEST_SUCCESS": RemoteReturnStatus.APPROVED,
    "REPLACEMENT_REQUEST_REFUND_SUCCESS": RemoteReturnStatus.COMPLETED,
    "REPLACEMENT_REQUEST_CANCEL": RemoteReturnStatus.CLOSED,
    "REPLACEMENT_REQUEST_CANCELLED": RemoteReturnStatus.CLOSED,
    "REPLACEMENT_REQUEST_COMPLETE": RemoteReturnStatus.COMPLETED,
}
RETURN_KINDS = {
    "REFUND": RemoteReturnKind.REFUND,
    "RETURN_AND_REFUND": RemoteReturnKind.RETURN,
    "REPLACEMENT": RemoteReturnKind.REPLACEMENT,
}
ASKERS = {"BUYER": RemoteAsker.BUYER, "SELLER": RemoteAsker.SELLER}


def cancellation(fields: Fields) -> RemoteCancellation | UnreadableRequest:
    """Return a cancellation, or what is wrong with it."""
    return _or_unreadable(fields, "cancel_id", _cancellation)


def sent_back(fields: Fields) -> RemoteReturn | UnreadableRequest:
    """Return a return, or what is wrong with it."""
    return _or_unreadable(fields, "return_id", _return)


def _or_unreadable(
    fields: Fields, id_field: str, read: Callable[[Fields], T]
) -> T | UnreadableRequest:
    try:
        return read(fields)
    except UnexpectedShape as error:
        return UnreadableRequest(
            str(fields.content.get(id_field) or ""), str(error), changed_at(fields)
        )


def _cancellation(fields: Fields) -> RemoteCancellation:
    row = CancellationRow.parse(fields)
    if row.status not in CANCELLATION_STATUSES:
        raise UnexpectedShape(f"the cancellation's status “{row.status}” is not one we know")
    created_at, updated_at = _times(row.created_at, row.updated_at)
    return RemoteCancellation(
        external_id=row.id,
        order_id=row.order_id,
        status=CANCELLATION_STATUSES[row.status],
        raw_status=row.status,
        asked_by=ASKERS.get(row.role, RemoteAsker.CHANNEL),
        created_at=created_at,
        updated_at=updated_at,
        unit_ids=tuple(unit_id for unit_id in row.unit_ids if unit_id),
        reason=row.reason_text or reason_words(row.reason),
        refund=_money(row.refund_total, row.currency),
        respond_by=_deadline(row.next_actions),
    )


def _return(fields: Fields) -> RemoteReturn:
    row = ReturnRow.parse(fields)
    if row.kind not in RETURN_KINDS:
        raise UnexpectedShape(f"the return's type “{row.kind}” is not one we know")
    created_at, updated_at = _times(row.created_at, row.updated_at)
    return RemoteReturn(
        external_id=row.id,
        order_id=row.order_id,
        kind=RETURN_KINDS[row.kind],
        status=RETURN_STATUSES.get(row.status, RemoteReturnStatus.UNKNOWN),
        raw_status=row.status,
        asked_by=ASKERS.get(row.role, RemoteAsker.CHANNEL),
        created_at=created_at,
        updated_at=updated_at,
        units=tuple(map(_unit, row.units)),
        reason=row.reason_text or reason_words(row.reason),
        refund=_money(row.refund_total, row.currency),
        respond_by=_deadline(row.next_actions),
        tracking_number=row.tracking_number,
        carrier=row.provider_name,
    )


def _unit(row: ReturnUnitRow) -> RemoteReturnUnit:
    return RemoteReturnUnit(
        external_id=row.id or row.unit_id,
        unit_id=row.unit_id,
        seller_sku=row.seller_sku,
        title=row.product_name,
        refund=_money(row.refund_total, row.currency),
    )


def _times(created: datetime | None, updated: datetime | None) -> tuple[datetime, datetime]:
    first = created or updated
    if first is None:
        raise UnexpectedShape("the request has neither a create_time nor an update_time")
    return first, updated or first


def _money(amount: Decimal, currency: str) -> Money | None:
    return Money(amount, currency) if currency else None


def _deadline(actions: tuple[NextActionRow, ...]) -> datetime | None:
    """The first thing that the seller must have done."""
    return min((one.deadline for one in actions if one.deadline), default=None)
