"""The calls about cancellations."""

from __future__ import annotations

from collections.abc import Iterable

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.cancellation_book import (
    COMPLETE,
    DROPPED,
    PENDING,
    SUCCESS,
    carry_out,
    drop,
    open_cancellation,
)
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.order_book import NOT_SHIPPED, lines_in, own_order, pick_lines
from integrations.sandbox.tiktok.paging import paged
from integrations.sandbox.tiktok.reasons import (
    BUYER_PAID,
    BUYER_UNPAID,
    REJECT,
    REJECT_RETURN,
    SELLER_PAID,
    SELLER_UNPAID,
    listed,
    names_of,
    seller_reasons,
)
from integrations.sandbox.tiktok.uploads import file_url
from integrations.sandbox.tiktok.wire import Call, endpoint

SCOPE = "seller.return_refund.basic"
SKUS = [{"sku_id*": "string", "quantity*": "int"}]
CREATE = {
    "order_id*": "string",
    "cancel_reason*": "string",
    "skus": SKUS,
    "order_line_item_ids": ["string"],
    "order_line_list": [{"order_line_item_id*": "string"}],
}
SEARCH = {
    "cancel_ids": ["string"],
    "order_ids": ["string"],
    "buyer_user_ids": ["string"],
    "cancel_types": ["string"],
    "cancel_status": ["string"],
    "create_time_ge": "int",
    "create_time_lt": "int",
    "update_time_ge": "int",
    "update_time_lt": "int",
}
CANCELS_LINES = {"US", "GB"}


@endpoint("POST", "/return_refund/202309/cancellations", scope=SCOPE, body=CREATE)
@endpoint("POST", "/return_refund/202602/cancellations", scope=SCOPE, body=CREATE)
def create_cancellation(call: Call) -> Doc:
    """Cancel an order, or some of its lines, as the seller."""
    order = own_order(call, call.body["order_id"], code=25020005)
    _check_order(order)
    reason = call.body["cancel_reason"]
    check_reason(reason, order["status"], call.shop["region"])
    lines = wanted_lines(order, call.body, NOT_SHIPPED)
    whole = len(lines) == len(lines_in(order, *NOT_SHIPPED))
    by_line = call.shop["region"] in CANCELS_LINES and "out_of_stock" in reason
    if not whole and not by_line:
        raise ApiError(25005010, "Only the whole order can be canceled for this reason.")
    doc = open_cancellation(call.sandbox, order, lines, reason, role="SELLER", kind="CANCEL")
    carry_out(call.sandbox, doc)
    return {"cancel_id": doc["cancel_id"], "cancel_status": doc["cancel_status"]}


def _check_order(order: Doc) -> None:
    if order["status"] in ("CANCELLED", "COMPLETED"):
        raise ApiError(25001051, f"The order is {order['status']}.")
    if order["is_buyer_request_cancel"]:
        raise ApiError(25001011, "The buyer asks to cancel already; answer that.")
    if not lines_in(order, *NOT_SHIPPED):
        raise ApiError(25001045, "The order is shipped already.")


def check_reason(reason: str, status: str, region: str) -> None:
    """Refuse a reason that the seller cannot give in this status."""
    if reason in names_of(seller_reasons(status), region):
        return
    if reason in names_of((*SELLER_PAID, *SELLER_UNPAID), region):
        raise ApiError(25001021, f"The reason does not fit an order in {status}.")
    if reason in names_of((*BUYER_PAID, *BUYER_UNPAID), region):
        raise ApiError(25001015, "This is a reason of buyers.")
    raise ApiError(25001014, "There is no such reason.")


def wanted_lines(order: Doc, body: Doc, states: Iterable[str]) -> list[Doc]:
    """Return the lines that a request names by id, or by SKU and quantity; all where it does not.

    Only lines in one of the states can be named.
    """
    able = lines_in(order, *states)
    ids = list(body.get("order_line_item_ids") or [])
    ids += [entry["order_line_item_id"] for entry in body.get("order_line_list") or []]
    if ids:
        named = pick_lines(order, ids, code=25005011)
        if any(line not in able for line in named):
            raise ApiError(25005011, "A line cannot be part of this request.")
        return named
    if not body.get("skus"):
        return able
    return [line for entry in body["skus"] for line in _units(able, entry)]


def _units(able: list[Doc], entry: Doc) -> list[Doc]:
    units = [line for line in able if line["sku_id"] == entry["sku_id"]]
    if not 1 <= entry["quantity"] <= len(units):
        raise ApiError(25005011, "The order has not so many units of a SKU.")
    return units[: entry["quantity"]]


def own_cancellation(call: Call, cancel_id: str) -> Doc:
    """Return a cancellation of the calling shop."""
    doc = call.store.get("cancellation", cancel_id)
    if doc is None or doc["_shop_id"] != call.shop_id:
        raise ApiError(25007006, "There is no such cancellation.")
    return doc


