"""What a kind of sheet is: its columns, who may use it, and how its rows are read and written.

Every value that is compared or kept is a text in one canonical form, so that what a row said
before, what a file says and what is stored now can be compared without knowing what they mean.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from marketplace.kernel.registry import Registry
from marketplace.kernel.sheets.cells import LEFT_OUT, Cell

EXPORT_CHUNK = 500


@dataclass(frozen=True)
class Column:
    """One column: its name in the file, what it means, and an example for the template."""

    name: str
    meaning: str
    example: str = ""
    is_key: bool = False
    is_required: bool = False
    #: Goes out to help people; what stands in it when it comes back is not read.
    is_read_only: bool = False
    #: In a workbook its cells are numbers; everything else is text there.
    is_number: bool = False


class CellRefused(Exception):
    """A row cannot be used; the sentence is for the person who made the file."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column
        self.sentence = sentence


@dataclass(frozen=True)
class FileRow:
    """One row of a file: its number as a spreadsheet shows it, and its cells by column."""

    number: int
    cells: Mapping[str, str]
    #: Whether it has more cells than the header has names.
    overflows: bool = False

    def get(self, column: str) -> str:
        """A cell without the spaces around it; empty if the file has no such column."""
        return self.cells.get(column, "").strip()


@dataclass
class Target:
    """The stored row that a row of a file is about, as texts by column; new if no `subject`."""

    key: str
    subject: str
    now: Mapping[str, str]
    row: Any = None
    #: The identity that may appear once in a file.
    same: str = ""

    @property
    def is_new(self) -> bool:
        return not self.subject


@dataclass
class Verdict:
    """What a row would change: column → (before, after); or why it cannot be used."""

    number: int
    key: str
    subject: str = ""
    is_new: bool = False
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    column: str = ""
    reason: str = ""


@dataclass
class Check:
    """One reading of a file from its first row to its last, and what a kind remembers of it."""

    columns: Sequence[str]
    seen: dict[str, int] = field(default_factory=dict)
    memory: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Write:
    """One row to be written: each column from what must stand there now to what shall."""

    number: int
    key: str
    subject: str
    values: Mapping[str, tuple[str, str]]
    kept: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """An apply or an undo that is under way: of which sheet, and in whose name."""

    sheet_id: int
    by: str
    is_undo: bool = False

    @property
    def reference(self) -> str:
        """What the lines of this run are signed with."""
        return f"sheet:{self.sheet_id}:{'undo' if self.is_undo else 'apply'}"


@dataclass(frozen=True)
class Conflict:
    """A row that is no longer as it was when the file was checked."""

    number: int
    key: str
    sentence: str


@dataclass(frozen=True)
class FollowUp:
    """Background work that should not wait for its schedule: a job's kind, subject and label."""

    kind: str
    subject: int
    label: str


