"""The calls that read orders, and those that link them with the seller's own numbers."""

from __future__ import annotations

from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.order_book import STATUSES, order_view, own_order
from integrations.sandbox.tiktok.order_money import price_detail
from integrations.sandbox.tiktok.paging import paged
from integrations.sandbox.tiktok.wire import Call, endpoint

READ = "seller.order.info"
MOST_IDS = 50
MOST_WAREHOUSES = 100
SEARCH = {
    "order_status": "string",
    "create_time_ge": "int",
    "create_time_lt": "int",
    "update_time_ge": "int",
    "update_time_lt": "int",
    "shipping_type": "string",
    "buyer_user_id": "string",
    "is_buyer_request_cancel": "bool",
    "warehouse_ids": ["string"],
}
SORT_FIELDS = {"create_time", "update_time"}
SORT_ORDERS = {"ASC", "DESC"}
PLATFORMS = {
    "SHOPIFY", "WOOCOMMERCE", "BIGCOMMERCE", "MAGENTO", "SALESFORCE_COMMERCE_CLOUD",
    "CHANNEL_ADVISOR", "AMAZON", "ORDER_MANAGEMENT_SYSTEM", "WAREHOUSE_MANAGEMENT_SYSTEM",
    "ERP_SYSTEM",
}  # fmt: skip


@endpoint("POST", "/order/202309/orders/search", scope=READ, body=SEARCH)
def search_orders(call: Call) -> Doc:
    """Find orders by status, times, way of shipping, buyer and warehouse."""
    found, token, total = paged(call, _query(call), maximum=100)
    orders = [order_view(order) for order in found]
    return {"orders": orders, "next_page_token": token, "total_count": total}


def _query(call: Call) -> Query:
    body = call.body
    field, direction = call.query("sort_field", "create_time"), call.query("sort_order", "DESC")
    if field not in SORT_FIELDS or direction not in SORT_ORDERS:
        raise bad_request("sort_field or sort_order is not known")
    status = body.get("order_status")
    if status and status not in STATUSES:
        raise bad_request("body.order_status is not known")
    return Query(
        "order",
        shop_id=call.shop_id,
        statuses=(status,) if status else (),
        create_ge=body.get("create_time_ge"),
        create_lt=body.get("create_time_lt"),
        update_ge=body.get("update_time_ge"),
        update_lt=body.get("update_time_lt"),
        labels=_labels(body),
        order_by=field,
        descending=direction == "DESC",
    )


def _labels(body: Doc) -> tuple[tuple[str, tuple[str, ...]], ...]:
    labels: list[tuple[str, tuple[str, ...]]] = []
    if body.get("shipping_type"):
        labels.append(("shipping_type", (body["shipping_type"],)))
    if body.get("buyer_user_id"):
        labels.append(("buyer", (body["buyer_user_id"],)))
    if body.get("is_buyer_request_cancel") is not None:
        labels.append(("asks_to_cancel", (str(body["is_buyer_request_cancel"]).lower(),)))
    places = body.get("warehouse_ids") or []
    if len(places) > MOST_WAREHOUSES:
        raise bad_request("body.warehouse_ids has more than 100 entries")
    if places:
        labels.append(("warehouse", tuple(places)))
    return tuple(labels)


@endpoint("GET", "/order/202309/orders", scope=READ)
@endpoint("GET", "/order/202507/orders", scope=READ)
def get_orders(call: Call) -> Doc:
    """Show up to 50 orders."""
    ids = list(dict.fromkeys(call.query_list("ids")))
    if not 1 <= len(ids) <= MOST_IDS:
        raise bad_request("ids must name 1 to 50 orders")
    return {"orders": [order_view(own_order(call, order_id)) for order_id in ids]}


@endpoint("GET", "/order/202407/orders/{order_id}/price_detail", scope=READ)
def get_price_detail(call: Call) -> Doc:
    """Break an order's price down, in all and by line."""
    return price_detail(own_order(call, call.path["order_id"]))


# -- the seller's own numbers ---------------------------------------------------------------------


def _platform(name: str) -> str:
    if name not in PLATFORMS:
        raise bad_request("platform is not known")
    return name


@endpoint(
    "POST",
    "/order/202406/orders/external_orders",
    scope="seller.order.ext_ref.write",
    body={
        "orders*": [
            {
                "id*": "string",
                "external_order*": {
                    "id*": "string",
                    "platform*": "string",
                    "line_items*": [{"id*": "string", "origin_id*": "string"}],
                },
            }
        ]
    },
)
def add_external_orders(call: Call) -> Doc:
    """Note which number an order has in the seller's own system."""
    errors = []
    for sent in call.body["orders"]:
        external = sent["external_order"]
        try:
            own_order(call, sent["id"])
        except ApiError as error:
            named = {"id": external["id"], "platform": external["platform"]}
            detail = {"order_id": sent["id"], "external_order": named}
            # Here, and only here, the wire writes the code as text.
            errors.append({"code": str(error.code), "message": error.message, "detail": detail})
            continue
        _keep_external(call, sent["id"], {**external, "platform": _platform(external["platform"])})
    return {"errors": errors}


def _keep_external(call: Call, order_id: str, external: Doc) -> None:
    call.store.put(
        "external_order",
        f"{order_id}/{external['platform']}/{external['id']}",
        {"order_id": order_id, "external_order": external},
        shop_id=call.shop_id,
        status=external["platform"],
        create_time=call.now,
        labels={"order": [order_id], "external": [external["id"]]},
    )


def _externals(call: Call, name: str, value: str) -> list[Doc]:
    platform = _platform(call.query("platform"))
    query = Query(
        "external_order", shop_id=call.shop_id, statuses=(platform,), label=(name, (value,))
    )
    return call.store.find(query)


@endpoint(
    "GET", "/order/202406/orders/{order_id}/external_orders", scope="seller.order.ext_ref.read"
)
def get_external_orders(call: Call) -> Doc:
    """Tell which numbers an order has elsewhere."""
    order = own_order(call, call.path["order_id"])
    rows = _externals(call, "order", order["id"])
    return {"external_orders": [row["external_order"] for row in rows]}


@endpoint("POST", "/order/202406/orders/external_order_search", scope="seller.order.ext_ref.read")
def search_external_orders(call: Call) -> Doc:
    """Find the order that has a number elsewhere."""
    rows = _externals(call, "external", call.query("external_order_id"))
    found = [{"id": row["order_id"], "external_order": row["external_order"]} for row in rows]
    return {"orders": found}
