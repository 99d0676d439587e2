from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from catalog.models import Shop
from marketplace.kernel.models import Stamped
from marketplace.kernel.money import Money
from orders.models.channel_order import ChannelOrder
from orders.models.order import Order, OrderLine
from orders.states import LabelState


class LabelQuerySet(models.QuerySet["Label"]):
    def wanted(self) -> LabelQuerySet:
        """Labels to be bought, those that failed least first."""
        return self.filter(state=LabelState.WANTED).order_by("attempts", "pk")

    def abandoned(self, now: datetime) -> LabelQuerySet:
        """Being bought by a worker that is gone: whether the channel sold it is not known."""
        return self.filter(state=LabelState.BUYING, claimed_until__lt=now)

    def to_buy(self, now: datetime) -> LabelQuerySet:
        """Something has to be done about these on an active shop."""
        abandoned = Q(state=LabelState.BUYING, claimed_until__lt=now)
        return self.filter(Q(state=LabelState.WANTED) | abandoned)

    def of_order(self, order: Order) -> LabelQuerySet:
        return self.filter(lines__line__order=order).distinct()


class Label(Stamped):
    """A shipping label of the channel for some units: wanted, then bought once.

    `outcome_unknown` is set before the call leaves and taken away by a clear answer, so after a
    crash or a lost answer the channel is asked before anything is bought again. The document
    itself is not kept: it is fetched when somebody looks at it.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="labels")
    channel_order = models.ForeignKey(ChannelOrder, models.PROTECT, related_name="labels")
    state = models.CharField(max_length=10, choices=LabelState.choices, default=LabelState.WANTED)
    package_external_id = models.CharField("Package on the channel", max_length=60, blank=True)

    service_external_id = models.CharField(max_length=60, blank=True)
    service = models.CharField(max_length=120, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    weight = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    weight_unit = models.CharField(max_length=12, blank=True)
    length = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    width = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    height = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    size_unit = models.CharField(max_length=12, blank=True)
    handover = models.CharField(max_length=12, blank=True)
    pickup_from = models.DateTimeField(null=True, blank=True)
    pickup_until = models.DateTimeField(null=True, blank=True)

    bought_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    outcome_unknown = models.BooleanField(default=False)
    claimed_by = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, help_text="The channel's words and what to do")
    problem_code = models.CharField(max_length=20, blank=True)
    problem_request_id = models.CharField(max_length=64, blank=True)
    by = models.CharField("Who or what", max_length=150, blank=True)

    objects = LabelQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "shipping label"
        indexes = [
            models.Index(
                fields=["shop", "state"],
                name="labels_not_bought_yet",
                condition=~Q(state="bought"),
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, ("Label", self.package_external_id or f"{self.pk}")))

    @property
    def price_money(self) -> Money | None:
        return None if self.price is None else Money(self.price, self.currency)


class LabelLine(models.Model):
    """That a unit goes with this label; a unit has one label."""

    label = models.ForeignKey(Label, models.CASCADE, related_name="lines")
    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="label_line")

    def __str__(self) -> str:
        return f"{self.line} with {self.label}"
