"""Tracking numbers and carriers of TikTok Shop behind our port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from catalog.models import Shop
from integrations.tiktok.gateway import logistics_calls, order_calls, parcel_calls
from integrations.tiktok.orders import OrderCalls
from integrations.tiktok.schemas_orders import OrderRow
from marketplace.kernel.errors import Refused
from orders.ports import RemoteCarrier, RemoteTracking, TrackingRules

ASIA = frozenset({"ID", "MY", "PH", "SG", "TH", "VN"})
LATIN_AMERICA = frozenset({"BR", "MX"})
#: There a parcel exists before it is shipped, and is shipped whole.
PARCELS_FIRST = ASIA | LATIN_AMERICA
#: There a number may be changed within three days; elsewhere as long as it is on its way.
THREE_DAYS = frozenset({"US", "GB"}) | ASIA
ORDERS_PER_NUMBER = 20


class TikTokShipping:
    """Takes tracking numbers and says which carriers the channel knows."""

    def rules(self, shop: Shop) -> TrackingRules:
        return TrackingRules(
            corrections=1,
            correct_within=timedelta(hours=72) if shop.region in THREE_DAYS else None,
            orders_per_number=1 if shop.region in PARCELS_FIRST else ORDERS_PER_NUMBER,
        )

    def carriers(self, shop: Shop, delivery_option_id: str) -> list[RemoteCarrier]:
        """Return the carriers of a delivery option, or of all the shop's where none is named."""
        calls = logistics_calls(shop)
        if delivery_option_id:
            rows = calls.seller_providers(delivery_option_id)
        else:
            rows = calls.all_shipping_providers()
        return [RemoteCarrier(row.id, row.name) for row in rows]

    def send_tracking(
        self,
        shop: Shop,
        order_id: str,
        *,
        line_ids: Sequence[str],
        carrier_id: str,
        tracking_number: str,
    ) -> str:
        calls = order_calls(shop)
        if shop.region in PARCELS_FIRST:
            package_id = _waiting_parcel(calls, order_id, line_ids)
            calls.ship_package(package_id, self_shipment=(carrier_id, tracking_number))
            return package_id
        marked = calls.mark_shipped(
            order_id,
            unit_ids=line_ids,
            provider_id=carrier_id,
            tracking_number=tracking_number,
        )
        return marked.package_id

    def correct_tracking(
        self,
        shop: Shop,
        order_id: str,
        *,
        package_id: str,
        carrier_id: str,
        tracking_number: str,
    ) -> None:
        if package_id:
            parcel_calls(shop).correct(
                package_id, provider_id=carrier_id, tracking_number=tracking_number
            )
        else:
            order_calls(shop).update_shipping_info(
                order_id, provider_id=carrier_id, tracking_number=tracking_number
            )

    def sent_tracking(self, shop: Shop, order_id: str) -> Mapping[str, RemoteTracking]:
        return {
            unit.id: RemoteTracking(unit.tracking_number, unit.provider_name, unit.package_id)
            for unit in read_order(order_calls(shop), order_id).units
            if unit.tracking_number
        }


def read_order(calls: OrderCalls, order_id: str) -> OrderRow:
    """Return an order as it stands now; raise `Refused` if there is none."""
    found = [OrderRow.parse(row) for row in calls.orders([order_id])]
    if not found:
        raise Refused(f"TikTok Shop has no order {order_id}.")
    return found[0]


def _waiting_parcel(calls: OrderCalls, order_id: str, line_ids: Sequence[str]) -> str:
    """Return the parcel that these units wait in; it must hold no others, as it goes whole."""
    units = read_order(calls, order_id).units
    packages = {unit.package_id for unit in units if unit.id in set(line_ids)}
    package_id = packages.pop() if len(packages) == 1 else ""
    held = {unit.id for unit in units if unit.package_id == package_id}
    if not package_id or held != set(line_ids):
        raise Refused(
            "In this market TikTok Shop ships packages whole, and these units are not exactly one "
            "package. Split or combine the order's packages in Seller Center first."
        )
    return package_id
