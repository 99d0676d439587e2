"""The calls about returns and refunds, and about what may still be asked for."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.cancellations import (
    SCOPE,
    SKUS,
    aftersale_query,
    aftersale_view,
    answered_before,
    wanted_lines,
)
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.order_book import NOT_SHIPPED, lines_in, own_order
from integrations.sandbox.tiktok.order_money import refund_of
from integrations.sandbox.tiktok.paging import paged
from integrations.sandbox.tiktok.reasons import (
    REJECT_RETURN,
    RETURN,
    local_name,
    names_of,
    seller_reasons,
)
from integrations.sandbox.tiktok.return_book import (
    AWAITING,
    PENDING,
    REFUSED_PARCEL,
    REJECTED,
    RETURNABLE,
    SENT,
    SUCCESS,
    open_return,
    save_return,
)
from integrations.sandbox.tiktok.wire import Call, endpoint

LINES = [{"order_line_item_id*": "string"}]
CREATE = {
    "order_id*": "string",
    "return_type*": "string",
    "return_reason*": "string",
    "skus": SKUS,
    "order_line_item_ids": ["string"],
    "order_line_list": LINES,
    "refund_total": "string",
    "currency": "string",
}
SEARCH = {
    "return_ids": ["string"],
    "order_ids": ["string"],
    "buyer_user_ids": ["string"],
    "return_types": ["string"],
    "return_status": ["string"],
    "create_time_ge": "int",
    "create_time_lt": "int",
    "update_time_ge": "int",
    "update_time_lt": "int",
}
# decision: the type it answers (none: any), the status it answers, the status that follows
APPROVALS = {
    "APPROVE_REFUND": ("REFUND", PENDING, SUCCESS),
    "APPROVE_RETURN": ("RETURN_AND_REFUND", PENDING, AWAITING),
    "APPROVE_RECEIVED_PACKAGE": ("RETURN_AND_REFUND", SENT, SUCCESS),
    "OFFER_PARTIAL_REFUND": (None, PENDING, PENDING),
}
REFUSALS = {
    "REJECT_REFUND": ("REFUND", PENDING, REJECTED),
    "REJECT_RETURN": ("RETURN_AND_REFUND", PENDING, REJECTED),
    "REJECT_RECEIVED_PACKAGE": ("RETURN_AND_REFUND", SENT, REFUSED_PARCEL),
}
REQUESTS = ("CANCEL", "REFUND", "RETURN_AND_REFUND")


def own_return(call: Call) -> Doc:
    """Return the return that the path names, of the calling shop."""
    doc = call.store.get("return", call.path["return_id"])
    if doc is None or doc["_shop_id"] != call.shop_id:
        raise ApiError(25007006, "There is no such return.")
    return doc


@endpoint("POST", "/return_refund/202309/returns", scope=SCOPE, body=CREATE)
@endpoint("POST", "/return_refund/202602/returns", scope=SCOPE, body=CREATE)
def create_return(call: Call) -> Doc:
    """Give a buyer the money back, with or without a return, as the seller."""
    order = own_order(call, call.body["order_id"], code=25020005)
    if order["status"] in ("CANCELLED", "COMPLETED"):
        raise ApiError(25001051, f"The order is {order['status']}.")
    if not lines_in(order, *RETURNABLE):
        raise ApiError(25001003, "The order is not shipped yet.")
    if call.body["return_reason"] not in names_of(RETURN, call.shop["region"]):
        raise ApiError(25001014, "There is no such reason.")
    lines = wanted_lines(order, call.body, RETURNABLE)
    _check_total(call.body, refund_of(lines, lines[0]["currency"]))
    back = call.body["return_type"] != "REFUND"
    doc = open_return(
        call.sandbox,
        order,
        lines,
        return_type=call.body["return_type"],
        reason=call.body["return_reason"],
        role="SELLER",
        status=AWAITING if back else SUCCESS,
    )
    return {"return_id": doc["return_id"], "return_status": doc["return_status"]}


def _check_total(body: Doc, most: Doc) -> None:
    try:
        wanted = Decimal(body.get("refund_total") or "0")
    except InvalidOperation:
        raise bad_request("body.refund_total is not an amount") from None
    if wanted > Decimal(most["refund_total"]):
        raise ApiError(25005005, "That is more than the buyer paid.")


@endpoint("POST", "/return_refund/202309/returns/search", scope=SCOPE, body=SEARCH)
@endpoint("POST", "/return_refund/202602/returns/search", scope=SCOPE, body=SEARCH)
def search_returns(call: Call) -> Doc:
    """Find returns and refunds."""
    names = (("return_ids", "id"), ("order_ids", "order"), ("buyer_user_ids", "buyer"))
    query = aftersale_query(
        call, "return", call.body.get("return_status"), (*names, ("return_types", "type"))
    )
    found, token, total = paged(call, query, maximum=50, default=10, key="return_id")
    rows = [aftersale_view(call.sandbox, doc, "return_line_items") for doc in found]
    return {"return_orders": rows, "next_page_token": token, "total_count": total}


@endpoint(
    "POST",
    "/return_refund/202309/returns/{return_id}/approve",
    scope=SCOPE,
    body={
        "decision*": "string",
        "buyer_keep_item": "bool",
        "partial_refund": {"amount*": "string", "currency*": "string"},
    },
)
def approve_return(call: Call) -> Doc:
    """Grant a return or refund, or offer a part of the money."""
    doc = own_return(call)
    if answered_before(call, doc):
        return {}
    _decide(call, doc, APPROVALS, wrong_status=25011012)
    if call.body["decision"] == "OFFER_PARTIAL_REFUND":
        if not call.body.get("partial_refund"):
            raise ApiError(25001001, "The amount to offer is missing.")
        doc["seller_proposed_return_type"] = "PARTIAL_REFUND"
        doc["partial_refund"] = call.body["partial_refund"]
    save_return(call.sandbox, doc, "SELLER_APPROVE", "Seller", "The seller agreed")
    return {}


@endpoint(
    "POST",
    "/return_refund/202309/returns/{return_id}/reject",
    scope=SCOPE,
    body={"decision*": "string", "reject_reason*": "string", "comment": "string"},
)
def reject_return(call: Call) -> Doc:
    """Refuse a return or refund."""
    doc = own_return(call)
    if answered_before(call, doc):
        return {}
    if doc["return_status"] in (SUCCESS, AWAITING):
        raise ApiError(25020010, "The request is granted already.")
    if call.body["reject_reason"] not in names_of(REJECT_RETURN, call.shop["region"]):
        raise ApiError(25001014, "There is no such reason.")
    _decide(call, doc, REFUSALS, wrong_status=25001003)
    save_return(call.sandbox, doc, "SELLER_REJECT", "Seller", "The seller refused")
    return {}


def _decide(
    call: Call, doc: Doc, table: dict[str, tuple[str | None, str, str]], wrong_status: int
) -> None:
    if call.body["decision"] not in table:
        raise ApiError(25001001, "There is no such decision.")
    kind, before, after = table[call.body["decision"]]
    if kind not in (None, doc["return_type"]):
        raise ApiError(25020004, "The decision does not fit this kind of request.")
    if doc["return_status"] != before:
        raise ApiError(wrong_status, "The decision does not fit the status of the request.")
    doc["return_status"] = after
    doc["_answer_key"] = call.query("idempotency_key")


@endpoint("GET", "/return_refund/202309/returns/{return_id}/records", scope=SCOPE)
def return_records(call: Call) -> Doc:
    """Tell what happened to a return, newest first."""
    return {"records": own_return(call)["_records"][::-1]}


CALCULATE = {
    "order_id*": "string",
    "request_type*": "string",
    "reason_name*": "string",
    "skus": SKUS,
    "order_line_item_ids": ["string"],
    "order_line_list": LINES,
}


@endpoint("POST", "/return_refund/202309/refunds/calculate", scope=SCOPE, body=CALCULATE)
@endpoint("POST", "/return_refund/202602/refunds/calculate", scope=SCOPE, body=CALCULATE)
def calculate_refund(call: Call) -> Doc:
    """Tell how much a buyer would get back."""
    order = own_order(call, call.body["order_id"], code=25007006)
    states = NOT_SHIPPED if call.body["request_type"] == "CANCEL" else RETURNABLE
    lines = wanted_lines(order, call.body, states)
    amount = refund_of(lines, order["payment"]["currency"])
    amount.pop("buyer_service_fee")
    return {"order_refund_amount": amount}


@endpoint("GET", "/return_refund/202309/orders/{order_id}/aftersale_eligibility", scope=SCOPE)
@endpoint("GET", "/return_refund/202512/orders/{order_id}/aftersale_eligibility", scope=SCOPE)
@endpoint("GET", "/return_refund/202602/orders/{order_id}/aftersale_eligibility", scope=SCOPE)
def eligibility(call: Call) -> Doc:
    """Tell what may be asked for each SKU of an order; newer versions name the reasons, too."""
    order = own_order(call, call.path["order_id"], code=25020005)
    wanted = call.query_list("request_types") or list(REQUESTS)
    by_sku: dict[str, list[Doc]] = {}
    for line in order["line_items"]:
        by_sku.setdefault(line["sku_id"], []).append(line)
    rows = []
    for sku_id, lines in by_sku.items():
        kinds = [_eligible(call, order, lines, kind) for kind in REQUESTS if kind in wanted]
        rows.append({"sku_id": sku_id, "line_item_eligibility": kinds})
    return {"sku_eligibility": rows}


def _eligible(call: Call, order: Doc, lines: list[Doc], kind: str) -> Doc:
    states = NOT_SHIPPED if kind == "CANCEL" else RETURNABLE
    able = all(line["display_status"] in states for line in lines)
    able = able and not (kind == "CANCEL" and order["is_buyer_request_cancel"])
    row: Doc = {
        "request_type": kind,
        "order_line_items_ids": [line["id"] for line in lines],
        "eligible": able,
    }
    if not able:
        row.update(ineligible_code=25001003, ineligible_reason="The status does not allow it.")
    elif call.template.split("/")[2] != "202309":
        reasons = seller_reasons(order["status"]) if kind == "CANCEL" else RETURN
        region = call.shop["region"]
        row["available_reason_names"] = [local_name(name, region) for name, _words in reasons]
    return row
