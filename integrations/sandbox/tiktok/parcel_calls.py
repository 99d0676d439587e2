"""The calls about parcels: read, search, ship with TikTok, documents, time slots, splitting."""

from __future__ import annotations

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok import events
from integrations.sandbox.tiktok.errors import ApiError, bad_request
from integrations.sandbox.tiktok.fulfillment import check_order
from integrations.sandbox.tiktok.order_book import (
    DAY,
    get_order,
    lines_in,
    own_order,
    save_order,
    units_by_sku,
)
from integrations.sandbox.tiktok.order_life import tiktok_shipment
from integrations.sandbox.tiktok.packages import (
    detail_view,
    hand_over,
    make_package,
    own_package,
    packages_of,
    save_package,
    search_row,
)
from integrations.sandbox.tiktok.paging import paged
from integrations.sandbox.tiktok.tracking_numbers import check_shipment
from integrations.sandbox.tiktok.uploads import file_url
from integrations.sandbox.tiktok.wire import Call, endpoint

BASIC, WRITE = "seller.fulfillment.basic", "seller.fulfillment.package.write"
HANDOVER = {
    "handover_method": "string",
    "pickup_slot": {"start_time*": "int", "end_time*": "int"},
    "self_shipment": {"tracking_number*": "string", "shipping_provider_id*": "string"},
}
DOCUMENTS = {
    "SHIPPING_LABEL", "PACKING_SLIP", "SHIPPING_LABEL_AND_PACKING_SLIP", "SHIPPING_LABEL_PICTURE",
    "HAZMAT_LABEL", "INVOICE_LABEL",
}  # fmt: skip
TIMES = {
    "create_time_ge": "int", "create_time_lt": "int", "update_time_ge": "int",
    "update_time_lt": "int", "package_status": "string",
}  # fmt: skip
# Markets where an order is split before it is shipped; elsewhere it is split by shipping parts.
SPLITS_BEFORE = {"MX", "ID", "MY", "PH", "SG", "TH", "VN", "BR", "JP"}


@endpoint("GET", "/fulfillment/202309/packages/{package_id}", scope=BASIC)
def get_package(call: Call) -> Doc:
    """Show one parcel."""
    package = own_package(call, call.path["package_id"], code=10006402)
    return detail_view(call.sandbox, package)


@endpoint("POST", "/fulfillment/202309/packages/search", scope=BASIC, body=TIMES)
def search_packages(call: Call) -> Doc:
    """Find parcels by status and times."""
    body, status = call.body, call.body.get("package_status")
    field = call.query("sort_field", "create_time")
    query = Query(
        "package",
        shop_id=call.shop_id,
        statuses=(status,) if status else (),
        create_ge=body.get("create_time_ge"),
        create_lt=body.get("create_time_lt"),
        update_ge=body.get("update_time_ge"),
        update_lt=body.get("update_time_lt"),
        order_by="update_time" if field == "update_time" else "create_time",
        descending=call.query("sort_order", "DESC") == "DESC",
    )
    found, token, total = paged(call, query, maximum=50)
    rows = [search_row(call.sandbox, package) for package in found]
    return {"packages": rows, "next_page_token": token, "total_count": total}


@endpoint("POST", "/fulfillment/202309/packages/{package_id}/ship", scope=BASIC, body=HANDOVER)
def ship_package(call: Call) -> Doc:
    """Hand a waiting parcel over: to TikTok's carrier, or with the seller's own number."""
    _ship(call, call.path["package_id"], call.body)
    return {}


@endpoint(
    "POST",
    "/fulfillment/202309/packages/ship",
    scope=BASIC,
    body={"packages*": [{**HANDOVER, "id*": "string"}]},
)
def ship_packages(call: Call) -> Doc:
    """Hand several parcels over; each that cannot be is reported."""
    errors = []
    for sent in call.body["packages"]:
        try:
            with call.store.transaction():
                _ship(call, sent["id"], sent)
        except ApiError as error:
            detail = {"package_id": sent["id"]}
            errors.append({"code": error.code, "message": error.message, "detail": detail})
    return {"errors": errors}


def _ship(call: Call, package_id: str, sent: Doc) -> None:
    package = own_package(call, package_id)
    order = get_order(call.sandbox, package["order_ids"][0])
    check_order(order)
    if package["status"] == "COMPLETED":
        raise ApiError(21011027, "The parcel is delivered already.")
    if package["status"] != "TO_FULFILL":
        raise ApiError(11006021, "The parcel is shipped already.")
    if package["shipping_type"] == "TIKTOK":
        shipment = tiktok_shipment(package["id"])
        package["handover_method"] = sent.get("handover_method") or "DROP_OFF"
        _take_slot(call, package, sent)
    else:
        if not sent.get("self_shipment"):
            raise ApiError(21001001, "The seller ships this parcel: self_shipment is needed.")
        shipment = check_shipment(call.sandbox, order, sent["self_shipment"])
    hand_over(call.sandbox, order, package, [shipment])


def _take_slot(call: Call, package: Doc, sent: Doc) -> None:
    slot = sent.get("pickup_slot")
    if package["handover_method"] != "PICKUP" or not slot:
        return
    if slot not in [{k: s[k] for k in ("start_time", "end_time")} for s in _slots(call.now)]:
        raise ApiError(21011053, "This is not one of the pick-up times.")
    package["pickup_slot"] = slot


def _slots(now: int) -> list[Doc]:
    """Return the pick-up times of the next two days: mornings and afternoons."""
    midnight = now - now % DAY
    starts = [midnight + DAY * day + 3600 * hour for day in (1, 2) for hour in (15, 19)]
    # The wire spells this field so.
    return [{"start_time": t, "end_time": t + 4 * 3600, "avaliable": True} for t in starts]


