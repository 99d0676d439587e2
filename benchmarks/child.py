"""Measures everything on the database of the environment; `python -m benchmarks.child FILE`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import django
from django.core.management import call_command

django.setup()

from benchmarks import (  # noqa: E402  models need the line above
    catalog_import,
    machine,
    order_intake,
    pages,
    repricing,
    sheets,
    staging,
    stock_to_channel,
    ten_thousand,
)

PARTS = (
    catalog_import,
    order_intake,
    stock_to_channel,
    ten_thousand,
    repricing,
    staging,
    sheets,
    pages,
)


def main(target: Path, scale: float) -> None:
    about = machine.description()
    call_command("migrate", verbosity=0)
    found = []
    for part in PARTS:
        for figure in part.measure(scale):
            found.append({**asdict(figure), "ratio": figure.ratio})
            print(f"  {figure.what}: {figure.value:,.2f} {figure.unit}", flush=True)
    result = {
        "database": machine.database(),
        "machine": about,
        "peak_memory_mib": round(machine.peak_memory()),
        "figures": found,
    }
    target.write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
