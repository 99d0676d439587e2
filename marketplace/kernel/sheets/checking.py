"""Reading a given file against what is stored: a line per row that changes, adds or is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from marketplace.kernel.errors import Refused
from marketplace.kernel.models import RowOutcome, SheetImport, SheetRow, SheetState
from marketplace.kernel.sheets import reading
from marketplace.kernel.sheets.kinds import Check, FileRow, SheetKind, Verdict, kinds
from marketplace.kernel.sheets.states import sheet_machine

T = TypeVar("T")
CHUNK = 500
NAMES_SHOWN = 8


def check(sheet_id: int) -> str:
    """Read a sheet's file from its first row to its last; return what was found in one sentence.

    It waits for a decision then, or is “Not usable” with the reason. May be repeated.
    """
    sheet = SheetImport.objects.get(pk=sheet_id)
    if sheet.state != SheetState.CHECKING:
        return f"It is “{sheet.get_state_display()}”: nothing was read."
    _forget(sheet)
    try:
        found = _read(sheet)
    except Refused as error:
        _forget(sheet)
        sheet_machine.move(sheet, SheetState.FAILED, problem=error.message)
        return error.message
    sheet_machine.move(sheet, SheetState.CHECKED, checked_at=timezone.now())
    return ", ".join(f"{count:,} {word}" for word, count in found.items())


def count_rows(sheet: SheetImport, most: int) -> int:
    """How many rows a file has, counted no further than one beyond a bound; 0 if unreadable."""
    kind = kinds.get(sheet.kind)
    try:
        with sheet.file.open("rb") as stream, reading.opened(stream, kind_score(kind)) as table:
            return sum(1 for _ in islice(table.rows, most + 1))
    except Refused:
        return 0


def kind_score(kind: SheetKind) -> reading.Score:
    """How many names of a header this kind knows."""
    return lambda headers: len(kind.known([_name(header) for header in headers]))


def _forget(sheet: SheetImport) -> None:
    sheet.lines.all().delete()
    for name in ("rows", "position", "changed", "added", "unchanged", "refused"):
        setattr(sheet, name, 0)
    sheet.problem = ""
    sheet.save(
        update_fields=[
            "rows", "position", "changed", "added", "unchanged", "refused", "problem",
        ]
    )  # fmt: skip


def _read(sheet: SheetImport) -> Counter[str]:
    kind = kinds.get(sheet.kind)
    found: Counter[str] = Counter(changed=0, added=0, refused=0, unchanged=0)
    with sheet.file.open("rb") as stream, reading.opened(stream, kind_score(kind)) as table:
        columns = _columns(kind, table.headers)
        progress = Check(columns=[name for name in columns if name])
        for some in chunks(_rows(table, columns), CHUNK):
            lines = [_line(sheet, verdict) for verdict in kind.judge(some, progress)]
            kept = [line for line in lines if line is not None]
            found["unchanged"] += len(lines) - len(kept)
            found.update(line.outcome for line in kept)
            with transaction.atomic():
                SheetRow.objects.bulk_create(kept)
                SheetImport.objects.filter(pk=sheet.pk).update(
                    position=sum(found.values()), rows=sum(found.values()), **found
                )
    if not sum(found.values()):
        raise Refused("The file has no row below its header.")
    sheet.refresh_from_db()
    if table.remark:
        SheetImport.objects.filter(pk=sheet.pk).update(problem=table.remark)
    return found


def _columns(kind: SheetKind, headers: Sequence[str]) -> list[str]:
    """The column behind each header. Raises `Refused` that names what is wrong with them."""
    names = [_name(header) for header in headers]
    names = ["" if name in (reading.ROW, reading.REASON) else name for name in names]
    twice = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if twice:
        raise Refused(f"These columns stand there twice: {_listed(twice)}. Keep one of each.")
    known = kind.known(names)
    required = [column.name for column in kind.columns if column.is_required]
    expected = _listed(column.name for column in kind.columns if not column.is_read_only)
    if missing := [name for name in required if name not in known]:
        raise Refused(
            f"The file has no column {_listed(missing)}. A sheet of “{kind.title}” has: {expected}."
        )
    if unknown := [
        header for header, name in zip(headers, names, strict=True) if name and name not in known
    ]:
        raise Refused(
            f"A sheet of “{kind.title}” has no column {_listed(unknown)}. Rename or delete it. "
            f"Known are: {expected}."
        )
    read_only = {column.name for column in kind.columns if column.is_read_only or column.is_key}
    if not known - read_only:
        raise Refused(f"The file has no column that could change anything. Known are: {expected}.")
    return names


def _rows(table: reading.Table, columns: Sequence[str]) -> Iterator[FileRow]:
    width = len(columns)
    for number, cells in table.rows:
        named = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
        yield FileRow(number, named, any(cell.strip() for cell in cells[width:]))


def _line(sheet: SheetImport, verdict: Verdict) -> SheetRow | None:
    if verdict.reason:
        outcome = RowOutcome.REFUSED
    elif verdict.is_new:
        outcome = RowOutcome.ADDED
    elif verdict.changes:
        outcome = RowOutcome.CHANGED
    else:
        return None
    return SheetRow(
        sheet=sheet,
        number=verdict.number,
        outcome=outcome,
        key=verdict.key[:200],
        subject=verdict.subject,
        changes={name: list(pair) for name, pair in verdict.changes.items()},
        kept=verdict.kept,
        cells=verdict.cells,
        column=verdict.column,
        reason=verdict.reason,
    )


def _name(header: str) -> str:
    return " ".join(header.split()).casefold()


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    shown = ", ".join(f"“{name[:40]}”" for name in found[:NAMES_SHOWN])
    return f"{shown} and {len(found) - NAMES_SHOWN} more" if len(found) > NAMES_SHOWN else shown


def chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut a stream into lists."""
    iterator = iter(rows)
    while some := list(islice(iterator, size)):
        yield some
