"""The columns of a sheet of products: what each means, and how a cell is read and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from catalog import html
from catalog.models import Identifier, Image, Product, Variant
from catalog.resources.common import (
    MERCHANT,
    SKU,
    at_most,
    decimal_or_none,
    measure_text,
    money_text,
    read_with,
)
from catalog.resources.tags import read_tags, tags_text
from catalog.sheets import values
from catalog.sheets.groups import LONGEST_DESCRIPTION, LONGEST_NAME, LONGEST_TITLE
from marketplace.kernel.sheets.kinds import CellRefused, Column

OPTION_NUMBERS = (1, 2, 3)
PRODUCT_FIELDS = ("title", "description", "brand", "product_type")
PRODUCT_COLUMNS = (*PRODUCT_FIELDS, "tags")
MONEY = ("price", "compare_at_price", "cost")
SIDES = ("length", "width", "height")
VARIANT_FIELDS = (*MONEY, "currency", "weight", "weight_unit", *SIDES, "dimension_unit")
IDENTIFIERS = ("upc", "ean", "gtin")
OPTIONS = tuple(f"option{number}_{part}" for number in OPTION_NUMBERS for part in ("name", "value"))
#: Settled when a variant is added.
SETTLED = ("parent_sku", *OPTIONS)

_LONGEST = {"title": LONGEST_TITLE, "brand": LONGEST_NAME, "product_type": LONGEST_NAME}
_UNITS = {"weight_unit": values.WEIGHT_WORDS, "dimension_unit": values.LENGTH_WORDS}
_OPTION_EXAMPLES = {"option1_name": "Color", "option1_value": "Red"}


def _number(name: str, meaning: str, example: str) -> Column:
    return Column(name, meaning, example, is_number=True)


COLUMNS = (
    MERCHANT,
    SKU,
    Column("parent_sku", "Joins the variants of a new product; empty for a simple one", "ROPE"),
    Column("title", "Of the product", "Cotton rope"),
    Column("description", "HTML", "<p>Strong rope for strong dogs.</p>"),
    Column("brand", "Of the product", "Happy Paws"),
    Column("product_type", "The merchant's own word", "Toys"),
    Column("tags", "All of its tags, with commas between them", "Dog toys, Sale"),
    _number("price", "What a buyer pays", "19.90"),
    _number("compare_at_price", "Earlier price, shown crossed out", "24.90"),
    _number("cost", "What one unit cost", "7.20"),
    Column("currency", "Three letters", "USD"),
    _number("weight", "With its unit", "0.5"),
    Column("weight_unit", "g, kg, oz or lb", "kg"),
    _number("length", "Of the parcel", "20"),
    _number("width", "Of the parcel", "10"),
    _number("height", "Of the parcel", "5"),
    Column("dimension_unit", "cm or in", "cm"),
    Column("upc", "12 digits", "036000291452"),
    Column("ean", "8 or 13 digits", ""),
    Column("gtin", "14 digits", ""),
    Column("image_urls", "Where pictures came from", "", is_read_only=True),
    *(Column(name, "Of a new variant", _OPTION_EXAMPLES.get(name, "")) for name in OPTIONS),
)


def values_of(variant: Variant) -> dict[str, str]:
    """A variant and its product as texts by column; loaded with identifiers, tags and images."""
    product = variant.product
    return {
        "merchant": product.merchant.slug,
        "sku": variant.sku,
        "parent_sku": product.sku if product.option_names else "",
        "image_urls": _addresses(product.images.all()),
        **product_values(product),
        **variant_values(variant),
        **_options(product, variant),
    }


def product_values(product: Product) -> dict[str, str]:
    """What the product's own columns say."""
    return {
        **{name: getattr(product, name) for name in PRODUCT_FIELDS},
        "tags": tags_text(product),
    }


def variant_values(variant: Variant) -> dict[str, str]:
    """What the variant's own columns say, its identifiers too."""
    numbers = {row.kind: row.value for row in variant.identifiers.all()}
    return {
        **{name: money_text(getattr(variant, name)) for name in MONEY},
        **{name: measure_text(getattr(variant, name)) for name in ("weight", *SIDES)},
        **{name: getattr(variant, name) for name in ("currency", *_UNITS)},
        **{name: numbers.get(name, "") for name in IDENTIFIERS},
    }


def _addresses(images: Iterable[Image]) -> str:
    return " ".join(image.source_url for image in images if image.source_url)


def _options(product: Product, variant: Variant) -> dict[str, str]:
    found = {}
    for number in OPTION_NUMBERS:
        for part, words in (("name", product.option_names), ("value", variant.options)):
            word = str(words[number - 1]) if number <= len(words) else ""
            found[f"option{number}_{part}"] = word
    return found


# -- reading -----------------------------------------------------------------------------------


def _title(text: str) -> str:
    if not text:
        raise CellRefused("title", "A product needs a title.")
    return at_most("title", text, LONGEST_TITLE)


def _description(text: str) -> str:
    return html.sanitize(at_most("description", text, LONGEST_DESCRIPTION))


def _currency(text: str) -> str:
    code = text.upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise CellRefused("currency", f"“{text[:20]}”: A currency is three letters, such as USD.")
    return code


def _optional(column: str, read: Callable[[str], Any], show: Callable[[Any], str]) -> Any:
    return lambda text: show(read_with(column, read, text)) if text else ""


def _identifier(column: str, text: str) -> str:
    if not text:
        return ""
    _, code = read_with(column, partial(values.read_barcode, kinds=(column,)), text)
    return str(code)


_READERS: Mapping[str, Callable[[str], str]] = {
    "title": _title,
    "description": _description,
    "currency": _currency,
    "tags": lambda text: ", ".join(read_tags(text)),
    **{name: partial(at_most, name, most=_LONGEST[name]) for name in ("brand", "product_type")},
    **{name: _optional(name, values.read_money, money_text) for name in MONEY},
    **{name: _optional(name, values.read_side, measure_text) for name in SIDES},
    "weight": _optional("weight", values.read_measure, measure_text),
    **{
        name: _optional(name, partial(values.read_unit, words=words), str)
        for name, words in _UNITS.items()
    },
    **{name: partial(_identifier, name) for name in IDENTIFIERS},
    **{name: partial(at_most, name, most=100) for name in SETTLED},
}


def read_cell(column: str, text: str) -> str:
    """A cell in canonical form. Raises `CellRefused`."""
    return _READERS[column](text)


def check_units(now: Mapping[str, str]) -> None:
    """A weight needs its unit, and sides theirs. Raises `CellRefused`."""
    if now.get("weight") and not now.get("weight_unit"):
        raise CellRefused("weight_unit", "A weight needs its unit: g, kg, oz or lb.")
    if any(now.get(side) for side in SIDES) and not now.get("dimension_unit"):
        raise CellRefused("dimension_unit", "Sides need their unit: cm or in.")


def field_value(column: str, text: str) -> Any:
    """What is stored for a canonical text of a field of a product or variant."""
    if column in (*MONEY, "weight", *SIDES):
        return decimal_or_none(text)
    return text


def identifiers_in(texts: Mapping[str, str]) -> dict[str, str]:
    """The identifiers among these values, by kind."""
    return {name: texts[name] for name in IDENTIFIERS if name in texts}


#: Nothing of these kinds makes a row used: they came with it.
PART_OF_A_VARIANT = (Identifier._meta.model_name or "",)
PART_OF_A_PRODUCT = (Variant._meta.model_name or "",)
