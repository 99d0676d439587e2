"""Tracking numbers go out here: each once per shipment, whatever is repeated or lost."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Reconnect, Refused, TryLater
from marketplace.kernel.states import IllegalMove
from orders.models import AttentionKind, Order, OrderQuerySet, Shipment
from orders.ports import RemoteTracking, ShippingChannel, shipping_channels
from orders.services import attention, carrier_list, transitions
from orders.states import ShipmentState, shipment_machine

CLAIM_LASTS = timedelta(minutes=5)
#: When so many in a row cannot be sent, the channel is down: the rest wait for the next run.
PATIENCE = 3


@dataclass
class TrackingReport:
    """What one run sent."""

    sent: int = 0
    corrected: int = 0
    known: int = 0
    refused: int = 0
    waiting: int = 0
    held: int = 0

    def summary(self) -> str:
        """One sentence: “3 sent, 1 refused.”"""
        words = {
            "sent": self.sent,
            "corrected on the channel": self.corrected,
            "already on the channel": self.known,
            "refused": self.refused,
            "to be sent again": self.waiting,
            "held, because outbound tracking is off": self.held,
        }
        said = [f"{count:,} {word}" for word, count in words.items() if count]
        return f"Tracking numbers: {', '.join(said) or 'none to send'}."


def send_tracking(shop: Shop) -> TrackingReport:
    """Send every tracking number that the channel does not have yet.

    Raises `TryLater` at the end if some could not be sent, so that the job comes back for them.
    """
    report = TrackingReport()
    _take_over_abandoned(shop)
    mine = Shipment.objects.filter(shop=shop)
    if not shop.push_tracking:
        shipment_machine.move_all(mine.wanted(), ShipmentState.HELD)
        report.held = mine.filter(state=ShipmentState.HELD).count()
        return report
    shipment_machine.move_all(mine.filter(state=ShipmentState.HELD), ShipmentState.WANTED)
    channel = shipping_channels.get(shop.channel)
    trouble: TryLater | None = None
    for shipment in mine.wanted().select_related("channel_order"):
        trouble = _send_one(channel, shop, shipment, report) or trouble
        if report.waiting >= PATIENCE:
            break
    if trouble:
        raise TryLater(
            f"{report.summary()} {trouble.message}",
            code=trouble.code,
            request_id=trouble.request_id,
            retry_after=trouble.retry_after,
        )
    return report


def _take_over_abandoned(shop: Shop) -> None:
    """A worker died while sending: the channel will be asked before anything is repeated."""
    rows = Shipment.objects.filter(shop=shop).abandoned(timezone.now())
    shipment_machine.move_all(rows, ShipmentState.WANTED, claimed_by="", claimed_until=None)


def _send_one(
    channel: ShippingChannel, shop: Shop, shipment: Shipment, report: TrackingReport
) -> TryLater | None:
    with transaction.atomic():
        # It may have been edited, or tried by another worker, since the list was read.
        mine = Shipment.objects.select_for_update(of=("self",))
        shipment.refresh_from_db(from_queryset=mine)
        asks_first = shipment.outcome_unknown or bool(shipment.sent_number)
        if not _claim(shipment):
            return None
    try:
        said = _say(channel, shop, shipment, asks_first=asks_first)
    except TryLater as error:
        unknown = error.outcome_unknown or asks_first
        _give_back(shipment, error.message, outcome_unknown=unknown)
        report.waiting += 1
        return error
    except Refused as error:
        _refused(shipment, error)
        report.refused += 1
        return None
    except Reconnect as error:
        _give_back(shipment, error.message, outcome_unknown=asks_first)
        raise
    _sent(shipment, said)
    setattr(report, said.how, getattr(report, said.how) + 1)
    return None


def _claim(shipment: Shipment) -> bool:
    """Of two workers one gets it; from here on the outcome is unknown until an answer is in."""
    try:
        shipment_machine.move(
            shipment,
            ShipmentState.SENDING,
            claimed_by=uuid.uuid4().hex,
            claimed_until=timezone.now() + CLAIM_LASTS,
            attempts=F("attempts") + 1,
            outcome_unknown=True,
        )
    except IllegalMove:
        return False
    return True


@dataclass(frozen=True)
class _Said:
    """What was said to the channel: `how` names the report's figure."""

    how: str
    package: str


