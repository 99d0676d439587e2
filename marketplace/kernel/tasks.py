"""The only callers of django-q. Doors nudge; services never do."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from marketplace.kernel import jobs
from marketplace.kernel.models import Job, JobState

KEEP_TASK_ROWS = timedelta(days=3)
#: A run stops in good time and asks for another, so that a worker is never killed at work.
SECONDS_PER_RUN = 45.0


def time_is_up(seconds: float = SECONDS_PER_RUN) -> Callable[[], bool]:
    """Return a question that turns true after so many seconds."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def nudge(
    kind: str,
    subject: int,
    *,
    label: str = "",
    delay: timedelta = timedelta(0),
    is_routine: bool = False,
) -> None:
    """Ask a worker to do this soon. If the transaction rolls back, nothing was asked.

    Raises `LookupError` for a kind that nobody carries out.
    """
    jobs.handlers.get(kind)
    job = jobs.want(kind, subject, label=label, delay=delay, is_routine=is_routine)
    if not delay and job.state == JobState.DUE:
        _ring(job.pk, job.kind)


def _ring(job_id: int, kind: str) -> None:
    async_task(
        "marketplace.kernel.tasks.run_job",
        job_id,
        task_name=f"job-{job_id}",
        timeout=jobs.seconds_allowed(kind),
    )


def run_job(job_id: int) -> str:
    """What a worker runs: one job, and at once again if it was wanted meanwhile."""
    sentence = jobs.run(job_id)
    if jobs.is_due(job_id):
        _ring(job_id, Job.objects.get(pk=job_id).kind)
    return sentence


def sweep() -> str:
    """Each minute: ring for every job that is due or whose worker died."""
    jobs.beat("worker")
    ids = jobs.due()
    for job_id, kind in Job.objects.filter(pk__in=ids).values_list("pk", "kind"):
        _ring(job_id, kind)
    return f"{len(ids)} jobs due"


def prune() -> str:
    """Each night: forget finished queue entries; the job rows say what happened."""
    deleted, _ = Task.objects.filter(stopped__lt=timezone.now() - KEEP_TASK_ROWS).delete()
    return f"{deleted} finished tasks forgotten"


def queue_age() -> timedelta:
    """How long the oldest entry that a worker should have taken has been waiting."""
    now = timezone.now()
    oldest = OrmQ.objects.filter(lock__lte=now).order_by("lock").values_list("lock", flat=True)
    first = oldest.first()
    return now - first if first else timedelta(0)
