"""Cancellations: by the seller, by the buyer at once, or asked for by the buyer."""

from __future__ import annotations

from decimal import Decimal

from integrations.sandbox.core import Sandbox, due
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok import events
from integrations.sandbox.tiktok.order_book import (
    NOT_SHIPPED,
    get_order,
    lines_in,
    pick_lines,
    save_order,
)
from integrations.sandbox.tiktok.order_life import cancel
from integrations.sandbox.tiktok.order_money import ZERO, refund_of
from integrations.sandbox.tiktok.reasons import buyer_reasons, local_name, names_of, words_of

ANSWER_WITHIN = 48 * 3600
REFUND_TAKES = 300
PENDING, SUCCESS, COMPLETE, DROPPED = (
    "CANCELLATION_REQUEST_PENDING",
    "CANCELLATION_REQUEST_SUCCESS",
    "CANCELLATION_REQUEST_COMPLETE",
    "CANCELLATION_REQUEST_CANCEL",
)


def save_cancellation(sandbox: Sandbox, doc: Doc, *, tell: bool = True) -> None:
    """Keep a cancellation and tell where it stands."""
    doc["update_time"] = sandbox.now()
    sandbox.store.put(
        "cancellation",
        doc["cancel_id"],
        doc,
        shop_id=doc["_shop_id"],
        status=doc["cancel_status"],
        create_time=doc["create_time"],
        update_time=doc["update_time"],
        labels={
            "id": [doc["cancel_id"]],
            "order": [doc["order_id"]],
            "type": [doc["cancel_type"]],
            "buyer": [doc["_user_id"]],
        },
    )
    if tell:
        events.cancellation_changed(sandbox, doc["_shop_id"], doc)


def open_cancellation(
    sandbox: Sandbox, order: Doc, lines: list[Doc], reason: str, *, role: str, kind: str
) -> Doc:
    """Write a cancellation down; nothing is canceled yet."""
    left = [line for line in order["line_items"] if line["display_status"] != "CANCELLED"]
    paid = bool(order.get("paid_time"))
    everything = len(left) == len(lines)
    shipping = Decimal(order["payment"]["shipping_fee"]) if everything and paid else ZERO
    now = sandbox.now()
    return {
        "cancel_id": "4035" + sandbox.store.next_id()[-15:],
        "order_id": order["id"],
        "cancel_type": kind,
        "cancel_status": PENDING,
        "role": role,
        "cancel_reason": reason,
        "cancel_reason_text": words_of(reason),
        "create_time": now,
        "update_time": now,
        "refund_amount": refund_of(lines if paid else [], lines[0]["currency"], shipping),
        "cancel_line_items": [_line(sandbox, line, paid) for line in lines],
        "_shop_id": order["_shop_id"],
        "_user_id": order["user_id"],
        "_line_ids": [line["id"] for line in lines],
    }


def _line(sandbox: Sandbox, line: Doc, paid: bool) -> Doc:
    return {
        "cancel_line_item_id": "4036" + sandbox.store.next_id()[-15:],
        "order_line_item_id": line["id"],
        "sku_id": line["sku_id"],
        "sku_name": line["sku_name"],
        "product_name": line["product_name"],
        "seller_sku": line["seller_sku"],
        "refund_amount": refund_of([line] if paid else [], line["currency"]),
    }


def carry_out(sandbox: Sandbox, doc: Doc) -> None:
    """Cancel what a cancellation names, if anything is left; the money is back a little later."""
    order = get_order(sandbox, doc["order_id"])
    lines = [
        line
        for line in pick_lines(order, doc["_line_ids"])
        if line["display_status"] in NOT_SHIPPED
    ]
    if not lines:
        # Meanwhile it was shipped, or canceled in another way.
        drop(sandbox, doc)
        return
    order["is_buyer_request_cancel"] = False
    cancel(sandbox, order, doc["cancel_reason"], by=doc["role"], lines=lines)
    doc["cancel_status"] = SUCCESS
    doc.pop("seller_next_action_response", None)
    sandbox.store.unschedule("cancel_answer", doc["cancel_id"])
    save_cancellation(sandbox, doc)
    sandbox.schedule(REFUND_TAKES, "cancel_refund", doc["cancel_id"])


@due("cancel_refund")
def refund(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The buyer has the money back."""
    doc = sandbox.store.get("cancellation", key)
    if doc is not None and doc["cancel_status"] == SUCCESS:
        doc["cancel_status"] = COMPLETE
        save_cancellation(sandbox, doc)


@due("cancel_answer")
def approve_by_silence(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The seller did not answer the buyer in time: the request is granted."""
    doc = sandbox.store.get("cancellation", key)
    if doc is not None and doc["cancel_status"] == PENDING:
        carry_out(sandbox, doc)


def drop(sandbox: Sandbox, doc: Doc) -> None:
    """Close a request without effect: it was refused, or withdrawn."""
    order = get_order(sandbox, doc["order_id"])
    order["is_buyer_request_cancel"] = False
    save_order(sandbox, order)
    doc["cancel_status"] = DROPPED
    doc.pop("seller_next_action_response", None)
    sandbox.store.unschedule("cancel_answer", doc["cancel_id"])
    save_cancellation(sandbox, doc)


def buyer_cancels(sandbox: Sandbox, order: Doc, reason: str = "", region: str = "US") -> Doc:
    """The buyer cancels: at once while that is free, by asking the seller afterwards."""
    known = buyer_reasons(order["status"])
    chosen = reason or local_name(known[0][0], region)
    if chosen not in names_of(known, region):
        raise ValueError(f"a buyer cannot give the reason {chosen!r} in {order['status']}")
    lines = lines_in(order, *NOT_SHIPPED)
    if not lines:
        raise ValueError(f"an order in {order['status']} cannot be canceled any more")
    if order["is_buyer_request_cancel"]:
        raise ValueError("the buyer asked already")
    if order["status"] in ("UNPAID", "ON_HOLD"):
        doc = open_cancellation(sandbox, order, lines, chosen, role="BUYER", kind="CANCEL")
        carry_out(sandbox, doc)
        return doc
    return _ask(sandbox, order, lines, chosen)


def _ask(sandbox: Sandbox, order: Doc, lines: list[Doc], reason: str) -> Doc:
    doc = open_cancellation(sandbox, order, lines, reason, role="BUYER", kind="BUYER_CANCEL")
    deadline = sandbox.now() + ANSWER_WITHIN
    doc["seller_next_action_response"] = [{"action": "SELLER_RESPOND_CANCEL", "deadline": deadline}]
    order.update(is_buyer_request_cancel=True, request_cancel_time=sandbox.now())
    save_order(sandbox, order)
    save_cancellation(sandbox, doc)
    sandbox.schedule(ANSWER_WITHIN, "cancel_answer", doc["cancel_id"])
    return doc
