"""The side door to products: what is on the shop, with prices and quantities."""

from __future__ import annotations

from flask import Blueprint

from integrations.sandbox.control import door, only_loopback, shop_doc
from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok import existing, product_review, product_store
from integrations.sandbox.tiktok.product_review import listed_today

blueprint = Blueprint("control_products", __name__, url_prefix="/_sandbox")
blueprint.before_request(only_loopback)
STATUSES = {"ACTIVATE", "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE", "DELETED", "DRAFT"}


@door("POST", "/shops/<shop_id>/existing", blueprint)
def add_existing(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Put products on the shop that were listed before anyone connected; `variants` of each."""
    shop, variants = shop_doc(sandbox, shop_id), body.get("variants")
    made = existing.add_products(
        sandbox,
        shop,
        int(body.get("count", 40)),
        variants=None if variants is None else int(variants),
    )
    return {"product_ids": made}


@door("GET", "/shops/<shop_id>/products", blueprint)
def list_products(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """List the products of a shop, one short line each, newest first."""
    shop = shop_doc(sandbox, shop_id)
    docs = sandbox.store.find(Query("product", shop_id=shop["id"], descending=True))
    return {
        "listed_today": listed_today(sandbox, shop),
        "products": [
            {
                "id": doc["id"],
                "title": doc["content"]["title"],
                "status": doc["status"],
                "audit": doc["audit"]["status"],
                "seller_skus": [sku.get("seller_sku", "") for sku in doc["content"]["skus"]],
            }
            for doc in docs
        ],
    }


def product_doc(sandbox: Sandbox, product_id: str) -> Doc:
    """Return a product as it is kept."""
    doc = sandbox.store.get("product", product_id)
    if doc is None:
        raise ValueError(f"no product {product_id}")
    return doc


def compact(doc: Doc) -> Doc:
    """Return a product with prices and quantities, nothing else."""
    return {
        "id": doc["id"],
        "shop_id": doc["shop_id"],
        "title": doc["content"]["title"],
        "description": doc["content"]["description"],
        "category_id": doc["content"]["category_id"],
        "status": doc["status"],
        "audit": doc["audit"],
        "audit_failed_reasons": doc.get("audit_failed_reasons", []),
        "main_images": [image["uri"] for image in doc["content"].get("main_images") or []],
        "skus": [
            {
                "id": sku["id"],
                "seller_sku": sku.get("seller_sku", ""),
                "sales_attributes": [
                    (sent.get("name", ""), sent.get("value_name", ""))
                    for sent in sku.get("sales_attributes") or []
                ],
                "price": sku["price"]["amount"],
                "currency": sku["price"]["currency"],
                "available": {k: c["available"] for k, c in doc["stock"][sku["id"]].items()},
                "committed": {k: c["committed"] for k, c in doc["stock"][sku["id"]].items()},
            }
            for sku in doc["content"]["skus"]
        ],
    }


@door("GET", "/products/<product_id>", blueprint)
def show_product(sandbox: Sandbox, body: Doc, product_id: str) -> Doc:
    """Show one product with prices and quantities."""
    return compact(product_doc(sandbox, product_id))


@door("PATCH", "/products/<product_id>", blueprint)
def change_product(sandbox: Sandbox, body: Doc, product_id: str) -> Doc:
    """Act as platform or seller: `review` passed or failed, `status`, `available`, `prices`."""
    doc = product_doc(sandbox, product_id)
    if body.get("review") == "passed":
        product_review.approve(sandbox, doc)
    elif body.get("review") == "failed":
        reason = body.get("reason", "Refused by hand.")
        product_review.fail(sandbox, doc, body.get("position", "title"), reason)
    if "status" in body:
        if body["status"] not in STATUSES:
            raise ValueError(f"status must be one of {', '.join(sorted(STATUSES))}")
        doc["status"] = body["status"]
        product_store.save_product(sandbox, doc)
        product_review.tell_status(sandbox, doc, "PRODUCT_STATUS_CHANGED")
    _set_figures(sandbox, doc, body)
    return compact(doc)


def _set_figures(sandbox: Sandbox, doc: Doc, body: Doc) -> None:
    """Set quantities by SKU and warehouse and prices by SKU, as a seller does by hand."""
    for sku_id, quantities in body.get("available", {}).items():
        for warehouse_id, quantity in quantities.items():
            doc["stock"][sku_id][warehouse_id]["available"] = int(quantity)
        product_store.save_stock(sandbox, doc)
    if prices := body.get("prices"):
        for sku in doc["content"]["skus"]:
            if sku["id"] in prices:
                sku["price"]["amount"] = str(prices[sku["id"]])
        product_store.save_product(sandbox, doc)
