"""The log of one call to a remote system, with secrets and people's data taken out."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.kernel.redact import redact

LONGEST = 20_000  # characters kept of a request or an answer
LARGEST = 100_000  # bytes; a longer body is a full page of rows, and only its size is kept
_TOKEN_SHAPES = re.compile(r"\b(?:TTP|ROW|GCP)_[\w-]+")


@dataclass(frozen=True, slots=True)
class ExchangeNote:
    """One call as it may be kept and shown: nothing in it is secret or personal."""

    method: str
    path: str
    http_status: int
    code: str
    request_id: str
    milliseconds: int
    request: str
    response: str
    message: str = ""  # what went wrong, in the remote system's words or ours


#: Stores one note. The toolkit calls it and knows nothing of databases.
Recorder = Callable[[ExchangeNote], None]


def keep_nothing(note: ExchangeNote) -> None:
    """Forget the call: for clients that nobody watches."""


@dataclass(slots=True)
class Watch:
    """Measures one call and hands its note to the recorder."""

    recorder: Recorder
    method: str
    path: str
    query: Sequence[tuple[str, str]]
    body: bytes | None
    began: float = 0.0

    def __post_init__(self) -> None:
        self.began = time.monotonic()

    def answered(
        self, status: int, body: bytes, *, code: str = "", request_id: str = "", message: str = ""
    ) -> None:
        """Record a call that was answered, well or badly."""
        self._record(status, code, request_id, presentable(body), message)

    def unanswered(self, message: str) -> None:
        """Record a call to which no whole answer came."""
        self._record(0, "", "", "", message)

    def _record(self, status: int, code: str, request_id: str, response: str, message: str) -> None:
        elapsed = int((time.monotonic() - self.began) * 1000)
        note = ExchangeNote(
            method=self.method,
            path=self.path,
            http_status=status,
            code=code,
            request_id=request_id,
            milliseconds=elapsed,
            request=_presentable_request(self.query, self.body),
            response=response,
            message=message,
        )
        self.recorder(note)


def presentable(body: bytes) -> str:
    """Return a body as text that may be stored and shown."""
    if len(body) > LARGEST:
        return f"({len(body)} bytes)"
    try:
        content = json.loads(body)
    except ValueError:
        return _presentable_text(body)
    return json.dumps(redact(content), ensure_ascii=False)[:LONGEST]


def _presentable_text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(body)} bytes)"
    # What is not JSON has no names to judge by, so only its beginning is kept.
    return _TOKEN_SHAPES.sub("[hidden]", text[:500])


def _presentable_request(query: Sequence[tuple[str, str]], body: bytes | None) -> str:
    shown: dict[str, Any] = redact(dict(query))
    line = "&".join(f"{name}={value}" for name, value in shown.items())
    if not body:
        return line
    # A multipart body begins with its boundary: a picture is no use in a log.
    content = f"({len(body)} bytes)" if body.startswith(b"--") else presentable(body)
    return f"{line}\n{content}"[:LONGEST]
