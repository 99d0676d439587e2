"""Turn the bytes of a CSV file into numbered rows, whatever program wrote it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator
from typing import IO

from catalog.sheets.columns import Layout, recognize
from catalog.sheets.drafts import SheetUnreadable
from marketplace.kernel.sheets.encodings import CHUNK

DELIMITERS = (",", ";", "\t")
LONGEST_CELL = 1_000_000  # descriptions with pictures inside pass the csv module's own limit
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
FORMULA_GUARDS = ("'=", "'+", "'-", "'@")
NOT_UTF8 = (
    "The file is not UTF-8; it was read as Western European (Windows-1252). "
    "If accents look wrong, save it as “CSV UTF-8” and import it again."
)


class BrokenRecord(Exception):
    """The file stops making sense at a row; nothing after it can be read."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def find_layout(stream: IO[bytes], encoding: str) -> tuple[Layout, str]:
    """Find the delimiter under which the first row is a header we know."""
    start = stream.tell()
    head = stream.read(CHUNK).decode(encoding, errors="ignore")
    stream.seek(start)
    if not head.strip():
        raise SheetUnreadable("The file is empty.")
    for delimiter in DELIMITERS:
        headers = _first_record(head, delimiter)
        layout = recognize(headers)
        if layout is not None:
            return layout, delimiter
    shown = ", ".join(name for name in _first_record(head, ",")[:8] if name)[:200]
    raise SheetUnreadable(
        "The first row is not a header we know. A product file needs the columns sku and title "
        f"(our own) or Handle and Title (Shopify). Found: {shown or 'nothing readable'}."
    )


def numbered_records(
    stream: IO[bytes], encoding: str, delimiter: str
) -> Generator[tuple[int, list[str]], None, None]:
    """Yield each record with the row number a spreadsheet shows; the header is row 1."""
    csv.field_size_limit(LONGEST_CELL)
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    row = 0
    try:
        for cells in csv.reader(text, delimiter=delimiter):
            row += 1
            if row > 1:
                yield row, [_cleaned(cell) for cell in cells]
    except (csv.Error, UnicodeError) as error:
        raise BrokenRecord(row + 1) from error
    finally:
        text.detach()


def _cleaned(cell: str) -> str:
    """Drop what no cell should hold, and the mark that keeps a spreadsheet from calculating."""
    text = CONTROL_CHARACTERS.sub("", cell).strip()
    return text[1:] if text.startswith(FORMULA_GUARDS) else text


def _first_record(head: str, delimiter: str) -> list[str]:
    try:
        return [
            CONTROL_CHARACTERS.sub("", cell)
            for cell in next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
        ]
    except csv.Error:
        return []
