from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

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
    is_free = models.BooleanField(
        default=False, help_text="Nobody pays for its items: never counted as a sale"
    )

    cancel_requested = models.BooleanField(default=False)
    cancel_reason = models.CharField(max_length=300, blank=True)
    canceled_by = models.CharField(max_length=40, blank=True)
    buyer = models.CharField(max_length=200, blank=True)
    buyer_note = models.CharField(max_length=1000, blank=True)

    currency = models.CharField(max_length=3)
    list_total = models.DecimalField(
        "Items before discounts", max_digits=12, decimal_places=2, null=True, blank=True
    )
    sub_total = models.DecimalField("Items", max_digits=12, decimal_places=2)
    seller_discount = models.DecimalField(max_digits=12, decimal_places=2)
    platform_discount = models.DecimalField(max_digits=12, decimal_places=2)
    shipping_list = models.DecimalField(
        "Shipping before discounts", max_digits=12, decimal_places=2, null=True, blank=True
    )
    shipping_fee = models.DecimalField("Shipping", max_digits=12, decimal_places=2)
    shipping_seller_discount = models.DecimalField(
        "Shipping, discount by the seller", max_digits=12, decimal_places=2, default=Decimal(0)
    )
    shipping_platform_discount = models.DecimalField(
        "Shipping, discount by the channel", max_digits=12, decimal_places=2, default=Decimal(0)
    )
    shipping_shared_discount = models.DecimalField(
        "Shipping, discount paid by both", max_digits=12, decimal_places=2, default=Decimal(0)
    )
    tax = models.DecimalField(max_digits=12, decimal_places=2)
    shipping_tax = models.DecimalField(
        "Tax on shipping, part of the tax", max_digits=12, decimal_places=2, default=Decimal(0)
    )
    other_fees = models.DecimalField(max_digits=12, decimal_places=2)
    total = models.DecimalField(max_digits=12, decimal_places=2)

    content_hash = models.CharField(max_length=64, blank=True)
    raw_hash = models.CharField(max_length=64, blank=True, help_text="Of what the channel sent")

    class Meta:
        ordering = ["-created_on_channel_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id"], name="a_channel_order_is_stored_once"
            ),
        ]
        indexes = [
            models.Index(fields=["external_id"], name="channel_order_by_its_id"),
            models.Index(Upper("buyer"), name="channel_order_by_buyer"),
            models.Index(fields=["id"], name="samples", condition=Q(is_sample=True)),
            models.Index(
                fields=["id"], name="fulfilled_there", condition=Q(fulfilled_by_channel=True)
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def total_money(self) -> Money:
        return Money(self.total, self.currency)

    @property
    def has_address_to_see(self) -> bool:
        """Whether there is an address that was not erased."""
        found = getattr(self, "address", None)
        return found is not None and found.purged_at is None

    @property
    def unexplained(self) -> Decimal:
        """What the channel's total holds beyond its own parts; zero when all adds up.

        Where prices hold their tax, the total does not hold it again.
        """
        named = self.sub_total + self.shipping_fee + self.other_fees
        return Decimal(0) if self.total == named else self.total - named - self.tax
