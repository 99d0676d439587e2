"""The orders' pages of the admin."""

from __future__ import annotations

from orders.admin import (
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
    "aftersale_reading",
    "cancellation",
    "intake",
    "order",
    "returns",
    "rules",
    "shipment",
    "shipping_label",
]
