"""Parcels that were shipped on the channel itself: shown here, with nothing to send."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from orders.models import ChannelOrder, OrderLine, Shipment, ShipmentLine
from orders.ports import RemoteUnit
from orders.states import ShipmentState, shipment_machine


def note_channel_parcels(head: ChannelOrder, units: Iterable[RemoteUnit]) -> None:
    """Store a shipment for every tracking number of the channel that is not one of ours."""
    if not any(unit.tracking_number for unit in units):
        return
    lines = OrderLine.objects.filter(
        order__channel_order=head, is_shipped=True, shipment_line=None
    ).exclude(tracking_number="")
    parcels: dict[tuple[str, str], list[OrderLine]] = {}
    for line in lines:
        parcels.setdefault((line.tracking_number, line.package_external_id), []).append(line)
    for (number, package), content in parcels.items():
        shipment = Shipment.objects.create(
            shop_id=head.shop_id,
            channel_order=head,
            carrier=content[0].carrier,
            tracking_number=number,
            package_external_id=package,
            made_on_channel=True,
            shipped_at=timezone.now(),
            by="the channel",
        )
        ShipmentLine.objects.bulk_create(
            ShipmentLine(shipment=shipment, line=line) for line in content
        )
        shipment_machine.move(shipment, ShipmentState.SENT, sent_at=shipment.shipped_at)
