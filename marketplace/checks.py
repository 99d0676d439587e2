"""What must be right before anything starts."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from marketplace.schedules import SCHEDULES


@register()
def queue_settings_are_sane(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A queue entry must not come back while its first run may still be under way."""
    queue = settings.Q_CLUSTER
    runs = 1 + ceil((queue["queue_limit"] + 1) / queue["workers"])
    least = queue["timeout"] * runs + 60
    if queue["retry"] < least:
        return [
            Error(
                f"Q_CLUSTER retry is {queue['retry']} s; with these figures it must be at least "
                f"{least} s, or tasks run twice.",
                id="marketplace.E001",
            )
        ]
    return []


@register()
def schedules_are_sound(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """One wrong schedule stops all of them, so names and tasks are checked before the start."""
    errors: list[CheckMessage] = [
        Error(f"Two schedules are named “{name}”.", id="marketplace.E002")
        for name, count in Counter(item.name for item in SCHEDULES).items()
        if count > 1
    ]
    for item in SCHEDULES:
        try:
            import_string(item.task)
        except ImportError as error:
            errors.append(
                Error(f"Schedule “{item.name}” names no task: {error}", id="marketplace.E003")
            )
    return errors
