"""TikTok Shop's orders in our words. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from functools import partial

from integrations.tiktok.fields import Fields, UnexpectedShape
from integrations.tiktok.schemas_orders import AddressRow, DistrictRow, OrderRow, UnitRow
from marketplace.kernel.money import Money
from orders.ports import (
    ListedOrder,
    RemoteAddress,
    RemoteOrder,
    RemoteOrderStatus,
    RemotePayment,
    RemoteUnit,
    UnreadableOrder,
)

STATUSES = {
    "UNPAID": RemoteOrderStatus.UNPAID,
    "ON_HOLD": RemoteOrderStatus.ON_HOLD,
    "AWAITING_SHIPMENT": RemoteOrderStatus.AWAITING_SHIPMENT,
    "PARTIALLY_SHIPPING": RemoteOrderStatus.PARTIALLY_SHIPPED,
    "AWAITING_COLLECTION": RemoteOrderStatus.AWAITING_COLLECTION,
    "IN_TRANSIT": RemoteOrderStatus.IN_TRANSIT,
    "DELIVERED": RemoteOrderStatus.DELIVERED,
    "COMPLETED": RemoteOrderStatus.COMPLETED,
    "CANCELLED": RemoteOrderStatus.CANCELED,
    "CANCEL": RemoteOrderStatus.CANCELED,
}
BY_TIKTOK = "FULFILLMENT_BY_TIKTOK"
MASK = "***"


def listed(fields: Fields) -> ListedOrder:
    """Return an order to be read when it is needed."""
    digest = hashlib.sha256(repr(fields.content).encode()).hexdigest()
    external_id = str(fields.content.get("id") or "")
    return ListedOrder(external_id, changed_at(fields), digest, partial(order, fields, digest))


def order(fields: Fields, raw_hash: str = "") -> RemoteOrder | UnreadableOrder:
    """Return an order, or what is wrong with it: one that cannot be read hides no other."""
    try:
        return _order(OrderRow.parse(fields), fields, raw_hash)
    except UnexpectedShape as error:
        return UnreadableOrder(str(fields.content.get("id") or ""), str(error), changed_at(fields))


def changed_at(fields: Fields) -> datetime | None:
    """Return when something changed, or nothing where even that cannot be read."""
    try:
        return fields.moment_or_none("update_time")
    except UnexpectedShape:
        return None


def _order(row: OrderRow, fields: Fields, raw_hash: str) -> RemoteOrder:
    currency = row.payment.currency
    by_channel = row.fulfillment_type == BY_TIKTOK
    return RemoteOrder(
        external_id=row.id,
        status=_status(row),
        raw_status=row.status,
        created_at=row.created_at,
        updated_at=row.updated_at,
        units=tuple(_unit(unit, currency) for unit in row.units),
        payment=_payment(row),
        warehouse_id=row.warehouse_id,
        delivery_option_id=row.delivery_option_id,
        delivery_option=row.delivery_option_name,
        ships_itself=by_channel or row.shipping_type == "TIKTOK",
        fulfilled_by_channel=by_channel,
        is_sample=row.is_sample,
        cancel_requested=row.cancel_requested,
        cancel_reason=reason_words(row.cancel_reason),
        canceled_by=row.canceled_by,
        buyer=row.address.name if row.address else row.buyer_nickname,
        buyer_note=row.buyer_message,
        paid_at=row.paid_at,
        ship_by=row.ship_by,
        auto_cancel_at=row.auto_cancel_at,
        address=_address(row.address) if row.address else None,
        package_ids=row.package_ids,
        raw=fields.content,
        raw_hash=raw_hash,
    )


def reason_words(name: str) -> str:
    """Turn the name of a reason into words; a sentence that a person wrote stays as it is.

    “ecom_order_to_ship_canceled_reason_no_longer_needed” reads “No longer needed”.
    """
    if " " in name or "_" not in name:
        return name
    return name.rpartition("reason_")[2].replace("_", " ").strip().capitalize()


def _status(row: OrderRow) -> RemoteOrderStatus:
    """In some markets the buyer's free hour runs inside AWAITING_SHIPMENT; a flag tells (R74)."""
    if row.status not in STATUSES:
        raise UnexpectedShape(f"the order's status “{row.status}” is not one we know")
    status = STATUSES[row.status]
    if status == RemoteOrderStatus.AWAITING_SHIPMENT and row.on_hold:
        return RemoteOrderStatus.ON_HOLD
    return status


def _unit(row: UnitRow, order_currency: str) -> RemoteUnit:
    currency = row.currency or order_currency
    return RemoteUnit(
        external_id=row.id,
        product_id=row.product_id,
        sku_id=row.sku_id,
        seller_sku=row.seller_sku,
        title=row.product_name,
        variant=row.sku_name,
        price=Money(row.price, currency),
        original_price=Money(row.original_price, currency),
        seller_discount=Money(row.seller_discount, currency),
        platform_discount=Money(row.platform_discount, currency),
        tax=Money(row.tax, currency),
        is_canceled=row.status in ("CANCELLED", "CANCEL"),
        is_gift=row.is_gift,
        package_id=row.package_id,
        tracking_number=row.tracking_number,
        carrier=row.provider_name,
    )


def _payment(row: OrderRow) -> RemotePayment:
    paid = row.payment

    def money(amount: Decimal) -> Money:
        return Money(amount, paid.currency)

    def stated(amount: Decimal | None) -> Money | None:
        return None if amount is None else money(amount)

    return RemotePayment(
        sub_total=money(paid.sub_total),
        shipping_fee=money(paid.shipping_fee),
        seller_discount=money(paid.seller_discount),
        platform_discount=money(paid.platform_discount),
        tax=money(paid.tax),
        total=money(paid.total),
        other_fees=money(paid.fees),
        list_total=stated(paid.list_total),
        shipping_list=stated(paid.shipping_list),
        shipping_seller_discount=money(paid.shipping_seller_discount),
        shipping_platform_discount=money(paid.shipping_platform_discount),
        shipping_shared_discount=money(paid.shipping_cofunded_discount),
        shipping_tax=money(paid.shipping_tax),
    )


def _address(row: AddressRow) -> RemoteAddress:
    lines = tuple(line for line in row.lines if line) or (row.full_address,)
    return RemoteAddress(
        name=row.name,
        phone=row.phone,
        lines=lines,
        city=_city(row),
        state=_state(row),
        postal_code=row.postal_code,
        country=row.region_code,
        is_masked=any(MASK in text for text in (row.name, *lines)),
    )


def _city(row: AddressRow) -> str:
    """Return the district that calls itself a city, or else the smallest one there is."""
    if row.post_town:
        return row.post_town
    named = [item for item in row.districts if item.level_name.lower() in ("city", "town")]
    smaller = [item for item in row.districts if item.level > "L1"]
    return (named or smaller or [DistrictRow("", "", "", "")])[-1].name


def _state(row: AddressRow) -> str:
    """Return the state, by its short code where the channel gives one."""
    for item in row.districts:
        if item.level == "L1":
            return item.iso_code.removeprefix(f"{row.region_code}-") or item.name
    return ""
