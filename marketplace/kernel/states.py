"""States move along a table of legal moves; this is the only code that writes a `state` column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet, TextChoices

from marketplace.kernel.errors import Refused

S = TypeVar("S", bound=TextChoices)


class IllegalMove(Refused):
    """The row is not in a state from which this step is possible."""


class Machine(Generic[S]):
    """The legal moves of one kind of row, as data: every state has a line, even if empty."""

    def __init__(self, kind: type[S], moves: Mapping[S, Set[S]]) -> None:
        missing = [state for state in kind if state not in moves]
        if missing:
            raise ValueError(f"{kind.__name__}: no line for {missing}")
        self.kind = kind
        self.moves = moves

    def allows(self, old: str, new: S) -> bool:
        return new in self.moves[self.kind(old)]

    def move(self, row: Model, to: S, **changes: Any) -> S:
        """Move a row if the table allows it and nobody moved it first; return the old state.

        The row in the database is compared and set in one statement, so of two workers one wins.
        Raises `IllegalMove` with a sentence for the person who asked.
        """
        old = self.kind(row.state)  # type: ignore[attr-defined]
        if not self.allows(old, to):
            raise IllegalMove(f"“{old.label}” cannot become “{to.label}”.")
        changes["state"] = to
        rows = type(row)._default_manager.filter(pk=row.pk, state=old)
        if not rows.update(**changes):
            raise IllegalMove(f"It is no longer “{old.label}”: somebody changed it meanwhile.")
        for name, value in changes.items():
            setattr(row, name, value)
        return old

    def move_together(self, rows: Sequence[Model], to: S, **changes: Any) -> None:
        """Move rows of one model as `move` does, in one statement for each state they come from.

        Raises `IllegalMove` if one of them cannot go there or was moved meanwhile; the caller's
        transaction then takes back the others.
        """
        changes["state"] = to
        by_old: dict[S, list[Model]] = {}
        for row in rows:
            by_old.setdefault(self.kind(row.state), []).append(row)  # type: ignore[attr-defined]
        for old, some in by_old.items():
            if not self.allows(old, to):
                raise IllegalMove(f"“{old.label}” cannot become “{to.label}”.")
            here = type(some[0])._default_manager.filter(pk__in=[row.pk for row in some], state=old)
            if here.update(**changes) != len(some):
                raise IllegalMove(f"One is no longer “{old.label}”: it was changed meanwhile.")
        for row in rows:
            for name, value in changes.items():
                setattr(row, name, value)

    def move_all(self, rows: QuerySet[Any], to: S, **changes: Any) -> int:
        """Move every row of a query that may move there, in one statement; return how many."""
        from_states = [old for old in self.kind if self.allows(old, to)]
        return rows.filter(state__in=from_states).update(state=to, **changes)
