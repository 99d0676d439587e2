"""Sheets on their way out, row by row: CSV that Excel opens, and XLSX."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from marketplace.kernel.sheets.cells import LEFT_OUT, LONGEST_IN_XLSX, Cell, escape_for_xml, guard

CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Excel takes a file for UTF-8 only if it begins with this.
BYTE_ORDER_MARK = "\ufeff"


class _Line:
    """Hands a written line back, so that the csv module writes without a file."""

    def write(self, text: str) -> str:
        return text


def csv_lines(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield the lines of a CSV file as they are asked for."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow([guard(name) for name in headers])
    for row in rows:
        yield writer.writerow([guard(str(cell)) for cell in row])


def write_xlsx(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """Write a workbook of one sheet into a temporary file, and return it to be read.

    Texts stay texts, so “00123” keeps its zeros; amounts and quantities are numbers.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet("Sheet")
    page.freeze_panes = "A2"
    page.append([_xlsx_cell(page, name) for name in headers])
    for row in rows:
        page.append([_xlsx_cell(page, cell) for cell in row])
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by whoever sends it
    book.save(file)
    file.seek(0)
    return file


def _xlsx_cell(page: Any, value: Cell) -> Any:
    if isinstance(value, int | Decimal):
        return value
    if not value:
        return None
    text = escape_for_xml(guard(value))
    cell = WriteOnlyCell(page, text if len(text) <= LONGEST_IN_XLSX else LEFT_OUT)
    cell.data_type = "s"
    return cell