@endpoint("POST", "/return_refund/202309/cancellations/search", scope=SCOPE, body=SEARCH)
@endpoint("POST", "/return_refund/202602/cancellations/search", scope=SCOPE, body=SEARCH)
def search_cancellations(call: Call) -> Doc:
    """Find cancellations."""
    body = call.body
    names = (("cancel_ids", "id"), ("order_ids", "order"), ("buyer_user_ids", "buyer"))
    query = aftersale_query(
        call, "cancellation", body.get("cancel_status"), (*names, ("cancel_types", "type"))
    )
    found, token, total = paged(call, query, maximum=50, default=10, key="cancel_id")
    rows = [aftersale_view(call.sandbox, doc, "cancel_line_items") for doc in found]
    return {"cancellations": rows, "next_page_token": token, "total_count": total}


def aftersale_query(
    call: Call, kind: str, statuses: list[str] | None, names: tuple[tuple[str, str], ...]
) -> Query:
    """Return the query for a search body of cancellations or returns: both have the same filters.

    `names` says which field of the body is which label.
    """
    body = call.body
    field, direction = call.query("sort_field", "create_time"), call.query("sort_order", "ASC")
    if field not in ("create_time", "update_time") or direction not in ("ASC", "DESC"):
        raise bad_request("sort_field or sort_order is not known")
    return Query(
        kind,
        shop_id=call.shop_id,
        statuses=tuple(statuses or ()),
        create_ge=body.get("create_time_ge"),
        create_lt=body.get("create_time_lt"),
        update_ge=body.get("update_time_ge"),
        update_lt=body.get("update_time_lt"),
        labels=tuple((label, tuple(body[name])) for name, label in names if body.get(name)),
        order_by=field,
        descending=direction == "DESC",
    )


def aftersale_view(sandbox: Sandbox, doc: Doc, lines: str) -> Doc:
    """Return a cancellation or return as the wire shows it, with pictures on its lines."""
    view = {key: value for key, value in doc.items() if not key.startswith("_")}
    order = sandbox.store.get("order", doc["order_id"]) or {"line_items": []}
    images = {line["id"]: line.get("_image_uri") for line in order["line_items"]}
    view[lines] = [_with_image(line, images.get(line["order_line_item_id"])) for line in doc[lines]]
    return view


def _with_image(line: Doc, uri: str | None) -> Doc:
    if not uri:
        return line
    return {**line, "product_image": {"url": file_url(uri), "width": 200, "height": 200}}


@endpoint("POST", "/return_refund/202309/cancellations/{cancel_id}/approve", scope=SCOPE)
def approve_cancellation(call: Call) -> Doc:
    """Grant what the buyer asked for."""
    doc = own_cancellation(call, call.path["cancel_id"])
    if answered_before(call, doc):
        return {}
    if doc["cancel_status"] == DROPPED:
        raise ApiError(25020009, "The request was withdrawn or refused already.")
    if doc["cancel_status"] != PENDING:
        raise ApiError(25011012, "There is nothing to approve.")
    doc["_answer_key"] = call.query("idempotency_key")
    carry_out(call.sandbox, doc)
    if doc["cancel_status"] == DROPPED:
        raise ApiError(25001045, "The order is shipped already.", keep=True)
    return {}


@endpoint(
    "POST",
    "/return_refund/202309/cancellations/{cancel_id}/reject",
    scope=SCOPE,
    body={"reject_reason*": "string", "comment": "string"},
)
def reject_cancellation(call: Call) -> Doc:
    """Refuse what the buyer asked for."""
    doc = own_cancellation(call, call.path["cancel_id"])
    if answered_before(call, doc):
        return {}
    if doc["cancel_status"] in (SUCCESS, COMPLETE):
        raise ApiError(25020010, "The request is granted already.")
    if doc["cancel_status"] != PENDING:
        raise ApiError(25011011, "There is nothing to refuse.")
    if call.body["reject_reason"] not in names_of(REJECT, call.shop["region"]):
        raise ApiError(25001014, "There is no such reason.")
    doc["_answer_key"] = call.query("idempotency_key")
    drop(call.sandbox, doc)
    return {}


def answered_before(call: Call, doc: Doc) -> bool:
    """Tell whether this very answer came before: repeating it changes nothing."""
    key = call.query("idempotency_key")
    return bool(key) and doc.get("_answer_key") == key


@endpoint("GET", "/return_refund/202309/reject_reasons", scope=SCOPE)
def reject_reasons(call: Call) -> Doc:
    """List the reasons for which a request can be refused."""
    key = call.query("return_or_cancel_id")
    for kind, reasons in (("cancellation", REJECT), ("return", REJECT_RETURN)):
        if call.store.owner(kind, key) == call.shop_id:
            return {"reasons": listed(reasons, call.shop["region"])}
    raise ApiError(25007006, "There is no such request.")
