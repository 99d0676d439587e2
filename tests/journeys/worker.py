"""Background work of a journey, done when the test says so, in this process."""

from __future__ import annotations

from collections.abc import Callable

from marketplace.kernel import jobs


def let_the_worker_work(*ticks: Callable[[], str]) -> list[str]:
    """Do what a worker would do within a minute; return what it said of each job."""
    said: list[str] = []
    for tick in ticks:
        tick()
    for _ in range(50):
        due = jobs.due()
        if not due:
            return said
        said += [jobs.run(job_id) for job_id in due]
    raise AssertionError(f"The work never ends: {said[-3:]}")
