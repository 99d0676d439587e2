"""What stands in a cell: texts that no spreadsheet takes for formulas, and that come back exact."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

Cell: TypeAlias = str | int | Decimal

#: A spreadsheet holds no longer text in one cell.
LONGEST_IN_XLSX = 32_767
#: Stands in for a text that does not fit; read back, it changes nothing.
LEFT_OUT = "(Too long for a spreadsheet: this cell is left as it is)"

# Apostrophes in front count: a text that has one of its own gets another, so that taking one away
# always gives the text back.
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NEGATIVE_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")
# XML holds none of these; “_x0007_” is how spreadsheets write them, and how they escape that.
_STRANGE = "\x00-\x08\x0b-\x1f\ufffe\uffff"
_NOT_IN_XML = re.compile(f"[{_STRANGE}]|_(?=x[0-9A-Fa-f]{{4}}[_{_STRANGE}])")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def guard(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate; a number stays a number."""
    if _DANGEROUS.match(text) and not _NEGATIVE_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def unguard(text: str) -> str:
    """The text that `guard` was given."""
    return text[1:] if _GUARDED.match(text) else text


def escape_for_xml(text: str) -> str:
    """Write characters that XML cannot hold as spreadsheets do."""
    return _NOT_IN_XML.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def unescape_from_xml(text: str) -> str:
    """The text that `escape_for_xml` was given."""
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)


def as_text(value: object) -> str:
    """What a cell of a spreadsheet says, as a person reads it there; whole numbers have no “.0”."""
    if value is None:
        return ""
    if isinstance(value, str):
        return unguard(unescape_from_xml(value))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, float):
        # A spreadsheet is exact to fifteen digits: 19.9 × 1.1 is 21.89 there.
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
