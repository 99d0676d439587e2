"""A product as the sandbox keeps it.

`content` is what the seller wrote, with ids filled in; `review_content` waits for its review while
`content` is live; `draft_content` waits for the seller. `stock` has, for each SKU and warehouse,
what is available and what is promised to orders.
"""

from __future__ import annotations

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.wire import Call

# What the wire calls live: an edit of these is reviewed while the old version stays.
LIVE = {"ACTIVATE", "SELLER_DEACTIVATED"}


def save_product(sandbox: Sandbox, doc: Doc, *, touch: bool = True) -> None:
    """Keep a product and what it is found by."""
    if touch:
        doc["update_time"] = sandbox.now()
    versions = [doc.get(name) for name in ("content", "review_content", "draft_content")]
    skus = [sku for version in versions if version for sku in version["skus"]]
    labels = {
        "seller_sku": [sku["seller_sku"] for sku in skus if sku.get("seller_sku")],
        "sku_id": [sku["id"] for sku in skus],
        "audit": [doc["audit"]["status"]],
        "idempotency": [doc["idempotency_key"]] if doc.get("idempotency_key") else [],
    }
    _put(sandbox, doc, labels)


def save_stock(sandbox: Sandbox, doc: Doc) -> None:
    """Keep a product of which only quantities changed."""
    _put(sandbox, doc, None)


def _put(sandbox: Sandbox, doc: Doc, labels: dict[str, list[str]] | None) -> None:
    sandbox.store.put(
        "product",
        doc["id"],
        doc,
        shop_id=doc["shop_id"],
        status=doc["status"],
        create_time=doc["create_time"],
        update_time=doc["update_time"],
        labels=labels,
    )


def own_product(call: Call, product_id: str) -> Doc:
    """Return a product of the calling shop."""
    doc = call.store.get("product", product_id)
    if doc is None:
        raise ApiError(12052260, "There is no such product.")
    if doc["shop_id"] != call.shop_id:
        raise ApiError(12052048, "The product is listed in another shop.")
    return doc


def product_of_sku(sandbox: Sandbox, sku_id: str) -> tuple[Doc, Doc] | None:
    """Return the product that a SKU belongs to, and the SKU."""
    found = sandbox.store.find(Query("product", label=("sku_id", (sku_id,))), limit=1)
    for doc in found:
        for sku in doc["content"]["skus"]:
            if sku["id"] == sku_id:
                return doc, sku
    return None


def skus_of_shop(sandbox: Sandbox, shop_id: str, seller_sku: str) -> list[tuple[Doc, Doc]]:
    """Return the live SKUs of a shop with a seller SKU, each with its product."""
    query = Query("product", shop_id=shop_id, label=("seller_sku", (seller_sku,)))
    return [
        (doc, sku)
        for doc in sandbox.store.find(query)
        if doc["status"] != "DELETED"
        for sku in doc["content"]["skus"]
        if sku.get("seller_sku") == seller_sku
    ]
