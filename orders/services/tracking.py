"""Tracking numbers go out here: each once per shipment, whatever is repeated or lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.db.models import F
from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from orders.models import AttentionKind, Order, Shipment
from orders.ports import RemoteTracking, ShippingChannel, shipping_channels
from orders.services import carrier_list
from orders.services.outbox import Outbox, Report, Said
from orders.states import ShipmentState, shipment_machine


@dataclass
class TrackingReport(Report):
    """What one run sent."""

    title = "Tracking numbers"
    nothing = "none to send"
    words: ClassVar = {
        "sent": "sent",
        "corrected": "corrected on the channel",
        "known": "already on the channel",
        "refused": "refused",
        "waiting": "to be sent again",
        "held": "held, because outbound tracking is off",
    }

    corrected: int = 0
    held: int = 0


def send_tracking(shop: Shop) -> TrackingReport:
    """Send every tracking number that the channel does not have yet.

    Raises `TryLater` at the end if some could not be sent, so that the job comes back for them.
    """
    report = TrackingReport()
    mine = Shipment.objects.filter(shop=shop)
    outbox = TrackingOutbox(shop)
    if not shop.push_tracking:
        outbox.take_over()
        shipment_machine.move_all(mine.wanted(), ShipmentState.HELD)
        report.held = mine.filter(state=ShipmentState.HELD).count()
        return report
    shipment_machine.move_all(mine.filter(state=ShipmentState.HELD), ShipmentState.WANTED)
    outbox.run(report)
    report.come_again()
    return report


class TrackingOutbox(Outbox[Shipment]):
    """The parcels of a shop whose number the channel is to have."""

    trouble = AttentionKind.TRACKING_REFUSED
    by = "tracking"

    def __init__(self, shop: Shop) -> None:
        super().__init__(Shipment.objects.filter(shop=shop).select_related("channel_order"))
        self.shop = shop
        self.channel = shipping_channels.get(shop.channel)

    def say(self, row: Shipment, *, asks_first: bool) -> Said:
        """Tell the channel the number, unless it has it; replace the one that it has of ours."""
        looks = asks_first or bool(row.sent_number)
        there = _tracking_there(self.channel, self.shop, row) if looks else None
        if there is None:
            return _said(row, "sent", _send(self.channel, self.shop, row))
        package = there.package_id or row.package_external_id
        if _is_said(row, there):
            return _said(row, "known", package)
        if there.number not in (row.sent_number, row.tracking_number):
            # A person who sees this and corrects the number means to replace that one.
            Shipment.objects.filter(pk=row.pk).update(sent_number=there.number)
            raise Refused(
                f"The channel has another tracking number for this parcel: {there.number}. Correct "
                "the number here to replace it, or enter that one."
            )
        self.channel.correct_tracking(
            self.shop,
            row.channel_order.external_id,
            package_id=package,
            carrier_id=_carrier_id(self.shop, row),
            tracking_number=row.tracking_number,
        )
        return _said(row, "corrected", package)

    def parts(self, row: Shipment) -> Sequence[Order]:
        return list(Order.objects.filter(lines__shipment_line__shipment=row).distinct())

    def refusal(self, row: Shipment) -> str:
        return f"The channel refused tracking number {row}"

    def advice(self, row: Shipment) -> str:
        still_there = f"The channel still has {row.sent_number}. " if row.sent_number else ""
        return f"{still_there}Correct the number or the carrier; it is then sent again."


def _said(shipment: Shipment, how: str, package: str) -> Said:
    was_there = bool(shipment.sent_number) and shipment.sent_number != shipment.tracking_number
    replaced = how == "corrected" or (how == "known" and was_there)
    columns = {
        "sent_at": (replaced and shipment.sent_at) or timezone.now(),
        "package_external_id": package,
        "sent_number": shipment.tracking_number,
        "sent_carrier": shipment.carrier,
        "corrections": F("corrections") + int(replaced),
    }
    return Said(how, f"The channel has tracking number {shipment}.", columns)


def _is_said(shipment: Shipment, there: RemoteTracking) -> bool:
    """The channel has this number, and, if the carrier was changed after that, the new one."""
    if there.number != shipment.tracking_number:
        return False
    was_sent = bool(shipment.sent_carrier and there.carrier)
    return not was_sent or there.carrier.casefold() == shipment.carrier.casefold()


def _carrier_id(shop: Shop, shipment: Shipment) -> str:
    if shipment.carrier_external_id:
        return shipment.carrier_external_id
    option = shipment.channel_order.delivery_option_id
    return carrier_list.carrier_named(shop, option, shipment.carrier).external_id


def _send(channel: ShippingChannel, shop: Shop, shipment: Shipment) -> str:
    return channel.send_tracking(
        shop,
        shipment.channel_order.external_id,
        line_ids=_line_ids(shipment),
        carrier_id=_carrier_id(shop, shipment),
        tracking_number=shipment.tracking_number,
    )


def _tracking_there(
    channel: ShippingChannel, shop: Shop, shipment: Shipment
) -> RemoteTracking | None:
    """What the channel has for these units; None if it has nothing yet."""
    known = channel.sent_tracking(shop, shipment.channel_order.external_id)
    mine = [known[line_id] for line_id in _line_ids(shipment) if line_id in known]
    found = {one.number: one for one in mine}
    if len(found) > 1:
        raise Refused(
            "The channel has several tracking numbers for the units of this parcel: "
            f"{', '.join(sorted(found))}. Compare the order with the one on the channel."
        )
    return next(iter(found.values()), None)


def _line_ids(shipment: Shipment) -> list[str]:
    lines = shipment.lines.order_by("line").values_list("line__external_id", flat=True)
    return list(lines)
