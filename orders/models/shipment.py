from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from catalog.models import Shop
from marketplace.kernel.models import Stamped
from orders.models.channel_order import ChannelOrder
from orders.models.order import Order, OrderLine
from orders.states import ShipmentState


class ShipmentQuerySet(models.QuerySet["Shipment"]):
    def wanted(self) -> ShipmentQuerySet:
        """Tracking to be sent, those that failed least first."""
        return self.filter(state=ShipmentState.WANTED).order_by("attempts", "pk")

    def abandoned(self, now: datetime) -> ShipmentQuerySet:
        """Being sent by a worker that is gone: whether the channel got it is not known."""
        return self.filter(state=ShipmentState.SENDING, claimed_until__lt=now)

    def to_send(self, now: datetime) -> ShipmentQuerySet:
        """Something has to be done about these on an active shop."""
        held_no_more = Q(state=ShipmentState.HELD, shop__push_tracking=True)
        abandoned = Q(state=ShipmentState.SENDING, claimed_until__lt=now)
        return self.filter(Q(state=ShipmentState.WANTED) | held_no_more | abandoned)

    def of_order(self, order: Order) -> ShipmentQuerySet:
        return self.filter(lines__line__order=order).distinct()


class Shipment(Stamped):
    """A parcel that left: its units, its carrier, and whether the channel knows the number.

    `outcome_unknown` is set before the call leaves and taken away by a clear answer, so after a
    crash or a lost answer the channel is asked before anything is sent again.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="shipments")
    channel_order = models.ForeignKey(ChannelOrder, models.PROTECT, related_name="shipments")
    carrier_external_id = models.CharField("Carrier id on the channel", max_length=60, blank=True)
    carrier = models.CharField(max_length=120, blank=True)
    tracking_number = models.CharField(max_length=60)
    state = models.CharField(
        max_length=10, choices=ShipmentState.choices, default=ShipmentState.WANTED
    )
    made_on_channel = models.BooleanField(
        "Shipped on the channel", default=False, help_text="Not by us: nothing to send"
    )
    package_external_id = models.CharField("Package on the channel", max_length=60, blank=True)
    sent_number = models.CharField(
        "Number the channel has",
        max_length=60,
        blank=True,
        help_text="Or may have, while the outcome of a call is not known",
    )
    sent_carrier = models.CharField("Carrier the channel has", max_length=120, blank=True)
    corrections = models.PositiveSmallIntegerField(
        default=0, help_text="How often the channel took another number for this parcel"
    )
    shipped_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    outcome_unknown = models.BooleanField(default=False)
    claimed_by = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, help_text="The channel's words and what to do")
    problem_code = models.CharField(max_length=20, blank=True)
    problem_request_id = models.CharField(max_length=64, blank=True)
    by = models.CharField("Who or what", max_length=150, blank=True)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["shop", "state"],
                name="tracking_not_sent_yet",
                condition=~Q(state="sent"),
            ),
            models.Index(fields=["tracking_number"], name="shipment_by_tracking_number"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number}".strip()


class ShipmentLine(models.Model):
    """That a unit left with this shipment; a unit leaves once."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="shipment_line")

    def __str__(self) -> str:
        return f"{self.line} in {self.shipment}"
