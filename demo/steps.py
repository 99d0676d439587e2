"""Runs the steps of the day, prints each with its figures, and keeps the report."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Figures = dict[str, Any]


@dataclass
class StepResult:
    name: str
    ok: bool
    seconds: float
    figures: Figures = field(default_factory=dict)
    problem: str = ""


class Expected(Exception):
    """What should have come true by now did not."""


@dataclass
class Report:
    """One object per step; printed as it grows."""

    steps: list[StepResult] = field(default_factory=list)

    def run(self, name: str, step: Callable[[], Figures]) -> bool:
        """Carry out a step; return whether it held. The steps after a failed one may still run."""
        start = time.monotonic()
        try:
            figures, problem = step(), ""
        except Exception as error:  # noqa: BLE001  a demo reports every failure as its step's
            figures, problem = {}, f"{type(error).__name__}: {error}"
            if not isinstance(error, Expected):
                problem += "\n" + traceback.format_exc(limit=-4)
        took = round(time.monotonic() - start, 2)
        result = StepResult(name, not problem, took, figures, problem)
        self.steps.append(result)
        self._print(result)
        return result.ok

    @property
    def ok(self) -> bool:
        return all(step.ok for step in self.steps)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps([asdict(step) for step in self.steps], indent=2, default=str))

    @staticmethod
    def _print(result: StepResult) -> None:
        mark = "ok " if result.ok else "NOT"
        print(f"{mark} {result.name}  ({result.seconds:.1f} s)", flush=True)
        for name, value in result.figures.items():
            print(f"      {name.replace('_', ' ')}: {_short(value)}", flush=True)
        if result.problem:
            print("      " + result.problem.replace("\n", "\n      "), flush=True)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    if isinstance(value, list):
        return "; ".join(str(item) for item in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def wait_until(what: str, holds: Callable[[], bool], *, seconds: float = 120) -> None:
    """Look again and again until something is true, as a person would reload a page."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Expected(f"After {seconds:.0f} s this was not so yet: {what}")
        time.sleep(0.3)


def expect(what: str, holds: bool) -> None:
    if not holds:
        raise Expected(what)
