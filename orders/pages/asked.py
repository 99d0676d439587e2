"""What is asked back of orders, as a merchant's pages show it: how it stands, what can be said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import prefetch_related_objects
from django.urls import reverse

from orders import deadlines
from orders.models import AftersaleDecision, CancellationRequest, ReturnRequest
from orders.states import CancellationState, DecisionState, ReturnState

HURRY = timedelta(hours=6)
_GOOD = (CancellationState.COMPLETED, CancellationState.APPROVED, ReturnState.COMPLETED)
_WAITS = (CancellationState.REQUESTED, ReturnState.REQUESTED, ReturnState.SENT_BACK)


@dataclass(frozen=True)
class Asked:
    """A cancellation or a return, with what a person may do about it now.

    `time_left` is empty unless an answer is asked for, `next_step` until that time is over;
    `said` tells of the last decision, and `problem` why the channel did not take it.
    """

    row: CancellationRequest | ReturnRequest
    what: str
    units: str
    tone: str
    time_left: str
    next_step: str
    is_urgent: bool
    may_answer: bool
    may_receive: bool
    said: str
    problem: str
    request_id: str

    @property
    def approve_url(self) -> str:
        return reverse(f"answer_{self._kind}", args=[self.row.pk, "approve"])

    @property
    def decline_url(self) -> str:
        return reverse(f"answer_{self._kind}", args=[self.row.pk, "decline"])

    @property
    def receive_url(self) -> str:
        return reverse("receive_return", args=[self.row.pk])

    @property
    def _kind(self) -> str:
        return "cancellation" if isinstance(self.row, CancellationRequest) else "return"


def cancellations_asked(rows: Sequence[CancellationRequest], now: datetime) -> list[Asked]:
    """Cancellations for a page; two queries however many they are."""
    prefetch_related_objects(list(rows), "decisions")
    open_ones = _among(CancellationRequest.objects.to_answer(), rows)
    return [
        _asked(
            row, "Cancellation", len(row.unit_ids), row.pk in open_ones, may_receive=False, now=now
        )
        for row in rows
    ]


def returns_asked(rows: Sequence[ReturnRequest], now: datetime) -> list[Asked]:
    """Returns for a page; four queries however many they are."""
    prefetch_related_objects(list(rows), "decisions", "lines")
    open_ones = _among(ReturnRequest.objects.to_answer(), rows)
    coming = _among(ReturnRequest.objects.to_receive(), rows)
    return [
        _asked(
            row,
            row.get_kind_display(),
            len(row.lines.all()),
            row.pk in open_ones,
            may_receive=row.pk in coming,
            now=now,
        )
        for row in rows
    ]


def _among(found: object, rows: Iterable[CancellationRequest | ReturnRequest]) -> set[int]:
    ids = [row.pk for row in rows]
    return set(found.filter(pk__in=ids).values_list("pk", flat=True))  # type: ignore[attr-defined]


def _asked(
    row: CancellationRequest | ReturnRequest,
    what: str,
    units: int,
    may_answer: bool,
    *,
    may_receive: bool,
    now: datetime,
) -> Asked:
    due = row.respond_by if may_answer else None
    decision = next(iter(row.decisions.all()), None)
    refused = decision is not None and decision.state == DecisionState.REFUSED
    return Asked(
        row=row,
        what=what,
        units=f"{units:,} unit{'s' * (units > 1)}" if units else "the whole order",
        tone=_tone(row.state),
        time_left=deadlines.time_to_answer(due, now) if due else "",
        next_step=deadlines.ANSWER_LATE if due and due < now else "",
        is_urgent=due is not None and due - now < HURRY,
        may_answer=may_answer,
        may_receive=may_receive,
        said=_said(decision) if decision else "",
        problem=decision.problem if decision and refused else "",
        request_id=decision.problem_request_id if decision and refused else "",
    )


def _tone(state: str) -> str:
    if state in _WAITS:
        return "wait"
    return "good" if state in _GOOD else "none"


def _said(decision: AftersaleDecision) -> str:
    why = f" ({decision.reason_words})" if decision.reason_words else ""
    return (
        f"{decision.get_verdict_display()}{why} by {decision.by}: "
        f"{decision.get_state_display().lower()}."
    )
