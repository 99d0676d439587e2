"""The other pages: overview, faults, the clock, notifications and the app's calls."""

from __future__ import annotations

import json

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from integrations.sandbox.control import the_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.faults import KINDS
from integrations.sandbox.seller_center.base import (
    STATUS_WORDS,
    act,
    blueprint,
    go,
    page,
    shops,
)
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok import shops as shop_book
from integrations.sandbox.tiktok import webhooks as hooks

STEPS = {"hour": 3600, "day": 86400, "week": 7 * 86400}
LONGEST_STEP = 366 * 86400
# What a fault of a kind needs to know, and what it knows when nothing is said.
FAULT_VALUES = {
    "rate_limit": "retry_after",
    "slow": "seconds",
    "late_webhook": "seconds",
    "index_lag": "seconds",
}


@blueprint.get("/")
@blueprint.get("/seller/")
def home() -> Response:
    """Go to the overview."""
    return redirect(url_for("seller_center.overview"))


@blueprint.get("/seller-center/")
def overview() -> str:
    """Show every shop with what is going on in it."""
    sandbox = the_sandbox()
    sandbox.settle()
    return page("overview.html", cards=[_card(sandbox, shop) for shop in shops(sandbox)])


def _card(sandbox: Sandbox, shop: Doc) -> Doc:
    count = sandbox.store.count
    return {
        "shop": shop,
        "sites": shop_book.warehouses(sandbox, shop["id"]),
        "orders": {
            name: count(Query("order", shop_id=shop["id"], statuses=(name,)))
            for name in STATUS_WORDS
        },
        "products": count(Query("product", shop_id=shop["id"])),
        "live": count(Query("product", shop_id=shop["id"], statuses=("ACTIVATE",))),
    }


@blueprint.post("/seller-center/shops")
def open_shop() -> Response:
    """Open another shop."""
    return act(_open_shop, "overview")


def _open_shop(sandbox: Sandbox) -> str:
    region = request.form.get("region", "US")
    shop = shop_book.add_shop(sandbox, region=region, name=request.form.get("name", ""))
    return f"{shop['name']} is open."


@blueprint.get("/seller-center/faults")
def faults() -> str:
    """List the faults in force, and offer others."""
    known = {entry.split(" ", 1)[1] for entry in the_sandbox().calls.counts}
    return page("faults.html", rules=the_sandbox().faults.list(), kinds=KINDS, known=sorted(known))


@blueprint.post("/seller-center/faults")
def add_fault() -> Response:
    """Switch a fault on."""
    return act(_add_fault, "faults")


def _add_fault(sandbox: Sandbox) -> str:
    form, kind = request.form, request.form.get("kind", "")
    rule: Doc = {"kind": kind, "path": form.get("path") or "*"}
    if form.get("count"):
        rule["count"] = int(form["count"])
    if form.get("value") and kind in FAULT_VALUES:
        rule[FAULT_VALUES[kind]] = int(form["value"])
    if form.get("value") and kind == "review_failure":
        rule["reason"] = form["value"]
    sandbox.faults.add(rule)
    return f"{kind.replace('_', ' ').capitalize()} is on."


@blueprint.post("/seller-center/faults/clear")
def clear_faults() -> Response:
    """Switch one fault off, or all."""
    return act(_clear_faults, "faults")


def _clear_faults(sandbox: Sandbox) -> str:
    sandbox.faults.clear(request.form.get("id") or None)
    return "Switched off."


@blueprint.get("/seller-center/clock")
def clock() -> str:
    """Show the sandbox's time."""
    return page("clock.html")


@blueprint.post("/seller-center/clock")
def move_clock() -> Response:
    """Move the clock forward and do what has become due."""
    sandbox = the_sandbox()
    seconds = STEPS.get(request.form.get("step", ""))
    if seconds is None:
        minutes = request.form.get("minutes", "")
        seconds = int(minutes) * 60 if minutes.isdigit() else 0
    if not 0 < seconds <= LONGEST_STEP:
        return go("clock", {"failed": "Say how many minutes, up to a year."})
    # Not inside a transaction: notifications go out.
    sandbox.clock.advance(seconds)
    sandbox.tick()
    return go("clock", {"said": "The clock moved, and what was due has happened."})


@blueprint.get("/seller-center/webhooks")
def webhooks() -> str:
    """Show where notifications go, and the last ones."""
    sandbox = the_sandbox()
    sent = hooks.deliveries(sandbox, 100)
    rows = [(doc, json.dumps(doc["notification"]["data"], indent=1)) for doc in sent]
    return page(
        "webhooks.html",
        target=sandbox.setting("webhook_url", ""),
        own=sandbox.store.find(Query("webhook")),
        rows=rows,
    )


@blueprint.post("/seller-center/webhooks")
def set_target() -> Response:
    """Set the app's address for notifications."""
    return act(_set_target, "webhooks")


def _set_target(sandbox: Sandbox) -> str:
    target = request.form.get("target", "").strip()
    if target and not target.startswith(("http://", "https://")):
        raise ValueError("the address must start with http:// or https://")
    sandbox.store.set_setting("webhook_url", target)
    return f"Notifications go to {target}." if target else "Notifications go nowhere."


@blueprint.get("/seller-center/calls")
def calls() -> str:
    """Show what the app called, newest first."""
    log = the_sandbox().calls
    recent = list(log.recent)[-100:][::-1]
    return page("calls.html", recent=recent, counts=log.counts.most_common())
