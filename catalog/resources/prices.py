"""Prices of variants: what a buyer pays, the earlier and the least price, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.models import Variant
from catalog.resources.common import (
    MERCHANT,
    SKU,
    BySku,
    as_ids,
    decimal_or_none,
    exports,
    money_text,
    read_with,
    variants_of,
)
from catalog.services import bulk_edits, products
from catalog.sheets.values import read_money
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

AMOUNTS = ("price", "compare_at_price", "cost", "fulfillment_cost", "map_price")


class Prices(SheetKind):
    """One row per variant; an empty cell takes a price away."""

    name = "prices"
    title = "Prices"
    about = "prices of variants"
    columns = (
        MERCHANT,
        SKU,
        Column("title", "Title of the product", "Cotton rope", is_read_only=True),
        Column("currency", "Currency of the amounts", "USD", is_read_only=True),
        Column("price", "What a buyer pays", "19.90", is_number=True),
        Column("compare_at_price", "Earlier price, shown crossed out", "24.90", is_number=True),
        Column("cost", "What one unit cost", "7.20", is_number=True),
        Column("fulfillment_cost", "To pick, pack and ship one", "1.10", is_number=True),
        Column("map_price", "Minimum advertised price: never below", "17.50", is_number=True),
    )
    permissions = ("catalog.change_variant",)
    view_permission = "catalog.view_variant"
    lists = ("catalog.variant", "catalog.product", "catalog.listing")
    advice = "An empty cell takes the amount away; a column that is not in the file stays as it is."

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[Variant]:
        return variants_of(origin, ids, _stored())

    def values(self, stored: Any) -> Mapping[str, str]:
        return {
            "merchant": stored.product.merchant.slug,
            "sku": stored.sku,
            "title": stored.product.title,
            "currency": stored.currency,
            **_amounts(stored),
        }

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        stored = Variant.objects.select_related("merchant").only("sku", "merchant__slug", *AMOUNTS)
        known = BySku(rows, stored, "variant")
        found: list[Target | CellRefused] = []
        for row in rows:
            try:
                variant = known.one(row)
            except CellRefused as refused:
                found.append(refused)
            else:
                found.append(Target(variant.sku, str(variant.pk), _amounts(variant)))
        return found

    def read(self, column: str, text: str, target: Target) -> str:
        return money_text(read_with(column, read_money, text)) if text else ""

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        variants = bulk_edits.locked(
            Variant.objects.only(*AMOUNTS), as_ids(row.subject for row in rows)
        )
        now = {str(pk): _amounts(variant) for pk, variant in variants.items()}
        if conflicts := conflicts_of(rows, now, run):
            return conflicts
        for row in rows:
            variant = variants[int(row.subject)]
            for column, (_, after) in row.values.items():
                setattr(variant, column, decimal_or_none(after))
        names = {column for row in rows for column in row.values}
        bulk_edits.save(variants.values(), sorted(names))
        return []

    def settle(self, subjects: Sequence[str], run: Run) -> None:
        settle_variants(subjects, run)

    def follow_ups(self, sheet_id: int) -> Iterable[FollowUp]:
        return exports()


def settle_variants(subjects: Sequence[str], run: Run) -> None:
    """Bring offers and listings of these variants' products up to date."""
    found = Variant.objects.filter(pk__in=as_ids(subjects)).values_list("product", flat=True)
    products.changed(sorted(set(found)), by=run.by)


def _stored() -> QuerySet[Variant]:
    return Variant.objects.select_related("merchant", "product__merchant")


def _amounts(variant: Variant) -> dict[str, str]:
    return {name: money_text(getattr(variant, name)) for name in AMOUNTS}