def _slots_answer(call: Call) -> Doc:
    return {
        "can_pickup": True,
        "can_drop_off": True,
        "can_van_collection": False,
        "drop_off_point_url": "https://drop-off.sandbox.invalid/",
        "pickup_slots": _slots(call.now),
    }


@endpoint("GET", "/fulfillment/202309/packages/{package_id}/handover_time_slots", scope=WRITE)
def package_slots(call: Call) -> Doc:
    """List when a parcel can be picked up."""
    package = own_package(call, call.path["package_id"])
    if package["shipping_type"] != "TIKTOK":
        raise ApiError(11021009, "TikTok does not ship this parcel.")
    return _slots_answer(call)


@endpoint("GET", "/fulfillment/202309/orders/{order_id}/handover_time_slots", scope=WRITE)
def order_slots(call: Call) -> Doc:
    """List when an order can be picked up."""
    order = own_order(call, call.path["order_id"])
    if order["shipping_type"] != "TIKTOK":
        raise ApiError(11021009, "TikTok does not ship this order.")
    return _slots_answer(call)


@endpoint("GET", "/fulfillment/202309/packages/{package_id}/shipping_documents", scope=BASIC)
def shipping_document(call: Call) -> Doc:
    """Give the address of a label or packing slip."""
    if call.query("document_type") not in DOCUMENTS:
        raise bad_request("document_type is missing or not known")
    package = own_package(call, call.path["package_id"])
    order = get_order(call.sandbox, package["order_ids"][0])
    if order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK":
        raise ApiError(21008043, "TikTok fulfills this parcel; there is nothing to print.")
    if package["shipping_type"] != "TIKTOK":
        raise ApiError(11034002, "The seller ships this parcel with their own label.")
    if not package["shipments"]:
        raise ApiError(21023035, "Arrange the shipment first.")
    number = package["shipments"][0]["tracking_number"]
    return {"doc_url": file_url(_document(call.sandbox, package)), "tracking_number": number}


def _document(sandbox: Sandbox, package: Doc) -> str:
    key = f"labels/{package['id']}.pdf"
    sent = package["shipments"][0]
    lines = (
        "SANDBOX LABEL - NOT FOR POSTAGE",
        f"{sent['provider_name']} {sent['tracking_number']}",
        f"Package {package['id']}",
        f"Order {', '.join(package['order_ids'])}",
    )
    sandbox.store.put_blob(key, "application/pdf", small_pdf(lines))
    return key


def small_pdf(lines: tuple[str, ...]) -> bytes:
    """Return a one-page A6 document with these lines of text."""
    shown = " ".join(f"({line}) Tj 0 -18 Td" for line in lines)
    stream = f"BT /F1 10 Tf 16 390 Td {shown} ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 298 420] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + head + table + tail


@endpoint("GET", "/fulfillment/202309/orders/split_attributes", scope=WRITE)
def split_attributes(call: Call) -> Doc:
    """Tell which orders can be split before they are shipped."""
    rows = []
    for order_id in call.query_list("order_ids"):
        reason = _no_split(call, own_order(call, order_id))
        row: Doc = {"order_id": order_id, "can_split": reason is None, "must_split": False}
        rows.append(row if reason is None else {**row, "reason": reason})
    return {"split_attributes": rows}


def _no_split(call: Call, order: Doc) -> str | None:
    if call.shop["region"] not in SPLITS_BEFORE:
        return "In this market an order is split by shipping its parts."
    if order["status"] != "AWAITING_SHIPMENT":
        return "The order does not wait for shipment."
    if len(units_by_sku(lines_in(order, "AWAITING_SHIPMENT"))) < 2:
        return "The order has one SKU only."
    return None


@endpoint(
    "POST",
    "/fulfillment/202309/orders/{order_id}/split",
    scope=WRITE,
    body={"splittable_groups*": [{"id*": "string", "order_line_item_ids*": ["string"]}]},
)
def split_order(call: Call) -> Doc:
    """Split a waiting order into parcels; the lines of a SKU stay together."""
    order = own_order(call, call.path["order_id"])
    reason = _no_split(call, order)
    if reason is not None:
        raise ApiError(21011035, reason)
    groups = call.body["splittable_groups"]
    parts = _parts(order, groups)
    for package in packages_of(call.sandbox, order["id"]):
        package["status"] = "CANCELLED"
        save_package(call.sandbox, package)
    made = [make_package(call.sandbox, order, lines) for lines in parts]
    order["split_or_combine_tag"] = "SPLIT"
    save_order(call.sandbox, order)
    events.packages_changed(call.sandbox, call.shop_id, "SPLIT", made)
    rows = zip(made, groups, strict=True)
    return {"packages": [{"id": one["id"], "splittable_group_id": g["id"]} for one, g in rows]}


def _parts(order: Doc, groups: list[Doc]) -> list[list[Doc]]:
    waiting = lines_in(order, "AWAITING_SHIPMENT")
    named = [key for group in groups for key in group["order_line_item_ids"]]
    if len(groups) < 2 or sorted(named) != sorted(line["id"] for line in waiting):
        raise ApiError(21011005, "Every line must be in one of at least two groups.")
    parts = [
        [line for line in waiting if line["id"] in group["order_line_item_ids"]] for group in groups
    ]
    skus = [sku for part in parts for sku in units_by_sku(part)]
    if len(skus) != len(set(skus)):
        raise ApiError(21011005, "The units of a SKU must stay together.")
    return parts
