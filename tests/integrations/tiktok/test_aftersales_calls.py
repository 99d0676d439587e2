from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.http.errors import RemoteBusy, RemoteRefused
from tests.integrations.tiktok.conftest import World
from tests.integrations.tiktok.test_order_calls import USPS, place, sku_ids

OUT_OF_STOCK = "seller_cancel_reason_out_of_stock"
PENDING = "CANCELLATION_REQUEST_PENDING"


@pytest.fixture
def asked(world: World) -> tuple[str, str]:
    """An order whose buyer asked to cancel after the first hour: (order id, cancel id)."""
    (sku,) = sku_ids(world.sandbox, 1)
    order_id = place(world.sandbox, sku)
    world.sandbox.advance(3601)
    answer = world.sandbox.control("POST", f"/orders/{order_id}/cancel", {})
    return order_id, str(answer["cancel_id"])


def test_a_buyer_s_request_comes_with_its_deadline(world: World, asked: tuple[str, str]) -> None:
    order_id, cancel_id = asked
    (row,) = world.orders.search_cancellations()
    assert (row.id, row.order_id, row.status, row.role) == (cancel_id, order_id, PENDING, "BUYER")
    (action,) = row.next_actions
    assert action.deadline is not None
    assert row.created_at is not None
    assert action.deadline - row.created_at == timedelta(hours=48)
    assert len(row.unit_ids) == 1


def test_a_request_is_granted_once(world: World, asked: tuple[str, str]) -> None:
    order_id, cancel_id = asked
    world.orders.approve_cancellation(cancel_id, key="grant-1")
    world.orders.approve_cancellation(cancel_id, key="grant-1")
    (order,) = world.orders.orders([order_id])
    assert order.text("status") == "CANCELLED"


def test_a_request_is_declined_with_one_of_the_channel_s_reasons(
    world: World, asked: tuple[str, str]
) -> None:
    order_id, cancel_id = asked
    reasons = world.orders.reject_reasons(cancel_id)
    assert all(reason.text for reason in reasons)
    world.orders.reject_cancellation(cancel_id, reason=reasons[0].name, key="no-1")
    (order,) = world.orders.orders([order_id])
    assert order.text("status") == "AWAITING_SHIPMENT"
    (row,) = world.orders.search_cancellations(order_ids=[order_id])
    assert row.status == "CANCELLATION_REQUEST_CANCEL"


def test_a_seller_cancels_an_order_or_some_units(world: World) -> None:
    (sku,) = sku_ids(world.sandbox, 1)
    first, second = place(world.sandbox, sku), place(world.sandbox, sku, sku)
    world.sandbox.advance(3601)
    assert world.orders.cancel(first, reason=OUT_OF_STOCK).id != ""
    world.orders.cancel(second, reason=OUT_OF_STOCK, quantities={sku: 1})
    found = {row.text("id"): row.text("status") for row in world.orders.orders([first, second])}
    assert found == {first: "CANCELLED", second: "AWAITING_SHIPMENT"}


def test_a_reason_that_does_not_fit_is_refused_in_plain_words(world: World) -> None:
    (sku,) = sku_ids(world.sandbox, 1)
    order_id = place(world.sandbox, sku, paid=False)
    with pytest.raises(RemoteRefused, match="Choose another reason"):
        world.orders.cancel(order_id, reason=OUT_OF_STOCK)


def test_what_may_still_be_canceled_is_told(world: World) -> None:
    (sku,) = sku_ids(world.sandbox, 1)
    order_id = place(world.sandbox, sku)
    world.sandbox.advance(3601)
    rows = world.orders.aftersale_eligibility(order_id)
    assert {row.request_type: row.is_eligible for row in rows} == {
        "CANCEL": True,
        "REFUND": False,
        "RETURN_AND_REFUND": False,
    }


def test_an_answer_to_a_request_that_got_lost_is_not_sent_again_by_itself(
    world: World, asked: tuple[str, str]
) -> None:
    _order_id, cancel_id = asked
    world.sandbox.fault("lost_answer", path="/return_refund/*", count=1)
    with pytest.raises(RemoteBusy) as caught:
        world.orders.approve_cancellation(cancel_id, key="grant-1")
    assert caught.value.outcome_unknown is True
    (row,) = world.orders.search_cancellations()
    assert row.status != PENDING


def test_a_return_is_followed_and_answered(world: World) -> None:
    (sku,) = sku_ids(world.sandbox, 1)
    order_id = place(world.sandbox, sku)
    world.sandbox.advance(3601)
    world.orders.mark_shipped(
        order_id, unit_ids=[], provider_id=USPS, tracking_number="9400111899223100001234"
    )
    world.sandbox.control("POST", f"/orders/{order_id}/deliver")
    world.sandbox.control("POST", f"/orders/{order_id}/return", {"type": "REFUND"})
    since = datetime.now(UTC) - timedelta(days=1)
    (row,) = world.orders.search_returns(updated_since=since)
    assert (row.order_id, row.kind) == (order_id, "REFUND")
    assert row.refund_total > 0
    reasons = world.orders.reject_reasons(row.id)
    world.orders.reject_return(row.id, decision="REJECT_REFUND", reason=reasons[0].name, key="no-1")
    (after,) = world.orders.search_returns(order_ids=[order_id])
    assert after.status == "REFUND_OR_RETURN_REQUEST_REJECT"


def test_tracking_can_be_corrected_and_is_seen_on_the_package(world: World) -> None:
    (sku,) = sku_ids(world.sandbox, 1)
    order_id = place(world.sandbox, sku)
    world.sandbox.advance(3601)
    marked = world.orders.mark_shipped(
        order_id, unit_ids=[], provider_id=USPS, tracking_number="9400111899223100001234"
    )
    world.orders.update_shipping_info(
        order_id, provider_id=USPS, tracking_number="9400111899223100005678"
    )
    package = world.orders.package(marked.package_id)
    assert package.tracking_number == "9400111899223100005678"
    assert package.order_ids == (order_id,)
