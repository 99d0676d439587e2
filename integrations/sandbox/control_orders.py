"""The side door to orders: what buyers and carriers do, stories, and notifications."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from flask import Blueprint, Response, jsonify, request

from integrations.sandbox import scenarios
from integrations.sandbox.control import door, only_loopback, shop_doc, the_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok import (
    cancellation_book,
    events,
    fbt,
    order_life,
    packages,
    return_book,
    webhooks,
)
from integrations.sandbox.tiktok.buyers import make_buyer
from integrations.sandbox.tiktok.order_book import get_order, lines_in, save_order

blueprint = Blueprint("control_orders", __name__, url_prefix="/_sandbox")
blueprint.before_request(only_loopback)
MARK_SHIPPED = "/fulfillment/"


def attempts(sandbox: Sandbox) -> Counter[str]:
    """Count how often the app tried to send a tracking number for each order."""
    tried: Counter[str] = Counter()
    for call in list(sandbox.calls.recent):
        template = call["template"]
        if template.startswith(MARK_SHIPPED) and template.endswith("/{order_id}/packages"):
            tried[call["path"].split("/")[4]] += 1
    return tried


def compact(order: Doc, tried: Counter[str]) -> Doc:
    """Return the few facts about an order that tests and people look for."""
    return {
        "id": order["id"],
        "shop_id": order["_shop_id"],
        "status": order["status"],
        "shipping_type": order["shipping_type"],
        "warehouse_id": order["warehouse_id"],
        "total": order["payment"]["total_amount"],
        "currency": order["payment"]["currency"],
        "skus": dict(Counter(line["seller_sku"] or line["sku_id"] for line in order["line_items"])),
        "tracking_number": order.get("tracking_number", ""),
        "provider": order.get("shipping_provider", ""),
        "ship_calls": tried[order["id"]],
        "asks_to_cancel": order["is_buyer_request_cancel"],
        "create_time": order["create_time"],
        "update_time": order["update_time"],
    }


def _answer(sandbox: Sandbox, order_id: str) -> Doc:
    return compact(get_order(sandbox, order_id), attempts(sandbox))


@door("POST", "/shops/<shop_id>/orders", blueprint)
def place(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Place an order as a buyer; without items it takes the first SKU on sale."""
    shop = shop_doc(sandbox, shop_id)
    if not body.get("items"):
        body = {**body, "items": scenarios.some_items(sandbox, shop, 1)}
    return _answer(sandbox, order_life.place(sandbox, shop, body)["id"])


