"""Stock counts: units found at a fulfillment center; the difference becomes a ledger line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.models import FulfillmentCenter, MovementKind, StockLevel, Variant
from catalog.resources.common import (
    MERCHANT,
    SKU,
    BySku,
    exports,
    in_order,
    read_with,
)
from catalog.services import stock
from catalog.sheets.values import read_quantity
from marketplace.kernel.sheets.kinds import (
    CellRefused,
    Check,
    Column,
    Conflict,
    FileRow,
    FollowUp,
    Run,
    SheetKind,
    Target,
    Write,
    conflicts_of,
)


class StockCounts(SheetKind):
    """One row per SKU and fulfillment center."""

    name = "stock"
    title = "Stock counts"
    about = "units of SKUs at fulfillment centers"
    columns = (
        MERCHANT,
        SKU,
        Column("fulfillment_center", "Code of the place", "reno", is_key=True, is_required=True),
        Column("quantity", "Units that were counted there", "120", is_number=True),
        Column("reserved", "Of them promised to orders", "3", is_read_only=True, is_number=True),
    )
    permissions = ("catalog.add_stockmovement",)
    view_permission = "catalog.view_stocklevel"
    lists = ("catalog.stocklevel", "catalog.variant")
    advice = (
        "A row without quantity was not counted and stays as it is. Undo books a second count, "
        "for the ledger forgets nothing."
    )

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[StockLevel]:
        if origin == "catalog.stocklevel":
            return in_order(ids, _stored())
        place = {pk: number for number, pk in enumerate(ids)}
        levels = _stored().filter(variant__in=ids).order_by("fulfillment_center__code")
        return sorted(levels, key=lambda level: place[level.variant_id])

    def values(self, stored: Any) -> Mapping[str, str]:
        return {
            "merchant": stored.variant.merchant.slug,
            "sku": stored.variant.sku,
            "fulfillment_center": stored.fulfillment_center.code,
            "quantity": str(stored.on_hand),
            "reserved": str(stored.reserved),
        }

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        known = BySku(rows, Variant.objects.select_related("merchant"), "variant")
        pks = [variant.pk for some in known.by_sku.values() for variant in some]
        merchants = {variant.merchant_id for some in known.by_sku.values() for variant in some}
        centers = {
            (center.merchant_id, center.code): center
            for center in FulfillmentCenter.objects.filter(merchant__in=merchants)
        }
        levels = {
            (level.variant_id, level.fulfillment_center_id): level
            for level in _stored().filter(variant__in=pks)
        }
        found: list[Target | CellRefused] = []
        for row in rows:
            try:
                found.append(_target(row, known.one(row), centers, levels))
            except CellRefused as refused:
                found.append(refused)
        return found

    def read(self, column: str, text: str, target: Target) -> str:
        if not text:
            return target.now["quantity"]
        return str(read_with(column, read_quantity, text))

    def review(
        self, row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
    ) -> dict[str, Any]:
        if "quantity" in changes and int(changes["quantity"][1]) < target.row.reserved:
            counted = int(changes["quantity"][1])
            change = stock.Change(MovementKind.COUNT, on_hand=counted - target.row.on_hand)
            raise CellRefused("quantity", stock.refusal(target.row, change).message)
        return {}

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        places = {row.subject: _place(row.subject) for row in rows}
        levels = stock.locked_levels(set(places.values()))
        now = {
            subject: {"quantity": str(levels[place].on_hand if place in levels else 0)}
            for subject, place in places.items()
        }
        if conflicts := conflicts_of(rows, now, run):
            return conflicts
        by_reference = {f"{run.reference}:{row.subject}": row for row in rows}
        counts = [
            stock.Count(*places[row.subject], int(row.values["quantity"][1]), reference)
            for reference, row in by_reference.items()
        ]
        note = "Undone sheet" if run.is_undo else "Imported count"
        booked = stock.count_many(counts, by=run.by, note=note)
        return [
            Conflict(by_reference[reference].number, by_reference[reference].key, sentence)
            for reference, sentence in booked.refused
        ]

    def follow_ups(self, sheet_id: int) -> Iterable[FollowUp]:
        return exports()


def _target(
    row: FileRow,
    variant: Variant,
    centers: Mapping[tuple[int, str], FulfillmentCenter],
    levels: Mapping[tuple[int, int], StockLevel],
) -> Target:
    code = row.get("fulfillment_center")
    center = centers.get((variant.merchant_id, code))
    if center is None:
        raise CellRefused(
            "fulfillment_center",
            f"{variant.merchant} has no fulfillment center with the code “{code}”.",
        )
    level = levels.get((variant.pk, center.pk)) or StockLevel(
        variant=variant, fulfillment_center=center
    )
    return Target(
        f"{variant.sku} · {center.code}",
        f"{variant.pk}:{center.pk}",
        {"quantity": str(level.on_hand)},
        level,
    )


def _place(subject: str) -> tuple[int, int]:
    variant, _, center = subject.partition(":")
    return int(variant), int(center)


def _stored() -> QuerySet[StockLevel]:
    return StockLevel.objects.select_related("variant__merchant", "fulfillment_center")
