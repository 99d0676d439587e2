"""Orders that wait for a link, a mapping or stock: they go on by themselves when it is there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from catalog.models import BundleComponent, Offer, Shop, StockLevel, Variant, WarehouseMapping
from marketplace.kernel.halving import in_halves
from orders.models import (
    AttentionKind,
    Order,
    OrderAttention,
    OrderComponent,
    OrderQuerySet,
    RoutingPolicy,
)
from orders.services import in_hand, upkeep
from orders.services.changes import Changes
from orders.services.holding import HOLDING_KINDS
from orders.services.in_hand import PartInHand
from orders.services.links import Links, links_of_skus

TOGETHER = 100
#: What keeps an order from leaving, by stock or by a rule.
STANDING_KINDS = (*HOLDING_KINDS, AttentionKind.HELD_BY_RULE)
#: What waits for units, here or anywhere.
SHORT_KINDS = (AttentionKind.OVERSOLD, AttentionKind.NOT_ROUTED)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retried:
    """Whether an order went on, and the variants whose stock that moved."""

    goes_on: bool
    variant_ids: frozenset[int] = frozenset()


@dataclass
class Released:
    """How many held orders went on, and whose stock that touched."""

    orders: int = 0
    variant_ids: set[int] = field(default_factory=set)

    def add(self, pk: int, answer: Retried | Exception) -> None:
        """Count one order; one that fails stays held and keeps no other from going on."""
        if isinstance(answer, Exception):
            logger.error("Held order %s could not go on", pk, exc_info=answer)
            return
        self.orders += answer.goes_on
        self.variant_ids |= answer.variant_ids


def retry_attentions(
    *,
    shop: Shop | None = None,
    variant: Variant | None = None,
    by: str = "order intake",
    until: Callable[[], bool] = lambda: False,
) -> Released:
    """Try again to hold stock for orders that could not, oldest first, where something changed.

    When `until` says so, the rest waits for the next time.
    """
    rows = _with_a_chance(Order.objects.all())
    if shop is not None:
        rows = rows.filter(shop=shop)
    if variant is not None:
        rows = rows.filter(merchant=variant.merchant_id)
        contained = OrderComponent.objects.filter(order=OuterRef("pk"), variant=variant)
        by_sku = Q(variant=None, seller_sku=variant.sku)
        rows = rows.filter(Q(variant=variant) | by_sku | Exists(contained))
    return _retry(_oldest_first(rows), by, until)


def waiting(shop: Shop) -> list[int]:
    """The shop's order parts that wait for stock, a link or a center, or that a rule holds."""
    notes = OrderAttention.objects.filter(resolved_at=None, kind__in=STANDING_KINDS)
    return _oldest_first(Order.objects.filter(shop=shop, pk__in=notes.values("order")))


def look_again(order_ids: Sequence[int], *, by: str) -> Released:
    """Their shop's rules changed: decide again for these order parts that wait."""
    return _retry(order_ids, by)


def _oldest_first(rows: OrderQuerySet) -> list[int]:
    return list(rows.order_by("created_on_channel_at", "pk").values_list("pk", flat=True))


def _retry(
    order_ids: Sequence[int], by: str, until: Callable[[], bool] = lambda: False
) -> Released:
    released = Released()
    for start in range(0, len(order_ids), TOGETHER):
        if start and until():
            break
        some = order_ids[start : start + TOGETHER]
        for pk, answer in zip(some, in_halves(some, lambda pks: _together(pks, by)), strict=True):
            released.add(pk, answer)
    return released


