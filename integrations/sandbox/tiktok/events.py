"""What subscribers are told about orders, parcels, cancellations and returns."""

from __future__ import annotations

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Doc

EVENT_TYPES = {
    "ORDER_STATUS_CHANGE": 1,
    "RECIPIENT_ADDRESS_UPDATE": 3,
    "PACKAGE_UPDATE": 4,
    "PRODUCT_STATUS_CHANGE": 5,
    "SELLER_DEAUTHORIZATION": 6,
    "UPCOMING_AUTHORIZATION_EXPIRATION": 7,
    "CANCELLATION_STATUS_CHANGE": 11,
    "RETURN_STATUS_CHANGE": 12,
    "NEW_CONVERSATION": 13,
    "NEW_MESSAGE": 14,
    "PRODUCT_INFORMATION_CHANGE": 15,
    "PRODUCT_CREATION": 16,
    "PRODUCT_CATEGORY_CHANGE": 18,
    "NEW_MESSAGE_LISTENER": 33,
    "INVOICE_STATUS_CHANGE": 36,
    "PRODUCT_AUDIT_STATUS_CHANGE": 37,
}
ORDER, ADDRESS, PACKAGE, EXPIRING, CANCELLATION, RETURN = 1, 3, 4, 7, 11, 12
# The notification has its own word for one status, and does not know another one.
ORDER_STATUS_WORDS = {"CANCELLED": "CANCEL"}
UNTOLD_STATUSES = {"PARTIALLY_SHIPPING"}


def order_changed(sandbox: Sandbox, order: Doc) -> None:
    """Tell that an order has another status."""
    status = order["status"]
    if status in UNTOLD_STATUSES:
        return
    data = {
        "order_id": order["id"],
        "order_status": ORDER_STATUS_WORDS.get(status, status),
        "is_on_hold_order": order["is_on_hold_order"],
        "update_time": order["update_time"],
    }
    sandbox.emit(order["_shop_id"], ORDER, data)


def address_changed(sandbox: Sandbox, order: Doc) -> None:
    """Tell that the buyer changed the address."""
    data = {"order_id": order["id"], "update_time": order["update_time"]}
    sandbox.emit(order["_shop_id"], ADDRESS, data)


def packages_changed(sandbox: Sandbox, shop_id: str, kind: str, packages: list[Doc]) -> None:
    """Tell that parcels were split or combined."""
    rows = [{"package_id": one["id"], "order_id_list": one["order_ids"]} for one in packages]
    data = {
        "sc_type": kind,
        "role_type": "ROLE_SELLER",
        "package_list": rows,
        "update_time": sandbox.now(),
    }
    sandbox.emit(shop_id, PACKAGE, data)


def cancellation_changed(sandbox: Sandbox, shop_id: str, cancellation: Doc) -> None:
    """Tell where a cancellation stands."""
    data = {
        "order_id": cancellation["order_id"],
        "cancellations_role": cancellation["role"],
        "cancel_status": cancellation["cancel_status"],
        "cancel_id": cancellation["cancel_id"],
        "create_time": cancellation["create_time"],
    }
    sandbox.emit(shop_id, CANCELLATION, data)


def return_changed(sandbox: Sandbox, shop_id: str, sent_back: Doc) -> None:
    """Tell where a return or refund stands."""
    data = {
        "order_id": sent_back["order_id"],
        "return_role": sent_back["role"],
        "return_type": sent_back["return_type"],
        "return_status": sent_back["return_status"],
        "return_id": sent_back["return_id"],
        "create_time": sent_back["create_time"],
        "update_time": sent_back["update_time"],
    }
    sandbox.emit(shop_id, RETURN, data)


def authorization_expires(sandbox: Sandbox, shop_id: str, expiration_time: int) -> None:
    """Tell that the authorization ends soon."""
    days = max((expiration_time - sandbox.now()) // 86400, 0)
    message = f"The authorization of shop {shop_id} ends in {days} days."
    data = {"message": message, "expiration_time": str(expiration_time)}
    sandbox.emit(shop_id, EXPIRING, data)