@door("POST", "/shops/<shop_id>/orders/bulk", blueprint)
def place_many(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Place many orders at once, in mixed states or in those named, of the SKUs named or any."""
    shop = shop_doc(sandbox, shop_id)
    orders = scenarios.place_many(
        sandbox,
        shop,
        int(body.get("count", 100)),
        statuses=body.get("statuses"),
        sku_ids=body.get("sku_ids"),
    )
    return {"order_ids": [order["id"] for order in orders]}


@door("GET", "/orders", blueprint)
def list_orders(sandbox: Sandbox, body: Doc) -> Doc:
    """List orders, newest first: ?status=, ?shop_id=, ?limit=."""
    status, shop_id = request.args.get("status"), request.args.get("shop_id")
    query = Query("order", statuses=(status,) if status else (), shop_id=shop_id, descending=True)
    found = sandbox.store.find(query, limit=int(request.args.get("limit", "200")))
    tried = attempts(sandbox)
    rows = [compact(order, tried) for order in found]
    return {"orders": rows, "total": sandbox.store.count(query)}


@door("GET", "/orders/<order_id>", blueprint)
def show_order(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """Show everything about an order: lines, parcels, the address, who wants to cancel."""
    order = get_order(sandbox, order_id)
    related = {
        name: sandbox.store.find(Query(kind, label=("order", (order_id,))))
        for name, kind in (("cancellations", "cancellation"), ("returns", "return"))
    }
    return {
        **_answer(sandbox, order_id),
        "line_items": order["line_items"],
        "payment": order["payment"],
        "address": order["_address"],
        "packages": packages.packages_of(sandbox, order_id),
        **related,
    }


@door("POST", "/orders/<order_id>/pay", blueprint)
def pay(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """The buyer pays."""
    order_life.pay(sandbox, get_order(sandbox, order_id), hold=body.get("hold", True))
    return _answer(sandbox, order_id)


@door("POST", "/orders/<order_id>/cancel", blueprint)
def cancel(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """The buyer cancels: at once in the first hour, else by asking the seller."""
    order = get_order(sandbox, order_id)
    region = shop_doc(sandbox, order["_shop_id"])["region"]
    doc = cancellation_book.buyer_cancels(sandbox, order, body.get("reason", ""), region)
    return {
        **_answer(sandbox, order_id),
        "cancel_id": doc["cancel_id"],
        "cancel_status": doc["cancel_status"],
    }


@door("POST", "/orders/<order_id>/withdraw_cancel", blueprint)
def withdraw_cancel(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """The buyer wants the order after all."""
    query = Query(
        "cancellation", statuses=(cancellation_book.PENDING,), label=("order", (order_id,))
    )
    found = sandbox.store.find(query, limit=1)
    if not found:
        raise ValueError("the buyer has not asked to cancel")
    cancellation_book.drop(sandbox, found[0])
    return _answer(sandbox, order_id)


@door("POST", "/orders/<order_id>/cancel_by_system", blueprint)
def cancel_by_system(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """TikTok cancels the order."""
    reason = body.get("reason", "system_cancel_order_reason_potential_fraud")
    order_life.cancel(sandbox, get_order(sandbox, order_id), reason, by="SYSTEM")
    return _answer(sandbox, order_id)


@door("POST", "/orders/<order_id>/advance", blueprint)
def advance(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """Do what happens to the order next without the seller."""
    order_life.move_on(sandbox, get_order(sandbox, order_id))
    return _answer(sandbox, order_id)


@door("POST", "/orders/<order_id>/transit", blueprint)
def transit(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """The carrier scans the parcels."""
    order_life.carry(sandbox, order_id, packages.scan, "PROCESSING")
    return _answer(sandbox, order_id)


@door("POST", "/orders/<order_id>/deliver", blueprint)
def deliver(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """The carrier delivers the parcels."""
    order_life.carry(sandbox, order_id, packages.deliver, "PROCESSING", "FULFILLING")
    return _answer(sandbox, order_id)


@door("POST", "/orders/<order_id>/ship", blueprint)
def ship(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """Ship in Seller Center, past the app: with TikTok's shipping, or with a number given."""
    order = get_order(sandbox, order_id)
    lines = lines_in(order, "AWAITING_SHIPMENT")
    if not lines:
        raise ValueError(f"an order in {order['status']} has nothing to ship")
    if body.get("tracking_number"):
        shipment = order_life.seller_shipment(body["provider"], body["tracking_number"])
        order_life.arrange(sandbox, order, lines, [shipment])
    else:
        order_life.tiktok_ships(sandbox, order)
    return _answer(sandbox, order_id)


@door("POST", "/orders/<order_id>/address", blueprint)
def change_address(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """The buyer changes the address."""
    change_buyer_address(sandbox, get_order(sandbox, order_id), body)
    return _answer(sandbox, order_id)


def change_buyer_address(sandbox: Sandbox, order: Doc, wishes: dict[str, Any]) -> None:
    """Give an order another address and tell it."""
    shop = shop_doc(sandbox, order["_shop_id"])
    dice = random.Random(sandbox.store.next_id())
    order["_address"] = make_buyer(dice, shop["region"], **wishes)["address"]
    order["has_updated_recipient_address"] = True
    save_order(sandbox, order)
    events.address_changed(sandbox, order)


@door("POST", "/orders/<order_id>/return", blueprint)
def ask_return(sandbox: Sandbox, body: Doc, order_id: str) -> Doc:
    """The buyer asks for the money back: type REFUND or RETURN_AND_REFUND."""
    order = get_order(sandbox, order_id)
    return return_book.buyer_asks(
        sandbox, order, body.get("type", "RETURN_AND_REFUND"), body.get("reason", "")
    )


@door("POST", "/returns/<return_id>/send", blueprint)
def send_back(sandbox: Sandbox, body: Doc, return_id: str) -> Doc:
    """The buyer sends the goods back."""
    return return_book.buyer_sends(sandbox, return_id)


@door("POST", "/shops/<shop_id>/fbt", blueprint)
def stock_at_tiktok(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Say how many units of a SKU lie in TikTok's warehouse."""
    return fbt.stock_at_tiktok(sandbox, shop_doc(sandbox, shop_id), body)


@door("GET", "/scenarios", blueprint)
def list_scenarios(sandbox: Sandbox, body: Doc) -> Doc:
    """List the stories that can be run."""
    return {"scenarios": [{"name": s.name, "title": s.title} for s in scenarios.SCENARIOS.values()]}


@door("POST", "/shops/<shop_id>/scenarios/<name>", blueprint)
def run_scenario(sandbox: Sandbox, body: Doc, shop_id: str, name: str) -> Doc:
    """Let a story happen."""
    orders = scenarios.run(sandbox, shop_doc(sandbox, shop_id), name)
    tried = attempts(sandbox)
    return {"orders": [compact(order, tried) for order in orders]}


@door("GET", "/webhooks/deliveries", blueprint)
def list_deliveries(sandbox: Sandbox, body: Doc) -> Doc:
    """List the last notifications that were sent, newest first."""
    limit = int(request.args.get("limit", "200"))
    return {"deliveries": webhooks.deliveries(sandbox, limit)}


@door("POST", "/shops/<shop_id>/expiring", blueprint)
def tell_expiring(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Tell that the authorization ends in so many days."""
    shop = shop_doc(sandbox, shop_id)
    ends = sandbox.now() + 86400 * int(body.get("days", 30))
    events.authorization_expires(sandbox, shop["id"], ends)
    return {}


@blueprint.post("/webhooks/deliver")
def deliver_now() -> Response:
    """Send the notifications that are due; it must not hold the store while it does."""
    sandbox = the_sandbox()
    return jsonify({"delivered": sandbox.tick()})
