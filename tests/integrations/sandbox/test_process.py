"""The sandbox as a process: it starts from manage.py, and survives being killed."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from tests.support.sandbox import in_process

ROOT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(state: Path, *more: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "manage.py", "sandbox", "--port", str(port), "--state", str(state)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(
        [*command, *more], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                requests.get(f"{url}/_sandbox/clock", timeout=5).close()
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield url
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def shop_of(url: str) -> dict:
    shops = requests.get(f"{url}/_sandbox/shops", timeout=5).json()["shops"]
    assert len(shops) == 1
    return shops[0]


@pytest.mark.slow
def test_a_killed_sandbox_remembers_everything(tmp_path: Path):
    state = tmp_path / "sandbox.sqlite3"
    with running(state, "--existing", "3") as url:
        shop = shop_of(url)
        requests.post(f"{url}/_sandbox/clock/advance", json={"seconds": 5000}, timeout=5)
        tokens = requests.post(
            f"{url}/_sandbox/shops/first/authorize", json={"tokens": True}, timeout=5
        ).json()
    with running(state) as url:
        assert shop_of(url) == shop
        assert requests.get(f"{url}/_sandbox/clock", timeout=5).json()["offset"] == 5000
        found = requests.get(f"{url}/_sandbox/shops/first/products", timeout=5).json()
        assert len(found["products"]) == 3
        query = {
            "app_key": "sandboxkey01",
            "app_secret": "sandbox-secret-not-for-production",
            "refresh_token": tokens["refresh_token"],
            "grant_type": "refresh_token",
        }
        renewed = requests.get(f"{url}/api/v2/token/refresh", params=query, timeout=5).json()
        assert renewed["code"] == 0


def test_searches_by_time_walk_an_index(tmp_path: Path):
    state = tmp_path / "sandbox.sqlite3"
    box = in_process(state=str(state))
    box.seed_products(200)
    found = (
        "SELECT doc FROM documents WHERE kind = 'product' AND shop_id = 'x' AND update_time >= 5"
    )
    with closing(sqlite3.connect(state)) as file:
        order = "ORDER BY update_time DESC, key DESC LIMIT 100"
        steps = file.execute(f"EXPLAIN QUERY PLAN {found} {order}").fetchall()
    box.state.stop()
    plan = " ".join(step[3] for step in steps)
    assert "documents_updated" in plan
    assert "TEMP B-TREE" not in plan
