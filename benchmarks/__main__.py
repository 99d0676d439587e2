"""`python -m benchmarks`: measure on SQLite, and on PostgreSQL where there is one.

BENCH_SCALE=1 takes the full sizes; the default is a quarter of them. Each database is a scratch
one, and nothing of the user's is touched. The table is printed and kept under var/bench/.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import report, scratch

DEFAULT_SCALE = "0.25"
MOST_SECONDS = 3600


def main() -> int:
    scale = float(os.environ.get("BENCH_SCALE", DEFAULT_SCALE))
    databases = {"SQLite": scratch.sqlite}
    if scratch.has_postgres():
        databases["PostgreSQL"] = scratch.postgres
    else:
        print("!!! PostgreSQL was not found: only SQLite is measured.")
    found = []
    for name, database in databases.items():
        print(f"{name}, scale {scale:g}", flush=True)
        found.append(measure(database(), scale))
    now = datetime.now(UTC)
    run = {
        "date": f"{now:%Y-%m-%d}",
        "scale": scale,
        "machine": found[0]["machine"],
        "databases": found,
    }
    text = report.as_markdown(run)
    keep(run, text)
    print(text)
    return 0


def measure(database: AbstractContextManager[str], scale: float) -> dict[str, Any]:
    """Measure in a process of its own, so that its memory and its settings are its own."""
    with database as url, scratch.sandbox() as addresses, tempfile.TemporaryDirectory() as place:
        target = Path(place) / "figures.json"
        subprocess.run(
            [sys.executable, "-m", "benchmarks.child", str(target), str(scale)],
            cwd=scratch.ROOT,
            env={
                **os.environ,
                **addresses,
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            },
            check=True,
            timeout=MOST_SECONDS,
        )
        result: dict[str, Any] = json.loads(target.read_text())
        return result


def keep(run: dict[str, Any], text: str) -> None:
    directory = scratch.ROOT / "var" / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{run['date']}.md").write_text(text)
    (directory / f"{run['date']}.json").write_text(json.dumps(run, indent=2))


def _ask_to_stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # However it is stopped, the scratch database and the sandbox go with it.
    signal.signal(signal.SIGTERM, _ask_to_stop)
    raise SystemExit(main())
