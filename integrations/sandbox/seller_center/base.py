"""What every page of Seller Center shares: who may come, the header, and how an action ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from integrations.sandbox.control import only_loopback, the_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query

blueprint = Blueprint(
    "seller_center",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/seller-center/static",
)
blueprint.before_request(only_loopback)

STATUS_WORDS = {
    "UNPAID": "Unpaid",
    "ON_HOLD": "On hold",
    "AWAITING_SHIPMENT": "To ship",
    "PARTIALLY_SHIPPING": "Partly shipped",
    "AWAITING_COLLECTION": "Waits for carrier",
    "IN_TRANSIT": "In transit",
    "DELIVERED": "Delivered",
    "COMPLETED": "Completed",
    "CANCELLED": "Canceled",
}
PRODUCT_WORDS = {
    "ACTIVATE": "On sale",
    "PENDING": "In review",
    "FAILED": "Review failed",
    "SELLER_DEACTIVATED": "Off sale",
    "PLATFORM_DEACTIVATED": "Taken off sale",
    "FREEZE": "Frozen",
}
TONES = {
    "UNPAID": "plain", "ON_HOLD": "warm", "AWAITING_SHIPMENT": "hot", "PARTIALLY_SHIPPING": "hot",
    "AWAITING_COLLECTION": "cool", "IN_TRANSIT": "cool", "DELIVERED": "good", "COMPLETED": "good",
    "CANCELLED": "off", "ACTIVATE": "good", "PENDING": "warm", "FAILED": "bad", "DRAFT": "plain",
    "FREEZE": "bad", "DELETED": "off", "SELLER_DEACTIVATED": "off", "PLATFORM_DEACTIVATED": "bad",
}  # fmt: skip


@blueprint.before_request
def only_own_forms() -> None:
    """Refuse forms that another site sends: there is no password to protect them."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
        abort(403)


@blueprint.after_request
def own_things_only(response: Response) -> Response:
    """Let pages use nothing but what this server serves."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.app_template_filter("moment")
def moment(seconds: int | None) -> str:
    """Return a time in words."""
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%b %d, %H:%M:%S")


@blueprint.app_template_filter("status_words")
def status_words(status: str) -> str:
    """Return a status in words."""
    known = {**STATUS_WORDS, **PRODUCT_WORDS}
    return known.get(status, status.replace("_", " ").capitalize())


@blueprint.app_template_filter("tone")
def tone(status: str) -> str:
    """Return the color a status is shown in."""
    return TONES.get(status, "plain")


def shops(sandbox: Sandbox) -> list[Doc]:
    """Return every shop, the oldest first."""
    return sandbox.store.find(Query("shop"))


def current_shop(sandbox: Sandbox) -> Doc:
    """Return the shop that the page is about."""
    found = shops(sandbox)
    wanted = request.values.get("shop", "")
    return next((shop for shop in found if shop["id"] == wanted), found[0])


def page(template: str, **values: Any) -> str:
    """Show a page with the header."""
    sandbox = the_sandbox()
    return render_template(
        f"seller_center/{template}",
        shops=shops(sandbox),
        shop=current_shop(sandbox),
        now=sandbox.now(),
        ahead=sandbox.clock.offset(),
        fault_count=len(sandbox.faults.list()),
        said=request.args.get("said", ""),
        failed=request.args.get("failed", ""),
        **values,
    )


def act(work: Callable[[Sandbox], str], endpoint: str, **values: str) -> AnyResponse:
    """Do something, all of it or nothing, and go to a page that says what happened."""
    sandbox = the_sandbox()
    sandbox.settle()
    try:
        with sandbox.store.transaction():
            said = {"said": work(sandbox)}
    except (ValueError, KeyError) as error:
        said = {"failed": f"That did not work: {error}"}
    return go(endpoint, said, **values)


def go(endpoint: str, said: dict[str, str], **values: str) -> AnyResponse:
    """Go to a page with a message."""
    shop = request.values.get("shop")
    wanted = {**values, **({"shop": shop} if shop else {})}
    where = url_for(f"seller_center.{endpoint}", **wanted)
    return redirect(f"{where}{'&' if '?' in where else '?'}{urlencode(said)}", code=303)
