from __future__ import annotations

from django.db import models

from orders.models.order import Order
from orders.states import OrderState


class OrderEvent(models.Model):
    """One line of an order's timeline: who moved it from what to what and why, or what was done.

    A line with two equal states tells of something that did not move the order.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="events")
    old = models.CharField(max_length=20, choices=OrderState.choices, blank=True)
    new = models.CharField(max_length=20, choices=OrderState.choices)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    by = models.CharField("Who or what", max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        if self.old == self.new:
            return self.reason
        return f"{self.get_old_display() or 'New'} → {self.get_new_display()}"
