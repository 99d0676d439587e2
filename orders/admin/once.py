"""The words of one row's page, asked of the database once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Page = TypeVar("Page")


def once(show: Callable[[Page, Any], object]) -> Callable[[Page, Any], object]:
    """Keep what a read-only field says on the row that a request has read.

    A form's template asks for the words of each field five times: empty or not, a link or not.
    """

    @wraps(show)
    def shown(page: Page, row: Any) -> object:
        kept: dict[str, object] = row.__dict__.setdefault("_words_on_page", {})
        if show.__name__ not in kept:
            kept[show.__name__] = show(page, row)
        return kept[show.__name__]

    return shown
