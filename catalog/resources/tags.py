"""SKU and tags: export, fill in, import (R28). The tags of a row replace those it had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.models import Product
from catalog.resources.common import MERCHANT, BySku, as_ids, exports, in_order
from catalog.services import bulk_edits, products
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

LONGEST_TAG = 80


class Tags(SheetKind):
    """One row per product."""

    name = "tags"
    title = "SKU and tags"
    about = "tags of products"
    columns = (
        MERCHANT,
        Column("sku", "SKU of the product", "ROPE", is_key=True, is_required=True),
        Column("title", "Title of the product", "Cotton rope", is_read_only=True),
        Column("tags", "All of its tags, with commas between them", "Dog toys, Sale"),
    )
    permissions = ("catalog.change_product",)
    view_permission = "catalog.view_product"
    lists = ("catalog.product",)
    advice = "The tags of a row replace those that the product had; an empty cell takes all away."

    def objects(self, origin: str, ids: Sequence[int]) -> Iterable[Product]:
        return in_order(ids, _stored())

    def values(self, stored: Any) -> Mapping[str, str]:
        return {
            "merchant": stored.merchant.slug,
            "sku": stored.sku,
            "title": stored.title,
            "tags": tags_text(stored),
        }

    def find(self, rows: Sequence[FileRow], check: Check) -> list[Target | CellRefused]:
        known = BySku(rows, _stored(), "product")
        found: list[Target | CellRefused] = []
        for row in rows:
            try:
                product = known.one(row)
            except CellRefused as refused:
                found.append(refused)
            else:
                now = {"tags": tags_text(product)}
                found.append(Target(product.sku, str(product.pk), now))
        return found

    def read(self, column: str, text: str, target: Target) -> str:
        return ", ".join(read_tags(text))

    def write(self, rows: Sequence[Write], run: Run) -> list[Conflict]:
        plain = Product.objects.prefetch_related("tags")
        stored = bulk_edits.locked(plain, as_ids(row.subject for row in rows))
        now = {str(pk): {"tags": tags_text(product)} for pk, product in stored.items()}
        if conflicts := conflicts_of(rows, now, run):
            return conflicts
        bulk_edits.set_tags({int(row.subject): read_tags(row.values["tags"][1]) for row in rows})
        return []

    def settle(self, subjects: Sequence[str], run: Run) -> None:
        # Templates and rules may be taken by tag, and templates name tags in their texts.
        products.changed(as_ids(subjects), by=run.by)

    def follow_ups(self, sheet_id: int) -> Iterable[FollowUp]:
        return exports()


def tags_text(product: Product) -> str:
    """A product's tags as a cell shows them."""
    return ", ".join(sorted(tag.name for tag in product.tags.all()))


def read_tags(text: str) -> list[str]:
    """The tags of a cell, in which commas stand between them. Raises `CellRefused`."""
    names = {" ".join(part.split()) for part in text.split(",")} - {""}
    if long := next((name for name in sorted(names) if len(name) > LONGEST_TAG), ""):
        raise CellRefused("tags", f"A tag has at most {LONGEST_TAG} characters: “{long[:30]}…”.")
    return sorted(names)


def _stored() -> QuerySet[Product]:
    return Product.objects.select_related("merchant").prefetch_related("tags")
