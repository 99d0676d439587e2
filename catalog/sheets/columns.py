"""The column names that product files use, and which kind of file they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OPTION_NUMBERS = (1, 2, 3)

OWN_COLUMNS = (
    "sku", "parent_sku", "title", "description", "brand", "product_type", "tags",
    "price", "compare_at_price", "cost", "currency",
    "quantity", "fulfillment_center",
    "weight", "weight_unit", "length", "width", "height", "dimension_unit",
    "upc", "ean", "gtin", "image_urls",
    "option1_name", "option1_value", "option2_name", "option2_value",
    "option3_name", "option3_value",
)  # fmt: skip

# Shops on newer plans export the second spelling of a column, older ones the first.
SHOPIFY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "description": ("body (html)", "body html", "description"),
    "brand": ("vendor",),
    "product_type": ("type", "product type"),
    "tags": ("tags",),
    "option1_name": ("option1 name",),
    "option1_value": ("option1 value",),
    "option2_name": ("option2 name",),
    "option2_value": ("option2 value",),
    "option3_name": ("option3 name",),
    "option3_value": ("option3 value",),
    "sku": ("variant sku", "sku"),
    "grams": ("variant grams", "weight value (grams)"),
    "weight_unit": ("variant weight unit", "weight unit for display"),
    "quantity": ("variant inventory qty", "inventory quantity"),
    "price": ("variant price", "price"),
    "compare_at_price": ("variant compare at price", "compare-at price"),
    "cost": ("cost per item",),
    "barcode": ("variant barcode", "barcode"),
    "image_urls": ("image src", "product image url"),
    "image_position": ("image position",),
    "image_alt": ("image alt text",),
    "variant_image": ("variant image", "variant image url"),
}


@dataclass(frozen=True)
class Layout:
    """Which kind of file this is, and where each column stands."""

    kind: str
    positions: Mapping[str, int]
    headers: tuple[str, ...]

    @property
    def is_shopify(self) -> bool:
        """Tell whether the file has the columns of a Shopify product export."""
        return self.kind == "shopify"

    def header(self, name: str) -> str:
        """Return a column's name as the file spells it."""
        position = self.positions.get(name)
        return self.headers[position].strip() if position is not None else name


def recognize(headers: Sequence[str]) -> Layout | None:
    """Tell which kind of product file a header belongs to, if any."""
    places: dict[str, int] = {}
    for position, header in enumerate(headers):
        places.setdefault(" ".join(header.split()).casefold(), position)
    shopify = {
        name: places[spelling]
        for name, spellings in SHOPIFY_COLUMNS.items()
        for spelling in reversed(spellings)
        if spelling in places
    }
    if "handle" in shopify and "title" in shopify:
        return Layout("shopify", shopify, tuple(headers))
    own = {name: places[name] for name in OWN_COLUMNS if name in places}
    if "sku" in own and "title" in own:
        return Layout("own", own, tuple(headers))
    return None
