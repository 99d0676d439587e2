"""Runs the worker and restarts it when it is stuck.

A worker process that is killed at the wrong moment can leave its cluster waiting for ever, and
nothing inside the cluster notices; so this looks from outside.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from marketplace.kernel.tasks import queue_age

STUCK_AFTER = timedelta(minutes=4)
GRACE = timedelta(seconds=60)


class Command(BaseCommand):
    help = "Run the background worker, and restart it when it dies or stands still."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--look-every", type=float, default=10.0, help="seconds")
        parser.add_argument(
            "--stuck-after", type=float, default=STUCK_AFTER.total_seconds(), help="seconds"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        worker = self._start()
        started = time.monotonic()
        while not self.stopping:
            time.sleep(options["look_every"])
            if worker.poll() is not None and not self.stopping:
                self.stdout.write("The worker ended; starting it again.")
                worker, started = self._start(), time.monotonic()
                continue
            close_old_connections()
            is_fresh = time.monotonic() - started < options["stuck_after"]
            if not is_fresh and queue_age().total_seconds() > options["stuck_after"]:
                self.stdout.write("Work is waiting and nobody takes it; restarting the worker.")
                self._end(worker)
                worker, started = self._start(), time.monotonic()
        self._end(worker)

    def _stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "manage.py", "qcluster"], start_new_session=True)

    def _end(self, worker: subprocess.Popen[bytes]) -> None:
        """Ask politely, then end the whole process group: a stuck cluster has stuck children."""
        if worker.poll() is None:
            worker.terminate()
        try:
            worker.wait(GRACE.total_seconds())
        except subprocess.TimeoutExpired:
            self.stdout.write("The worker does not end by itself; killing it.")
        try:
            os.killpg(worker.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
