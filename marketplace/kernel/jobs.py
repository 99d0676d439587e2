"""Background work as rows: claim by lease, count before the work, fence every write-back.

A handler is a plain function of the subject's id that returns one short sentence. It raises
`TryLater` to be asked again, `Refused` or `Reconnect` when a person must act first. Anything
else is a bug: the job is tried again a few times, then waits for a person, and stays visible.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When
from django.utils import timezone

from marketplace.kernel.errors import Reconnect, Refused, TryLater
from marketplace.kernel.models import Heartbeat, Job, JobState
from marketplace.kernel.registry import Registry

Handler = Callable[[int], str]

handlers: Registry[Handler] = Registry("job kind")

FIRST_BACKOFF = timedelta(seconds=15)
LONGEST_BACKOFF = timedelta(minutes=30)
REST_AFTER_FAILURE = timedelta(minutes=15)


#: Kinds of work that may take longer than a task usually may: seconds of one run.
_long: dict[str, int] = {}


def handler(kind: str, *, seconds: int = 0) -> Callable[[Handler], Handler]:
    """Register a function as the work of one kind of job.

    `seconds` is for work that cannot be cut into runs, such as one large transaction: how long a
    run may take before its worker is killed, if that is longer than for other tasks.
    """

    def register(function: Handler) -> Handler:
        handlers.register(kind, function)
        if seconds:
            _long[kind] = seconds
        return function

    return register


def seconds_allowed(kind: str) -> int:
    """How long a run of this kind may take."""
    usual: int = settings.Q_CLUSTER["timeout"]
    return _long.get(kind, usual)


def lease_time(kind: str) -> timedelta:
    """Longer than a task may run, so that a lease is taken over only from the dead."""
    return timedelta(seconds=seconds_allowed(kind) + 30)


def want(
    kind: str,
    subject: int,
    *,
    label: str = "",
    delay: timedelta = timedelta(0),
    is_routine: bool = False,
) -> Job:
    """Ask for a run of this work; asking again before it ran changes nothing.

    A job that needs a person goes on at once when one asks. Routine, such as a schedule, wakes it
    only after a while, so that people see it meanwhile and it is not hammered.
    """
    key, at = f"{kind}:{subject}", timezone.now() + delay
    with transaction.atomic():
        job, is_new = Job.objects.select_for_update().get_or_create(
            key=key,
            defaults={"kind": kind, "subject": str(subject), "label": label, "next_attempt_at": at},
        )
        if is_new:
            return job
        if is_routine and _rests_after_failure(job):
            return job
        job.wanted = F("wanted") + 1
        if job.state in (JobState.IDLE, JobState.FAILED):
            job.state, job.attempts, job.next_attempt_at = JobState.DUE, 0, at
        elif job.state == JobState.DUE and job.attempts == 0:
            job.next_attempt_at = min(job.next_attempt_at, at)
        job.label = label or job.label
        job.save()
        job.refresh_from_db()
    return job


def _rests_after_failure(job: Job) -> bool:
    failed_lately = job.finished_at and job.finished_at > timezone.now() - REST_AFTER_FAILURE
    return job.state == JobState.FAILED and bool(failed_lately)


def run(job_id: int) -> str:
    """Run a job if it is due and nobody else runs it; return what happened in one sentence."""
    owner = uuid.uuid4().hex
    job = _claim(job_id, owner)
    if job is None:
        return "Nothing to do: it is not due, or another worker has it."
    try:
        sentence = handlers.get(job.kind)(int(job.subject))
    except TryLater as error:
        wait = timedelta(seconds=error.retry_after) if error.retry_after else backoff(job.attempts)
        _settle(job, owner, JobState.DUE, error=str(error), wait=wait)
        return f"Will try again in {wait.total_seconds():.0f} s: {error}"
    except (Refused, Reconnect) as error:
        _settle(job, owner, JobState.FAILED, error=str(error))
        return f"Needs a person: {error}"
    except Exception as error:
        last = job.attempts >= settings.JOB_MAX_ATTEMPTS
        state = JobState.FAILED if last else JobState.DUE
        text = f"{type(error).__name__}: {error}"
        _settle(job, owner, state, error=text, wait=backoff(job.attempts))
        raise
    _finish(job, owner, sentence)
    return sentence


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling, capped, with jitter."""
    seconds = FIRST_BACKOFF.total_seconds() * 2 ** min(max(attempts - 1, 0), 12)
    capped = min(seconds, LONGEST_BACKOFF.total_seconds())
    return timedelta(seconds=capped * random.uniform(0.8, 1.2))


def _claim(job_id: int, owner: str) -> Job | None:
    """Take the lease with one statement; the attempt counts even if this process dies now."""
    now = timezone.now()
    free = Q(state=JobState.DUE, next_attempt_at__lte=now) | Q(
        state=JobState.RUNNING, lease_until__lt=now
    )
    out_of_attempts = Job.objects.filter(
        pk=job_id,
        state=JobState.RUNNING,
        lease_until__lt=now,
        attempts__gte=settings.JOB_MAX_ATTEMPTS,
    )
    if out_of_attempts.update(
        state=JobState.FAILED,
        last_error="The worker died each time it ran this; it is not tried again by itself.",
    ):
        return None
    claimed = Job.objects.filter(free, pk=job_id).update(
        state=JobState.RUNNING,
        lease_owner=owner,
        lease_until=Case(
            *(When(kind=kind, then=Value(now + lease_time(kind))) for kind in _long),
            default=Value(now + lease_time("")),
            output_field=DateTimeField(),
        ),
        attempts=F("attempts") + 1,
        started_at=now,
    )
    return Job.objects.get(pk=job_id) if claimed else None


def _settle(
    job: Job, owner: str, state: JobState, *, error: str, wait: timedelta = timedelta(0)
) -> None:
    now = timezone.now()
    Job.objects.filter(pk=job.pk, lease_owner=owner).update(
        state=state,
        last_error=error[:2000],
        next_attempt_at=now + wait,
        lease_owner="",
        lease_until=None,
        finished_at=now,
    )


def _finish(job: Job, owner: str, sentence: str) -> None:
    now = timezone.now()
    mine = Job.objects.filter(pk=job.pk, lease_owner=owner)
    rest = {
        "last_result": sentence[:2000],
        "last_error": "",
        "attempts": 0,
        "done": job.wanted,
        "lease_owner": "",
        "lease_until": None,
        "finished_at": now,
    }
    at_rest = mine.filter(wanted=job.wanted).update(state=JobState.IDLE, **rest)
    if not at_rest:
        mine.update(state=JobState.DUE, next_attempt_at=now, **rest)


def due() -> list[int]:
    """Jobs that wait for a worker now, or whose worker is gone."""
    return list(_due().order_by("next_attempt_at").values_list("pk", flat=True))


def is_due(job_id: int) -> bool:
    return _due().filter(pk=job_id).exists()


def _due() -> QuerySet[Job]:
    now = timezone.now()
    waiting = Q(state=JobState.DUE, next_attempt_at__lte=now)
    orphaned = Q(state=JobState.RUNNING, lease_until__lt=now)
    return Job.objects.filter(waiting | orphaned)


def beat(name: str) -> None:
    """Leave a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})
