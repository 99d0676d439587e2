from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import BaseCache, caches
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache

from integrations.http.errors import RemoteBusy
from integrations.http.throttle import Throttle


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture(params=["memory", "files"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseCache]:
    opened: BaseCache = (
        LocMemCache(str(tmp_path), {})
        if request.param == "memory"
        else FileBasedCache(str(tmp_path), {})
    )
    yield opened
    opened.clear()


def throttle(cache: BaseCache, clock: Clock, patience: float = 20.0) -> Throttle:
    return Throttle(cache=cache, clock=clock, sleep=clock.sleep, patience=patience)


def test_no_second_sees_more_calls_than_its_budget(cache: BaseCache) -> None:
    clock = Clock()
    budget = throttle(cache, clock)
    moments = []
    for _ in range(12):
        budget.wait("shop", 5)
        moments.append(int(clock()))
    assert [moments.count(1_000_000 + second) for second in range(3)] == [5, 5, 2]


def test_two_workers_share_one_budget(cache: BaseCache) -> None:
    clock = Clock()
    first, second = throttle(cache, clock), throttle(cache, clock)
    for _ in range(2):
        first.wait("shop", 4)
        second.wait("shop", 4)
    assert clock.naps == []
    second.wait("shop", 4)
    assert clock.naps == [1.0]


def test_one_shop_does_not_spend_another_s_budget(cache: BaseCache) -> None:
    clock = Clock()
    budget = throttle(cache, clock)
    budget.wait("east", 1)
    budget.wait("west", 1)
    assert clock.naps == []


def test_less_than_one_call_a_second_is_kept_too(cache: BaseCache) -> None:
    clock = Clock()
    budget = throttle(cache, clock)
    for _ in range(3):
        budget.wait("shop", 0.5)
    assert clock.now == 1_000_004.0


def test_a_budget_that_is_gone_for_long_says_try_later(cache: BaseCache) -> None:
    clock = Clock()
    budget = throttle(cache, clock, patience=5)
    budget.pause("shop", 30)
    with pytest.raises(RemoteBusy, match="budget of this shop is used up") as caught:
        budget.wait("shop", 5)
    assert caught.value.retry_after == 30.0
    assert caught.value.outcome_unknown is False
    assert clock.naps == []


def test_a_pause_holds_back_every_worker(cache: BaseCache) -> None:
    clock = Clock()
    throttle(cache, clock).pause("shop", 3)
    throttle(cache, clock).wait("shop", 5)
    assert clock.naps == [3.0]


@pytest.mark.django_db
def test_the_default_cache_is_used_where_none_is_named() -> None:
    clock = Clock()
    caches["default"].clear()
    budget = Throttle(clock=clock, sleep=clock.sleep)
    for _ in range(3):
        budget.wait("shop", 2)
    assert len(clock.naps) == 1
