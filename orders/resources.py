"""Sheets of orders: what was ordered, without people's data, and tracking numbers to take in."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from import_export import fields

from marketplace.kernel.resources import BaseResource, only_one
from orders.models import Order, OrderLine, Shipment
from orders.ports import RemoteCarrier
from orders.services import shipping


class OrderResource(BaseResource):
    """One row per order part; the buyer and the address stay where they are."""

    order_id = fields.Field(column_name="order_id", attribute="external_id", readonly=True)
    sku = fields.Field(column_name="sku", attribute="seller_sku", readonly=True)
    shop = fields.Field(column_name="shop", attribute="shop__name", readonly=True)
    status = fields.Field(column_name="status", attribute="get_state_display", readonly=True)
    placed_at = fields.Field(
        column_name="placed_at", attribute="created_on_channel_at", readonly=True
    )
    fulfillment_center = fields.Field(
        column_name="fulfillment_center", attribute="fulfillment_center__code", readonly=True
    )
    carrier = fields.Field(column_name="carrier", readonly=True)
    tracking_number = fields.Field(column_name="tracking_number", readonly=True)

    class Meta:
        model = Order
        name = "Orders"
        fields = (
            "order_id", "sku", "shop", "title", "options", "quantity", "canceled_quantity",
            "shipped_quantity", "status", "placed_at", "due_at", "fulfillment_center",
            "list_total", "seller_discount", "platform_discount", "sub_total", "tax", "currency",
            "carrier", "tracking_number",
        )  # fmt: skip
        export_order = fields

    def export(self, queryset: QuerySet[Any] | None = None, **kwargs: Any) -> Any:
        """Export the chosen orders with a fixed number of queries."""
        rows = Order.objects.all() if queryset is None else queryset
        lines = OrderLine.objects.select_related("shipment_line__shipment").order_by("pk")
        rows = rows.select_related("shop", "fulfillment_center").prefetch_related(
            Prefetch("lines", lines)
        )
        return super().export(queryset=rows, **kwargs)

    def dehydrate_carrier(self, row: Order) -> str:
        return ", ".join(dict.fromkeys(parcel.carrier for parcel in _parcels(row)))

    def dehydrate_tracking_number(self, row: Order) -> str:
        return ", ".join(dict.fromkeys(parcel.tracking_number for parcel in _parcels(row)))


def _parcels(order: Order) -> list[Shipment]:
    lines = order.lines.all()
    return [line.shipment_line.shipment for line in lines if hasattr(line, "shipment_line")]


class TrackingResource(BaseResource):
    """Order id, SKU, carrier and tracking number: every row ships what is still open of a part."""

    order_id = fields.Field(column_name="order_id", attribute="external_id", readonly=True)
    sku = fields.Field(column_name="sku", attribute="seller_sku", readonly=True)
    carrier = fields.Field(column_name="carrier", readonly=True)
    tracking_number = fields.Field(column_name="tracking_number", readonly=True)

    class Meta:
        model = Order
        name = "Tracking numbers"
        fields = ("order_id", "sku", "carrier", "tracking_number")
        export_order = fields
        import_id_fields = ("order_id",)
        skip_unchanged = True
        report_skipped = True

    def get_instance(self, instance_loader: Any, row: Any) -> Order:
        number, sku, slug = (_cell(row, name) for name in ("order_id", "sku", "merchant"))
        found = Order.objects.filter(external_id=number).select_related("shop", "channel_order")
        if sku:
            found = found.filter(seller_sku=sku)
        if slug:
            found = found.filter(merchant__slug=slug)
        if len({order.channel_order_id for order in found[:2]}) == 1 and len(found[:2]) > 1:
            raise ValidationError(f"Order {number} has several SKUs: fill in the column “sku”.")
        order: Order = only_one(found, f"order {number}{f' with the SKU “{sku}”' if sku else ''}")
        return order

    def import_instance(self, instance: Order, row: Any, **kwargs: Any) -> None:
        """A row ships; it changes nothing else of the order."""

    def skip_row(
        self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None
    ) -> bool:
        """The same file again ships nothing twice."""
        number = _cell(row, "tracking_number")
        return Shipment.objects.of_order(instance).filter(tracking_number=number).exists()

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        self.row = row
        super().save_instance(instance, is_create, row, **kwargs)

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        # The carrier's id is asked for when the number is sent: no call leaves during an import.
        carrier = RemoteCarrier("", _cell(self.row, "carrier"))
        if not carrier.name:
            raise ValidationError("The column “carrier” is empty.")
        number = _cell(self.row, "tracking_number")
        shipping.record_shipment(instance, carrier=carrier, tracking_number=number, by=self.by)


def _cell(row: Any, name: str) -> str:
    return str(row.get(name) or "").strip()
