"""Parcels: made for order lines, handed over, scanned by the carrier, delivered."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.core import Sandbox, due
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok import stock
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.goods import is_kept_here
from integrations.sandbox.tiktok.order_book import (
    DAY,
    get_order,
    lines_in,
    save_order,
    shown_address,
    units_by_sku,
)
from integrations.sandbox.tiktok.shops import warehouses
from integrations.sandbox.tiktok.wire import Call

CARRIER_SCANS = DAY
CARRIER_DELIVERS = 4 * DAY
COMPLETES = 14 * DAY
# Everywhere else a parcel exists as soon as the order may be shipped.
MADE_WHEN_SHIPPED = {"US"}


def save_package(sandbox: Sandbox, package: Doc) -> None:
    """Keep a parcel and the tracking numbers it is found by."""
    package["update_time"] = sandbox.now()
    numbers = [sent["tracking_number"] for sent in package["shipments"]]
    sandbox.store.put(
        "package",
        package["id"],
        package,
        shop_id=package["shop_id"],
        status=package["status"],
        create_time=package["create_time"],
        update_time=package["update_time"],
        labels={"tracking_number": numbers, "order": package["order_ids"]},
    )


def own_package(call: Call, package_id: str, code: int = 21011028) -> Doc:
    """Return a parcel of the calling shop."""
    package = call.store.get("package", package_id)
    if package is None or package["shop_id"] != call.shop_id:
        raise ApiError(code, "The package does not belong to this shop.")
    return package


def packages_of(sandbox: Sandbox, order_id: str) -> list[Doc]:
    """Return the parcels of an order."""
    return sandbox.store.find(Query("package", label=("order", (order_id,))))


def packages_with_number(sandbox: Sandbox, shop_id: str, number: str) -> list[Doc]:
    """Return the parcels of a shop that carry a tracking number."""
    return sandbox.store.find(
        Query("package", shop_id=shop_id, label=("tracking_number", (number,)))
    )


def make_package(sandbox: Sandbox, order: Doc, lines: list[Doc], **more: Any) -> Doc:
    """Make a parcel for lines of an order, not handed over yet."""
    now = sandbox.now()
    package: Doc = {
        "id": "1153" + sandbox.store.next_id()[-15:],
        "shop_id": order["_shop_id"],
        "order_ids": [order["id"]],
        "line_ids": [line["id"] for line in lines],
        "status": "TO_FULFILL",
        "shipping_type": order["shipping_type"],
        "shipments": [],
        "events": [],
        "create_time": now,
        "update_time": now,
        **more,
    }
    for line in lines:
        line["package_id"] = package["id"]
        line["package_status"] = package["status"]
    save_package(sandbox, package)
    return package


def hand_over(sandbox: Sandbox, order: Doc, package: Doc, shipments: list[Doc]) -> None:
    """Note that a parcel is arranged: its lines wait for the carrier, its units leave the stock.

    A shipment has a tracking number, a provider's id and name.
    """
    now = sandbox.now()
    package.update(
        status="PROCESSING",
        shipping_type=order["shipping_type"],
        shipments=shipments,
        shipped_at=now,
    )
    package["events"].append({"description": "Label created", "at": now, "code": 1})
    save_package(sandbox, package)
    lines = [line for line in order["line_items"] if line["id"] in package["line_ids"]]
    write_shipment(order, lines, package)
    for line in lines:
        line.update(display_status="AWAITING_COLLECTION", rts_time=now)
    order["rts_time"] = now
    leave_stock(sandbox, order, lines)
    save_order(sandbox, order)
    # Both are planned now, so that a clock that leaps over several days does all of it.
    sandbox.schedule(CARRIER_SCANS, "package_scan", package["id"])
    sandbox.schedule(CARRIER_DELIVERS, "package_deliver", package["id"])


def leave_stock(sandbox: Sandbox, order: Doc, lines: list[Doc]) -> None:
    """Take shipped units out of what is promised."""
    for sku_id, count in units_by_sku(lines).items():
        if is_kept_here(sandbox, sku_id, order["warehouse_id"]):
            stock.ship(sandbox, sku_id, order["warehouse_id"], count)


def write_shipment(order: Doc, lines: list[Doc], package: Doc) -> None:
    """Show a parcel's tracking number on its lines and on the order."""
    sent = package["shipments"][0]
    for line in lines:
        line.update(
            package_id=package["id"],
            package_status=package["status"],
            tracking_number=sent["tracking_number"],
            shipping_provider_id=sent["provider_id"],
            shipping_provider_name=sent["provider_name"],
        )
    order.update(
        tracking_number=sent["tracking_number"],
        shipping_provider_id=sent["provider_id"],
        shipping_provider=sent["provider_name"],
    )


