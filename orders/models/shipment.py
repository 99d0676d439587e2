from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from catalog.models import Shop
from orders.models.channel_order import ChannelOrder
from orders.models.order import Order, OrderLine
from orders.models.outgoing import Outgoing, OutgoingQuerySet, Steps
from orders.states import ShipmentState, shipment_machine


class ShipmentQuerySet(OutgoingQuerySet["Shipment"]):
    def to_send(self, now: datetime) -> Self:
        """Those held too, once outbound tracking of their shop is on again."""
        held_no_more = self.filter(state=ShipmentState.HELD, shop__push_tracking=True)
        return super().to_send(now) | held_no_more

    def of_order(self, order: Order) -> Self:
        return self.filter(lines__line__order=order).distinct()


class Shipment(Outgoing):
    """A parcel that left: its units, its carrier, and whether the channel knows the number."""

    steps = Steps(
        shipment_machine,
        wanted=ShipmentState.WANTED,
        under_way=ShipmentState.SENDING,
        done=ShipmentState.SENT,
        refused=ShipmentState.REFUSED,
    )

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
            models.Index(fields=["carrier", "channel_order"], name="shipments_of_a_carrier"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number}".strip()


class ShipmentLine(models.Model):
    """That a unit left with this shipment; a unit leaves once."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="shipment_line")

    def __str__(self) -> str:
        return f"{self.line} in {self.shipment}"
