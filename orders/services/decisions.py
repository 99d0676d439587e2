"""What the seller decides about cancellations and returns: stored here, told by `telling`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from marketplace.kernel.errors import Refused
from orders.models import (
    AftersaleDecision,
    AftersaleRequest,
    CancellationRequest,
    ChannelOrder,
    Order,
    ReturnRequest,
    Verdict,
)
from orders.ports_aftersale import RemoteReason


def make(
    about: AftersaleRequest | ChannelOrder,
    verdict: Verdict,
    *,
    by: str,
    reason: RemoteReason | None = None,
    comment: str = "",
    unit_ids: Sequence[str] = (),
    cancellation: CancellationRequest | None = None,
    return_request: ReturnRequest | None = None,
) -> AftersaleDecision:
    """Store a decision, the only one of its kind. Raises `Refused` if one was made already."""
    if isinstance(about, AftersaleRequest):
        order_id, head_id = about.order_external_id, about.channel_order_id
    else:
        order_id, head_id = about.external_id, about.pk
    decision = AftersaleDecision(
        shop_id=about.shop_id,
        channel_order_id=head_id,
        cancellation=cancellation,
        return_request=return_request,
        order_external_id=order_id,
        verdict=verdict,
        answers=return_request.state if return_request else "",
        reason=reason.name if reason else "",
        reason_words=reason.words[:300] if reason else "",
        comment=comment[:500],
        unit_ids=list(unit_ids),
        key=uuid.uuid4().hex,
        by=by,
    )
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(
            f"Somebody has decided on order {order_id} already; the channel is being told."
        ) from error
    return decision


def parts_with(channel_order_id: int | None, unit_ids: Sequence[str]) -> list[Order]:
    """The parts of a channel order with any of these units; all of them for none named."""
    parts = Order.objects.filter(channel_order=channel_order_id).order_by("pk")
    if channel_order_id is None:
        return []
    return list(parts.filter(lines__external_id__in=unit_ids).distinct() if unit_ids else parts)
