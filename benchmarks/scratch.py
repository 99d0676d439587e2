"""What a run needs and leaves no trace of: a database of its own and a sandbox of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("TEST_DATABASE_URL", "postgres://root@127.0.0.1:5432/postgres")
APP = {
    "TIKTOK_SHOP_APP_KEY": "benchmark-app",
    "TIKTOK_SHOP_APP_SECRET": "benchmark-secret",
    "TIKTOK_SHOP_SERVICE_ID": "7000000000000000001",
}


@contextmanager
def sqlite() -> Iterator[str]:
    """A SQLite file, gone afterward."""
    with tempfile.TemporaryDirectory(prefix="mm-bench-") as directory:
        yield f"sqlite:///{directory}/bench.sqlite3"


@contextmanager
def postgres() -> Iterator[str]:
    """A database on the PostgreSQL server, dropped afterward."""
    name = f"mm_bench_{os.getpid()}"
    with psycopg.connect(**_server(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield SERVER.rsplit("/", 1)[0] + f"/{name}"
        finally:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            server.execute(drop.format(sql.Identifier(name)))


def has_postgres() -> bool:
    try:
        psycopg.connect(**_server(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _server() -> dict[str, object]:
    parts = urlsplit(SERVER)
    return {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or 5432,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": parts.path.lstrip("/") or "postgres",
    }


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """A sandbox in its own process; gives the settings that point the product at it."""
    port = _free_port()
    command = [
        sys.executable,
        *("manage.py", "sandbox", "--port", str(port)),
        *("--app-key", APP["TIKTOK_SHOP_APP_KEY"], "--app-secret", APP["TIKTOK_SHOP_APP_SECRET"]),
        *("--service-id", APP["TIKTOK_SHOP_SERVICE_ID"]),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _wait_for(process, port)
        url = f"http://127.0.0.1:{port}"
        yield {**APP, "TIKTOK_SHOP_API_URL": url, "TIKTOK_SHOP_AUTH_URL": url}
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("The sandbox of the benchmarks did not start.")
