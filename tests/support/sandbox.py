"""A sandbox of its own for a test: over a real socket, or in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandbox.core import Config
from integrations.sandbox.core import Sandbox as SandboxState
from integrations.sandbox.server import Server
from integrations.sandbox.wsgi import create_app, sandbox_of
from tests.support.wsgi import WSGIAdapter

REDIRECT_URL = "http://127.0.0.1:9/callback"
IN_PROCESS_URL = "http://sandbox.test"


class Sandbox:
    """What a test needs to know and to do about a sandbox."""

    def __init__(self, url: str, state: SandboxState, session: requests.Session) -> None:
        self.url = url
        self.state = state
        self.session = session
        self.app_key = state.config.app_key
        self.app_secret = state.config.app_secret
        self.service_id = state.config.service_id

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use the side door; a refusal there is a mistake in the test."""
        answer = self.session.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def advance(self, seconds: int) -> int:
        """Move the sandbox clock forward, do what has become due, and return the new time."""
        return int(self.control("POST", "/clock/advance", {"seconds": seconds})["now"])

    def calls(self) -> dict[str, int]:
        """Return how often each endpoint was called: {"POST /product/202309/products": 1}."""
        counts: dict[str, int] = self.control("GET", "/calls")["counts"]
        return counts

    def recent_calls(self, template: str = "") -> list[dict[str, Any]]:
        """Return the last calls, oldest first, of one path template or of all."""
        recent = self.control("GET", "/calls?limit=2000")["recent"]
        return [call for call in recent if template in ("", call["template"])]

    def reset_calls(self) -> None:
        """Start counting again."""
        self.control("DELETE", "/calls")

    def fault(self, kind: str, **rule: Any) -> dict[str, Any]:
        """Cause a fault: fault("rate_limit", path="/order/*", count=2, retry_after=1)."""
        added: dict[str, Any] = self.control("POST", "/faults", {"kind": kind, **rule})
        return added

    def clear_faults(self) -> None:
        """Let everything work again."""
        self.control("DELETE", "/faults")

    def configure(self, **settings: Any) -> None:
        """Change settings: configure(review_delay=0)."""
        self.control("POST", "/settings", settings)

    @property
    def shop(self) -> dict[str, Any]:
        """Return the first shop."""
        shop: dict[str, Any] = self.control("GET", "/shops")["shops"][0]
        return shop

    def add_shop(self, region: str, **values: Any) -> dict[str, Any]:
        """Open another shop."""
        shop: dict[str, Any] = self.control("POST", "/shops", {"region": region, **values})
        return shop

    def change_shop(self, shop_id: str = "first", **values: Any) -> None:
        """Change a shop: change_shop(probation={"daily_listing_limit": 2})."""
        self.control("PATCH", f"/shops/{shop_id}", values)

    def tokens(self, shop_id: str = "first") -> dict[str, Any]:
        """Authorize without the page: tokens, `cipher` and `shop_id`."""
        answer: dict[str, Any] = self.control(
            "POST", f"/shops/{shop_id}/authorize", {"tokens": True}
        )
        return answer

    def code(self, shop_id: str = "first") -> str:
        """Return an auth code as the consent page would send it."""
        return str(self.control("POST", f"/shops/{shop_id}/authorize", {})["code"])

    def warehouses(self, shop_id: str = "first", kind: str = "SALES_WAREHOUSE") -> list[str]:
        """Return the ids of a shop's warehouses of a type, in order."""
        found = self.control("GET", f"/shops/{shop_id}/warehouses")["warehouses"]
        return [warehouse["id"] for warehouse in found if warehouse["type"] == kind]

    def seed_products(self, count: int, shop_id: str = "first") -> list[str]:
        """Put products on the shop that were listed before we came; return their ids."""
        added = self.control("POST", f"/shops/{shop_id}/existing", {"count": count})
        ids: list[str] = added["product_ids"]
        return ids

    def product(self, product_id: str) -> dict[str, Any]:
        """Return a product with prices and quantities as the sandbox holds them."""
        product: dict[str, Any] = self.control("GET", f"/products/{product_id}")
        return product

    def products(self, shop_id: str = "first") -> list[dict[str, Any]]:
        """Return a short line for every product of a shop."""
        found: list[dict[str, Any]] = self.control("GET", f"/shops/{shop_id}/products")["products"]
        return found


def open_sandbox(**config: Any) -> tuple[Server, Sandbox]:
    """Start a sandbox on a free port; stop the server when done."""
    server = Server(Config(**{"redirect_url": REDIRECT_URL, **config}))
    server.start()
    return server, Sandbox(server.url, server.sandbox, requests.Session())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fresh sandbox on a free port of this machine."""
    server, handle = open_sandbox()
    yield handle
    handle.session.close()
    server.stop()


def in_process(**config: Any) -> Sandbox:
    """A fresh sandbox without a socket: use `handle.session` against `handle.url`."""
    app = create_app(Config(**{"redirect_url": REDIRECT_URL, **config}))
    session = requests.Session()
    session.mount(IN_PROCESS_URL, WSGIAdapter(app))
    return Sandbox(IN_PROCESS_URL, sandbox_of(app), session)


@pytest.fixture
def local_sandbox() -> Iterator[Sandbox]:
    """A fresh sandbox in this process."""
    handle = in_process()
    yield handle
    handle.session.close()
    handle.state.stop()
