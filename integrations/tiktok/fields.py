"""Reading JSON strictly where we depend on it and generously everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

#: No amount of money on any market has more digits before its point.
MOST_DIGITS = 15


class UnexpectedShape(ValueError):
    """An answer lacks a field we depend on, or holds something else in its place."""


class Fields:
    """One JSON object, with the place it came from for error messages.

    A field asked for without a default must be there; `null` counts as absent, because the
    channel leaves out what is not known. Fields nobody asks for are ignored.
    """

    def __init__(self, content: object, where: str, *, request_id: str = "") -> None:
        if not isinstance(content, Mapping):
            raise UnexpectedShape(f"{where} is not an object")
        self.content: Mapping[str, Any] = content
        self.where = where
        self.request_id = request_id  # of the answer as a whole, for people to quote

    def has(self, name: str) -> bool:
        return self.content.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; numbers are taken too, since some ids come as numbers."""
        found = self._find(name, default)
        if type(found) is str:  # nearly always, and an order has some sixty of them
            return found
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            raise self._wrong(name, "a text")
        return str(found)

    def integer(self, name: str, default: int | None = None) -> int:
        found = self._find(name, default)
        try:
            return int(found)
        except (TypeError, ValueError, OverflowError):
            raise self._wrong(name, "a whole number") from None

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self._find(name, default))

    def amount(self, name: str, default: Decimal | None = None) -> Decimal:
        """Return an exact decimal number from its text; an empty text counts as absent."""
        found = self.content.get(name)
        if found in (None, ""):
            found = self._find(name, default) if found is None else default
        try:
            amount = Decimal(str(found))
        except InvalidOperation:
            raise self._wrong(name, "an amount") from None
        if not amount.is_finite() or amount.adjusted() > MOST_DIGITS:
            raise self._wrong(name, "an amount")
        return amount

    def moment(self, name: str) -> datetime:
        """Return a time given in seconds since 1970."""
        seconds = self.integer(name)
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            raise self._wrong(name, "a time") from None

    def moment_or_none(self, name: str) -> datetime | None:
        """Return a time, or nothing where it is absent or zero."""
        return self.moment(name) if self.integer(name, 0) else None

    def part(self, name: str) -> Fields:
        return Fields(self._find(name, None), f"{self.where}.{name}")

    def part_or_empty(self, name: str) -> Fields:
        return Fields(self.content.get(name) or {}, f"{self.where}.{name}")

    def rows(self, name: str) -> list[Fields]:
        """Return a list of objects; an absent list is an empty one."""
        return [
            Fields(row, f"{self.where}.{name}[{index}]")
            for index, row in enumerate(self._list(name))
        ]

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; one bare text is a list of one."""
        found = self.content.get(name)
        if isinstance(found, str):
            return (found,) if found else ()
        return tuple(str(item) for item in self._list(name))

    def _list(self, name: str) -> list[Any]:
        found = self.content.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self._wrong(name, "a list")
        return found

    def _find(self, name: str, default: Any) -> Any:
        found = self.content.get(name)
        if found is None:
            found = default
        if found is None:
            raise UnexpectedShape(f"{self.where}.{name} is missing")
        return found

    def _wrong(self, name: str, expected: str) -> UnexpectedShape:
        return UnexpectedShape(f"{self.where}.{name} is not {expected}")
