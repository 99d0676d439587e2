from __future__ import annotations

import json

from integrations.http.recorder import LARGEST, LONGEST, ExchangeNote, Watch, presentable

SECRETS = ("TTP_abc123", "s3cret", "ROW_cipher99", "Alex Morgan", "88 Example Street", "415-555")


def recorded(query: dict[str, str], body: bytes, answer: bytes) -> ExchangeNote:
    notes: list[ExchangeNote] = []
    watch = Watch(notes.append, "POST", "/order/202309/orders/search", list(query.items()), body)
    watch.answered(200, answer, code="0", request_id="R1")
    return notes[0]


def test_a_note_holds_neither_secrets_nor_people() -> None:
    note = recorded(
        {"shop_cipher": "ROW_cipher99", "sign": "s3cret", "app_secret": "s3cret", "ids": "1,2"},
        b'{"access_token":"TTP_abc123","order_status":"UNPAID"}',
        json.dumps(
            {
                "code": 0,
                "data": {
                    "refresh_token": "TTP_abc123",
                    "orders": [
                        {
                            "id": "577",
                            "recipient_address": {
                                "name": "Alex Morgan",
                                "full_address": "88 Example Street",
                                "phone_number": "415-555",
                            },
                        }
                    ],
                },
            }
        ).encode(),
    )
    text = note.request + note.response
    assert [secret for secret in SECRETS if secret in text] == []
    assert "ids=1,2" in note.request
    assert '"order_status": "UNPAID"' in note.request
    assert '"id": "577"' in note.response
    assert (note.http_status, note.code, note.request_id) == (200, "0", "R1")


def test_a_call_without_an_answer_is_noted_with_its_reason() -> None:
    notes: list[ExchangeNote] = []
    Watch(notes.append, "GET", "/x", [], None).unanswered("The answer did not come in time.")
    assert notes[0].http_status == 0
    assert notes[0].message == "The answer did not come in time."


def test_a_long_answer_is_cut() -> None:
    answer = json.dumps({"code": 0, "data": {"text": "x" * 30_000}}).encode()
    assert len(recorded({}, b"", answer).response) == LONGEST


def test_of_a_page_of_rows_only_the_size_is_kept() -> None:
    assert presentable(b" " * (LARGEST + 1)) == f"({LARGEST + 1} bytes)"


def test_a_picture_is_noted_by_its_size() -> None:
    note = recorded({}, b"--boundary\r\n\xff\xd8", b"{}")
    assert note.request.strip() == "(14 bytes)"


def test_tokens_are_hidden_in_what_is_not_json() -> None:
    assert presentable(b"<p>token TTP_abc-12_3 expired</p>") == "<p>token [hidden] expired</p>"
    assert presentable(b"\xff\xd8\xff") == "(3 bytes)"
