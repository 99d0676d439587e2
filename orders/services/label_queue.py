"""Labels are bought here: each once, whatever is repeated or lost."""

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
from orders.models import AttentionKind, Label, Order, OrderQuerySet
from orders.ports_labels import (
    BoughtLabel,
    LabelChannel,
    ParcelSize,
    PickupTime,
    WantedLabel,
    label_channels,
)
from orders.services import attention, transitions
from orders.states import LabelState, label_machine

CLAIM_LASTS = timedelta(minutes=5)
#: When so many in a row cannot be bought, the channel is down: the rest wait for the next run.
PATIENCE = 3


@dataclass
class LabelReport:
    """What one run bought."""

    bought: int = 0
    known: int = 0
    refused: int = 0
    waiting: int = 0

    def summary(self) -> str:
        """One sentence: “3 bought, 1 refused.”"""
        words = {
            "bought": self.bought,
            "already on the channel": self.known,
            "refused": self.refused,
            "to be tried again": self.waiting,
        }
        said = [f"{count:,} {word}" for word, count in words.items() if count]
        return f"Labels: {', '.join(said) or 'none to buy'}."


def buy_labels(shop: Shop) -> LabelReport:
    """Buy every label that was asked for.

    Raises `TryLater` at the end if some could not be bought, so that the job comes back for them.
    """
    report = LabelReport()
    mine = Label.objects.filter(shop=shop)
    # A worker died while buying: the channel will be asked before anything is bought again.
    abandoned = mine.abandoned(timezone.now())
    label_machine.move_all(abandoned, LabelState.WANTED, claimed_by="", claimed_until=None)
    channel = label_channels.get(shop.channel)
    trouble: TryLater | None = None
    for label in mine.wanted().select_related("channel_order"):
        trouble = _buy_one(channel, shop, label, report) or trouble
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


def _buy_one(
    channel: LabelChannel, shop: Shop, label: Label, report: LabelReport
) -> TryLater | None:
    with transaction.atomic():
        # Another worker may have tried it since the list was read.
        label.refresh_from_db(from_queryset=Label.objects.select_for_update(of=("self",)))
        asks_first = label.outcome_unknown
        if not _claim(label):
            return None
    wanted = _wanted(label)
    try:
        known = channel.bought(shop, wanted.order_id, wanted.line_ids) if asks_first else None
        bought = known or channel.buy(shop, wanted)
    except TryLater as error:
        _give_back(label, error.message, unknown=error.outcome_unknown or asks_first)
        report.waiting += 1
        return error
    except Refused as error:
        return _refused(channel, shop, label, error, report)
    except Reconnect as error:
        _give_back(label, error.message, unknown=asks_first)
        raise
    _bought(label, bought)
    report.known += known is not None
    report.bought += known is None
    return None


def _refused(
    channel: LabelChannel, shop: Shop, label: Label, error: Refused, report: LabelReport
) -> TryLater | None:
    """Refused because somebody made the label on the channel already, or for a reason to mend."""
    wanted = _wanted(label)
    try:
        known = channel.bought(shop, wanted.order_id, wanted.line_ids)
    except TryLater as trouble:
        _give_back(label, trouble.message, unknown=True)
        report.waiting += 1
        return trouble
    except Refused:
        known = None
    if known is not None:
        _bought(label, known)
        report.known += 1
        return None
    _show(label, error)
    report.refused += 1
    return None


def _claim(label: Label) -> bool:
    """Of two workers one gets it; from here on the outcome is unknown until an answer is in."""
    try:
        label_machine.move(
            label,
            LabelState.BUYING,
            claimed_by=uuid.uuid4().hex,
            claimed_until=timezone.now() + CLAIM_LASTS,
            attempts=F("attempts") + 1,
            outcome_unknown=True,
        )
    except IllegalMove:
        return False
    return True


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


@transaction.atomic
def _bought(label: Label, bought: BoughtLabel) -> None:
    price = bought.price
    moved = _settle(
        label,
        LabelState.BOUGHT,
        bought_at=timezone.now(),
        package_external_id=bought.package_id or label.package_external_id,
        service=bought.service or label.service,
        price=price.amount if price else None,
        currency=price.currency if price else "",
        problem="",
        problem_code="",
        problem_request_id="",
        outcome_unknown=False,
    )
    if moved:
        orders = list(_orders(label))
        attention.clear(orders, AttentionKind.LABEL_TROUBLE, by="labels")
        cost = f" for {price}" if price else ""
        text = f"The channel made the label{cost}: package {bought.package_id}."
        for order in orders:
            transitions.note(order, text, by="labels")


@transaction.atomic
def _show(label: Label, error: Refused) -> None:
    moved = _settle(
        label,
        LabelState.REFUSED,
        problem=str(error),
        problem_code=error.code[:20],
        problem_request_id=error.request_id[:64],
        outcome_unknown=False,
    )
    if moved:
        text = f"The channel made no label: {error}"
        for order in _orders(label):
            attention.flag(
                order,
                AttentionKind.LABEL_TROUBLE,
                f"{text} Mend it and use “Get label” again, or make the label on the channel.",
            )
            transitions.note(order, text, by="labels", request_id=error.request_id[:64])


def _give_back(label: Label, why: str, *, unknown: bool) -> None:
    _settle(label, LabelState.WANTED, problem=why, outcome_unknown=unknown)


def _settle(label: Label, to: LabelState, **changes: object) -> bool:
    """Write the answer, unless another worker took the label over meanwhile."""
    mine = Label.objects.filter(pk=label.pk, claimed_by=label.claimed_by)
    changes |= {"claimed_by": "", "claimed_until": None}
    return bool(label_machine.move_all(mine, to, **changes))


def _orders(label: Label) -> OrderQuerySet:
    return Order.objects.filter(lines__label_line__label=label).distinct()
