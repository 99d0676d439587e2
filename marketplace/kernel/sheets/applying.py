"""Applying a checked sheet, and undoing it: all of its rows in one transaction, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from marketplace.kernel.errors import Refused
from marketplace.kernel.models import RowOutcome, SheetImport, SheetRow, SheetState
from marketplace.kernel.sheets.kinds import Conflict, Run, SheetKind, Write, kinds
from marketplace.kernel.sheets.states import sheet_machine

CHUNK = 500
CONFLICTS_NAMED = 20
PROGRESS_KEPT = 60 * 60


class ChangedMeanwhile(Refused):
    """Rows are not as they must be for this; nothing was written."""


def never() -> bool:
    """Go on to the end, however long it takes."""
    return False


def apply(sheet_id: int, *, until: Callable[[], bool] = never) -> str:
    """Write every changed and added row of a checked sheet; refused rows stay out.

    If a row is no longer as it was when it was checked, none is written and the sheet waits for a
    decision again, with those rows named. May be repeated: what is written is written once. When
    `until` turns true, what follows from the rows is left to the next call.
    """
    sheet = SheetImport.objects.get(pk=sheet_id)
    if sheet.state != SheetState.APPLYING:
        return f"It is “{sheet.get_state_display()}”: nothing was written."
    run = Run(sheet.pk, sheet.by)
    if sheet.applied_at is None:
        try:
            _write(sheet, run)
        except Refused as error:
            sheet_machine.move(sheet, SheetState.CHECKED, problem=error.message, position=0)
            return error.message
    if not _settle(sheet, run, until):
        return "The rows are written; what follows from them goes on."
    sheet_machine.move(sheet, SheetState.APPLIED, problem="")
    return f"{sheet.changed:,} rows changed, {sheet.added:,} added"


def undo(sheet_id: int, *, until: Callable[[], bool] = never) -> str:
    """Put back what stood there before a sheet was applied, and delete what it added.

    If a row was changed since, or is in use, nothing is put back and those rows are named.
    """
    sheet = SheetImport.objects.get(pk=sheet_id)
    if sheet.state != SheetState.UNDOING:
        return f"It is “{sheet.get_state_display()}”: nothing was written."
    run = Run(sheet.pk, sheet.by, is_undo=True)
    if sheet.undone_at is None:
        try:
            _write(sheet, run)
        except Refused as error:
            sheet_machine.move(sheet, SheetState.APPLIED, problem=error.message, position=0)
            return error.message
    if not _settle(sheet, run, until):
        return "The rows are put back; what follows from them goes on."
    sheet_machine.move(sheet, SheetState.UNDONE, problem="")
    return f"{sheet.changed:,} rows put back, {sheet.added:,} deleted"


def why_not_undone(sheet: SheetImport) -> str:
    """Why this sheet cannot be undone, in words for the person; empty if it can."""
    kind = kinds.get(sheet.kind)
    if kind.why_not_undone:
        return kind.why_not_undone
    later = SheetImport.objects.filter(
        kind=sheet.kind,
        applied_at__gt=sheet.applied_at or timezone.now(),
        state__in=[SheetState.APPLYING, SheetState.APPLIED, SheetState.UNDOING],
    ).last()
    if later:
        return f"“{later.file_name}” was applied after it. Undo that one first."
    return ""


def progress_of(sheet: SheetImport) -> int:
    """How many rows were treated in the present state; also those not committed yet."""
    return max(sheet.position, int(cache.get(_progress_key(sheet.pk), 0)))


def forget_progress(sheet_id: int) -> None:
    """Start counting rows anew."""
    cache.delete(_progress_key(sheet_id))


def _progress_key(sheet_id: int) -> str:
    return f"sheet-progress:{sheet_id}"


def _write(sheet: SheetImport, run: Run) -> None:
    kind = kinds.get(sheet.kind)
    conflicts: list[Conflict] = []
    treated = 0
    with transaction.atomic():
        if run.is_undo and (why := why_not_undone(sheet)):
            raise Refused(why)
        for lines in _chunks(sheet, backwards=run.is_undo):
            conflicts += _write_chunk(kind, lines, run)
            if len(conflicts) >= CONFLICTS_NAMED:
                break
            treated += len(lines)
            cache.set(_progress_key(sheet.pk), treated, PROGRESS_KEPT)
        if conflicts:
            raise ChangedMeanwhile(_words(conflicts, run))
        stamp = {"undone_at" if run.is_undo else "applied_at": timezone.now(), "position": 0}
        SheetImport.objects.filter(pk=sheet.pk).update(**stamp)
    sheet.refresh_from_db()
    forget_progress(sheet.pk)


def _chunks(sheet: SheetImport, *, backwards: bool) -> Iterator[list[SheetRow]]:
    """The rows to write, some hundred at a time; an undo takes the last row first."""
    rows = to_write(sheet).order_by("-number" if backwards else "number")
    edge: dict[str, int] = {}
    while some := list(rows.filter(**edge)[:CHUNK]):
        yield some
        edge = {"number__lt" if backwards else "number__gt": some[-1].number}


def to_write(sheet: SheetImport) -> QuerySet[SheetRow]:
    """The rows of a sheet that change or add something."""
    return sheet.lines.filter(outcome__in=[RowOutcome.CHANGED, RowOutcome.ADDED])


def _write_chunk(kind: SheetKind, lines: Sequence[SheetRow], run: Run) -> list[Conflict]:
    changed = [_as_write(line, run) for line in lines if line.outcome == RowOutcome.CHANGED]
    added = [line for line in lines if line.outcome == RowOutcome.ADDED]
    found = kind.write(changed, run) if changed else []
    if not added:
        return found
    if run.is_undo:
        return found + kind.remove([_as_write(line, run) for line in added], run)
    subjects, conflicts = kind.add([_as_write(line, run) for line in added], run)
    for line in added:
        line.subject = subjects.get(line.number, "")
    SheetRow.objects.bulk_update(added, ["subject"], batch_size=CHUNK)
    return found + conflicts


def _as_write(line: SheetRow, run: Run) -> Write:
    values = {
        name: (after, before) if run.is_undo else (before, after)
        for name, (before, after) in line.changes.items()
    }
    return Write(line.number, line.key, line.subject, values, line.kept)


def _settle(sheet: SheetImport, run: Run, until: Callable[[], bool]) -> bool:
    """Carry the change on, some hundred rows at a time; return whether all of it is done.

    A killed worker's successor goes on where it stopped.
    """
    kind = kinds.get(sheet.kind)
    rows = to_write(sheet).order_by("number")
    while lines := list(rows.filter(number__gt=sheet.position)[:CHUNK]):
        kind.settle([line.subject for line in lines if line.subject], run)
        sheet.position = lines[-1].number
        SheetImport.objects.filter(pk=sheet.pk).update(position=sheet.position)
        if until():
            return not rows.filter(number__gt=sheet.position).exists()
    return True


def _words(conflicts: Sequence[Conflict], run: Run) -> str:
    named = "; ".join(
        f"row {one.number:,} ({one.key}): {one.sentence}" for one in conflicts[:CONFLICTS_NAMED]
    )
    more = " There may be more." if len(conflicts) >= CONFLICTS_NAMED else ""
    if run.is_undo:
        return f"Nothing was undone: these rows were changed since, or are in use: {named}.{more}"
    return (
        f"Nothing was applied: these rows changed after the file was checked: {named}.{more} "
        "Check the file again to see what it would change now."
    )
