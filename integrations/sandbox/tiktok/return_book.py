"""Returns and refunds after shipping: asked for by the buyer, answered by the seller."""

from __future__ import annotations

from integrations.sandbox.core import Sandbox, due
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok import events
from integrations.sandbox.tiktok.order_book import lines_in
from integrations.sandbox.tiktok.order_money import refund_of
from integrations.sandbox.tiktok.reasons import RETURN, words_of
from integrations.sandbox.tiktok.shops import warehouses

ANSWER_WITHIN = 48 * 3600
REFUND_TAKES = 300
RETURNABLE = ("IN_TRANSIT", "DELIVERED")
PENDING = "RETURN_OR_REFUND_REQUEST_PENDING"
REJECTED = "REFUND_OR_RETURN_REQUEST_REJECT"
AWAITING, SENT = "AWAITING_BUYER_SHIP", "BUYER_SHIPPED_ITEM"
SUCCESS, COMPLETE = "RETURN_OR_REFUND_REQUEST_SUCCESS", "RETURN_OR_REFUND_REQUEST_COMPLETE"
REFUSED_PARCEL = "REJECT_RECEIVE_PACKAGE"
NEXT_ACTIONS = {
    ("REFUND", PENDING): "SELLER_RESPOND_REFUND",
    ("RETURN_AND_REFUND", PENDING): "SELLER_RESPOND_RETURN",
    ("RETURN_AND_REFUND", SENT): "SELLER_RESPOND_RECEIVE_PACKAGE",
}


def save_return(sandbox: Sandbox, doc: Doc, event: str, role: str, words: str) -> None:
    """Keep a return with what just happened to it, and tell it."""
    now = sandbox.now()
    doc["update_time"] = now
    doc["_records"].append({"event": event, "role": role, "description": words, "create_time": now})
    action = NEXT_ACTIONS.get((doc["return_type"], doc["return_status"]))
    doc.pop("seller_next_action_response", None)
    sandbox.store.unschedule("return_answer", doc["return_id"])
    if action is not None:
        deadline = now + ANSWER_WITHIN
        doc["seller_next_action_response"] = [{"action": action, "deadline": deadline}]
        sandbox.schedule(ANSWER_WITHIN, "return_answer", doc["return_id"])
    if doc["return_status"] == SUCCESS:
        sandbox.schedule(REFUND_TAKES, "return_refund", doc["return_id"])
    sandbox.store.put(
        "return",
        doc["return_id"],
        doc,
        shop_id=doc["_shop_id"],
        status=doc["return_status"],
        create_time=doc["create_time"],
        update_time=now,
        labels={
            "id": [doc["return_id"]],
            "order": [doc["order_id"]],
            "type": [doc["return_type"]],
            "buyer": [doc["_user_id"]],
        },
    )
    events.return_changed(sandbox, doc["_shop_id"], doc)


def open_return(
    sandbox: Sandbox,
    order: Doc,
    lines: list[Doc],
    *,
    return_type: str,
    reason: str,
    role: str,
    status: str = PENDING,
) -> Doc:
    """Write a return or refund down."""
    now, currency = sandbox.now(), lines[0]["currency"]
    doc: Doc = {
        "return_id": "4035" + sandbox.store.next_id()[-15:],
        "order_id": order["id"],
        "return_type": return_type,
        "return_status": status,
        "role": role,
        "return_reason": reason,
        "return_reason_text": words_of(reason),
        "can_buyer_keep_item": return_type == "REFUND",
        "is_combined_return": False,
        "create_time": now,
        "update_time": now,
        "refund_amount": refund_of(lines, currency),
        "return_line_items": [_line(sandbox, line) for line in lines],
        "_shop_id": order["_shop_id"],
        "_user_id": order["user_id"],
        "_records": [],
    }
    if return_type != "REFUND":
        homes = warehouses(sandbox, order["_shop_id"], "RETURN_WAREHOUSE")
        doc.update(shipment_type="PLATFORM", handover_method="DROP_OFF")
        doc["return_warehouse_address"] = {"full_address": homes[0]["address"]["full_address"]}
    save_return(sandbox, doc, "ORDER_RETURN", role.title(), "A request was made")
    return doc


def _line(sandbox: Sandbox, line: Doc) -> Doc:
    return {
        "return_line_item_id": "4036" + sandbox.store.next_id()[-15:],
        "order_line_item_id": line["id"],
        "sku_id": line["sku_id"],
        "sku_name": line["sku_name"],
        "product_name": line["product_name"],
        "seller_sku": line["seller_sku"],
        "refund_amount": refund_of([line], line["currency"]),
    }


def buyer_asks(sandbox: Sandbox, order: Doc, return_type: str, reason: str = "") -> Doc:
    """The buyer asks for the money, with or without sending the goods back."""
    lines = lines_in(order, *RETURNABLE)
    if not lines:
        raise ValueError(f"an order in {order['status']} cannot be returned")
    if return_type not in ("REFUND", "RETURN_AND_REFUND"):
        raise ValueError("the type must be REFUND or RETURN_AND_REFUND")
    return open_return(
        sandbox, order, lines, return_type=return_type, reason=reason or RETURN[1][0], role="BUYER"
    )


def buyer_sends(sandbox: Sandbox, return_id: str) -> Doc:
    """The buyer sends the goods back."""
    doc = sandbox.store.get("return", return_id)
    if doc is None or doc["return_status"] != AWAITING:
        raise ValueError("nobody waits for the buyer to send this back")
    doc.update(
        return_status=SENT,
        return_tracking_number="9202090" + return_id[-15:],
        return_provider_name="USPS",
    )
    save_return(sandbox, doc, "BUYER_SHIPPED", "Buyer", "The goods are on their way back")
    return doc


@due("return_answer")
def approve_by_silence(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The seller did not answer in time: the buyer gets what was asked for."""
    doc = sandbox.store.get("return", key)
    if doc is None or doc["return_status"] not in (PENDING, SENT):
        return
    waits = doc["return_type"] == "RETURN_AND_REFUND" and doc["return_status"] == PENDING
    doc["return_status"] = AWAITING if waits else SUCCESS
    save_return(sandbox, doc, "SYSTEM_APPROVE", "System", "Granted as nobody answered")


@due("return_refund")
def refund(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The buyer has the money back."""
    doc = sandbox.store.get("return", key)
    if doc is not None and doc["return_status"] == SUCCESS:
        doc["return_status"] = COMPLETE
        save_return(sandbox, doc, "REFUND_SUCCESS", "System", "The buyer has the money back")
