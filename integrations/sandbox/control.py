"""The side door for demos and tests: move the clock, cause faults, look inside. Loopback only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request

from integrations.sandbox.core import Sandbox
from integrations.sandbox.faults import KINDS
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok import auth, product_review, shops

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
LOOPBACK = {"127.0.0.1", "::1", None}
SETTINGS = {
    "redirect_url": "",
    "review_delay": 3,
    "review_words": ["replica", "counterfeit", "miracle cure"],
    "granted_scopes": None,
    "lenient_cipher": False,
    "webhook_url": "",
    "check_tracking": True,
}

View = Callable[..., Any]


def only_loopback() -> None:
    """Refuse callers from other machines: the side door has no password."""
    if request.remote_addr not in LOOPBACK:
        abort(403)


blueprint.before_request(only_loopback)


def the_sandbox() -> Sandbox:
    """Return the sandbox that this application serves."""
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox


def door(method: str, path: str, on: Blueprint | None = None) -> Callable[[View], View]:
    """Serve a function(sandbox, body, **path) as JSON; a ValueError becomes a 400."""

    def register(function: View) -> View:
        @wraps(function)
        def view(**values: str) -> Response:
            body = request.get_json(silent=True) or {}
            sandbox = the_sandbox()
            sandbox.settle()
            try:
                with sandbox.store.transaction():
                    result = function(sandbox, body, **values)
            except (ValueError, KeyError) as error:
                answer = jsonify({"error": str(error)})
                answer.status_code = 400
                return answer
            return jsonify(result)

        name = f"{method} {path}".replace(".", "_")
        (on or blueprint).add_url_rule(path, endpoint=name, view_func=view, methods=[method])
        return function

    return register


def shop_doc(sandbox: Sandbox, shop_id: str) -> Doc:
    """Return a shop; `first` names the oldest one."""
    if shop_id == "first":
        return sandbox.store.find(Query("shop"), limit=1)[0]
    shop = sandbox.store.get("shop", shop_id)
    if shop is None:
        raise ValueError(f"no shop {shop_id}")
    return shop


@door("GET", "/state")
def state(sandbox: Sandbox, body: Doc) -> Doc:
    """Summarize what the sandbox holds."""
    kinds = ("shop", "warehouse", "product", "order", "package", "cancellation", "return")
    return {
        "now": sandbox.now(),
        "clock_offset": sandbox.clock.offset(),
        "counts": {kind: sandbox.store.count(Query(kind)) for kind in kinds},
        "faults": sandbox.faults.list(),
        "app_key": sandbox.config.app_key,
        "service_id": sandbox.config.service_id,
    }


@door("GET", "/clock")
def clock(sandbox: Sandbox, body: Doc) -> Doc:
    """Tell the time."""
    return {"now": sandbox.now(), "offset": sandbox.clock.offset()}


@door("GET", "/settings")
def settings(sandbox: Sandbox, body: Doc) -> Doc:
    """List the settings."""
    return {name: sandbox.setting(name, default) for name, default in SETTINGS.items()}


@door("POST", "/settings")
def change_settings(sandbox: Sandbox, body: Doc) -> Doc:
    """Change settings by name."""
    for name, value in body.items():
        if name not in SETTINGS:
            raise ValueError(f"unknown setting {name!r}; known: {', '.join(SETTINGS)}")
        if value is not None:
            sandbox.store.set_setting(name, value)
    return settings(sandbox, {})


@door("GET", "/faults")
def faults(sandbox: Sandbox, body: Doc) -> Doc:
    """List the faults in force, and the kinds there are."""
    return {"faults": sandbox.faults.list(), "kinds": KINDS}


@door("POST", "/faults")
def add_fault(sandbox: Sandbox, body: Doc) -> Doc:
    """Add a fault."""
    return sandbox.faults.add(body)


@door("DELETE", "/faults")
def clear_faults(sandbox: Sandbox, body: Doc) -> Doc:
    """Drop every fault."""
    sandbox.faults.clear()
    return {}


@door("DELETE", "/faults/<rule_id>")
def clear_fault(sandbox: Sandbox, body: Doc, rule_id: str) -> Doc:
    """Drop one fault."""
    sandbox.faults.clear(rule_id)
    return {}


@door("GET", "/calls")
def calls(sandbox: Sandbox, body: Doc) -> Doc:
    """Count the calls by method and path, and show the last ones."""
    limit = int(request.args.get("limit", "100"))
    recent = list(sandbox.calls.recent)[-limit:]
    return {"counts": dict(sandbox.calls.counts), "recent": recent}


@door("DELETE", "/calls")
def reset_calls(sandbox: Sandbox, body: Doc) -> Doc:
    """Start counting again."""
    sandbox.calls.reset()
    return {}


@door("GET", "/shops")
def list_shops(sandbox: Sandbox, body: Doc) -> Doc:
    """List the shops."""
    return {"shops": sandbox.store.find(Query("shop"))}


@door("POST", "/shops")
def create_shop(sandbox: Sandbox, body: Doc) -> Doc:
    """Open a shop."""
    return shops.add_shop(
        sandbox,
        region=body.get("region", "US"),
        name=body.get("name", ""),
        seller_id=body.get("seller_id", ""),
    )


@door("PATCH", "/shops/<shop_id>")
def change_shop(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Change a shop: name, status, probation, approved_categories, time_zone, region."""
    shop = shop_doc(sandbox, shop_id)
    probation = {**shop["probation"], **body.get("probation", {})}
    allowed = ("name", "status", "approved_categories", "time_zone", "region")
    shop.update({name: body[name] for name in allowed if name in body}, probation=probation)
    shops.save_shop(sandbox, shop)
    product_review.release_category(sandbox, shop)
    return shop


