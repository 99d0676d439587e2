"""Warehouses, delivery options and shipping providers."""

from __future__ import annotations

from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.shops import warehouses
from integrations.sandbox.tiktok.wire import Call, endpoint

PROVIDERS = {
    "USPS": "7117858858072016686",
    "UPS": "7117859084333745966",
    "FedEx": "7129720299146184490",
    "DHL eCommerce": "7117859001798788654",
    "OnTrac": "7132708922343155498",
    "LaserShip": "7132721393761781550",
    "Amazon Logistics": "7195010133024982826",
    "Royal Mail": "6671299873249492801",
    "Evri": "6671300116842840193",
    "DPD UK": "6671300116842840290",
}
US = ("USPS", "UPS", "FedEx", "DHL eCommerce", "OnTrac", "LaserShip", "Amazon Logistics")
GB = ("Royal Mail", "Evri", "DPD UK", "DHL eCommerce")

INCH_LIMIT = {"max_length": 108, "max_width": 108, "max_height": 108, "unit": "INCH"}
POUND_LIMIT = {"max_weight": 150, "min_weight": 0, "unit": "POUND"}
CM_LIMIT = {"max_length": 120, "max_width": 80, "max_height": 80, "unit": "CM"}
GRAM_LIMIT = {"max_weight": 30000, "min_weight": 0, "unit": "GRAM"}

# id, name, type, regions, providers; none where TikTok carries the parcel itself
OPTIONS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("7091146663229654814", "Seller shipping", "SEND_BY_SELLER", "US", US),
    ("7091146663229654815", "Seller express", "EXPRESS", "US", ("UPS", "FedEx")),
    ("7091146663229654816", "TikTok standard", "STANDARD", "US", ()),
    ("7091146663229654817", "Seller shipping", "SEND_BY_SELLER", "GB", GB),
    ("7091146663229654818", "TikTok standard", "STANDARD", "GB", ()),
)


def provider_name(provider_id: str) -> str | None:
    """Return the name of a shipping provider, if there is one with this id."""
    return next((name for name, key in PROVIDERS.items() if key == provider_id), None)


def region_options(region: str) -> list[Doc]:
    """Return the delivery options of a region; regions without their own have the American ones."""
    wanted = region if any(option[3] == region for option in OPTIONS) else "US"
    metric = wanted != "US"
    return [
        {
            "id": key,
            "name": name,
            "type": kind,
            "description": f"{name} within {wanted}",
            "dimension_limit": CM_LIMIT if metric else INCH_LIMIT,
            "weight_limit": GRAM_LIMIT if metric else POUND_LIMIT,
            "platform": ["TIKTOK_SHOP"],
        }
        for key, name, kind, where, _providers in OPTIONS
        if where == wanted
    ]


def default_option(region: str) -> Doc:
    """Return the option that orders get when nothing else is said."""
    return region_options(region)[0]


def option_providers(option_id: str) -> tuple[str, ...] | None:
    """Return the providers of an option: none for an unknown one, empty for TikTok's own."""
    return next((option[4] for option in OPTIONS if option[0] == option_id), None)


@endpoint("GET", "/logistics/202309/warehouses", scope="seller.logistics")
def list_warehouses(call: Call) -> Doc:
    """List every warehouse of the shop, of every type."""
    return {"warehouses": warehouses(call.sandbox, call.shop_id)}


@endpoint(
    "GET", "/logistics/202309/warehouses/{warehouse_id}/delivery_options", scope="seller.logistics"
)
def delivery_options(call: Call) -> Doc:
    """List how parcels can leave a warehouse."""
    known = {warehouse["id"] for warehouse in warehouses(call.sandbox, call.shop_id)}
    if call.path["warehouse_id"] not in known:
        raise ApiError(21008107, "The shop has no such warehouse.")
    return {"delivery_options": region_options(call.shop["region"])}


@endpoint(
    "GET",
    "/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers",
    scope="seller.fulfillment.basic",
)
def shipping_providers(call: Call) -> Doc:
    """List the carriers that a delivery option knows."""
    names = option_providers(call.path["delivery_option_id"])
    if names is None:
        raise ApiError(21008116, "The shop has not subscribed to this delivery option.")
    if not names:
        raise ApiError(21008117, "TikTok ships the parcels of this delivery option.")
    return {"shipping_providers": [{"id": PROVIDERS[name], "name": name} for name in names]}


@endpoint("GET", "/logistics/202309/global_warehouses", scope="seller.shop.info", cipher=False)
def global_warehouses(call: Call) -> Doc:
    """List warehouses that serve several regions: a local seller has none."""
    return {"global_warehouses": []}
