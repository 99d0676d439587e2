"""Decisions go to the channel here: each once, whatever is repeated or lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from orders.models import AftersaleDecision, AttentionKind, Order, Verdict
from orders.ports_aftersale import (
    AftersaleChannel,
    RemoteAsker,
    RemoteCancellation,
    RemoteCancellationStatus,
    RemoteReturn,
    RemoteReturnKind,
    RemoteReturnStatus,
    aftersale_channels,
)
from orders.services import decisions
from orders.services.outbox import Outbox, Report, Said

#: The channel's clock and ours may differ by so much.
SKEW = timedelta(minutes=5)
DECLINED = (RemoteReturnStatus.DECLINED, RemoteReturnStatus.PARCEL_DECLINED)


@dataclass
class TellingReport(Report):
    """What one run told; `order_ids` are the orders to be read again."""

    title = "Decisions"
    nothing = "none to tell"
    words: ClassVar = {
        "sent": "told",
        "known": "known to the channel already",
        "refused": "refused",
        "waiting": "to be told again",
    }

    order_ids: set[str] = field(default_factory=set)


def tell_decisions(shop: Shop) -> TellingReport:
    """Tell the channel every decision that it does not know yet.

    `trouble` says that some could not be told now, so that the job comes back for them.
    """
    report = TellingReport()
    answered = DecisionOutbox(shop).run(report)
    report.order_ids = {decision.order_external_id for decision in answered}
    return report


class DecisionOutbox(Outbox[AftersaleDecision]):
    """What was decided for a shop and the channel is to know."""

    trouble = AttentionKind.DECISION_REFUSED
    by = "aftersale"

    def __init__(self, shop: Shop) -> None:
        rows = AftersaleDecision.objects.filter(shop=shop)
        super().__init__(rows.select_related("cancellation", "return_request"))
        self.shop = shop
        self.channel = aftersale_channels.get(shop.channel)

    def say(self, row: AftersaleDecision, *, asks_first: bool) -> Said:
        """Tell the channel, unless it went that way already."""
        is_known = asks_first and _is_known(self.channel, self.shop, row)
        if not is_known:
            _send(self.channel, self.shop, row)
        words = f"The channel took “{row.get_verdict_display()}”."
        return Said("known" if is_known else "sent", words, {"sent_at": timezone.now()})

    def parts(self, row: AftersaleDecision) -> Sequence[Order]:
        units = row.unit_ids
        if row.cancellation is not None:
            units = row.cancellation.unit_ids
        elif row.return_request is not None:
            units = row.return_request.unit_ids()
        return decisions.parts_with(row.channel_order_id, units)

    def refusal(self, row: AftersaleDecision) -> str:
        return f"The channel refused “{row.get_verdict_display()}”"

    def advice(self, row: AftersaleDecision) -> str:
        return "Look and decide again."


def _send(channel: AftersaleChannel, shop: Shop, decision: AftersaleDecision) -> None:
    approves, key = decision.verdict == Verdict.APPROVE, decision.key
    why = {"reason": decision.reason, "comment": decision.comment}
    if decision.cancellation is not None:
        request_id = decision.cancellation.external_id
        if approves:
            channel.approve_cancellation(shop, request_id, key=key)
        else:
            channel.decline_cancellation(shop, request_id, key=key, **why)
    elif decision.return_request is not None:
        request_id = decision.return_request.external_id
        kind = RemoteReturnKind(decision.return_request.kind)
        status = RemoteReturnStatus(decision.answers)
        if approves:
            channel.approve_return(shop, request_id, kind=kind, status=status, key=key)
        else:
            channel.decline_return(shop, request_id, kind=kind, status=status, key=key, **why)
    else:
        order_id, units = decision.order_external_id, decision.unit_ids
        channel.cancel(shop, order_id, reason=decision.reason, unit_ids=units)


def _is_known(channel: AftersaleChannel, shop: Shop, decision: AftersaleDecision) -> bool:
    """Ask before repeating. Raises `Refused` if the request went another way meanwhile."""
    ids = [decision.order_external_id]
    if decision.return_request is not None:
        wanted = decision.return_request.external_id
        for found in channel.returns(shop, ids):
            if isinstance(found, RemoteReturn) and found.external_id == wanted:
                return _return_is_answered(found, decision)
        return False
    cancellations = [
        one for one in channel.cancellations(shop, ids) if isinstance(one, RemoteCancellation)
    ]
    if decision.cancellation is None:
        return any(_is_ours(one, decision) for one in cancellations)
    for one in cancellations:
        if one.external_id == decision.cancellation.external_id:
            return _cancellation_is_answered(one, decision)
    return False


def _is_ours(found: RemoteCancellation, decision: AftersaleDecision) -> bool:
    """Whether the channel has the cancellation that we began."""
    return (
        found.asked_by == RemoteAsker.SELLER
        and found.status != RemoteCancellationStatus.CLOSED
        and found.created_at >= decision.created_at - SKEW
        and set(decision.unit_ids) <= set(found.unit_ids)
    )


def _cancellation_is_answered(found: RemoteCancellation, decision: AftersaleDecision) -> bool:
    if found.status == RemoteCancellationStatus.REQUESTED:
        return False
    is_closed = found.status == RemoteCancellationStatus.CLOSED
    return _fits(decision, approved=not is_closed)


def _return_is_answered(found: RemoteReturn, decision: AftersaleDecision) -> bool:
    if found.status.value == decision.answers:
        return False
    if found.status == RemoteReturnStatus.CLOSED:
        raise Refused("The buyer withdrew the request meanwhile.")
    return _fits(decision, approved=found.status not in DECLINED)


def _fits(decision: AftersaleDecision, *, approved: bool) -> bool:
    if approved == (decision.verdict == Verdict.APPROVE):
        return True
    went = "was granted" if approved else "was withdrawn or declined"
    raise Refused(f"On the channel the request {went} meanwhile.")
