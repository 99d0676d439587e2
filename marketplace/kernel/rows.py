"""Rows of one model that are changed in memory and stored together in a few statements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from marketplace.kernel import many

M = TypeVar("M", bound=Model)

#: The database, the clock and the state machines write these.
_NOT_OURS = frozenset({"id", "state", "created_at", "updated_at"})


class Rows(Generic[M]):
    """Remembers how rows were, and writes what is new and what changed; never a `state`.

    Whoever uses it holds the locks that keep others from changing the rows meanwhile.
    """

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._columns = [
            (column.name, column.attname)
            for column in model._meta.concrete_fields
            if column.name not in _NOT_OURS
        ]
        self._stamped = any(column.name == "updated_at" for column in model._meta.concrete_fields)
        self._new: list[M] = []
        self._known: list[tuple[M, list[Any]]] = []

    def watch(self, rows: Iterable[M]) -> None:
        """These are stored as they are now; what differs later is written."""
        self._known.extend((row, self._values(row)) for row in rows)

    def add(self, row: M) -> None:
        """This one is new. Its parents must be stored before it is."""
        self._new.append(row)

    def store(self) -> None:
        """Insert and update, each together; nothing at all where nothing differs."""
        with transaction.atomic(savepoint=False):
            many.insert(self._new)
            changed, names = self._changed()
            many.write(changed, sorted(names))
        self._new = []

    def _changed(self) -> tuple[list[M], set[str]]:
        changed: list[M] = []
        names: set[str] = set()
        for place, (row, before) in enumerate(self._known):
            after = self._values(row)
            if after == before:
                continue
            pairs = zip(self._columns, before, after, strict=True)
            names |= {name for (name, _), old, new in pairs if old != new}
            changed.append(row)
            self._known[place] = (row, after)
        if changed and self._stamped:
            names.add("updated_at")
            now = timezone.now()
            for row in changed:
                row.updated_at = now  # type: ignore[attr-defined]
        return changed, names

    def _values(self, row: M) -> list[Any]:
        found = [getattr(row, attname) for _, attname in self._columns]
        return [list(value) if isinstance(value, list) else value for value in found]
