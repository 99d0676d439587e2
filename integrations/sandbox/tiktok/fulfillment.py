"""The calls by which a seller says what was shipped, and how."""

from __future__ import annotations

from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.order_book import (
    DAY,
    get_order,
    lines_in,
    own_order,
    pick_lines,
    save_order,
)
from integrations.sandbox.tiktok.order_life import arrange
from integrations.sandbox.tiktok.packages import (
    own_package,
    packages_of,
    save_package,
    write_shipment,
)
from integrations.sandbox.tiktok.tracking_numbers import check_shipment
from integrations.sandbox.tiktok.wire import Call, endpoint

BASIC, LOGISTICS = "seller.fulfillment.basic", "seller.logistics"
CHANGE_WITHIN = 3 * DAY
SHIPMENT = {"tracking_number*": "string", "shipping_provider_id*": "string"}
FLAT = {**SHIPMENT, "order_line_item_ids": ["string"]}
LISTS = {
    "order_line_list": [{"order_line_id*": "string", "sub_item_id": "string"}],
    "shipping_info_list*": [{**SHIPMENT, "note": "string"}],
}
NEW_SHIPMENTS = {"shipping_info_list*": [{**SHIPMENT, "note": "string"}]}


def check_order(order: Doc) -> None:
    """Refuse an order that the seller cannot ship now."""
    if order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK":
        raise ApiError(21008025, "TikTok fulfills this order.")
    if order["status"] == "CANCELLED":
        raise ApiError(21011041, "The order is canceled.")
    if order["is_buyer_request_cancel"]:
        raise ApiError(21011007, "The buyer asks to cancel; answer that first.")
    if order["status"] == "ON_HOLD":
        raise ApiError(10007014, "The order is on hold: the buyer may still change their mind.")
    if order["status"] == "UNPAID":
        raise ApiError(21042057, "The order does not wait for shipment.")


def check_lines(order: Doc, line_ids: list[str]) -> list[Doc]:
    """Return the lines to ship: those named, or all that wait."""
    if not line_ids:
        waiting = lines_in(order, "AWAITING_SHIPMENT")
        if not waiting:
            raise ApiError(21011006, "The order is shipped already.")
        return waiting
    lines = pick_lines(order, line_ids)
    for line in lines:
        if line["display_status"] == "CANCELLED":
            raise ApiError(21011041, "A line is canceled.")
        if line["display_status"] != "AWAITING_SHIPMENT":
            raise ApiError(21011020, "A line is shipped already.")
    return lines


@endpoint("POST", "/fulfillment/202309/orders/{order_id}/packages", scope=BASIC, body=FLAT)
def mark_shipped(call: Call) -> Doc:
    """Take a tracking number for an order, or for some of its lines."""
    return _mark_shipped(call, call.body.get("order_line_item_ids") or [], [call.body])


@endpoint("POST", "/fulfillment/202610/orders/{order_id}/packages", scope=BASIC, body=LISTS)
def mark_shipped_by_lists(call: Call) -> Doc:
    """Take one or more tracking numbers for an order, or for some of its lines."""
    named = [entry["order_line_id"] for entry in call.body.get("order_line_list") or []]
    return _mark_shipped(call, named, call.body["shipping_info_list"])


def _mark_shipped(call: Call, line_ids: list[str], sent: list[Doc]) -> Doc:
    if not sent:
        raise bad_request("body.shipping_info_list is missing")
    order = own_order(call, call.path["order_id"])
    check_order(order)
    if order["shipping_type"] == "TIKTOK":
        raise ApiError(21011004, "TikTok ships this order; it takes no number of the seller.")
    lines = check_lines(order, line_ids)
    shipments = [check_shipment(call.sandbox, order, one) for one in sent]
    for shipment, one in zip(shipments, sent, strict=True):
        if one.get("note"):
            shipment["note"] = one["note"]
    package = arrange(call.sandbox, order, lines, shipments)
    return {
        "order_id": order["id"],
        "order_line_item_ids": [line["id"] for line in lines],
        "package_id": package["id"],
    }


