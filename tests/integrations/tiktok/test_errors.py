from __future__ import annotations

import pytest

from integrations.http.errors import RemoteBusy, RemoteDenied, RemoteFault, RemoteRefused
from integrations.tiktok.error_words import WORDS, explain
from integrations.tiktok.errors import BUSY, DENIED, failure


def fault(code: int, words: str = "no", status: int = 200) -> RemoteFault:
    return RemoteFault("POST", "/product/202309/products", status, str(code), "R77", words)


@pytest.mark.parametrize("code", sorted(BUSY))
def test_a_busy_code_is_tried_again_later(code: int) -> None:
    assert type(failure(fault(code), writing=False)) is RemoteBusy


@pytest.mark.parametrize("code", sorted(DENIED))
def test_a_dead_authorization_needs_the_merchant(code: int) -> None:
    assert type(failure(fault(code, status=401), writing=False)) is RemoteDenied


@pytest.mark.parametrize("code", [12052051, 12052093, 106001, 105005, 36009004, 99999999])
def test_any_other_code_needs_a_person(code: int) -> None:
    assert type(failure(fault(code), writing=True)) is RemoteRefused


def test_the_umbrella_code_is_a_dead_token_only_if_its_words_say_so() -> None:
    words = "Invalid credentials. The 'x-tts-access-token' header is invalid."
    assert type(failure(fault(36009004, words, 401), writing=False)) is RemoteDenied


@pytest.mark.parametrize(
    ("code", "status", "writing", "unknown"),
    [
        (36009002, 429, True, False),
        (12052109, 200, True, False),
        (36009003, 500, True, True),
        (36009007, 504, True, True),
        (36009003, 200, True, True),
        (36009003, 500, False, False),
    ],
)
def test_a_write_that_was_not_answered_well_may_have_been_done(
    code: int, status: int, writing: bool, unknown: bool
) -> None:
    error = failure(fault(code, status=status), writing=writing)
    assert isinstance(error, RemoteBusy)
    assert error.outcome_unknown is unknown


def test_a_refusal_says_what_to_do_and_quotes_the_channel() -> None:
    error = failure(fault(12052104, "property is required"), writing=True)
    assert str(error) == (
        "A required property is missing. "
        "Fill in every property that the category marks as required. "
        "TikTok Shop says: “property is required” (code 12052104, request R77)"
    )


def test_an_unknown_code_keeps_the_channel_s_own_words() -> None:
    error = failure(fault(12999999, "The moon is in the wrong house."), writing=True)
    assert str(error) == (
        "TikTok Shop says: “The moon is in the wrong house”. (code 12999999, request R77)"
    )
    assert explain(12999999, "The moon is in the wrong house.").known is False


def test_an_answer_without_a_code_is_told_by_its_status() -> None:
    error = failure(RemoteFault("GET", "/x", 413), writing=False)
    assert str(error) == "TikTok Shop answered with status 413."


def test_at_least_thirty_codes_have_words_that_end_as_sentences() -> None:
    assert len(WORDS) >= 30
    badly_put = [
        code
        for code, (title, mend) in WORDS.items()
        if title.endswith(".") or not title[0].isupper() or not mend.endswith(".")
    ]
    assert badly_put == []


@pytest.mark.parametrize("code", [12052093, "12052093"])
def test_codes_are_understood_as_numbers_and_as_texts(code: int | str) -> None:
    assert explain(code).title == "The shop's limit of new products for today is reached"


def test_an_error_without_code_and_words_is_still_explained() -> None:
    assert explain("", "").title == "TikTok Shop gave an error without words"
