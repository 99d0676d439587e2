from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.orders.memory_channel import CHANNEL, MemoryChannel
from tests.orders.world import World, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def channel() -> Iterator[MemoryChannel]:
    CHANNEL.reset()
    yield CHANNEL
    CHANNEL.reset()
