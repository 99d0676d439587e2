"""Notifications: to whom, signed how, and what happens when nobody answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tiktok_shop_api.webhooks import Webhooks

from tests.integrations.sandbox.buying import HOUR, buy, mark_shipped, ready, stock_up
from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox


class Listener:
    """An address that notifications can go to."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.status = 200
        self.came = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.got.append((self.headers["Authorization"], body))
                self.send_response(listener.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                listener.came.set()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self) -> list[dict[str, Any]]:
        """Return what came since the last time."""
        found = [json.loads(body) for _signature, body in self.got]
        self.got.clear()
        return found


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody who listens."""
    listening = Listener()
    yield listening
    listening.server.shutdown()
    listening.server.server_close()


@pytest.fixture
def told(box: Sandbox, client: SignedClient, listener: Listener) -> Listener:
    """The app's address for everything, after a product went on sale."""
    stock_up(client)
    box.configure(webhook_url=listener.url)
    listener.got.clear()
    return listener


def deliver(box: Sandbox) -> int:
    return int(box.control("POST", "/webhooks/deliver")["delivered"])


def test_an_orders_way_is_told_signed_and_well_formed(box: Sandbox, told: Listener):
    order_id = buy(box)["id"]
    box.control("POST", f"/orders/{order_id}/cancel", {})
    deliver(box)
    keys = {"app_key": box.app_key, "app_secret": box.app_secret}
    for signature, body in told.got:
        Webhooks.verify_and_parse(**keys, raw_body=body, signature=signature)
    found = told.take()
    assert [(one["type"], one["data"].get("order_status")) for one in found] == [
        (1, "UNPAID"),
        (1, "ON_HOLD"),
        (1, "CANCEL"),
        (11, None),
    ]
    assert {one["data"]["order_id"] for one in found} == {order_id}
    assert {one["shop_id"] for one in found} == {box.shop["id"]}
    assert len({one["tts_notification_id"] for one in found}) == 4


def test_products_parcels_addresses_and_returns_are_told(
    box: Sandbox, client: SignedClient, told: Listener
):
    stock_up(client, "MUG-2")
    deliver(box)
    assert {16, 5, 37} <= {one["type"] for one in told.take()}
    order_id = ready(box)
    box.control("POST", f"/orders/{order_id}/address", {})
    client.call("POST", *mark_shipped(client, order_id))
    box.control("POST", f"/orders/{order_id}/deliver", {})
    box.control("POST", f"/orders/{order_id}/return", {})
    box.control("POST", "/shops/first/expiring", {"days": 30})
    deliver(box)
    assert [one["type"] for one in told.take()] == [1, 1, 3, 1, 1, 12, 7]


def test_nobody_answers_so_it_is_tried_five_times(box: Sandbox, told: Listener):
    told.status = 500
    buy(box, paid=False)
    deliver(box)
    assert len(told.take()) == 1
    assert deliver(box) == 0
    for seconds in (120, 1800, 3 * HOUR, 12 * HOUR):
        box.advance(seconds - 20)  # its clock runs on by itself, and a machine may be slow
        assert told.take() == []
        box.advance(21)
        assert len(told.take()) == 1
    box.advance(8 * HOUR)
    assert told.take() == []
    log = box.control("GET", "/webhooks/deliveries")["deliveries"]
    assert [(row["attempt"], row["http"]) for row in log] == [(n, 500) for n in (5, 4, 3, 2, 1)]
    assert len({row["notification"]["tts_notification_id"] for row in log}) == 1


def test_a_later_answer_ends_the_trying(box: Sandbox, told: Listener):
    told.status = 500
    buy(box, paid=False)
    deliver(box)
    told.status = 200
    box.advance(121)
    assert len(told.take()) == 2
    box.advance(2 * HOUR)
    assert told.take() == []


def test_a_notification_can_come_twice_or_late(box: Sandbox, told: Listener):
    box.fault("duplicate_webhook", count=1)
    buy(box, paid=False)
    deliver(box)
    first, second = told.take()
    assert first == second
    box.fault("late_webhook", count=1, seconds=600)
    buy(box, paid=False)
    deliver(box)
    assert told.take() == []
    box.advance(601)
    assert [one["data"]["order_status"] for one in told.take()] == ["UNPAID"]


def test_a_shop_chooses_its_own_address_for_an_event(
    box: Sandbox, client: SignedClient, told: Listener
):
    other = Listener()
    hook = {"event_type": "CANCELLATION_STATUS_CHANGE", "address": other.url}
    assert client.call("PUT", "/event/202309/webhooks", hook) == {}
    found = client.call("GET", "/event/202309/webhooks")
    assert (found["total_count"], found["webhooks"][0]["address"]) == (1, other.url)
    order_id = buy(box)["id"]
    box.control("POST", f"/orders/{order_id}/cancel", {})
    deliver(box)
    assert [one["type"] for one in other.take()] == [11]
    assert {one["type"] for one in told.take()} == {1}
    event = {"event_type": "CANCELLATION_STATUS_CHANGE"}
    assert client.call("DELETE", "/event/202309/webhooks", event) == {}
    assert client.call("GET", "/event/202309/webhooks")["total_count"] == 0
    other.server.shutdown()
    other.server.server_close()


@pytest.mark.parametrize(
    "body",
    [
        {"event_type": "EVERYTHING", "address": "https://shop.example/hook"},
        {"event_type": "ORDER_STATUS_CHANGE", "address": "file:///etc/hosts"},
        {"event_type": "ORDER_STATUS_CHANGE"},
    ],
)
def test_a_malformed_subscription_is_refused(client: SignedClient, body: dict[str, str]):
    assert client.gateway("PUT", "/event/202309/webhooks", body) == (400, 36009004)


def test_where_nobody_wants_to_know_nothing_is_sent(box: Sandbox, client: SignedClient):
    stock_up(client)
    buy(box)
    deliver(box)
    assert box.control("GET", "/webhooks/deliveries")["deliveries"] == []


def test_a_running_sandbox_tells_by_itself(sandbox: Sandbox, listener: Listener):
    sandbox.seed_products(2)
    sandbox.configure(webhook_url=listener.url)
    sandbox.control("POST", "/shops/first/orders", {"paid": False})
    assert listener.came.wait(timeout=10)
    assert listener.take()[0]["data"]["order_status"] == "UNPAID"


@pytest.mark.parametrize("address", ["nowhere", "http://127.0.0.1:1/hooks"])
def test_an_address_that_does_not_answer_stops_nothing(
    box: Sandbox, client: SignedClient, address: str
):
    stock_up(client)
    box.configure(webhook_url=address)
    buy(box)
    deliver(box)
    log = box.control("GET", "/webhooks/deliveries")["deliveries"]
    assert [row["http"] for row in log] == [0] * len(log)
    assert len(log) >= 2
