"""What TikTok Shop says about labels and their parcels, as typed rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from integrations.tiktok.fields import Fields


@dataclass(frozen=True, slots=True)
class ServiceRow:
    id: str
    name: str
    provider_name: str
    price: Decimal
    currency: str
    best_days: int
    worst_days: int
    is_default: bool

    @classmethod
    def parse(cls, row: Fields) -> ServiceRow:
        return cls(
            id=row.text("id"),
            name=row.text("name", ""),
            provider_name=row.text("shipping_provider_name", ""),
            price=row.amount("price"),
            currency=row.text("currency"),
            best_days=row.integer("earliest_delivery_days", 0),
            worst_days=row.integer("latest_delivery_days", 0),
            is_default=row.flag("is_default"),
        )


@dataclass(frozen=True, slots=True)
class SoldLabelRow:
    """A label that was bought; the service is absent where TikTok Shop does not name it."""

    package_id: str
    service: ServiceRow | None

    @classmethod
    def parse(cls, row: Fields) -> SoldLabelRow:
        named = row.has("shipping_service_info")
        service = ServiceRow.parse(row.part("shipping_service_info")) if named else None
        return cls(row.text("package_id"), service)


@dataclass(frozen=True, slots=True)
class HandoverRow:
    can_pickup: bool
    can_drop_off: bool
    drop_off_page: str
    slots: tuple[tuple[datetime, datetime], ...]

    @classmethod
    def parse(cls, row: Fields) -> HandoverRow:
        # The wire spells this field so.
        free = [slot for slot in row.rows("pickup_slots") if slot.flag("avaliable", True)]
        return cls(
            can_pickup=row.flag("can_pickup"),
            can_drop_off=row.flag("can_drop_off"),
            drop_off_page=row.text("drop_off_point_url", ""),
            slots=tuple((slot.moment("start_time"), slot.moment("end_time")) for slot in free),
        )
