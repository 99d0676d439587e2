"""Returns and refunds: followed as the channel tells them, answered, and received (B7).

Stock comes back only by a person's word that a unit arrived and can be sold, and once per unit.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import FulfillmentCenter, Shop, Variant
from catalog.services import stock
from marketplace.kernel.errors import Refused
from orders import deadlines
from orders.models import (
    ANSWERABLE,
    COMING_BACK,
    AftersaleDecision,
    AttentionKind,
    Condition,
    Order,
    OrderLine,
    ReturnKind,
    ReturnLine,
    ReturnRequest,
    Verdict,
)
from orders.ports_aftersale import RemoteReason, RemoteReturn, RemoteReturnStatus
from orders.services import attention, decisions, following, transitions
from orders.states import ReturnState, return_machine


@transaction.atomic
def record(shop: Shop, remote: RemoteReturn, *, by: str = "aftersale") -> bool:
    """Make our row say what the channel says; return whether that was news. Repeats change nothing.

    Older news than what is here is passed over.
    """
    kept = following.keep(ReturnRequest, shop, remote, **_columns(remote))
    if kept is None:
        return False
    row, is_new = kept
    _keep_lines(row, remote)
    moved = following.advance(return_machine, row, ReturnState(remote.status.value))
    if moved or is_new:
        _tell(row, is_new=is_new, by=by)
    return True


def _columns(remote: RemoteReturn) -> dict[str, Any]:
    due = remote.respond_by
    if remote.status == RemoteReturnStatus.REQUESTED:
        due = deadlines.answer_by(remote.created_at, due)
    return {
        "kind": remote.kind.value,
        "respond_by": due,
        "tracking_number": remote.tracking_number[:60],
        "carrier": remote.carrier[:120],
    }


def _keep_lines(row: ReturnRequest, remote: RemoteReturn) -> None:
    """A line that was received stays as it was received; the channel may add others."""
    lines = OrderLine.objects.filter(order__channel_order=row.channel_order_id)
    units = dict(lines.values_list("external_id", "pk")) if row.channel_order_id else {}
    ReturnLine.objects.bulk_create(
        (
            ReturnLine(
                return_request=row,
                external_id=unit.external_id,
                unit_external_id=unit.unit_id,
                order_line_id=units.get(unit.unit_id),
                seller_sku=unit.seller_sku[:100],
                title=unit.title[:300],
                refund=unit.refund.amount if unit.refund else None,
                currency=unit.refund.currency if unit.refund else "",
            )
            for unit in remote.units
        ),
        ignore_conflicts=True,
    )


def _tell(row: ReturnRequest, *, is_new: bool, by: str) -> None:
    kind, state = row.get_kind_display(), row.get_state_display()
    why = f": {row.reason}" if is_new and row.reason else ""
    for part in decisions.parts_with(row.channel_order_id, row.unit_ids()):
        transitions.note(part, f"{kind}, {state.lower()}{why}.", by=by)
        if row.state in ANSWERABLE:
            attention.flag(part, AttentionKind.RETURN_REQUESTED, _what_to_do(row))
        else:
            attention.clear([part], AttentionKind.RETURN_REQUESTED, by=by)
            attention.clear([part], AttentionKind.DECISION_REFUSED, by=by)


def _what_to_do(row: ReturnRequest) -> str:
    until = f" before {row.respond_by:%Y-%m-%d %H:%M} UTC" if row.respond_by else ""
    if row.state == ReturnState.SENT_BACK:
        return (
            "The buyer sent units back. When the parcel is there, mark its units as received "
            f"under Returns, and approve or decline the parcel{until}."
        )
    words = row.get_kind_display().lower()
    return f"The buyer asks for: {words}. Approve or decline it under Returns{until}."


def approve(row: ReturnRequest, *, by: str) -> AftersaleDecision:
    """Agree to what the buyer asks, or to the parcel that came back.

    Raises `Refused` if there is nothing to answer, or if it was answered already.
    """
    return _decide(row, Verdict.APPROVE, None, "", by)


def decline(
    row: ReturnRequest, reason: RemoteReason, *, by: str, comment: str = ""
) -> AftersaleDecision:
    """Refuse it with one of the channel's reasons. Raises `Refused` as `approve` does."""
    return _decide(row, Verdict.DECLINE, reason, comment, by)


