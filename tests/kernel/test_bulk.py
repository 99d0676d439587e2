"""Background runs: chunk by chunk, killed and carried on, canceled, stopped and let go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from catalog import bulk as catalog_bulk
from catalog.models import ListingEvent, Shop
from marketplace.kernel import bulk, bulk_tasks, jobs
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused, TryLater
from marketplace.kernel.models import BulkRun, Heartbeat, Job, JobState, RunState
from marketplace.kernel.states import IllegalMove
from tests import factories
from tests.support.processes import run_together

pytestmark = pytest.mark.django_db

ROWS = 25
CHUNK = 10

#: What happens in a chunk before it ends, by the first id of it.
before_the_end: dict[int, Callable[[], None]] = {}
told_of_the_end: list[int] = []


def _mark(ids: list[int], given: dict[str, Any], by: str) -> BatchReport:
    """Write one row per id; every tenth is refused."""
    report = BatchReport("Marked")
    for pk in ids:
        if pk % 10 == 0:
            report.refused["It ends in zero"] += 1
        else:
            Heartbeat.objects.create(name=f"{given['word']} {pk} {by}", at="2026-01-01T00:00Z")
            report.done += 1
    before_the_end.get(ids[0], lambda: None)()
    return report


@pytest.fixture(scope="session", autouse=True)
def _kinds() -> None:
    own = bulk.by_chunks("test_mark", permission="", chunk=CHUNK, ended=told_of_the_end.extend)
    own(_mark)
    bulk.by_chunks("test_stage", permission="", chunk=4)(catalog_bulk.stage)


@pytest.fixture(autouse=True)
def _calm() -> Iterator[None]:
    before_the_end.clear()
    told_of_the_end.clear()
    yield
    before_the_end.clear()


def begin() -> BulkRun:
    ids = list(range(1, ROWS + 1))
    return bulk_tasks.begin("test_mark", ids, {"word": "row"}, label="Mark", user=None)


def work(run: BulkRun) -> str:
    """What a worker does with the run's job now."""
    said = jobs.run(Job.objects.get(key=f"bulk_run:{run.pk}").pk)
    run.refresh_from_db()
    return said


def never() -> bool:
    return False


def at_once() -> bool:
    return True


