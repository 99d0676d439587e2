from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from catalog.models.place import FulfillmentCenter
from catalog.models.product import Variant
from marketplace.kernel.models import Stamped


class StockLevel(Stamped):
    """What is physically there and what of it is promised; written only through the ledger."""

    variant = models.ForeignKey(Variant, models.PROTECT, related_name="stock_levels")
    fulfillment_center = models.ForeignKey(
        FulfillmentCenter, models.PROTECT, related_name="stock_levels"
    )
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)

    class Meta:
        ordering = ["variant", "fulfillment_center"]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "fulfillment_center"], name="one_stock_level_per_place"
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0), name="stock_reserved_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(on_hand__gte=F("reserved")), name="stock_covers_its_reservations"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant.sku} at {self.fulfillment_center}: {self.available} available"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class MovementKind(models.TextChoices):
    RECEIVE = "receive", "Received"
    ADJUST = "adjust", "Adjusted"
    COUNT = "count", "Counted"
    RESERVE = "reserve", "Reserved for an order"
    RELEASE = "release", "Released"
    SHIP = "ship", "Shipped"
    RETURN = "return", "Returned to stock"


class StockMovement(models.Model):
    """One line of the ledger. A reference is used once, so repeating it changes nothing."""

    variant = models.ForeignKey(Variant, models.PROTECT, related_name="movements")
    fulfillment_center = models.ForeignKey(
        FulfillmentCenter, models.PROTECT, related_name="movements"
    )
    on_hand = models.IntegerField("Change of on hand", default=0)
    reserved = models.IntegerField("Change of reserved", default=0)
    kind = models.CharField(max_length=10, choices=MovementKind.choices)
    reference = models.CharField(max_length=200, unique=True)
    note = models.CharField(max_length=300, blank=True)
    by = models.CharField("Who or what", max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "ledger line"
        verbose_name_plural = "ledger lines"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["variant", "fulfillment_center"], name="movements_of_a_level")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on_hand:+d}/{self.reserved:+d} ({self.reference})"