def move_package(sandbox: Sandbox, package: Doc, status: str, line_state: str, word: str) -> None:
    """Move a parcel on, with the lines that are in it."""
    now = sandbox.now()
    package["status"] = status
    package["events"].append({"description": word, "at": now, "code": len(package["events"]) + 1})
    save_package(sandbox, package)
    for order_id in package["order_ids"]:
        order = get_order(sandbox, order_id)
        for line in order["line_items"]:
            if line["id"] in package["line_ids"] and line["display_status"] != "CANCELLED":
                line.update(display_status=line_state, package_status=status)
        order["collection_time" if line_state == "IN_TRANSIT" else "delivery_time"] = now
        save_order(sandbox, order)
        if order["status"] == "DELIVERED":
            sandbox.schedule(COMPLETES, "order_complete", order_id)


@due("package_scan")
def scan(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The carrier scans a parcel a day after it was handed over."""
    package = sandbox.store.get("package", key)
    if package is not None and package["status"] == "PROCESSING":
        move_package(sandbox, package, "FULFILLING", "IN_TRANSIT", "Picked up by the carrier")


@due("package_deliver")
def deliver(sandbox: Sandbox, key: str, args: Doc) -> None:
    """The carrier delivers a parcel four days after it was handed over."""
    package = sandbox.store.get("package", key)
    if package is not None and package["status"] in ("PROCESSING", "FULFILLING"):
        move_package(sandbox, package, "COMPLETED", "DELIVERED", "Delivered")


def close_package(sandbox: Sandbox, package_id: str) -> None:
    """Cancel a parcel whose lines are all canceled."""
    package = sandbox.store.get("package", package_id)
    if package is None:
        return
    lines = [
        line
        for order_id in package["order_ids"]
        for line in get_order(sandbox, order_id)["line_items"]
        if line["id"] in package["line_ids"]
    ]
    if all(line["display_status"] == "CANCELLED" for line in lines):
        package["status"] = "CANCELLED"
        save_package(sandbox, package)


def prepare(sandbox: Sandbox, shop: Doc, order: Doc) -> None:
    """Make the parcel of a released order, where the market has parcels before shipping."""
    if shop["region"] not in MADE_WHEN_SHIPPED:
        make_package(sandbox, order, lines_in(order, "AWAITING_SHIPMENT"))


# -- as the wire shows them ---------------------------------------------------------------------


def _orders_in(sandbox: Sandbox, package: Doc) -> list[Doc]:
    rows = []
    for order_id in package["order_ids"]:
        order = get_order(sandbox, order_id)
        lines = [line for line in order["line_items"] if line["id"] in package["line_ids"]]
        names = {line["sku_id"]: line["sku_name"] for line in lines}
        skus = [
            {"id": sku_id, "name": names[sku_id], "quantity": count}
            for sku_id, count in units_by_sku(lines).items()
        ]
        rows.append({"id": order_id, "skus": skus})
    return rows


def search_row(sandbox: Sandbox, package: Doc) -> Doc:
    """Return a parcel as the search shows it."""
    return {
        "id": package["id"],
        "status": package["status"],
        **_shipment(package),
        "create_time": package["create_time"],
        "update_time": package["update_time"],
        "order_line_item_ids": package["line_ids"],
        "orders": _orders_in(sandbox, package),
    }


def _shipment(package: Doc) -> Doc:
    if not package["shipments"]:
        return {}
    sent = package["shipments"][0]
    return {
        "tracking_number": sent["tracking_number"],
        "shipping_provider_id": sent["provider_id"],
        "shipping_provider_name": sent["provider_name"],
    }


SHORT_ADDRESS = (
    "name", "phone_number", "region_code", "postal_code", "full_address", "address_detail",
    "address_line1", "address_line2", "address_line3", "address_line4",
)  # fmt: skip


def detail_view(sandbox: Sandbox, package: Doc) -> Doc:
    """Return a parcel with its addresses; names differ from the search, as on the real wire."""
    order = get_order(sandbox, package["order_ids"][0])
    row = search_row(sandbox, package)
    skus = {sku["id"] for entry in row["orders"] for sku in entry["skus"]}
    address = shown_address(order)
    view = {
        "package_id": row.pop("id"),
        "package_status": row.pop("status"),
        **row,
        "shipping_type": package["shipping_type"],
        "delivery_option_id": order["delivery_option_id"],
        "delivery_option_name": order["delivery_option_name"],
        "has_multi_skus": len(skus) > 1,
        "note_tag": "BUYER_NOTED" if order.get("buyer_message") else "BUYER_UNNOTED",
        "recipient_address": {key: address[key] for key in SHORT_ADDRESS if key in address},
        "sender_address": _sender(sandbox, order),
    }
    for name in ("handover_method", "pickup_slot", "weight", "dimension"):
        if package.get(name):
            view[name] = package[name]
    return view


def _sender(sandbox: Sandbox, order: Doc) -> Doc:
    sites = {site["id"]: site for site in warehouses(sandbox, order["_shop_id"])}
    site = sites.get(order["warehouse_id"])
    if site is None:
        return {}
    address = site["address"]
    return {
        "name": site["name"],
        "phone_number": address["phone_number"],
        "region_code": address["region_code"],
        "postal_code": address["postal_code"],
        "full_address": address["full_address"],
        "address_line1": address["address_line1"],
    }
