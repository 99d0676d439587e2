"""Authorization: the seller's consent page, and tokens."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, redirect, render_template, request

from integrations.sandbox.clock import real_now
from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.wire import (
    Call,
    after_fault,
    endpoint,
    envelope,
    gateway_fault,
    the_sandbox,
)

SCOPES = {
    "seller.authorization.info": "Shop authorization",
    "seller.shop.info": "Shop information",
    "seller.product.basic": "Read products",
    "seller.product.write": "Create and edit products",
    "seller.product.delete": "Delete products",
    "serller.product.optimize": "Improve products",
    "seller.order.info": "Read orders",
    "seller.order.ext_ref.read": "Read order references",
    "seller.order.ext_ref.write": "Write order references",
    "seller.fulfillment.basic": "Ship orders",
    "seller.fulfillment.package.write": "Packages and labels",
    "seller.delivery.status.write": "Delivery status",
    "seller.logistics": "Warehouses and delivery options",
    "seller.return_refund.basic": "Cancellations and returns",
    "seller.fbt.info": "Fulfilled by TikTok",
    "seller.finance.info": "Finance",
}
CODE_LIVES = 30 * 60
ACCESS_LIVES = 7 * 24 * 3600
REFRESH_LIVES = 100 * 365 * 24 * 3600
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

blueprint = Blueprint("tiktok_auth", __name__, template_folder="templates")


def shops_of(sandbox: Sandbox, seller_id: str) -> list[Doc]:
    """Return the shops of a seller."""
    return [shop for shop in sandbox.store.find(Query("shop")) if shop["seller_id"] == seller_id]


def _prefix(shop: Doc) -> str:
    return "TTP_" if shop["region"] == "US" else "ROW_"


def new_code(sandbox: Sandbox, shop: Doc) -> str:
    """Return a code that the app may exchange once, within half an hour."""
    code = _prefix(shop) + secrets.token_urlsafe(24)
    doc = {"seller_id": shop["seller_id"], "expire": sandbox.now() + CODE_LIVES}
    sandbox.store.put("auth_code", code, doc)
    return code


def issue_tokens(sandbox: Sandbox, seller_id: str) -> Doc:
    """Return a new pair of tokens for a seller, in the shape the app receives."""
    shops = shops_of(sandbox, seller_id)
    now = sandbox.now()
    scopes = sandbox.setting("granted_scopes", list(SCOPES))
    access = _prefix(shops[0]) + secrets.token_urlsafe(32)
    refresh = _prefix(shops[0]) + secrets.token_urlsafe(32)
    kept = {"seller_id": seller_id, "shop_ids": [shop["id"] for shop in shops], "scopes": scopes}
    expire, refresh_expire = now + ACCESS_LIVES, now + REFRESH_LIVES
    sandbox.store.put("token", access, {**kept, "expire": expire}, shop_id=seller_id)
    sandbox.store.put("refresh", refresh, {**kept, "expire": refresh_expire}, shop_id=seller_id)
    return {
        "access_token": access,
        "access_token_expire_in": expire,
        "refresh_token": refresh,
        "refresh_token_expire_in": refresh_expire,
        "open_id": shops[0]["open_id"],
        "seller_name": shops[0]["seller_name"],
        "seller_base_region": shops[0]["region"],
        "user_type": 0,
        "granted_scopes": scopes,
    }


def withdraw(sandbox: Sandbox, seller_id: str) -> None:
    """Take the seller's authorization back: its tokens are worthless from now on."""
    with sandbox.store.transaction():
        for kind in ("token", "refresh"):
            sandbox.store.forget(kind, seller_id)
        for shop in shops_of(sandbox, seller_id):
            sandbox.emit(shop["id"], 6, {"message": "The seller withdrew the authorization."})


# -- the consent page --------------------------------------------------------------------------


def _return_address(sandbox: Sandbox) -> str:
    """Return where the seller goes afterwards. A caller may name only an address on loopback."""
    asked = request.values.get("redirect_uri", "")
    if asked and urlsplit(asked).hostname in LOOPBACK and urlsplit(asked).scheme == "http":
        return asked
    address: str = sandbox.setting("redirect_url", "") or sandbox.config.redirect_url
    return address


def _refuse_page(text: str) -> Response:
    return Response(render_template("problem.html", text=text), 400)


