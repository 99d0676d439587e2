"""Many things done at once; where that fails, in halves, until only the culprit is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError

from marketplace.kernel.errors import Reconnect, TryLater

T = TypeVar("T")
A = TypeVar("A")

#: Nothing that was worked on is to blame for these: the whole run is repeated.
PASSING = (TryLater, Reconnect, OperationalError, InterfaceError)


def in_halves(
    items: Sequence[T], work: Callable[[Sequence[T]], Sequence[A]]
) -> list[A | Exception]:
    """Do the work for all items together, and return an answer or an error for each, in order.

    `work` answers every item in order and leaves no trace when it raises. Raises only what is not
    an item's fault: `TryLater`, `Reconnect`, a database that is away or cannot go on now.
    """
    if not items:
        return []
    try:
        return list(work(items))
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001  (the caller shows it to people, item by item)
        if len(items) == 1:
            return [error]
    half = len(items) // 2
    return in_halves(items[:half], work) + in_halves(items[half:], work)
