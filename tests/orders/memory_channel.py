"""A sales channel in memory, for tests of the rules of orders that need thousands of messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from catalog.models import Shop
from marketplace.kernel.errors import Failure
from marketplace.kernel.money import Money
from orders.ports import (
    ListedOrder,
    RemoteAddress,
    RemoteCarrier,
    RemoteOrder,
    RemoteOrderStatus,
    RemotePayment,
    RemoteTracking,
    RemoteUnit,
    TrackingRules,
    UnreadableOrder,
    order_channels,
    shipping_channels,
)

NAME = "memory"
PLACED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
UPS = RemoteCarrier("7117858858072016686", "UPS")


ADDRESS = RemoteAddress(
    name="Jane Doe",
    phone="+1 775 555 0100",
    lines=("1 Main St", "Apt 2"),
    city="Reno",
    state="NV",
    postal_code="89501",
    country="US",
)


def usd(amount: str | Decimal) -> Money:
    return Money(Decimal(amount), "USD")


def unit(line_id: str, sku: str = "TEA", price: str = "10.00", **changes: Any) -> RemoteUnit:
    values: dict[str, Any] = {
        "external_id": line_id,
        "product_id": "1729",
        "sku_id": f"id-{sku}",
        "seller_sku": sku,
        "title": f"Product {sku}",
        "variant": "",
        "price": usd(price),
        "original_price": usd(price),
        "seller_discount": usd("0"),
        "platform_discount": usd("0"),
        "tax": usd("0"),
    }
    return RemoteUnit(**{**values, **changes})


def remote_order(
    external_id: str = "576460000000000001",
    status: RemoteOrderStatus = RemoteOrderStatus.ON_HOLD,
    *,
    units: Sequence[RemoteUnit] | None = None,
    minutes: int = 0,
    **changes: Any,
) -> RemoteOrder:
    """An order as a channel states it, last changed so many minutes after it was placed."""
    units = tuple(units if units is not None else [unit(f"{external_id}-1")])
    sub_total = sum((one.price.amount for one in units), Decimal(0))
    values: dict[str, Any] = {
        "raw_status": status.value.upper(),
        "created_at": PLACED,
        "updated_at": PLACED + timedelta(minutes=minutes),
        "paid_at": PLACED,
        "warehouse_id": "W1",
        "payment": RemotePayment(
            sub_total=usd(sub_total),
            shipping_fee=usd("0"),
            seller_discount=usd("0"),
            platform_discount=usd("0"),
            tax=usd("0"),
            total=usd(sub_total),
            other_fees=usd("0"),
        ),
    }
    return RemoteOrder(external_id=external_id, status=status, units=units, **{**values, **changes})


@dataclass
class MemoryChannel:
    """What the channel holds, what it was asked, and how it fails."""

    listed: list[RemoteOrder | UnreadableOrder] = field(default_factory=list)
    asked_since: list[datetime] = field(default_factory=list)
    sent: list[tuple[str, tuple[str, ...], str, str]] = field(default_factory=list)
    corrected: list[tuple[str, str]] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    loses_answers: bool = False
    carrier_reads: int = 0

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc]

    def orders_since(self, shop: Shop, since: datetime) -> Iterator[ListedOrder]:
        self.asked_since.append(since)
        for order in sorted(self.listed, key=lambda order: order.updated_at or PLACED):
            if order.updated_at is None or order.updated_at >= since:
                yield ListedOrder.of(order)

    def orders(self, shop: Shop, external_ids: Sequence[str]) -> Iterator[ListedOrder]:
        found = (order for order in self.listed if order.external_id in external_ids)
        yield from map(ListedOrder.of, found)

    def carriers(self, shop: Shop, delivery_option_id: str) -> list[RemoteCarrier]:
        self.carrier_reads += 1
        return [UPS]

    def send_tracking(
        self,
        shop: Shop,
        order_id: str,
        *,
        line_ids: Sequence[str],
        carrier_id: str,
        tracking_number: str,
    ) -> str:
        failure = self.failures.pop(0) if self.failures else None
        if failure and not self.loses_answers:
            raise failure
        self.sent.append((order_id, tuple(line_ids), carrier_id, tracking_number))
        self.numbers.update(dict.fromkeys(line_ids, tracking_number))
        if failure:
            raise failure
        return f"package-{tracking_number}"

    def rules(self, shop: Shop) -> TrackingRules:
        return TrackingRules(1, timedelta(hours=72), 20)

    def correct_tracking(
        self,
        shop: Shop,
        order_id: str,
        *,
        package_id: str,
        carrier_id: str,
        tracking_number: str,
    ) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure and not self.loses_answers:
            raise failure
        old = package_id.removeprefix("package-")
        self.corrected.append((package_id, tracking_number))
        self.numbers |= {key: tracking_number for key, one in self.numbers.items() if one == old}
        if failure:
            raise failure

    def sent_tracking(self, shop: Shop, order_id: str) -> Mapping[str, RemoteTracking]:
        return {
            key: RemoteTracking(number, "UPS", f"package-{number}")
            for key, number in self.numbers.items()
        }


CHANNEL = MemoryChannel()
order_channels.register(NAME, CHANNEL)
shipping_channels.register(NAME, CHANNEL)
