"""The orders' pages of the admin."""

from __future__ import annotations

from orders.admin import intake, order, shipment

__all__ = ["intake", "order", "shipment"]
