"""The orders' pages of the admin."""

from __future__ import annotations

from orders.admin import (
    address_look,
    aftersale_reading,
    cancellation,
    intake,
    order,
    returns,
    rules,
    shipment,
    shipping_label,
)

__all__ = [
    "address_look",
    "aftersale_reading",
    "cancellation",
    "intake",
    "order",
    "returns",
    "rules",
    "shipment",
    "shipping_label",
]
