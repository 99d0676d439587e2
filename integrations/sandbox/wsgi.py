"""The sandbox as a WSGI application; each create_app() is a world of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from integrations.sandbox import control, control_orders, control_products, seller_center
from integrations.sandbox.core import Config, Sandbox
from integrations.sandbox.tiktok import (
    auth,
    brands,
    cancellations,
    compliance,
    fbt,
    fulfillment,
    inventory,
    labels,
    logistics,
    orders,
    parcel_calls,
    product_edit,
    products,
    returns,
    shops,
    taxonomy,
    uploads,
    webhooks,
    wire,
)

# Importing a module that uses @endpoint is enough; those with pages of their own have a blueprint.
ENDPOINT_MODULES = (
    *(shops, taxonomy, brands, compliance, products, product_edit, inventory, logistics),
    *(orders, fulfillment, parcel_calls, labels, cancellations, returns, webhooks, fbt),
)
BLUEPRINTS = (
    wire.blueprint,
    auth.blueprint,
    uploads.blueprint,
    control.blueprint,
    control_products.blueprint,
    control_orders.blueprint,
    seller_center.blueprint,
)
MAX_UPLOAD = 110 * 1024 * 1024


class _Droppable:
    """A WSGI wrapper that can lose an answer on its way."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["sandbox.drop"] = []
        answer: Iterable[bytes] = self.app(environ, start_response)
        if environ["sandbox.drop"]:
            raise ConnectionResetError("the answer was lost on demand")
        return answer


def create_app(config: Config | None = None) -> Flask:
    """Return the application over a state file, or over memory."""
    app = Flask("sandbox", root_path=__file__.rpartition("/")[0], static_url_path="/_static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["sandbox"] = Sandbox(config or Config())
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    # Browsers ask for it by themselves, also beside answers that are not pages.
    app.add_url_rule("/favicon.ico", "icon", lambda: app.send_static_file("icon.svg"))
    app.register_error_handler(HTTPException, _http_error)
    app.wsgi_app = _Droppable(app.wsgi_app)  # type: ignore[method-assign]
    return app


def sandbox_of(app: Flask) -> Sandbox:
    """Return the sandbox behind an application."""
    sandbox: Sandbox = app.extensions["sandbox"]
    return sandbox


def _http_error(error: HTTPException) -> Any:
    if request.path.startswith(("/_", "/open/", "/seller-center", "/files/")):
        return error
    if isinstance(error, NotFound | RequestRedirect):
        if _other_version():
            return wire.envelope(36009014, "The version is not valid.", None, 400)
        return wire.envelope(36009009, "No such path.", None, 404)
    if isinstance(error, MethodNotAllowed):
        return wire.envelope(36009010, "The path does not take this method.", None, 405)
    if error.code == 413:
        return wire.envelope(36009021, "The file is too large.", None, 413)
    return wire.envelope(36009003, "Internal error.", None, error.code or 500)


def _other_version() -> bool:
    """Tell whether the path exists in some other version."""
    parts = request.path.split("/")
    if len(parts) < 4 or not (parts[2].isdigit() and len(parts[2]) == 6):
        return False
    versions = {entry.template.split("/")[2] for entry in wire.ENDPOINTS}
    adapter = current_app.url_map.bind("")
    return any(
        adapter.test("/".join([*parts[:2], version, *parts[3:]]), method=request.method)
        for version in versions
    )


__all__ = ["Config", "Response", "create_app", "sandbox_of"]
