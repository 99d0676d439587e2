"""Brands: known ones, protected ones, and those that sellers add."""

from __future__ import annotations

import re

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.paging import page_size
from integrations.sandbox.tiktok.taxonomy_data import BRANDS
from integrations.sandbox.tiktok.wire import Call, endpoint

READ = "seller.product.basic"
FIRST_BRAND = 7_082_400_000_000_000_800
PER_DAY, IN_ALL = 50, 1000
CHINESE = re.compile(r"[一-鿿]")
DAY = 24 * 3600


def known_brands(sandbox: Sandbox, seller_id: str) -> list[Doc]:
    """Return every brand that a seller can see, as the wire has it, by name."""
    own = sandbox.store.find(Query("brand", shop_id=seller_id))
    fixed = [
        {
            "id": str(FIRST_BRAND + number),
            "name": name,
            # The wire spells the other value so.
            "authorized_status": "AUTHORIZED" if authorized else "UNAUTHORIEZD",
            "is_t1_brand": protected,
            "brand_status": "AVAILABLE",
        }
        for number, (name, protected, authorized) in enumerate(BRANDS, start=1)
    ]
    return sorted([*fixed, *own], key=lambda brand: brand["name"].lower())


def brand_of(sandbox: Sandbox, seller_id: str, brand_id: str) -> Doc | None:
    """Return a brand by its id."""
    brands = known_brands(sandbox, seller_id)
    return next((brand for brand in brands if brand["id"] == brand_id), None)


@endpoint("GET", "/product/202309/brands", scope=READ)
def list_brands(call: Call) -> Doc:
    """List brands, all or by the beginning of the name."""
    prefix = call.query("brand_name").lower()
    wanted = call.query("is_authorized")
    found = [
        brand
        for brand in known_brands(call.sandbox, call.shop["seller_id"])
        if brand["name"].lower().startswith(prefix)
        and wanted in ("", str(brand["authorized_status"] == "AUTHORIZED").lower())
    ]
    size, start = page_size(call, 100), call.query("page_token", "0")
    if not start.isdigit():
        raise bad_request("page_token is not valid")
    end = int(start) + size
    return {
        "brands": found[int(start) : end],
        "total_count": len(found),
        "next_page_token": str(end) if end < len(found) else "",
    }


@endpoint("POST", "/product/202309/brands", scope=READ, cipher=False, body={"name*": "string"})
def create_brand(call: Call) -> Doc:
    """Add a brand of the seller's own."""
    name, seller_id = call.body["name"].strip(), call.token["seller_id"]
    _check_name(name)
    if any(
        name.lower() == brand["name"].lower() for brand in known_brands(call.sandbox, seller_id)
    ):
        raise ApiError(12052205, "This brand exists already.")
    today = Query("brand", shop_id=seller_id, create_ge=call.now - DAY)
    if call.store.count(today) >= PER_DAY:
        raise ApiError(12052202, "No more than 50 brands may be added a day.")
    if call.store.count(Query("brand", shop_id=seller_id)) >= IN_ALL:
        raise ApiError(12052203, "No more than 1000 brands may be added.")
    brand = {
        "id": call.store.next_id(),
        "name": name,
        "authorized_status": "UNAUTHORIEZD",
        "is_t1_brand": False,
        "brand_status": "AVAILABLE",
    }
    call.store.put("brand", brand["id"], brand, shop_id=seller_id, create_time=call.now)
    return {"id": brand["id"]}


def _check_name(name: str) -> None:
    if len(name) < 2:
        raise ApiError(12052189, "A brand name has at least 2 characters.")
    if len(name) > 30:
        raise ApiError(12052190, "A brand name has at most 30 characters.")
    if CHINESE.search(name):
        raise ApiError(12052191, "A brand name has no Chinese characters.")
