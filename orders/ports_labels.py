"""What orders need from a channel that makes the shipping label itself (R80, GB6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from catalog.models import Shop
from marketplace.kernel.money import Money
from marketplace.kernel.registry import Registry

PICKUP, DROP_OFF = "PICKUP", "DROP_OFF"


@dataclass(frozen=True)
class ParcelSize:
    """Weight, and length, width and height if they are known; units as the channel names them."""

    weight: Decimal
    weight_unit: str
    sides: tuple[Decimal, Decimal, Decimal] | None = None
    size_unit: str = ""


@dataclass(frozen=True)
class LabelService:
    """One way to have a parcel carried, and what the channel takes for it."""

    external_id: str
    name: str
    carrier: str
    price: Money
    days: tuple[int, int]  # until it arrives: at best, at worst
    is_default: bool = False


@dataclass(frozen=True)
class PickupTime:
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Handover:
    """How a parcel may be given to the channel's carrier."""

    can_pickup: bool
    can_drop_off: bool
    pickup_times: tuple[PickupTime, ...] = ()
    drop_off_page: str = ""


@dataclass(frozen=True)
class WantedLabel:
    """What to buy: `size` where labels are sold by weight, a handover where they are arranged."""

    order_id: str
    line_ids: tuple[str, ...]
    package_id: str = ""
    size: ParcelSize | None = None
    service_id: str = ""  # empty: the channel's own choice
    handover: str = ""
    pickup: PickupTime | None = None


@dataclass(frozen=True)
class BoughtLabel:
    package_id: str
    service: str = ""
    price: Money | None = None


class LabelChannel(Protocol):
    """Makes shipping labels."""

    def sells_by_weight(self, shop: Shop) -> bool:
        """Whether a label is bought by weight; else the channel's waiting parcel is arranged."""
        ...

    def services(
        self, shop: Shop, order_id: str, line_ids: Sequence[str], size: ParcelSize
    ) -> list[LabelService]: ...

    def handover(self, shop: Shop, package_id: str) -> Handover: ...

    def buy(self, shop: Shop, wanted: WantedLabel) -> BoughtLabel:
        """Buy a label or arrange a waiting parcel: one write, so that its failure says all."""
        ...

    def bought(self, shop: Shop, order_id: str, line_ids: Sequence[str]) -> BoughtLabel | None:
        """What the channel has for these units already; asked before anything is repeated."""
        ...

    def document(self, shop: Shop, package_id: str) -> bytes:
        """The label as a PDF document, as the channel gives it now."""
        ...


label_channels: Registry[LabelChannel] = Registry("label channel")
