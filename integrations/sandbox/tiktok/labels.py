"""American shipping labels bought from TikTok: which services there are, and the parcel."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.fulfillment import check_lines, check_order
from integrations.sandbox.tiktok.logistics import PROVIDERS
from integrations.sandbox.tiktok.order_book import own_order
from integrations.sandbox.tiktok.order_life import tiktok_shipment
from integrations.sandbox.tiktok.order_money import text
from integrations.sandbox.tiktok.packages import hand_over, make_package
from integrations.sandbox.tiktok.wire import Call, endpoint

BASIC = "seller.fulfillment.basic"
WEIGHT = {"value*": "string", "unit*": "string"}
SIZE = {"length*": "string", "width*": "string", "height*": "string", "unit*": "string"}
# id, name, provider, base price, price a pound, days at best and at worst
SERVICES = (
    ("7208502187360519982", "USPS Ground Advantage", "USPS", "4.20", "0.65", 2, 5),
    ("7208502187360519983", "USPS Priority Mail", "USPS", "7.10", "1.10", 1, 3),
    ("7208502187360519984", "UPS Ground", "UPS", "8.40", "0.80", 1, 5),
)
HEAVIEST = 70
LABEL_REGIONS = {"US", "JP"}
POUNDS = {"POUND": Decimal(1), "GRAM": Decimal(1) / Decimal("453.592")}


def _pounds(body: Doc) -> Decimal:
    weight = body.get("weight") or {"value": "1", "unit": "POUND"}
    if weight["unit"] not in POUNDS:
        raise bad_request("body.weight.unit is not known")
    try:
        return Decimal(weight["value"]) * POUNDS[weight["unit"]]
    except InvalidOperation:
        raise bad_request("body.weight.value is not a number") from None


def _offers(call: Call, pounds: Decimal) -> list[Doc]:
    if not 0 < pounds <= HEAVIEST:
        raise ApiError(21011037, "No service takes a parcel of this weight.")
    return [
        {
            "id": key,
            "name": name,
            "price": text(Decimal(base) + Decimal(pound) * pounds),
            "currency": call.shop["currency"],
            "earliest_delivery_days": best,
            "latest_delivery_days": worst,
            "is_default": index == 0,
            "shipping_provider_name": provider,
            "shipping_provider_id": PROVIDERS[provider],
        }
        for index, (key, name, provider, base, pound, best, worst) in enumerate(SERVICES)
    ]


def _lines(call: Call, order_id: str, line_ids: list[str]) -> tuple[Doc, list[Doc]]:
    if call.shop["region"] not in LABEL_REGIONS:
        raise ApiError(21008106, "Labels are not sold in this region.")
    order = own_order(call, order_id)
    check_order(order)
    if order["shipping_type"] != "TIKTOK":
        raise ApiError(21011037, "The seller ships this order with their own label.")
    return order, check_lines(order, line_ids)


@endpoint(
    "POST",
    "/fulfillment/202309/orders/{order_id}/shipping_services/query",
    scope=BASIC,
    body={"order_line_item_ids": ["string"], "weight": WEIGHT, "dimension": SIZE},
)
def shipping_services(call: Call) -> Doc:
    """List the services that would take a parcel of this weight and size, with prices."""
    ids = call.body.get("order_line_item_ids") or []
    order, lines = _lines(call, call.path["order_id"], ids)
    answer = {
        "order_id": order["id"],
        "order_line_id": [line["id"] for line in lines],
        "shipping_services": _offers(call, _pounds(call.body)),
    }
    return {**answer, **_measures(call.body)}


def _measures(body: Doc) -> Doc:
    return {name: body[name] for name in ("weight", "dimension") if body.get(name)}


@endpoint(
    "POST",
    "/fulfillment/202309/packages",
    scope=BASIC,
    body={
        "order_id*": "string",
        "order_line_item_ids": ["string"],
        "shipping_service_id": "string",
        "weight": WEIGHT,
        "dimension": SIZE,
    },
)
def create_package(call: Call) -> Doc:
    """Buy a label for an order, or for some of its lines."""
    ids = call.body.get("order_line_item_ids") or []
    answer = _create(call, call.body["order_id"], ids)
    return {"order_id": call.body["order_id"], **answer}


@endpoint(
    "POST",
    "/fulfillment/202512/packages",
    scope=BASIC,
    body={
        "order_id*": "string",
        "order_line_item": [{"order_line_id*": "string"}],
        "shipping_service_id": "string",
        "weight": WEIGHT,
        "dimension": SIZE,
    },
)
def create_package_by_lines(call: Call) -> Doc:
    """Buy a label for an order, or for some of its lines."""
    ids = [entry["order_line_id"] for entry in call.body.get("order_line_item") or []]
    answer = _create(call, call.body["order_id"], ids)
    answer.pop("order_line_item_ids")
    return answer


def _create(call: Call, order_id: str, line_ids: list[str]) -> Doc:
    order, lines = _lines(call, order_id, line_ids)
    offers = _offers(call, _pounds(call.body))
    wanted = call.body.get("shipping_service_id") or offers[0]["id"]
    chosen = next((offer for offer in offers if offer["id"] == wanted), None)
    if chosen is None:
        raise ApiError(21004008, "There is no such shipping service.")
    package = make_package(call.sandbox, order, lines, **_measures(call.body))
    shipment = {
        **tiktok_shipment(package["id"]),
        "provider_id": chosen["shipping_provider_id"],
        "provider_name": chosen["shipping_provider_name"],
    }
    hand_over(call.sandbox, order, package, [shipment])
    service = {key: value for key, value in chosen.items() if key != "is_default"}
    return {
        "package_id": package["id"],
        "order_line_item_ids": package["line_ids"],
        "create_time": package["create_time"],
        "shipping_service_info": service,
        **_measures(call.body),
    }
