"""What a shop's rules would have decided about its latest orders; nothing is written (B22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F

from catalog.models import StockLevel
from catalog.services.booking import Place
from orders import routing_rules
from orders.models import ChannelOrder, Order, RoutingPolicy
from orders.routing import Decision
from orders.routing_rules import PartFacts, Policy
from orders.services import in_hand, placing, routing_policy
from orders.services.in_hand import OrderInHand, PartInHand
from orders.services.links import Links, links_of_skus

LAST = 50


@dataclass(frozen=True)
class Trial:
    """One order part: where it ships from now, and where the rules would have put it, and why."""

    order: Order
    decision: Decision
    center: str

    @property
    def is_moved(self) -> bool:
        """Whether the rules would have chosen another place than it has."""
        return self.decision.center_id != self.order.fulfillment_center_id


def dry_run(row: RoutingPolicy, last: int = LAST) -> list[Trial]:
    """Try the rules, in force or not, on the latest channel orders, newest first.

    They see the stock as it is now, with what each order itself holds or took counted as free.
    """
    heads = ChannelOrder.objects.filter(shop=row.shop_id, fulfilled_by_channel=False)
    orders = in_hand.read(list(heads.order_by("-created_on_channel_at", "-pk")[:last]))
    parts = [part for order in orders for part in order.parts.values()]
    if not parts:
        return []
    policy, _ = routing_policy.read(row, row.shop)
    skus = {part.order.seller_sku for part in parts}
    links = links_of_skus(row.shop, {part.order.part for part in parts}, skus)
    tags = routing_policy.tags_of({part.order.variant_id or 0 for part in parts})
    free = _free(parts)
    found = []
    for order in orders:
        found += _try(order, policy, links, tags, free)
    return found


def _try(
    order: OrderInHand,
    policy: Policy,
    links: Links,
    tags: Mapping[int, frozenset[str]],
    free: Mapping[Place, int],
) -> list[Trial]:
    parts = [part for part in order.parts.values() if part.shelves]
    chosen = placing.by_channel(order.head, links)
    facts = [
        PartFacts(
            sku=part.order.seller_sku,
            needs={variant: _units(part) * each for variant, each in part.shelves.items()},
            tags=tags.get(part.order.variant_id or 0, frozenset()),
        )
        for part in parts
    ]
    asked = placing.order_facts(order.head, order.address, chosen)
    decisions = routing_rules.decide(policy, asked, facts, _there_for(parts, free))
    return [
        Trial(part.order, one, policy.centers[one.center_id].name if one.center_id else "")
        for part, one in zip(parts, decisions, strict=True)
    ]


def _units(part: PartInHand) -> int:
    return max(1, part.order.quantity - part.order.canceled_quantity)


def _there_for(parts: Sequence[PartInHand], free: Mapping[Place, int]) -> Mapping[Place, int]:
    """What is free, as if these parts of one order had not been given anything yet."""
    there = dict(free)
    for part in parts:
        order = part.order
        if order.fulfillment_center_id is None:
            continue
        for variant, each in part.shelves.items():
            place = (variant, order.fulfillment_center_id)
            there[place] = there.get(place, 0) + (order.reserved + order.consumed) * each
    return there


def _free(parts: Sequence[PartInHand]) -> Mapping[Place, int]:
    levels = StockLevel.objects.filter(variant__in={pk for part in parts for pk in part.shelves})
    columns = ("variant", "fulfillment_center", F("on_hand") - F("reserved"))
    return {(variant, center): units for variant, center, units in levels.values_list(*columns)}
