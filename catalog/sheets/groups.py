"""Make one product from the rows that belong to it, and account for every one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from catalog.sheets import values
from catalog.sheets.columns import OPTION_NUMBERS
from catalog.sheets.drafts import ImageDraft, Outcome, ProductDraft, VariantDraft
from catalog.sheets.rows import Row, names_a_variant, read_options, read_variant

LONGEST_TITLE = 300
LONGEST_KEY = 255
LONGEST_NAME = 120
LONGEST_TAG = 80
LONGEST_ALT_TEXT = 300
LONGEST_DESCRIPTION = 100_000
LAST_POSITION = 1_000_000


@dataclass
class Group:
    """The rows that follow one another and share a handle or a parent SKU."""

    key: str
    rows: list[Row] = field(default_factory=list)

    @property
    def first(self) -> Row:
        """Return the row that carries the product's own fields."""
        return self.rows[0]


@dataclass
class Register:
    """The SKUs that earlier rows of the file took: of variants, and of products."""

    variants: dict[str, int] = field(default_factory=dict)
    products: set[str] = field(default_factory=set)


def read_group(group: Group, register: Register, currency: str) -> Iterator[Outcome]:
    """Yield the product of a group with its notes, and a problem for each unusable row."""
    reason = _why_no_product(group)
    if reason is not None:
        yield from _refuse_all(group, *reason)
        return
    variants = _read_variants(group, register.variants, currency)
    if not variants:
        _refuse_leftovers(group)
        yield from _complaints(group)
        return
    images = _read_images(group)
    product = _assemble(group, variants, images, register)
    yield from _complaints(group)
    yield product


def _why_no_product(group: Group) -> tuple[str, str] | None:
    title = _first_value(group, "title")
    if not title:
        return "title", "The product has no title."
    if len(title) > LONGEST_TITLE:
        return "title", f"A title can have {LONGEST_TITLE} characters at most; it has {len(title)}."
    if len(_first_value(group, "description")) > LONGEST_DESCRIPTION:
        return "description", f"A description can have {LONGEST_DESCRIPTION:,} characters at most."
    return None


def _refuse_all(group: Group, name: str, reason: str) -> Iterator[Outcome]:
    group.first.refuse(name, reason)
    _refuse_followers(group)
    yield from _complaints(group)


def _refuse_followers(group: Group) -> None:
    for row in group.rows[1:]:
        if not row.problems:
            row.refuse(
                _key_column(row),
                f"It belongs to the product of row {group.first.number}, which cannot be used.",
            )


def _refuse_leftovers(group: Group) -> None:
    for row in group.rows:
        if not row.problems:
            row.refuse(
                _key_column(row), "No row of this product describes a variant that can be used."
            )


def _read_variants(group: Group, skus: dict[str, int], currency: str) -> list[VariantDraft]:
    names: dict[int, str] = {}
    accepted: list[VariantDraft] = []
    for row in group.rows:
        for number in OPTION_NUMBERS:
            names.setdefault(number, row.get(f"option{number}_name"))
            names[number] = names[number] or row.get(f"option{number}_name")
        if _is_parent(group, row) or not _is_variant(group, row):
            continue
        options = read_options(row, names)
        _check_options(row, options, accepted)
        draft = read_variant(row, options, currency)
        if draft is not None:
            draft = _with_sku(row, draft, group.key, skus)
        if draft is not None:
            skus[draft.sku] = row.number
            accepted.append(draft)
    return accepted


def _is_variant(group: Group, row: Row) -> bool:
    return row is group.first or not row.layout.is_shopify or names_a_variant(row)


def _is_parent(group: Group, row: Row) -> bool:
    """Tell whether a row of our own columns only describes the product above its variants."""
    if row.layout.is_shopify or len(group.rows) == 1 or row.get("option1_value"):
        return False
    return row.get("sku") == group.key and not row.get("parent_sku")


