"""Which of our three kinds of failure each of TikTok Shop's error codes is: one table."""

from __future__ import annotations

from integrations.http.errors import (
    RemoteBusy,
    RemoteDenied,
    RemoteError,
    RemoteFault,
    RemoteRefused,
)
from integrations.tiktok.error_words import explain

RATE_LIMIT = 36009002
TOKEN_EXPIRED = 105002
UMBRELLA = 36009004  # bad key, bad time, bad token or bad body: only its message tells

#: Codes after which the same request may work by itself.
BUSY = frozenset(
    {
        RATE_LIMIT, 36009003, 36009007,
        12001000, 12052109, 12052881, 12056001, 33001002,
        10002014, 10002015, 10037002, 10037003, 10037004,
        11001027, 11001031, 11006010, 11034023, 11034037,
        21022029, 21023022, 25001028, 38023025,
    }
)  # fmt: skip

#: Busy codes after which nothing was carried out, so that even a write may be repeated.
NOT_EXECUTED = frozenset({RATE_LIMIT, 12052109})

#: Codes that only a new authorization mends.
DENIED = frozenset({101000, TOKEN_EXPIRED, 36004001, 36004004})

#: The shop has used up the new products of its day.
DAILY_LIMIT = "12052093"

#: No category fits the title; an answer rather than a failure.
NO_SUGGESTION = "12019064"


def failure(fault: RemoteFault, *, writing: bool, retry_after: float | None = None) -> RemoteError:
    """Return the failure that an error answer is, ready to be raised."""
    code = int(fault.code) if fault.code.isdigit() else 0
    if _is_busy(fault, code):
        executed_perhaps = writing and fault.http_status != 429 and code not in NOT_EXECUTED
        return RemoteBusy(
            _sentence(fault),
            fault,
            retry_after=retry_after,
            outcome_unknown=executed_perhaps,
        )
    if code in DENIED or _is_bad_token(fault, code):
        return RemoteDenied(_sentence(fault), fault)
    return RemoteRefused(_sentence(fault), fault)


def is_stale_token(fault: RemoteFault) -> bool:
    """Say whether another access token may mend the failure."""
    code = int(fault.code) if fault.code.isdigit() else 0
    return code == TOKEN_EXPIRED or _is_bad_token(fault, code)


def _is_busy(fault: RemoteFault, code: int) -> bool:
    return code in BUSY or fault.http_status == 429 or fault.http_status >= 500


def _is_bad_token(fault: RemoteFault, code: int) -> bool:
    return code == UMBRELLA and "access" in fault.words and "token" in fault.words


def _sentence(fault: RemoteFault) -> str:
    """Return the failure for a person: what it is, what to do, TikTok Shop's own words."""
    if not fault.code:
        return f"TikTok Shop answered with status {fault.http_status}."
    explanation = explain(fault.code, fault.words)
    if not explanation.known:
        return f"TikTok Shop says: “{explanation.title}”."
    return f"{explanation.title}. {explanation.what_to_do} TikTok Shop says: “{fault.words}”"
