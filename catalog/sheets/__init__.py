"""Read product files as shops export them, without touching the database."""

from __future__ import annotations

from catalog.sheets.drafts import (
    ImageDraft,
    Outcome,
    ProductDraft,
    RowNote,
    RowProblem,
    SheetUnreadable,
    VariantDraft,
)
from catalog.sheets.reader import ProductSheet, open_products

__all__ = [
    "ImageDraft",
    "Outcome",
    "ProductDraft",
    "ProductSheet",
    "RowNote",
    "RowProblem",
    "SheetUnreadable",
    "VariantDraft",
    "open_products",
]
