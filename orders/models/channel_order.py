from __future__ import annotations

from decimal import Decimal

from django.db import models

from catalog.models import ChannelWarehouse, Merchant, Shop
from marketplace.kernel.models import Stamped
from marketplace.kernel.money import Money


class ChannelOrder(Stamped):
    """One order as the buyer placed it on the channel; its parts, one per SKU, hang below it."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="channel_orders")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="channel_orders")
    external_id = models.CharField("Order id on the channel", max_length=60)
    status = models.CharField(max_length=24, help_text="In words that fit every channel")
    raw_status = models.CharField("Status on the channel", max_length=40)
    created_on_channel_at = models.DateTimeField("Placed")
    updated_on_channel_at = models.DateTimeField("Changed on the channel")
    paid_at = models.DateTimeField(null=True, blank=True)
    ship_by = models.DateTimeField(null=True, blank=True, help_text="As the channel asks")
    auto_cancel_at = models.DateTimeField(
        null=True, blank=True, help_text="When the channel cancels what was not shipped"
    )

    warehouse_external_id = models.CharField(max_length=60, blank=True)
    warehouse = models.ForeignKey(
        ChannelWarehouse, models.SET_NULL, null=True, blank=True, related_name="channel_orders"
    )
    delivery_option_id = models.CharField(max_length=60, blank=True)
    delivery_option = models.CharField(max_length=120, blank=True)
    ships_itself = models.BooleanField("The channel makes the label", default=False)
    fulfilled_by_channel = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)

    cancel_requested = models.BooleanField(default=False)
    cancel_reason = models.CharField(max_length=300, blank=True)
    canceled_by = models.CharField(max_length=40, blank=True)
    buyer = models.CharField(max_length=200, blank=True)
    buyer_note = models.CharField(max_length=1000, blank=True)

    currency = models.CharField(max_length=3)
    sub_total = models.DecimalField(max_digits=12, decimal_places=2)
    shipping_fee = models.DecimalField(max_digits=12, decimal_places=2)
    seller_discount = models.DecimalField(max_digits=12, decimal_places=2)
    platform_discount = models.DecimalField(max_digits=12, decimal_places=2)
    tax = models.DecimalField(max_digits=12, decimal_places=2)
    other_fees = models.DecimalField(max_digits=12, decimal_places=2)
    total = models.DecimalField(max_digits=12, decimal_places=2)

    content_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-created_on_channel_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id"], name="a_channel_order_is_stored_once"
            ),
        ]
        indexes = [
            models.Index(fields=["external_id"], name="channel_order_by_its_id"),
            models.Index(fields=["buyer"], name="channel_order_by_buyer"),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def total_money(self) -> Money:
        return Money(self.total, self.currency)

    @property
    def unexplained(self) -> Decimal:
        """What the channel's total holds beyond its own parts; zero when all adds up."""
        return self.total - (self.sub_total + self.shipping_fee + self.tax + self.other_fees)
