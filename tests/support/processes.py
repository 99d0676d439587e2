"""Doing something in several operating-system processes at the same moment.

The processes share the test's database as workers would, so the test must be allowed to commit:
`pytest.mark.django_db(transaction=True)`.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from django.db import connections


@dataclass(frozen=True)
class Died:
    """A process ended without an answer; the code is that of the operating system."""

    exit_code: int | None


@dataclass(frozen=True)
class Raised:
    """What a process raised: the name of the exception, and all of it."""

    name: str
    trace: str


def run_together(work: Callable[[int], Any], count: int, *, timeout: float = 90) -> list[Any]:
    """Run work(0), work(1), ... each in a process of its own, all starting together.

    Returns the answers in that order. A process that was killed answers `Died`; one that raised
    fails the test, with its trace.
    """
    answers = try_together(work, count, timeout=timeout)
    for answer in answers:
        assert not isinstance(answer, Raised), answer.trace
    return answers


def try_together(work: Callable[[int], Any], count: int, *, timeout: float = 90) -> list[Any]:
    """The same, with `Raised` among the answers instead of a failed test."""
    connections.close_all()  # a connection must not be shared by two processes
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count)
    running = []
    for number in range(count):
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(work, number, barrier, theirs), daemon=True)
        process.start()
        theirs.close()
        running.append((process, mine))
    return [_answer(process, pipe, timeout) for process, pipe in running]


def _run(work: Callable[[int], Any], number: int, barrier: Barrier, pipe: Connection) -> None:
    for connection in connections.all():
        connection.ensure_connection()
    barrier.wait(60)
    try:
        answer = work(number)
    except Exception as error:  # noqa: BLE001  (it is carried to the test, which shows it)
        answer = Raised(type(error).__name__, traceback.format_exc())
    pipe.send(answer)
    pipe.close()
    connections.close_all()


def _answer(process: Any, pipe: Connection, timeout: float) -> Any:
    try:
        answer = pipe.recv() if pipe.poll(timeout) else None
    except EOFError:
        answer = None
    process.join(5 if answer is not None else 1)
    if process.is_alive():
        process.kill()
        process.join(5)
    code = process.exitcode
    process.close()
    pipe.close()
    return Died(code) if answer is None else answer
