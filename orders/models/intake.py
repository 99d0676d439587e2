from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from catalog.models import Shop
from marketplace.kernel.models import Stamped


class IntakeCursor(Stamped):
    """Up to which change (UTC) a shop's orders were taken in, and how the last run went."""

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="intake_cursor")
    updated_through = models.DateTimeField("Seen up to")
    read_through = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the last look that came to its end began: what was placed before is here",
    )
    last_run_at = models.DateTimeField("Last looked", null=True, blank=True)
    last_result = models.TextField(blank=True)
    reconciled_at = models.DateTimeField("Last compared", null=True, blank=True)
    reconcile_result = models.TextField(blank=True)
    reconciling_from = models.DateTimeField(
        null=True, blank=True, help_text="A comparison that is under way goes on from this change"
    )
    reconcile_counts = models.JSONField(
        default=dict, blank=True, help_text="What the comparison under way has found so far"
    )

    class Meta:
        verbose_name = "order reading"
        verbose_name_plural = "order readings"

    def __str__(self) -> str:
        return f"{self.shop}: {self.updated_through:%Y-%m-%d %H:%M:%S} UTC"


class IntakeProblemQuerySet(models.QuerySet["IntakeProblem"]):
    def unresolved(self) -> IntakeProblemQuerySet:
        return self.filter(resolved_at=None)

    def to_retry(self, now: datetime) -> IntakeProblemQuerySet:
        return self.unresolved().filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")


class IntakeProblem(Stamped):
    """An order that could not be taken in: why, and whether it came through later."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="intake_problems")
    external_id = models.CharField("Order id on the channel", max_length=60)
    reason = models.TextField()
    excerpt = models.TextField(
        "Part of what came", blank=True, help_text="Without people's data and secrets"
    )
    attempts = models.PositiveIntegerField(default=1)
    next_attempt_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = IntakeProblemQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id"],
                condition=Q(resolved_at=None),
                name="one_open_problem_per_order",
            ),
        ]

    def __str__(self) -> str:
        return f"Order {self.external_id}: {self.reason}"
