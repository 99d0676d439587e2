"""What a product file says, row by row, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias


class SheetUnreadable(Exception):
    """The file as a whole cannot be read; the text says why and what would help."""


@dataclass(frozen=True)
class RowProblem:
    """A row that cannot be used, where it is and why."""

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"Row {self.row}, {place_of(self.column, self.value)}: {self.reason}"


@dataclass(frozen=True)
class RowNote:
    """A row that goes in, with something its owner should know."""

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"Row {self.row}, {place_of(self.column, self.value)}: {self.reason}"


@dataclass(frozen=True)
class ImageDraft:
    """A picture named by the file, not fetched yet."""

    url: str
    alt_text: str = ""


@dataclass(frozen=True)
class VariantDraft:
    """One sellable unit as its row describes it."""

    row: int
    sku: str
    sku_was_generated: bool
    options: tuple[tuple[str, str], ...]
    price: Decimal | None
    compare_at_price: Decimal | None
    cost: Decimal | None
    currency: str
    weight: Decimal | None
    weight_unit: str
    length: Decimal | None
    width: Decimal | None
    height: Decimal | None
    dimension_unit: str
    identifiers: tuple[tuple[str, str], ...]
    quantity: int | None
    fulfillment_center: str
    image_url: str

    @property
    def option_values(self) -> tuple[str, ...]:
        """Return the values alone, such as Red and Large."""
        return tuple(value for _, value in self.options)


@dataclass(frozen=True)
class ProductDraft:
    """One product with every usable row that describes it."""

    key: str
    rows: tuple[int, ...]
    title: str
    description: str
    brand: str
    product_type: str
    tags: tuple[str, ...]
    variants: tuple[VariantDraft, ...]
    images: tuple[ImageDraft, ...]
    sku: str
    """The SKU of the product itself: its own for a simple one, the parent's for variants."""


Outcome: TypeAlias = ProductDraft | RowProblem | RowNote


def place_of(column: str, value: str) -> str:
    """Name the cell a message is about, with its value cut to a readable length."""
    if not value:
        return column or "whole row"
    shown = value if len(value) <= 60 else value[:57] + "..."
    return f"{column or 'whole row'} “{shown}”"
