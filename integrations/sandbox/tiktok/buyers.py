"""Made-up people who buy, and where they live."""

from __future__ import annotations

import random
from typing import Any

from integrations.sandbox.store import Doc

FIRST = ("Avery", "Jordan", "Riley", "Casey", "Morgan", "Quinn", "Rowan", "Skyler", "Emery", "Dana")
LAST = ("Whitfield", "Okafor", "Lindqvist", "Marsh", "Delgado", "Tanaka", "Brennan", "Novak")
STREETS = ("Juniper Street", "Foundry Lane", "Lakeview Drive", "Old Mill Road", "Orchard Avenue")

# state, its code, county, city, postal code
PLACES: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "US": (
        ("California", "CA", "Alameda", "Oakland", "94607"),
        ("New York", "NY", "Monroe", "Rochester", "14607"),
        ("Texas", "TX", "Travis", "Austin", "78704"),
        ("Washington", "WA", "King", "Seattle", "98109"),
        ("Florida", "FL", "Orange", "Orlando", "32801"),
        ("Colorado", "CO", "Larimer", "Fort Collins", "80521"),
        ("Ohio", "OH", "Franklin", "Columbus", "43215"),
        ("Oregon", "OR", "Lane", "Eugene", "97401"),
    ),
    "GB": (
        ("England", "ENG", "Devon", "Exeter", "EX1 1EE"),
        ("Scotland", "SCT", "Fife", "St Andrews", "KY16 9AA"),
        ("Wales", "WLS", "Gwynedd", "Bangor", "LL57 1AA"),
    ),
}
COUNTRIES = {"US": "United States", "GB": "United Kingdom"}
LEVELS = ("Country", "State", "County", "City")


def make_buyer(dice: random.Random, region: str, **wishes: Any) -> Doc:
    """Return a buyer with an address; a state or a name may be wished for.

    The same `seed` is the same person at the same address, order after order.
    """
    if "seed" in wishes:
        dice = random.Random(str(wishes["seed"]))
    places = PLACES.get(region, PLACES["US"])
    named = [place for place in places if wishes.get("state") in (place[0], place[1])]
    if wishes.get("state") and not named:
        raise ValueError(f"no buyer lives in {wishes['state']!r}")
    place = dice.choice(named or places)
    first, _, last = str(wishes.get("name") or "").partition(" ")
    if not first:
        first, last = dice.choice(FIRST), dice.choice(LAST)
    number, street = dice.randrange(2, 990), dice.choice(STREETS)
    return {
        "user_id": wishes.get("user_id") or f"7213{dice.randrange(10**14, 10**15)}",
        "nickname": f"{first.lower()}_{dice.randrange(100, 999)}",
        "email": f"{dice.getrandbits(32):08x}@buyers.sandbox.invalid",
        "state": place[0],
        "address": _address(region, first, last, f"{number} {street}", place, dice),
    }


def _address(
    region: str,
    first: str,
    last: str,
    line: str,
    place: tuple[str, str, str, str, str],
    dice: random.Random,
) -> Doc:
    state, code, county, city, postal_code = place
    country = COUNTRIES.get(region, region)
    apartment = f"Apt {dice.randrange(1, 60)}" if dice.random() < 0.4 else ""
    return {
        "name": f"{first} {last}".strip(),
        "first_name": first,
        "last_name": last,
        "first_name_local_script": "",
        "last_name_local_script": "",
        "phone_number": f"(+{'44' if region == 'GB' else '1'}){dice.randrange(10**9, 10**10 - 1)}",
        "region_code": region,
        "postal_code": postal_code,
        "full_address": ", ".join(
            part for part in (line, apartment, city, f"{code} {postal_code}", country) if part
        ),
        "address_detail": ", ".join(part for part in (line, apartment) if part),
        "address_line1": line,
        "address_line2": apartment,
        "address_line3": "",
        "address_line4": "",
        "district_info": _districts((country, state, county, city), {0: region, 1: code}),
        **({"post_town": city} if region == "GB" else {}),
        **({"delivery_preferences": {"drop_off_location": "Front Door"}} if region == "US" else {}),
    }


def _districts(names: tuple[str, ...], codes: dict[int, str]) -> list[Doc]:
    return [
        {
            "address_level": f"L{level}",
            "address_level_name": LEVELS[level],
            "address_name": name,
            **({"iso_code": codes[level]} if level in codes else {}),
        }
        for level, name in enumerate(names)
    ]


HIDDEN = (
    "name", "first_name", "last_name", "phone_number", "full_address", "address_detail",
    "address_line1", "address_line2",
)  # fmt: skip


def masked(address: Doc) -> Doc:
    """Return an address as sellers see it who do not ship the parcel themselves."""
    return {key: _starred(value) if key in HIDDEN else value for key, value in address.items()}


def _starred(text: str) -> str:
    return text[:1] + "***" if text else ""
