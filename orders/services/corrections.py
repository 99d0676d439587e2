"""Another tracking number or carrier for a parcel, before or after the channel took the first.

Before it is an edit here. After, the channel is asked to replace it, within the limits that the
channel sets; a number that is being sent at this moment is not touched.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from marketplace.kernel.errors import Refused
from orders.models import AttentionKind, Order, Shipment
from orders.ports import RemoteCarrier, TrackingRules, shipping_channels
from orders.services import attention, parcel_rules, transitions
from orders.states import ShipmentState, shipment_machine


def correct_tracking(
    shipment: Shipment, *, carrier: RemoteCarrier, tracking_number: str, by: str
) -> None:
    """Change the carrier or number of a parcel; what the channel has to know is sent to it.

    Raises `Refused` if it is being sent right now, or if the channel allows no change any more.
    """
    number = parcel_rules.clean_number(tracking_number)
    with transaction.atomic():
        row = Shipment.objects.select_for_update(of=("self",)).select_related("shop")
        fresh = row.get(pk=shipment.pk)
        if (number, carrier.name) == (fresh.tracking_number, fresh.carrier):
            raise Refused("Nothing changed: this is the carrier and number that stand here.")
        # Going back to what the channel has is no change to it.
        is_there = (number, carrier.name) == (fresh.sent_number, fresh.sent_carrier)
        if why := why_not_correctable(fresh, is_there=is_there):
            raise Refused(why)
        before = str(fresh)
        orders = list(Order.objects.filter(lines__shipment_line__shipment=fresh).distinct())
        parcel_rules.check_reuse(number, orders)
        _write(fresh, carrier, number)
        attention.clear(orders, AttentionKind.TRACKING_REFUSED, by=by)
        for order in orders:
            transitions.note(order, f"Tracking number changed: {before} → {fresh}.", by=by)
    shipment.refresh_from_db()


def why_not_correctable(shipment: Shipment, *, is_there: bool = False) -> str:
    """Why the number of a parcel cannot be changed now, for a person; empty if it can."""
    if shipment.made_on_channel:
        return "This parcel was shipped on the channel: its number is changed there."
    if shipment.state == ShipmentState.SENDING:
        return "This number is being sent to the channel right now: try again in a minute."
    if is_there or not shipment.sent_number:
        return ""
    rules = shipping_channels.get(shipment.shop.channel).rules(shipment.shop)
    return _over(shipment, rules)


def _over(shipment: Shipment, rules: TrackingRules) -> str:
    if shipment.corrections >= rules.corrections:
        times = "once" if rules.corrections == 1 else f"{rules.corrections} times"
        return (
            f"The channel lets a tracking number be changed {times}, and this one was. Write the "
            "new number to the buyer, or ask the channel's support."
        )
    since = shipment.sent_at
    if rules.correct_within and since and timezone.now() > since + rules.correct_within:
        hours = int(rules.correct_within.total_seconds() // 3600)
        return (
            f"The channel lets a tracking number be changed within {hours} hours of shipping, and "
            "that time is over. Write the new number to the buyer."
        )
    return ""


def _write(shipment: Shipment, carrier: RemoteCarrier, number: str) -> None:
    """What may be on the channel already is remembered; the drain decides what to say to it."""
    may_be_there = shipment.sent_number
    if shipment.outcome_unknown and not may_be_there:
        may_be_there = shipment.tracking_number
    changes = {
        "carrier_external_id": carrier.external_id,
        "carrier": carrier.name,
        "tracking_number": number,
        "sent_number": may_be_there,
        "attempts": 0,
        "outcome_unknown": True,  # the channel is asked before it is sent
        "problem": "",
        "problem_code": "",
        "problem_request_id": "",
    }
    to = ShipmentState.WANTED if shipment.shop.push_tracking else ShipmentState.HELD
    if shipment.state == to:
        Shipment.objects.filter(pk=shipment.pk).update(**changes)
        shipment.refresh_from_db()
    else:
        shipment_machine.move(shipment, to, **changes)
