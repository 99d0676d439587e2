"""A person at a real browser, and what the browser has to complain about."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connections
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
#: The browser itself must not call home either.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 10_000


class Person:
    """One person with a browser window of their own."""

    def __init__(self, browser: Browser, home: str) -> None:
        self.home = home
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        context = browser.new_context(base_url=home, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PATIENCE)
        self.page: Page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        # A blocked script, style or picture is an error in the console.
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _asked(self, request: Request) -> None:
        if request.url.startswith("http"):
            self.hosts.add(urlsplit(request.url).netloc)

    def opens(self, address: str) -> None:
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{answer.status} at {answer.url}"

    def presses(self, name: str, *, within: Locator | None = None) -> None:
        """Press a button by the words on it."""
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def follows(self, name: str) -> None:
        """Follow a link by its words."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def signs_in(self, address: str, name: str, password: str) -> None:
        self.opens(address)
        self.page.locator("#id_username").fill(name)
        self.page.locator("#id_password").fill(password)
        self.page.locator("#id_password").press("Enter")
        self.page.wait_for_url(lambda now: address not in now)

    def reads(self) -> str:
        """All words of the page."""
        return " ".join(self.page.locator("body").inner_text().split())


@pytest.fixture
def chromium(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A browser; while it is open, the test may still ask the database."""
    # The browser's driver runs an event loop in this thread, which Django would take for async
    # code; the test itself is plain.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
        # Beside a running loop Django opened a connection that is out of reach afterwards.
        connections.close_all()
