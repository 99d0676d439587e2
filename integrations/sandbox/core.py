"""One running sandbox: its state, its clock, its faults and what it still has to do."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.clock import Clock
from integrations.sandbox.faults import Faults
from integrations.sandbox.store import Doc, Store

logger = logging.getLogger(__name__)

CALLS_KEPT = 2000


@dataclass(frozen=True)
class Config:
    """How a sandbox is started."""

    app_key: str = "sandboxkey01"
    app_secret: str = "sandbox-secret-not-for-production"
    service_id: str = "7000000000000000001"
    redirect_url: str = ""
    state: str = ":memory:"
    existing: int = 0


@dataclass
class CallLog:
    """The last calls, and how often each endpoint was called since the last reset."""

    recent: deque[Doc] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, entry: Doc) -> None:
        """Note one call under its method and path template."""
        with self.lock:
            self.recent.append(entry)
            self.counts[f"{entry['method']} {entry['template']}"] += 1

    def reset(self) -> None:
        """Start counting again."""
        with self.lock:
            self.recent.clear()
            self.counts.clear()


DueHandler = Callable[["Sandbox", str, Doc], None]


@dataclass(frozen=True)
class _Due:
    handle: DueHandler
    background: bool


_DUE: dict[str, _Due] = {}
_SEEDS: list[Callable[[Sandbox], None]] = []


def due(kind: str, *, background: bool = False) -> Callable[[DueHandler], DueHandler]:
    """Name the function that runs when something of this kind is due.

    A background one talks to other systems: it runs outside any transaction and never while a
    request is being answered.
    """

    def register(handle: DueHandler) -> DueHandler:
        _DUE[kind] = _Due(handle, background)
        return handle

    return register


def seed(handle: Callable[[Sandbox], None]) -> Callable[[Sandbox], None]:
    """Name a function that fills an empty sandbox."""
    _SEEDS.append(handle)
    return handle


class Sandbox:
    """What every route works with."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.state)
        self.clock = Clock(self.store)
        self.faults = Faults(self.store)
        self.calls = CallLog()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._background = threading.Lock()
        self.fill_if_empty()

    def fill_if_empty(self) -> None:
        """Give a new sandbox its shop."""
        with self.store.transaction():
            if self.store.setting("filled"):
                return
            self.store.set_setting("filled", True)
            for handle in _SEEDS:
                handle(self)

    def reset(self) -> None:
        """Forget everything and start anew."""
        with self.store.transaction():
            self.store.wipe()
            self.faults.clear()
            self.fill_if_empty()
        self.calls.reset()

    def now(self) -> int:
        """Return the sandbox's time in Unix seconds."""
        return self.clock.now()

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a setting that control can change."""
        return self.store.setting(name, default)

    # -- things that happen later ------------------------------------------------------------

    def schedule(self, seconds: int, kind: str, key: str, **args: Any) -> None:
        """Let something happen so many sandbox seconds from now."""
        self.store.schedule(self.now() + seconds, kind, key, args)

    def emit(self, shop_id: str, event: int, data: Doc) -> None:
        """Tell subscribers what happened; the event is written with the change it reports."""
        if "webhook" in _DUE:
            self.schedule(0, "webhook", shop_id, event=event, data=data, at=self.now())

    def settle(self) -> None:
        """Do everything that is due and stays inside the sandbox."""
        kinds = [kind for kind, entry in _DUE.items() if not entry.background]
        while True:
            with self.store.transaction():
                taken = self.store.take_due(self.now(), kinds)
                if taken is None:
                    return
                _DUE[taken[0]].handle(self, taken[1], taken[2])

    def deliver(self) -> int:
        """Do what is due and reaches other systems, such as notifications; return how many."""
        kinds = [kind for kind, entry in _DUE.items() if entry.background]
        done = 0
        with self._background:
            while (taken := self.store.take_due(self.now(), kinds)) is not None:
                _DUE[taken[0]].handle(self, taken[1], taken[2])
                done += 1
        return done

    def tick(self) -> int:
        """Do everything that is due."""
        self.settle()
        return self.deliver()

    def run_in_background(self) -> None:
        """Tick every second until stopped."""
        self._thread = threading.Thread(target=self._ticks, name="sandbox-ticks", daemon=True)
        self._thread.start()

    def _ticks(self) -> None:
        while not self._stop.wait(1.0):
            try:
                self.tick()
            except Exception:
                # One thing that cannot happen must not stop everything that is to happen later.
                logger.exception("Something that was due failed; it is tried again")

    def stop(self) -> None:
        """Stop the ticking and close the state."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self.store.close()
