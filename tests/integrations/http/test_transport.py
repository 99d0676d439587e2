from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests

from integrations.http.errors import RemoteBusy, RemoteFault, RemoteRefused
from integrations.http.transport import Reply, Transport, form_with_file
from tests.integrations.http.peer import Peer


@pytest.fixture
def peers() -> Iterator[list[Peer]]:
    opened: list[Peer] = []
    yield opened
    for peer in opened:
        peer.close()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def test_a_reply_is_returned_whatever_its_status(
    peers: list[Peer], session: requests.Session
) -> None:
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nlate"
    peers.append(Peer(answer))
    reply = Transport(peers[0].url, session=session).send(
        "POST", "/orders", query=[("ids", "1,2"), ("page_token", "a+b/c")], body=b"{}"
    )
    assert (reply.status, reply.body, reply.retry_after) == (503, b"late", 7.0)
    assert peers[0].heard.startswith(b"POST /orders?ids=1%2C2&page_token=a%2Bb%2Fc HTTP/1.1")


def test_a_time_out_leaves_the_outcome_unknown(
    peers: list[Peer], session: requests.Session
) -> None:
    peers.append(Peer(b"", silent=True))
    transport = Transport(peers[0].url, timeout=(1.0, 0.1), session=session)
    with pytest.raises(RemoteBusy, match="did not come in time") as caught:
        transport.send("POST", "/products", body=b"{}")
    assert caught.value.outcome_unknown is True


def test_a_connection_that_breaks_leaves_the_outcome_unknown(
    peers: list[Peer], session: requests.Session
) -> None:
    peers.append(Peer(b""))
    with pytest.raises(RemoteBusy, match="connection broke") as caught:
        Transport(peers[0].url, session=session).send("POST", "/products", body=b"{}")
    assert caught.value.outcome_unknown is True


def test_nothing_can_have_happened_where_nobody_listens(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(RemoteBusy, match="could not be reached") as caught:
        Transport(f"http://127.0.0.1:{port}", session=session).send("POST", "/products")
    assert caught.value.outcome_unknown is False


def test_the_machine_s_proxy_is_not_used(
    peers: list[Peer], session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    peers.append(Peer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert Transport(peers[0].url, session=session).send("GET", "/").status == 200


def test_a_redirect_is_not_followed(peers: list[Peer], session: requests.Session) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    peers.append(Peer(answer))
    assert Transport(peers[0].url, session=session).send("GET", "/").status == 302


@pytest.mark.parametrize(
    ("header", "seconds"), [("2", 2.0), ("0.5", 0.5), ("-3", 0.0), ("tomorrow", None), ("", None)]
)
def test_a_wait_is_believed_only_in_seconds(header: str, seconds: float | None) -> None:
    assert Reply(429, {"retry-after": header}, b"").retry_after == seconds


def test_a_form_names_its_file() -> None:
    body, content_type = form_with_file(
        {"use_case": "MAIN_IMAGE"}, field="data", filename="red socks.jpg", content=b"\xff\xd8"
    )
    assert content_type.startswith("multipart/form-data; boundary=")
    assert b'name="use_case"\r\n\r\nMAIN_IMAGE\r\n' in body
    assert b'name="data"; filename="red socks.jpg"' in body
    assert b"\r\n\r\n\xff\xd8\r\n" in body


def test_a_failure_ends_with_what_to_quote_to_the_support() -> None:
    fault = RemoteFault("POST", "/products", 200, "12052051", "2026R1", "too long")
    error = RemoteRefused("The title is too long.", fault)
    assert str(error) == "The title is too long. (code 12052051, request 2026R1)"
    assert (error.message, error.code, error.request_id) == (
        "The title is too long.",
        "12052051",
        "2026R1",
    )
