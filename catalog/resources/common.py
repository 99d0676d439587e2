"""What the catalog's sheets share: finding rows by SKU, reading cells, what follows a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from catalog.models import Shop, Variant
from catalog.services import exporting
from catalog.sheets.values import Unclear
from marketplace.kernel.sheets.kinds import CellRefused, Column, FileRow, FollowUp

MERCHANT = Column(
    "merchant",
    "Short name of the merchant; needed where several merchants have the SKU",
    "happy-paws",
    is_key=True,
)
SKU = Column("sku", "SKU of the variant", "ROPE-RED-S", is_key=True, is_required=True)


class BySku:
    """The stored rows of one chunk of a file, by SKU and, where it is given, merchant."""

    def __init__(
        self, rows: Sequence[FileRow], stored: QuerySet[Any], what: str, path: str = ""
    ) -> None:
        self.what = what
        self.path = path
        self.by_sku: dict[str, list[Any]] = {}
        skus = {row.get("sku") for row in rows} - {""}
        for found in stored.filter(**{f"{path}sku__in": skus}):
            self.by_sku.setdefault(self._owner(found).sku, []).append(found)

    def _owner(self, found: Any) -> Any:
        for name in filter(None, self.path.split("__")):
            found = getattr(found, name)
        return found

    def candidates(self, row: FileRow) -> list[Any]:
        """The rows that a row of the file may mean."""
        slug = row.get("merchant")
        found = self.by_sku.get(row.get("sku"), [])
        return [one for one in found if slug in ("", self._owner(one).merchant.slug)]

    def one(self, row: FileRow) -> Any:
        """The one that it means. Raises `CellRefused` if there is none, or several."""
        if not row.get("sku"):
            raise CellRefused("sku", "It is empty.")
        found = self.candidates(row)
        if not found:
            raise CellRefused("sku", self.none_of(row))
        if len(found) > 1:
            raise CellRefused(
                "merchant",
                f"Several merchants have a {self.what} with the SKU “{row.get('sku')}”: fill in "
                "the column “merchant”.",
            )
        return found[0]

    def none_of(self, row: FileRow) -> str:
        """That there is no such row, in words."""
        slug = row.get("merchant")
        whose = f" at the merchant “{slug}”" if slug else ""
        return f"There is no {self.what} with the SKU “{row.get('sku')}”{whose}."


def read_with(column: str, read: Callable[[str], Any], text: str) -> Any:
    """Read a cell, and turn what is unclear about it into a refusal of its row."""
    try:
        return read(text)
    except Unclear as unclear:
        words = str(unclear)
        sentence = words[:1].upper() + words[1:]
        shown = text if len(text) <= 60 else f"{text[:57]}…"
        end = "" if sentence.endswith((".", "?")) else "."
        raise CellRefused(column, f"“{shown}”: {sentence}{end}") from unclear


def at_most(column: str, text: str, most: int) -> str:
    """A text that is not too long to be stored."""
    if len(text) > most:
        raise CellRefused(column, f"It can have {most:,} characters at most; it has {len(text):,}.")
    return text


def money_text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.2f}"


def measure_text(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def decimal_or_none(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def variants_of(origin: str, ids: Sequence[int], rows: QuerySet[Variant]) -> Iterable[Variant]:
    """The variants behind rows of a list, in the order of that list."""
    paths = {
        "catalog.variant": "pk",
        "catalog.product": "product",
        "catalog.listing": "product__listings",
        "catalog.stocklevel": "stock_levels",
    }
    path = paths[origin]
    place = {pk: number for number, pk in enumerate(ids)}
    if path == "pk":
        return sorted(rows.filter(pk__in=ids), key=lambda row: place[row.pk])
    if path == "product":
        found = rows.filter(product__in=ids).order_by("product", "position", "pk")
        return sorted(found, key=lambda row: place[row.product_id])
    chosen = rows.filter(**{f"{path}__in": ids}).distinct()
    return list(chosen.order_by("product", "position", "pk"))


def in_order(ids: Sequence[int], rows: QuerySet[Any]) -> Iterable[Any]:
    """These rows in the order of their ids."""
    found: Mapping[int, Any] = rows.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def exports() -> list[FollowUp]:
    """Sending prices and quantities now, to each shop on which something differs."""
    return [
        FollowUp("export_offers", shop.pk, f"Send prices and quantities: {shop}")
        for shop in Shop.objects.active()
        if exporting.has_differences(shop)
    ]


def as_ids(subjects: Iterable[str]) -> list[int]:
    return [int(subject) for subject in subjects]
