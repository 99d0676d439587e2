"""A sheet goes out, comes back changed, is applied and undone; the floor is one bulk update."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction

from benchmarks import machine, rows
from benchmarks.figures import Figure, per_thousand, taking
from catalog.models import Product, Variant
from catalog.services import listings
from marketplace.kernel.models import SheetImport, SheetState
from marketplace.kernel.sheets import applying, asking, checking, reading
from marketplace.kernel.sheets.kinds import kinds
from marketplace.kernel.sheets.writing import csv_lines, write_xlsx

LIST = "catalog.variant"
ROUND_TRIP = 5_000
MOST_SECONDS = 60
LARGE = 100_000
MOST_MEMORY = 300
PRICES = kinds.get("prices")
Line = list[object]


def measure(scale: float) -> list[Figure]:
    merchant = rows.make_merchant()
    center = rows.make_center(merchant)
    shop = rows.make_shop(merchant, center)
    products = rows.make_products(merchant, ROUND_TRIP, center)
    listings.stage(products, shop, by="benchmark")
    return [_round_trip(products), *_large(int(LARGE * scale))]


def _round_trip(products: list[int]) -> Figure:
    """Five thousand listed variants as XLSX: out, every price changed, in, applied, undone."""
    variants = Variant.objects.filter(product__in=products)
    before = list(variants.order_by("pk").values_list("price", flat=True))
    with taking() as taken:
        ids = list(variants.order_by("pk").values_list("pk", flat=True))
        headers = PRICES.headers(LIST, ids)
        with write_xlsx(headers, PRICES.rows(LIST, ids, headers)) as out:
            changed = _changed(out.read())
        sheet = _checked(changed, "prices.xlsx")
        _apply(sheet)
        asking.ask_to_undo(sheet)
        applying.undo(sheet.pk)
    if before != list(variants.order_by("pk").values_list("price", flat=True)):
        raise AssertionError("the undo did not put the prices back")
    with taking() as floor, transaction.atomic():
        found = list(variants.order_by("pk"))
        Variant.objects.bulk_update(found, ["price"], batch_size=500)
    return Figure(
        f"Sheet of {len(ids):,} prices as XLSX: out, in, applied, undone",
        taken.seconds,
        "s",
        floor.seconds,
        "one bulk update of the same rows",
        f"{per_thousand(taken.queries, len(ids))} rows; every row is listed on a shop",
        f"under {MOST_SECONDS} s",
        taken.seconds < MOST_SECONDS,
    )


def _changed(content: bytes) -> bytes:
    with reading.opened(io.BytesIO(content), len) as table:
        price = table.headers.index("price")
        lines = [
            [*cells[:price], Decimal(cells[price]) + 1, *cells[price + 1 :]]
            for _, cells in table.rows
        ]
    with write_xlsx(table.headers, lines) as file:
        return file.read()


def _large(number: int) -> list[Figure]:
    """The largest sheet that is taken, of products that are not listed yet."""
    merchant = rows.make_merchant()
    skus = [f"L-{place:07d}" for place in range(number)]
    for start in range(0, number, 5_000):
        some = Product.objects.bulk_create(
            Product(merchant=merchant, sku=sku, title=f"Rope toy {sku}")
            for sku in skus[start : start + 5_000]
        )
        Variant.objects.bulk_create(
            Variant(merchant=merchant, product=one, sku=one.sku, price=Decimal("19.90"))
            for one in some
        )
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "prices.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            lines: Iterator[Line] = ([sku, Decimal("21.00")] for sku in skus)
            file.writelines(csv_lines(["sku", "price"], lines))  # type: ignore[arg-type]
        before = machine.peak_memory()
        with taking() as check, path.open("rb") as stream:
            sheet = _checked(stream, path.name)
        with taking() as apply:
            _apply(sheet)
        grown = machine.peak_memory() - before
    if Variant.objects.filter(merchant=merchant, price=Decimal("21.00")).count() != number:
        raise AssertionError("the sheet was not applied")
    note = f"queries per 1,000 rows: {check.queries * 1000 // number}"
    return [
        Figure(f"Checking a sheet of {number:,} prices", check.seconds, "s", note=note),
        Figure(
            f"Applying a sheet of {number:,} prices, in one transaction",
            apply.seconds,
            "s",
            note=f"{per_thousand(apply.queries, number)} rows, peak memory +{grown:.0f} MiB",
            budget=f"memory grows by less than {MOST_MEMORY} MiB",
            is_kept=grown < MOST_MEMORY,
        ),
    ]


def _checked(content: object, name: str) -> SheetImport:
    user = User.objects.get_or_create(username="benchmark")[0]
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    sheet = asking.take_in(PRICES, File(stream, name), user=user)
    checking.check(sheet.pk)
    sheet.refresh_from_db()
    if sheet.state != SheetState.CHECKED or sheet.refused:
        raise AssertionError(f"the sheet was not taken: {sheet.problem}")
    return sheet


def _apply(sheet: SheetImport) -> None:
    asking.ask_to_apply(sheet)
    applying.apply(sheet.pk)
    sheet.refresh_from_db()
    if sheet.state != SheetState.APPLIED:
        raise AssertionError(f"the sheet was not applied: {sheet.problem}")
