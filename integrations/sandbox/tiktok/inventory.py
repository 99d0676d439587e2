"""Prices and quantities of SKUs."""

from __future__ import annotations

from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.product_store import own_product, save_product, save_stock
from integrations.sandbox.tiktok.rules import Draft
from integrations.sandbox.tiktok.sku_rules import price_problems, stock_problems
from integrations.sandbox.tiktok.wire import Call, endpoint

READ, WRITE = "seller.product.basic", "seller.product.write"
PRICES = {
    "skus*": [
        {
            "id*": "string",
            "price*": {"currency*": "string", "amount": "string", "sale_price": "string"},
            "list_price": {"amount*": "string", "currency*": "string"},
        }
    ]
}
STOCK = {
    "skus*": [{"id*": "string", "inventory*": [{"warehouse_id": "string", "quantity*": "int"}]}]
}


def _known_skus(doc: Doc, sent: list[Doc], unknown: int) -> None:
    if not sent:
        raise ApiError(12052902, "There is no SKU.")
    ids = [sku["id"] for sku in sent]
    if len(set(ids)) != len(ids):
        raise ApiError(12052553, "A SKU is named twice.")
    known = {sku["id"] for sku in doc["content"]["skus"]}
    for key in ids:
        if key not in known:
            raise ApiError(unknown, f"The product has no SKU {key}.")


@endpoint("POST", "/product/202309/products/{product_id}/prices/update", scope=WRITE, body=PRICES)
def update_prices(call: Call) -> Doc:
    """Set the prices of SKUs of one product that is on sale: all of them or none."""
    doc = own_product(call, call.path["product_id"])
    if doc["status"] != "ACTIVATE":
        raise ApiError(12052901, f"The status {doc['status']} does not allow this.")
    _known_skus(doc, call.body["skus"], unknown=12052557)
    for sent in call.body["skus"]:
        for code, message in price_problems(call.shop, sent["price"]):
            raise ApiError(code, message)
        for version in ("content", "review_content", "draft_content"):
            _set_price(doc.get(version), sent)
    save_product(call.sandbox, doc)
    return {}


def _set_price(content: Doc | None, sent: Doc) -> None:
    for sku in (content or {}).get("skus", []):
        if sku["id"] == sent["id"]:
            sku["price"] = sent["price"]
            if sent.get("list_price"):
                sku["list_price"] = sent["list_price"]


@endpoint("POST", "/product/202309/products/{product_id}/inventory/update", scope=WRITE, body=STOCK)
def update_inventory(call: Call) -> Doc:
    """Set what is available of SKUs; a SKU with a mistake is left alone and reported."""
    doc = own_product(call, call.path["product_id"])
    if doc["status"] in ("FREEZE", "DELETED"):
        raise ApiError(12052901, f"The status {doc['status']} does not allow this.")
    _known_skus(doc, call.body["skus"], unknown=12052556)
    errors = []
    for sent in call.body["skus"]:
        cells = doc["stock"].setdefault(sent["id"], {})
        problem = _stock_error(call, cells, sent)
        if problem is not None:
            errors.append(problem)
            continue
        for entry in sent["inventory"]:
            cells[entry["warehouse_id"]]["available"] = entry["quantity"]
    save_stock(call.sandbox, doc)
    return {"errors": errors}


def _stock_error(call: Call, cells: Doc, sent: Doc) -> Doc | None:
    """Return what is wrong with the quantities of one SKU, if anything is."""
    entries = sent["inventory"]
    if len(cells) == 1 and len(entries) == 1:
        entries[0].setdefault("warehouse_id", next(iter(cells)))
    named = [entry.get("warehouse_id", "") for entry in entries]
    extra = []
    draft = Draft(call.sandbox, call.shop, {})
    for entry in entries:
        for code, message in stock_problems(draft, entry):
            extra.append(_extra(code, message, entry))
        if not extra and entry["warehouse_id"] not in cells:
            extra.append(_extra(12052037, "The SKU is not kept at this warehouse.", entry))
    if extra:
        detail = {"sku_id": sent["id"], "extra_errors": extra}
        return {"code": 12052990, "message": "The check failed.", "detail": detail}
    if set(named) != set(cells) or len(named) != len(cells):
        return {
            "code": 12052516,
            "message": "Every warehouse of the SKU must be named, once.",
            "detail": {"sku_id": sent["id"], "extra_errors": []},
        }
    return None


def _extra(code: int, message: str, entry: Doc) -> Doc:
    return {"code": code, "message": message, "warehouse_id": entry.get("warehouse_id", "")}


@endpoint(
    "POST",
    "/product/202309/inventory/search",
    scope=READ,
    body={"product_ids": ["string"], "sku_ids": ["string"]},
)
def search_inventory(call: Call) -> Doc:
    """List what is available and what is promised, by SKU and warehouse."""
    skus, products = call.body.get("sku_ids") or [], call.body.get("product_ids") or []
    if len(skus) > 600 or (not skus and not 1 <= len(products) <= 100):
        raise ApiError(12052910, "Name 1 to 100 products or 1 to 600 SKUs.")
    if skus:
        query = Query("product", shop_id=call.shop_id, label=("sku_id", tuple(skus)))
        docs = call.store.find(query)
    else:
        found = call.store.get_many("product", products)
        docs = [doc for doc in found if doc["shop_id"] == call.shop_id]
    return {"inventory": [_inventory(doc, set(skus)) for doc in docs]}


def _inventory(doc: Doc, wanted: set[str]) -> Doc:
    skus = [sku for sku in doc["content"]["skus"] if not wanted or sku["id"] in wanted]
    return {"product_id": doc["id"], "skus": [_sku(doc, sku) for sku in skus]}


def _sku(doc: Doc, sku: Doc) -> Doc:
    cells = doc["stock"].get(sku["id"], {})
    available = sum(cell["available"] for cell in cells.values())
    return {
        "id": sku["id"],
        "seller_sku": sku.get("seller_sku", ""),
        "total_available_quantity": available,
        "total_committed_quantity": sum(cell["committed"] for cell in cells.values()),
        "total_available_inventory_distribution": {
            "in_shop_inventory": {"quantity": available},
            "campaign_inventory": [],
            "creator_inventory": [],
        },
        "warehouse_inventory": [
            {
                "warehouse_id": key,
                "available_quantity": cell["available"],
                "committed_quantity": cell["committed"],
            }
            for key, cell in cells.items()
        ],
    }
