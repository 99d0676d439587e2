"""The client's calls about orders, parcels, cancellations and returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.tiktok.client import Json, Query, TikTokClient, in_batches
from integrations.tiktok.fields import Fields
from integrations.tiktok.schemas_orders import (
    CancellationRow,
    EligibilityRow,
    MarkedShippedRow,
    PackageRow,
    ReasonRow,
    ReturnRow,
    StartedRow,
)

FULL_PAGE = 100
FULL_PAGE_OF_REQUESTS = 50
ORDERS_PER_READ = 50

PICKUP = "PICKUP"
DROP_OFF = "DROP_OFF"


class OrderCalls:
    """What can be asked and changed about what a shop has sold."""

    def __init__(self, client: TikTokClient) -> None:
        self._client = client

    # -- orders: as they come, because one that cannot be read must not hide the others

    def search_orders(
        self, *, updated_since: datetime, updated_before: datetime | None = None
    ) -> Iterator[Fields]:
        """Yield every order changed since a moment, oldest change first, across all pages."""
        body = {"update_time_ge": int(updated_since.timestamp())}
        if updated_before is not None:
            body["update_time_lt"] = int(updated_before.timestamp())
        query: Query = {"page_size": FULL_PAGE, "sort_field": "update_time", "sort_order": "ASC"}
        for page in self._client.pages("/order/202309/orders/search", body, query):
            yield from page.rows("orders")

    def orders(self, order_ids: Sequence[str]) -> Iterator[Fields]:
        """Yield these orders as they stand now."""
        for some in in_batches(order_ids, ORDERS_PER_READ):
            answer = self._client.get("/order/202507/orders", {"ids": some})
            yield from answer.rows("orders")

    # -- parcels

    def mark_shipped(
        self, order_id: str, *, unit_ids: Sequence[str], provider_id: str, tracking_number: str
    ) -> MarkedShippedRow:
        """Say that these units (all of them for none named) are on their way."""
        body: dict[str, Any] = _tracking(provider_id, tracking_number)
        if unit_ids:
            body["order_line_item_ids"] = list(unit_ids)
        path = f"/fulfillment/202309/orders/{order_id}/packages"
        return MarkedShippedRow.parse(self._client.write("POST", path, body))

    def update_shipping_info(
        self, order_id: str, *, provider_id: str, tracking_number: str
    ) -> None:
        """Correct the tracking number of an order that was marked as shipped."""
        path = f"/fulfillment/202309/orders/{order_id}/shipping_info/update"
        self._client.write("POST", path, _tracking(provider_id, tracking_number))

    def package(self, package_id: str) -> PackageRow:
        return PackageRow.parse(self._client.get(f"/fulfillment/202309/packages/{package_id}"))

    def ship_package(
        self,
        package_id: str,
        *,
        handover: str = "",
        self_shipment: tuple[str, str] | None = None,
    ) -> None:
        """Hand over a parcel the channel made; `self_shipment` is (provider id, number)."""
        body: dict[str, Any] = {}
        if handover:
            body["handover_method"] = handover
        if self_shipment:
            body["self_shipment"] = _tracking(*self_shipment)
        self._client.write("POST", f"/fulfillment/202309/packages/{package_id}/ship", body)

    # -- cancellations

    def cancellations(
        self, *, updated_since: datetime | None = None, order_ids: Sequence[str] = ()
    ) -> Iterator[Fields]:
        """Yield cancellations as they come: one that cannot be read must not hide the others."""
        path = "/return_refund/202309/cancellations/search"
        for page in self._requests(path, updated_since, order_ids):
            yield from page.rows("cancellations")

    def search_cancellations(
        self, *, updated_since: datetime | None = None, order_ids: Sequence[str] = ()
    ) -> Iterator[CancellationRow]:
        rows = self.cancellations(updated_since=updated_since, order_ids=order_ids)
        yield from map(CancellationRow.parse, rows)

    def cancel(
        self,
        order_id: str,
        *,
        reason: str,
        quantities: Mapping[str, int] | None = None,
        unit_ids: Sequence[str] = (),
    ) -> StartedRow:
        """Cancel an order, or some units of it by SKU id or by their own ids."""
        body: dict[str, Any] = {"order_id": order_id, "cancel_reason": reason}
        if quantities:
            body["skus"] = [
                {"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in quantities.items()
            ]
        if unit_ids:
            body["order_line_item_ids"] = list(unit_ids)
        path = "/return_refund/202309/cancellations"
        return StartedRow.parse(self._client.write("POST", path, body))

    def approve_cancellation(self, cancel_id: str, *, key: str) -> None:
        """Grant a buyer's request. The same key is the same answer, however often it is sent."""
        self._answer("cancellations", cancel_id, "approve", {}, key)

    def reject_cancellation(
        self, cancel_id: str, *, reason: str, key: str, comment: str = ""
    ) -> None:
        body = {"reject_reason": reason, **({"comment": comment} if comment else {})}
        self._answer("cancellations", cancel_id, "reject", body, key)

    def reject_reasons(self, request_id: str) -> list[ReasonRow]:
        """Return the reasons with which a cancellation or return may be declined."""
        path = "/return_refund/202309/reject_reasons"
        answer = self._client.get(path, {"return_or_cancel_id": request_id})
        return [ReasonRow.parse(row) for row in answer.rows("reasons")]

    # -- goods coming back

    def returns(
        self, *, updated_since: datetime | None = None, order_ids: Sequence[str] = ()
    ) -> Iterator[Fields]:
        """Yield returns as they come: one that cannot be read must not hide the others."""
        path = "/return_refund/202309/returns/search"
        for page in self._requests(path, updated_since, order_ids):
            yield from page.rows("return_orders")

    def search_returns(
        self, *, updated_since: datetime | None = None, order_ids: Sequence[str] = ()
    ) -> Iterator[ReturnRow]:
        rows = self.returns(updated_since=updated_since, order_ids=order_ids)
        yield from map(ReturnRow.parse, rows)

    def approve_return(self, return_id: str, *, decision: str, key: str) -> None:
        self._answer("returns", return_id, "approve", {"decision": decision}, key)

    def reject_return(
        self, return_id: str, *, decision: str, reason: str, key: str, comment: str = ""
    ) -> None:
        body = {"decision": decision, "reject_reason": reason}
        if comment:
            body["comment"] = comment
        self._answer("returns", return_id, "reject", body, key)

    def aftersale_eligibility(self, order_id: str) -> list[EligibilityRow]:
        """Return what the seller may still cancel or return of an order."""
        path = f"/return_refund/202309/orders/{order_id}/aftersale_eligibility"
        answer = self._client.get(path, {"initiate_aftersale_user": "SELLER"})
        return EligibilityRow.parse_all(answer)

    def _answer(self, family: str, request_id: str, verb: str, body: Json, key: str) -> None:
        path = f"/return_refund/202309/{family}/{request_id}/{verb}"
        self._client.write("POST", path, body, {"idempotency_key": key})

    def _requests(
        self, path: str, updated_since: datetime | None, order_ids: Sequence[str]
    ) -> Iterator[Fields]:
        body: dict[str, Any] = {}
        if updated_since is not None:
            body["update_time_ge"] = int(updated_since.timestamp())
        if order_ids:
            body["order_ids"] = list(order_ids)
        query: Query = {
            "page_size": str(FULL_PAGE_OF_REQUESTS),
            "sort_field": "update_time",
            "sort_order": "ASC",
        }
        yield from self._client.pages(path, body, query)


def _tracking(provider_id: str, tracking_number: str) -> dict[str, str]:
    return {"shipping_provider_id": provider_id, "tracking_number": tracking_number}
