"""Everything the sandbox remembers, in one SQLite file that outlives the process."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Doc = dict[str, Any]

FIRST_ID = 1_729_500_000_000_000_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, shop_id TEXT NOT NULL, status TEXT NOT NULL,
    create_time INTEGER NOT NULL, update_time INTEGER NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_updated ON documents (kind, shop_id, update_time, key);
CREATE INDEX IF NOT EXISTS documents_created ON documents (kind, shop_id, create_time, key);
CREATE INDEX IF NOT EXISTS documents_status ON documents (kind, shop_id, status, create_time, key);
CREATE TABLE IF NOT EXISTS labels (
    kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (kind, name, value, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS labels_by_document ON labels (kind, key);
CREATE TABLE IF NOT EXISTS blobs (
    key TEXT PRIMARY KEY, content_type TEXT NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS schedule (
    id INTEGER PRIMARY KEY, due INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    args TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS schedule_due ON schedule (due, id);
"""


@dataclass(frozen=True)
class Query:
    """Which documents are wanted: every condition that is given must hold."""

    kind: str
    shop_id: str | None = None
    statuses: tuple[str, ...] = ()
    create_ge: int | None = None
    create_lt: int | None = None
    update_ge: int | None = None
    update_lt: int | None = None
    label: tuple[str, tuple[str, ...]] | None = None
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    order_by: str = "create_time"
    descending: bool = False

    @property
    def hint(self) -> str:
        """Return the sign that keeps SQLite from walking a whole shop when labels name a few."""
        return "+" if self.label or self.labels else ""

    def where(self) -> tuple[str, list[Any]]:
        """Return the SQL condition and its values."""
        parts, values = ["kind = ?"], [self.kind]
        for sql, value in (
            ("shop_id = ?", self.shop_id),
            ("create_time >= ?", self.create_ge),
            ("create_time < ?", self.create_lt),
            ("update_time >= ?", self.update_ge),
            ("update_time < ?", self.update_lt),
        ):
            if value is not None:
                parts.append(self.hint + sql)
                values.append(value)
        if self.statuses:
            parts.append(f"{self.hint}status IN ({_marks(self.statuses)})")
            values.extend(self.statuses)
        for name, wanted in self.labels if self.label is None else (*self.labels, self.label):
            marks = _marks(wanted)
            labeled = f"SELECT key FROM labels WHERE kind = ? AND name = ? AND value IN ({marks})"
            parts.append(f"key IN ({labeled})")
            values.extend((self.kind, name, *wanted))
        return " AND ".join(parts), values


def _marks(values: Iterable[Any]) -> str:
    return ", ".join("?" for _ in values)


