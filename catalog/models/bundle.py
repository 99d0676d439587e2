from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from catalog.models.product import Variant
from marketplace.kernel.models import Stamped


class BundleComponent(Stamped):
    """What one unit of a bundle is made of. A variant with such rows has no stock of its own."""

    bundle = models.ForeignKey(Variant, models.CASCADE, related_name="components")
    component = models.ForeignKey(Variant, models.PROTECT, related_name="contained_in")
    units = models.PositiveIntegerField("Units in one bundle", default=1)

    class Meta:
        ordering = ["bundle", "component"]
        constraints = [
            models.UniqueConstraint(
                fields=["bundle", "component"], name="a_component_is_named_once_per_bundle"
            ),
            models.CheckConstraint(condition=Q(units__gte=1), name="a_bundle_holds_whole_units"),
            models.CheckConstraint(
                condition=~Q(bundle=F("component")), name="a_bundle_does_not_contain_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units:,} × {self.component.sku} in {self.bundle.sku}"
