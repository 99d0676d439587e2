"""One verb over many rows in the background, chunk by chunk, with its progress as a row.

A worker may be killed at any point: the next one goes on where the row says. A kind whose chunks
are atomic treats each row exactly once; another (it talks to a channel) may treat its last chunk
twice, so its verb must be one that a second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Failure, TryLater
from marketplace.kernel.models import BulkRun, Job, JobState, RunState
from marketplace.kernel.registry import Registry
from marketplace.kernel.states import IllegalMove, Machine

#: The kind of job that carries a run on; its subject is the run.
JOB = "bulk_run"
CHUNK = 500
KEPT = timedelta(days=30)
#: So many different sentences are kept of a run; further rows count under one more.
MOST_SENTENCES = 200
OTHER_REASONS = "Other reasons"

Treat = Callable[[list[int], dict[str, Any], str], BatchReport]
Until = Callable[[], bool]

run_machine = Machine(
    RunState,
    {
        RunState.WAITING: {RunState.RUNNING, RunState.FAILED, RunState.CANCELED},
        RunState.RUNNING: {RunState.DONE, RunState.FAILED, RunState.CANCELED},
        # Only a person lets it go on.
        RunState.FAILED: {RunState.WAITING, RunState.CANCELED},
        RunState.DONE: set(),
        RunState.CANCELED: set(),
    },
)
UNDER_WAY = (RunState.WAITING, RunState.RUNNING)


class Overtaken(Exception):
    """Another worker went on with this run: what this one just did is not its to write."""


class Kind(Protocol):
    """A way to work through a run."""

    @property
    def permission(self) -> str:
        """What a person needs to start such a run or to let it go on."""
        ...

    def work(self, run: BulkRun, until: Until) -> bool:
        """Go on from the run's position; return whether nothing is left. Stops when canceled."""
        ...


kinds: Registry[Kind] = Registry("kind of bulk run")


@dataclass(frozen=True)
class ByChunks:
    """Treats the run's rows some at a time.

    `treat` gets ids, what the person gave (JSON) and a name; it raises a `Failure` if the whole
    run makes no sense. `ended` gets all ids once, after the last chunk.
    """

    permission: str
    treat: Treat
    chunk: int = CHUNK
    is_atomic: bool = True
    ended: Callable[[list[int]], None] = lambda ids: None

    def work(self, run: BulkRun, until: Until) -> bool:
        """Treat chunk after chunk and write down each."""
        while run.position < run.total:
            ids = run.ids[run.position : run.position + self.chunk]
            with transaction.atomic() if self.is_atomic else nullcontext():
                report = self.treat(ids, run.given, run.by)
                keep(run, run.position + len(ids), report)
            if not is_wanted(run) or (until() and run.position < run.total):
                return False
        self.ended(run.ids)
        return True

    def at_once(self, ids: list[int], given: dict[str, Any], by: str) -> BatchReport:
        """Treat a few rows while a person waits."""
        report = self.treat(ids, given, by)
        self.ended(ids)
        return report


@dataclass(frozen=True)
class InItsOwnWay:
    """Works through something else than ids, such as a file; `keep`s its position by itself."""

    permission: str
    work: Callable[[BulkRun, Until], bool]


def by_chunks(
    name: str,
    *,
    permission: str,
    chunk: int = CHUNK,
    is_atomic: bool = True,
    ended: Callable[[list[int]], None] = lambda ids: None,
) -> Callable[[Treat], Treat]:
    """Register a function of (ids, given, by) as the work of one kind of run."""

    def register(treat: Treat) -> Treat:
        kinds.register(name, ByChunks(permission, treat, chunk, is_atomic, ended))
        return treat

    return register


def at_once(name: str, ids: Sequence[int], given: dict[str, Any], *, by: str) -> BatchReport:
    """Carry out a kind over a few rows without a run. Raises what its function raises."""
    kind = kinds.get(name)
    if not isinstance(kind, ByChunks):
        raise TypeError(f"“{name}” has no rows to treat at once")
    return kind.at_once(list(ids), given, by)


# -- a person's door -----------------------------------------------------------------------------