@door("POST", "/shops/<shop_id>/authorize")
def authorize(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Give an authorization without the page: a code, or tokens where `tokens` is true."""
    shop = shop_doc(sandbox, shop_id)
    answer: Doc = {"shop_id": shop["id"], "cipher": shop["cipher"]}
    if body.get("tokens"):
        return {**answer, **auth.issue_tokens(sandbox, shop["seller_id"])}
    return {**answer, "code": auth.new_code(sandbox, shop)}


@door("POST", "/shops/<shop_id>/deauthorize")
def deauthorize(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Withdraw the seller's authorization."""
    auth.withdraw(sandbox, shop_doc(sandbox, shop_id)["seller_id"])
    return {}


@door("GET", "/shops/<shop_id>/warehouses")
def list_warehouses(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """List the warehouses of a shop."""
    return {"warehouses": shops.warehouses(sandbox, shop_doc(sandbox, shop_id)["id"])}


@door("POST", "/shops/<shop_id>/warehouses")
def create_warehouse(sandbox: Sandbox, body: Doc, shop_id: str) -> Doc:
    """Add a warehouse to a shop."""
    return shops.add_warehouse(
        sandbox,
        shop_doc(sandbox, shop_id),
        body["name"],
        kind=body.get("type", "SALES_WAREHOUSE"),
        effect_status=body.get("effect_status", "ENABLED"),
    )


# -- doors that must not hold the store: they reach other systems -------------------------------


@blueprint.post("/clock/advance")
def advance() -> Response:
    """Move the clock forward and do what has become due."""
    sandbox = the_sandbox()
    seconds = int((request.get_json(silent=True) or {}).get("seconds", 0))
    now = sandbox.clock.advance(seconds)
    sandbox.tick()
    return jsonify({"now": now, "offset": sandbox.clock.offset()})


@blueprint.post("/tick")
def tick() -> Response:
    """Do what is due now, notifications included."""
    return jsonify({"delivered": the_sandbox().tick()})


@blueprint.post("/reset")
def reset() -> Response:
    """Forget everything and start anew."""
    the_sandbox().reset()
    return jsonify({})
