"""Cancellations: followed as the channel tells them, answered or begun by the seller (B7, R78).

A request alone changes neither the order nor its stock; the order's own update does, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.cache import cache
from django.db import transaction

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from orders import deadlines
from orders.models import (
    AftersaleDecision,
    AftersaleRequest,
    Asker,
    AttentionKind,
    CancellationRequest,
    ChannelOrder,
    Order,
    OrderLine,
    Verdict,
)
from orders.ports_aftersale import (
    RemoteCancellation,
    RemoteCancellationStatus,
    RemoteReason,
    aftersale_channels,
)
from orders.services import attention, decisions, following, in_hand, transitions
from orders.states import CancellationState, cancellation_machine

REASONS_LAST = 60 * 60  # seconds


@transaction.atomic
def record(shop: Shop, remote: RemoteCancellation, *, by: str = "aftersale") -> bool:
    """Make our row say what the channel says; return whether that was news. Repeats change nothing.

    Older news than what is here is passed over.
    """
    kept = following.keep(CancellationRequest, shop, remote, **_columns(remote))
    if kept is None:
        return False
    row, is_new = kept
    moved = following.advance(cancellation_machine, row, _state(row, remote.status))
    if moved or is_new:
        _tell(row, is_new=is_new, by=by)
    return True


def _columns(remote: RemoteCancellation) -> dict[str, Any]:
    waits = remote.status == RemoteCancellationStatus.REQUESTED
    due = deadlines.answer_by(remote.created_at, remote.respond_by)
    return {
        "unit_ids": list(remote.unit_ids),
        "respond_by": due if waits else None,
    }


def _state(row: CancellationRequest, status: RemoteCancellationStatus) -> CancellationState:
    if status == RemoteCancellationStatus.CLOSED and _declined_here(row):
        return CancellationState.DECLINED
    return CancellationState(status.value)


def _declined_here(row: CancellationRequest) -> bool:
    return row.decisions.standing().filter(verdict=Verdict.DECLINE).exists()


def _tell(row: CancellationRequest, *, is_new: bool, by: str) -> None:
    parts = list(parts_of(row))
    if row.state == CancellationState.REQUESTED:
        until = f"{row.respond_by:%Y-%m-%d %H:%M} UTC" if row.respond_by else "soon"
        text = f"The {row.get_asked_by_display().lower()} asks to cancel: {row.reason or '–'}. "
        text += f"To be answered by {until}."
    else:
        text = f"Cancellation: {row.get_state_display().lower()}."
        attention.clear(parts, AttentionKind.DECISION_REFUSED, by=by)
    if is_new or row.state != CancellationState.REQUESTED:
        for part in parts:
            transitions.note(part, text, by=by)


def parts_of(row: CancellationRequest) -> Sequence[Order]:
    """The order parts that a cancellation names; all of its order if it names no unit."""
    return decisions.parts_with(row.channel_order_id, row.unit_ids)


def approve(row: CancellationRequest, *, by: str) -> AftersaleDecision:
    """Grant a buyer's request; the channel is told once, by the next run.

    Raises `Refused` if it was answered, is over, or if a unit of it has been shipped.
    """
    with transaction.atomic():
        fresh = _answerable(row)
        if OrderLine.objects.filter(
            order__channel_order=fresh.channel_order_id,
            external_id__in=fresh.unit_ids,
            is_shipped=True,
        ).exists():
            raise Refused(
                f"Order {fresh.order_external_id} was shipped already. Decline the request, or "
                "call the parcel back first."
            )
        made = decisions.make(fresh, Verdict.APPROVE, by=by, cancellation=fresh)
        _note(fresh, f"{by} approves the cancellation.", by=by)
    return made


def decline(
    row: CancellationRequest, reason: RemoteReason, *, by: str, comment: str = ""
) -> AftersaleDecision:
    """Refuse a buyer's request with one of the channel's reasons. Raises `Refused` as `approve`."""
    with transaction.atomic():
        fresh = _answerable(row)
        made = decisions.make(
            fresh, Verdict.DECLINE, by=by, reason=reason, comment=comment, cancellation=fresh
        )
        _note(fresh, f"{by} declines the cancellation: {reason.words}.", by=by)
    return made


def decline_reasons(row: AftersaleRequest) -> list[RemoteReason]:
    """The channel's reasons to decline a request like this one; it is asked once an hour."""
    kind = f"{row._meta.model_name}:{getattr(row, 'kind', '')}:{getattr(row, 'state', '')}"
    key = f"decline-reasons:{row.shop_id}:{kind}"
    found: list[RemoteReason] | None = cache.get(key)
    if found is None:
        channel = aftersale_channels.get(row.shop.channel)
        found = channel.decline_reasons(row.shop, row.external_id)
        cache.set(key, found, REASONS_LAST)
    return found


def cancel_reasons(shop: Shop) -> list[RemoteReason]:
    """The reasons for which a seller of this shop may cancel a paid order."""
    return aftersale_channels.get(shop.channel).cancel_reasons(shop)


def cancel_order(
    head: ChannelOrder, reason: RemoteReason, *, by: str, unit_ids: Sequence[str] = ()
) -> AftersaleDecision:
    """Cancel an order as its seller, all that has not left or only some units (none named: all).

    Raises `Refused` if the channel does not let this reason cancel single units, if nothing is
    left to cancel, or if somebody cancels it already.
    """
    with transaction.atomic():
        in_hand.lock(head.shop, [head.external_id])
        lines = OrderLine.objects.filter(order__channel_order=head)
        able = {line.external_id for line in lines if line.is_open}
        wanted = [] if set(unit_ids) == able else list(unit_ids)
        if why := _why_not_canceled(head, reason, able, wanted):
            raise Refused(why)
        made = decisions.make(head, Verdict.CANCEL, by=by, reason=reason, unit_ids=wanted)
        named = f"{len(wanted):,} units of it" if wanted else "the order"
        for part in decisions.parts_with(head.pk, wanted):
            transitions.note(part, f"{by} cancels {named}: {reason.words}.", by=by)
    return made


def _why_not_canceled(
    head: ChannelOrder, reason: RemoteReason, able: set[str], wanted: Sequence[str]
) -> str:
    if not able:
        return f"Order {head.external_id} has nothing left to cancel: all was shipped or canceled."
    if head.cancellationrequests.to_answer().exists():
        return "The buyer asks to cancel this order already: approve that request."
    if wanted and not reason.cancels_units:
        return f"With “{reason.words}” only the whole order can be canceled."
    if not set(wanted) <= able:
        return "A unit was shipped or canceled meanwhile. Look at the order and choose again."
    return ""


def _answerable(row: CancellationRequest) -> CancellationRequest:
    """The row as it is now, locked with its order. Raises `Refused` if it is not to be answered."""
    in_hand.lock(row.shop, [row.order_external_id])
    rows = CancellationRequest.objects.select_for_update(of=("self",))
    fresh = rows.select_related("shop", "channel_order").get(pk=row.pk)
    if fresh.state != CancellationState.REQUESTED or fresh.asked_by != Asker.BUYER:
        raise Refused(
            f"Nothing to answer for order {fresh.order_external_id}: “{fresh.get_state_display()}”."
        )
    return fresh


def _note(row: CancellationRequest, text: str, *, by: str) -> None:
    for part in parts_of(row):
        transitions.note(part, text, by=by)
