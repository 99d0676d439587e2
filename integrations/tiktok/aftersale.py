"""TikTok Shop's cancellations and returns behind our port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from catalog.models import Shop
from integrations.tiktok import aftersale_from_tiktok as words
from integrations.tiktok.cancel_reasons import seller_reasons
from integrations.tiktok.gateway import order_calls
from integrations.tiktok.orders_from_tiktok import reason_words
from orders.ports_aftersale import (
    RemoteCancellation,
    RemoteReason,
    RemoteReturn,
    RemoteReturnKind,
    RemoteReturnStatus,
    UnreadableRequest,
)

APPROVE = {
    (RemoteReturnKind.REFUND, RemoteReturnStatus.REQUESTED): "APPROVE_REFUND",
    (RemoteReturnKind.RETURN, RemoteReturnStatus.REQUESTED): "APPROVE_RETURN",
    (RemoteReturnKind.REPLACEMENT, RemoteReturnStatus.REQUESTED): "APPROVE_REPLACEMENT",
}
DECLINE = {
    (RemoteReturnKind.REFUND, RemoteReturnStatus.REQUESTED): "REJECT_REFUND",
    (RemoteReturnKind.RETURN, RemoteReturnStatus.REQUESTED): "REJECT_RETURN",
    (RemoteReturnKind.REPLACEMENT, RemoteReturnStatus.REQUESTED): "REJECT_REPLACEMENT",
}


class TikTokAftersale:
    """Reads cancellations and returns, and takes the seller's word on them."""

    def cancellations_since(
        self, shop: Shop, since: datetime
    ) -> Iterator[RemoteCancellation | UnreadableRequest]:
        yield from map(words.cancellation, order_calls(shop).cancellations(updated_since=since))

    def cancellations(
        self, shop: Shop, order_ids: Sequence[str]
    ) -> Iterator[RemoteCancellation | UnreadableRequest]:
        yield from map(words.cancellation, order_calls(shop).cancellations(order_ids=order_ids))

    def returns_since(
        self, shop: Shop, since: datetime
    ) -> Iterator[RemoteReturn | UnreadableRequest]:
        yield from map(words.sent_back, order_calls(shop).returns(updated_since=since))

    def returns(
        self, shop: Shop, order_ids: Sequence[str]
    ) -> Iterator[RemoteReturn | UnreadableRequest]:
        yield from map(words.sent_back, order_calls(shop).returns(order_ids=order_ids))

    def decline_reasons(self, shop: Shop, request_id: str) -> list[RemoteReason]:
        rows = order_calls(shop).reject_reasons(request_id)
        return [RemoteReason(row.name, row.text or reason_words(row.name)) for row in rows]

    def cancel_reasons(self, shop: Shop) -> list[RemoteReason]:
        return seller_reasons(shop.region)

    def approve_cancellation(self, shop: Shop, request_id: str, *, key: str) -> None:
        order_calls(shop).approve_cancellation(request_id, key=key)

    def decline_cancellation(
        self, shop: Shop, request_id: str, *, reason: str, comment: str, key: str
    ) -> None:
        order_calls(shop).reject_cancellation(request_id, reason=reason, comment=comment, key=key)

    def approve_return(
        self,
        shop: Shop,
        request_id: str,
        *,
        kind: RemoteReturnKind,
        status: RemoteReturnStatus,
        key: str,
    ) -> None:
        decision = APPROVE.get((kind, status), "APPROVE_RECEIVED_PACKAGE")
        order_calls(shop).approve_return(request_id, decision=decision, key=key)

    def decline_return(
        self,
        shop: Shop,
        request_id: str,
        *,
        kind: RemoteReturnKind,
        status: RemoteReturnStatus,
        reason: str,
        comment: str,
        key: str,
    ) -> None:
        decision = DECLINE.get((kind, status), "REJECT_RECEIVED_PACKAGE")
        order_calls(shop).reject_return(
            request_id, decision=decision, reason=reason, comment=comment, key=key
        )

    def cancel(self, shop: Shop, order_id: str, *, reason: str, unit_ids: Sequence[str]) -> str:
        return order_calls(shop).cancel(order_id, reason=reason, unit_ids=unit_ids).id
