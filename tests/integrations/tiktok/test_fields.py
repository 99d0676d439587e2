from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.tiktok.fields import Fields, UnexpectedShape
from integrations.tiktok.schemas import AttributeRow, WarehouseRow
from integrations.tiktok.schemas_orders import CancellationRow

NESTED = {"orders": [{"id": "1"}, {"lines": [{"id": "2"}, {}]}]}


def test_a_missing_field_is_named_with_its_place() -> None:
    line = Fields(NESTED, "answer").rows("orders")[1].rows("lines")[1]
    with pytest.raises(UnexpectedShape, match=r"^answer\.orders\[1\]\.lines\[1\]\.id is missing$"):
        line.text("id")


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ({"n": "many"}, lambda row: row.integer("n")),
        ({"n": [1]}, lambda row: row.text("n")),
        ({"n": True}, lambda row: row.text("n")),
        ({"n": {}}, lambda row: row.rows("n")),
        ({"n": ["x"]}, lambda row: row.rows("n")),
        ({"n": "1,000"}, lambda row: row.amount("n")),
        ({"n": "NaN"}, lambda row: row.amount("n")),
        ({"n": ""}, lambda row: row.amount("n")),
        ({"n": 10**18}, lambda row: row.moment("n")),
        ({"n": None}, lambda row: row.part("n")),
        ({"n": "x"}, lambda row: row.part("n")),
    ],
)
def test_what_is_not_as_expected_is_refused(content: dict[str, Any], read: Any) -> None:
    with pytest.raises(UnexpectedShape, match=r"n(\[0\])? is "):
        read(Fields(content, "row"))


def test_null_counts_as_absent() -> None:
    row = Fields({"name": None, "rows": None, "part": None, "time": 0}, "row")
    assert row.text("name", "nobody") == "nobody"
    assert row.rows("rows") == []
    assert row.part_or_empty("part").content == {}
    assert row.moment_or_none("time") is None


def test_ids_may_come_as_numbers_and_lists_as_one_text() -> None:
    row = Fields({"id": 1729592969712207008, "kinds": "PRE_OWNED", "at": "1700000000"}, "row")
    assert row.text("id") == "1729592969712207008"
    assert row.texts("kinds") == ("PRE_OWNED",)
    assert row.moment("at") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=4))
def test_an_amount_is_exactly_what_was_written(amount: Decimal) -> None:
    assert Fields({"amount": str(amount)}, "row").amount("amount") == amount


def test_the_channel_s_misspellings_are_understood() -> None:
    attribute = {"id": "1", "name": "Season", "is_requried": True}
    assert AttributeRow.parse(Fields(attribute, "row")).is_required is True
    attribute = {"id": "1", "name": "Season", "is_required": True}
    assert AttributeRow.parse(Fields(attribute, "row")).is_required is True


@pytest.mark.parametrize("ending", ["CANCEL", "CANCELLED"])
def test_a_withdrawn_request_has_one_spelling(ending: str) -> None:
    content = {
        "cancel_id": "1",
        "order_id": "2",
        "cancel_status": f"CANCELLATION_REQUEST_{ending}",
    }
    row = CancellationRow.parse(Fields(content, "row"))
    assert row.status == "CANCELLATION_REQUEST_CANCEL"


def test_unknown_fields_are_ignored() -> None:
    row = {"id": "1", "type": "SALES_WAREHOUSE", "invented_in_2030": {"a": [1]}}
    assert WarehouseRow.parse(Fields(row, "row")).id == "1"