def _check_options(
    row: Row, options: tuple[tuple[str, str], ...], accepted: Sequence[VariantDraft]
) -> None:
    if not accepted:
        return
    first = accepted[0]
    if len(first.options) != len(options):
        row.refuse(
            "option1_value",
            f"It has {len(options)} options and row {first.row}, the same product, "
            f"has {len(first.options)}.",
        )
        return
    wanted = tuple(value.casefold() for _, value in options)
    for other in accepted:
        if tuple(map(str.casefold, other.option_values)) == wanted:
            row.refuse("option1_value", f"Row {other.row} is the same variant of this product.")
            return


def _with_sku(row: Row, draft: VariantDraft, key: str, skus: dict[str, int]) -> VariantDraft | None:
    if draft.sku:
        earlier = skus.get(draft.sku)
        if earlier is None:
            return draft
        row.refuse("sku", f"This SKU is used twice: in row {earlier} and in row {row.number}.")
        return None
    sku = values.make_sku(key, draft.option_values, skus)
    row.note("sku", f"The SKU is missing; {sku} was made for it and stays the same next time.")
    return replace(draft, sku=sku, sku_was_generated=True)


def _read_images(group: Group) -> tuple[ImageDraft, ...]:
    found: list[tuple[int, ImageDraft]] = []
    for row in group.rows:
        text = row.get("image_urls")
        for address in filter(None, _split_addresses(row, text)):
            try:
                url = values.read_web_address(address)
            except values.Unclear as unclear:
                _image_problem(group, row, str(unclear))
                continue
            found.append((_position(row), ImageDraft(url, row.get("image_alt")[:LONGEST_ALT_TEXT])))
        if not text and _is_idle(group, row):
            row.refuse(_key_column(row), "The row has neither a variant nor a picture.")
    by_address: dict[str, ImageDraft] = {}
    for _, image in sorted(found, key=lambda pair: pair[0]):
        by_address.setdefault(image.url, image)
    return tuple(by_address.values())


def _is_idle(group: Group, row: Row) -> bool:
    return not row.problems and not _is_parent(group, row) and not _is_variant(group, row)


def _split_addresses(row: Row, text: str) -> list[str]:
    return [text] if row.layout.is_shopify else re.split(r"[|\s]+", text)


def _image_problem(group: Group, row: Row, reason: str) -> None:
    words = f"The picture cannot be used: {reason}."
    if _is_idle(group, row):
        row.refuse("image_urls", words)
    else:
        row.note("image_urls", words)


def _position(row: Row) -> int:
    text = row.get("image_position")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else LAST_POSITION


def _assemble(
    group: Group,
    variants: list[VariantDraft],
    images: tuple[ImageDraft, ...],
    register: Register,
) -> ProductDraft:
    simple = len(variants) == 1 and not variants[0].options
    sku = variants[0].sku if simple else group.key
    if sku in register.products or len(sku) > values.LONGEST_SKU:
        sku = values.make_sku(group.key, ("PARENT",), register.products)
    register.products.add(sku)
    return ProductDraft(
        key=group.key,
        sku=sku,
        rows=tuple(row.number for row in group.rows if not row.problems),
        title=_first_value(group, "title"),
        description=_first_value(group, "description"),
        brand=_first_name(group, "brand"),
        product_type=_first_name(group, "product_type"),
        tags=_read_tags(group),
        variants=tuple(variants),
        images=images,
    )


def _first_value(group: Group, name: str) -> str:
    return next((value for row in group.rows if (value := row.get(name))), "")


def _first_name(group: Group, name: str) -> str:
    value = _first_value(group, name)
    if len(value) <= LONGEST_NAME:
        return value
    group.first.note(name, f"It has more than {LONGEST_NAME} characters; the rest was cut off.")
    return value[:LONGEST_NAME].rstrip()


def _read_tags(group: Group) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for text in _first_value(group, "tags").split(","):
        name = " ".join(text.split())
        if len(name) > LONGEST_TAG:
            group.first.note("tags", f"A tag can have {LONGEST_TAG} characters; one is left out.")
        elif name:
            names.setdefault(name.casefold(), name)
    return tuple(names.values())


def _complaints(group: Group) -> Iterator[Outcome]:
    for row in group.rows:
        if row.problems:
            yield from row.problems
        else:
            yield from row.notes


def _key_column(row: Row) -> str:
    return "handle" if row.layout.is_shopify else "parent_sku"
