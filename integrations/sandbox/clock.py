"""The sandbox's own time, which a person or a test can move forward."""

from __future__ import annotations

import time

from integrations.sandbox.store import Store


class Clock:
    """Real time plus an offset that is kept with the state."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self) -> int:
        """Return the sandbox's time in Unix seconds."""
        return int(time.time()) + self.offset()

    def offset(self) -> int:
        """Return how far the sandbox is ahead of real time, in seconds."""
        return int(self._store.setting("clock_offset", 0))

    def advance(self, seconds: int) -> int:
        """Move forward and return the new time."""
        self._store.set_setting("clock_offset", self.offset() + seconds)
        return self.now()


def real_now() -> int:
    """Return real time: a client signs with its own clock, which the sandbox cannot move."""
    return int(time.time())
