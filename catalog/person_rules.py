"""What must be true of a manufacturer or a responsible person, field by field (GPSR, B25)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from catalog.models import PersonKind

#: The member states of the EU and their country codes for the telephone.
EU = {
    "AT": "+43", "BE": "+32", "BG": "+359", "CY": "+357", "CZ": "+420", "DE": "+49", "DK": "+45",
    "EE": "+372", "ES": "+34", "FI": "+358", "FR": "+33", "GR": "+30", "HR": "+385", "HU": "+36",
    "IE": "+353", "IT": "+39", "LT": "+370", "LU": "+352", "LV": "+371", "MT": "+356",
    "NL": "+31", "PL": "+48", "PT": "+351", "RO": "+40", "SE": "+46", "SI": "+386", "SK": "+421",
}  # fmt: skip
COUNTRY_CODE = re.compile(r"\+[1-9][0-9]{0,3}")
LOCAL_NUMBER = re.compile(r"[0-9]{4,15}")
COUNTRY = re.compile(r"[A-Z]{2}")
SEPARATORS = re.compile(r"[\s()./-]")


def tidy_phone(text: str) -> str:
    """Return a number without the spaces and signs that people write into it."""
    return SEPARATORS.sub("", text)


def problems(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong, as a sentence by the field's name; empty where all is well.

    `given` has the fields of `CompliancePerson` as texts; phones as `tidy_phone` leaves them.
    """
    found = {}
    if len(given.get("name", "").strip()) < 2:
        found["name"] = "Give the full name of the person or company."
    code, country = given.get("phone_country_code", ""), given.get("country", "")
    if not COUNTRY_CODE.fullmatch(code):
        found["phone_country_code"] = f"“{code}” is no country code. It begins with +, as +49 does."
    number = given.get("phone_number", "")
    if not LOCAL_NUMBER.fullmatch(number):
        found["phone_number"] = (
            f"“{number}” is no telephone number. Write 4 to 15 digits, without the country code."
        )
    if len(given.get("street", "").strip()) < 3:
        found["street"] = "Give the street and house number."
    if not given.get("postal_code", "").strip():
        found["postal_code"] = "Give the postal code."
    if not COUNTRY.fullmatch(country):
        found["country"] = f"“{country}” is no country. Write its two letters, as DE for Germany."
    elif kind == PersonKind.RESPONSIBLE_PERSON:
        found |= _outside_the_eu(country, code, found)
    return found


def _outside_the_eu(country: str, code: str, found: Mapping[str, str]) -> dict[str, str]:
    """Whoever answers for a product in the EU lives there and is called there."""
    problems = {}
    if country not in EU:
        problems["country"] = (
            f"A responsible person must be in the European Union; {country} is not."
        )
    if "phone_country_code" not in found and code not in EU.values():
        problems["phone_country_code"] = (
            f"A responsible person must have a telephone in the European Union; {code} is not."
        )
    return problems
