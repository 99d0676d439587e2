"""The doors a person would use: the merchant's pages and the admin in a browser, and the sandbox.

Pages are opened and forms are filled in over HTTP; nothing of the product is called directly.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mechanicalsoup
import requests

#: A background run takes no longer than this, in seconds.
PATIENCE = 180


class PageError(Exception):
    """A page answered with an error, or said that something did not work."""


class Browser:
    """A signed-in person."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.window = mechanicalsoup.StatefulBrowser(soup_config={"features": "lxml"})

    def open(self, path: str) -> None:
        self._check(self.window.open(self._address(path)))

    def sign_in(self, path: str, name: str, password: str) -> None:
        self.open(path)
        self.submit('form[method="post"]', username=name, password=password)

    def submit(self, form: str, button: str = "", **values: Any) -> list[str]:
        """Fill in the form that a CSS selector names and send it; return the page's messages.

        `button` is the value of the button to press, where a form has several.
        """
        chosen = self.window.select_form(form)
        for name, value in values.items():
            if isinstance(value, list) and chosen.form.select_one(f'select[name="{name}"]'):
                self._select_many(chosen, name, value)
            elif isinstance(value, list):
                self.window[name] = "; ".join(value)
            else:
                self.window[name] = value
        if button:
            chosen.choose_submit(chosen.form.select_one(f'button[value="{button}"]'))
        self._check(self.window.submit_selected())
        return self.messages()

    def messages(self) -> list[str]:
        """What the page tells the person."""
        found = self.window.page.select("ul.mb-6 > li, [role=status], [role=alert]")
        return [" ".join(item.get_text(" ").split()) for item in found]

    def add_row(self, prefix: str) -> None:
        """Do what “Add another” does in a browser: the empty row of an inline becomes its first."""
        empty = f"{prefix}-__prefix__-"
        for field in self.window.page.select(f'[name^="{empty}"]'):
            field["name"] = field["name"].replace(empty, f"{prefix}-0-")
        self.window.page.select_one(f'[name="{prefix}-TOTAL_FORMS"]')["value"] = "1"

    def download(self, path: str, file: Path) -> None:
        """Keep what a link gives."""
        response = self.window.session.get(self._address(path), timeout=120)
        self._check(response)
        file.write_bytes(response.content)

    def text(self) -> str:
        return " ".join(self.window.page.get_text(" ").split())

    @property
    def address(self) -> str:
        return str(self.window.url)

    def _select_many(self, chosen: Any, name: str, values: list[str]) -> None:
        select = chosen.form.select_one(f'select[name="{name}"]')
        for option in select.find_all("option"):
            option.attrs.pop("selected", None)
            if option.get("value") in values:
                option["selected"] = "selected"

    def _address(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.base}{path}"

    def _check(self, response: requests.Response) -> None:
        if response.status_code >= 400:
            raise PageError(f"{response.status_code} at {response.url}")


class Admin(Browser):
    """Operations staff in the admin."""

    def act(
        self, path: str, action: str, ids: Iterable[int], *, only_open: bool = False, **given: Any
    ) -> str:
        """Choose an action for selected rows of a list, fill in its form, return what was said.

        With `only_open` the form is left open, to look at its choices.
        """
        self.open(path)
        chosen = self.window.select_form("#changelist-form")
        for name, value in [("action", action), *(("_selected_action", str(pk)) for pk in ids)]:
            for shown in chosen.form.find_all(["select", "input"], {"name": name, "hidden": None}):
                if name == "action" or shown.get("value") == value:
                    shown.decompose()
            # The list shows a page of rows; a selection may go beyond it.
            hidden = {"type": "hidden", "name": name, "value": value}
            chosen.form.append(self.window.page.new_tag("input", attrs=hidden))
        self._check(self.window.submit_selected())
        if only_open:
            return ""
        if "/verb/" in self.address:
            for only_looks in self.window.page.select('button[name="_look"]'):
                only_looks.decompose()
            said = self.submit('form[enctype="multipart/form-data"]', **given)
        else:
            said = self.messages()
        return self._outcome_of_run() if "/bulkrun/" in self.address else " ".join(said)

    def _outcome_of_run(self) -> str:
        """Look at the page of a background run until it is over; return what it says."""
        end = time.monotonic() + PATIENCE
        while self.window.page.select_one("#run[hx-get]"):
            if time.monotonic() > end:
                raise PageError(f"After {PATIENCE} s it was still under way: {self.text()}")
            time.sleep(0.5)
            self.open(self.address)
        return " ".join(self.window.page.select_one("#run").get_text(" ").split())

    def upload(self, path: str, form: str, field: str, file: Path, **given: Any) -> str:
        """Send a file through a form and return the page's text."""
        self.open(path)
        chosen = self.window.select_form(form)
        for name, value in given.items():
            self.window[name] = value
        with file.open("rb") as stream:
            chosen.set(field, stream)
            self._check(self.window.submit_selected())
        return self.text()


class Sandbox:
    """The sandbox's side door: what buyers, carriers and TikTok's reviewers do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._call("POST", path, body or {})

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path, None)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("PATCH", path, body)

    def advance(self, seconds: int) -> None:
        self.post("/clock/advance", {"seconds": seconds})

    def product(self, product_id: str) -> Any:
        return self.get(f"/products/{product_id}")

    def order(self, order_id: str) -> Any:
        return self.get(f"/orders/{order_id}")

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        answer = self.session.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=60)
        if answer.status_code != 200:
            raise PageError(f"The sandbox refused {method} {path}: {answer.text[:300]}")
        return answer.json()
