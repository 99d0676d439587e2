"""What of a listing needs a re-publish: its content, a fingerprint of it, and what differs (R26).

Price and quantity are left out: they travel by themselves.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from catalog.ports import Dimensions, Weight
from catalog.readiness import ListingFacts

#: Content of a listing by field, in JSON's own types, so that it equals itself read back.
Content = dict[str, Any]


def content_of(facts: ListingFacts) -> Content:
    """Return all that a re-publish sends."""
    category = facts.category
    return {
        "title": facts.title,
        "description": facts.description,
        "brand": facts.brand,
        "options": list(facts.option_names),
        "images": list(facts.image_keys),
        "category": category.external_id if category else "",
        "attributes": {a.external_id: list(a.values) for a in category.attributes if a.values}
        if category
        else {},
        "variants": [
            {
                "sku": variant.sku,
                "options": list(variant.options),
                "identifiers": [list(pair) for pair in variant.identifiers],
                "weight": _plain(variant.weight),
                "dimensions": _plain(variant.dimensions),
            }
            for variant in facts.variants
        ],
    }


def fingerprint(content: Content) -> str:
    """The same for the same content, whatever the order of its fields."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(part: Weight | Dimensions | None) -> list[str]:
    if part is None:
        return []
    return [
        f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
        for value in asdict(part).values()
    ]