def _with_a_chance(rows: OrderQuerySet) -> OrderQuerySet:
    """Held orders for which the link, the mapping or the stock is there by now."""
    notes = OrderAttention.objects.filter(resolved_at=None, kind__in=HOLDING_KINDS)
    held = notes.filter(order=OuterRef("pk"))
    by_sku = Variant.objects.filter(merchant=OuterRef("merchant"), sku=OuterRef("seller_sku"))
    by_offer = Offer.objects.filter(listing__shop=OuterRef("shop"), external_id=OuterRef("part"))
    mapping = WarehouseMapping.objects.filter(
        shop=OuterRef("shop"),
        warehouse__external_id=OuterRef("channel_order__warehouse_external_id"),
    )
    # The short list of what waits comes first: there may be a million orders that do not.
    return rows.filter(pk__in=notes.values("order")).filter(
        Q(Exists(held.filter(kind=AttentionKind.UNLINKED_SKU)), Exists(by_sku) | Exists(by_offer))
        | Q(Exists(held.filter(kind=AttentionKind.UNMAPPED_WAREHOUSE)), Exists(mapping))
        | Q(Exists(held.filter(kind__in=SHORT_KINDS)), _has_stock())
    )


def _has_stock() -> Q:
    """The units are there: at the order's center, or anywhere if the shop's rules choose it.

    A bundle has them where all of its components are; where rules choose, they are simply asked.
    """
    units = OuterRef("quantity") - OuterRef("canceled_quantity") - OuterRef("shipped_quantity")
    levels = StockLevel.objects.alias(free=F("on_hand") - F("reserved"))
    own = levels.filter(variant=OuterRef("variant"), free__gte=units, free__gt=0)
    components = OrderComponent.objects.filter(order=OuterRef("pk"))
    of_component = levels.filter(
        variant=OuterRef("variant"),
        fulfillment_center=OuterRef("order__fulfillment_center"),
        free__gte=OuterRef("units")
        * (
            OuterRef("order__quantity")
            - OuterRef("order__canceled_quantity")
            - OuterRef("order__shipped_quantity")
        ),
    )
    policy = RoutingPolicy.objects.filter(shop=OuterRef("shop"), we_choose=True)
    became_a_bundle = BundleComponent.objects.filter(bundle=OuterRef("variant"))
    return (
        Q(Exists(own.filter(fulfillment_center=OuterRef("fulfillment_center"))))
        | Q(Exists(components), ~Exists(components.exclude(Exists(of_component))))
        | Q(Exists(policy), Exists(own) | Exists(components))
        | Q(Exists(became_a_bundle), ~Exists(components), stock_moves=0)
    )


@transaction.atomic
def _together(pks: Sequence[int], by: str) -> list[Retried]:
    """Try some orders again, in this order: who comes first gets stock first."""
    parts = in_hand.take_parts(pks)
    links = _links_of(parts)
    changes = Changes(by=by)
    changes.watch(parts)
    for part in parts:
        upkeep.link(part, links[part.order.shop_id], changes)
    changes.lock_stock(
        place for part in parts for place in upkeep.places(part, links[part.order.shop_id])
    )
    answers = {}
    moves = {part.order.pk: part.order.stock_moves for part in parts}
    for order_parts in _by_order(parts):
        upkeep.route(order_parts, links[order_parts[0].order.shop_id], changes)
        for part in order_parts:
            upkeep.settle(part, changes)
    for part in parts:
        is_held = any(
            row.resolved_at is None and row.kind in STANDING_KINDS for row in part.attentions
        )
        moved = part.shelves.keys() if part.order.stock_moves != moves[part.order.pk] else ()
        answers[part.order.pk] = Retried(goes_on=not is_held, variant_ids=frozenset(moved))
    changes.store()
    return [answers.get(pk, Retried(goes_on=False)) for pk in pks]


def _by_order(parts: Sequence[PartInHand]) -> list[list[PartInHand]]:
    """The parts of each channel order, which rules may place together; in the given order."""
    found: dict[int, list[PartInHand]] = {}
    for part in parts:
        found.setdefault(part.order.channel_order_id, []).append(part)
    return list(found.values())


def _links_of(parts: Sequence[PartInHand]) -> dict[int, Links]:
    """What the orders of each shop name, in our rows."""
    by_shop: dict[int, list[Order]] = {}
    for part in parts:
        by_shop.setdefault(part.order.shop_id, []).append(part.order)
    return {
        shop_id: links_of_skus(
            orders[0].shop,
            {order.part for order in orders},
            {order.seller_sku for order in orders},
        )
        for shop_id, orders in by_shop.items()
    }
