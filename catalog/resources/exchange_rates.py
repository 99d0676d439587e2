"""Exchange rates by the day they are of: a table of a bank comes in as a sheet (R92, B21)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from catalog.models import ExchangeRate
from catalog.resources.common import as_ids, at_most, in_order, read_with
from catalog.services import bulk_edits, exchange_rates
from catalog.sheets.values import read_number
from marketplace.kernel.sheets.kinds import (
    CellRefused,
    Check,
    Column,
    Conflict,
    FileRow,
    Run,
    SheetKind,
    Target,
    Write,
    conflicts_of,
)

LONGEST_SOURCE = 120
#: What a rate is known by: from, to, and the day it is of.
Key = tuple[str, str, date]


class ExchangeRates(SheetKind):
    """One row per pair of currencies and day."""

    name = "exchange_rates"
    title = "Exchange rates"
    about = "rates between currencies"
    columns = (
        Column("from", "Currency of one unit", "EUR", is_key=True, is_required=True),
        Column("to", "Currency it is worth so much in", "USD", is_key=True, is_required=True),
        Column("as_of", "Day of the rate, UTC", "2026-03-31", is_key=True, is_required=True),
        Column("rate", "What one unit is worth", "1.0845", is_required=True, is_number=True),
        Column("source", "Who or what it comes from", "Central bank"),
    )
    permissions = ("catalog.add_exchangerate", "catalog.change_exchangerate")
    view_permission = "catalog.view_exchangerate"
    lists = ("catalog.exchangerate",)
    advice = "A rate is used from its day on, for 30 days. One of the same day is replaced."

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[ExchangeRate]:
        return in_order(ids, _stored())

    def values(self, stored: Any) -> Mapping[str, str]:
        return {
            "from": stored.base,
            "to": stored.quote,
            "as_of": stored.as_of.isoformat(),
            **_amounts(stored),
        }

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        keys = [_key(row) for row in rows]
        days = {key[2] for key in keys if not isinstance(key, CellRefused)}
        stored = {_key_of(one): one for one in _stored().filter(as_of__in=days)}
        return [
            key if isinstance(key, CellRefused) else _target(key, stored.get(key)) for key in keys
        ]

    def read(self, column: str, text: str, target: Target) -> str:
        if column == "source":
            return at_most(column, text, LONGEST_SOURCE)
        if not text:
            raise CellRefused(column, "It is empty. A rate is deleted in the list of rates.")
        return _plain(read_with(column, read_number, text))

    def review(
        self, row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
    ) -> dict[str, Any]:
        if target.is_new and "rate" not in changes:
            raise CellRefused("rate", "It is empty. A new rate needs one.")
        if not changes:
            return {}
        base, quote, as_of = target.row
        rate = changes["rate"][1] if "rate" in changes else target.now["rate"]
        try:
            exchange_rates.check(base, quote, Decimal(rate), as_of)
        except exchange_rates.InvalidRate as error:
            column = {"base": "from", "quote": "to"}.get(error.field, error.field)
            raise CellRefused(column, error.message) from error
        return {"key": [base, quote, as_of.isoformat()]}

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        stored = bulk_edits.locked(_stored(), as_ids(row.subject for row in rows))
        if conflicts := conflicts_of(rows, _now(stored), run):
            return conflicts
        _enter(rows, _now(stored))
        return []

    def add(self, rows: Sequence[Write], run: Run) -> tuple[dict[int, str], list[Conflict]]:
        days = {row.kept["key"][2] for row in rows}
        known = {_key_of(one) for one in _stored().filter(as_of__in=days)}
        conflicts = [
            Conflict(row.number, row.key, "it was entered meanwhile")
            for row in rows
            if _kept(row) in known
        ]
        if conflicts:
            return {}, conflicts
        _enter(rows, {})
        stored = {_key_of(one): str(one.pk) for one in _stored().filter(as_of__in=days)}
        return {row.number: stored[_kept(row)] for row in rows}, []

    def remove(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        stored = bulk_edits.locked(_stored(), as_ids(row.subject for row in rows))
        if conflicts := conflicts_of(rows, _now(stored), run):
            return conflicts
        ExchangeRate.objects.filter(pk__in=stored).delete()
        return []


def _stored() -> QuerySet[ExchangeRate]:
    return ExchangeRate.objects.order_by("base", "quote", "-as_of")


def _plain(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def _amounts(stored: ExchangeRate) -> dict[str, str]:
    return {"rate": _plain(stored.rate), "source": stored.source}


def _now(stored: Mapping[int, ExchangeRate]) -> dict[str, dict[str, str]]:
    return {str(pk): _amounts(one) for pk, one in stored.items()}


def _key_of(stored: ExchangeRate) -> Key:
    return stored.base, stored.quote, stored.as_of


def _key(row: FileRow) -> Key | CellRefused:
    text = row.get("as_of")
    try:
        as_of = date.fromisoformat(text)
    except ValueError:
        return CellRefused("as_of", f"“{text[:20]}” is no day. Write it like 2026-03-31.")
    return row.get("from").upper(), row.get("to").upper(), as_of


def _target(key: Key, stored: ExchangeRate | None) -> Target:
    base, quote, as_of = key
    words = f"{base} → {quote}, {as_of}"
    if stored is None:
        return Target(words, "", {}, key, same=words)
    return Target(words, str(stored.pk), _amounts(stored), key, same=words)


def _kept(row: Write) -> Key:
    base, quote, as_of = row.kept["key"]
    return base, quote, date.fromisoformat(as_of)


def _enter(rows: Sequence[Write], now: Mapping[str, Mapping[str, str]]) -> None:
    """Store rates through the service, those of one source together."""
    by_source: dict[str, list[tuple[str, str, Decimal, date]]] = defaultdict(list)
    for row in rows:
        after = {**now.get(row.subject, {}), **{name: new for name, (_, new) in row.values.items()}}
        base, quote, as_of = _kept(row)
        by_source[after.get("source", "")].append((base, quote, Decimal(after["rate"]), as_of))
    for source, rates in by_source.items():
        exchange_rates.enter(rates, source=source)
