"""When an order must have left, and how that stands now; time is always an argument."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import TextChoices

from orders.models import TO_SHIP

#: The channel counts an order as late after this, where it gives no date of its own (R87).
TIME_TO_SHIP = timedelta(hours=72)
SOON = timedelta(hours=24)
#: A buyer's request is answered within this, where the channel gives no date of its own.
TIME_TO_ANSWER = timedelta(hours=24)
#: The next step when that time is over.
ANSWER_LATE = "Answer now, or the channel decides"


class Standing(TextChoices):
    LATE = "late", "Late"
    DUE_SOON = "due_soon", "Due soon"
    ON_TIME = "on_time", "On time"
    NOT_DUE = "not_due", "Nothing to ship"


def due_at(created_at: datetime, ship_by: datetime | None) -> datetime:
    """The channel's own date where it gives one, else 72 hours after the order was placed."""
    return ship_by or created_at + TIME_TO_SHIP


def standing(state: str, due: datetime, now: datetime) -> Standing:
    """How an order stands against its date; only what still has to leave can be late."""
    if state not in TO_SHIP:
        return Standing.NOT_DUE
    if due < now:
        return Standing.LATE
    return Standing.DUE_SOON if due - now < SOON else Standing.ON_TIME


def sentence(state: str, due: datetime, now: datetime) -> str:
    """The same in words: “Late by 3 h”, “Due in 20 h”, “Due in 2 days 4 h”."""
    found = standing(state, due, now)
    if found == Standing.NOT_DUE:
        return found.label
    word = "Late by" if found == Standing.LATE else "Due in"
    return f"{word} {_span(abs(due - now))}"


def answer_by(asked_at: datetime, respond_by: datetime | None) -> datetime:
    """The channel's own date where it gives one, else 24 hours after the request (B7)."""
    return respond_by or asked_at + TIME_TO_ANSWER


def time_to_answer(due: datetime, now: datetime) -> str:
    """What is left to answer a request, in words: “5 h left”, “Over since 20 min”."""
    return f"Over since {_span(now - due)}" if due < now else f"{_span(due - now)} left"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        unit = "day" if days == 1 else "days"
        return f"{days} {unit} {hours} h" if hours else f"{days} {unit}"
    return f"{hours} h" if hours else f"{minutes} min"
