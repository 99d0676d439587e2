"""Runs the suite on SQLite, then what depends on the database again on PostgreSQL.

Where PostgreSQL or Chromium is absent, it says so loudly at the end instead of passing quietly.
With `--all` the pages run on PostgreSQL too, which takes some minutes more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import psycopg

POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgres://root@127.0.0.1:5432/postgres")
#: What reads and writes rows runs on both; the sandbox and the pure client have none of ours.
ON_BOTH = [
    "tests/catalog",
    "tests/orders",
    "tests/kernel",
    "tests/integrations/test_connect_postgres.py",
    "tests/integrations/test_connection_tokens.py",
]
#: Over the same services; these add pages, and on PostgreSQL seldom find more.
PAGES = ["tests/admin", "tests/pages", "tests/integrations/test_connect.py"]


def pytest(*arguments: str, database: str = "") -> int:
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-q", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if database:
        environment["DATABASE_URL"] = database
    return subprocess.run(command, env=environment, check=False).returncode


def why_no_postgres() -> str:
    """Return why the server cannot be used, or an empty text."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[0]
    return ""


def main() -> int:
    no_postgres, with_browser = why_no_postgres(), bool(shutil.which("chromium"))
    results = [pytest("-m", "not postgres")]
    if not no_postgres:
        chosen = [*ON_BOTH, *PAGES] if "--all" in sys.argv else ON_BOTH
        results.append(pytest("-m", "not browser", *chosen, database=POSTGRES))
    else:
        print(f"\n!!! No PostgreSQL, so the tests of concurrency DID NOT RUN: {no_postgres}")
    if not with_browser:
        print("\n!!! Chromium was not found: the journeys in a browser DID NOT RUN.")
    return max(results)


if __name__ == "__main__":
    raise SystemExit(main())
