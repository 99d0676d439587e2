"""TikTok Shop's cancellations and returns in our words, in each of its spellings."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.tiktok import aftersale_from_tiktok as words
from integrations.tiktok.fields import Fields
from marketplace.kernel.money import Money
from orders.ports_aftersale import (
    RemoteAsker,
    RemoteCancellation,
    RemoteCancellationStatus,
    RemoteReturn,
    RemoteReturnKind,
    RemoteReturnStatus,
    UnreadableRequest,
)

REFUND = {"currency": "USD", "refund_total": "64.70"}


def a_cancellation(**changes: Any) -> RemoteCancellation | UnreadableRequest:
    row = {
        "cancel_id": "4035",
        "order_id": "5771",
        "cancel_status": "CANCELLATION_REQUEST_PENDING",
        "role": "BUYER",
        "cancel_reason": "ecom_order_to_ship_canceled_reason_no_longer_needed",
        "create_time": 1791802200,
        "seller_next_action_response": [
            {"action": "SELLER_RESPOND_BUYER_CANCEL", "deadline": 1791975000}
        ],
        "refund_amount": REFUND,
        "cancel_line_items": [{"order_line_item_id": "201"}],
    }
    return words.cancellation(Fields({**row, **changes}, "row"))


def a_return(**changes: Any) -> RemoteReturn | UnreadableRequest:
    row = {
        "return_id": "4036",
        "order_id": "5771",
        "return_type": "REFUND",
        "return_status": "RETURN_OR_REFUND_REQUEST_PENDING",
        "role": "BUYER",
        "update_time": 1791832136,
        "return_line_items": [
            {"return_line_item_id": "1", "order_line_item_id": "201", "refund_amount": REFUND}
        ],
    }
    return words.sent_back(Fields({**row, **changes}, "row"))


def test_a_cancellation_comes_with_its_deadline_reason_and_amount() -> None:
    found = a_cancellation()
    assert isinstance(found, RemoteCancellation)
    assert (found.asked_by, found.reason) == (RemoteAsker.BUYER, "No longer needed")
    assert found.refund == Money(Decimal("64.70"), "USD")
    assert found.respond_by == datetime.fromtimestamp(1791975000, UTC)
    assert (found.unit_ids, found.updated_at) == (("201",), found.created_at)


@pytest.mark.parametrize("spelling", ["CANCEL", "CANCELLED"])
def test_both_spellings_of_a_closed_cancellation_are_read(spelling: str) -> None:
    found = a_cancellation(cancel_status=f"CANCELLATION_REQUEST_{spelling}")
    assert isinstance(found, RemoteCancellation)
    assert found.status == RemoteCancellationStatus.CLOSED


def test_a_cancellation_in_a_status_that_nobody_knows_is_named() -> None:
    found = a_cancellation(cancel_status="LIMBO")
    assert isinstance(found, UnreadableRequest)
    assert (found.external_id, "LIMBO" in found.reason) == ("4035", True)


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("REPLACEMENT", "REPLACEMENT_REQUEST_PENDING", "requested"),
        ("RETURN_AND_REFUND", "BUYER_SHIPPED_ITEM", "sent_back"),
        ("RETURN_AND_REFUND", "REJECT_RECEIVE_PACKAGE", "parcel_declined"),
        ("REFUND", "SOMETHING_NEW", "unknown"),
    ],
)
def test_returns_of_every_kind_are_read(kind: str, status: str, expected: str) -> None:
    found = a_return(return_type=kind, return_status=status)
    assert isinstance(found, RemoteReturn)
    assert found.status == RemoteReturnStatus(expected)
    assert isinstance(found.kind, RemoteReturnKind)
    assert [unit.unit_id for unit in found.units] == ["201"]
