"""What the channel says of parcels: those that were made there, and numbers that changed there.

Nothing is sent from here. A number that a worker of ours is about to send, or is sending, is left
to it: it asks the channel first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max, Q
from django.utils import timezone

from marketplace.kernel import many
from orders.models import (
    AttentionKind,
    ChannelOrder,
    OrderEvent,
    OrderLine,
    Shipment,
    ShipmentLine,
)
from orders.services import attention
from orders.states import ShipmentState, shipment_machine

BY = "the channel"
#: Nobody is about to tell the channel anything of these.
AT_REST = (ShipmentState.SENT, ShipmentState.HELD, ShipmentState.REFUSED)


def note_channel_parcels(heads: Sequence[ChannelOrder]) -> None:
    """Make our parcels agree with what the channel just said of these orders, which are locked.

    Units that left there get a shipment. A number that was changed there, or entered there while
    ours waits, is copied to our shipment, with a line in the timeline.
    """
    if not heads:
        return
    by_id = {head.pk: head for head in heads}
    _follow_changes(by_id)
    _add_parcels(by_id)


# -- numbers that changed ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Said:
    """What the channel has for a unit."""

    number: str
    carrier: str
    package: str


def _follow_changes(heads: Mapping[int, ChannelOrder]) -> None:
    asked = _asked_of(heads)
    if not asked:
        return
    # A worker may have told the channel another number since: what is locked is what counts.
    rows = Shipment.objects.filter(pk__in=asked).select_for_update(of=("self",)).order_by("pk")
    shipments = {row.pk: row for row in rows}
    lines: dict[int, list[OrderLine]] = {}
    units = ShipmentLine.objects.filter(shipment__in=asked, line__is_canceled=False)
    for unit in units.select_related("line__order").order_by("pk"):
        lines.setdefault(unit.shipment_id, []).append(unit.line)
    told_at = _told_at(lines)
    for pk, content in lines.items():
        shipment = shipments[pk]
        said_at = heads[shipment.channel_order_id].updated_on_channel_at
        if pk in told_at and told_at[pk] > said_at:
            continue  # The channel said this before it heard our number.
        _follow(shipment, content)


def _asked_of(heads: Mapping[int, ChannelOrder]) -> set[int]:
    """Parcels for which the channel has a number that ours do not say it has."""
    said = ~Q(line__tracking_number="")
    other = Q(shipment__state=ShipmentState.SENT) & ~Q(
        line__tracking_number=F("shipment__tracking_number")
    )
    waits = ~Q(shipment__state=ShipmentState.SENT) & ~Q(
        line__tracking_number=F("shipment__sent_number")
    )
    rows = ShipmentLine.objects.filter(
        said & (other | waits),
        shipment__channel_order__in=list(heads),
        shipment__state__in=AT_REST,
        line__is_canceled=False,
    )
    return set(rows.values_list("shipment", flat=True))


def _told_at(lines: Mapping[int, Sequence[OrderLine]]) -> dict[int, datetime]:
    """When we last told the channel of each parcel, or of another one of the same order."""
    orders = {line.order_id for content in lines.values() for line in content}
    told = OrderEvent.objects.filter(order__in=orders, by="tracking").order_by()
    last = dict(told.values_list("order").annotate(last=Max("at")))
    found = {
        pk: [last[line.order_id] for line in content if line.order_id in last]
        for pk, content in lines.items()
    }
    return {pk: max(times) for pk, times in found.items() if times}


def _follow(shipment: Shipment, lines: Sequence[OrderLine]) -> None:
    """Copy the one number that the channel has for all units of a parcel, if it is news."""
    found = {_Said(one.tracking_number, one.carrier, one.package_external_id) for one in lines}
    if len(found) > 1 or shipment.state not in AT_REST:
        return
    (said,) = found
    known = shipment.sent_number
    if shipment.state == ShipmentState.SENT:
        known = shipment.tracking_number
    if said.number == known:
        return
    before = str(shipment)
    _copy(shipment, said)
    orders = {line.order_id: line.order for line in lines}
    attention.clear(orders.values(), AttentionKind.TRACKING_REFUSED, by=BY)
    is_other = before != str(shipment)
    text = f"changed on the channel: {before} → {shipment}." if is_other else f"is there: {before}."
    OrderEvent.objects.bulk_create(
        OrderEvent(
            order=order, old=order.state, new=order.state, reason=f"Tracking number {text}", by=BY
        )
        for order in orders.values()
    )


def _copy(shipment: Shipment, said: _Said) -> None:
    """The channel has this number for the parcel, so there is nothing left to send."""
    carrier = said.carrier or shipment.carrier
    same_carrier = carrier == shipment.carrier
    changes = {
        "tracking_number": said.number,
        "carrier": carrier,
        "carrier_external_id": shipment.carrier_external_id if same_carrier else "",
        "package_external_id": said.package or shipment.package_external_id,
        "sent_at": shipment.sent_at or timezone.now(),
        "problem": "",
        "problem_code": "",
        "problem_request_id": "",
        "outcome_unknown": False,
    }
    if not shipment.made_on_channel:
        changes |= {"sent_number": said.number, "sent_carrier": carrier}
    if shipment.state == ShipmentState.SENT:
        Shipment.objects.filter(pk=shipment.pk).update(**changes)
        for name, value in changes.items():
            setattr(shipment, name, value)
    else:
        shipment_machine.move(shipment, ShipmentState.SENT, **changes)


# -- parcels that were made there ----------------------------------------------------------------


def _add_parcels(heads: Mapping[int, ChannelOrder]) -> None:
    """Store a shipment for every tracking number of units that are in none of our parcels."""
    lines = OrderLine.objects.filter(
        order__channel_order__in=list(heads), is_shipped=True, shipment_line=None
    ).exclude(tracking_number="")
    parcels: dict[tuple[int, str, str], list[OrderLine]] = {}
    for line in lines.select_related("order").order_by("pk"):
        key = (line.order.channel_order_id, line.tracking_number, line.package_external_id)
        parcels.setdefault(key, []).append(line)
    now = timezone.now()
    shipments = [
        Shipment(
            shop_id=heads[head_id].shop_id,
            channel_order=heads[head_id],
            carrier=content[0].carrier,
            tracking_number=number,
            package_external_id=package,
            made_on_channel=True,
            shipped_at=now,
            by=BY,
        )
        for (head_id, number, package), content in parcels.items()
    ]
    many.insert(shipments)
    many.insert(
        [
            ShipmentLine(shipment=shipment, line=line)
            for shipment, content in zip(shipments, parcels.values(), strict=True)
            for line in content
        ]
    )
    shipment_machine.move_together(shipments, ShipmentState.SENT, sent_at=now)