def fails(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_a_run_treats_every_row_once_and_counts_what_came_of_it() -> None:
    run = begin()
    assert work(run) == "Mark: Done, 25 of 25"
    assert (run.done, run.refused, run.skipped) == (23, {"It ends in zero": 2}, {})
    assert Heartbeat.objects.count() == 23
    assert told_of_the_end == list(range(1, 26))
    assert run.finished_at is not None
    assert Job.objects.get().state == JobState.IDLE


def test_a_run_stops_in_time_and_asks_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin()
    monkeypatch.setattr(bulk_tasks, "time_is_up", lambda: at_once)
    assert work(run) == "Mark: Running, 10 of 25"
    assert Job.objects.get().state == JobState.DUE
    assert told_of_the_end == []
    work(run)
    assert work(run) == "Mark: Done, 25 of 25"
    assert (run.done, Heartbeat.objects.count()) == (23, 23)


def test_a_chunk_that_died_leaves_no_trace_and_is_treated_by_the_next_worker() -> None:
    run = begin()
    before_the_end[11] = fails(MemoryError("killed"))
    with pytest.raises(MemoryError):
        work(run)
    run.refresh_from_db()
    assert (run.state, run.position, run.done) == (RunState.RUNNING, 10, 9)
    assert "MemoryError" in run.problem
    assert Heartbeat.objects.count() == 9
    before_the_end.clear()
    Job.objects.update(next_attempt_at="2026-01-01T00:00Z")
    assert work(run) == "Mark: Done, 25 of 25"
    assert (run.done, run.problem, Heartbeat.objects.count()) == (23, "", 23)


def test_a_worker_that_was_overtaken_writes_nothing() -> None:
    run = begin()
    before_the_end[11] = lambda: BulkRun.objects.filter(pk=run.pk).update(position=25) and None
    assert bulk.carry_on(run.pk, never).position == 10
    assert Heartbeat.objects.count() == 9


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_workers_on_one_run_each_row_is_treated_once(shop: Shop) -> None:
    ids = [factories.make_product(shop.merchant, with_image=False).pk for _ in range(40)]
    run = bulk.start("test_stage", ids, {"shop": shop.pk}, label="Stage", user=None)

    def worker(number: int) -> str:
        return bulk.carry_on(run.pk, never).state

    run_together(worker, 2)
    bulk.carry_on(run.pk, never)
    run.refresh_from_db()
    assert (run.state, run.done, run.skipped) == (RunState.DONE, 40, {})
    assert ListingEvent.objects.count() == 40


def test_a_canceled_run_ends_after_its_chunk_and_keeps_what_is_done() -> None:
    run = begin()
    before_the_end[11] = lambda: bulk.cancel(BulkRun.objects.get(pk=run.pk))
    assert work(run) == "Mark: Canceled, 20 of 25"
    assert (run.done, Heartbeat.objects.count(), told_of_the_end) == (18, 18, [])
    assert work(run).startswith("Nothing to do")
    with pytest.raises(IllegalMove):
        bulk.cancel(run)


def test_a_refusal_stops_the_run_with_its_sentence_until_a_person_lets_it_go_on() -> None:
    run = begin()
    before_the_end[21] = fails(Refused("The shop is disconnected."))
    work(run)
    assert (run.state, run.position, run.problem) == (
        RunState.FAILED,
        20,
        "The shop is disconnected.",
    )
    assert Heartbeat.objects.count() == 18
    before_the_end.clear()
    bulk.retry(run)
    bulk_tasks.ring(run)
    assert work(run) == "Mark: Done, 25 of 25"
    assert (run.done, run.problem, Heartbeat.objects.count()) == (23, "", 23)


def test_a_run_waits_by_itself_when_the_channel_asks_for_a_pause() -> None:
    run = begin()
    before_the_end[11] = fails(TryLater("The channel is busy.", retry_after=60))
    assert work(run).startswith("Will try again in 60 s")
    assert (run.state, run.problem) == (
        RunState.RUNNING,
        "The channel is busy. It is tried again by itself.",
    )


def test_a_run_whose_worker_died_again_and_again_is_stopped_for_a_person() -> None:
    run, other = begin(), begin()
    Job.objects.filter(subject=run.pk).update(state=JobState.FAILED, last_error="The worker died.")
    assert bulk_tasks.tick() == "1 background runs stopped"
    run.refresh_from_db()
    other.refresh_from_db()
    assert (run.state, other.state) == (RunState.FAILED, RunState.WAITING)
    assert run.problem == "It failed again and again: The worker died."
    bulk.retry(run)
    bulk_tasks.ring(run)
    assert work(run) == "Mark: Done, 25 of 25"


def test_a_thousand_different_reasons_are_kept_as_two_hundred_and_one() -> None:
    found = bulk.added({}, {f"Reason {number}": 1 for number in range(1000)})
    assert len(found) == 201
    assert found["Other reasons"] == 800


def test_the_queries_of_a_run_depend_on_its_chunks_and_not_on_its_rows(
    django_assert_num_queries: Any,
) -> None:
    ids = [10 * number for number in range(1, CHUNK + 1)]
    for rows in (ids[:2], ids):
        run = bulk.start("test_mark", rows, {"word": "x"}, label="Mark", user=None)
        with django_assert_num_queries(8):
            bulk.carry_on(run.pk, never)


def test_a_kind_that_nobody_carries_out_is_not_begun() -> None:
    with pytest.raises(LookupError):
        bulk_tasks.begin("test_nothing", [1], {}, label="Nothing", user=None)
    assert not BulkRun.objects.exists()


def test_runs_of_long_ago_are_forgotten_with_their_files() -> None:
    run, fresh, waiting = begin(), begin(), begin()
    run.report.save("report.csv", ContentFile(b"row"), save=True)
    bulk.cancel(run)
    bulk.cancel(fresh)
    long_ago = timezone.now() - timedelta(days=31)
    BulkRun.objects.filter(pk=run.pk).update(finished_at=long_ago)
    BulkRun.objects.filter(pk=waiting.pk).update(created_at=long_ago)
    assert bulk_tasks.prune() == "1 old background runs forgotten"
    assert set(BulkRun.objects.values_list("pk", flat=True)) == {fresh.pk, waiting.pk}
    assert not run.report.storage.exists(run.report.name)
