"""Manufacturers and responsible persons (EU): made known, edited, found, and asked of products."""

from __future__ import annotations

import re

from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.paging import page_size
from integrations.sandbox.tiktok.rules import Draft, Problems
from integrations.sandbox.tiktok.taxonomy import EUROPEAN
from integrations.sandbox.tiktok.wire import Call, endpoint

SCOPE = "seller.product.basic"
PHONE = {"country_code": "string", "local_number": "string"}
MANUFACTURER = {
    "name": "string",
    "email": "string",
    "phone_number": {**PHONE, "availability": "string"},
    "address": "string",
    "locale": "string",
    "registered_trade_name": "string",
}
ADDRESS = {
    "country*": "string",
    "postal_code*": "string",
    "street_address_line1*": "string",
    "street_address_line2": "string",
    "district": "string",
    "city": "string",
    "province": "string",
}
RESPONSIBLE = {
    "name": "string",
    "email": "string",
    "phone_number": {"country_code*": "string", "local_number*": "string"},
    "address": ADDRESS,
    "locale": "string",
}
REQUIRED = ("name", "email", "phone_number", "address")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CODE = re.compile(r"\+[0-9]{1,4}")
MOST, MOST_PER_PRODUCT = 1000, 10
LONGEST_NAME, LONGEST_ADDRESS = 200, 500
EU_COUNTRIES = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
}  # fmt: skip
EU_CODES = {
    "+30", "+31", "+32", "+33", "+34", "+351", "+352", "+353", "+356", "+357", "+358", "+359",
    "+36", "+370", "+371", "+372", "+385", "+386", "+39", "+40", "+420", "+421", "+43", "+45",
    "+46", "+48", "+49",
}  # fmt: skip


def _create_body(fields: Doc) -> Doc:
    return {f"{name}*" if name in REQUIRED else name: kind for name, kind in fields.items()}


@endpoint(
    "POST",
    "/product/202409/compliance/manufacturers",
    scope=SCOPE,
    cipher=False,
    body=_create_body(MANUFACTURER),
)
def create_manufacturer(call: Call) -> Doc:
    """Make a manufacturer known; the same one twice is two."""
    return {"manufacturer_id": _create(call, "manufacturer", 38023032)}


@endpoint(
    "POST",
    "/product/202409/compliance/responsible_persons",
    scope=SCOPE,
    cipher=False,
    body=_create_body(RESPONSIBLE),
)
def create_responsible_person(call: Call) -> Doc:
    """Make a responsible person known; the same one twice is two."""
    return {"responsible_person_id": _create(call, "responsible_person", 38023027)}


@endpoint(
    "POST",
    "/product/202409/compliance/manufacturers/{manufacturer_id}/partial_edit",
    scope=SCOPE,
    cipher=False,
    body=MANUFACTURER,
)
def edit_manufacturer(call: Call) -> Doc:
    """Change the profile of one language."""
    return _edit(call, "manufacturer")


@endpoint(
    "POST",
    "/product/202409/compliance/responsible_persons/{responsible_person_id}/partial_edit",
    scope=SCOPE,
    cipher=False,
    body=RESPONSIBLE,
)
def edit_responsible_person(call: Call) -> Doc:
    """Change the profile of one language."""
    return _edit(call, "responsible_person")


def _search_body(kind: str) -> Doc:
    return {"keyword": "string", "locales": ["string"], f"{kind}_ids": ["string"]}


@endpoint(
    "POST",
    "/product/202409/compliance/manufacturers/search",
    scope=SCOPE,
    cipher=False,
    body=_search_body("manufacturer"),
)
@endpoint(
    "POST",
    "/product/202501/compliance/manufacturers/search",
    scope=SCOPE,
    cipher=False,
    body=_search_body("manufacturer"),
)
def search_manufacturers(call: Call) -> Doc:
    """List the seller's manufacturers, oldest first."""
    return _search(call, "manufacturer")


@endpoint(
    "POST",
    "/product/202409/compliance/responsible_persons/search",
    scope=SCOPE,
    cipher=False,
    body=_search_body("responsible_person"),
)
@endpoint(
    "POST",
    "/product/202501/compliance/responsible_persons/search",
    scope=SCOPE,
    cipher=False,
    body=_search_body("responsible_person"),
)
def search_responsible_persons(call: Call) -> Doc:
    """List the seller's responsible persons, oldest first."""
    return _search(call, "responsible_person")


def _create(call: Call, kind: str, too_many: int) -> str:
    seller_id = call.token["seller_id"]
    if call.store.count(Query(kind, shop_id=seller_id)) >= MOST:
        raise ApiError(too_many, f"No more than {MOST} are allowed.")
    profile = _checked(kind, call.body)
    key = f"{int(call.store.next_id()):024x}"
    doc = {"id": key, "regional_profiles": [profile]}
    call.store.put(kind, key, doc, shop_id=seller_id, create_time=call.now)
    return key


def _edit(call: Call, kind: str) -> Doc:
    key, seller_id = call.path[f"{kind}_id"], call.token["seller_id"]
    doc = call.store.get(kind, key)
    if doc is None:
        raise ApiError(38023051, "Resource not found.")
    if call.store.owner(kind, key) != seller_id:
        raise ApiError(38023052, "The seller may not use this resource.")
    profiles = {profile.get("locale", ""): profile for profile in doc["regional_profiles"]}
    locale = call.body.get("locale", "")
    old = profiles.get(locale) or doc["regional_profiles"][0]
    profiles[locale] = _checked(kind, {**old, **call.body})
    doc["regional_profiles"] = list(profiles.values())
    call.store.put(kind, key, doc, shop_id=seller_id, create_time=call.now)
    return {}


