from __future__ import annotations

from django.db import models
from django.db.models import Q

from catalog.models.offer import DriftCause, Offer
from catalog.models.place import ChannelWarehouse


class DriftQuerySet(models.QuerySet["Drift"]):
    def open(self) -> DriftQuerySet:
        """The channel showed something else than what was sent, and has not shown ours since."""
        return self.filter(corrected_at__isnull=True)

    def ended(self) -> DriftQuerySet:
        return self.filter(corrected_at__isnull=False)


class Drift(models.Model):
    """That the channel showed another price or quantity than the one sent (B5).

    Without a warehouse it is about the price. It is open until the channel is seen to show what
    was sent.
    """

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="drifts")
    warehouse = models.ForeignKey(
        ChannelWarehouse, models.CASCADE, null=True, blank=True, related_name="drifts"
    )
    sent = models.DecimalField(max_digits=12, decimal_places=2)
    shown = models.DecimalField("Shown there", max_digits=12, decimal_places=2)
    cause = models.CharField(max_length=15, choices=DriftCause.choices)
    seen = models.PositiveIntegerField("Times seen", default=1)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField("Last seen")
    corrected_at = models.DateTimeField(null=True, blank=True)

    objects = DriftQuerySet.as_manager()

    class Meta:
        verbose_name = "difference on the channel"
        verbose_name_plural = "differences on the channel"
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "warehouse"],
                condition=Q(corrected_at__isnull=True, warehouse__isnull=False),
                name="one_open_quantity_drift",
            ),
            models.UniqueConstraint(
                fields=["offer"],
                condition=Q(corrected_at__isnull=True, warehouse__isnull=True),
                name="one_open_price_drift",
            ),
        ]

    def __str__(self) -> str:
        what = f"quantity in {self.warehouse}" if self.warehouse_id else "price"
        return f"{self.offer}: {what}"
