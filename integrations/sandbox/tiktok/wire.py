"""The gateway: every call passes the same checks in the same order before its function runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from integrations.sandbox.clock import real_now
from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Store
from integrations.sandbox.tiktok.bodies import check_body, read_json
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.signing import is_signed

OLDEST_TIMESTAMP = 300
FUTURE_TIMESTAMP = 30

blueprint = Blueprint("tiktok", __name__)


@dataclass
class Call:
    """One accepted request."""

    sandbox: Sandbox
    shop: Doc
    token: Doc
    body: Doc
    path: dict[str, str]
    method: str
    template: str
    extra: Doc = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """Return the sandbox's store."""
        return self.sandbox.store

    @property
    def shop_id(self) -> str:
        """Return the shop that the cipher names."""
        return str(self.shop["id"])

    @property
    def now(self) -> int:
        """Return the sandbox's time."""
        return self.sandbox.now()

    def query(self, name: str, default: str = "") -> str:
        """Return a query value; an empty one counts as absent."""
        return request.args.get(name) or default

    def query_list(self, name: str) -> list[str]:
        """Return a list sent as `a,b` or as a repeated parameter."""
        joined = ",".join(request.args.getlist(name))
        return [part for part in joined.split(",") if part]

    def fault(self, kind: str) -> Doc | None:
        """Return the fault of this kind that strikes this call, if one does."""
        return self.sandbox.faults.take(kind, self.method, self.template)

    def visible_until(self) -> int | None:
        """Return the moment after which a search does not see things yet, if it lags."""
        rule = self.fault("index_lag")
        return None if rule is None else self.now - int(rule.get("seconds", 30))


Handler = Callable[[Call], Doc]


@dataclass(frozen=True)
class Endpoint:
    """What the gateway checks for a path before it calls the function."""

    method: str
    template: str
    handler: Handler
    scope: str
    cipher: bool
    body: Doc | None
    multipart: bool


ENDPOINTS: list[Endpoint] = []


def endpoint(
    method: str,
    template: str,
    *,
    scope: str,
    cipher: bool = True,
    body: Doc | None = None,
    multipart: bool = False,
) -> Callable[[Handler], Handler]:
    """Serve a function as an endpoint; `body` names fields and types, `*` marks required ones."""

    def register(handler: Handler) -> Handler:
        entry = Endpoint(method, template, handler, scope, cipher, body, multipart)
        ENDPOINTS.append(entry)
        rule = template.replace("{", "<").replace("}", ">")

        def view(**path: str) -> Response:
            return _answer(entry, path)

        blueprint.add_url_rule(
            rule,
            endpoint=f"{method} {template}".replace(".", "_"),
            view_func=view,
            methods=[method],
            provide_automatic_options=False,
        )
        return handler

    return register


def the_sandbox() -> Sandbox:
    """Return the sandbox that this application serves."""
    sandbox: Sandbox = current_app.extensions["sandbox"]
    return sandbox


def request_id() -> str:
    """Return an id as TikTok writes them: the time, then hexadecimal digits."""
    return datetime.now(UTC).strftime("%Y%m%d%H%M%S") + secrets.token_hex(10).upper()


def envelope(code: int, message: str, data: Any, http: int = 200) -> Response:
    """Return an answer in TikTok's envelope."""
    answer = jsonify({"code": code, "message": message, "request_id": request_id(), "data": data})
    answer.status_code = http
    return answer


def _answer(entry: Endpoint, path: dict[str, str]) -> Response:
    sandbox = the_sandbox()
    started = time.perf_counter()
    sandbox.settle()
    try:
        answer = gateway_fault(sandbox, entry.method, entry.template) or _serve(
            sandbox, entry, path
        )
    except ApiError as error:
        answer = envelope(error.code, error.message, None, error.http)
    sandbox.calls.add(_entry(entry, answer, started))
    return after_fault(sandbox, entry.method, entry.template) or answer


def _entry(entry: Endpoint, answer: Response, started: float) -> Doc:
    code = (answer.get_json(silent=True) or {}).get("code")
    return {
        "method": entry.method,
        "template": entry.template,
        "path": request.path,
        "query": {k: v for k, v in request.args.items() if k not in ("sign", "app_key")},
        "body": None if entry.multipart else request.get_data(as_text=True)[:20_000],
        "http": answer.status_code,
        "code": code,
        "at": real_now(),
        "ms": round((time.perf_counter() - started) * 1000, 1),
    }


def gateway_fault(sandbox: Sandbox, *where: str) -> Response | None:
    """Return the answer of a gateway that is out of order, if it is, for a method and path."""
    if not sandbox.faults.list():
        return None
    if rule := sandbox.faults.take("slow", *where):
        time.sleep(float(rule.get("seconds", 1)))
    if rule := sandbox.faults.take("rate_limit", *where):
        answer = envelope(36009002, "Too many requests.", None, 429)
        if "retry_after" in rule:
            answer.headers["Retry-After"] = str(rule["retry_after"])
        return answer
    if sandbox.faults.take("error_500", *where):
        return envelope(36009003, "Internal error.", None, 500)
    if sandbox.faults.take("error_503", *where):
        return Response("overloaded", 503, content_type="text/plain")
    return None


