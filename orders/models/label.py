from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from catalog.models import Shop
from marketplace.kernel.money import Money
from orders.models.channel_order import ChannelOrder
from orders.models.order import Order, OrderLine
from orders.models.outgoing import Outgoing, OutgoingQuerySet, Steps
from orders.states import LabelState, label_machine


class LabelQuerySet(OutgoingQuerySet["Label"]):
    def of_order(self, order: Order) -> Self:
        return self.filter(lines__line__order=order).distinct()


class Label(Outgoing):
    """A shipping label of the channel for some units: wanted, then bought once.

    The document itself is not kept: it is fetched when somebody looks at it.
    """

    steps = Steps(
        label_machine,
        wanted=LabelState.WANTED,
        under_way=LabelState.BUYING,
        done=LabelState.BOUGHT,
        refused=LabelState.REFUSED,
    )

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
