"""Product numbers of public registers: length and check digit, before a channel refuses them."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.models import Identifier, IdentifierKind, Variant
from catalog.sheets.values import check_digit
from marketplace.kernel.errors import Refused

#: How many digits a number of each kind has.
LENGTHS: Mapping[str, tuple[int, ...]] = {
    IdentifierKind.UPC: (12,),
    IdentifierKind.EAN: (8, 13, 14),
    IdentifierKind.GTIN: (14,),
    IdentifierKind.ISBN: (13, 10),
}
ISBN_10 = 10


def read(kind: str, text: str) -> str:
    """Return a number without blanks and hyphens; an empty text stays empty.

    Raises `Refused` with what was found and what is allowed: digits, length or check digit.
    """
    code = text.replace(" ", "").replace("-", "").upper()
    if not code:
        return ""
    name = IdentifierKind(kind).label
    lengths = LENGTHS[kind]
    body = code[:-1] if kind == IdentifierKind.ISBN and len(code) == ISBN_10 else code
    if not (body.isascii() and body.isdigit()):
        raise Refused(f"{name} {code}: it is made of digits alone. Check it for letters.")
    if len(code) not in lengths:
        allowed = " or ".join(map(str, sorted(lengths)))
        raise Refused(f"{name} {code}: {len(code)} digits found, it has {allowed}.")
    wanted = _isbn_10_digit(code[:-1]) if len(code) == ISBN_10 else check_digit(code[:-1])
    if wanted != code[-1]:
        raise Refused(
            f"{name} {code}: the last digit is {code[-1]} and should be {wanted}. Is a digit "
            "mistyped?"
        )
    return code


def set_all(variant: Variant, codes: Mapping[str, str]) -> None:
    """Make these (kind -> number) the variant's only product numbers; empty ones are removed."""
    held = {row.kind: row for row in variant.identifiers.all()}
    for kind in IdentifierKind.values:
        code, row = codes.get(kind, ""), held.get(kind)
        if row is None and code:
            Identifier.objects.create(variant=variant, kind=kind, value=code)
        elif row is not None and not code:
            row.delete()
        elif row is not None and row.value != code:
            row.value = code
            row.save()


def _isbn_10_digit(body: str) -> str:
    total = sum((ISBN_10 - place) * int(digit) for place, digit in enumerate(body))
    rest = -total % 11
    return "X" if rest == ISBN_10 else str(rest)