@transaction.atomic
def _decide(
    row: ReturnRequest, verdict: Verdict, reason: RemoteReason | None, comment: str, by: str
) -> AftersaleDecision:
    rows = ReturnRequest.objects.select_for_update(of=("self",)).select_related("shop")
    fresh = rows.get(pk=row.pk)
    if fresh.state not in ANSWERABLE:
        raise Refused(
            f"Nothing to answer for order {fresh.order_external_id}: “{fresh.get_state_display()}”."
        )
    made = decisions.make(
        fresh, verdict, by=by, reason=reason, comment=comment, return_request=fresh
    )
    what = "parcel that came back" if fresh.state == ReturnState.SENT_BACK else "request"
    verb = "approves" if verdict == Verdict.APPROVE else "declines"
    why = f": {reason.words}" if reason else ""
    text = f"{by} {verb} the {what} ({fresh.get_kind_display().lower()}){why}."
    for part in decisions.parts_with(fresh.channel_order_id, fresh.unit_ids()):
        transitions.note(part, text, by=by)
    return made


@transaction.atomic
def receive(
    line: ReturnLine, condition: Condition, *, by: str, center: FulfillmentCenter | None = None
) -> None:
    """Write down that a unit arrived. A sellable one goes into stock at `center`, once.

    Raises `Refused` if nothing comes back by this return, if the unit was received before, or if
    its SKU or the center does not fit.
    """
    request = line.return_request
    if why := _why_not_received(request):
        raise Refused(why)
    sellable = condition == Condition.SELLABLE
    mine = ReturnLine.objects.filter(pk=line.pk, received_at=None)
    if not mine.update(
        received_at=timezone.now(),
        received_by=by,
        condition=condition,
        fulfillment_center=center if sellable else None,
    ):
        raise Refused(f"{line} was received already.")
    unit = line.order_line
    if sellable:
        _put_back(line, unit, center, by)
    if unit is not None:
        where = f" and is in stock again at {center}" if sellable else ", not sellable"
        transitions.note(unit.order, f"Returned unit {unit} arrived{where}.", by=by)


def _why_not_received(request: ReturnRequest) -> str:
    if request.kind == ReturnKind.REFUND:
        return "A refund only: nothing comes back. If units arrived all the same, receive them."
    if request.state not in COMING_BACK:
        return f"Nothing is on its way back yet: “{request.get_state_display()}”."
    head = request.channel_order
    if head is not None and head.fulfilled_by_channel:
        return "This order left the channel's own warehouse, and its units go back there."
    return ""


def _put_back(
    line: ReturnLine, unit: OrderLine | None, center: FulfillmentCenter | None, by: str
) -> None:
    request = line.return_request
    shelves = _shelves(unit.order) if unit else {}
    if not shelves:
        raise Refused(
            f"SKU {line.seller_sku or line.external_id} is not known here, so it cannot be put "
            "into stock. Link it first, or receive it as stock by hand."
        )
    if center is None or center.merchant_id != request.merchant_id:
        raise Refused("Choose one of the merchant's own fulfillment centers.")
    # By unit and not by return: a buyer may ask again for what was declined before.
    reference = f"return:{request.shop_id}:{request.order_external_id}:{line.unit_external_id}"
    note = f"Return {request.external_id}"
    stock.locked_levels({(variant.pk, center.pk) for variant in shelves})
    for variant, units in shelves.items():
        signed = f"{reference}:of-{variant.pk}" if len(shelves) > 1 else reference
        if not stock.give_back(variant, center, units, reference=signed, by=by, note=note):
            raise Refused(f"{line} was put back into stock before, by another return.")


def _shelves(order: Order) -> dict[Variant, int]:
    """What one unit took from the shelves, and gives back: itself, or a bundle's components."""
    components = order.components.select_related("variant")
    found = {row.variant: row.units for row in components}
    if found or order.variant is None:
        return found
    return {order.variant: 1}
