"""A person approves an app in a real browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.support.sandbox import Sandbox

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed here")
def test_a_person_approves_and_is_sent_back(sandbox: Sandbox, tmp_path: Path):
    problems: list[str] = []
    sandbox.configure(redirect_url=f"{sandbox.url}/_sandbox/clock")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.on("console", lambda message: problems.append(message.text))
        page.goto(f"{sandbox.url}/open/authorize?service_id={sandbox.service_id}&state=s1")
        page.screenshot(path=str(tmp_path / "consent.png"))
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url("**/_sandbox/clock?**")
        address = page.url
        browser.close()
    assert "state=s1" in address
    assert "code=TTP_" in address
    assert [text for text in problems if "favicon" not in text] == []
