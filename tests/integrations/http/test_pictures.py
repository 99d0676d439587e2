from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from pytest_django import Settings

from integrations.http import pictures
from integrations.http.pictures import WebPictures, is_private
from marketplace.kernel.errors import Refused, TryLater


class Host(BaseHTTPRequestHandler):
    """A web host of pictures with the manners of real ones."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/hop/"):
            left = int(self.path.rpartition("/")[2])
            self.answer(302, b"", Location=f"/hop/{left - 1}" if left > 1 else "/picture.jpg")
        elif self.path == "/inside":
            self.answer(302, b"", Location="http://10.1.2.3/secret")
        elif self.path == "/file":
            self.answer(302, b"", Location="file:///etc/hostname")
        elif self.path == "/large":
            self.answer(200, b"x" * (pictures.MOST_BYTES + 1))
        elif self.path == "/busy":
            self.answer(503, b"")
        elif self.path == "/picture.jpg":
            self.answer(200, b"bytes of a picture")
        else:
            self.answer(404, b"")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def host() -> Iterator[str]:
    Host.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def web(settings: Settings) -> WebPictures:
    settings.IMAGE_FETCH_ALLOW_PRIVATE = True
    return WebPictures()


def test_a_picture_is_fetched_by_its_address(web: WebPictures, host: str) -> None:
    assert web.fetch(f"{host}/picture.jpg") == b"bytes of a picture"


def test_three_redirects_are_followed_and_no_fourth(web: WebPictures, host: str) -> None:
    assert web.fetch(f"{host}/hop/3") == b"bytes of a picture"
    with pytest.raises(Refused, match="forwards more than 3 times"):
        web.fetch(f"{host}/hop/4")


def test_a_private_address_is_refused_before_anything_is_sent(
    host: str, settings: Settings
) -> None:
    settings.IMAGE_FETCH_ALLOW_PRIVATE = False
    with pytest.raises(Refused, match=r"127\.0\.0\.1 lies in a private network"):
        WebPictures().fetch(f"{host}/picture.jpg")
    assert Host.asked == []


def test_a_name_that_resolves_anew_to_a_private_address_gets_no_request(
    host: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IMAGE_FETCH_ALLOW_PRIVATE = False
    monkeypatch.setattr(pictures, "_check_address", lambda address: None)
    with pytest.raises(Refused, match="private network"):
        WebPictures().fetch(f"{host}/picture.jpg")
    assert Host.asked == []


def test_a_redirect_into_another_scheme_is_refused(web: WebPictures, host: str) -> None:
    with pytest.raises(Refused, match="start with http"):
        web.fetch(f"{host}/file")


def test_a_redirect_into_a_private_network_is_refused(
    web: WebPictures, host: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the first hop may be private, as if it were a public host that forwards inside.
    monkeypatch.setattr(pictures, "is_private", lambda ip: ip != "127.0.0.1")
    settings.IMAGE_FETCH_ALLOW_PRIVATE = False
    with pytest.raises(Refused, match=r"10\.1\.2\.3 lies in a private network"):
        web.fetch(f"{host}/inside")


def test_a_picture_larger_than_the_limit_is_refused(web: WebPictures, host: str) -> None:
    with pytest.raises(Refused, match="larger than 30 MB"):
        web.fetch(f"{host}/large")


def test_a_missing_picture_is_refused_and_a_busy_host_is_asked_later(
    web: WebPictures, host: str
) -> None:
    with pytest.raises(Refused, match="HTTP 404"):
        web.fetch(f"{host}/none.jpg")
    with pytest.raises(TryLater, match="HTTP 503"):
        web.fetch(f"{host}/busy")


def test_a_host_that_does_not_answer_is_asked_later(web: WebPictures) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TryLater, match="did not answer"):
        web.fetch(f"http://127.0.0.1:{port}/a.jpg")


@pytest.mark.parametrize("address", ["ftp://a.example/x", "file:///etc/passwd", "http://", "x"])
def test_only_web_addresses_are_fetched(web: WebPictures, address: str) -> None:
    with pytest.raises(Refused):
        web.fetch(address)


@pytest.mark.parametrize(
    ("ip", "private"),
    [
        ("8.8.8.8", False),
        ("2606:4700::1111", False),
        ("127.0.0.1", True),
        ("10.0.0.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("224.0.0.1", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("::ffff:192.168.0.1", True),
        ("64:ff9b::a00:1", True),
    ],
)
def test_networks_that_are_not_the_public_internet_are_known(ip: str, private: bool) -> None:
    assert is_private(ip) is private