def _say(channel: ShippingChannel, shop: Shop, shipment: Shipment, *, asks_first: bool) -> _Said:
    """Tell the channel the number, unless it has it; replace the one that it has of ours."""
    there = _tracking_there(channel, shop, shipment) if asks_first else None
    if there is None:
        return _Said("sent", _send(channel, shop, shipment))
    package = there.package_id or shipment.package_external_id
    if _is_said(shipment, there):
        return _Said("known", package)
    if there.number not in (shipment.sent_number, shipment.tracking_number):
        # A person who sees this and corrects the number means to replace that one.
        Shipment.objects.filter(pk=shipment.pk).update(sent_number=there.number)
        raise Refused(
            f"The channel has another tracking number for this parcel: {there.number}. Correct the "
            "number here to replace it, or enter that one."
        )
    channel.correct_tracking(
        shop,
        shipment.channel_order.external_id,
        package_id=package,
        carrier_id=_carrier_id(shop, shipment),
        tracking_number=shipment.tracking_number,
    )
    return _Said("corrected", package)


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


@transaction.atomic
def _sent(shipment: Shipment, said: _Said) -> None:
    was_there = bool(shipment.sent_number) and shipment.sent_number != shipment.tracking_number
    replaced = said.how == "corrected" or (said.how == "known" and was_there)
    moved = _settle(
        shipment,
        ShipmentState.SENT,
        sent_at=(replaced and shipment.sent_at) or timezone.now(),
        package_external_id=said.package,
        sent_number=shipment.tracking_number,
        sent_carrier=shipment.carrier,
        corrections=F("corrections") + int(replaced),
        problem="",
        problem_code="",
        problem_request_id="",
        outcome_unknown=False,
    )
    if moved:
        orders = list(_orders(shipment))
        attention.clear(orders, AttentionKind.TRACKING_REFUSED, by="tracking")
        for order in orders:
            transitions.note(order, f"The channel has tracking number {shipment}.", by="tracking")


@transaction.atomic
def _refused(shipment: Shipment, error: Refused) -> None:
    moved = _settle(
        shipment,
        ShipmentState.REFUSED,
        problem=str(error),
        problem_code=error.code[:20],
        problem_request_id=error.request_id[:64],
        outcome_unknown=False,
    )
    if moved:
        for order in _orders(shipment):
            attention.flag(
                order,
                AttentionKind.TRACKING_REFUSED,
                f"The channel refused tracking number {shipment}: {error} {_still_there(shipment)}"
                "Correct the number or the carrier; it is then sent again.",
            )
            text = f"The channel refused tracking number {shipment}: {error}"
            transitions.note(order, text, by="tracking", request_id=error.request_id[:64])


def _still_there(shipment: Shipment) -> str:
    there = shipment.sent_number
    return f"The channel still has {there}. " if there else ""


def _give_back(shipment: Shipment, why: str, *, outcome_unknown: bool) -> None:
    _settle(shipment, ShipmentState.WANTED, problem=why, outcome_unknown=outcome_unknown)


def _settle(shipment: Shipment, to: ShipmentState, **changes: object) -> bool:
    """Write the answer, unless another worker took the shipment over meanwhile."""
    mine = Shipment.objects.filter(pk=shipment.pk, claimed_by=shipment.claimed_by)
    changes |= {"claimed_by": "", "claimed_until": None}
    return bool(shipment_machine.move_all(mine, to, **changes))


def _orders(shipment: Shipment) -> OrderQuerySet:
    return Order.objects.filter(lines__shipment_line__shipment=shipment).distinct()
