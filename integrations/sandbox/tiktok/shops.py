"""Shops and their warehouses, and the calls that tell about them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from integrations.sandbox.core import Sandbox, seed
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.wire import Call, endpoint

REGIONS = {
    "US": ("USD", "America/Los_Angeles"),
    "GB": ("GBP", "Europe/London"),
    "DE": ("EUR", "Europe/Berlin"),
    "FR": ("EUR", "Europe/Paris"),
    "MX": ("MXN", "America/Mexico_City"),
}
ADDRESSES: dict[str, list[Doc]] = {
    "US": [
        {"state": "Oregon", "city": "Bend", "postal_code": "97701", "line": "88 Canyon Way"},
        {"state": "New Jersey", "city": "Elmfield", "postal_code": "07001", "line": "12 Harbor Rd"},
        {"state": "Nevada", "city": "Westlake", "postal_code": "89101", "line": "400 Mesa Ave"},
    ],
    "GB": [
        {"state": "England", "city": "Leeds", "postal_code": "LS1 4AP", "line": "3 Canal Street"},
        {"state": "England", "city": "Leeds", "postal_code": "LS1 4AP", "line": "3 Canal Street"},
        {"state": "Scotland", "city": "Perth", "postal_code": "PH1 5AA", "line": "9 Mill Lane"},
    ],
}
SELLERS = ("Northwind Outfitters", "Harbor & Pine", "Bluebird Supply", "Juniper Goods")


def add_shop(sandbox: Sandbox, *, region: str = "US", name: str = "", seller_id: str = "") -> Doc:
    """Open a shop, with a return warehouse and two sales warehouses."""
    store = sandbox.store
    currency, zone = REGIONS[region]
    number = store.count(Query("shop"))
    seller = SELLERS[number % len(SELLERS)]
    shop_id = "7495" + store.next_id()[-15:]
    shop: Doc = {
        "id": shop_id,
        "name": name or f"{seller} {region}",
        "region": region,
        "currency": currency,
        "time_zone": zone,
        "seller_type": "LOCAL",
        "cipher": ("TTP_" if region == "US" else "ROW_") + secrets.token_urlsafe(18),
        "code": f"{region}LC{shop_id[-8:]}",
        "open_id": "sbx" + secrets.token_urlsafe(24),
        "seller_id": seller_id or shop_id,
        "seller_name": seller,
        "status": "ACTIVE",
        "probation": {"is_active": True, "daily_listing_limit": 100},
        "approved_categories": [],
        "create_time": sandbox.now(),
    }
    save_shop(sandbox, shop)
    sites = ADDRESSES.get(region, ADDRESSES["US"])
    # The return warehouse stands first on purpose: clients must look at the type.
    add_warehouse(sandbox, shop, "Returns", sites[0], kind="RETURN_WAREHOUSE")
    add_warehouse(sandbox, shop, "East", sites[1], is_default=True)
    add_warehouse(sandbox, shop, "West", sites[2])
    return shop


def save_shop(sandbox: Sandbox, shop: Doc) -> None:
    """Keep a shop."""
    sandbox.store.put("shop", shop["id"], shop, create_time=shop["create_time"])


def add_warehouse(
    sandbox: Sandbox,
    shop: Doc,
    name: str,
    site: Doc | None = None,
    *,
    kind: str = "SALES_WAREHOUSE",
    is_default: bool = False,
    effect_status: str = "ENABLED",
) -> Doc:
    """Add a warehouse to a shop."""
    site = site or ADDRESSES.get(shop["region"], ADDRESSES["US"])[1]
    key = "7365" + sandbox.store.next_id()[-15:]
    warehouse: Doc = {
        "id": key,
        "entity_id": "7366" + key[4:],
        "name": name,
        "type": kind,
        "sub_type": "DOMESTIC_WAREHOUSE",
        "effect_status": effect_status,
        "is_default": is_default,
        "address": _address(shop, site),
    }
    # Ids grow, so ordering by time and key keeps the order in which they were added.
    sandbox.store.put(
        "warehouse",
        key,
        warehouse,
        shop_id=shop["id"],
        status=effect_status,
        create_time=sandbox.now(),
    )
    return warehouse


def _address(shop: Doc, site: Doc) -> Doc:
    countries = {"US": "United States", "GB": "United Kingdom"}
    return {
        "region": countries.get(shop["region"], shop["region"]),
        "region_code": shop["region"],
        "state": site["state"],
        "city": site["city"],
        "distict": site["city"],
        "postal_code": site["postal_code"],
        "contact_person": "Warehouse desk",
        "phone_number": "(+1)555*****01",
        "address_line1": site["line"],
        "full_address": f"{site['line']}, {site['city']}, {site['state']} {site['postal_code']}",
        "geolocation": {"latitude": "36.1", "longitude": "-115.1"},
    }


def warehouses(sandbox: Sandbox, shop_id: str, kind: str | None = None) -> list[Doc]:
    """Return a shop's warehouses in the order they were added."""
    found = sandbox.store.find(Query("warehouse", shop_id=shop_id))
    return [warehouse for warehouse in found if kind in (None, warehouse["type"])]


def local_day(sandbox: Sandbox, shop: Doc) -> str:
    """Return today's date where the shop is: the listing limit counts by it."""
    moment = datetime.fromtimestamp(sandbox.now(), UTC)
    return moment.astimezone(ZoneInfo(shop["time_zone"])).date().isoformat()


@seed
def first_shop(sandbox: Sandbox) -> None:
    """A new sandbox has one American shop."""
    add_shop(sandbox, region="US", name="Northwind Outfitters")


@endpoint("GET", "/seller/202309/shops", scope="seller.shop.info", cipher=False)
def active_shops(call: Call) -> Doc:
    """List the active shops of the seller."""
    shops = call.store.get_many("shop", call.token["shop_ids"])
    active = [shop for shop in shops if shop["status"] == "ACTIVE"]
    return {"shops": [{"id": shop["id"], "region": shop["region"]} for shop in active]}


@endpoint("GET", "/seller/202309/permissions", scope="seller.shop.info", cipher=False)
def permissions(call: Call) -> Doc:
    """Tell what the seller may do across shops: a local seller has nothing special."""
    return {"permissions": []}
