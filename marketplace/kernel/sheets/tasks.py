"""Background work of sheets, and doing a small one while its person waits."""

from __future__ import annotations

from collections.abc import Callable

from marketplace.kernel import jobs
from marketplace.kernel.models import Job, JobState, SheetImport, SheetState
from marketplace.kernel.sheets import applying, checking
from marketplace.kernel.sheets.kinds import kinds
from marketplace.kernel.tasks import nudge, time_is_up

#: A large file is written in one transaction, which a slow machine must be allowed to finish.
LONGEST_RUN = 15 * 60
#: The work that belongs to each state in which a sheet does not wait for a person.
WORK = {
    SheetState.CHECKING: "check_sheet",
    SheetState.APPLYING: "apply_sheet",
    SheetState.UNDOING: "undo_sheet",
}
_WORDS = {"check_sheet": "Check", "apply_sheet": "Apply", "undo_sheet": "Undo"}


@jobs.handler("check_sheet", seconds=LONGEST_RUN)
def check_sheet(sheet_id: int) -> str:
    return checking.check(sheet_id)


@jobs.handler("apply_sheet", seconds=LONGEST_RUN)
def apply_sheet(sheet_id: int) -> str:
    return _and_hurry(applying.apply, sheet_id)


@jobs.handler("undo_sheet", seconds=LONGEST_RUN)
def undo_sheet(sheet_id: int) -> str:
    return _and_hurry(applying.undo, sheet_id)


def _and_hurry(write: Callable[..., str], sheet_id: int) -> str:
    sentence = write(sheet_id, until=time_is_up())
    sheet = SheetImport.objects.get(pk=sheet_id)
    if sheet.state in WORK:
        nudge(WORK[SheetState(sheet.state)], sheet.pk)
    if sheet.state in (SheetState.APPLIED, SheetState.UNDONE):
        for work in kinds.get(sheet.kind).follow_ups(sheet_id):
            nudge(work.kind, work.subject, label=work.label)
    return sentence


def carry_on(sheet: SheetImport) -> None:
    """Have the work of a sheet's state done: at once if it is small, else by a worker.

    Either way it is a job: if this process dies, a worker finishes it.
    """
    kind = WORK[SheetState(sheet.state)]
    label = f"{_WORDS[kind]} sheet: {sheet.file_name}"
    if not _is_small(sheet):
        nudge(kind, sheet.pk, label=label)
        return
    job = jobs.want(kind, sheet.pk, label=label)
    jobs.run(job.pk)


def _is_small(sheet: SheetImport) -> bool:
    most = kinds.get(sheet.kind).at_once
    if sheet.state == SheetState.CHECKING:
        return checking.count_rows(sheet, most) <= most
    return applying.to_write(sheet)[: most + 1].count() <= most


def failed_job(sheet: SheetImport) -> Job | None:
    """The work of a sheet that stopped and waits for a person, if it did."""
    kind = WORK.get(SheetState(sheet.state))
    if kind is None:
        return None
    return Job.objects.filter(key=f"{kind}:{sheet.pk}", state=JobState.FAILED).first()
