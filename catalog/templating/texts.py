"""Texts made of words and {fields} of a product; a field that is empty leaves no gap (B14).

What stands in square brackets with a field in it, such as “[Color: {option:Color}]”, goes as a
whole where that field is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from html import escape

from catalog.html import sanitize
from marketplace.kernel.errors import Refused

#: The fields of a product by the name they are called by between braces.
FIELDS = {
    "title": "the product's title",
    "brand": "its brand",
    "product_type": "its type",
    "sku": "its SKU",
    "tags": "its tags",
    "weight": "its weight, where all variants weigh the same",
    "upc": "its UPC, where it has one",
    "gtin": "its GTIN, where it has one",
    "ean": "its EAN, where it has one",
    "isbn": "its ISBN, where it has one",
}
OPTION, PROPERTY, DESCRIPTION = "option:", "attribute:", "description"
ALLOWED = f"{', '.join(FIELDS)}, option:Name and attribute:Name"
NO_PRICE = (
    "The price cannot stand in a text: it differs by variant and travels without a re-publish, so "
    "the text would be wrong after the next change. Take {price} out."
)
PRICES = ("price", "compare_at_price", "cost")

#: Stands where a field was empty, until the text around it is closed.
GAP = "\0"
SEPARATOR = r"[,;:|/·•–—-]"
FIELD = re.compile(r"\{([^{}]*)\}")
PART = re.compile(r"\[([^\[\]]*\{[^\[\]]*)\]|\{([^{}]*)\}")
NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
EMPTY_BRACKETS = re.compile(rf"\((?:\s|{SEPARATOR})*\0(?:\s|\0|{SEPARATOR})*\)")
AROUND_A_GAP = re.compile(rf"(?P<left>\s*(?:{SEPARATOR}\s*)*)\0(?P<right>(?:\s|\0|{SEPARATOR})*)")
FIRST_SEPARATOR = re.compile(rf"\s*{SEPARATOR}\s*")
TAG = re.compile(r"(<[^>]*>)")
EMPTY_ELEMENT = re.compile(
    r"<(p|li|ul|ol|div|span|b|strong|i|em|u|h[1-6]|tr|td)\b[^>]*>[\s\0]*\0[\s\0]*</\1>"
)


@dataclass(frozen=True)
class ProductWords:
    """What a product says of itself; a text is empty where its variants do not agree."""

    title: str = ""
    brand: str = ""
    product_type: str = ""
    sku: str = ""
    description: str = ""
    weight: str = ""
    tags: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    identifiers: Mapping[str, str] = field(default_factory=dict)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a field of the product by its name; none where it is empty."""
        if name.startswith(OPTION):
            wanted = name.removeprefix(OPTION).strip().casefold()
            found = next((v for k, v in self.options.items() if k.casefold() == wanted), ())
        elif name == "tags":
            found = self.tags
        elif name in ("upc", "gtin", "ean", "isbn"):
            found = (self.identifiers.get(name, ""),)
        else:
            found = (getattr(self, name),) if name in FIELDS else ()
        return tuple(value.strip() for value in found if value.strip())


@dataclass(frozen=True)
class Title:
    """A title as the channel would show it; the remark says what was cut."""

    text: str
    remark: str = ""


def name_of(text: str) -> str:
    """A field's name as it is known, however a person wrote it: “ Brand ” is “brand”."""
    head, colon, rest = text.strip().partition(":")
    return f"{head.strip().lower()}:{rest.strip()}" if colon else head.strip().lower()


def words_for(name: str) -> str:
    """A field as a sentence names it: “option:Color” is the option “Color”."""
    if name.startswith(OPTION):
        return f"option “{name.removeprefix(OPTION)}”"
    return {"product_type": "type", "sku": "SKU"}.get(name, name)


def check_field(text: str, *, more: Collection[str] = ()) -> None:
    """Raise `Refused` unless it names a field of a product, or one of `more`."""
    name = name_of(text)
    if name in PRICES:
        raise Refused(NO_PRICE.replace("{price}", f"{{{name}}}"))
    known = name in FIELDS or name in more or (name.startswith(OPTION) and len(name) > len(OPTION))
    if not known:
        allowed = ", ".join([*FIELDS, "option:Name", *more])
        raise Refused(f"There is no field “{text.strip()}”. Allowed are: {allowed}.")


