"""Decisions go to the channel here: each once, whatever is repeated or lost."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Reconnect, Refused, TryLater
from marketplace.kernel.states import IllegalMove
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
from orders.services import attention, decisions, transitions
from orders.states import DecisionState, decision_machine

CLAIM_LASTS = timedelta(minutes=5)
#: When so many in a row cannot be told, the channel is down: the rest wait for the next run.
PATIENCE = 3
#: The channel's clock and ours may differ by so much.
SKEW = timedelta(minutes=5)
DECLINED = (RemoteReturnStatus.DECLINED, RemoteReturnStatus.PARCEL_DECLINED)


@dataclass
class TellingReport:
    """What one run told; `order_ids` are the orders to be read again."""

    sent: int = 0
    known: int = 0
    refused: int = 0
    waiting: int = 0
    order_ids: set[str] = field(default_factory=set)
    trouble: TryLater | None = None

    def summary(self) -> str:
        """One sentence: “Decisions: 3 told, 1 refused.”"""
        words = {
            "told": self.sent,
            "known to the channel already": self.known,
            "refused": self.refused,
            "to be told again": self.waiting,
        }
        said = [f"{count:,} {word}" for word, count in words.items() if count]
        return f"Decisions: {', '.join(said) or 'none to tell'}."


def tell_decisions(shop: Shop) -> TellingReport:
    """Tell the channel every decision that it does not know yet.

    `trouble` says that some could not be told now, so that the job comes back for them.
    """
    report = TellingReport()
    mine = AftersaleDecision.objects.filter(shop=shop)
    abandoned = mine.filter(state=DecisionState.SENDING, claimed_until__lt=timezone.now())
    decision_machine.move_all(abandoned, DecisionState.WANTED, claimed_by="", claimed_until=None)
    channel = aftersale_channels.get(shop.channel)
    wanted = mine.filter(state=DecisionState.WANTED).order_by("attempts", "pk")
    for decision in wanted.select_related("cancellation", "return_request"):
        _tell_one(channel, shop, decision, report)
        if report.waiting >= PATIENCE:
            break
    return report


def _tell_one(
    channel: AftersaleChannel, shop: Shop, decision: AftersaleDecision, report: TellingReport
) -> None:
    asks_first = decision.outcome_unknown
    if not _claim(decision):
        return
    try:
        known = asks_first and _is_known(channel, shop, decision)
        if not known:
            _send(channel, shop, decision)
    except TryLater as error:
        _give_back(decision, error, outcome_unknown=error.outcome_unknown or asks_first)
        report.waiting += 1
        report.trouble = error
        return
    except Refused as error:
        _refused(decision, error)
        report.refused += 1
    except Reconnect as error:
        _give_back(decision, error, outcome_unknown=asks_first)
        raise
    else:
        _sent(decision)
        report.known += known
        report.sent += not known
    report.order_ids.add(decision.order_external_id)


def _claim(decision: AftersaleDecision) -> bool:
    """Of two workers one gets it; from here on the outcome is unknown until an answer is in."""
    try:
        decision_machine.move(
            decision,
            DecisionState.SENDING,
            claimed_by=uuid.uuid4().hex,
            claimed_until=timezone.now() + CLAIM_LASTS,
            attempts=F("attempts") + 1,
            outcome_unknown=True,
        )
    except IllegalMove:
        return False
    return True


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


@transaction.atomic
def _sent(decision: AftersaleDecision) -> None:
    moved = _settle(
        decision,
        DecisionState.SENT,
        sent_at=timezone.now(),
        outcome_unknown=False,
        problem="",
        problem_code="",
        problem_request_id="",
    )
    if moved:
        parts = _parts(decision)
        attention.clear(parts, AttentionKind.DECISION_REFUSED, by=decision.by)
        for part in parts:
            text = f"The channel took “{decision.get_verdict_display()}”."
            transitions.note(part, text, by="aftersale")


@transaction.atomic
def _refused(decision: AftersaleDecision, error: Refused) -> None:
    moved = _settle(
        decision,
        DecisionState.REFUSED,
        problem=str(error),
        problem_code=error.code[:20],
        problem_request_id=error.request_id[:64],
        outcome_unknown=False,
    )
    if moved:
        text = f"The channel refused “{decision.get_verdict_display()}”: {error}"
        for part in _parts(decision):
            attention.flag(part, AttentionKind.DECISION_REFUSED, f"{text} Look and decide again.")
            transitions.note(part, text, by="aftersale", request_id=error.request_id[:64])


def _give_back(
    decision: AftersaleDecision, error: TryLater | Reconnect, *, outcome_unknown: bool
) -> None:
    why, unknown = error.message, outcome_unknown
    _settle(decision, DecisionState.WANTED, problem=why, outcome_unknown=unknown)


def _settle(decision: AftersaleDecision, to: DecisionState, **changes: object) -> bool:
    """Write the answer, unless another worker took the decision over meanwhile."""
    mine = AftersaleDecision.objects.filter(pk=decision.pk, claimed_by=decision.claimed_by)
    changes |= {"claimed_by": "", "claimed_until": None}
    return bool(decision_machine.move_all(mine, to, **changes))


def _parts(decision: AftersaleDecision) -> list[Order]:
    units = decision.unit_ids
    if decision.cancellation is not None:
        units = decision.cancellation.unit_ids
    elif decision.return_request is not None:
        lines = decision.return_request.lines
        units = list(lines.values_list("unit_external_id", flat=True))
    return decisions.parts_with(decision.channel_order_id, units)
