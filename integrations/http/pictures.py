"""Fetch pictures from the web by address, without being sent into our own network."""

from __future__ import annotations

import ipaddress
import socket
import time
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from marketplace.kernel.errors import Refused, TryLater

MOST_BYTES = 30 * 1024 * 1024
MOST_SECONDS = 30.0
MOST_REDIRECTS = 3
CHUNK = 64 * 1024
TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)
HEADERS = {
    "Accept": "image/*",
    "Accept-Encoding": "identity",  # so that bytes counted are bytes received
    "User-Agent": "MarketplaceManagement/1.0 (product pictures)",
}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
# Behind this prefix lies any IPv4 address, private ones too.
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class _PrivatePeer(HTTPError):
    """The connection led into a private network; nothing was sent over it."""


class _GuardedConnection(HTTPConnection):
    """Looks at who answered before a byte is sent: a name may resolve anew after it was checked."""

    def _new_conn(self) -> socket.socket:
        return _refuse_private_peer(super()._new_conn())


class _GuardedTlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _refuse_private_peer(super()._new_conn())


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTlsConnection


class WebPictures:
    """The source of pictures that are named by a web address."""

    def __init__(self) -> None:
        self._manager = urllib3.PoolManager(num_pools=20, headers=HEADERS)
        self._manager.pool_classes_by_scheme = {"http": _GuardedPool, "https": _GuardedTlsPool}

    def fetch(self, address: str) -> bytes:
        """Return a picture's bytes; raise Refused with a sentence if it cannot be had."""
        deadline = time.monotonic() + MOST_SECONDS
        for _ in range(MOST_REDIRECTS + 1):
            _check_address(address)
            answer = self._ask(address)
            try:
                if answer.status not in REDIRECTS:
                    return _read(answer, address, deadline)
                address = urljoin(address, answer.headers.get("Location", ""))
            finally:
                answer.close()
        raise Refused(f"The address forwards more than {MOST_REDIRECTS} times.")

    def _ask(self, address: str) -> Any:
        try:
            return self._manager.request(
                "GET",
                address,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=TIMEOUT,
            )
        except _PrivatePeer as error:
            raise _private(address) from error
        except HTTPError as error:
            raise TryLater(f"{_host(address)} did not answer.") from error


def is_private(ip: str) -> bool:
    """Tell whether an IP address lies in a network that is not the public internet."""
    number = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(number, ipaddress.IPv6Address):
        if number.ipv4_mapped is not None:
            number = number.ipv4_mapped
        elif number in TRANSLATED:
            return True
    return not number.is_global or number.is_multicast


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise Refused("It is not a web address.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refused("Only addresses that start with http:// or https:// can be fetched.")
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TryLater(f"The host {parts.hostname} was not found.") from error
    if not _private_allowed() and any(is_private(str(entry[4][0])) for entry in found):
        raise _private(address)


def _refuse_private_peer(connection: socket.socket) -> socket.socket:
    if not _private_allowed() and is_private(str(connection.getpeername()[0])):
        connection.close()
        raise _PrivatePeer
    return connection


def _private_allowed() -> bool:
    return bool(getattr(settings, "IMAGE_FETCH_ALLOW_PRIVATE", False))


def _private(address: str) -> Refused:
    return Refused(
        f"{_host(address)} lies in a private network; pictures come from the public web only."
    )


def _read(answer: Any, address: str, deadline: float) -> bytes:
    if answer.status in BUSY:
        raise TryLater(f"{_host(address)} is busy (HTTP {answer.status}).")
    if answer.status != 200:
        raise Refused(f"{_host(address)} has no picture at this address (HTTP {answer.status}).")
    content = bytearray()
    try:
        for chunk in answer.stream(CHUNK):
            content += chunk
            if len(content) > MOST_BYTES:
                raise Refused(f"The picture is larger than {MOST_BYTES // 1024 // 1024} MB.")
            if time.monotonic() > deadline:
                raise TryLater(f"The picture took longer than {MOST_SECONDS:.0f} seconds.")
    except HTTPError as error:
        raise TryLater(f"{_host(address)} broke off before the picture was complete.") from error
    return bytes(content)


def _host(address: str) -> str:
    return urlsplit(address).hostname or "The host"
