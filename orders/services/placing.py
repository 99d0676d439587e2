"""Where order parts ship from: the channel's choice, or the shop's own rules if it has them.

What rules chose stays while stock is held for it or has left: only a part that holds nothing is
looked at again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from catalog.services.booking import Place
from marketplace.kernel.errors import Refused
from orders import routing, routing_rules
from orders.models import (
    Address,
    AttentionKind,
    ChannelOrder,
    Order,
    OrderAttention,
    OrderKind,
)
from orders.routing import Decision
from orders.routing_rules import OrderFacts, PartFacts
from orders.services import attention, holding
from orders.services.changes import Changes
from orders.services.in_hand import PartInHand
from orders.services.links import Links


def centers(part: PartInHand, links: Links) -> set[int]:
    """Every center that this part may be placed at, or is."""
    found = {
        part.order.fulfillment_center_id,
        by_channel(part.order.channel_order, links).center_id,
    }
    if links.policy:
        found |= links.policy.candidates
    return {pk for pk in found if pk is not None}


def place(parts: Sequence[PartInHand], links: Links, changes: Changes) -> None:
    """Find who ships these parts of one channel order, linked already."""
    if not parts:
        return
    if links.policy is None or parts[0].order.fulfilled_by_channel:
        for part in parts:
            _follow(part, links, changes)
            attention.sync(part, {}, among=[AttentionKind.HELD_BY_RULE], changes=changes)
        return
    waiting = [part for part in parts if needs_a_place(part)]
    for part, decision in zip(waiting, _decide(waiting, links, changes), strict=True):
        _apply(part, decision, links, changes)
        _keep_holds(part, decision, changes)
    for part in parts:
        if holds_stock(part.order) and part.open_units and _open_hold(part):
            (decision,) = _decide([part], links, changes)
            _keep_holds(part, decision, changes)


def needs_a_place(part: PartInHand) -> bool:
    """Whether rules look at it: something must leave, and no stock is held for it anywhere."""
    return bool(part.shelves and part.open_units and not holds_stock(part.order))


def holds_stock(order: Order) -> bool:
    """Whether its place is settled, because stock is promised there or has left."""
    return bool(order.reserved or order.consumed)


def order_facts(head: ChannelOrder, address: Address | None, chosen: Decision) -> OrderFacts:
    """What rules ask of an order, and what the channel chose for it."""
    kind = OrderKind.CHANNEL_LABEL if head.ships_itself else OrderKind.SELLER
    return OrderFacts(
        by_channel=chosen,
        value=head.total,
        country=address.country if address else "",
        region=address.province if address else "",
        postal_code=address.postal_code if address else "",
        kind=OrderKind.SAMPLE if head.is_sample else kind,
    )


def _decide(parts: Sequence[PartInHand], links: Links, changes: Changes) -> list[Decision]:
    """What the rules say of these parts of one order, with the stock as it is booked by now."""
    policy = links.policy
    if not parts or policy is None:
        return []
    head = parts[0].order.channel_order
    order = order_facts(head, parts[0].address, by_channel(head, links))
    facts = [
        PartFacts(
            sku=part.order.seller_sku,
            needs={variant: part.open_units * each for variant, each in part.shelves.items()},
            tags=links.tags.get(part.order.variant_id or 0, frozenset()),
        )
        for part in parts
    ]
    places = {(variant, pk) for one in facts for variant in one.needs for pk in policy.candidates}
    own = held_by(parts)
    free = {place: changes.booking.available(place) + own[place] for place in places}
    return routing_rules.decide(policy, order, facts, free)


def held_by(parts: Sequence[PartInHand]) -> Counter[Place]:
    """The units that these parts hold themselves, which rules therefore count as free."""
    found: Counter[Place] = Counter()
    for part in parts:
        center = part.order.fulfillment_center_id
        if center is not None:
            for variant, each in part.shelves.items():
                found[variant, center] += part.order.reserved * each
    return found


def _apply(part: PartInHand, decision: Decision, links: Links, changes: Changes) -> None:
    """Write a decision of the rules down; nothing is held for the part yet."""
    order = part.order
    order.fulfillment_center = links.centers[decision.center_id] if decision.center_id else None
    if decision.center_id is None:
        part.waits_as = AttentionKind.NOT_ROUTED
    if order.routing_reason != decision.reason[:300]:
        order.routing_reason = decision.reason[:300]
        changes.note(order, decision.reason)
    order.tags = sorted({*order.tags, *decision.tags})
    if decision.notices:
        sentence = " ".join(decision.notices)
        attention.show_once(part, AttentionKind.RULE_NOTICE, sentence, changes)


def _keep_holds(part: PartInHand, decision: Decision, changes: Changes) -> None:
    """Hold what rules hold, unless a person let it go; let go what no rule holds any more."""
    kind = AttentionKind.HELD_BY_RULE
    if not decision.holds:
        attention.sync(part, {}, among=[kind], changes=changes)
        return
    attention.show_once(part, kind, " ".join((*decision.holds, _LET_IT_GO)), changes)


def _open_hold(part: PartInHand) -> OrderAttention | None:
    kind = AttentionKind.HELD_BY_RULE
    rows = (row for row in part.attentions if row.kind == kind and row.resolved_at is None)
    return next(rows, None)


def refuse_if_held(part: PartInHand) -> None:
    """Raise `Refused` while a rule holds this part: nothing of it may leave."""
    if row := _open_hold(part):
        raise Refused(f"{part.order} is held, and nothing of it may leave. {row.sentence}")


def by_channel(head: ChannelOrder, links: Links) -> Decision:
    """What the channel's choice of warehouse means here."""
    return routing.route(
        head.warehouse_external_id,
        links.warehouses,
        fulfilled_by_channel=head.fulfilled_by_channel,
    )


def _follow(part: PartInHand, links: Links, changes: Changes) -> None:
    """Ship from where the channel says; a promise moves along, unless something has left."""
    order = part.order
    decision = by_channel(order.channel_order, links)
    if decision.center_id == order.fulfillment_center_id and order.routing_reason:
        return
    if order.consumed or (decision.center_id is None and order.reserved):
        return
    order.routing_reason = decision.reason[:300]
    center = links.centers[decision.center_id] if decision.center_id else None
    if center and order.reserved:
        holding.move_elsewhere(part, center, changes)
        changes.note(order, decision.reason)
    order.fulfillment_center = center


_LET_IT_GO = "Its stock is held. Look at it, and mark this note as seen to: then it can be shipped."
