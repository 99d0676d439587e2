"""Bytes to and from one remote host, with a time limit on every call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import requests
from urllib3.exceptions import NewConnectionError
from urllib3.filepost import encode_multipart_formdata

from integrations.http.errors import RemoteBusy, RemoteFault

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, unread."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after(self) -> float | None:
        """Return the seconds the server asks us to wait, if it says so in seconds."""
        text = self.headers.get("retry-after", "")
        try:
            return max(float(text), 0.0)
        except ValueError:
            return None


class Transport:
    """Sends requests to one base address. No call can forget the time limit."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout: tuple[float, float] = (CONNECT_SECONDS, ANSWER_SECONDS),
        session: requests.Session | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.session = session or requests.Session()
        # Proxies and .netrc of the machine must not change where a signed request goes.
        self.session.trust_env = False

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send one request and return the reply, whatever its status.

        Raises `RemoteBusy` when no whole reply came; `outcome_unknown` is then true unless the
        request certainly never left.
        """
        url = f"{self.base_url}{quote(path)}"
        if query:
            url = f"{url}?{urlencode(query)}"
        try:
            response = self.session.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _unreachable(method, path, error) from error
        answered = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, answered, response.content)


def form_with_file(
    fields: Mapping[str, str], *, field: str, filename: str, content: bytes
) -> tuple[bytes, str]:
    """Return the body and content type of a form that carries one file."""
    parts: dict[str, str | tuple[str, bytes]] = {**fields, field: (filename, content)}
    return encode_multipart_formdata(parts)


def _unreachable(method: str, path: str, error: requests.RequestException) -> RemoteBusy:
    never_left = isinstance(error, requests.ConnectTimeout) or _refused_at_the_door(error)
    if isinstance(error, requests.Timeout):
        message = "The answer did not come in time."
    elif never_left:
        message = "The server could not be reached."
    else:
        message = "The connection broke before the answer was complete."
    fault = RemoteFault(method, path, words=type(error).__name__)
    return RemoteBusy(message, fault, outcome_unknown=not never_left)


def _refused_at_the_door(error: requests.RequestException) -> bool:
    """Say whether no connection was made at all, so that nothing can have been done."""
    inner = error.args[0] if error.args else None
    return isinstance(getattr(inner, "reason", None), NewConnectionError)
