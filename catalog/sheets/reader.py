"""Read a product file one product at a time, however long the file is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from catalog.sheets import records
from catalog.sheets.columns import Layout
from catalog.sheets.drafts import Outcome, RowProblem
from catalog.sheets.groups import LONGEST_KEY, Group, Register, read_group
from catalog.sheets.rows import Row
from catalog.sheets.values import Unclear, make_sku
from marketplace.kernel.sheets.encodings import encoding_of, rewindable


@dataclass
class ProductSheet:
    """An opened product file: what kind it is, and its rows on demand."""

    stream: IO[bytes]
    encoding: str
    delimiter: str
    layout: Layout
    currency: str
    remarks: list[str] = field(default_factory=list)
    row_count: int = 0
    blank_rows: int = 0

    def outcomes(self) -> Iterator[Outcome]:
        """Yield products, notes and problems in the order of the file."""
        register = Register()
        seen: dict[str, int] = {}
        group: Group | None = None
        for item in self._rows():
            if isinstance(item, RowProblem):
                yield item
                continue
            key, row = item
            if group is not None and group.key == key:
                group.rows.append(row)
                continue
            if group is not None:
                yield from read_group(group, register, self.currency)
                group = None
            if key in seen:
                yield _reappeared(row, key, seen[key])
                continue
            seen[key] = row.number
            group = Group(key, [row])
        if group is not None:
            yield from read_group(group, register, self.currency)

    def count_rows(self, most: int | None = None) -> int:
        """Count the rows that are not blank, at most so many; reading starts anew afterward."""
        start = self.stream.tell()
        source = records.numbered_records(self.stream, self.encoding, self.delimiter)
        count = 0
        with suppress(records.BrokenRecord), closing(source):
            for _ in islice((1 for _, cells in source if any(cells)), most):
                count += 1
        self.stream.seek(start)
        return count

    def _rows(self) -> Iterator[tuple[str, Row] | RowProblem]:
        source = records.numbered_records(self.stream, self.encoding, self.delimiter)
        try:
            for number, cells in source:
                if not any(cells):
                    self.blank_rows += 1
                    continue
                self.row_count += 1
                yield self._identify(Row(number, cells, self.layout))
        except records.BrokenRecord as broken:
            self.row_count += 1
            yield RowProblem(
                broken.row,
                "",
                "",
                "The file cannot be read from here on; perhaps a quotation mark is never closed.",
            )

    def _identify(self, row: Row) -> tuple[str, Row] | RowProblem:
        if any(row.cells[len(self.layout.headers) :]):
            row.refuse(
                "",
                f"The row has {len(row.cells)} cells and the header {len(self.layout.headers)}; "
                "a text with a comma in it needs quotation marks.",
            )
            return row.problems[0]
        key = self._key_of(row)
        name = "handle" if self.layout.is_shopify else "sku"
        if not key:
            row.refuse(name, "It is empty, so the row belongs to no product.")
            return row.problems[0]
        if len(key) > LONGEST_KEY:
            row.refuse(name, f"It can have {LONGEST_KEY} characters at most; it has {len(key)}.")
            return row.problems[0]
        return key, row

    def _key_of(self, row: Row) -> str:
        if self.layout.is_shopify:
            return row.get("handle")
        key = row.get("parent_sku") or row.get("sku")
        if not key and row.get("title"):
            with suppress(Unclear):
                key = make_sku(row.get("title"), (), ())
        return key


def open_products(stream: IO[bytes], *, currency: str = "USD") -> ProductSheet:
    """Open a product file and find out what kind it is; raise SheetUnreadable if it is none."""
    source = rewindable(stream)
    encoding = encoding_of(source)
    layout, delimiter = records.find_layout(source, encoding)
    remarks = [records.NOT_UTF8] if encoding == "cp1252" else []
    return ProductSheet(source, encoding, delimiter, layout, currency, remarks)


def _reappeared(row: Row, key: str, earlier: int) -> RowProblem:
    row.refuse(
        "handle" if row.layout.is_shopify else "parent_sku",
        f"“{key[:60]}” began in row {earlier}; the rows of one product must follow one another. "
        "Sort the file by this column.",
    )
    return row.problems[0]
