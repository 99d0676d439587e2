"""Orders as the sandbox keeps them, and as the wire shows them.

Each unit is a line of its own, and the lines' states are the truth: the state of the order follows
from them. Keys that start with an underscore are the sandbox's own and never leave it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok import events
from integrations.sandbox.tiktok.buyers import masked
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.uploads import file_url
from integrations.sandbox.tiktok.wire import Call

DAY = 24 * 3600
PROGRESS = (
    "UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED",
    "COMPLETED",
)  # fmt: skip
STATUSES = (*PROGRESS[:3], "PARTIALLY_SHIPPING", *PROGRESS[3:], "CANCELLED")
BEFORE_RELEASE = {"UNPAID", "ON_HOLD"}
NOT_SHIPPED = {"UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"}


def status_of(lines: Iterable[Doc]) -> str:
    """Return the status of an order with these lines."""
    open_states = {line["display_status"] for line in lines} - {"CANCELLED"}
    if not open_states:
        return "CANCELLED"
    if "AWAITING_SHIPMENT" in open_states and len(open_states) > 1:
        return "PARTIALLY_SHIPPING"
    return min(open_states, key=PROGRESS.index)


def save_order(sandbox: Sandbox, order: Doc, *, tell: bool = True) -> None:
    """Keep an order; its status follows from its lines, and a new status is told."""
    before = order.get("status")
    order["status"] = status_of(order["line_items"])
    order["is_on_hold_order"] = order["status"] == "ON_HOLD"
    order["update_time"] = sandbox.now()
    sandbox.store.put(
        "order",
        order["id"],
        order,
        shop_id=order["_shop_id"],
        status=order["status"],
        create_time=order["create_time"],
        update_time=order["update_time"],
        labels={
            "shipping_type": [order["shipping_type"]],
            "warehouse": [order["warehouse_id"]],
            "buyer": [order["user_id"]],
            "asks_to_cancel": [str(order["is_buyer_request_cancel"]).lower()],
        },
    )
    if tell and before != order["status"]:
        events.order_changed(sandbox, order)


def get_order(sandbox: Sandbox, order_id: str) -> Doc:
    """Return an order for the sandbox's own pages and doors."""
    order = sandbox.store.get("order", order_id)
    if order is None:
        raise ValueError(f"no order {order_id}")
    return order


def own_order(call: Call, order_id: str, code: int = 21008111) -> Doc:
    """Return an order of the calling shop."""
    order = call.store.get("order", order_id)
    if order is None or order["_shop_id"] != call.shop_id:
        raise ApiError(code, "The order does not belong to this seller.")
    return order


def lines_in(order: Doc, *states: str) -> list[Doc]:
    """Return the lines of an order that are in one of the states."""
    return [line for line in order["line_items"] if line["display_status"] in states]


def units_by_sku(lines: Iterable[Doc]) -> Counter[str]:
    """Count the units of each SKU."""
    return Counter(line["sku_id"] for line in lines)


def pick_lines(order: Doc, line_ids: Iterable[str], code: int = 21001001) -> list[Doc]:
    """Return the named lines of an order."""
    by_id = {line["id"]: line for line in order["line_items"]}
    wanted = list(dict.fromkeys(line_ids))
    unknown = [key for key in wanted if key not in by_id]
    if unknown:
        raise ApiError(code, f"The order has no line {unknown[0]}.")
    return [by_id[key] for key in wanted]


def hides_buyer(order: Doc) -> bool:
    """Tell whether TikTok carries the parcel, so that the seller need not know the address."""
    return order["shipping_type"] == "TIKTOK" or order["fulfillment_type"].endswith("TIKTOK")


def shown_address(order: Doc) -> Doc:
    """Return the address as the seller sees it."""
    address: Doc = order["_address"]
    return masked(address) if hides_buyer(order) else address


def order_view(order: Doc) -> Doc:
    """Return an order as the wire shows it now."""
    view = _open_part(order)
    view["line_items"] = [line_view(line) for line in order["line_items"]]
    if order.get("_released_at"):
        view["recipient_address"] = shown_address(order)
    else:
        # Before the hold is over there is no address and no buyer to write to.
        view.pop("buyer_email", None)
    packages = dict.fromkeys(
        line["package_id"] for line in order["line_items"] if line.get("package_id")
    )
    view["packages"] = [{"id": key} for key in packages]
    return view


def line_view(line: Doc) -> Doc:
    """Return an order line as the wire shows it."""
    view = _open_part(line)
    if line.get("_image_uri"):
        view["sku_image"] = file_url(line["_image_uri"])
    return view


def _open_part(doc: Doc) -> dict[str, Any]:
    return {key: value for key, value in doc.items() if not key.startswith("_")}
