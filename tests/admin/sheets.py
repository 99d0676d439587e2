"""Sheets as a person uses them: take one out, change cells, give it, apply, undo."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from marketplace.kernel.models import SheetImport
from tests.admin.door import list_url

Rows = list[dict[str, str]]


def taken_out(client: Client, model: type[Model], kind: str, *, query: str = "") -> bytes:
    """The bytes of an exported file; `kind` is “prices.csv”."""
    answer = client.get(f"{list_url(model)}export/{kind}{query}")
    assert answer.status_code == 200, answer.status_code
    return b"".join(answer.streaming_content)


def read_csv(content: bytes) -> Rows:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> list[list[Any]]:
    page = load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    return [list(row) for row in page.iter_rows(values_only=True)]


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def as_xlsx(rows: Iterable[Iterable[object]]) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(stream)
    return stream.getvalue()


def with_cells(content: bytes, **cells: str) -> bytes:
    """A CSV file after somebody wrote these cells into each of its rows."""
    rows = [{**row, **cells} for row in read_csv(content)]
    return as_csv([list(rows[0]), *(list(row.values()) for row in rows)])


def give(client: Client, kind: str, content: bytes, name: str = "sheet.csv") -> SheetImport:
    """Upload a file; a small one is checked by then."""
    url = reverse("admin:kernel_sheetimport_upload", args=[kind])
    answer = client.post(url, {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return SheetImport.objects.latest("pk")


def give_lines(client: Client, kind: str, *lines: str) -> SheetImport:
    return give(client, kind, "\n".join(lines).encode())


def ask(client: Client, sheet: SheetImport, step: str) -> Any:
    """Press a button on the page of a sheet; return the page that follows."""
    url = reverse("admin:kernel_sheetimport_step", args=[sheet.pk, step])
    answer = client.post(url, follow=True)
    sheet.refresh_from_db()
    return answer


def counts(sheet: SheetImport) -> tuple[int, int, int, int]:
    """Changed, added, refused, unchanged."""
    return sheet.changed, sheet.added, sheet.refused, sheet.unchanged


def refusals(sheet: SheetImport) -> list[tuple[int, str, str]]:
    rows = sheet.lines.filter(outcome="refused").order_by("number")
    return list(rows.values_list("number", "column", "reason"))


def diff(sheet: SheetImport) -> list[tuple[int, dict[str, list[str]]]]:
    rows = sheet.lines.exclude(outcome="refused").order_by("number")
    return list(rows.values_list("number", "changes"))
