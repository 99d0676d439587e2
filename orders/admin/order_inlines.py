"""The tabs of an order's page: its units, what waits for a person, and its timeline."""

from __future__ import annotations

from django.contrib import admin

from marketplace.kernel.admin import ReadOnlyInline, TimelineInline, money
from orders.models import OrderAttention, OrderEvent, OrderLine


class LineInline(ReadOnlyInline):
    model = OrderLine
    verbose_name_plural = "Units"
    fields = (
        "external_id", "paid", "list_price", "seller_discount", "platform_discount", "tax",
        "standing", "tracking_number",
    )  # fmt: skip
    readonly_fields = fields
    tab = True

    @admin.display(description="Paid for it")
    def paid(self, row: OrderLine) -> object:
        return money(row.price, row.currency)

    @admin.display(description="Standing")
    def standing(self, row: OrderLine) -> str:
        if row.is_canceled:
            return "Canceled"
        return "Shipped" if row.is_shipped else "Open"


class AttentionInline(ReadOnlyInline):
    model = OrderAttention
    verbose_name_plural = "Attention"
    fields = ("kind", "sentence", "opened_at", "resolved_at", "resolved_by")
    readonly_fields = fields
    tab = True


class EventInline(TimelineInline):
    model = OrderEvent

    def without_a_step(self, row: OrderEvent) -> str:
        return "–"
