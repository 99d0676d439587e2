"""Sheets on their way in: CSV of any common make, and XLSX, one row at a time."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from marketplace.kernel.errors import Refused
from marketplace.kernel.sheets.cells import as_text, unguard
from marketplace.kernel.sheets.encodings import encoding_of

MOST_BYTES = 50 * 1024 * 1024
#: A workbook is packed: a small file may unpack to more than a process can hold.
MOST_BYTES_UNPACKED = 300 * 1024 * 1024
MOST_ROWS = 100_000
LONGEST_CELL = 1_000_000
DELIMITERS = (",", ";", "\t")
HEAD = 64 * 1024
#: Columns of the file of refused rows, which may stay when it is imported again.
ROW, REASON = "refused row", "refused because"

Numbered = tuple[int, list[str]]
#: How many of these headers are known; the delimiter that gives most is the file's.
Score = Callable[[Sequence[str]], int]


@dataclass
class Table:
    """An opened sheet: its headers, and its rows with the numbers a spreadsheet shows."""

    headers: list[str]
    rows: Iterator[Numbered]
    remark: str = ""


@contextmanager
def opened(stream: IO[bytes], score: Score) -> Iterator[Table]:
    """Open a sheet. Raises `Refused` with a sentence for the person if it cannot be read.

    Blank rows are left out; a sheet of more than `MOST_ROWS` is refused while it is read.
    """
    start = stream.read(4)
    stream.seek(0)
    if not start:
        raise Refused("The file is empty.")
    if start.startswith(b"PK\x03\x04"):
        with _opened_xlsx(stream) as records:
            yield _table(records)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused("This is an old Excel file (.xls). Save it as .xlsx or as CSV UTF-8.")
    else:
        with _opened_csv(stream, score) as (records, remark):
            yield _table(records, remark)


def _table(records: Iterator[Numbered], remark: str = "") -> Table:
    number, first = next(records, (0, []))
    headers = [cell.strip() for cell in first]
    while headers and not headers[-1]:
        headers.pop()
    if number != 1 or not headers:
        raise Refused("The first row must hold the names of the columns; it is empty.")
    return Table(headers, _filled(records, len(headers)), remark)


def _filled(records: Iterator[Numbered], width: int) -> Iterator[Numbered]:
    found = 0
    for number, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        found += 1
        if found > MOST_ROWS:
            raise Refused(f"The file has more than {MOST_ROWS:,} rows. Import it in parts.")
        yield number, [*cells, *[""] * (width - len(cells))]


# -- XLSX --------------------------------------------------------------------------------------


@contextmanager
def _opened_xlsx(stream: IO[bytes]) -> Iterator[Iterator[Numbered]]:
    try:
        with zipfile.ZipFile(stream) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > MOST_BYTES_UNPACKED:
            raise Refused(
                f"The workbook unpacks to {size // 2**20:,} MB; {MOST_BYTES_UNPACKED // 2**20:,} "
                "MB can be read. Save it as CSV UTF-8, or import it in parts."
            )
        stream.seek(0)
        book = load_workbook(stream, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise Refused(
            "The file cannot be read as a workbook. Open it, and save it as .xlsx or as CSV UTF-8."
        ) from error
    try:
        page = book.worksheets[0] if book.worksheets else None
        if page is None:
            raise Refused("The workbook has no sheet.")
        # What a program wrote as the size of the sheet may be wrong, and would cut rows off.
        page.reset_dimensions()
        yield (
            (number, [as_text(value) for value in values])
            for number, values in enumerate(page.iter_rows(values_only=True), start=1)
        )
    finally:
        book.close()


# -- CSV ---------------------------------------------------------------------------------------


@contextmanager
def _opened_csv(stream: IO[bytes], score: Score) -> Iterator[tuple[Iterator[Numbered], str]]:
    encoding = encoding_of(stream)
    head = stream.read(HEAD).decode(encoding, errors="ignore")
    stream.seek(0)
    delimiter = max(DELIMITERS, key=lambda sign: score(_first_record(head, sign)))
    remark = ""
    if encoding == "cp1252":
        remark = (
            "The file is not UTF-8; it was read as Western European (Windows-1252). If accents "
            "look wrong, save it as “CSV UTF-8” and import it again."
        )
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    try:
        yield _csv_records(text, delimiter), remark
    finally:
        text.detach()


def _csv_records(text: IO[str], delimiter: str) -> Iterator[Numbered]:
    csv.field_size_limit(LONGEST_CELL)
    number = 0
    try:
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter), start=1):
            yield number, [unguard(cell) for cell in cells]
    except (csv.Error, UnicodeError) as error:
        raise Refused(
            f"The file cannot be read from row {number + 1:,} on; perhaps a quotation mark is "
            "never closed."
        ) from error


def _first_record(head: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []
