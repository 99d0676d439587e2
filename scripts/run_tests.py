"""Runs the suite on SQLite, then what depends on the database again on PostgreSQL.

Where PostgreSQL or Chromium is absent, it says so loudly at the end instead of passing quietly.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys

POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgres://root@127.0.0.1:5432/postgres")
#: Run on both databases; the rest does not touch one, or drives its own.
ON_BOTH = ["tests/catalog", "tests/orders", "tests/kernel", "tests/integrations"]


def pytest(*arguments: str, database: str = "") -> int:
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-q", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if database:
        environment["DATABASE_URL"] = database
    return subprocess.run(command, env=environment, check=False).returncode


def has_postgres() -> bool:
    host_port = POSTGRES.rsplit("@", 1)[-1].split("/")[0]
    host, _, port = host_port.partition(":")
    try:
        socket.create_connection((host, int(port or 5432)), timeout=2).close()
    except OSError:
        return False
    return True


def main() -> int:
    with_postgres, with_browser = has_postgres(), bool(shutil.which("chromium"))
    results = [pytest("-m", "not postgres")]
    if with_postgres:
        results.append(pytest("-m", "not browser", *ON_BOTH, database=POSTGRES))
    if not with_postgres:
        print("\n!!! PostgreSQL was not found: the tests of concurrency DID NOT RUN.")
    if not with_browser:
        print("\n!!! Chromium was not found: the journeys in a browser DID NOT RUN.")
    return max(results)


if __name__ == "__main__":
    raise SystemExit(main())
