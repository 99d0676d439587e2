"""Our drafts in TikTok Shop's words. Pure: the same draft is always the same payload."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

from catalog.ports import (
    AttributeValue,
    CertificateDraft,
    Dimensions,
    ListingDraft,
    OfferDraft,
    Weight,
)
from integrations.tiktok.regions import region_of
from marketplace.kernel.money import Money, decimals

#: Of several identifiers one is sent: the first of these that the variant has (R52).
IDENTIFIERS_BY_RANK = ("upc", "gtin", "ean", "isbn")

GRAMS = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
}
#: What the name of a file may not hold on the channel.
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
MOST_NAME = 80
CENTIMETERS_PER_INCH = Decimal("2.54")
#: unit on the wire: (our unit, the smallest step that the channel takes)
WEIGHT_UNITS = {
    "POUND": ("lb", Decimal("0.01")),
    "KILOGRAM": ("kg", Decimal("0.001")),
    "GRAM": ("g", Decimal(1)),
}


def new_product(draft: ListingDraft, *, region: str) -> dict[str, Any]:
    """Return the payload that creates a listing; the same draft key creates it once."""
    payload = _content(draft, region)
    payload["idempotency_key"] = draft.key
    # By this name a product of ours is recognized even if the answer never came.
    payload["external_product_id"] = draft.key
    payload["skus"] = [_sku(draft, offer) | _terms(offer) for offer in draft.offers]
    return payload


def edited_product(draft: ListingDraft, *, region: str) -> dict[str, Any]:
    """Return the payload that overwrites a listing's content.

    SKUs the channel has keep their price and quantity, which travel their own way; new ones
    bring theirs.
    """
    payload = _content(draft, region)
    payload["skus"] = [
        _sku(draft, offer) | ({"id": offer.external_id} if offer.external_id else _terms(offer))
        for offer in draft.offers
    ]
    return payload


#: The channel's names for the parts of a listing's content that it can change alone. The category
#: is not among them; and SKUs are sent whole or not at all, for those left out are deleted there.
ALONE = {
    "title": ("title",),
    "description": ("description",),
    "images": ("main_images",),
    "attributes": ("product_attributes",),
    "brand": ("brand_id",),
    "package": ("package_weight", "package_dimensions"),
    "certificates": ("certifications",),
    "size_chart": ("size_chart",),
    "manufacturer": ("manufacturer_ids",),
    "responsible_person": ("responsible_person_ids",),
}


def edited_parts(
    draft: ListingDraft, parts: Collection[str], *, region: str
) -> dict[str, Any] | None:
    """Return the payload that changes these parts and nothing else, or None where none can.

    What is to be cleared cannot be said by leaving it out, so that needs the whole product too.
    """
    if not parts or not set(parts) <= set(ALONE):
        return None
    whole = _content(draft, region)
    names = [name for part in sorted(parts) for name in ALONE[part]]
    if not all(whole.get(name) for name in names):
        return None
    return {"save_mode": whole["save_mode"], **{name: whole[name] for name in names}}


def price(money: Money) -> dict[str, str]:
    """Return a price: a plain number without separators, and its currency."""
    places = decimals(money.currency)
    return {"amount": f"{money.amount:.{places}f}", "currency": money.currency}


def price_changes(prices: Mapping[str, Money]) -> list[dict[str, Any]]:
    return [{"id": sku_id, "price": price(money)} for sku_id, money in prices.items()]


def _content(draft: ListingDraft, region: str) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "save_mode": "LISTING",
        "title": draft.title,
        "description": draft.description,
        "category_id": draft.category_id,
        "main_images": [{"uri": uri} for uri in draft.image_uris],
        "package_weight": weight(draft.weight, region=region, dimensions=draft.dimensions),
        "product_attributes": _attributes(draft.attributes),
    }
    if draft.video_id:
        payload["video"] = {"id": draft.video_id}
    if draft.brand_id:
        payload["brand_id"] = draft.brand_id
    if draft.dimensions:
        payload["package_dimensions"] = dimensions(draft.dimensions, region=region)
    if draft.certificates:
        payload["certifications"] = [_certificate(item) for item in draft.certificates]
    if draft.size_chart_uri:
        payload["size_chart"] = {"image": {"uri": draft.size_chart_uri}}
    if draft.manufacturer_ids:
        payload["manufacturer_ids"] = list(draft.manufacturer_ids)
    if draft.responsible_person_ids:
        payload["responsible_person_ids"] = list(draft.responsible_person_ids)
    return payload


def weight(given: Weight, *, region: str, dimensions: Dimensions | None = None) -> dict[str, str]:
    """Return a weight in a unit the region takes, never zero.

    Weight and dimensions must be of one system, and the dimensions decide which.
    """
    unit = _weight_unit(given, region, dimensions)
    ours, step = WEIGHT_UNITS[unit]
    exact = given.value if given.unit == ours else given.value * GRAMS[given.unit] / GRAMS[ours]
    rounded = max(exact.quantize(step, ROUND_HALF_UP), step)
    return {"value": plain(rounded), "unit": unit}


def _weight_unit(given: Weight, region: str, dimensions: Dimensions | None) -> str:
    units = region_of(region).weight_units
    if "POUND" in units:
        imperial = dimensions.unit == "in" if dimensions else given.unit in ("lb", "oz")
        return "POUND" if imperial else "KILOGRAM"
    return "GRAM" if "GRAM" in units and given.unit == "g" else "KILOGRAM"


def dimensions(given: Dimensions, *, region: str) -> dict[str, str]:
    """Return package dimensions in whole numbers, rounded up so that the product fits in."""
    inches = given.unit == "in" and "POUND" in region_of(region).weight_units
    factor = Decimal(1)
    if given.unit == "in" and not inches:
        factor = CENTIMETERS_PER_INCH
    return {
        "length": _whole(given.length * factor),
        "width": _whole(given.width * factor),
        "height": _whole(given.height * factor),
        "unit": "INCH" if inches else "CENTIMETER",
    }


def _whole(length: Decimal) -> str:
    return str(int(length.to_integral_value(ROUND_CEILING)))


def plain(number: Decimal) -> str:
    """Return a number without exponent and without idle zeros."""
    return f"{number.normalize():f}"


def _attributes(values: tuple[AttributeValue, ...]) -> list[dict[str, Any]]:
    """Gather several values of one attribute; a value with an id is one of the channel's own."""
    by_attribute: dict[str, list[dict[str, str]]] = {}
    for item in values:
        value = {"id": item.value_id} if item.value_id else {"name": item.value}
        by_attribute.setdefault(item.attribute_id, []).append(value)
    return [{"id": key, "values": found} for key, found in by_attribute.items()]


