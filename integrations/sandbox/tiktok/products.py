"""Finding products, and putting them on and off sale."""

from __future__ import annotations

from collections.abc import Callable

from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.paging import paged
from integrations.sandbox.tiktok.product_review import (
    count_listing,
    has_room,
    listed_today,
    over_limit,
    submit,
    tell_status,
)
from integrations.sandbox.tiktok.product_store import own_product, save_product
from integrations.sandbox.tiktok.product_views import full_view, search_row
from integrations.sandbox.tiktok.shops import warehouses
from integrations.sandbox.tiktok.wire import Call, endpoint

READ, WRITE, DELETE = "seller.product.basic", "seller.product.write", "seller.product.delete"
STATUSES = {
    "DRAFT",
    "PENDING",
    "FAILED",
    "ACTIVATE",
    "SELLER_DEACTIVATED",
    "PLATFORM_DEACTIVATED",
    "FREEZE",
    "DELETED",
}
SEARCH = {
    "status": "string",
    "seller_skus": ["string"],
    "sku_ids": ["string"],
    "create_time_ge": "int",
    "create_time_le": "int",
    "update_time_ge": "int",
    "update_time_le": "int",
    "audit_status": ["string"],
    "return_draft_version": "bool",
}
IDS = {"product_ids*": ["string"], "listing_platforms": ["string"]}
MOST_IDS = 20


@endpoint("GET", "/product/202309/products/{product_id}", scope=READ)
def get_product(call: Call) -> Doc:
    """Return a product: the live version, the one under review, or the draft."""
    doc = own_product(call, call.path["product_id"])
    if doc["status"] in ("FREEZE", "DELETED"):
        raise ApiError(12052901, "A frozen or deleted product cannot be read.")
    content = doc["content"]
    if call.query("return_under_review_version") == "true":
        if doc["audit"]["status"] != "AUDITING":
            raise ApiError(12052547, "No version of the product is under review.")
        content = doc.get("review_content") or content
    elif call.query("return_draft_version") == "true":
        content = doc.get("draft_content") or content
    return full_view(call.sandbox, call.shop, doc, content)


@endpoint("POST", "/product/202309/products/search", scope=READ, body=SEARCH)
@endpoint("POST", "/product/202312/products/search", scope=READ, body=SEARCH)
@endpoint("POST", "/product/202502/products/search", scope=READ, body=SEARCH)
def search_products(call: Call) -> Doc:
    """List products by status, codes and times; deleted ones are among ALL."""
    docs, token, total = paged(call, _wanted(call), maximum=100, cap=10_000)
    version = call.template.split("/")[2]
    drafts = call.body.get("return_draft_version")
    rows = []
    for doc in docs:
        content = (drafts and doc.get("draft_content")) or doc["content"]
        rows.append(search_row(call.shop, doc, content, version))
    return {"products": rows, "next_page_token": token, "total_count": total}


def _wanted(call: Call) -> Query:
    body = call.body
    status = body.get("status") or "ALL"
    if status != "ALL" and status not in STATUSES:
        raise bad_request("body.status is not a known status")
    labels = []
    for field, name, code in (
        ("seller_skus", "seller_sku", 12019027),
        ("sku_ids", "sku_id", 12019087),
        ("audit_status", "audit", 0),
    ):
        values = tuple(body.get(field) or ())
        if code and len(values) > 10:
            raise ApiError(code, f"{field} takes at most 10 values.")
        if values:
            labels.append((name, values))
    return Query(
        "product",
        shop_id=call.shop_id,
        statuses=() if status == "ALL" else (status,),
        create_ge=body.get("create_time_ge"),
        create_lt=_after(body.get("create_time_le")),
        update_ge=body.get("update_time_ge"),
        update_lt=_after(body.get("update_time_le")),
        labels=tuple(labels),
        descending=True,
    )


def _after(moment: int | None) -> int | None:
    # Product searches include their upper bound; the store does not.
    return None if moment is None else moment + 1


# -- on and off sale -----------------------------------------------------------------------------


def _each(call: Call, work: Callable[[Call, Doc], None]) -> Doc:
    """Do something to every named product, and answer what failed, product by product."""
    ids = call.body["product_ids"]
    if len(ids) > MOST_IDS:
        raise ApiError(12019120, f"At most {MOST_IDS} products may be named.")
    errors = []
    for product_id in ids:
        try:
            work(call, own_product(call, product_id))
        except ApiError as error:
            errors.append(_item_error(call, product_id, error))
    return {"errors": errors}


