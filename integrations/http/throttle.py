"""A budget of requests per second, shared by every process that shares the cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from django.core.cache import cache as default_cache

from integrations.http.errors import RemoteBusy, RemoteFault

#: More calls than fit into any window.
_ROOM = 1_000_000
#: Not every cache counts in one step, so the threads of a process count one after another.
_COUNTING = threading.Lock()


class Cache(Protocol):
    """The few cache operations the budget needs."""

    def add(self, key: str, value: int, timeout: float | None = ...) -> bool: ...
    def incr(self, key: str, delta: int = ...) -> int: ...
    def get(self, key: str, default: float = ...) -> float: ...
    def set(self, key: str, value: float, timeout: float | None = ...) -> None: ...


class Throttle:
    """Lets through so many calls in each second; the others wait for the next one.

    Every worker counts in the same cache, so ten workers together keep one budget. A cache that
    lives in one process still bounds that process.
    """

    def __init__(
        self,
        *,
        patience: float = 20.0,
        cache: Cache | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.patience = patience
        self._cache: Cache = cache if cache is not None else default_cache
        self._clock = clock
        self._sleep = sleep

    def wait(self, key: str, per_second: float) -> None:
        """Return when a call may go out; raise `RemoteBusy` if that takes too long."""
        began = self._clock()
        while True:
            now = self._clock()
            pause = self._pause_left(key, now)
            if pause <= 0 and self._take(key, per_second, now):
                return
            nap = pause if pause > 0 else _until_next_window(now, per_second)
            if now + nap - began > self.patience:
                raise RemoteBusy(
                    "The request budget of this shop is used up for now.",
                    RemoteFault("", key),
                    retry_after=nap,
                )
            self._sleep(nap)

    def pause(self, key: str, seconds: float) -> None:
        """Keep every worker from calling for a while: the remote system asked for it."""
        self._cache.set(f"{key}:pause", self._clock() + seconds, timeout=seconds + 1)

    def _pause_left(self, key: str, now: float) -> float:
        return float(self._cache.get(f"{key}:pause", 0.0)) - now

    def _take(self, key: str, per_second: float, now: float) -> bool:
        """Count one call in the current window and say whether it still fits in.

        One number holds the window and the count, since not every cache can let a counter of
        its own expire in time.
        """
        window = _window(per_second)
        current = int(now // window)
        first = current * _ROOM + 1
        with _COUNTING:
            if self._cache.add(key, first, timeout=60.0):
                return True
            try:
                counted = self._cache.incr(key)
            except ValueError:  # it expired between the two lines
                return False
            if counted // _ROOM != current:
                self._cache.set(key, first, timeout=60.0)
                return True
        return counted % _ROOM <= max(int(per_second * window), 1)


def _window(per_second: float) -> float:
    """Return how many seconds are counted together: one, or longer for less than one a second."""
    return max(1.0, 1.0 / per_second)


def _until_next_window(now: float, per_second: float) -> float:
    window = _window(per_second)
    return window - now % window
