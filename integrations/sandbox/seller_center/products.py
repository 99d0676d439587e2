"""Products: their review, prices and quantities, and the platform's verdicts."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from integrations.sandbox.control import the_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.seller_center.base import act, blueprint, current_shop, page
from integrations.sandbox.store import Query
from integrations.sandbox.tiktok import existing, product_review, product_store
from integrations.sandbox.tiktok.goods import goods_of
from integrations.sandbox.tiktok.shops import warehouses

SHOWN = 50


@blueprint.get("/seller-center/products")
def products() -> str:
    """List a shop's products, newest first."""
    sandbox = the_sandbox()
    sandbox.settle()
    shop = current_shop(sandbox)
    status = request.args.get("status", "")
    query = Query(
        "product", shop_id=shop["id"], statuses=(status,) if status else (), descending=True
    )
    found = sandbox.store.find(query, limit=SHOWN)
    rows = [(doc, [goods_of(doc, sku) for sku in doc["content"]["skus"]]) for doc in found]
    return page(
        "products.html",
        rows=rows,
        total=sandbox.store.count(query),
        status=status,
        statuses=("ACTIVATE", "PENDING", "FAILED", "DRAFT", "SELLER_DEACTIVATED", "DELETED"),
        sites=warehouses(sandbox, shop["id"], "SALES_WAREHOUSE"),
        listed_today=product_review.listed_today(sandbox, shop),
    )


@blueprint.post("/seller-center/products/existing")
def add_existing() -> Response:
    """Put products on the shop that were there before anyone connected."""
    return act(_add_existing, "products")


def _add_existing(sandbox: Sandbox) -> str:
    count = int(request.form.get("count") or 10)
    existing.add_products(sandbox, current_shop(sandbox), min(max(count, 1), 500))
    return f"{count} products were added."


@blueprint.post("/seller-center/products/<product_id>")
def decide_product(product_id: str) -> Response:
    """Approve or refuse a product, or set what is available of it."""
    return act(lambda sandbox: _decide(sandbox, product_id), "products")


def _decide(sandbox: Sandbox, product_id: str) -> str:
    doc = sandbox.store.get("product", product_id)
    if doc is None:
        raise ValueError(f"no product {product_id}")
    action = request.form.get("action")
    if action == "approve":
        product_review.approve(sandbox, doc)
        return f"“{doc['content']['title']}” is approved."
    if action == "refuse":
        reason = request.form.get("reason") or "Refused by hand in Seller Center."
        product_review.fail(sandbox, doc, "title", reason)
        return f"“{doc['content']['title']}” failed its review."
    if action == "freeze":
        doc["status"] = "FREEZE"
        product_store.save_product(sandbox, doc)
        product_review.tell_status(sandbox, doc, "PRODUCT_STATUS_CHANGED")
        return f"“{doc['content']['title']}” is frozen."
    raise ValueError("no such action")