class SheetKind(ABC):
    """One kind of sheet. Subclasses declare columns and read and write their own rows.

    Reading, writing, adding and removing are called with some hundred rows at a time and must cost
    the same number of queries for any number of rows; the last three inside one transaction.
    """

    name: str
    title: str
    #: What a row is about, in the plural: “prices of variants”.
    about: str
    columns: Sequence[Column]
    #: Permissions, all of which an import needs; who may see the list may export it.
    permissions: Sequence[str]
    view_permission: str
    #: Lists of the admin (“catalog.product”) whose rows it goes out for.
    lists: Sequence[str]
    can_import = True
    #: Why an applied sheet of this kind cannot be undone; empty if it can.
    why_not_undone = ""
    #: A sheet of so many rows is treated while the person waits.
    at_once = 200
    #: What must be known before a person fills in a file.
    advice = ""

    # -- out -------------------------------------------------------------------------------------

    def headers(self, origin: str, ids: Sequence[int]) -> list[str]:
        """The columns of an export of these rows of a list."""
        return [column.name for column in self.columns]

    @abstractmethod
    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[Any]:
        """Load what some hundred rows of a list bring into an export, in the order of the ids."""

    @abstractmethod
    def values(self, stored: Any) -> Mapping[str, str]:
        """What is stored, as texts by column."""

    def rows(self, origin: str, ids: Sequence[int], headers: Sequence[str]) -> Iterator[list[Cell]]:
        """Yield the rows of an export, with a fixed number of queries per `EXPORT_CHUNK`."""
        numbers = {column.name for column in self.columns if column.is_number}
        for start in range(0, len(ids), EXPORT_CHUNK):
            for stored in self.objects(origin, ids[start : start + EXPORT_CHUNK]):
                now = self.values(stored)
                yield [
                    Decimal(now[name]) if name in numbers and now.get(name) else now.get(name, "")
                    for name in headers
                ]

    # -- in: the file as a whole -----------------------------------------------------------------

    def known(self, headers: Sequence[str]) -> set[str]:
        """Which of these names, in small letters, are columns of this kind."""
        names = {column.name for column in self.columns}
        return {name for name in headers if name in names}

    # -- in: rows ----------------------------------------------------------------------------------

    @abstractmethod
    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        """The stored row of each row of the file, in the same order, or why there is none."""

    @abstractmethod
    def read(self, column: str, text: str, target: Target) -> str:
        """A cell in canonical form. Raises `CellRefused`."""

    def writable(self, check: Check) -> list[str]:
        """The columns of this file that may change something."""
        fixed = {c.name: c for c in self.columns}
        return [
            name
            for name in check.columns
            if name not in fixed or not (fixed[name].is_key or fixed[name].is_read_only)
        ]

    def review(
        self, row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
    ) -> dict[str, Any]:
        """Look at a row's changes as a whole; return what an undo needs to know beyond them.

        May take changes away. Raises `CellRefused`.
        """
        return {}

    def judge(self, rows: Sequence[FileRow], check: Check) -> Iterator[Verdict]:
        """Say of each row what it would change, or why it cannot be used."""
        for row, target in zip(rows, self.find(rows, check), strict=True):
            try:
                yield self._judge(row, target, check)
            except CellRefused as refused:
                key = target.key if isinstance(target, Target) else self._key_cells(row)
                yield Verdict(
                    row.number,
                    key,
                    cells=dict(row.cells),
                    column=refused.column,
                    reason=refused.sentence,
                )

    def _judge(self, row: FileRow, target: Target | CellRefused, check: Check) -> Verdict:
        if row.overflows:
            raise CellRefused(
                "",
                "The row has more cells than the header. A text with a comma in it needs "
                "quotation marks.",
            )
        if isinstance(target, CellRefused):
            raise target
        same = target.same or target.subject
        if earlier := check.seen.get(same):
            raise CellRefused("", f"Row {earlier:,} is about the same: {target.key}.")
        check.seen[same] = row.number
        changes: dict[str, tuple[str, str]] = {}
        for name in self.writable(check):
            text = row.get(name)
            before = target.now.get(name, "")
            if text == LEFT_OUT or _plain(text) == _plain(before):
                continue
            after = self.read(name, text, target)
            if after != before:
                changes[name] = (before, after)
        kept = self.review(row, target, changes, check)
        return Verdict(row.number, target.key, target.subject, target.is_new, changes, kept)

    def _key_cells(self, row: FileRow) -> str:
        keys = (row.get(column.name) for column in self.columns if column.is_key)
        return " · ".join(cell for cell in keys if cell)[:200]

    # -- writing -----------------------------------------------------------------------------------

    @abstractmethod
    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        """Lock these rows, see that each is as it was, and write; name those that are not."""

    def add(self, rows: Sequence[Write], run: Run) -> tuple[dict[int, str], list[Conflict]]:
        """Create what these rows describe; return the new subject of each row number."""
        raise NotImplementedError

    def remove(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        """Delete what was added by these rows; name those that are in use by now."""
        raise NotImplementedError

    def settle(self, subjects: Sequence[str], run: Run) -> None:  # noqa: B027  most have nothing
        """After the commit: carry the change into all that follows from it; may be repeated."""

    def follow_ups(self, sheet_id: int) -> Iterable[FollowUp]:
        """Background work to hurry after a sheet was applied or undone."""
        return ()

    def may_import(self, user: Any) -> bool:
        return self.can_import and all(user.has_perm(name) for name in self.permissions)

    def may_export(self, user: Any) -> bool:
        return bool(user.has_perm(self.view_permission))


def _plain(text: str) -> str:
    """A text without what programs change on the way: spaces around it, and line ends."""
    return text.replace("\r\n", "\n").strip()


kinds: Registry[SheetKind] = Registry("kind of sheet")


def importable_by(user: Any) -> list[SheetKind]:
    """The kinds that this person may import."""
    return [kind for kind in map(kinds.get, kinds.names()) if kind.may_import(user)]


def conflicts_of(
    rows: Iterable[Write], now: Mapping[str, Mapping[str, str]], run: Run
) -> list[Conflict]:
    """The rows whose values are not those that must stand there; `now` is by subject and column."""
    found = []
    for row in rows:
        stored = now.get(row.subject)
        if stored is None:
            found.append(Conflict(row.number, row.key, "it is no longer there"))
            continue
        for column, (must_be, _) in row.values.items():
            if stored.get(column, "") != must_be:
                text = f"{column} is “{stored.get(column, '')[:60]}” now, not “{must_be[:60]}”"
                found.append(Conflict(row.number, row.key, text))
                break
    return found