@endpoint(
    "POST",
    "/fulfillment/202309/orders/{order_id}/shipping_info/update",
    scope=LOGISTICS,
    body=SHIPMENT,
)
def update_order_shipment(call: Call) -> Doc:
    """Correct the tracking number of an order with one parcel."""
    order = own_order(call, call.path["order_id"], code=21011028)
    shipped = [one for one in packages_of(call.sandbox, order["id"]) if one["shipments"]]
    if not shipped:
        _refuse_unshipped(order)
    if len(shipped) > 1:
        raise ApiError(21011049, "The order has several parcels; name one of them.")
    return _replace(call, shipped[0], [call.body])


def _refuse_unshipped(order: Doc) -> None:
    if order["status"] == "CANCELLED":
        raise ApiError(21011041, "The order is canceled.")
    raise ApiError(21011043, "The order is not shipped yet.")


@endpoint(
    "POST",
    "/fulfillment/202309/packages/{package_id}/shipping_info/update",
    scope=BASIC,
    body=SHIPMENT,
)
def update_package_shipment(call: Call) -> Doc:
    """Correct the tracking number of a parcel."""
    return _replace(call, own_package(call, call.path["package_id"]), [call.body])


@endpoint(
    "POST",
    "/fulfillment/202610/packages/{package_id}/shipping_info/update",
    scope=BASIC,
    body=NEW_SHIPMENTS,
)
def update_package_shipments(call: Call) -> Doc:
    """Correct the tracking numbers of a parcel."""
    sent = call.body["shipping_info_list"]
    if not sent:
        raise bad_request("body.shipping_info_list is missing")
    return _replace(call, own_package(call, call.path["package_id"]), sent)


def _replace(call: Call, package: Doc, sent: list[Doc]) -> Doc:
    if package["shipping_type"] == "TIKTOK":
        raise ApiError(21011004, "TikTok ships this parcel.")
    if package["status"] == "CANCELLED":
        raise ApiError(21011042, "The order is canceled.")
    if not package["shipments"]:
        raise ApiError(21011043, "The parcel is not shipped yet.")
    if package["status"] == "COMPLETED":
        raise ApiError(21011030, "The parcel is delivered already.")
    if package.get("changed"):
        raise ApiError(21011051, "The tracking number was changed once already.")
    if call.now - package["shipped_at"] > CHANGE_WITHIN:
        raise ApiError(21011050, "The time to change the tracking number is over.")
    order = get_order(call.sandbox, package["order_ids"][0])
    package["shipments"] = [check_shipment(call.sandbox, order, one) for one in sent]
    package["changed"] = True
    save_package(call.sandbox, package)
    lines = [line for line in order["line_items"] if line["id"] in package["line_ids"]]
    write_shipment(order, lines, package)
    save_order(call.sandbox, order)
    return {}


@endpoint("GET", "/fulfillment/202309/orders/{order_id}/tracking", scope=LOGISTICS)
def tracking(call: Call) -> Doc:
    """Tell what the carrier reported about an order, newest first."""
    order = own_order(call, call.path["order_id"])
    rows = [row for one in packages_of(call.sandbox, order["id"]) for row in one["events"]]
    rows.sort(key=lambda row: (row["at"], row["code"]), reverse=True)
    return {"tracking": [_tracking_row(row) for row in rows]}


def _tracking_row(row: Doc) -> Doc:
    return {
        "description": row["description"],
        "update_time_millis": row["at"] * 1000,
        "action_code": row["code"],
    }


@endpoint("GET", "/logistics/202604/orders/{order_id}/tracking", scope=LOGISTICS)
def tracking_by_parcel(call: Call) -> Doc:
    """Tell what the carriers reported about each parcel of an order."""
    order = own_order(call, call.path["order_id"])
    details = []
    for package in packages_of(call.sandbox, order["id"]):
        if package["shipments"]:
            sent = package["shipments"][0]
            number = sent["tracking_number"]
            rows = [{**_tracking_row(row), "tracking_no": number} for row in package["events"]]
            details.append(
                {
                    "newest_tracking_no": number,
                    "carrier_name": sent["provider_name"],
                    "track_list": rows[::-1],
                }
            )
    return {"order_id": order["id"], "logistics_details": details}