def after_fault(sandbox: Sandbox, *where: str) -> Response | None:
    """Lose the answer of work that was done, if that is wanted, for a method and path."""
    if not sandbox.faults.list():
        return None
    if sandbox.faults.take("lost_answer", *where):
        request.environ["sandbox.drop"].append(True)
    if sandbox.faults.take("gateway_timeout", *where):
        return envelope(36009007, "The request timed out.", None, 504)
    return None


class _Undone(Exception):
    """Carries an answer out of a transaction that is taken back."""

    def __init__(self, data: Doc) -> None:
        super().__init__()
        self.data = data


def _serve(sandbox: Sandbox, entry: Endpoint, path: dict[str, str]) -> Response:
    try:
        with sandbox.store.transaction():
            call = _admit(sandbox, entry, path)
            answer = _handle(call, entry)
            _pretend(call, answer)
    except _Undone as undone:
        answer = undone.data
    if isinstance(answer, ApiError):
        raise answer
    return envelope(0, "Success", answer)


def _handle(call: Call, entry: Endpoint) -> Doc | ApiError:
    """Run the function; a refusal whose effects stay is returned instead of raised."""
    try:
        return entry.handler(call)
    except ApiError as error:
        if not error.keep:
            raise
        return error


def _pretend(call: Call, answer: Doc | ApiError) -> None:
    """Take everything back behind a good answer, if that fault strikes."""
    if not isinstance(answer, ApiError) and call.fault("false_success"):
        raise _Undone(answer)


def _admit(sandbox: Sandbox, entry: Endpoint, path: dict[str, str]) -> Call:
    """Check who calls and what is asked, in the gateway's order."""
    _check_app(sandbox)
    _check_timestamp()
    raw = b"" if entry.multipart else request.get_data()
    _check_signature(sandbox, raw)
    token = _check_token(sandbox, entry)
    shop = _check_cipher(sandbox, entry, token)
    body = _check_body(entry, raw)
    call = Call(sandbox, shop, token, body, path, entry.method, entry.template)
    if rule := call.fault("business_error"):
        raise ApiError(int(rule.get("code", 12001000)), rule.get("message", "Refused on demand."))
    return call


def _check_app(sandbox: Sandbox) -> None:
    if request.args.get("app_key") != sandbox.config.app_key:
        raise bad_request("The app_key is not valid.")


def _check_timestamp() -> None:
    text = request.args.get("timestamp", "")
    if not text.isdigit():
        raise bad_request("The timestamp is missing or not a number.")
    # Real time on purpose: moving the sandbox clock must not break honest clients.
    age = real_now() - int(text)
    if age > OLDEST_TIMESTAMP:
        raise bad_request("The timestamp is more than 5 minutes old.")
    if age < -FUTURE_TIMESTAMP:
        raise bad_request("The timestamp is more than 30 seconds ahead.")


def _check_signature(sandbox: Sandbox, raw: bytes) -> None:
    sign = request.args.get("sign", "")
    if not sign:
        raise bad_request("The request carries no signature.")
    query = list(request.args.items(multi=True))
    content_type = request.content_type or ""
    if not is_signed(sign, sandbox.config.app_secret, request.path, query, raw, content_type):
        raise ApiError(106001, "The signature is not valid.", http=401)


def _check_token(sandbox: Sandbox, entry: Endpoint) -> Doc:
    where = (entry.method, entry.template)
    token = sandbox.store.get("token", request.headers.get("x-tts-access-token", ""))
    if token is None:
        raise ApiError(36009004, "The access token is missing or not valid.", http=401)
    if token["expire"] <= sandbox.now() or sandbox.faults.take("bad_token", *where):
        raise ApiError(105002, "The access token has expired.", http=401)
    missing = entry.scope and entry.scope not in token["scopes"]
    if missing or sandbox.faults.take("missing_scope", *where):
        raise ApiError(105005, "The app was not granted the scope of this call.", http=401)
    return token


def _check_cipher(sandbox: Sandbox, entry: Endpoint, token: Doc) -> Doc:
    cipher = request.args.get("shop_cipher", "")
    if not entry.cipher:
        if cipher and not sandbox.setting("lenient_cipher", False):
            raise bad_request("This call takes no shop_cipher.")
        return {}
    if not cipher:
        raise ApiError(106013, "The shop_cipher is missing.", http=400)
    for shop_id in token["shop_ids"]:
        shop = sandbox.store.get("shop", shop_id)
        if shop is not None and shop["cipher"] == cipher:
            return shop
    raise ApiError(101000, "The shop_cipher does not belong to this access token.", http=401)


def _check_body(entry: Endpoint, raw: bytes) -> Doc:
    if entry.multipart:
        if not (request.content_type or "").lower().startswith("multipart/form-data"):
            raise ApiError(36009023, "The content type must be multipart/form-data.", http=400)
        return {}
    body = read_json(raw)
    check_body(body, entry.body or {})
    return body
