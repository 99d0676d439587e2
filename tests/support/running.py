"""Waiting for something to be so, and being killed when it is."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

from tests.support.processes import Died

KILLED = Died(-signal.SIGKILL)


def wait_until(holds: Callable[[], object], *, seconds: float = 20) -> None:
    """Look again and again; fail when it never comes to pass."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.02)


def die_when(happened: Callable[[], object]) -> None:
    """Let this process be killed, as by the operating system, once something is so."""

    def wait() -> None:
        while not happened():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()
