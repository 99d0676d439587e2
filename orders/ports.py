"""What orders need from a sales channel, as small Protocols; see catalog.ports for the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from catalog.models import Shop
from marketplace.kernel.money import Money
from marketplace.kernel.registry import Registry


class RemoteOrderStatus(StrEnum):
    """How an order stands on the channel, in words that fit every channel."""

    UNPAID = "unpaid"
    ON_HOLD = "on_hold"
    AWAITING_SHIPMENT = "awaiting_shipment"
    PARTIALLY_SHIPPED = "partially_shipped"
    AWAITING_COLLECTION = "awaiting_collection"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELED = "canceled"


@dataclass(frozen=True)
class RemoteAddress:
    """Where to send it. `is_masked` when the channel hides it because it ships itself."""

    name: str
    phone: str
    lines: tuple[str, ...]
    city: str
    state: str
    postal_code: str
    country: str
    is_masked: bool = False


@dataclass(frozen=True)
class RemoteUnit:
    """One unit of one SKU: the channel has a line for each."""

    external_id: str
    product_id: str
    sku_id: str
    seller_sku: str
    title: str
    variant: str
    price: Money  # what the buyer pays for it, before tax and shipping
    original_price: Money
    seller_discount: Money
    platform_discount: Money
    tax: Money
    is_canceled: bool = False
    is_gift: bool = False
    package_id: str = ""
    tracking_number: str = ""
    carrier: str = ""


@dataclass(frozen=True)
class RemotePayment:
    """The order's money as the channel states it, each figure apart.

    `sub_total` and `shipping_fee` are after discounts; `tax` holds `shipping_tax`, and is in the
    prices already where the market has it so. Total = sub_total + shipping_fee + tax + other_fees.
    None: the channel does not say.
    """

    sub_total: Money
    shipping_fee: Money
    seller_discount: Money
    platform_discount: Money
    tax: Money
    total: Money
    other_fees: Money
    list_total: Money | None = None  # items before discounts
    shipping_list: Money | None = None  # shipping before discounts
    shipping_seller_discount: Money | None = None
    shipping_platform_discount: Money | None = None
    shipping_shared_discount: Money | None = None  # paid by the seller and the channel together
    shipping_tax: Money | None = None


@dataclass(frozen=True)
class RemoteOrder:
    """One order of the channel, whole."""

    external_id: str
    status: RemoteOrderStatus
    raw_status: str
    created_at: datetime
    updated_at: datetime
    units: tuple[RemoteUnit, ...]
    payment: RemotePayment
    warehouse_id: str = ""
    delivery_option_id: str = ""
    delivery_option: str = ""
    ships_itself: bool = False  # the channel makes the label (R80)
    fulfilled_by_channel: bool = False  # from the channel's own warehouse (B23)
    is_sample: bool = False
    cancel_requested: bool = False
    cancel_reason: str = ""
    canceled_by: str = ""
    buyer: str = ""
    buyer_note: str = ""
    paid_at: datetime | None = None
    ship_by: datetime | None = None
    auto_cancel_at: datetime | None = None
    address: RemoteAddress | None = None
    package_ids: tuple[str, ...] = ()
    #: As the channel gave it, with people's data: redact what is kept or shown of it.
    raw: Mapping[str, object] = field(default_factory=dict, repr=False)
    raw_hash: str = field(default="", repr=False)


@dataclass(frozen=True)
class UnreadableOrder:
    """A payload that could not be understood: it becomes a visible problem, and the rest go on."""

    external_id: str
    reason: str
    updated_at: datetime | None = None


@dataclass(frozen=True)
class ListedOrder:
    """An order as the channel sent it, not read yet: one that is known costs no more than this.

    `raw_hash` is the same for the same content; empty, the order is always read.
    """

    external_id: str
    updated_at: datetime | None
    raw_hash: str
    read: Callable[[], RemoteOrder | UnreadableOrder]

    @classmethod
    def of(cls, order: RemoteOrder | UnreadableOrder) -> ListedOrder:
        """One that was read already."""
        return cls(order.external_id, order.updated_at, "", lambda: order)


@dataclass(frozen=True)
class RemoteCarrier:
    external_id: str
    name: str


class OrderChannel(Protocol):
    """Reads orders."""

    def orders_since(self, shop: Shop, since: datetime) -> Iterator[ListedOrder]:
        """Yield each order changed at or after a moment, oldest change first, across all pages."""
        ...

    def orders(self, shop: Shop, external_ids: Sequence[str]) -> Iterator[ListedOrder]:
        """Yield these orders as they stand now."""
        ...


@dataclass(frozen=True)
class RemoteTracking:
    """What the channel has for a unit."""

    number: str
    carrier: str = ""
    package_id: str = ""


@dataclass(frozen=True)
class TrackingRules:
    """What a channel allows with tracking numbers, for a shop."""

    corrections: int  # how often the number of one parcel may be changed
    correct_within: timedelta | None  # of the first number; None: as long as it is on its way
    orders_per_number: int  # orders of one recipient in one parcel; 1: they cannot share


class ShippingChannel(Protocol):
    """Takes tracking numbers and says which carriers it knows."""

    def rules(self, shop: Shop) -> TrackingRules: ...

    def carriers(self, shop: Shop, delivery_option_id: str) -> list[RemoteCarrier]: ...

    def send_tracking(
        self,
        shop: Shop,
        order_id: str,
        *,
        line_ids: Sequence[str],
        carrier_id: str,
        tracking_number: str,
    ) -> str:
        """Mark these units as shipped; return the channel's package id."""
        ...

    def correct_tracking(
        self,
        shop: Shop,
        order_id: str,
        *,
        package_id: str,
        carrier_id: str,
        tracking_number: str,
    ) -> None:
        """Put another number in the place of the one that the channel has for a parcel."""
        ...

    def sent_tracking(self, shop: Shop, order_id: str) -> Mapping[str, RemoteTracking]:
        """Tracking numbers that the channel already has, by line id; asked before repeating."""
        ...


order_channels: Registry[OrderChannel] = Registry("order channel")
shipping_channels: Registry[ShippingChannel] = Registry("shipping channel")