def check_text(
    text: str, *, properties: Collection[str] | None, is_description: bool = False
) -> None:
    """Raise `Refused`, naming the allowed fields, if a text holds one that is not known.

    `properties` are the names of the category's properties, for {attribute:…}; None if they are
    not known yet.
    """
    known = {f"{PROPERTY}{name}".casefold() for name in properties or ()}
    for found in FIELD.findall(text):
        name = name_of(found)
        if name == DESCRIPTION and is_description:
            continue
        if name.startswith(PROPERTY):
            if properties is not None and name.casefold() not in known:
                raise Refused(
                    f"The category has no property “{name.removeprefix(PROPERTY)}”. "
                    f"It has: {', '.join(sorted(properties)) or 'none'}."
                )
            continue
        check_field(found, more=[DESCRIPTION] if is_description else ["attribute:Name"])
    if rest := re.search(r"[{}]", FIELD.sub("", text)):
        raise Refused(f"A brace stands alone (“{rest[0]}”). A field is written as {{brand}}.")


def fields_in(text: str) -> set[str]:
    """The names of the fields that a text holds."""
    return {name_of(found) for found in FIELD.findall(text)}


def make_title(
    text: str, words: ProductWords, properties: Mapping[str, tuple[str, ...]], *, limit: int
) -> Title:
    """Fill in a title: one line, no gaps, never longer than the channel takes.

    `properties` are the listing's values by the name of the property.
    """
    filled = _fill(text, lambda name: _printed(_text_of(name, words, properties)))
    line = " ".join(_without_braces(_close_gaps(NOT_PRINTED.sub(_keep_gap, filled))).split())
    if len(line) <= limit:
        return Title(line)
    return Title(
        _cut(line, limit),
        f"The title would have {len(line)} characters; it is cut to the {limit} that the channel "
        "takes.",
    )


def make_description(
    text: str, words: ProductWords, properties: Mapping[str, tuple[str, ...]]
) -> str:
    """Fill in HTML: values are escaped, the whole is sanitized, empty paragraphs go."""

    def value(name: str) -> str:
        if name == DESCRIPTION:
            return words.description.replace(GAP, "").strip()
        return escape(_printed(_text_of(name, words, properties)))

    nodes = TAG.split(_fill(text, value))
    html = "".join(_close_gaps(n, edge=" ") if _has_words(n) else n for n in nodes)
    before = ""
    while before != html:
        before, html = html, EMPTY_ELEMENT.sub(GAP, html)
    return sanitize(html.replace(GAP, ""))


def _has_words(node: str) -> bool:
    return GAP in node and not node.startswith("<") and bool(node.strip(f"{GAP} \t\r\n"))


def _text_of(name: str, words: ProductWords, properties: Mapping[str, tuple[str, ...]]) -> str:
    if name.startswith(PROPERTY):
        wanted = name.removeprefix(PROPERTY).casefold()
        found = next((v for k, v in properties.items() if k.casefold() == wanted), ())
    else:
        found = words.values(name)
    return ", ".join(found)


def _fill(text: str, value_of: Callable[[str], str]) -> str:
    """Put values in place of fields, and a gap where one is empty; values are not read again."""

    def value(found: re.Match[str]) -> str:
        return value_of(name_of(found[1])) or GAP

    def part(found: re.Match[str]) -> str:
        if found[1] is None:
            return value_of(name_of(found[2])) or GAP
        filled = FIELD.sub(value, found[1])
        return GAP if GAP in filled else filled

    return PART.sub(part, text.replace(GAP, ""))


def _printed(value: str) -> str:
    return _without_braces(" ".join(NOT_PRINTED.sub(" ", value).split()))


def _without_braces(text: str) -> str:
    return text.translate({ord("{"): "(", ord("}"): ")"})


def _keep_gap(found: re.Match[str]) -> str:
    return GAP if found[0] == GAP else " "


def _close_gaps(text: str, *, edge: str = "") -> str:
    """Take gaps away with the punctuation that only led to them: “A - ␀ - B” is “A - B”."""
    before = ""
    while before != text:
        before, text = text, EMPTY_BRACKETS.sub(GAP, text)

    def close(found: re.Match[str]) -> str:
        at_start = found.start() == 0 or text[found.start() - 1] == "("
        at_end = found.end() == len(text) or text[found.end()] == ")"
        if at_start or at_end:
            return edge
        left, right = found["left"], found["right"]
        if FIRST_SEPARATOR.search(left):
            return left
        separator = FIRST_SEPARATOR.search(right)
        if separator:
            return separator[0]
        return " " if (left + right).replace(GAP, "") else ""

    return AROUND_A_GAP.sub(close, text)


def _cut(line: str, limit: int) -> str:
    """The longest beginning that ends with a whole word, without punctuation at its end."""
    space = line[: limit + 1].rfind(" ")
    whole = line[:space] if space > 0 else line[:limit]
    return re.sub(rf"(?:\s|{SEPARATOR}|\()+$", "", whole) or line[:limit].strip()
