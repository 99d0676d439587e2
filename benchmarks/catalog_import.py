"""A file of products becomes a catalog; the floor is a raw bulk insert of the same rows."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from benchmarks import machine, rows
from benchmarks.figures import Figure, per_thousand, taking
from catalog.models import Identifier, Image, Merchant, Product, Variant
from catalog.services import product_import

HEADER = (
    "sku", "parent_sku", "title", "description", "brand", "price", "weight", "weight_unit",
    "upc", "image_urls", "option1_name", "option1_value",
)  # fmt: skip
COLORS = ("Red", "Blue", "Green", "Black")
#: The copies of the rows get ids that no real row has.
SHIFT = 50_000_000
MOST = 4.0


def measure(scale: float) -> list[Figure]:
    number = max(400, int(20_000 * scale))
    merchant, twin = rows.make_merchant(), rows.make_merchant()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "catalog.csv"
        _write_file(path, number)
        before = machine.peak_memory()
        with taking() as first:
            report = product_import.import_products(merchant, path)
        grown = machine.peak_memory() - before
        with taking() as second:
            again = product_import.import_products(merchant, path)
    if report.rows_used != number or not again.nothing_changed:
        raise AssertionError(f"the import did not do its work: {report.summary()}")
    floor = _raw_insert(merchant, twin)
    ratio = first.seconds / floor
    return [
        Figure(
            f"Catalog import, {number:,} rows of CSV",
            first.seconds,
            "s",
            floor,
            "raw bulk insert of the same rows",
            f"{per_thousand(first.queries, number)} rows, peak memory +{grown:.0f} MiB",
            "at most 4 times the floor",
            ratio <= MOST,
        ),
        Figure(
            "The same file again (nothing changes)",
            second.seconds,
            "s",
            note=f"{per_thousand(second.queries, number)} rows",
        ),
    ]


def _write_file(path: Path, number: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in range(number):
            parent, color = f"BENCH-{row // 4:06d}", COLORS[row % 4]
            writer.writerow(
                (
                    f"{parent}-{color}", parent, f"Rope toy number {row // 4}",
                    "<p>Strong cotton rope with two knots.</p><ul><li>Washable</li></ul>",
                    "Pawsmith", f"{10 + row % 90}.99", "0.35", "kg", _upc(row),
                    f"https://pictures.example/{parent}.jpg", "Color", color,
                )
            )  # fmt: skip


def _upc(number: int) -> str:
    digits = f"8500{number:07d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{-(3 * odd + even) % 10}"


def _raw_insert(merchant: Merchant, twin: Merchant) -> float:
    """Insert a copy of every row, for another merchant, the fastest way the database offers."""
    copies = [
        (Product, _copy(Product, merchant, twin, "merchant_id = %s")),
        (Variant, _copy(Variant, merchant, twin, "merchant_id = %s")),
        (Identifier, _copy(Identifier, merchant, twin, f"variant_id IN ({VARIANTS})")),
        (Image, _copy(Image, merchant, twin, f"product_id IN ({PRODUCTS})")),
    ]
    start = time.perf_counter()
    with transaction.atomic():
        for model, lines in copies:
            _insert(model, lines)
    seconds = time.perf_counter() - start
    for model, _ in reversed(copies):
        model._default_manager.filter(pk__gt=SHIFT).delete()
    return seconds


VARIANTS = "SELECT id FROM catalog_variant WHERE merchant_id = %s"
PRODUCTS = "SELECT id FROM catalog_product WHERE merchant_id = %s"


def _copy(
    model: type[Model], merchant: Merchant, twin: Merchant, where: str
) -> list[tuple[Any, ...]]:
    columns = _columns(model)
    with connection.cursor() as cursor:
        names = ", ".join(columns)
        cursor.execute(f"SELECT {names} FROM {model._meta.db_table} WHERE {where}", [merchant.pk])
        found = cursor.fetchall()
    shifted = {"id", "product_id", "variant_id"}

    def changed(column: str, value: Any) -> Any:
        if column == "merchant_id":
            return twin.pk
        return value + SHIFT if column in shifted and value is not None else value

    return [tuple(map(changed, columns, line)) for line in found]


def _columns(model: type[Model]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields]


def _insert(model: type[Model], lines: Sequence[tuple[Any, ...]]) -> None:
    table, columns = model._meta.db_table, _columns(model)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", lines)
