"""The catalog's pages of the admin; shops are registered with their connections."""

from __future__ import annotations

from catalog.admin import (
    compliance,
    drift,
    exchange_rate,
    listing,
    merchant,
    place,
    price_change,
    price_offer,
    price_rule,
    price_run,
    product,
    quantity_rule,
    stock,
    taxonomy,
    template,
    unlinked,
    variant,
)

__all__ = [
    "compliance",
    "drift",
    "exchange_rate",
    "listing",
    "merchant",
    "place",
    "price_change",
    "price_offer",
    "price_rule",
    "price_run",
    "product",
    "quantity_rule",
    "stock",
    "taxonomy",
    "template",
    "unlinked",
    "variant",
]
