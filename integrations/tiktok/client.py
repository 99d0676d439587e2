"""One authorized connection to TikTok Shop: signs, sends, unwraps, repeats what is safe, raises.

The calls themselves stand in `listings`, `orders` and `logistics`.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from integrations.http.errors import RemoteBusy, RemoteDenied, RemoteFault
from integrations.http.recorder import Recorder, Watch, keep_nothing
from integrations.http.throttle import Throttle
from integrations.http.transport import Reply, Transport, form_with_file
from integrations.tiktok.errors import failure, is_stale_token
from integrations.tiktok.fields import Fields
from integrations.tiktok.signing import sign_request

Json = Mapping[str, Any]
Query = Mapping[str, str | int | bool | Sequence[str] | None]

MOST_REPEATS = 3
LONGEST_WAIT = 20.0  # seconds of Retry-After that a call waits out by itself
LONGEST_CALL = 60.0  # seconds after which a call is not repeated: a task's time is limited
BACK_OFF = (0.5, 8.0)  # seconds: the first delay, and the cap


class Tokens(Protocol):
    """The shop's access token, whoever keeps it."""

    def current(self) -> str:
        """Return the token to use now."""
        ...

    def renew(self, rejected: str) -> None:
        """Get a new token in place of a rejected one; raises `Reconnect` if that is impossible.

        May be called by several workers at once: those that come late find the new one.
        """
        ...


@dataclass(frozen=True, slots=True)
class App:
    """The keys of our app, and the host it talks to."""

    key: str
    secret: str
    api_url: str


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: bytes = b""
    content_type: str = "application/json"
    writing: bool = False


