"""What the merchant pages' templates need beyond Django's own."""

from __future__ import annotations

from decimal import Decimal

from django import template

from catalog.states import ListingState, ShopState
from marketplace.kernel.money import Money
from orders.deadlines import Standing
from orders.states import LabelState, OrderState, ShipmentState

register = template.Library()

#: The color that goes with a state's word: good, busy (we or the channel work), wait, bad, none.
TONES: dict[type, dict[str, str]] = {
    ListingState: {
        ListingState.INCOMPLETE: "wait",
        ListingState.READY: "busy",
        ListingState.QUEUED: "busy",
        ListingState.PUBLISHING: "busy",
        ListingState.IN_REVIEW: "wait",
        ListingState.ACTIVE: "good",
        ListingState.REJECTED: "bad",
        ListingState.ERROR: "bad",
    },
    ShopState: {
        ShopState.MAPPING_REQUIRED: "wait",
        ShopState.ACTIVE: "good",
        ShopState.NEEDS_RECONNECT: "bad",
        ShopState.PAUSED: "wait",
    },
    OrderState: {
        OrderState.PENDING: "wait",
        OrderState.UNSHIPPED: "busy",
        OrderState.PARTIALLY_SHIPPED: "busy",
        OrderState.SHIPPED: "good",
        OrderState.DELIVERED: "good",
        OrderState.COMPLETED: "good",
    },
    ShipmentState: {
        ShipmentState.WANTED: "busy",
        ShipmentState.HELD: "wait",
        ShipmentState.SENDING: "busy",
        ShipmentState.SENT: "good",
        ShipmentState.REFUSED: "bad",
    },
    LabelState: {
        LabelState.WANTED: "busy",
        LabelState.BUYING: "busy",
        LabelState.BOUGHT: "good",
        LabelState.REFUSED: "bad",
    },
    Standing: {
        Standing.LATE: "bad",
        Standing.DUE_SOON: "wait",
        Standing.ON_TIME: "good",
    },
}
_BY_KIND = {
    "listing": ListingState,
    "shop": ShopState,
    "order": OrderState,
    "shipment": ShipmentState,
    "label": LabelState,
    "standing": Standing,
}


@register.filter
def tone(value: str, kind: str) -> str:
    """The class of a state's colored word: `{{ listing.state|tone:"listing" }}`."""
    return TONES[_BY_KIND[kind]].get(value, "none")


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency, or a dash: `{{ line.price|money:line.currency }}`."""
    return "–" if amount is None else str(Money(amount, currency))


@register.filter
def trim(number: Decimal | None) -> str:
    """A measure without idle zeros: 1.500 is “1.5”."""
    return "–" if number is None else f"{number.normalize():f}"
