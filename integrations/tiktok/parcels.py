"""The client's calls about parcels and the labels that TikTok Shop makes for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations.tiktok.client import Json, TikTokClient
from integrations.tiktok.schemas_parcels import HandoverRow, ServiceRow, SoldLabelRow

LABEL, PAGE_SIZE, FORMAT = "SHIPPING_LABEL", "A6", "PDF"


class ParcelCalls:
    """What can be asked and changed about a shop's parcels."""

    def __init__(self, client: TikTokClient) -> None:
        self._client = client

    def correct(self, package_id: str, *, provider_id: str, tracking_number: str) -> None:
        """Put another tracking number in the place of a parcel's."""
        body = {"shipping_provider_id": provider_id, "tracking_number": tracking_number}
        path = f"/fulfillment/202309/packages/{package_id}/shipping_info/update"
        self._client.write("POST", path, body)

    def services(self, order_id: str, *, unit_ids: Sequence[str], size: Json) -> list[ServiceRow]:
        """Return the ways to have a parcel of this size carried, with prices."""
        path = f"/fulfillment/202309/orders/{order_id}/shipping_services/query"
        answer = self._client.search(path, {"order_line_item_ids": list(unit_ids), **size})
        return [ServiceRow.parse(row) for row in answer.rows("shipping_services")]

    def buy_label(
        self, order_id: str, *, unit_ids: Sequence[str], size: Json, service_id: str
    ) -> SoldLabelRow:
        """Buy a label for units of an order; without a service TikTok Shop chooses one."""
        body: dict[str, Any] = {
            "order_id": order_id,
            "order_line_item_ids": list(unit_ids),
            **size,
            **({"shipping_service_id": service_id} if service_id else {}),
        }
        return SoldLabelRow.parse(self._client.write("POST", "/fulfillment/202309/packages", body))

    def handover(self, package_id: str) -> HandoverRow:
        """Return how and when a parcel may be given to TikTok Shop's carrier."""
        path = f"/fulfillment/202309/packages/{package_id}/handover_time_slots"
        return HandoverRow.parse(self._client.get(path))

    def ship(self, package_id: str, *, handover: str, slot: tuple[int, int] | None) -> None:
        """Arrange a waiting parcel with TikTok Shop's carrier."""
        body: dict[str, Any] = {"handover_method": handover} if handover else {}
        if slot:
            body["pickup_slot"] = {"start_time": slot[0], "end_time": slot[1]}
        self._client.write("POST", f"/fulfillment/202309/packages/{package_id}/ship", body)

    def label_url(self, package_id: str) -> str:
        """Return where the label can be fetched; the address lives for a day."""
        path = f"/fulfillment/202309/packages/{package_id}/shipping_documents"
        query = {"document_type": LABEL, "document_size": PAGE_SIZE, "document_format": FORMAT}
        return self._client.get(path, query).text("doc_url")
