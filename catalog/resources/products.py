"""Products and variants, one row per variant; a SKU that is not known yet is added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet

from catalog.models import Identifier, Image, Product, Variant
from catalog.resources import product_adding
from catalog.resources.common import BySku, as_ids, exports, variants_of
from catalog.resources.prices import settle_variants
from catalog.resources.product_columns import (
    COLUMNS,
    PRODUCT_COLUMNS,
    PRODUCT_FIELDS,
    SETTLED,
    VARIANT_FIELDS,
    check_units,
    field_value,
    identifiers_in,
    product_values,
    read_cell,
    values_of,
    variant_values,
)
from catalog.resources.tags import read_tags
from catalog.services import bulk_edits
from marketplace.kernel.sheets.kinds import (
    CellRefused,
    Check,
    Conflict,
    FileRow,
    FollowUp,
    Run,
    SheetKind,
    Target,
    Write,
    conflicts_of,
)


class Products(SheetKind):
    """One row per variant; what belongs to the product may stand on any of its rows."""

    name = "products"
    title = "Products and variants"
    about = "products and their variants"
    columns = COLUMNS
    permissions = (
        "catalog.add_product", "catalog.change_product", "catalog.add_variant",
        "catalog.change_variant",
    )  # fmt: skip
    view_permission = "catalog.view_product"
    lists = ("catalog.product", "catalog.variant")
    advice = (
        "A SKU that is not known yet is added, if the row has a title or names the parent_sku of a "
        "product that exists. An empty cell empties the field; a column that is not in the file "
        "stays as it is. Title, description, brand, type and tags belong to the product: change "
        "them on one of its rows."
    )

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[Variant]:
        return variants_of(origin, ids, _stored())

    def values(self, stored: Any) -> Mapping[str, str]:
        return values_of(stored)

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        known = BySku(rows, _stored(), "variant")
        found: list[Target | CellRefused] = []
        unknown: list[tuple[int, FileRow]] = []
        for row in rows:
            if row.get("sku") and not known.candidates(row):
                unknown.append((len(found), row))
                found.append(CellRefused("sku", known.none_of(row)))
                continue
            try:
                variant = known.one(row)
            except CellRefused as refused:
                found.append(refused)
            else:
                found.append(Target(variant.sku, str(variant.pk), values_of(variant), variant))
        if unknown:
            targets = product_adding.targets([row for _, row in unknown], check)
            for (place, _), target in zip(unknown, targets, strict=True):
                found[place] = target
        return found

    def read(self, column: str, text: str, target: Target) -> str:
        if column in SETTLED and not target.is_new:
            raise CellRefused(
                column,
                "The options and the parent SKU of a variant that exists are changed on the "
                "product's page, not by a sheet.",
            )
        return read_cell(column, text)

    def review(
        self, row: FileRow, target: Target, changes: dict[str, tuple[str, str]], check: Check
    ) -> dict[str, Any]:
        check_units({**target.now, **{name: after for name, (_, after) in changes.items()}})
        if target.is_new:
            return product_adding.review(row, target, changes, check)
        product = target.row.product_id
        asked = {name: changes[name][1] for name in PRODUCT_COLUMNS if name in changes}
        for name, after in asked.items():
            # A text may be long, and a file has many: its fingerprint is enough to compare.
            number, earlier = check.memory.get((product, name), (0, None))
            if earlier == hash(after):
                del changes[name]
            elif earlier is not None:
                raise CellRefused(
                    name, f"Row {number:,} gives the same product another value. Keep one of them."
                )
        for name, after in asked.items():
            check.memory.setdefault((product, name), (row.number, hash(after)))
        return {}

    # -- writing ---------------------------------------------------------------------------------

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        variants = locked_variants(as_ids(row.subject for row in rows))
        products = {variant.product_id: variant.product for variant in variants.values()}
        now = {
            str(pk): {**product_values(products[row.product_id]), **variant_values(row)}
            for pk, row in variants.items()
        }
        if conflicts := conflicts_of(rows, now, run):
            return conflicts
        tags: dict[int, list[str]] = {}
        numbers: dict[int, dict[str, str]] = {}
        touched: set[int] = set()
        for row in rows:
            variant = variants[int(row.subject)]
            after = {name: pair[1] for name, pair in row.values.items()}
            _set(variant, after, VARIANT_FIELDS)
            if _set(products[variant.product_id], after, PRODUCT_FIELDS):
                touched.add(variant.product_id)
            if "tags" in after:
                tags[variant.product_id] = read_tags(after["tags"])
            if found := identifiers_in(after):
                numbers[variant.pk] = found
        bulk_edits.save(variants.values(), _names(rows, VARIANT_FIELDS))
        bulk_edits.save((products[pk] for pk in sorted(touched)), _names(rows, PRODUCT_FIELDS))
        bulk_edits.set_tags(tags)
        bulk_edits.set_identifiers(numbers)
        return []

    def add(self, rows: Sequence[Write], run: Run) -> tuple[dict[int, str], list[Conflict]]:
        return product_adding.add(rows, run)

    def remove(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        variants = locked_variants(as_ids(row.subject for row in rows))
        now = {str(pk): values_of(variant) for pk, variant in variants.items()}
        if conflicts := conflicts_of(rows, now, run):
            return conflicts
        return product_adding.remove(rows, variants, run)

    def settle(self, subjects: Sequence[str], run: Run) -> None:
        settle_variants(subjects, run)

    def follow_ups(self, sheet_id: int) -> Iterable[FollowUp]:
        return exports()


def locked_variants(ids: Sequence[int]) -> dict[int, Variant]:
    """Variants and their products, locked; variants of one product share its object."""
    variants: dict[int, Variant] = bulk_edits.locked(
        Variant.objects.prefetch_related("identifiers"), ids
    )
    stored = Product.objects.select_related("merchant").prefetch_related(
        "tags", Prefetch("images", Image.objects.order_by("position", "pk"))
    )
    products = bulk_edits.locked(stored, (row.product_id for row in variants.values()))
    for variant in variants.values():
        variant.product = products[variant.product_id]
    return variants


def _set(row: Any, after: Mapping[str, str], names: Sequence[str]) -> bool:
    mine = [name for name in names if name in after]
    for name in mine:
        setattr(row, name, field_value(name, after[name]))
    return bool(mine)


def _names(rows: Sequence[Write], names: Sequence[str]) -> list[str]:
    changed = {name for row in rows for name in row.values}
    return [name for name in names if name in changed]


def _stored() -> QuerySet[Variant]:
    return Variant.objects.select_related("merchant", "product__merchant").prefetch_related(
        "product__tags",
        Prefetch("product__images", Image.objects.order_by("position", "pk")),
        Prefetch("identifiers", Identifier.objects.order_by("kind")),
    )
