"""The catalog's pages of the admin; shops are registered with their connections."""

from __future__ import annotations

from catalog.admin import (
    listing,
    merchant,
    place,
    product,
    stock,
    taxonomy,
    unlinked,
    variant,
)

__all__ = [
    "listing",
    "merchant",
    "place",
    "product",
    "stock",
    "taxonomy",
    "unlinked",
    "variant",
]
