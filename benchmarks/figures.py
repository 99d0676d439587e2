"""One measured figure, and how time and queries are taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Figure:
    """What was measured, the floor it stands on, and the budget it should keep."""

    what: str
    value: float
    unit: str
    floor: float | None = None
    floor_is: str = ""
    note: str = ""
    budget: str = ""
    is_kept: bool | None = None  # None where there is no budget, or it does not apply at this size

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None


@dataclass
class Taken:
    """Seconds and queries of one stretch of work."""

    seconds: float = 0.0
    queries: int = 0

    @property
    def milliseconds(self) -> float:
        return self.seconds * 1000


@contextmanager
def taking() -> Iterator[Taken]:
    """Measure what happens inside; the figures are there afterward."""
    taken = Taken()

    def counting(execute: Callable[..., Any], *arguments: Any) -> Any:
        taken.queries += 1
        return execute(*arguments)

    with connection.execute_wrapper(counting):
        start = time.perf_counter()
        yield taken
        taken.seconds = time.perf_counter() - start


def per_thousand(queries: int, rows: int) -> str:
    return f"{queries * 1000 / rows:,.0f} queries per 1,000"