@blueprint.get("/open/authorize")
@blueprint.get("/oauth/authorize")
def consent() -> Response:
    """Ask the seller which shop the app may work for."""
    sandbox = the_sandbox()
    known = (sandbox.config.service_id, sandbox.config.app_key)
    if request.args.get("service_id", request.args.get("app_key")) not in known:
        return _refuse_page("No app has this service id.")
    address = _return_address(sandbox)
    if not address:
        return _refuse_page("The app has no redirect address. Set one and try again.")
    page = render_template(
        "consent.html",
        shops=sandbox.store.find(Query("shop")),
        scopes=sandbox.setting("granted_scopes", list(SCOPES)),
        titles=SCOPES,
        state=request.args.get("state", ""),
        redirect_uri=request.args.get("redirect_uri", ""),
        return_host=urlsplit(address).netloc,
    )
    answer = Response(page)
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'"
    )
    return answer


@blueprint.post("/open/authorize")
def decide() -> Response:
    """Send the seller back to the app with a code, or with the refusal."""
    sandbox = the_sandbox()
    address = _return_address(sandbox)
    shop = sandbox.store.get("shop", request.form.get("shop_id", ""))
    if not address or (shop is None and request.form.get("decision") == "approve"):
        return _refuse_page("Choose a shop first.")
    state = request.form.get("state", "")
    if request.form.get("decision") == "approve" and shop is not None:
        values = {
            "code": new_code(sandbox, shop),
            "app_key": sandbox.config.app_key,
            "locale": "en-US",
            "shop_region": shop["region"],
        }
    else:
        values = {"code": "null", "error": "auth_denied"}
    if state:
        values["state"] = state
    joint = "&" if "?" in address else "?"
    return Response(status=302, headers=redirect(address + joint + urlencode(values)).headers)


# -- tokens ------------------------------------------------------------------------------------


@blueprint.get("/api/v2/token/get")
def get_token() -> Response:
    """Exchange a code for tokens."""
    return _token_answer("auth_code", ("authorized_code",), _exchange)


@blueprint.get("/api/v2/token/refresh")
def refresh_token() -> Response:
    """Exchange a refresh token for new tokens; the old one is worthless from then on."""
    # An old official client names the other grant type here, and is answered all the same.
    return _token_answer("refresh_token", ("refresh_token", "authorized_code"), _rotate)


def _token_answer(
    field: str, grants: tuple[str, ...], work: Callable[[Sandbox, str], Doc]
) -> Response:
    sandbox = the_sandbox()
    path = request.path
    sandbox.calls.add({"method": "GET", "template": path, "path": path, "at": real_now()})
    args, config = request.args, sandbox.config
    right_app = (args.get("app_key"), args.get("app_secret")) == (config.app_key, config.app_secret)
    if not right_app or not args.get(field) or args.get("grant_type") not in grants:
        return envelope(98001004, "A parameter is missing or not valid.", None)
    if answer := gateway_fault(sandbox, "GET", path):
        return answer
    try:
        with sandbox.store.transaction():
            data = work(sandbox, args[field])
    except ApiError as error:
        return envelope(error.code, error.message, None, error.http)
    return after_fault(sandbox, "GET", path) or envelope(0, "success", data)


def _exchange(sandbox: Sandbox, code: str) -> Doc:
    doc = sandbox.store.get("auth_code", code)
    if doc is None or doc["expire"] <= sandbox.now():
        raise ApiError(36004004, "The auth code is not valid.")
    sandbox.store.delete("auth_code", code)
    return issue_tokens(sandbox, doc["seller_id"])


def _rotate(sandbox: Sandbox, refresh: str) -> Doc:
    doc = sandbox.store.get("refresh", refresh)
    if doc is None or doc["expire"] <= sandbox.now():
        raise ApiError(36004001, "The refresh token has expired.")
    sandbox.store.delete("refresh", refresh)
    return issue_tokens(sandbox, doc["seller_id"])


@endpoint("GET", "/authorization/202309/shops", scope="seller.authorization.info", cipher=False)
def authorized_shops(call: Call) -> Doc:
    """List the shops that the token may work for."""
    shops = call.store.get_many("shop", call.token["shop_ids"])
    fields = ("id", "name", "region", "seller_type", "cipher", "code")
    return {"shops": [{name: shop[name] for name in fields} for shop in shops]}
