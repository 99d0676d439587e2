"""What all list pages share: tabs with counts, and pages that cost the same however many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

PAGE_SIZE = 50
COUNT_UP_TO = 10_000


@dataclass(frozen=True)
class Count:
    """A number of rows; beyond ten thousand nobody counts on, so it says “10,000+”."""

    value: int

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> Count:
        return cls(rows.order_by()[: COUNT_UP_TO + 1].count())

    def __str__(self) -> str:
        return f"{COUNT_UP_TO:,}+" if self.value > COUNT_UP_TO else f"{self.value:,}"

    def __bool__(self) -> bool:
        return self.value > 0


@dataclass(frozen=True)
class Tab:
    """One tab of a list: what it is called, what is in it, and why a row is there."""

    key: str
    label: str
    why: str
    count: Count
    is_current: bool


@dataclass(frozen=True)
class Page:
    """Fifty rows of a list."""

    rows: list[Any]
    number: int
    has_next: bool
    total: Count

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def previous(self) -> int:
        return self.number - 1

    @property
    def next(self) -> int:
        return self.number + 1


def page_of(request: HttpRequest, rows: QuerySet[Any], total: Count | None = None) -> Page:
    """Return the page that the address asks for; nonsense in the address means the first."""
    text = request.GET.get("page", "1")
    number = max(1, min(int(text), 100_000)) if text.isascii() and text.isdigit() else 1
    start = (number - 1) * PAGE_SIZE
    found = list(rows[start : start + PAGE_SIZE + 1])
    return Page(
        rows=found[:PAGE_SIZE],
        number=number,
        has_next=len(found) > PAGE_SIZE,
        total=Count.of(rows) if total is None else total,
    )


def tabs_of(
    named: Mapping[str, tuple[str, str, QuerySet[Any]]], current: str
) -> tuple[list[Tab], Tab]:
    """Return the tabs with their counts, and the one that is open (the first by default)."""
    key = current if current in named else next(iter(named))
    tabs = [
        Tab(name, label, why, Count.of(rows), name == key)
        for name, (label, why, rows) in named.items()
    ]
    return tabs, next(tab for tab in tabs if tab.is_current)


def number_in(request: HttpRequest, name: str) -> int | None:
    """Read an id from the address; anything else counts as not given."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
