"""Sheets whatever they are about: exact texts, whole or not at all, flat in queries."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.models import FulfillmentCenter, Listing, Merchant, Product, Shop, StockLevel, Variant
from catalog.services import listings, stock
from marketplace.kernel import jobs
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import Job, SheetImport, SheetState
from marketplace.kernel.sheets import applying, asking, checking, reading, tasks
from marketplace.kernel.sheets.cells import LEFT_OUT, guard, unguard
from marketplace.kernel.sheets.kinds import kinds
from marketplace.kernel.sheets.states import sheet_machine
from marketplace.kernel.sheets.writing import csv_lines, write_xlsx
from marketplace.kernel.states import IllegalMove
from tests import factories
from tests.admin.sheets import as_csv, as_xlsx, counts, diff
from tests.support import promises
from tests.support.processes import Died, run_together

_numbers = count(1)

#: What a database may hold: any text but NUL and half characters.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
EXAMPLES = ("=1+1", "'=1", "''@x", "\t=1", "\rx", "-5", "'-5", "-5a", "_x0041_", "_x000D\r", " a ")


def any_text(test: Any) -> Any:
    for text in EXAMPLES:
        test = example(text)(test)
    return given(texts)(test)


@any_text
def test_a_guarded_text_is_never_a_formula_and_gives_the_text_back(text: str) -> None:
    guarded = guard(text)
    is_number = text[:1] == "-" and text[1:].replace(".", "", 1).isdigit()
    assert guarded[:1] not in tuple("=+-@\t\r") or is_number
    assert unguard(guarded) == text


def workbook(headers: list[str], rows: Iterable[list[Any]]) -> bytes:
    with write_xlsx(headers, rows) as file:
        return file.read()


def read_back(content: bytes) -> list[list[str]]:
    with reading.opened(io.BytesIO(content), len) as table:
        return [cells for _, cells in table.rows]


@any_text
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_from_a_csv_file_as_it_went_out(text: str) -> None:
    content = "".join(csv_lines(["sku", "title"], [["A", text]])).encode()
    assert read_back(content) == [["A", text]]


@any_text
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_from_a_workbook_as_it_went_out(text: str) -> None:
    content = workbook(["sku", "title"], [["A", text]])
    assert read_back(content) == [["A", text]]


def test_numbers_of_a_workbook_are_read_as_a_person_sees_them() -> None:
    rows = [
        ["a", "b", "c", "d"],
        [12, 12.0, 19.9 * 1.1, "00123"],
        [Decimal("7.20"), None, True, ""],
    ]
    assert read_back(as_xlsx(rows)) == [["12", "12", "21.89", "00123"], ["7.2", "", "TRUE", ""]]


def test_a_text_too_long_for_a_workbook_is_left_out_in_words_and_changes_nothing_when_it_returns(
    merchant: Merchant,
) -> None:
    factories.make_product(merchant, sku="ROPE", description="x" * 33_000)
    kind = kinds.get("products")
    ids = list(Variant.objects.values_list("pk", flat=True))
    columns = ["sku", "description"]
    content = workbook(columns, kind.rows("catalog.variant", ids, columns))
    assert read_back(content) == [["ROPE", LEFT_OUT]]
    assert counts(checked("products", content)) == (0, 0, 0, 1)


def test_a_sheet_of_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    with pytest.raises(Refused, match="The file has more than 3 rows"):
        read_back(as_csv([["a"], *[["x"]] * 4]))


def test_a_small_workbook_that_unpacks_to_too_much_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES_UNPACKED", 1_000)
    with pytest.raises(Refused, match="The workbook unpacks to"):
        read_back(as_xlsx([["a"], ["x"]]))


@pytest.mark.parametrize("old", SheetState)
@pytest.mark.parametrize("new", SheetState)
@pytest.mark.django_db
def test_a_sheet_moves_along_its_table_only(old: SheetState, new: SheetState) -> None:
    sheet = SheetImport.objects.create(kind="prices", file_name="x", state=old)
    if new in sheet_machine.moves[old]:
        sheet_machine.move(sheet, new)
    else:
        with pytest.raises(IllegalMove):
            sheet_machine.move(sheet, new)


# -- with rows -------------------------------------------------------------------------------------


def given_sheet(kind: str, content: bytes) -> SheetImport:
    user = User.objects.get_or_create(username="Ada")[0]
    return asking.take_in(kinds.get(kind), ContentFile(content, "x.csv"), user=user)


def checked(kind: str, content: bytes) -> SheetImport:
    sheet = given_sheet(kind, content)
    checking.check(sheet.pk)
    sheet.refresh_from_db()
    return sheet


def applied(kind: str, content: bytes) -> SheetImport:
    sheet = checked(kind, content)
    asking.ask_to_apply(sheet)
    applying.apply(sheet.pk)
    sheet.refresh_from_db()
    assert sheet.state == SheetState.APPLIED, sheet.problem
    return sheet


def undone(sheet: SheetImport) -> SheetImport:
    asking.ask_to_undo(sheet)
    applying.undo(sheet.pk)
    sheet.refresh_from_db()
    assert sheet.state == SheetState.UNDONE, sheet.problem
    return sheet


def make_products(merchant: Merchant, number: int) -> list[Product]:
    """Simple products by the hundred, with a price and nothing else."""
    first = next(_numbers)
    made = Product.objects.bulk_create(
        Product(merchant=merchant, sku=f"P{first}-{n}", title=f"Rope {n}") for n in range(number)
    )
    Variant.objects.bulk_create(
        Variant(merchant=merchant, product=one, sku=one.sku, price=Decimal("19.90")) for one in made
    )
    return made


def price_rows(made: list[Product], price: str = "21.00") -> bytes:
    return as_csv([["sku", "price"], *[[one.sku, price] for one in made]])


def queries_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


@pytest.mark.django_db
def test_a_thousand_rows_cost_one_more_chunk_of_queries_than_five_hundred(
    merchant: Merchant, shop: Shop
) -> None:
    sheets = []
    for number in (500, 1000, 1500):
        made = make_products(merchant, number)
        listings.stage([one.pk for one in made[::5]], shop, by="test")
        sheets.append(given_sheet("prices", price_rows(made)))
    steps: list[list[int]] = []
    steps.append([queries_of(lambda: checking.check(one.pk)) for one in sheets])  # noqa: B023
    for sheet in sheets:
        sheet.refresh_from_db()
        asking.ask_to_apply(sheet)
    steps.append([queries_of(lambda: applying.apply(one.pk)) for one in sheets])  # noqa: B023
    for of_500, of_1000, of_1500 in steps:
        assert of_1500 - of_1000 == of_1000 - of_500
    assert not Variant.objects.exclude(price=Decimal("21.00")).exists()


def everything() -> list[object]:
    return [
        list(Variant.objects.order_by("pk").values_list("price", "compare_at_price", "cost")),
        list(StockLevel.objects.order_by("pk").values_list("on_hand", "reserved")),
        list(Listing.objects.order_by("pk").values_list("state", "missing", "content_hash")),
    ]


@pytest.mark.django_db
def test_an_undo_puts_everything_back_exactly(
    merchant: Merchant, shop: Shop, center: FulfillmentCenter
) -> None:
    made = make_products(merchant, 30)
    listings.stage([one.pk for one in made], shop, by="test")
    stock.count_many(
        stock.Count(variant.pk, center.pk, variant.pk % 4, f"first:{variant.pk}")
        for variant in Variant.objects.all()
    )
    before = everything()
    prices = applied("prices", price_rows(made, ""))
    header = ["sku", "fulfillment_center", "quantity"]
    rows = [[one.sku, center.code, place % 3] for place, one in enumerate(made)]
    units = applied("stock", as_csv([header, *rows]))
    assert everything() != before
    undone(units)
    undone(prices)
    assert everything() == before
    assert stock.drift() == []


@pytest.mark.django_db
def test_a_count_below_what_is_promised_is_refused_when_the_file_is_checked(
    merchant: Merchant, center: FulfillmentCenter
) -> None:
    variant = factories.make_product(merchant, sku="ROPE").variants.get()
    factories.make_product(merchant, sku="BALL")
    stock.receive(variant, center, 5, reference="in")
    promises.reserve(variant, center, 4, reference="order")
    rows = [["BALL", center.code, 7], ["ROPE", center.code, 3], ["BALL", center.code, 8]]
    sheet = checked("stock", as_csv([["sku", "fulfillment_center", "quantity"], *rows]))
    assert list(sheet.lines.filter(outcome="refused").values_list("number", "reason")) == [
        (
            3,
            "Counted is not possible for ROPE at Reno: 5 on hand, 4 of them promised to orders.",
        ),
        (4, f"Row 2 is about the same: BALL · {center.code}."),
    ]


@pytest.mark.django_db
def test_a_thousand_rows_go_out_are_changed_come_back_and_are_undone(merchant: Merchant) -> None:
    make_products(merchant, 1000)
    kind = kinds.get("prices")
    ids = list(Variant.objects.order_by("pk").values_list("pk", flat=True))
    headers = kind.headers("catalog.variant", ids)
    content = workbook(headers, kind.rows("catalog.variant", ids, headers))
    rows = [dict(zip(headers, cells, strict=False)) for cells in read_back(content)]
    changed = [[row["sku"], str(Decimal(row["price"]) + 1)] for row in rows]
    sheet = applied("prices", as_xlsx([["sku", "price"], *changed]))
    assert counts(sheet) == (1000, 0, 0, 0)
    assert Variant.objects.filter(price=Decimal("20.90")).count() == 1000
    undone(sheet)
    assert Variant.objects.filter(price=Decimal("19.90")).count() == 1000


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_nothing_and_its_successor_does_all_of_it() -> None:
    made = make_products(factories.make_merchant(), 1200)
    sheet = checked("prices", price_rows(made))
    asking.ask_to_apply(sheet)
    job = jobs.want("apply_sheet", sheet.pk)

    def apply_and_die(number: int) -> str:
        seen = count(1)

        def on_query(execute: Any, sql: str, *more: Any) -> Any:
            if sql.startswith('UPDATE "catalog_variant"') and next(seen) == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, *more)

        with connection.execute_wrapper(on_query):
            return jobs.run(job.pk)

    assert run_together(apply_and_die, 1) == [Died(-signal.SIGKILL)]
    assert not Variant.objects.filter(price=Decimal("21.00")).exists()
    sheet.refresh_from_db()
    assert (sheet.state, sheet.applied_at) == (SheetState.APPLYING, None)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    assert jobs.run(job.pk) == "1,200 rows changed, 0 added"
    assert Variant.objects.filter(price=Decimal("21.00")).count() == 1200


@pytest.mark.django_db
def test_what_follows_from_the_rows_goes_on_where_a_run_stopped(
    merchant: Merchant, shop: Shop
) -> None:
    made = make_products(merchant, 501)
    listings.stage([one.pk for one in (made[0], made[-1])], shop, by="test")
    sheet = checked("prices", price_rows(made))
    asking.ask_to_apply(sheet)
    said = applying.apply(sheet.pk, until=lambda: True)
    assert said == "The rows are written; what follows from them goes on."
    sheet.refresh_from_db()
    assert (sheet.state, sheet.position) == (SheetState.APPLYING, 501)
    Variant.objects.filter(product=made[0]).update(price=Decimal("5"))
    assert tasks.apply_sheet(sheet.pk) == "501 rows changed, 0 added"
    first, last = Listing.objects.order_by("pk")
    assert [row.offers.get().price_wanted for row in (first, last)] == [Decimal("21.00")] * 2


@pytest.mark.django_db
def test_an_added_sku_that_came_in_by_another_way_meanwhile_stops_the_apply(
    merchant: Merchant,
) -> None:
    sheet = checked("products", as_csv([["sku", "title"], ["BOWL", "Bowl"], ["CUP", "Cup"]]))
    assert [number for number, _ in diff(sheet)] == [2, 3]
    factories.make_product(merchant, sku="CUP")
    asking.ask_to_apply(sheet)
    said = applying.apply(sheet.pk)
    assert "row 3 (CUP): a variant with this SKU is there by now" in said
    assert not Product.objects.filter(sku="BOWL").exists()
