"""Background runs and the queue: begin one, carry it on, notice those that nobody carries on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from marketplace.kernel import bulk, jobs
from marketplace.kernel.models import BulkRun, RunState
from marketplace.kernel.tasks import nudge, time_is_up


def begin(
    kind: str,
    ids: Sequence[int],
    given: dict[str, Any],
    *,
    label: str,
    user: User | None,
    back: str = "",
    **more: Any,
) -> BulkRun:
    """Write down a run and ask a worker for it.

    `given` is plain JSON; `back` is the page to return to. Raises `LookupError` for a kind that
    nobody carries out.
    """
    with transaction.atomic():
        run = bulk.start(kind, ids, given, label=label, user=user, back=back, **more)
        ring(run)
    return run


def ring(run: BulkRun) -> None:
    """Ask a worker for a run that waits."""
    nudge(bulk.JOB, run.pk, label=run.label)


@jobs.handler(bulk.JOB)
def carry_on(run_id: int) -> str:
    """What the job does: as much of the run as fits into its time, then it asks for another."""
    run = bulk.carry_on(run_id, time_is_up())
    if run.state == RunState.RUNNING:
        ring(run)
    return f"{run.label}: {run.get_state_display()}, {run.position:,} of {run.total:,}"


def prune() -> str:
    """Each night: forget runs of long ago, and the files they read or left."""
    return f"{bulk.prune()} old background runs forgotten"


def tick() -> str:
    """Each minute: a run whose job was given up is stopped, so that a person sees it."""
    return f"{bulk.stop_abandoned()} background runs stopped"
