"""Does a tracking number look like one of this carrier?"""

from __future__ import annotations

import re

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.logistics import option_providers, provider_name
from integrations.sandbox.tiktok.order_book import get_order
from integrations.sandbox.tiktok.packages import packages_with_number

CHARACTERS = re.compile(r"[A-Za-z0-9\-_./]+")
MOST_ORDERS = 20
SHAPES = {
    "USPS": r"9\d{19,21}|420\d{5,9}9\d{19,21}|[A-Z]{2}\d{9}US",
    "UPS": r"1Z[0-9A-Z]{16}|T\d{10}|\d{9}|\d{12}",
    "FedEx": r"\d{12}|\d{15}|\d{20}|\d{22}",
    "DHL eCommerce": r"GM[0-9A-Z]{10,22}|\d{10}|\d{16,34}|[A-Z]{3}\d{10,20}",
    "OnTrac": r"[CD]\d{14}|1LS[0-9A-Z]{10,15}",
    "LaserShip": r"1LS[0-9A-Z]{10,15}|L[A-Z]\d{8,12}",
    "Amazon Logistics": r"TB[ACM]\d{12}",
    "Royal Mail": r"[A-Z]{2}\d{9}GB|\d{16,21}",
    "Evri": r"[0-9A-Z]{16}",
    "DPD UK": r"\d{14}",
}


def check_shipment(sandbox: Sandbox, order: Doc, sent: Doc) -> Doc:
    """Return a shipment that may be used for an order, or refuse it."""
    number, provider_id = str(sent["tracking_number"]).strip(), str(sent["shipping_provider_id"])
    if not CHARACTERS.fullmatch(number):
        raise ApiError(21004012, "The tracking number has characters that are not allowed.")
    name = provider_name(provider_id)
    if name is None or name not in (option_providers(order["delivery_option_id"]) or ()):
        raise ApiError(21011022, "The shipping provider does not serve this delivery option.")
    if not _looks_right(sandbox, number, name):
        raise ApiError(21011022, f"The tracking number is not one of {name}.")
    _refuse_reuse(sandbox, order, number)
    return {"tracking_number": number, "provider_id": provider_id, "provider_name": name}


def _looks_right(sandbox: Sandbox, number: str, name: str) -> bool:
    if not 4 <= len(number) <= 50:
        return False
    if not sandbox.setting("check_tracking", True):
        return True
    return re.fullmatch(SHAPES[name], number.upper().replace(" ", "")) is not None


def _refuse_reuse(sandbox: Sandbox, order: Doc, number: str) -> None:
    """Parcels may share a number where they go to the same person: so orders are combined."""
    used = packages_with_number(sandbox, order["_shop_id"], number)
    others = {key for package in used for key in package["order_ids"]} - {order["id"]}
    if len(others) >= MOST_ORDERS:
        raise ApiError(21011026, "The tracking number is on too many orders already.")
    for other_id in others:
        if get_order(sandbox, other_id)["_address"] != order["_address"]:
            raise ApiError(21011025, "The tracking number is on another buyer's order already.")
