"""What of a listing needs a re-publish: its content, a fingerprint of it, and what differs (R26).

Price and quantity are left out: they travel by themselves.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from catalog.ports import Dimensions, RemoteListing, Weight
from catalog.readiness import ListingFacts

#: Content of a listing by part, in JSON's own types, so that it equals itself read back.
Content = dict[str, Any]

TITLE, DESCRIPTION, BRAND, CATEGORY = "title", "description", "brand", "category"
IMAGES, ATTRIBUTES = "images", "attributes"
OPTIONS, VARIANTS, PACKAGE = "options", "variants", "package"
CERTIFICATES, SIZE_CHART = "certificates", "size_chart"
MANUFACTURER, RESPONSIBLE_PERSON = "manufacturer", "responsible_person"


def content_of(facts: ListingFacts) -> Content:
    """Return all that a re-publish sends."""
    category = facts.category
    return {
        TITLE: facts.title,
        DESCRIPTION: facts.description,
        BRAND: facts.brand,
        OPTIONS: list(facts.option_names),
        IMAGES: list(facts.image_keys),
        CATEGORY: category.external_id if category else "",
        ATTRIBUTES: {a.external_id: list(a.values) for a in category.attributes if a.values}
        if category
        else {},
        VARIANTS: {
            variant.sku: {
                "options": list(variant.options),
                "identifiers": [list(pair) for pair in variant.identifiers],
            }
            for variant in facts.variants
        },
        PACKAGE: {
            variant.sku: {
                "weight": _plain(variant.weight),
                "dimensions": _plain(variant.dimensions),
            }
            for variant in facts.variants
        },
        **_compliance(facts),
    }


def _compliance(facts: ListingFacts) -> Content:
    """Documents and persons that this category takes; without them no part stands for them.

    So an imported listing, of which nobody knows what the channel has, is not told to drop it.
    """
    category, held = facts.category, facts.compliance
    if category is None:
        return {}
    names = {item.external_id: item.name for item in category.certifications}
    has_chart = category.needs_size_chart or category.takes_size_chart
    parts = {
        CERTIFICATES: [
            [
                names[item.external_id],
                item.expires_on.isoformat() if item.expires_on else "",
                item.sha256,
            ]
            for item in held.certificates
            if item.external_id in names
        ],
        SIZE_CHART: held.size_chart.sha256 if held.size_chart and has_chart else "",
        MANUFACTURER: held.manufacturer if category.needs_manufacturer else "",
        RESPONSIBLE_PERSON: held.responsible_person if category.needs_responsible_person else "",
    }
    return {part: value for part, value in parts.items() if value}


def content_there(remote: RemoteListing) -> Content:
    """Return the parts that can be told from what a channel shows of a listing.

    Pictures have other addresses there, and weights other units, so those parts stay unknown.
    """
    names = dict.fromkeys(name for offer in remote.offers for name, _ in offer.options)
    attributes: dict[str, list[str]] = {}
    for item in remote.attributes:
        attributes.setdefault(item.attribute_id, []).append(item.value)
    return {
        TITLE: remote.title,
        DESCRIPTION: remote.description,
        BRAND: remote.brand,
        OPTIONS: list(names),
        CATEGORY: remote.category_id,
        ATTRIBUTES: attributes,
        VARIANTS: {
            offer.seller_sku or offer.external_id: {
                "options": [value for _, value in offer.options],
                "identifiers": sorted([kind, code] for kind, code in offer.identifiers.items()),
            }
            for offer in remote.offers
        },
    }


def fingerprint(content: Content) -> str:
    """The same for the same content, whatever the order of its fields."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def differing(there: Content, here: Content) -> frozenset[str]:
    """Name the parts that differ, or of which nobody knows how they stand on the channel."""
    return frozenset(
        part
        for part in {*there, *here}
        if part not in there or part not in here or there[part] != here[part]
    )


def _plain(part: Weight | Dimensions | None) -> list[str]:
    if part is None:
        return []
    return [
        f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
        for value in asdict(part).values()
    ]
