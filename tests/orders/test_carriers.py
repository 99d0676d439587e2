from __future__ import annotations

import pytest

from orders.carriers import problem_of, tracking_page


@pytest.mark.parametrize("number", ["1Z999AA10123456784", "ab-1", "A_b./9", "9" * 50])
def test_a_number_of_4_to_50_plain_characters_is_taken(number: str) -> None:
    assert problem_of(number) == ""


@pytest.mark.parametrize("number", ["", "123", "9" * 51, "12 34", "12#4", "1234\n", "１２３４"])
def test_any_other_number_is_refused_with_the_rule(number: str) -> None:
    assert problem_of(number) == (
        f"“{number}” cannot be a tracking number: it needs 4 to 50 letters, digits or - _ . /"
    )


def test_a_known_carrier_has_a_page_for_the_parcel() -> None:
    page = "https://www.ups.com/track?tracknum=1Z9%2F4"
    assert tracking_page("UPS Ground", "1Z9/4") == page


def test_usps_is_not_mistaken_for_ups() -> None:
    assert tracking_page("USPS", "9400").startswith("https://tools.usps.com/")


def test_an_unknown_carrier_has_no_page() -> None:
    assert tracking_page("Pigeon Post", "1234") == ""
