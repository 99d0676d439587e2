"""Labels are bought here: each once, whatever is repeated or lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Refused, TryLater
from orders.models import AttentionKind, Label, Order
from orders.ports_labels import BoughtLabel, ParcelSize, PickupTime, WantedLabel, label_channels
from orders.services.outbox import Outbox, Report, Said


@dataclass
class LabelReport(Report):
    """What one run bought."""

    title = "Labels"
    nothing = "none to buy"
    words: ClassVar = {
        "sent": "bought",
        "known": "already on the channel",
        "refused": "refused",
        "waiting": "to be tried again",
    }


def buy_labels(shop: Shop) -> LabelReport:
    """Buy every label that was asked for.

    Raises `TryLater` at the end if some could not be bought, so that the job comes back for them.
    """
    report = LabelReport()
    LabelOutbox(shop).run(report)
    report.come_again()
    return report


class LabelOutbox(Outbox[Label]):
    """The labels of a shop that are to be bought."""

    trouble = AttentionKind.LABEL_TROUBLE
    by = "labels"

    def __init__(self, shop: Shop) -> None:
        super().__init__(Label.objects.filter(shop=shop).select_related("channel_order"))
        self.shop = shop
        self.channel = label_channels.get(shop.channel)

    def say(self, row: Label, *, asks_first: bool) -> Said:
        """Buy the label, unless the channel made it already."""
        wanted = _wanted(row)
        try:
            if asks_first and (known := self._bought(wanted)):
                return _said(row, "known", known)
            return _said(row, "sent", self.channel.buy(self.shop, wanted))
        except Refused:
            # Perhaps because somebody made the label on the channel.
            if known := self._bought_after_all(wanted):
                return _said(row, "known", known)
            raise

    def _bought(self, wanted: WantedLabel) -> BoughtLabel | None:
        return self.channel.bought(self.shop, wanted.order_id, wanted.line_ids)

    def _bought_after_all(self, wanted: WantedLabel) -> BoughtLabel | None:
        try:
            return self._bought(wanted)
        except TryLater as error:
            error.outcome_unknown = True
            raise
        except Refused:
            return None

    def parts(self, row: Label) -> Sequence[Order]:
        return list(Order.objects.filter(lines__label_line__label=row).distinct())

    def refusal(self, row: Label) -> str:
        return "The channel made no label"

    def advice(self, row: Label) -> str:
        return "Mend it and use “Get label” again, or make the label on the channel."


def _said(label: Label, how: str, bought: BoughtLabel) -> Said:
    price = bought.price
    cost = f" for {price}" if price else ""
    columns = {
        "bought_at": timezone.now(),
        "package_external_id": bought.package_id or label.package_external_id,
        "service": bought.service or label.service,
        "price": price.amount if price else None,
        "currency": price.currency if price else "",
    }
    return Said(how, f"The channel made the label{cost}: package {bought.package_id}.", columns)


def _wanted(label: Label) -> WantedLabel:
    lines = label.lines.order_by("line").values_list("line__external_id", flat=True)
    size, pickup = None, None
    if label.weight is not None:
        sides = (label.length, label.width, label.height)
        known = [side for side in sides if side is not None]
        whole = (known[0], known[1], known[2]) if len(known) == len(sides) else None
        size = ParcelSize(label.weight, label.weight_unit, whole, label.size_unit)
    if label.pickup_from and label.pickup_until:
        pickup = PickupTime(label.pickup_from, label.pickup_until)
    return WantedLabel(
        order_id=label.channel_order.external_id,
        line_ids=tuple(lines),
        package_id=label.package_external_id,
        size=size,
        service_id=label.service_external_id,
        handover=label.handover,
        pickup=pickup,
    )
