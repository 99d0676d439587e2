"""Fulfilled by TikTok: the warehouse that TikTok runs for a shop, and what lies in it."""

from __future__ import annotations

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.goods import find_goods
from integrations.sandbox.tiktok.order_life import fbt_warehouse_id
from integrations.sandbox.tiktok.paging import paged
from integrations.sandbox.tiktok.wire import Call, endpoint

SCOPE = "seller.fbt.info"


def site_id(shop_id: str) -> str:
    """Return the id of TikTok's site; orders name it by another id."""
    return "1212" + shop_id[-11:]


@endpoint("GET", "/fbt/202408/warehouses", scope=SCOPE)
def fbt_warehouses(call: Call) -> Doc:
    """List the sites that TikTok runs."""
    service = {"id": "12122632653", "name": "Fulfilled by TikTok, standard", "subscribed": True}
    address = {
        "region_code": call.shop["region"],
        "state": "Kentucky",
        "city": "Hebron",
        "district": "Boone",
        "postal_code": "41048",
        "address_line_1": "1 Fulfillment Way",
    }
    site = {
        "fbt_warehouse_id": site_id(call.shop_id),
        "warehouse_ids": [fbt_warehouse_id(call.shop_id)],
        "name": "Sandbox fulfillment",
        "type": "PLATFORM_WAREHOUSE",
        "subscribed": True,
        "addresses": [address],
        "logistics_services": [service],
    }
    return {"warehouses": [site]}


def stock_at_tiktok(sandbox: Sandbox, shop: Doc, item: Doc) -> Doc:
    """Say how many units of a SKU lie in TikTok's warehouse."""
    goods, quantity = find_goods(sandbox, shop, item), int(item.get("quantity", 0))
    doc = {
        "id": "1731" + goods.sku_id[-15:],
        "name": goods.product_name,
        "reference_code": goods.seller_sku,
        "sku_id": goods.sku_id,
        "available": quantity,
        "create_time": sandbox.now(),
    }
    sandbox.store.put(
        "fbt_goods",
        doc["id"],
        doc,
        shop_id=shop["id"],
        create_time=doc["create_time"],
        labels={"goods": [doc["id"]], "sku": [goods.sku_id]},
    )
    return doc


@endpoint(
    "POST",
    "/fbt/202408/inventory/search",
    scope=SCOPE,
    body={"goods_ids": ["string"], "fbt_warehouse_ids": ["string"], "sku_ids": ["string"]},
)
def fbt_inventory(call: Call) -> Doc:
    """List what lies in TikTok's warehouse."""
    names = (("goods_ids", "goods"), ("sku_ids", "sku"))
    labels = tuple((label, tuple(call.body[name])) for name, label in names if call.body.get(name))
    query = Query("fbt_goods", shop_id=call.shop_id, labels=labels)
    found, token, total = paged(call, query, maximum=100)
    rows = [_row(call.shop_id, doc) for doc in found]
    return {"inventory": rows, "next_page_token": token, "total_count": total}


def _row(shop_id: str, doc: Doc) -> Doc:
    held = {
        "total_quantity": doc["available"],
        "available_quantity": doc["available"],
        "reserved_quantity": 0,
    }
    return {
        "fbt_warehouse_id": site_id(shop_id),
        "goods": {
            "id": doc["id"],
            "name": doc["name"],
            "reference_code": doc["reference_code"],
            "skus": [{"id": doc["sku_id"], "on_hand_detail": held}],
        },
        "in_transit_quantity": 0,
        "on_hand_detail": {**held, "unfulfillable_quantity": 0},
    }
