"""Read single cells: money, quantities, weights, barcodes, SKUs; refuse what is unclear."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container, Iterable
from decimal import Decimal
from urllib.parse import urlsplit

LONGEST_SKU = 100
LONGEST_MADE_SKU = 50
LONGEST_ADDRESS = 1000
LARGEST_PRICE = Decimal("99999999.99")
LARGEST_QUANTITY = 99_999_999
LARGEST_MEASURE = Decimal("999999")
IDENTIFIER_LENGTHS = {"upc": (12,), "ean": (13, 8), "gtin": (14,)}
GRAMS_PER_UNIT = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
WEIGHT_WORDS = {
    "g": "g", "gram": "g", "grams": "g",
    "kg": "kg", "kgs": "kg", "kilogram": "kg", "kilograms": "kg",
    "lb": "lb", "lbs": "lb", "pound": "lb", "pounds": "lb",
    "oz": "oz", "ounce": "oz", "ounces": "oz",
}  # fmt: skip
LENGTH_WORDS = {
    "cm": "cm", "centimeter": "cm", "centimeters": "cm",
    "in": "in", "inch": "in", "inches": "in", '"': "in",
}  # fmt: skip

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]*)?|-?\.[0-9]+")
_DECIMAL_COMMA = re.compile(r"-?[0-9]{1,15},[0-9]{1,2}")
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+\.[0-9]{1,2}")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}(\.0+)?")
_NOT_SKU = re.compile(r"[^A-Z0-9]+")


class Unclear(Exception):
    """A cell cannot be read; the text says why."""


def read_number(text: str) -> Decimal:
    """Read a number that can mean only one thing."""
    if _PLAIN_NUMBER.fullmatch(text):
        return Decimal(text)
    if _DECIMAL_COMMA.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if _THOUSANDS.fullmatch(text):
        return Decimal(text.replace(",", ""))
    raise Unclear("it is not a number. Write it like 1299.95, without a currency sign.")


def read_money(text: str) -> Decimal:
    """Read an amount of money with at most two decimals."""
    amount = read_number(text)
    if amount < 0:
        raise Unclear("an amount cannot be below zero.")
    if amount > LARGEST_PRICE:
        raise Unclear(f"it is larger than {LARGEST_PRICE:,}.")
    if amount != round(amount, 2):
        raise Unclear("an amount can have two decimals at most.")
    return abs(amount).quantize(Decimal("0.01"))


def read_quantity(text: str) -> int:
    """Read how many units there are."""
    if not _WHOLE_NUMBER.fullmatch(text):
        raise Unclear("a quantity must be a whole number")
    quantity = int(Decimal(text))
    if quantity < 0:
        raise Unclear("a quantity cannot be below zero")
    if quantity > LARGEST_QUANTITY:
        raise Unclear(f"it is larger than {LARGEST_QUANTITY:,}")
    return quantity


def read_side(text: str) -> Decimal | None:
    """Read the length of a side."""
    side = read_measure(text)
    return round(side, 2) or None if side is not None else None


def read_measure(text: str) -> Decimal | None:
    """Read a weight or a length; zero means that nobody measured it."""
    measure = read_number(text)
    if measure < 0:
        raise Unclear("a measure cannot be below zero.")
    if measure > LARGEST_MEASURE:
        raise Unclear(f"it is larger than {LARGEST_MEASURE:,}.")
    return round(measure, 3) or None


def weight_from_grams(grams: Decimal, unit: str) -> Decimal | None:
    """Show grams in the unit the shop prefers."""
    return round(grams / GRAMS_PER_UNIT[unit], 3) or None


def read_unit(text: str, words: dict[str, str]) -> str:
    """Read a unit in any common spelling."""
    unit = words.get(text.casefold().rstrip("."))
    if unit is None:
        raise Unclear(
            f"the unit is not known. Use one of {', '.join(sorted(set(words.values())))}."
        )
    return unit


def read_barcode(text: str, kinds: Iterable[str] = IDENTIFIER_LENGTHS) -> tuple[str, str]:
    """Tell what kind of product identifier a barcode is, by its length and check digit."""
    code = text.lstrip("'").replace(" ", "").replace("-", "")
    if "e+" in code.casefold():
        raise Unclear("a spreadsheet shortened the number; format the column as text")
    if not (code.isascii() and code.isdigit()):
        raise Unclear("it is not made of digits alone")
    for kind in kinds:
        if len(code) in IDENTIFIER_LENGTHS[kind]:
            if check_digit(code[:-1]) != code[-1]:
                raise Unclear(f"its last digit should be {check_digit(code[:-1])}: mistyped?")
            return kind, code
    raise Unclear(f"it has {len(code)} digits; identifiers have 8, 12, 13 or 14")


def check_digit(body: str) -> str:
    """Work out the last digit of a UPC, EAN or GTIN."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body[::-1]))
    return str(-total % 10)


def read_web_address(text: str) -> str:
    """Accept the address of a picture on the web."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise Unclear("it is not a web address") from error
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(map(str.isspace, text)):
        raise Unclear("it is not a web address that starts with http:// or https://")
    if len(text) > LONGEST_ADDRESS:
        raise Unclear(f"the address is longer than {LONGEST_ADDRESS:,} characters")
    return text


def make_sku(key: str, option_values: Iterable[str], taken: Container[str]) -> str:
    """Make a SKU from the product's handle and options: the same one every time."""
    parts = [key, *option_values]
    readable = "-".join(filter(None, map(_sku_part, parts)))
    if readable and len(readable) <= LONGEST_MADE_SKU and readable not in taken:
        return readable
    for attempt in range(1000):
        seed = "\x1f".join([*parts, str(attempt)])
        mark = hashlib.sha256(seed.encode()).hexdigest()[:8].upper()
        candidate = f"{readable[: LONGEST_MADE_SKU - 9].rstrip('-')}-{mark}".lstrip("-")
        if candidate not in taken:
            return candidate
    raise Unclear("no free SKU could be made; give the row a SKU")


def _sku_part(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_SKU.sub("-", plain.upper()).strip("-")
