"""What the channel says about an order, as columns of our rows; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketplace.kernel.money import Money
from orders.models import OrderLine
from orders.ports import RemoteOrder, RemoteOrderStatus, RemotePayment, RemoteUnit
from orders.states import OrderState

#: How far along an order is; of two messages of the same second the further one is the newer.
PROGRESS = {status: place for place, status in enumerate(RemoteOrderStatus)}

ZERO = Decimal(0)

LEFT = frozenset(
    {
        RemoteOrderStatus.AWAITING_COLLECTION,
        RemoteOrderStatus.IN_TRANSIT,
        RemoteOrderStatus.DELIVERED,
        RemoteOrderStatus.COMPLETED,
    }
)


@dataclass(frozen=True)
class PartFacts:
    """One part: its columns, and those of each of its units by the channel's line id."""

    columns: dict[str, Any]
    lines: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class OrderFacts:
    """An order read whole before anything of it is stored; parts by the channel's SKU id."""

    remote: RemoteOrder
    columns: dict[str, Any]
    parts: dict[str, PartFacts]


def read(remote: RemoteOrder) -> OrderFacts:
    """Turn all of an order into columns; what is wrong with it shows here, before it is stored."""
    parts = {
        name: PartFacts(
            part_columns(units),
            {unit.external_id: line_columns(unit, remote.status) for unit in units},
        )
        for name, units in by_part(remote.units).items()
    }
    return OrderFacts(remote, columns(remote), parts)


def fingerprint(remote: RemoteOrder) -> str:
    """The same for the same content, so that an order that did not change costs no write."""
    return hashlib.sha256(repr(remote).encode()).hexdigest()


def columns(remote: RemoteOrder) -> dict[str, Any]:
    """The columns of the channel order."""
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
        "is_free": _is_free(remote.payment),
        "cancel_requested": remote.cancel_requested,
        "cancel_reason": remote.cancel_reason[:300],
        "canceled_by": remote.canceled_by[:40],
        "buyer": remote.buyer[:200],
        "buyer_note": remote.buyer_note[:1000],
        **money_columns(remote.payment),
        "content_hash": fingerprint(remote),
        "raw_hash": remote.raw_hash,
    }


def _is_free(paid: RemotePayment) -> bool:
    """Nobody pays for the items: neither the buyer nor, by a discount of its own, the channel."""
    return paid.sub_total.amount + paid.platform_discount.amount == 0


def money_columns(paid: RemotePayment) -> dict[str, Any]:
    """Every figure of an order apart, as the channel states it."""
    return {
        "currency": paid.total.currency,
        "list_total": paid.list_total.amount if paid.list_total else None,
        "sub_total": paid.sub_total.amount,
        "seller_discount": paid.seller_discount.amount,
        "platform_discount": paid.platform_discount.amount,
        "shipping_list": paid.shipping_list.amount if paid.shipping_list else None,
        "shipping_fee": paid.shipping_fee.amount,
        "shipping_seller_discount": _or_zero(paid.shipping_seller_discount),
        "shipping_platform_discount": _or_zero(paid.shipping_platform_discount),
        "shipping_shared_discount": _or_zero(paid.shipping_shared_discount),
        "tax": paid.tax.amount,
        "shipping_tax": _or_zero(paid.shipping_tax),
        "other_fees": paid.other_fees.amount,
        "total": paid.total.amount,
    }


def _or_zero(money: Money | None) -> Decimal:
    return money.amount if money else ZERO


def disagreement(remote: RemoteOrder) -> str:
    """What does not add up in the channel's figures, for a person; empty if everything does.

    Where prices hold their tax, the channel names the tax and leaves it out of the sum.
    """
    paid = remote.payment
    sums = money_columns(paid)
    named = sums["sub_total"] + sums["shipping_fee"] + sums["other_fees"]
    live = sum((unit.price.amount for unit in remote.units if not unit.is_canceled), ZERO)
    every = sum((unit.price.amount for unit in remote.units), ZERO)
    off_items = sums["seller_discount"] + sums["platform_discount"]
    shipping_list = (
        sums["shipping_fee"]
        + sums["shipping_seller_discount"]
        + sums["shipping_platform_discount"]
        + sums["shipping_shared_discount"]
    )
    checks = (
        ("total", sums["total"], (named + sums["tax"], named)),
        ("items before discounts", sums["list_total"], (sums["sub_total"] + off_items,)),
        (
            "shipping before discounts",
            sums["shipping_list"],
            (shipping_list,),
        ),
        ("items", sums["sub_total"], (every, live)),
    )
    wrong = [
        f"{name}: {Money(stated, paid.total.currency)} stated, "
        f"{Money(parts[0], paid.total.currency)} by its parts"
        for name, stated, parts in checks
        if stated is not None and stated not in parts
    ]
    return _CHECK_IT.format("; ".join(wrong)) if wrong else ""


_CHECK_IT = (
    "The channel's own figures of this order do not add up ({}). They are kept as they came. "
    "Compare them with the order on the channel before you rely on them."
)


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
