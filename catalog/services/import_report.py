"""What an import of products did, row by row and in plain words."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TextIO

from catalog.sheets import RowNote, RowProblem


@dataclass
class ImportReport:
    """Every row of the file is in it once: used, refused or blank."""

    source_name: str = ""
    rows: int = 0
    rows_blank: int = 0
    products_created: int = 0
    products_updated: int = 0
    products_unchanged: int = 0
    variants_created: int = 0
    variants_updated: int = 0
    variants_unchanged: int = 0
    images_added: int = 0
    images_fetched: int = 0
    images_unusable: int = 0
    quantities_set: int = 0
    quantities_unchanged: int = 0
    remarks: list[str] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    notes: list[RowNote] = field(default_factory=list)
    changed_products: list[int] = field(default_factory=list)

    @property
    def rows_refused(self) -> int:
        """Return how many rows could not be used."""
        return len({problem.row for problem in self.problems})

    @property
    def rows_used(self) -> int:
        """Return how many rows went in."""
        return self.rows - self.rows_refused

    @property
    def nothing_changed(self) -> bool:
        """Tell whether the import left every stored row as it was."""
        return not (self.changed_products or self.quantities_set or self.images_fetched)

    def add(self, part: ImportReport) -> None:
        """Take over the figures of a part of the same file."""
        for name, value in vars(part).items():
            if isinstance(value, int):
                setattr(self, name, getattr(self, name) + value)
            elif isinstance(value, list):
                getattr(self, name).extend(value)

    def as_json(self) -> dict[str, Any]:
        """What the figures and remarks on rows are, as plain values; which products is left out."""
        figures = {name: value for name, value in vars(self).items() if isinstance(value, int)}
        rows = {
            name: [[item.row, item.column, item.value, item.reason] for item in items]
            for name, items in (("problems", self.problems), ("notes", self.notes))
        }
        return {**figures, **rows}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> ImportReport:
        """The report that `as_json` gave."""
        values = dict(kept)
        problems = [RowProblem(*item) for item in values.pop("problems", [])]
        notes = [RowNote(*item) for item in values.pop("notes", [])]
        return cls(**values, problems=problems, notes=notes)

    def summary(self) -> str:
        """Return the result as a few sentences."""
        sentences = [
            f"{_count(self.rows, 'row')} read: {self.rows_used:,} used, "
            f"{self.rows_refused:,} refused.",
            f"Products: {_changes(self.products_created, self.products_updated)}, "
            f"{self.products_unchanged:,} unchanged.",
            f"Variants: {_changes(self.variants_created, self.variants_updated)}, "
            f"{self.variants_unchanged:,} unchanged.",
        ]
        if self.images_added or self.images_fetched or self.images_unusable:
            sentences.append(
                f"Pictures: {self.images_added:,} new addresses, {self.images_fetched:,} read, "
                f"{self.images_unusable:,} unusable."
            )
        if self.quantities_set or self.quantities_unchanged:
            sentences.append(
                f"Quantities: {self.quantities_set:,} set, {self.quantities_unchanged:,} unchanged."
            )
        if self.notes:
            sentences.append(f"{_count(len(self.notes), 'note')} on rows that went in.")
        return " ".join([*sentences, *self.remarks])

    def details(self) -> list[RowProblem | RowNote]:
        """Return problems and notes in the order of the file."""
        return sorted([*self.problems, *self.notes], key=lambda item: item.row)

    def write_csv(self, file: TextIO) -> None:
        """Write problems and notes as a sheet that can be worked through beside the file."""
        writer = csv.writer(file)
        writer.writerow(("row", "result", "column", "value", "reason"))
        for item in self.details():
            result = "refused" if isinstance(item, RowProblem) else "note"
            writer.writerow((item.row, result, *map(_harmless, _texts(item))))


def _texts(item: RowProblem | RowNote) -> Iterable[str]:
    return item.column, item.value, item.reason


def _harmless(text: str) -> str:
    """Keep a spreadsheet from running a cell of the file as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _changes(created: int, updated: int) -> str:
    return f"{created:,} created, {updated:,} updated"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
