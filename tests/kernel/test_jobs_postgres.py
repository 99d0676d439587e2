"""One job in the hands of several processes at once, on PostgreSQL."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.kernel import jobs
from marketplace.kernel.models import Heartbeat, Job, JobState
from tests.support.processes import run_together
from tests.support.running import KILLED, die_when, wait_until

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A kind of job named "prove" that takes a moment and leaves a row for each run."""

    def prove(subject: int) -> str:
        Heartbeat.objects.create(name=f"{subject}-{os.getpid()}", at=timezone.now())
        time.sleep(0.3)
        return "proved"

    monkeypatch.setitem(jobs.handlers._by_name, "prove", prove)
    return lambda: sorted(Heartbeat.objects.values_list("name", flat=True))


def test_a_due_job_that_eight_processes_take_runs_once(ran: Callable[[], list[str]]) -> None:
    job = jobs.want("prove", 1)
    answers = run_together(lambda number: jobs.run(job.pk), 8)
    assert answers.count("proved") == 1
    assert sum(answer.startswith("Nothing to do") for answer in answers) == 7
    assert len(ran()) == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.done) == (JobState.IDLE, 0, 1)


def test_the_job_of_a_killed_process_is_taken_over_when_its_lease_ends(
    ran: Callable[[], list[str]],
) -> None:
    job = jobs.want("prove", 1)

    def run_and_die(number: int) -> str:
        die_when(Heartbeat.objects.exists)
        return jobs.run(job.pk)

    assert run_together(run_and_die, 1) == [KILLED]
    assert run_together(lambda number: jobs.run(job.pk)[:13], 4) == ["Nothing to do"] * 4
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.RUNNING, 1)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    answers = run_together(lambda number: jobs.run(job.pk), 4)
    assert answers.count("proved") == 1
    assert len(ran()) == 2


def test_a_job_whose_lease_was_taken_over_does_not_write_back(
    ran: Callable[[], list[str]],
) -> None:
    job = jobs.want("prove", 1)

    def work(number: int) -> str:
        if number:
            wait_until(Heartbeat.objects.exists)
            Job.objects.filter(pk=job.pk).update(
                lease_owner="another", lease_until=timezone.now() + timedelta(minutes=5)
            )
        return jobs.run(job.pk)

    run_together(work, 2)
    job.refresh_from_db()
    assert (job.state, job.lease_owner, job.done) == (JobState.RUNNING, "another", 0)


def test_work_that_many_ask_for_at_once_is_one_job_that_remembers_every_wish(
    ran: Callable[[], list[str]],
) -> None:
    ids = run_together(lambda number: [jobs.want("prove", 1).pk for _ in range(5)], 6)
    job = Job.objects.get()
    assert {pk for group in ids for pk in group} == {job.pk}
    assert (job.wanted, job.state) == (30, JobState.DUE)
    jobs.run(job.pk)
    assert len(ran()) == 1


def test_a_wish_that_comes_while_the_job_ends_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def see(subject: int) -> str:
        # What was wished before the look is seen; two runs at once would break the unique name.
        Heartbeat.objects.create(name="only one", at=timezone.now())
        Heartbeat.objects.filter(name="only one").delete()
        return "seen"

    monkeypatch.setitem(jobs.handlers._by_name, "see", see)
    job = jobs.want("see", 1)

    def work(number: int) -> None:
        for _ in range(40):
            if number < 3:
                jobs.want("see", 1)
            else:
                jobs.run(job.pk)

    run_together(work, 6)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.wanted, job.done) == (JobState.IDLE, 121, 121)
