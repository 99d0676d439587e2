"""Taking orders of a channel in: once, whatever is repeated, late or out of order.

A page of orders is read, decided and stored together. If the database refuses it, it is stored in
halves, so that only the order that is to blame stays out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from django.db import IntegrityError, transaction

from catalog.models import SamplePolicy, Shop
from marketplace.kernel import many
from marketplace.kernel.errors import Refused
from marketplace.kernel.halving import in_halves
from orders.models import ChannelOrder
from orders.ports import RemoteOrder, RemoteOrderStatus
from orders.services import facts, in_hand, parcels
from orders.services.bringing_up import BringingUp, head_columns
from orders.services.facts import OrderFacts
from orders.services.links import Links, links_for


class Outcome(Enum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Recorded:
    """What became of one order, and whose stock it touched."""

    outcome: Outcome
    why: str = ""
    variant_ids: frozenset[int] = frozenset()


Answer = Recorded | Exception


def record(shop: Shop, remote: RemoteOrder, *, by: str = "order intake") -> Recorded:
    """Make our order parts say what the channel says; all of it or nothing of it is stored.

    Raises `Refused` for an order that cannot be taken in, and whatever the database refuses.
    """
    (answer,) = record_all(shop, [remote], by=by)
    if isinstance(answer, Exception):
        raise answer
    return answer


def record_all(
    shop: Shop, remotes: Sequence[RemoteOrder], *, by: str = "order intake"
) -> list[Answer]:
    """Take a page of orders in, and answer for each what became of it, or why it could not be.

    The number of queries does not grow with the orders. An order that fails leaves no trace and
    stops no other. Raises only what is no order's fault (see `in_halves`); nothing is stored then
    of the part of the page that was at work.
    """
    answers: dict[int, Answer] = {}
    for turn in _turns(remotes):
        answers |= _record_turn(shop, turn, by)
    return [answers[place] for place in range(len(remotes))]


def is_old_news(head: ChannelOrder, remote: RemoteOrder) -> bool:
    """Whether this message tells nothing new: the same, older, or a step back within a second."""
    if remote.updated_at != head.updated_on_channel_at:
        return remote.updated_at < head.updated_on_channel_at
    before = facts.PROGRESS[RemoteOrderStatus(head.status)]
    if facts.PROGRESS[remote.status] != before:
        return facts.PROGRESS[remote.status] < before
    return head.content_hash == facts.fingerprint(remote)


def _turns(remotes: Sequence[RemoteOrder]) -> list[dict[int, RemoteOrder]]:
    """The messages by their place; several of one order come one after the other."""
    turns: list[dict[int, RemoteOrder]] = []
    seen: dict[str, int] = {}
    for place, remote in enumerate(remotes):
        turn = seen.get(remote.external_id, 0)
        seen[remote.external_id] = turn + 1
        if turn == len(turns):
            turns.append({})
        turns[turn][place] = remote
    return turns


def _record_turn(shop: Shop, turn: Mapping[int, RemoteOrder], by: str) -> dict[int, Answer]:
    answers: dict[int, Answer] = {}
    waiting = dict(turn)
    while waiting:
        found = in_halves(list(waiting.values()), lambda some: _together(shop, some, by))
        answered = dict(zip(waiting, found, strict=True))
        answers |= {place: one for place, one in answered.items() if one is not None}
        # Another worker stored these meanwhile, and has finished by now: they are here.
        waiting = {place: waiting[place] for place, one in answered.items() if one is None}
    return answers


@transaction.atomic
def _together(shop: Shop, remotes: Sequence[RemoteOrder], by: str) -> list[Answer | None]:
    """Record orders, each only once among them; None for one that another worker just stored."""
    heads = in_hand.lock(shop, (remote.external_id for remote in remotes))
    answers: dict[str, Answer | None] = {}
    read: dict[str, OrderFacts] = {}
    for remote in remotes:
        found = _read(shop, heads.get(remote.external_id), remote)
        if isinstance(found, OrderFacts):
            read[remote.external_id] = found
        else:
            answers[remote.external_id] = found
    if not read:
        return [answers[remote.external_id] for remote in remotes]
    links = links_for(shop, (order.remote for order in read.values()))
    new = _store_heads(shop, [read[name] for name in sorted(read) if name not in heads], links)
    known = in_hand.read([head for name, head in heads.items() if name in read])
    work = BringingUp(shop, links, by=by)
    for order in known:
        work.take(order, read[order.head.external_id])
    for head in new:
        work.take_new(head, read[head.external_id])
    touched = work.finish([remote.external_id for remote in remotes])
    parcels.note_channel_parcels(work.heads_with_parcels)
    fresh = {head.external_id for head in new}
    for name, variant_ids in touched.items():
        outcome = Outcome.CREATED if name in fresh else Outcome.UPDATED
        answers[name] = Recorded(outcome, "", variant_ids)
    return [answers.get(remote.external_id) for remote in remotes]


def _read(shop: Shop, head: ChannelOrder | None, remote: RemoteOrder) -> OrderFacts | Answer:
    """What there is to store of an order, or the answer if there is nothing or it is unreadable."""
    try:
        if head is None and (why := _why_not(shop, remote)):
            return Recorded(Outcome.SKIPPED, why)
        if head is not None and is_old_news(head, remote):
            return Recorded(Outcome.UNCHANGED)
        return facts.read(remote)
    except Exception as error:  # noqa: BLE001  (one order's answer; the others go on)
        return error


def _why_not(shop: Shop, remote: RemoteOrder) -> str:
    """Why an order that is not here yet stays on the channel; empty if it comes in (R72, R73)."""
    if remote.status == RemoteOrderStatus.UNPAID:
        return "not paid yet"
    if remote.status == RemoteOrderStatus.CANCELED and remote.paid_at is None:
        return "canceled before it was paid"
    # The channel tells whole seconds: an order placed in the second of connecting is ours.
    if shop.connected_at and remote.created_at < shop.connected_at.replace(microsecond=0):
        return "placed before the shop was connected"
    if remote.is_sample and shop.sample_orders == SamplePolicy.IGNORE:
        return "a sample, and this shop leaves samples on the channel"
    if not remote.units:
        raise Refused("The order has no units.")
    return ""


def _store_heads(shop: Shop, orders: Sequence[OrderFacts], links: Links) -> list[ChannelOrder]:
    """Store channel orders that seem new; those that another worker stored first are left out.

    They come sorted by the channel's id, so that two workers wait for each other in one direction.
    """
    while orders:
        heads = [_new_head(shop, order, links) for order in orders]
        try:
            with transaction.atomic():
                many.insert(heads)
                return heads
        except IntegrityError:
            ids = [head.external_id for head in heads]
            rows = ChannelOrder.objects.filter(shop=shop, external_id__in=ids)
            taken = set(rows.values_list("external_id", flat=True))
            if not taken:
                raise
            orders = [order for order in orders if order.remote.external_id not in taken]
    return []


def _new_head(shop: Shop, order: OrderFacts, links: Links) -> ChannelOrder:
    return ChannelOrder(
        shop=shop,
        merchant_id=shop.merchant_id,
        external_id=order.remote.external_id,
        **head_columns(order, links),
    )
