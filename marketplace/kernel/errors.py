"""The three kinds of expected failure, by who can do something about it.

Refused       a person must change something first
TryLater      nobody need act; the schedule asks again
Reconnect     the merchant must authorize the shop again

Everything else is a bug and stays loud.
"""

from __future__ import annotations


class Failure(Exception):
    """An expected failure; `code` and `request_id` are the remote system's own, if it gave any."""

    def __init__(self, message: str, *, code: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id


class Refused(Failure):
    """A person must change something first. The text is written for that person."""


class TryLater(Failure):
    """Nobody need act: the same request may work in a while.

    `retry_after` is in seconds. `outcome_unknown` says that a write may have been carried out
    although no answer came, so whoever repeats it must look first.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown


class Reconnect(Failure):
    """The shop's credentials are dead: stop its jobs until the merchant authorizes it again."""
