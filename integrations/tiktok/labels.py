"""Labels that TikTok Shop makes, behind our port (R80, GB6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog.models import Shop
from integrations.http.pictures import WebPictures
from integrations.tiktok.gateway import order_calls, parcel_calls
from integrations.tiktok.schemas_parcels import ServiceRow
from integrations.tiktok.shipping import read_order
from marketplace.kernel.errors import Refused, TryLater
from marketplace.kernel.money import Money
from orders.ports_labels import (
    BoughtLabel,
    Handover,
    LabelService,
    ParcelSize,
    PickupTime,
    WantedLabel,
)

SOLD_BY_WEIGHT = frozenset({"US"})
PDF = b"%PDF"
_NO_DOCUMENT = "TikTok Shop gave no document for this label. Try again in a minute."


class TikTokLabels:
    """Buys labels, arranges parcels with TikTok Shop's carriers and fetches the documents."""

    def sells_by_weight(self, shop: Shop) -> bool:
        return shop.region in SOLD_BY_WEIGHT

    def services(
        self, shop: Shop, order_id: str, line_ids: Sequence[str], size: ParcelSize
    ) -> list[LabelService]:
        rows = parcel_calls(shop).services(order_id, unit_ids=line_ids, size=_size(size))
        return [_service(row) for row in rows]

    def handover(self, shop: Shop, package_id: str) -> Handover:
        row = parcel_calls(shop).handover(package_id)
        return Handover(
            can_pickup=row.can_pickup,
            can_drop_off=row.can_drop_off,
            pickup_times=tuple(PickupTime(start, end) for start, end in row.slots),
            drop_off_page=row.drop_off_page,
        )

    def buy(self, shop: Shop, wanted: WantedLabel) -> BoughtLabel:
        calls = parcel_calls(shop)
        if not self.sells_by_weight(shop):
            calls.ship(wanted.package_id, handover=wanted.handover, slot=_slot(wanted.pickup))
            return BoughtLabel(wanted.package_id)
        sold = calls.buy_label(
            wanted.order_id,
            unit_ids=wanted.line_ids,
            size=_size(wanted.size) if wanted.size else {},
            service_id=wanted.service_id,
        )
        if sold.service is None:
            return BoughtLabel(sold.package_id)
        price = Money(sold.service.price, sold.service.currency)
        return BoughtLabel(sold.package_id, sold.service.name, price)

    def bought(self, shop: Shop, order_id: str, line_ids: Sequence[str]) -> BoughtLabel | None:
        units = read_order(order_calls(shop), order_id).units
        for unit in units:
            if unit.id in line_ids and unit.tracking_number:
                return BoughtLabel(unit.package_id)
        return None

    def document(self, shop: Shop, package_id: str) -> bytes:
        address = parcel_calls(shop).label_url(package_id)
        try:
            content = WebPictures().fetch(address)
        except Refused as error:
            raise TryLater(_NO_DOCUMENT) from error
        if not content.startswith(PDF):
            raise TryLater(_NO_DOCUMENT)
        return content


def _slot(pickup: PickupTime | None) -> tuple[int, int] | None:
    if pickup is None:
        return None
    return int(pickup.start.timestamp()), int(pickup.end.timestamp())


def _size(size: ParcelSize) -> dict[str, Any]:
    body: dict[str, Any] = {"weight": {"value": f"{size.weight:f}", "unit": size.weight_unit}}
    if size.sides:
        names = ("length", "width", "height")
        sides = {name: f"{side:f}" for name, side in zip(names, size.sides, strict=True)}
        body["dimension"] = {**sides, "unit": size.size_unit}
    return body


def _service(row: ServiceRow) -> LabelService:
    return LabelService(
        external_id=row.id,
        name=row.name,
        carrier=row.provider_name,
        price=Money(row.price, row.currency),
        days=(row.best_days, row.worst_days),
        is_default=row.is_default,
    )