def _checked(kind: str, profile: Doc) -> Doc:
    is_maker = kind == "manufacturer"
    name, phone = profile["name"].strip(), profile["phone_number"]
    if not name:
        raise ApiError(38023033 if is_maker else 38023022, "The name is not valid.")
    if len(name) > LONGEST_NAME:
        raise ApiError(38023044, "The name is too long.")
    if not EMAIL.fullmatch(profile["email"]):
        raise ApiError(38023042, "The e-mail address is not valid.")
    if not 4 <= len(phone.get("local_number", "")) <= 15:
        raise ApiError(38023041, "The telephone number is too short or too long.")
    if is_maker:
        _check_manufacturer(profile)
    else:
        _check_responsible_person(profile)
    return profile


def _check_manufacturer(profile: Doc) -> None:
    phone, address = profile["phone_number"], profile["address"].strip()
    if phone.get("availability", "AVAILABLE") not in ("AVAILABLE", "UNAVAILABLE"):
        raise ApiError(38023060, "The availability of the telephone is not valid.")
    if not CODE.fullmatch(phone.get("country_code", "")):
        raise ApiError(38023046, "The country code of the telephone is not valid.")
    if not address:
        raise ApiError(38023034, "The address is not valid.")
    if len(address) > LONGEST_ADDRESS:
        raise ApiError(38023043, "The address is too long.")


def _check_responsible_person(profile: Doc) -> None:
    address = profile["address"]
    if address["country"] not in EU_COUNTRIES:
        raise ApiError(38023026, "The country is not in the EU.")
    if profile["phone_number"]["country_code"] not in EU_CODES:
        raise ApiError(38023028, "The country code of the telephone is not of the EU.")
    if not address["street_address_line1"].strip() or not address["postal_code"].strip():
        raise ApiError(38023024, "The address is not valid.")


def _search(call: Call, kind: str) -> Doc:
    size = page_size(call, 100)
    body, start = call.body, call.query("page_token", "0")
    ids = body.get(f"{kind}_ids") or []
    if len(ids) > size:
        raise ApiError(38023049, "More ids than the page is large.")
    if not start.isdigit():
        raise ApiError(38023048, "The page token is not valid.")
    found = [
        doc
        for doc in call.store.find(Query(kind, shop_id=call.token["seller_id"]))
        if (not ids or doc["id"] in ids) and _fits(doc, body)
    ]
    end = int(start) + size
    shown = found[int(start) : end]
    if call.template.startswith("/product/202409/"):
        shown = [_as_before(doc) for doc in shown]
    return {
        f"{kind}s": shown,
        "total_count": len(found),
        "next_page_token": str(end) if end < len(found) else "",
    }


def _as_before(doc: Doc) -> Doc:
    """Return a person as the older version shows it: one profile, and no languages."""
    profile = {"id": doc["id"], **doc["regional_profiles"][0]}
    profile.pop("locale", None)
    phone = profile["phone_number"]
    profile["phone_number"] = {n: v for n, v in phone.items() if n != "availability"}
    return profile


def _fits(doc: Doc, body: Doc) -> bool:
    keyword, locales = (body.get("keyword") or "").lower(), body.get("locales") or []
    return any(
        keyword in profile["name"].lower() and (not locales or profile.get("locale") in locales)
        for profile in doc["regional_profiles"]
    )


# -- asked of a product ------------------------------------------------------------------------

# (kind, missing, not found, another seller's, named twice, too many, no profile for the market)
ASKED = (
    ("manufacturer", 12052282, 12052284, 12052285, 12052295, 12052283, 12052365),
    ("responsible_person", 12052287, 12052289, 12052290, 12052296, 12052288, 12052366),
)


def persons(draft: Draft) -> Problems:
    """A product sold in the EU names its manufacturer and a responsible person."""
    for kind, missing, *codes in ASKED:
        ids = draft.body.get(f"{kind}_ids") or []
        if not ids and draft.shop["region"] in EUROPEAN and not draft.is_draft:
            yield missing, f"The product's {kind.replace('_', ' ')} is required."
        yield from _known(draft, kind, ids, *codes)


def _known(
    draft: Draft, kind: str, ids: list[str], gone: int, foreign: int, twice: int, many: int, no: int
) -> Problems:
    store, words = draft.sandbox.store, kind.replace("_", " ")
    if len(ids) > MOST_PER_PRODUCT:
        yield many, f"A product has at most {MOST_PER_PRODUCT} {words}s."
    if len(set(ids)) != len(ids):
        yield twice, f"A {words} is named twice."
    for key in ids:
        doc = store.get(kind, key)
        if doc is None:
            yield gone, f"There is no {words} {key}."
        elif store.owner(kind, key) != draft.shop["seller_id"]:
            yield foreign, f"The {words} {key} belongs to another seller."
        elif not _speaks(doc, draft.shop["region"]):
            yield no, f"The {words} has no profile in the language of this market."


def _speaks(doc: Doc, region: str) -> bool:
    locales = [profile.get("locale", "") for profile in doc["regional_profiles"]]
    return any(not locale or locale.endswith(f"-{region}") for locale in locales)


__all__ = ["persons"]
