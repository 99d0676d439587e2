from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from marketplace.kernel import jobs, tasks
from marketplace.kernel.errors import Reconnect, Refused, TryLater
from marketplace.kernel.models import Job, JobState

pytestmark = pytest.mark.django_db


class Work:
    """A job kind whose behavior each test chooses."""

    def __init__(self) -> None:
        self.runs: list[int] = []
        self.outcomes: list[object] = []

    def __call__(self, subject: int) -> str:
        self.runs.append(subject)
        outcome = self.outcomes.pop(0) if self.outcomes else "done"
        if isinstance(outcome, Exception):
            raise outcome
        if callable(outcome):
            outcome()
        return "done"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    found = Work()
    monkeypatch.setitem(jobs.handlers._by_name, "test", found)
    return found


def test_asking_twice_before_it_ran_makes_one_run(work: Work) -> None:
    job = jobs.want("test", 7)
    jobs.want("test", 7)
    assert jobs.run(job.pk) == "done"
    assert jobs.run(job.pk).startswith("Nothing to do")
    assert work.runs == [7]


def test_asking_during_a_run_makes_one_more_run(work: Work) -> None:
    job = jobs.want("test", 7)
    work.outcomes = [lambda: jobs.want("test", 7)]
    jobs.run(job.pk)
    assert Job.objects.get().state == JobState.DUE
    jobs.run(job.pk)
    assert work.runs == [7, 7]
    assert Job.objects.get().state == JobState.IDLE


def test_a_job_that_another_worker_runs_is_left_alone(work: Work) -> None:
    job = jobs.want("test", 7)
    Job.objects.update(
        state=JobState.RUNNING,
        lease_owner="other",
        lease_until=timezone.now() + timedelta(minutes=1),
    )
    assert jobs.run(job.pk).startswith("Nothing to do")
    assert work.runs == []


def test_the_job_of_a_dead_worker_is_taken_over(work: Work) -> None:
    job = jobs.want("test", 7)
    Job.objects.update(
        state=JobState.RUNNING,
        lease_owner="dead",
        attempts=1,
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    assert jobs.due() == [job.pk]
    assert jobs.run(job.pk) == "done"


def test_a_job_that_kills_its_worker_each_time_ends_with_a_person(work: Work, settings) -> None:
    job = jobs.want("test", 7)
    Job.objects.update(
        state=JobState.RUNNING,
        lease_owner="dead",
        attempts=settings.JOB_MAX_ATTEMPTS,
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    jobs.run(job.pk)
    assert work.runs == []
    stuck = Job.objects.get()
    assert stuck.state == JobState.FAILED
    assert stuck.last_error.startswith("The worker died each time")


def test_the_write_back_of_a_worker_that_lost_its_lease_changes_nothing(work: Work) -> None:
    job = jobs.want("test", 7)
    work.outcomes = [lambda: Job.objects.update(lease_owner="somebody else")]
    jobs.run(job.pk)
    assert Job.objects.get().state == JobState.RUNNING


def test_try_later_waits_as_long_as_the_channel_said(work: Work) -> None:
    job = jobs.want("test", 7)
    work.outcomes = [TryLater("busy", retry_after=90)]
    before = timezone.now()
    assert jobs.run(job.pk) == "Will try again in 90 s: busy"
    again = Job.objects.get()
    assert again.state == JobState.DUE
    assert again.next_attempt_at >= before + timedelta(seconds=89)
    assert jobs.due() == []


@pytest.mark.parametrize("error", [Refused("map it first"), Reconnect("token is dead")])
def test_what_a_person_must_mend_is_not_tried_again_by_itself(work: Work, error) -> None:
    job = jobs.want("test", 7)
    work.outcomes = [error]
    jobs.run(job.pk)
    stuck = Job.objects.get()
    assert (stuck.state, stuck.last_error) == (JobState.FAILED, error.message)
    assert jobs.due() == []


def test_a_bug_stays_loud_and_is_tried_again_a_few_times(work: Work, settings) -> None:
    settings.JOB_MAX_ATTEMPTS = 2
    job = jobs.want("test", 7)
    for _ in range(2):
        work.outcomes = [ZeroDivisionError("oh")]
        with pytest.raises(ZeroDivisionError):
            jobs.run(job.pk)
        Job.objects.update(next_attempt_at=timezone.now())
    stuck = Job.objects.get()
    assert (stuck.state, stuck.last_error) == (JobState.FAILED, "ZeroDivisionError: oh")


def test_asking_again_after_a_failure_makes_it_due(work: Work) -> None:
    job = jobs.want("test", 7)
    work.outcomes = [Refused("no")]
    jobs.run(job.pk)
    tasks.nudge("test", 7)
    assert jobs.due() == [job.pk]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_asked_for_nothing(work: Work) -> None:
    class Stop(Exception):
        pass

    def ask_and_fail() -> None:
        tasks.nudge("test", 7)
        raise Stop

    with pytest.raises(Stop):
        transaction.atomic(ask_and_fail)()
    assert Job.objects.count() == 0
    assert OrmQ.objects.count() == 0


def test_the_sweeper_rings_for_what_is_due_and_leaves_a_sign_of_life(work: Work) -> None:
    jobs.want("test", 7)
    jobs.want("test", 8, delay=timedelta(minutes=5))
    assert tasks.sweep() == "1 jobs due"
    assert OrmQ.objects.count() == 1


def test_a_schedule_leaves_a_failed_job_to_people_for_a_while_and_then_wakes_it(work: Work) -> None:
    job = jobs.want("test", 7)
    work.outcomes = [Refused("no")]
    jobs.run(job.pk)
    tasks.nudge("test", 7, is_routine=True)
    assert Job.objects.get().state == JobState.FAILED
    Job.objects.update(finished_at=timezone.now() - timedelta(minutes=16))
    tasks.nudge("test", 7, is_routine=True)
    assert jobs.due() == [job.pk]


def test_work_that_nobody_carries_out_cannot_be_asked_for() -> None:
    with pytest.raises(LookupError, match="no job kind 'typo'"):
        tasks.nudge("typo", 7)
