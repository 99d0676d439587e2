"""Seller Center: what a person can see and do, in forms and in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.integrations.sandbox.buying import buy, ready, status_of, stock_up
from tests.integrations.sandbox.client import SignedClient
from tests.support.sandbox import Sandbox

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PAGES = (
    "",
    "orders",
    "orders?status=ON_HOLD",
    "orders/new",
    "products",
    "faults",
    "clock",
    "webhooks",
    "calls",
)


def press(box: Sandbox, where: str, /, **form: str) -> str:
    """Send a form and return the page that follows."""
    answer = box.session.post(f"{box.url}/seller-center/{where}", data=form, timeout=10)
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("filled", [False, True])
def test_every_page_opens_empty_and_filled(
    box: Sandbox, client: SignedClient, path: str, filled: bool
):
    if filled:
        stock_up(client)
        buy(box)
        box.fault("slow", seconds=0)
    answer = box.session.get(f"{box.url}/seller-center/{path}")
    assert (answer.status_code, "Seller Center" in answer.text) == (200, True)
    assert "script" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")


@pytest.mark.parametrize("path", ["/", "/seller/"])
def test_the_front_door_leads_to_the_overview(box: Sandbox, path: str):
    answer = box.session.get(box.url + path)
    assert (answer.url, "Northwind Outfitters" in answer.text) == (
        f"{box.url}/seller-center/",
        True,
    )


def test_an_order_is_walked_through_by_its_buttons(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = buy(box, paid=False, shipping_type="TIKTOK")["id"]
    seen = []
    for action in ("pay", "advance", "ship", "transit", "deliver", "advance"):
        page = press(box, f"orders/{order_id}", action=action)
        assert 'role="alert"' not in page
        seen.append(status_of(client, order_id))
    assert seen == [
        "ON_HOLD",
        "AWAITING_SHIPMENT",
        "AWAITING_COLLECTION",
        "IN_TRANSIT",
        "DELIVERED",
        "COMPLETED",
    ]
    page = press(box, f"orders/{order_id}", action="cancel")
    assert "That did not work" in page
    assert status_of(client, order_id) == "COMPLETED"


def test_a_product_is_refused_and_approved_by_hand(box: Sandbox, client: SignedClient):
    box.configure(review_delay=3600)
    product_id = client.create()["product_id"]
    press(box, f"products/{product_id}", action="refuse", reason="Blurred picture")
    failed = client.get(product_id)
    assert (failed["status"], failed["audit_failed_reasons"][0]["reasons"]) == (
        "FAILED",
        ["Blurred picture"],
    )
    second = client.create()["product_id"]
    press(box, f"products/{second}", action="approve")
    assert client.get(second)["status"] == "ACTIVATE"


def test_faults_are_switched_on_and_off(box: Sandbox, client: SignedClient):
    press(box, "faults", kind="rate_limit", path="/order/*", count="1", value="7")
    query = {"page_size": "1"}
    busy = client.raw("POST", "/order/202309/orders/search", {}, query=query)
    assert (busy.status_code, busy.headers["Retry-After"]) == (429, "7")
    assert client.call("POST", "/order/202309/orders/search", {}, query=query)["orders"] == []
    press(box, "faults", kind="error_500")
    press(box, "faults/clear")
    assert box.control("GET", "/faults")["faults"] == []
    assert "That did not work" in press(box, "faults", kind="earthquake")


def test_another_site_cannot_press_buttons(box: Sandbox, client: SignedClient):
    stock_up(client)
    order_id = ready(box)
    answer = box.session.post(
        f"{box.url}/seller-center/orders/{order_id}",
        data={"action": "cancel"},
        headers={"Origin": "https://elsewhere.example"},
    )
    assert answer.status_code == 403
    assert box.control("GET", f"/orders/{order_id}")["asks_to_cancel"] is False


@pytest.fixture
def browser_page(sandbox: Sandbox) -> Iterator[Page]:
    """A browser that fails the test when a page complains."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text))
        yield page
        browser.close()
    assert complaints == []


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed here")
def test_a_person_buys_waits_and_asks_to_cancel(sandbox: Sandbox, browser_page: Page):
    sandbox.seed_products(3)
    page = browser_page
    page.goto(f"{sandbox.url}/seller-center/orders/new")
    page.locator("input[type=number]").first.fill("2")
    page.get_by_role("button", name="Place order").click()
    assert "On hold" in page.get_by_role("status").inner_text()
    page.locator("tbody a").first.click()
    page.get_by_role("button", name="Let the hour pass").click()
    page.get_by_role("button", name="Ask to cancel as buyer").click()
    assert "48 hours" in page.get_by_role("status").inner_text()
    order = sandbox.control("GET", "/orders")["orders"][0]
    assert (order["status"], order["asks_to_cancel"]) == ("AWAITING_SHIPMENT", True)
    page.goto(f"{sandbox.url}/seller-center/clock")
    page.get_by_role("button", name="One week on").click()
    assert sandbox.control("GET", f"/orders/{order['id']}")["status"] == "CANCELLED"
    for path in PAGES:
        page.goto(f"{sandbox.url}/seller-center/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