def _item_error(call: Call, product_id: str, error: ApiError) -> Doc:
    detail: Doc = {"product_id": product_id}
    if not call.template.endswith("/activate"):
        return {"code": error.code, "message": error.message, "detail": detail}
    detail["extra_errors"] = [{"code": error.code, "message": error.message}]
    return {"code": 12052990, "message": "The check failed.", "detail": detail}


def _need(doc: Doc, *statuses: str) -> None:
    if doc["status"] not in statuses:
        raise ApiError(12052901, f"The status {doc['status']} does not allow this.")


def _activate(call: Call, doc: Doc) -> None:
    _need(doc, "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED")
    if not has_room(call.sandbox, call.shop):
        raise over_limit(call.shop)
    count_listing(call.sandbox, call.shop)
    doc["status"] = "PENDING"
    submit(call.sandbox, call.shop, doc)


def _deactivate(call: Call, doc: Doc) -> None:
    _need(doc, "ACTIVATE")
    doc["status"] = "SELLER_DEACTIVATED"
    _changed(call, doc)


def _delete(call: Call, doc: Doc) -> None:
    _need(doc, *(STATUSES - {"DELETED", "FREEZE"}))
    call.store.unschedule("review", doc["id"])
    doc["status"] = "DELETED"
    _changed(call, doc)


def _recover(call: Call, doc: Doc) -> None:
    _need(doc, "DELETED")
    doc["status"] = "SELLER_DEACTIVATED"
    _changed(call, doc)


def _changed(call: Call, doc: Doc) -> None:
    save_product(call.sandbox, doc)
    tell_status(call.sandbox, doc, "PRODUCT_STATUS_CHANGED")


@endpoint("POST", "/product/202309/products/activate", scope=WRITE, body=IDS)
def activate_products(call: Call) -> Doc:
    """Put products on sale again, after another review."""
    return _each(call, _activate)


@endpoint("POST", "/product/202309/products/deactivate", scope=WRITE, body=IDS)
def deactivate_products(call: Call) -> Doc:
    """Take products off sale."""
    return _each(call, _deactivate)


@endpoint("DELETE", "/product/202309/products", scope=DELETE, body=IDS)
def delete_products(call: Call) -> Doc:
    """Delete products; they can be recovered."""
    return _each(call, _delete)


@endpoint("POST", "/product/202309/products/recover", scope=WRITE, body=IDS)
def recover_products(call: Call) -> Doc:
    """Bring deleted products back, off sale."""
    return _each(call, _recover)


# -- may the shop list at all? -------------------------------------------------------------------


def _checks(call: Call) -> dict[str, str]:
    """Return what stands against listing, by the wire's own names; empty where all is well."""
    sandbox, shop = call.sandbox, call.shop
    limit = shop["probation"]["daily_listing_limit"]
    used = listed_today(sandbox, shop)
    room = "" if has_room(sandbox, shop) else f"{used} of {limit} products were uploaded today."
    sales = warehouses(sandbox, call.shop_id, "SALES_WAREHOUSE")
    returns = warehouses(sandbox, call.shop_id, "RETURN_WAREHOUSE")
    return {
        "SHOP_STATUS": "" if shop["status"] == "ACTIVE" else "The shop is not active.",
        "SHOP_TAX": "",
        "PICKUP_WAREHOUSE": "" if sales else "The shop has no sales warehouse.",
        "RETURN_WAREHOUSE": "" if returns else "The shop has no return warehouse.",
        "DELIVERY_OPTION": "",
        "SHIPPING_TEMPLATE": "",
        "PRODUCT_QUANTITY_LIMIT": room,
        "EXTENDED_PRODUCER_RESPONSIBILITY": "",
        # The wire spells it so.
        "BANk_ACCOUNT": "",
        "CONTACT_INFO": "",
    }


@endpoint("GET", "/product/202312/prerequisites", scope=READ)
def prerequisites(call: Call) -> Doc:
    """Tell whether the shop is set up to list products."""
    return {
        "check_results": [
            {"check_item": name, "is_failed": bool(text), "fail_reasons": [text] if text else []}
            for name, text in _checks(call).items()
        ]
    }
