"""Parcels that were shipped on the channel itself: shown here, with nothing to send."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from orders.models import ChannelOrder, OrderLine, Shipment, ShipmentLine
from orders.states import ShipmentState, shipment_machine


def note_channel_parcels(heads: Sequence[ChannelOrder]) -> None:
    """Store a shipment for every tracking number of the channel that is not one of ours."""
    if not heads:
        return
    lines = OrderLine.objects.filter(
        order__channel_order__in=heads, is_shipped=True, shipment_line=None
    ).exclude(tracking_number="")
    by_id = {head.pk: head for head in heads}
    parcels: dict[tuple[int, str, str], list[OrderLine]] = {}
    for line in lines.select_related("order").order_by("pk"):
        key = (line.order.channel_order_id, line.tracking_number, line.package_external_id)
        parcels.setdefault(key, []).append(line)
    now = timezone.now()
    shipments = [
        Shipment(
            shop_id=by_id[head_id].shop_id,
            channel_order=by_id[head_id],
            carrier=content[0].carrier,
            tracking_number=number,
            package_external_id=package,
            made_on_channel=True,
            shipped_at=now,
            by="the channel",
        )
        for (head_id, number, package), content in parcels.items()
    ]
    Shipment.objects.bulk_create(shipments)
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line=line)
        for shipment, content in zip(shipments, parcels.values(), strict=True)
        for line in content
    )
    shipment_machine.move_together(shipments, ShipmentState.SENT, sent_at=now)