def start(
    name: str,
    ids: Sequence[int],
    given: dict[str, Any],
    *,
    label: str,
    user: User | None,
    back: str = "",
    **more: Any,
) -> BulkRun:
    """Write down a run that waits for a worker; whoever calls this rings (`bulk_tasks.begin`)."""
    kinds.get(name)
    return BulkRun.objects.create(
        kind=name,
        label=label[:200],
        ids=list(ids),
        given=given,
        requested_by=user,
        by=user.get_username() if user else "",
        back=back[:500],
        **{"total": len(ids), **more},
    )


def cancel(run: BulkRun) -> None:
    """Let a run end after the chunk that is under way; what is done stays done.

    Raises `IllegalMove` if it is over already.
    """
    run_machine.move(run, RunState.CANCELED, finished_at=timezone.now())


def retry(run: BulkRun) -> None:
    """Let a stopped run wait for a worker again, from its position. Raises `IllegalMove`."""
    run_machine.move(run, RunState.WAITING, problem="", finished_at=None)


# -- a worker's door -----------------------------------------------------------------------------


def carry_on(run_id: int, until: Until) -> BulkRun:
    """Work on a run until it is over or `until` says so; still running means that more is left.

    An expected failure stops it with its sentence, but for `TryLater`, which is raised.
    """
    run = BulkRun.objects.get(pk=run_id)
    if run.state == RunState.WAITING:
        with suppress(IllegalMove):
            run_machine.move(run, RunState.RUNNING, started_at=run.started_at or timezone.now())
    if run.state != RunState.RUNNING:
        return run
    try:
        is_over = kinds.get(run.kind).work(run, until)
    except Overtaken:
        is_over = False
    except TryLater as error:
        _note(run, f"{error.message} It is tried again by itself.")
        raise
    except Failure as error:
        _stop(run, error.message)
        return run
    except Exception as error:
        _note(run, f"An unexpected fault ({type(error).__name__}). It is tried again by itself.")
        raise
    if is_over:
        with suppress(IllegalMove):
            run_machine.move(run, RunState.DONE, finished_at=timezone.now())
    run.refresh_from_db(fields=["state"])
    return run


def keep(run: BulkRun, position: int, part: BatchReport, **changes: Any) -> None:
    """Add what came of some rows to a run. Raises `Overtaken` if another worker did so first."""
    values: dict[str, Any] = {
        "position": position,
        "done": run.done + part.done,
        "skipped": added(run.skipped, part.skipped),
        "refused": added(run.refused, part.refused),
        "problem": "",
        "updated_at": timezone.now(),
        **changes,
    }
    if not BulkRun.objects.filter(pk=run.pk, position=run.position).update(**values):
        raise Overtaken
    for name, value in values.items():
        setattr(run, name, value)


def added(known: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    """Sentences with their counts, of two parts; from so many on they count as one."""
    total = dict(known)
    for sentence, count in more.items():
        is_kept = sentence in total or len(total) < MOST_SENTENCES
        key = sentence if is_kept else OTHER_REASONS
        total[key] = total.get(key, 0) + count
    return total


def is_wanted(run: BulkRun) -> bool:
    """Whether nobody canceled the run meanwhile."""
    return BulkRun.objects.filter(pk=run.pk, state=RunState.RUNNING).exists()


def stop_abandoned() -> int:
    """Stop runs whose job is no longer tried; return how many. A person may let them go on."""
    runs = {
        f"{JOB}:{run.pk}": run
        for run in BulkRun.objects.filter(state__in=UNDER_WAY).defer("ids", "given")
    }
    failed = Job.objects.filter(key__in=runs, state=JobState.FAILED)
    stopped = 0
    for key, error in failed.values_list("key", "last_error"):
        stopped += _stop(runs[key], f"It failed again and again: {error}")
    return stopped


def prune() -> int:
    """Forget runs that have been over for a month, and their files; return how many."""
    old = BulkRun.objects.filter(finished_at__lt=timezone.now() - KEPT).exclude(state__in=UNDER_WAY)
    forgotten = 0
    for run in old.defer("ids", "given", "kept"):
        for file in (run.file, run.report):
            if file:
                file.delete(save=False)
        run.delete()
        forgotten += 1
    return forgotten


def _stop(run: BulkRun, sentence: str) -> bool:
    with suppress(IllegalMove):
        run_machine.move(run, RunState.FAILED, problem=sentence, finished_at=timezone.now())
        return True
    return False


def _note(run: BulkRun, sentence: str) -> None:
    BulkRun.objects.filter(pk=run.pk).update(problem=sentence)