def document_name(name: str) -> str:
    """Return a file's name as the channel takes it: no spaces, one dot, no sign in front."""
    plain = NOT_IN_NAMES.sub("-", name.removesuffix(".pdf")).strip("-")[:MOST_NAME].strip("-")
    return f"{plain or 'certificate'}.pdf"


def _certificate(draft: CertificateDraft) -> dict[str, Any]:
    payload: dict[str, Any] = {"id": draft.external_id}
    if draft.image_uris:
        payload["images"] = [{"uri": uri} for uri in draft.image_uris]
    if draft.documents:
        payload["files"] = [
            {"id": key, "name": document_name(name), "format": "PDF"}
            for key, name in draft.documents
        ]
    if draft.expires_on:
        day = datetime.fromisoformat(draft.expires_on).replace(tzinfo=UTC)
        payload["expiration_date"] = int(day.timestamp())
    return payload


def _sku(draft: ListingDraft, offer: OfferDraft) -> dict[str, Any]:
    """Return what describes one variant: its SKU, identifier and options."""
    sku: dict[str, Any] = {"seller_sku": offer.seller_sku}
    kind = next((kind for kind in IDENTIFIERS_BY_RANK if offer.identifiers.get(kind)), "")
    if kind:
        sku["identifier_code"] = {"type": kind.upper(), "code": offer.identifiers[kind]}
    if offer.options:
        pictures = _pictures_of_first_option(draft)
        sku["sales_attributes"] = [
            {"name": name, "value_name": value} | (_picture(pictures, value) if first else {})
            for first, (name, value) in zip(
                (True, *(False for _ in offer.options[1:])), offer.options, strict=True
            )
        ]
    return sku


def _picture(pictures: Mapping[str, str], value: str) -> dict[str, Any]:
    return {"sku_img": {"uri": pictures[value]}} if value in pictures else {}


def _pictures_of_first_option(draft: ListingDraft) -> dict[str, str]:
    """Return a picture for each value of the first option, or none at all.

    The channel takes variant pictures on one option only, and then for every value of it.
    """
    values = {offer.options[0][1] for offer in draft.offers if offer.options}
    pictures: dict[str, str] = {}
    for offer in draft.offers:
        if offer.options and offer.image_uri:
            pictures.setdefault(offer.options[0][1], offer.image_uri)
    return pictures if set(pictures) == values else {}


def _terms(offer: OfferDraft) -> dict[str, Any]:
    """Return a variant's price, and its units in every warehouse."""
    return {
        "price": price(offer.price),
        "inventory": [
            {"warehouse_id": warehouse_id, "quantity": quantity}
            for warehouse_id, quantity in offer.quantities.items()
        ],
    }
