"""Orders: the list, one order, placing one as a buyer, and stories."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from integrations.sandbox import scenarios
from integrations.sandbox.control import the_sandbox
from integrations.sandbox.control_orders import attempts, change_buyer_address
from integrations.sandbox.core import Sandbox
from integrations.sandbox.seller_center.base import (
    STATUS_WORDS,
    act,
    blueprint,
    current_shop,
    go,
    page,
    status_words,
)
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok import cancellation_book, order_life, packages, return_book
from integrations.sandbox.tiktok.buyers import PLACES
from integrations.sandbox.tiktok.goods import goods_of, on_sale
from integrations.sandbox.tiktok.order_book import get_order
from integrations.sandbox.tiktok.shops import warehouses

SHOWN = 100
SKUS_OFFERED = 200


@blueprint.get("/seller-center/orders")
def orders() -> str:
    """List a shop's orders, newest first, by status."""
    sandbox = the_sandbox()
    sandbox.settle()
    shop, status = current_shop(sandbox), request.args.get("status", "")
    query = Query("order", shop_id=shop["id"], statuses=(status,) if status else ())
    newest = Query(query.kind, query.shop_id, query.statuses, descending=True)
    counts = {
        name: sandbox.store.count(Query("order", shop_id=shop["id"], statuses=(name,)))
        for name in STATUS_WORDS
    }
    return page(
        "orders.html",
        orders=sandbox.store.find(newest, limit=SHOWN),
        total=sandbox.store.count(query),
        shown=SHOWN,
        counts=counts,
        everything=sum(counts.values()),
        status=status,
        tried=attempts(sandbox),
        names={site["id"]: site["name"] for site in warehouses(sandbox, shop["id"])},
        stories=scenarios.SCENARIOS.values(),
    )


@blueprint.get("/seller-center/orders/new")
def new_order() -> str:
    """Choose what to buy."""
    sandbox = the_sandbox()
    sandbox.settle()
    shop = current_shop(sandbox)
    offered = [
        (goods_of(doc, sku), sum(cell["available"] for cell in doc["stock"][sku["id"]].values()))
        for doc, sku in on_sale(sandbox, shop["id"], SKUS_OFFERED)
    ]
    places = [place[0] for place in PLACES.get(shop["region"], PLACES["US"])]
    return page("new_order.html", offered=offered, places=places)


@blueprint.post("/seller-center/orders/new")
def place_order() -> Response:
    """Place an order as a buyer."""
    return act(_place, "orders")


def _place(sandbox: Sandbox) -> str:
    form = request.form
    items = [
        {"sku_id": name.removeprefix("sku_"), "quantity": int(value)}
        for name, value in form.items()
        if name.startswith("sku_") and value.isdigit() and int(value) > 0
    ]
    wishes: Doc = {
        "items": items,
        "paid": form.get("paid") == "yes",
        "buyer": {"state": form["state"]} if form.get("state") else {},
        "buyer_message": form.get("buyer_message", ""),
        "is_sample_order": "is_sample_order" in form,
    }
    if form.get("kind") == "TIKTOK":
        wishes["shipping_type"] = "TIKTOK"
    elif form.get("kind") == "FBT":
        wishes["fulfillment_type"] = "FULFILLMENT_BY_TIKTOK"
    order = order_life.place(sandbox, current_shop(sandbox), wishes)
    return f"Order {order['id']} was placed: {status_words(order['status'])}."


@blueprint.get("/seller-center/orders/<order_id>")
def order(order_id: str) -> str | Response:
    """Show one order with everything that belongs to it."""
    sandbox = the_sandbox()
    sandbox.settle()
    found = sandbox.store.get("order", order_id)
    if found is None:
        return go("orders", {"failed": f"There is no order {order_id}."})
    by_order = ("order", (order_id,))
    return page(
        "order.html",
        order=found,
        parcels=packages.packages_of(sandbox, order_id),
        cancellations=sandbox.store.find(Query("cancellation", label=by_order)),
        returns=sandbox.store.find(Query("return", label=by_order)),
        tried=attempts(sandbox)[order_id],
        names={site["id"]: site["name"] for site in warehouses(sandbox, found["_shop_id"])},
    )


@blueprint.post("/seller-center/orders/<order_id>")
def change_order(order_id: str) -> Response:
    """Do something with an order as its buyer, as the carrier or as TikTok."""
    return act(lambda sandbox: _change(sandbox, order_id), "order", order_id=order_id)


def _change(sandbox: Sandbox, order_id: str) -> str:
    found = get_order(sandbox, order_id)
    name = request.form.get("action", "")
    if name not in ACTIONS:
        raise ValueError("no such action")
    return ACTIONS[name](sandbox, found)


def _pay(sandbox: Sandbox, found: Doc) -> str:
    order_life.pay(sandbox, found)
    return "The buyer paid. The order is on hold for an hour."


def _advance(sandbox: Sandbox, found: Doc) -> str:
    after = order_life.move_on(sandbox, found)
    return f"The order moved on: {status_words(after['status'])}."


def _cancel(sandbox: Sandbox, found: Doc) -> str:
    shop = sandbox.store.get("shop", found["_shop_id"]) or {"region": "US"}
    doc = cancellation_book.buyer_cancels(sandbox, found, region=shop["region"])
    if doc["cancel_status"] == cancellation_book.PENDING:
        return "The buyer asks to cancel. The seller has 48 hours to answer."
    return "The buyer canceled the order."


def _ship(sandbox: Sandbox, found: Doc) -> str:
    order_life.tiktok_ships(sandbox, found)
    return "The order is arranged with TikTok Shipping."


def _transit(sandbox: Sandbox, found: Doc) -> str:
    order_life.carry(sandbox, found["id"], packages.scan, "PROCESSING")
    return "The carrier scanned the parcels."


def _deliver(sandbox: Sandbox, found: Doc) -> str:
    order_life.carry(sandbox, found["id"], packages.deliver, "PROCESSING", "FULFILLING")
    return "The parcels are delivered."


def _address(sandbox: Sandbox, found: Doc) -> str:
    change_buyer_address(sandbox, found, {})
    return "The buyer changed the address."


def _return(sandbox: Sandbox, found: Doc) -> str:
    return_book.buyer_asks(sandbox, found, "RETURN_AND_REFUND")
    return "The buyer asks to send the goods back."


ACTIONS = {
    "pay": _pay,
    "advance": _advance,
    "cancel": _cancel,
    "ship": _ship,
    "transit": _transit,
    "deliver": _deliver,
    "address": _address,
    "return": _return,
}


@blueprint.post("/seller-center/stories")
def run_story() -> Response:
    """Let a story happen on the shop."""
    return act(_story, "orders")


def _story(sandbox: Sandbox) -> str:
    made = scenarios.run(sandbox, current_shop(sandbox), request.form.get("name", ""))
    if len(made) > 1:
        return f"{len(made)} orders were placed."
    return f"Order {made[0]['id']}: {status_words(made[0]['status'])}."
