"""What a person may ask for a sheet: take it in, apply, undo, check again, discard."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.core.files import File
from django.db import transaction

from marketplace.kernel.errors import Refused
from marketplace.kernel.models import SheetImport, SheetState
from marketplace.kernel.sheets import reading
from marketplace.kernel.sheets.applying import forget_progress, to_write, why_not_undone
from marketplace.kernel.sheets.kinds import SheetKind
from marketplace.kernel.sheets.states import sheet_machine


def take_in(kind: SheetKind, upload: File[Any], *, user: Any) -> SheetImport:
    """Keep a given file to be checked. Raises `Refused` if it is too large."""
    size = upload.size or 0
    if size > reading.MOST_BYTES:
        raise Refused(
            f"The file has {size / 2**20:,.0f} MB; {reading.MOST_BYTES // 2**20} MB can be read. "
            "Import it in parts."
        )
    name = PurePath(upload.name or "sheet").name[:200]
    return SheetImport.objects.create(
        kind=kind.name,
        file=File(upload, name=f"{kind.name}{PurePath(name).suffix[:10].lower()}"),
        file_name=name,
        requested_by=user,
        by=user.get_username(),
    )


def ask_to_apply(sheet: SheetImport) -> None:
    """Begin to apply a checked sheet. Raises `Refused` if there is nothing in it to apply."""
    if not to_write(sheet).exists():
        raise Refused("Nothing in this file would change anything.")
    forget_progress(sheet.pk)
    sheet_machine.move(sheet, SheetState.APPLYING, position=0, problem="")


def ask_to_undo(sheet: SheetImport) -> None:
    """Begin to undo an applied sheet. Raises `Refused` with why it cannot be undone."""
    with transaction.atomic():
        if why := why_not_undone(sheet):
            raise Refused(why)
        forget_progress(sheet.pk)
        sheet_machine.move(sheet, SheetState.UNDOING, position=0, problem="")


def ask_to_check_again(sheet: SheetImport) -> None:
    """Read the file once more against what is stored now."""
    sheet_machine.move(sheet, SheetState.CHECKING, position=0, problem="")


def back_to_decision(sheet: SheetImport) -> None:
    """Give up applying a sheet whose work stopped before a row was written."""
    if sheet.applied_at is not None:
        raise Refused("Its rows are written already. Let it be finished, then undo it.")
    sheet_machine.move(sheet, SheetState.CHECKED, position=0)


def discard(sheet: SheetImport) -> None:
    """Decide against a sheet; it stays in the list, and changes nothing."""
    sheet_machine.move(sheet, SheetState.DISCARDED)
