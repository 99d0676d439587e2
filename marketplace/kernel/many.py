"""Inserting and changing many rows in one statement, each row with values of its own.

These are Django's `bulk_create` and `bulk_update` at a fraction of their price, for plain values:
no expressions, no parent tables, no rows to skip.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from django.db import connections, router
from django.db.models import (
    BooleanField,
    CharField,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    PositiveIntegerField,
    TextField,
)

#: These fields hand plain values to the database untouched; a subclass may well not.
AS_THEY_ARE = frozenset(
    {BooleanField, CharField, ForeignKey, IntegerField, PositiveIntegerField, TextField}
)
PLAIN = frozenset({bool, int, str, type(None)})
#: A cast to it would cut a value that is too long, instead of refusing it.
LIMITED_TEXT = re.compile(r"varchar\(\d+\)")


def write(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Write these fields of rows of one model as they stand in memory.

    Raises `ValueError` for a state, which only its machine writes.
    """
    if not rows:
        return
    if "state" in names:
        raise ValueError("a state is written by its machine alone")
    model = type(rows[0])
    fields: list[Any] = [*map(model._meta.get_field, names), model._meta.pk]
    connection = connections[router.db_for_write(model)]
    columns = [
        _prepared(field, [getattr(row, field.attname) for row in rows], connection)
        for field in fields
    ]
    table, (*own, key) = _names(model, fields, connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            settings = ", ".join(f"{column} = v.c{place}" for place, column in enumerate(own))
            cursor.execute(
                f"UPDATE {table} SET {settings} FROM {_recordset(fields, connection)} "
                f"WHERE {table}.{key} = v.c{len(own)}",
                [_as_json(columns)],
            )
            return
        settings = ", ".join(f"{column} = %s" for column in own)
        cursor.executemany(
            f"UPDATE {table} SET {settings} WHERE {key} = %s", list(zip(*columns, strict=True))
        )


def insert(rows: Sequence[Model]) -> None:
    """Insert new rows of one model, and give each its id; call it inside a transaction.

    A row may be related to one that got its id after this one was made.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    fields: list[Any] = list(model._meta.concrete_fields)
    relations = [(field.attname, field.cache_name) for field in fields if field.is_relation]
    for row, pk in zip(rows, _new_ids(model, len(rows), connection), strict=True):
        row.pk = pk
        for attname, name in relations:
            related = row._state.fields_cache.get(name)
            if related is not None and getattr(row, attname) != related.pk:
                setattr(row, attname, related.pk)
    columns = [
        _prepared(field, [field.pre_save(row, add=True) for row in rows], connection)
        for field in fields
    ]
    table, own = _names(model, fields, connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(own)}) "
                f"SELECT * FROM {_recordset(fields, connection)}",
                [_as_json(columns)],
            )
        else:
            marks = ", ".join(["%s"] * len(own))
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(own)}) VALUES ({marks})",
                list(zip(*columns, strict=True)),
            )
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _prepared(field: Any, values: Sequence[Any], connection: Any) -> list[Any]:
    """A column as the database takes it; each distinct value is worked out once."""
    if type(field) in AS_THEY_ARE and all(type(value) in PLAIN for value in values):
        return list(values)
    if isinstance(field, JSONField):
        return [field.get_db_prep_save(value, connection) for value in values]
    known = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return [known[value] for value in values]


def _new_ids(model: type[Model], count: int, connection: Any) -> list[int]:
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [table, column, count],
            )
            return [pk for (pk,) in cursor.fetchall()]
        # The transaction holds SQLite's only lock for writing: nobody else takes these meanwhile.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
    last = found[0] if found else 0
    return list(range(last + 1, last + count + 1))


def _names(model: type[Model], fields: Sequence[Any], connection: Any) -> tuple[str, list[str]]:
    quote = connection.ops.quote_name
    return quote(model._meta.db_table), [quote(field.column) for field in fields]


def _recordset(fields: Sequence[Any], connection: Any) -> str:
    """The rows as a table for PostgreSQL: one text is quoted and sent far faster than arrays."""
    kinds = (LIMITED_TEXT.sub("text", field.rel_db_type(connection)) for field in fields)
    columns = ", ".join(f"c{place} {kind}" for place, kind in enumerate(kinds))
    return f"json_to_recordset(%s::json) AS v({columns})"


def _as_json(columns: Sequence[Sequence[Any]]) -> str:
    names = [f"c{place}" for place in range(len(columns))]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return json.dumps(rows, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON does not know: a JSON column's content, or an amount or time as its text."""
    return value.obj if hasattr(value, "obj") else str(value)
