"""The rows of orders; import them from here."""

from __future__ import annotations

from orders.models.address import Address
from orders.models.channel_order import ChannelOrder
from orders.models.event import OrderEvent
from orders.models.intake import IntakeCursor, IntakeProblem, IntakeProblemQuerySet
from orders.models.order import (
    TO_SHIP,
    AttentionKind,
    Order,
    OrderAttention,
    OrderLine,
    OrderQuerySet,
)
from orders.models.shipment import Shipment, ShipmentLine, ShipmentQuerySet

__all__ = [
    "TO_SHIP",
    "Address",
    "AttentionKind",
    "ChannelOrder",
    "IntakeCursor",
    "IntakeProblem",
    "IntakeProblemQuerySet",
    "Order",
    "OrderAttention",
    "OrderEvent",
    "OrderLine",
    "OrderQuerySet",
    "Shipment",
    "ShipmentLine",
    "ShipmentQuerySet",
]
