"""Cancellations and returns: who may, for which reason, until when, and what it changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.sandbox.buying import (
    DAY,
    HOUR,
    buy,
    held,
    lines_of,
    mark_shipped,
    order_of,
    ready,
    status_of,
    stock_up,
)
from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox

CANCEL = "/return_refund/202309/cancellations"
NO_STOCK = "seller_cancel_reason_out_of_stock"
WRONG_PRICE = "seller_cancel_reason_wrong_price"
PENDING = "CANCELLATION_REQUEST_PENDING"


def seller_cancels(order_id: str, reason: str = WRONG_PRICE, **more: Any) -> dict[str, Any]:
    return {"order_id": order_id, "cancel_reason": reason, **more}


def cancellations(client: SignedClient, **body: Any) -> Any:
    return client.call("POST", f"{CANCEL}/search", body)["cancellations"]


def asked(box: Sandbox, order_id: str) -> str:
    return str(box.control("POST", f"/orders/{order_id}/cancel", {})["cancel_id"])


def test_a_buyer_cancels_freely_in_the_first_hour(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    order_id = buy(box, 2)["id"]
    box.advance(HOUR - 60)
    box.control("POST", f"/orders/{order_id}/cancel", {})
    order = order_of(client, order_id)
    assert (order["status"], order["cancellation_initiator"]) == ("CANCELLED", "BUYER")
    assert "recipient_address" not in order
    assert held(client, sku) == [(5, 0), (7, 0)]
    (doc,) = cancellations(client, order_ids=[order_id])
    assert (doc["role"], doc["cancel_type"], doc["cancel_status"]) == (
        "BUYER",
        "CANCEL",
        "CANCELLATION_REQUEST_SUCCESS",
    )
    assert doc["refund_amount"]["refund_total"] == order["payment"]["total_amount"] == "35.31"
    box.advance(2 * HOUR)
    assert status_of(client, order_id) == "CANCELLED"
    assert cancellations(client)[0]["cancel_status"] == "CANCELLATION_REQUEST_COMPLETE"


@pytest.mark.parametrize("version", ["202309", "202602"])
def test_a_seller_cancels_an_order(box: Sandbox, client: SignedClient, version: str):
    sku = stock_up(client)
    order_id = ready(box, 2)
    path = f"/return_refund/{version}/cancellations"
    answer = client.call("POST", path, seller_cancels(order_id))
    assert answer["cancel_status"] == "CANCELLATION_REQUEST_SUCCESS"
    order = order_of(client, order_id)
    assert (order["status"], order["cancellation_initiator"], order["cancel_reason"]) == (
        "CANCELLED",
        "SELLER",
        WRONG_PRICE,
    )
    assert held(client, sku) == [(5, 0), (7, 0)]
    assert client.refused("POST", path, seller_cancels(order_id)) == 25001051


def test_canceling_for_lack_of_stock_empties_the_sku(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    order_id = ready(box)
    client.call("POST", CANCEL, seller_cancels(order_id, NO_STOCK))
    assert held(client, sku) == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("paid", "reason", "code"),
    [
        (True, "seller_cancel_unpaid_reason_wrong_price", 25001021),
        (False, WRONG_PRICE, 25001021),
        (True, "ecom_order_to_ship_canceled_reason_no_longer_needed", 25001015),
        (True, "because", 25001014),
    ],
)
def test_a_reason_must_fit_the_status(
    box: Sandbox, client: SignedClient, paid: bool, reason: str, code: int
):
    stock_up(client)
    order_id = buy(box, paid=paid)["id"]
    assert client.refused("POST", CANCEL, seller_cancels(order_id, reason)) == code
    assert status_of(client, order_id) == ("ON_HOLD" if paid else "UNPAID")


def test_some_units_are_canceled_for_lack_of_stock_only(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    order_id = ready(box, 3)
    one = [{"sku_id": sku, "quantity": 1}]
    assert client.refused("POST", CANCEL, seller_cancels(order_id, skus=one)) == 25005010
    many = [{"sku_id": sku, "quantity": 4}]
    body = seller_cancels(order_id, NO_STOCK, skus=many)
    assert client.refused("POST", CANCEL, body) == 25005011
    client.call("POST", CANCEL, seller_cancels(order_id, NO_STOCK, skus=one))
    order = order_of(client, order_id)
    states = [line["display_status"] for line in order["line_items"]]
    assert states == ["CANCELLED", "AWAITING_SHIPMENT", "AWAITING_SHIPMENT"]
    assert order["status"] == "AWAITING_SHIPMENT"
    (doc,) = cancellations(client)
    assert (len(doc["cancel_line_items"]), doc["refund_amount"]["refund_total"]) == (1, "15.16")


def test_a_shipped_order_is_not_canceled(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    client.call("POST", *mark_shipped(client, order_id))
    assert client.refused("POST", CANCEL, seller_cancels(order_id)) == 25001045


def test_after_the_hour_the_buyer_asks_and_silence_grants_it(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    order_id = ready(box)
    cancel_id = asked(box, order_id)
    order = order_of(client, order_id)
    assert (order["status"], order["is_buyer_request_cancel"]) == ("AWAITING_SHIPMENT", True)
    (doc,) = cancellations(client, cancel_ids=[cancel_id])
    action = doc["seller_next_action_response"][0]
    assert (doc["cancel_status"], doc["cancel_type"]) == (PENDING, "BUYER_CANCEL")
    assert action["action"] == "SELLER_RESPOND_CANCEL"
    assert action["deadline"] - doc["create_time"] == 48 * HOUR
    body = seller_cancels(order_id)
    assert client.refused("POST", CANCEL, body) == 25001011
    box.advance(48 * HOUR - 60)
    assert status_of(client, order_id) == "AWAITING_SHIPMENT"
    box.advance(60)
    assert status_of(client, order_id) == "CANCELLED"
    assert held(client, sku) == [(5, 0), (7, 0)]


def test_a_seller_grants_a_request_once(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    path = f"{CANCEL}/{asked(box, order_id)}"
    key = {"idempotency_key": "k1"}
    assert client.call("POST", f"{path}/approve", query=key) == {}
    assert client.call("POST", f"{path}/approve", query=key) == {}
    assert status_of(client, order_id) == "CANCELLED"
    assert client.refused("POST", f"{path}/approve") == 25011012
    reject = {"reject_reason": "seller_reject_apply_product_has_been_packed"}
    assert client.refused("POST", f"{path}/reject", reject) == 25020010


def test_a_seller_refuses_a_request_with_a_listed_reason(box: Sandbox, client: SignedClient):
    sku = stock_up(client)
    order_id = ready(box, buyer={"state": "Ohio"})
    cancel_id = asked(box, order_id)
    query = {"return_or_cancel_id": cancel_id}
    reasons = client.call("GET", "/return_refund/202309/reject_reasons", query=query)["reasons"]
    path = f"{CANCEL}/{cancel_id}"
    assert client.refused("POST", f"{path}/reject", {"reject_reason": "no"}) == 25001014
    body = {"reject_reason": reasons[3]["name"], "comment": "It is packed."}
    assert client.call("POST", f"{path}/reject", body) == {}
    order = order_of(client, order_id)
    assert (order["status"], order["is_buyer_request_cancel"]) == ("AWAITING_SHIPMENT", False)
    assert cancellations(client)[0]["cancel_status"] == "CANCELLATION_REQUEST_CANCEL"
    assert client.refused("POST", f"{path}/approve") == 25020009
    assert held(client, sku) == [(4, 1), (7, 0)]
    box.advance(48 * HOUR)
    assert status_of(client, order_id) == "AWAITING_SHIPMENT"


def test_a_buyer_can_withdraw_a_request(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    asked(box, order_id)
    box.control("POST", f"/orders/{order_id}/withdraw_cancel", {})
    client.call("POST", *mark_shipped(client, order_id))
    assert status_of(client, order_id) == "AWAITING_COLLECTION"


@pytest.mark.parametrize("event", ["ship", "cancel_by_system"])
def test_a_request_that_came_too_late_lapses(box: Sandbox, client: SignedClient, event: str):
    stock_up(client)
    order_id = ready(box)
    cancel_id = asked(box, order_id)
    box.control("POST", f"/orders/{order_id}/{event}", {})
    before = status_of(client, order_id)
    box.advance(48 * HOUR)
    assert cancellations(client)[0]["cancel_status"] == "CANCELLATION_REQUEST_CANCEL"
    assert client.refused("POST", f"{CANCEL}/{cancel_id}/approve") == 25020009
    assert (before == "CANCELLED") == (event == "cancel_by_system")


def test_cancellations_are_found_by_what_is_known_of_them(box: Sandbox, client: SignedClient):
    stock_up(client)
    free, requested = buy(box)["id"], ready(box)
    box.control("POST", f"/orders/{free}/cancel", {})
    asked(box, requested)
    assert [doc["order_id"] for doc in cancellations(client)] == [free, requested]
    assert [d["order_id"] for d in cancellations(client, cancel_types=["CANCEL"])] == [free]
    assert [d["order_id"] for d in cancellations(client, cancel_status=[PENDING])] == [requested]
    page = client.call("POST", f"{CANCEL}/search", {}, query={"page_size": "1"})
    assert (page["total_count"], len(page["cancellations"])) == (2, 1)
    newest = "/return_refund/202602/cancellations/search"
    rest = client.call("POST", newest, {}, query={"page_token": page["next_page_token"]})
    assert [doc["order_id"] for doc in rest["cancellations"]] == [requested]


def test_eligibility_names_the_reasons_of_the_day(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    query = {"initiate_aftersale_user": "SELLER", "request_types": "CANCEL"}
    path = f"/return_refund/202602/orders/{order_id}/aftersale_eligibility"
    (row,) = client.call("GET", path, query=query)["sku_eligibility"]
    (kind,) = row["line_item_eligibility"]
    assert (kind["eligible"], kind["order_line_items_ids"]) == (True, lines_of(client, order_id))
    assert kind["available_reason_names"] == [
        NO_STOCK,
        WRONG_PRICE,
        "seller_cancel_paid_reason_address_not_deliver",
        "seller_cancel_paid_reason_buyer_requested_cancellation",
    ]
    client.call("POST", *mark_shipped(client, order_id))
    for version in ("202309", "202512"):
        path = f"/return_refund/{version}/orders/{order_id}/aftersale_eligibility"
        (row,) = client.call("GET", path)["sku_eligibility"]
        assert {kind["eligible"] for kind in row["line_item_eligibility"]} == {False}


@pytest.fixture
def delivered(box: Sandbox, client: SignedClient) -> str:
    """An order of two units that the buyer has."""
    stock_up(client)
    order_id = ready(box, 2)
    client.call("POST", *mark_shipped(client, order_id))
    box.control("POST", f"/orders/{order_id}/deliver", {})
    return order_id


def returns(client: SignedClient, version: str = "202309") -> Any:
    return client.call("POST", f"/return_refund/{version}/returns/search", {})["return_orders"]


def test_goods_come_back_and_the_money_goes_back(
    box: Sandbox, client: SignedClient, delivered: str
):
    return_id = box.control("POST", f"/orders/{delivered}/return", {})["return_id"]
    path = f"/return_refund/202309/returns/{return_id}"
    assert client.refused("POST", f"{path}/approve", {"decision": "APPROVE_REFUND"}) == 25020004
    received = {"decision": "APPROVE_RECEIVED_PACKAGE"}
    assert client.refused("POST", f"{path}/approve", received) == 25011012
    client.call("POST", f"{path}/approve", {"decision": "APPROVE_RETURN"})
    assert returns(client)[0]["return_status"] == "AWAITING_BUYER_SHIP"
    box.control("POST", f"/returns/{return_id}/send", {})
    client.call("POST", f"{path}/approve", received)
    box.advance(HOUR)
    (doc,) = returns(client, "202602")
    assert (doc["return_status"], doc["refund_amount"]["refund_total"]) == (
        "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "30.32",
    )
    records = client.call("GET", f"{path}/records")["records"]
    assert [record["event"] for record in records] == [
        "REFUND_SUCCESS",
        "SELLER_APPROVE",
        "BUYER_SHIPPED",
        "SELLER_APPROVE",
        "ORDER_RETURN",
    ]


def test_a_refund_is_refused_with_a_listed_reason(
    box: Sandbox, client: SignedClient, delivered: str
):
    doc = box.control("POST", f"/orders/{delivered}/return", {"type": "REFUND"})
    query = {"return_or_cancel_id": doc["return_id"]}
    reasons = client.call("GET", "/return_refund/202309/reject_reasons", query=query)["reasons"]
    path = f"/return_refund/202309/returns/{doc['return_id']}/reject"
    body = {"decision": "REJECT_REFUND", "reject_reason": reasons[0]["name"]}
    assert client.call("POST", path, body) == {}
    assert returns(client)[0]["return_status"] == "REFUND_OR_RETURN_REQUEST_REJECT"


def test_nobody_answers_a_return_so_it_is_granted(
    box: Sandbox, client: SignedClient, delivered: str
):
    box.control("POST", f"/orders/{delivered}/return", {})
    box.advance(2 * DAY)
    assert returns(client)[0]["return_status"] == "AWAITING_BUYER_SHIP"


def test_a_seller_refunds_on_their_own(client: SignedClient, delivered: str):
    body = {
        "order_id": delivered,
        "return_type": "REFUND",
        "return_reason": "ecom_order_delivered_refund_and_return_reason_defective",
    }
    path = "/return_refund/202602/returns"
    much = {**body, "refund_total": "30.33", "currency": "USD"}
    assert client.refused("POST", path, much) == 25005005
    answer = client.call("POST", path, body)
    assert answer["return_status"] == "RETURN_OR_REFUND_REQUEST_SUCCESS"
    ask = {"order_id": delivered, "request_type": "REFUND", "reason_name": body["return_reason"]}
    amount = client.call("POST", "/return_refund/202309/refunds/calculate", ask)
    assert amount["order_refund_amount"]["refund_total"] == "30.32"
