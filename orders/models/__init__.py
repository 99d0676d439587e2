"""The rows of orders; import them from here."""

from __future__ import annotations

from orders.models.address import Address, AddressLook
from orders.models.aftersale import (
    ANSWERABLE,
    COMING_BACK,
    AftersaleCursor,
    AftersaleDecision,
    AftersaleRequest,
    Asker,
    CancellationQuerySet,
    CancellationRequest,
    Condition,
    ReturnKind,
    ReturnLine,
    ReturnQuerySet,
    ReturnRequest,
    Verdict,
)
from orders.models.channel_order import ChannelOrder
from orders.models.component import OrderComponent
from orders.models.event import OrderEvent
from orders.models.intake import IntakeCursor, IntakeProblem, IntakeProblemQuerySet
from orders.models.label import Label, LabelLine, LabelQuerySet
from orders.models.order import (
    PARCEL_TROUBLE,
    TO_SHIP,
    AttentionKind,
    Order,
    OrderAttention,
    OrderLine,
    OrderQuerySet,
)
from orders.models.outgoing import Outgoing, OutgoingQuerySet
from orders.models.rule import OrderKind, RoutingPolicy, RoutingRule, RuleAction, RuleCenter
from orders.models.shipment import Shipment, ShipmentLine, ShipmentQuerySet

__all__ = [
    "ANSWERABLE",
    "COMING_BACK",
    "PARCEL_TROUBLE",
    "TO_SHIP",
    "Address",
    "AddressLook",
    "AftersaleCursor",
    "AftersaleDecision",
    "AftersaleRequest",
    "Asker",
    "AttentionKind",
    "CancellationQuerySet",
    "CancellationRequest",
    "ChannelOrder",
    "Condition",
    "IntakeCursor",
    "IntakeProblem",
    "IntakeProblemQuerySet",
    "Label",
    "LabelLine",
    "LabelQuerySet",
    "Order",
    "OrderAttention",
    "OrderComponent",
    "OrderEvent",
    "OrderKind",
    "OrderLine",
    "OrderQuerySet",
    "Outgoing",
    "OutgoingQuerySet",
    "ReturnKind",
    "ReturnLine",
    "ReturnQuerySet",
    "ReturnRequest",
    "RoutingPolicy",
    "RoutingRule",
    "RuleAction",
    "RuleCenter",
    "Shipment",
    "ShipmentLine",
    "ShipmentQuerySet",
    "Verdict",
]
