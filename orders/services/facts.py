"""What the channel says about an order, as columns of our rows; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from orders.models import OrderLine
from orders.ports import RemoteOrder, RemoteOrderStatus, RemoteUnit
from orders.states import OrderState

#: How far along an order is; of two messages of the same second the further one is the newer.
PROGRESS = {status: place for place, status in enumerate(RemoteOrderStatus)}

LEFT = frozenset(
    {
        RemoteOrderStatus.AWAITING_COLLECTION,
        RemoteOrderStatus.IN_TRANSIT,
        RemoteOrderStatus.DELIVERED,
        RemoteOrderStatus.COMPLETED,
    }
)


def fingerprint(remote: RemoteOrder) -> str:
    """The same for the same content, so that an order that did not change costs no write."""
    return hashlib.sha256(repr(replace(remote, raw={})).encode()).hexdigest()


def columns(remote: RemoteOrder) -> dict[str, Any]:
    """The columns of the channel order."""
    money = remote.payment
    return {
        "status": remote.status.value,
        "raw_status": remote.raw_status,
        "created_on_channel_at": remote.created_at,
        "updated_on_channel_at": remote.updated_at,
        "paid_at": remote.paid_at,
        "ship_by": remote.ship_by,
        "auto_cancel_at": remote.auto_cancel_at,
        "warehouse_external_id": remote.warehouse_id,
        "delivery_option_id": remote.delivery_option_id,
        "delivery_option": remote.delivery_option[:120],
        "ships_itself": remote.ships_itself,
        "fulfilled_by_channel": remote.fulfilled_by_channel,
        "is_sample": remote.is_sample,
        "cancel_requested": remote.cancel_requested,
        "cancel_reason": remote.cancel_reason[:300],
        "canceled_by": remote.canceled_by[:40],
        "buyer": remote.buyer[:200],
        "buyer_note": remote.buyer_note[:1000],
        "currency": money.total.currency,
        "sub_total": money.sub_total.amount,
        "shipping_fee": money.shipping_fee.amount,
        "seller_discount": money.seller_discount.amount,
        "platform_discount": money.platform_discount.amount,
        "tax": money.tax.amount,
        "other_fees": money.other_fees.amount,
        "total": money.total.amount,
        "content_hash": fingerprint(remote),
    }


def by_part(units: Iterable[RemoteUnit]) -> dict[str, list[RemoteUnit]]:
    """The units of each SKU of an order: one part of ours for each (R79)."""
    parts: dict[str, list[RemoteUnit]] = {}
    for unit in units:
        parts.setdefault(unit.sku_id or unit.seller_sku, []).append(unit)
    return parts


def part_columns(units: list[RemoteUnit]) -> dict[str, Any]:
    """What a part is and what it costs: the sums of its units."""
    first = units[0]

    def total(name: str) -> Decimal:
        return sum((getattr(unit, name).amount for unit in units), Decimal(0))

    return {
        "seller_sku": first.seller_sku[:100],
        "product_external_id": first.product_id,
        "title": first.title[:300],
        "options": first.variant[:200],
        "quantity": len(units),
        "currency": first.price.currency,
        "list_total": total("original_price"),
        "seller_discount": total("seller_discount"),
        "platform_discount": total("platform_discount"),
        "sub_total": total("price"),
        "tax": total("tax"),
    }


def line_columns(unit: RemoteUnit, status: RemoteOrderStatus) -> dict[str, Any]:
    """The columns of one unit."""
    is_canceled = unit.is_canceled or status == RemoteOrderStatus.CANCELED
    return {
        "price": unit.price.amount,
        "list_price": unit.original_price.amount,
        "seller_discount": unit.seller_discount.amount,
        "platform_discount": unit.platform_discount.amount,
        "tax": unit.tax.amount,
        "currency": unit.price.currency,
        "is_gift": unit.is_gift,
        "is_canceled": is_canceled,
        "is_shipped": not is_canceled and _has_left(unit, status),
        "package_external_id": unit.package_id,
        "tracking_number": unit.tracking_number[:60],
        "carrier": unit.carrier[:120],
    }


def _has_left(unit: RemoteUnit, status: RemoteOrderStatus) -> bool:
    """Where some of an order has left, a unit with a tracking number is one of them."""
    partly = status == RemoteOrderStatus.PARTIALLY_SHIPPED
    return status in LEFT or (partly and bool(unit.tracking_number))


def state_of_part(status: RemoteOrderStatus, lines: Iterable[OrderLine]) -> OrderState:
    """How a part stands, from the order's status and its own units."""
    live = [line for line in lines if not line.is_canceled]
    if not live:
        return OrderState.CANCELED
    if status == RemoteOrderStatus.ON_HOLD:
        return OrderState.PENDING
    if status == RemoteOrderStatus.DELIVERED:
        return OrderState.DELIVERED
    if status == RemoteOrderStatus.COMPLETED:
        return OrderState.COMPLETED
    shipped = sum(line.is_shipped for line in live)
    if not shipped:
        return OrderState.UNSHIPPED
    return OrderState.SHIPPED if shipped == len(live) else OrderState.PARTIALLY_SHIPPED
