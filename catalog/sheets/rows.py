"""Read one row of a product file into a variant draft, with what is wrong about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TypeVar

from catalog.sheets import values
from catalog.sheets.columns import OPTION_NUMBERS, Layout
from catalog.sheets.drafts import RowNote, RowProblem, VariantDraft
from catalog.sheets.values import Unclear

T = TypeVar("T")
LONGEST_OPTION = 100
ONLY_VARIANT = ("title", "default title")  # what a Shopify export writes for a simple product


@dataclass
class Row:
    """One row of the file, asked by column name; it remembers what was found wrong."""

    number: int
    cells: list[str]
    layout: Layout
    problems: list[RowProblem] = field(default_factory=list)
    notes: list[RowNote] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return a cell's text; a column that the file lacks is empty."""
        position = self.layout.positions.get(name)
        if position is None or position >= len(self.cells):
            return ""
        return self.cells[position]

    def refuse(self, name: str, reason: str) -> None:
        """Say why this row cannot be used."""
        self.problems.append(
            RowProblem(self.number, self.layout.header(name), self.get(name), reason)
        )

    def note(self, name: str, reason: str) -> None:
        """Say something about a row that goes in."""
        self.notes.append(RowNote(self.number, self.layout.header(name), self.get(name), reason))

    def required(self, name: str, read: Callable[[str], T]) -> T | None:
        """Read a cell that must be right when it is filled in."""
        text = self.get(name)
        if not text:
            return None
        try:
            return read(text)
        except Unclear as unclear:
            self.refuse(name, _sentence(str(unclear)))
            return None

    def optional(self, name: str, read: Callable[[str], T], otherwise: str) -> T | None:
        """Read a cell the row can do without; if it is unclear, say so and leave it out."""
        text = self.get(name)
        if not text:
            return None
        try:
            return read(text)
        except Unclear as unclear:
            self.note(name, f"{_sentence(str(unclear))} {otherwise}")
            return None


def names_a_variant(row: Row) -> bool:
    """Tell whether a row describes a sellable unit and not only another picture."""
    return any(row.get(name) for name in ("sku", "price", "option1_value"))


def read_options(row: Row, names: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    """Return the option names and values of a row; names stand on a product's first row."""
    options = []
    for number in OPTION_NUMBERS:
        value = row.get(f"option{number}_value")
        if not value:
            continue
        name = row.get(f"option{number}_name") or names.get(number) or f"Option {number}"
        if max(len(value), len(name)) > LONGEST_OPTION:
            row.refuse(
                f"option{number}_value",
                f"An option can have {LONGEST_OPTION} characters at most.",
            )
        options.append((name, value))
    if len(options) == 1 and tuple(map(str.casefold, options[0])) == ONLY_VARIANT:
        return ()
    return tuple(options)


def read_variant(
    row: Row, options: tuple[tuple[str, str], ...], currency: str
) -> VariantDraft | None:
    """Read the sellable unit of a row, or note in the row why it cannot be used."""
    price = row.required("price", values.read_money)
    row_currency = row.required("currency", _read_currency) or currency
    sku = row.required("sku", _read_sku) or ""
    if row.problems:
        return None
    weight, weight_unit = _read_weight(row)
    length, width, height = (
        row.optional(side, values.read_side, "The side is left out.")
        for side in ("length", "width", "height")
    )
    return VariantDraft(
        row=row.number,
        sku=sku,
        sku_was_generated=False,
        options=options,
        price=price,
        compare_at_price=row.optional(
            "compare_at_price", values.read_money, "The earlier price is left out."
        ),
        cost=row.optional("cost", values.read_money, "The cost is left out."),
        currency=row_currency,
        weight=weight,
        weight_unit=weight_unit,
        length=length,
        width=width,
        height=height,
        dimension_unit=_read_dimension_unit(row),
        identifiers=_read_identifiers(row),
        quantity=row.optional(
            "quantity", values.read_quantity, "The product goes in without its quantity."
        ),
        fulfillment_center=row.get("fulfillment_center"),
        image_url=row.optional("variant_image", values.read_web_address, "It is left out.") or "",
    )


def _read_sku(text: str) -> str:
    if len(text) > values.LONGEST_SKU:
        raise Unclear(
            f"a SKU can have {values.LONGEST_SKU} characters at most, this has {len(text)}."
        )
    return text


def _read_currency(text: str) -> str:
    code = text.upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise Unclear("a currency is three letters, such as USD.")
    return code


def _read_weight(row: Row) -> tuple[Decimal | None, str]:
    lost = "The weight is left out."
    unit = row.optional("weight_unit", _read_weight_unit, lost)
    if not row.layout.is_shopify:
        weight = row.optional("weight", values.read_measure, lost)
        if weight is not None and unit is None:
            if not row.get("weight_unit"):
                row.note("weight", f"It has no unit. {lost}")
            return None, ""
        return (weight, unit or "") if weight is not None else (None, "")
    grams = row.optional("grams", values.read_measure, lost)
    if grams is None:
        return None, ""
    shown_unit = unit or "g"
    return values.weight_from_grams(grams, shown_unit), shown_unit


def _read_weight_unit(text: str) -> str:
    return values.read_unit(text, values.WEIGHT_WORDS)


def _read_dimension_unit(row: Row) -> str:
    unit = row.optional(
        "dimension_unit",
        lambda text: values.read_unit(text, values.LENGTH_WORDS),
        "The sides are taken to be in centimeters.",
    )
    measured = any(row.get(side) for side in ("length", "width", "height"))
    return unit or ("cm" if measured else "")


def _read_identifiers(row: Row) -> tuple[tuple[str, str], ...]:
    lost = "The identifier is left out."
    found = [row.optional("barcode", values.read_barcode, lost)]
    found += [
        row.optional(kind, partial(values.read_barcode, kinds=(kind,)), lost)
        for kind in values.IDENTIFIER_LENGTHS
    ]
    return tuple(dict.fromkeys(pair for pair in found if pair is not None))


def _sentence(words: str) -> str:
    text = words[:1].upper() + words[1:]
    return text if text.endswith((".", "?")) else text + "."
