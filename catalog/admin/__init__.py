"""The catalog's pages of the admin; shops are registered with their connections."""

from __future__ import annotations

from catalog.admin import (
    compliance,
    listing,
    merchant,
    place,
    product,
    stock,
    taxonomy,
    template,
    unlinked,
    variant,
)

__all__ = [
    "compliance",
    "listing",
    "merchant",
    "place",
    "product",
    "stock",
    "taxonomy",
    "template",
    "unlinked",
    "variant",
]
