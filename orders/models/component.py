from __future__ import annotations

from django.db import models

from catalog.models import Variant
from marketplace.kernel.models import Stamped
from orders.models.order import Order


class OrderComponent(Stamped):
    """What one ordered unit of a bundle takes from the shelves, as it was when the order came in.

    An order without such rows takes its own variant. Later edits of the bundle do not reach it.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="components")
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+")
    units = models.PositiveIntegerField("Units in one bundle")

    class Meta:
        ordering = ["order", "variant"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "variant"], name="a_component_is_named_once_per_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units:,} × {self.variant.sku}"