class TikTokClient:
    """Calls TikTok Shop for one shop (or, without a cipher, for one authorization)."""

    def __init__(
        self,
        app: App,
        tokens: Tokens,
        *,
        shop_cipher: str = "",
        transport: Transport | None = None,
        throttle: Throttle | None = None,
        recorder: Recorder = keep_nothing,
        reads_per_second: float = 20.0,
        writes_per_second: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.app = app
        self._tokens = tokens
        self._cipher = shop_cipher
        self._transport = transport or Transport(app.api_url)
        self._throttle = throttle or Throttle()
        self._recorder = recorder
        self._rates = {False: reads_per_second, True: writes_per_second}
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter

    def get(self, path: str, query: Query | None = None, *, scoped: bool = True) -> Fields:
        """Read one thing. `scoped` calls name the shop; the others must not."""
        return self._call(_Request("GET", path, self._query(query, scoped)))

    def search(
        self, path: str, body: Json, query: Query | None = None, *, scoped: bool = True
    ) -> Fields:
        """Read with a POST, as searches do."""
        request = _Request("POST", path, self._query(query, scoped), _bytes_of(body))
        return self._call(request)

    def write(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Query | None = None,
        *,
        scoped: bool = True,
    ) -> Fields:
        """Change something. Repeated only where it certainly was not carried out."""
        content = b"" if body is None else _bytes_of(body)
        request = _Request(method, path, self._query(query, scoped), content, writing=True)
        return self._call(request)

    def upload(self, path: str, fields: Mapping[str, str], filename: str, content: bytes) -> Fields:
        """Send one file. Uploads name no shop, and one too many does no harm."""
        body, content_type = form_with_file(
            fields, field="data", filename=filename, content=content
        )
        return self._call(_Request("POST", path, (), body, content_type))

    def pages(
        self, path: str, body: Json | None, query: Query, *, scoped: bool = True
    ) -> Iterator[Fields]:
        """Yield each page of a list, by GET where there is no body."""
        page_token = ""
        while True:
            asked = {**query, "page_token": page_token or None}
            if body is None:
                page = self.get(path, asked, scoped=scoped)
            else:
                page = self.search(path, body, asked, scoped=scoped)
            yield page
            following = page.text("next_page_token", "")
            # A token that repeats would make an endless loop of one page.
            if not following or following == page_token:
                return
            page_token = following

    def _query(self, query: Query | None, scoped: bool) -> tuple[tuple[str, str], ...]:
        asked: dict[str, Any] = dict(query or {})
        if scoped:
            asked["shop_cipher"] = self._cipher
        return tuple((name, _text_of(value)) for name, value in asked.items() if value is not None)

    def _call(self, request: _Request) -> Fields:
        began = self._clock()
        repeats = 0
        renewed = False
        while True:
            self._throttle.wait(self._budget(request), self._rates[request.writing])
            token = self._tokens.current()
            try:
                return self._once(request, token)
            except RemoteDenied as denied:
                if renewed or not is_stale_token(denied.fault):
                    raise
                self._tokens.renew(token)
                renewed = True
            except RemoteBusy as busy:
                repeats += 1
                delay = self._delay(busy, repeats)
                self._tell_the_others(request, busy, delay)
                if not self._may_repeat(request, busy, repeats, began + LONGEST_CALL - delay):
                    raise
                self._sleep(delay)

    def _once(self, request: _Request, token: str) -> Fields:
        signed = (
            *request.query,
            ("app_key", self.app.key),
            ("timestamp", str(int(self._clock()))),
        )
        sign = sign_request(
            self.app.secret,
            request.path,
            signed,
            request.body,
            multipart=request.content_type.startswith("multipart/"),
        )
        query = (*signed, ("sign", sign))
        watch = Watch(self._recorder, request.method, request.path, query, request.body)
        try:
            reply = self._transport.send(
                request.method,
                request.path,
                query=query,
                headers={"content-type": request.content_type, "x-tts-access-token": token},
                body=request.body or None,
            )
        except RemoteBusy as error:
            watch.unanswered(str(error))
            # A read has no outcome to be unsure of.
            error.outcome_unknown = error.outcome_unknown and request.writing
            raise
        return _unwrap(request.method, request.path, reply, watch, writing=request.writing)

    def _budget(self, request: _Request) -> str:
        # The cipher is a secret, so the key holds only its fingerprint.
        shop = hashlib.sha256(self._cipher.encode()).hexdigest()[:12]
        return f"tiktok:{self.app.key}:{shop}:{'write' if request.writing else 'read'}"

    def _delay(self, busy: RemoteBusy, repeats: int) -> float:
        if busy.retry_after is not None:
            return busy.retry_after
        first, cap = BACK_OFF
        # Half of it is chance, so that workers refused together do not come back together.
        return min(first * 2.0 ** (repeats - 1), cap) * (0.5 + self._jitter() / 2)

    def _may_repeat(self, request: _Request, busy: RemoteBusy, repeats: int, latest: float) -> bool:
        if repeats > MOST_REPEATS or (busy.retry_after or 0) > LONGEST_WAIT:
            return False
        if request.writing and busy.outcome_unknown:
            return False
        return self._clock() <= latest

    def _tell_the_others(self, request: _Request, busy: RemoteBusy, delay: float) -> None:
        if busy.fault.http_status == 429:
            self._throttle.pause(self._budget(request), delay)


def unwrap_unsigned(path: str, reply: Reply, watch: Watch) -> Fields:
    """Return the content of an answer from the authorization host, or raise its failure.

    Codes and refresh tokens are used up by the call, so it counts as a write.
    """
    return _unwrap("GET", path, reply, watch, writing=True)


def _unwrap(method: str, path: str, reply: Reply, watch: Watch, *, writing: bool) -> Fields:
    envelope = _envelope(reply.body)
    if envelope is None:
        watch.answered(reply.status, reply.body)
        raise _unreadable(RemoteFault(method, path, reply.status), reply, writing=writing)
    code = envelope.text("code")
    request_id = envelope.text("request_id", "")
    words = envelope.text("message", "")
    is_good = code == "0" and reply.status < 400
    watch.answered(
        reply.status,
        reply.body,
        code=code,
        request_id=request_id,
        message="" if is_good else words,
    )
    if is_good:
        return Fields(envelope.content.get("data") or {}, "data", request_id=request_id)
    fault = RemoteFault(method, path, reply.status, code, request_id, words)
    raise failure(fault, writing=writing, retry_after=reply.retry_after)


def _envelope(body: bytes) -> Fields | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    if not isinstance(content, dict) or "code" not in content:
        return None
    return Fields(content, "answer")


def _unreadable(fault: RemoteFault, reply: Reply, *, writing: bool) -> Exception:
    if reply.status < 300:
        message = "TikTok Shop's answer could not be read."
        return RemoteBusy(message, fault, outcome_unknown=writing)
    return failure(fault, writing=writing, retry_after=reply.retry_after)


def _bytes_of(body: Json) -> bytes:
    """Serialize once: these very bytes are signed and sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _text_of(value: str | int | bool | Sequence[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    return ",".join(value)


def in_batches(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    """Yield the ids in lists of at most so many."""
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