class Store:
    """Documents by kind and key, found by shop, status, times and labels; one writer at a time."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # WAL with NORMAL keeps every committed request through a killed process.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is done inside one step: all of it is kept, or none. May be nested."""
        with self._lock:
            self._depth += 1
            point = f"point_{self._depth}"
            self._connection.execute(f"SAVEPOINT {point}")
            try:
                yield
            except BaseException:
                self._connection.execute(f"ROLLBACK TO {point}")
                raise
            finally:
                self._connection.execute(f"RELEASE {point}")
                self._depth -= 1

    def _run(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, tuple(values)).fetchall()

    # -- documents ---------------------------------------------------------------------------

    def put(
        self,
        kind: str,
        key: str,
        doc: Doc,
        *,
        shop_id: str = "",
        status: str = "",
        create_time: int = 0,
        update_time: int = 0,
        labels: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Write a document, whole. Labels, where given, replace the ones it had."""
        text = json.dumps(doc, ensure_ascii=False, separators=(",", ":"))
        row = (kind, key, shop_id, status, create_time, update_time, text)
        with self.transaction():
            self._run(f"INSERT OR REPLACE INTO documents VALUES ({_marks(row)})", row)
            if labels is not None:
                self._relabel(kind, key, labels)

    def _relabel(self, kind: str, key: str, labels: Mapping[str, Iterable[str]]) -> None:
        self._run("DELETE FROM labels WHERE kind = ? AND key = ?", (kind, key))
        for name, values in labels.items():
            for value in values:
                row = (kind, name, value, key)
                self._run(f"INSERT OR IGNORE INTO labels VALUES ({_marks(row)})", row)

    def get(self, kind: str, key: str) -> Doc | None:
        """Return a document, or nothing."""
        rows = self._run("SELECT doc FROM documents WHERE kind = ? AND key = ?", (kind, key))
        return json.loads(rows[0][0]) if rows else None

    def owner(self, kind: str, key: str) -> str | None:
        """Return the shop that a document belongs to, or nothing if there is no document."""
        sql = "SELECT shop_id FROM documents WHERE kind = ? AND key = ?"
        rows = self._run(sql, (kind, key))
        return str(rows[0][0]) if rows else None

    def get_many(self, kind: str, keys: Iterable[str]) -> list[Doc]:
        """Return the documents that exist, in the order asked for."""
        found = (self.get(kind, key) for key in keys)
        return [doc for doc in found if doc is not None]

    def delete(self, kind: str, key: str) -> None:
        """Forget a document and its labels."""
        with self.transaction():
            self._run("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
            self._run("DELETE FROM labels WHERE kind = ? AND key = ?", (kind, key))

    def forget(self, kind: str, shop_id: str) -> None:
        """Forget every document of a kind that belongs to one shop."""
        self._run("DELETE FROM documents WHERE kind = ? AND shop_id = ?", (kind, shop_id))

    def find(
        self, query: Query, *, limit: int | None = None, after: tuple[int, str] | None = None
    ) -> list[Doc]:
        """Return matching documents in order; `after` is the (time, key) of the last one seen."""
        where, values = query.where()
        direction = "DESC" if query.descending else "ASC"
        if after is not None:
            where += f" AND ({query.order_by}, key) {'<' if query.descending else '>'} (?, ?)"
            values.extend(after)
        sql = (
            f"SELECT doc FROM documents WHERE {where} "
            f"ORDER BY {query.hint}{query.order_by} {direction}, key {direction} LIMIT ?"
        )
        values.append(-1 if limit is None else limit)
        return [json.loads(row[0]) for row in self._run(sql, values)]

    def count(self, query: Query) -> int:
        """Return how many documents match."""
        where, values = query.where()
        return int(self._run(f"SELECT COUNT(*) FROM documents WHERE {where}", values)[0][0])

    # -- files -------------------------------------------------------------------------------

    def put_blob(self, key: str, content_type: str, body: bytes) -> None:
        """Keep the bytes of an uploaded file."""
        self._run("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?)", (key, content_type, body))

    def get_blob(self, key: str) -> tuple[str, bytes] | None:
        """Return content type and bytes of an uploaded file, or nothing."""
        rows = self._run("SELECT content_type, body FROM blobs WHERE key = ?", (key,))
        return (rows[0][0], rows[0][1]) if rows else None

    # -- settings and ids --------------------------------------------------------------------

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a kept setting."""
        rows = self._run("SELECT value FROM settings WHERE name = ?", (name,))
        return json.loads(rows[0][0]) if rows else default

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a setting."""
        self._run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def next_id(self) -> str:
        """Return a number that was never given out before, 19 digits long."""
        with self.transaction():
            number = int(self.setting("last_id", FIRST_ID)) + 1
            self.set_setting("last_id", number)
        return str(number)

    # -- schedule ----------------------------------------------------------------------------

    def schedule(self, due: int, kind: str, key: str, args: Doc) -> None:
        """Note that something has to happen at a moment."""
        self._run(
            "INSERT INTO schedule (due, kind, key, args) VALUES (?, ?, ?, ?)",
            (due, kind, key, json.dumps(args)),
        )

    def unschedule(self, kind: str, key: str) -> None:
        """Drop what was noted for one thing."""
        self._run("DELETE FROM schedule WHERE kind = ? AND key = ?", (kind, key))

    def take_due(self, now: int, kinds: Iterable[str]) -> tuple[str, str, Doc] | None:
        """Remove and return the oldest thing that is due: its kind, key and arguments."""
        wanted = tuple(kinds)
        with self.transaction():
            rows = self._run(
                f"SELECT id, kind, key, args FROM schedule WHERE due <= ? "
                f"AND kind IN ({_marks(wanted)}) ORDER BY due, id LIMIT 1",
                (now, *wanted),
            )
            if not rows:
                return None
            self._run("DELETE FROM schedule WHERE id = ?", (rows[0][0],))
        return rows[0][1], rows[0][2], json.loads(rows[0][3])

    def wipe(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in ("documents", "labels", "blobs", "settings", "schedule"):
                self._run(f"DELETE FROM {table}")
