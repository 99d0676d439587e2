"""Orders that wait for a link, a mapping or stock: they go on by themselves when it is there."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from catalog.models import Offer, Shop, StockLevel, Variant, WarehouseMapping
from orders.models import AttentionKind, ChannelOrder, Order, OrderAttention, OrderQuerySet
from orders.services import upkeep
from orders.services.holding import HOLDING_KINDS
from orders.services.links import links_of_skus

AT_ONCE = 500


@dataclass
class Released:
    """How many held orders went on, and whose stock that touched."""

    orders: int = 0
    variant_ids: set[int] = field(default_factory=set)


def retry_attentions(
    *, shop: Shop | None = None, variant: Variant | None = None, by: str = "order intake"
) -> Released:
    """Try again to hold stock for orders that could not, oldest first, where something changed."""
    rows = _with_a_chance(Order.objects.all())
    if shop is not None:
        rows = rows.filter(shop=shop)
    if variant is not None:
        rows = rows.filter(merchant=variant.merchant_id)
        rows = rows.filter(Q(variant=variant) | Q(variant=None, seller_sku=variant.sku))
    released = Released()
    oldest_first = rows.order_by("created_on_channel_at", "pk").values_list("pk", flat=True)
    for pk in list(oldest_first[:AT_ONCE]):
        _retry(pk, released, by=by)
    return released


def _with_a_chance(rows: OrderQuerySet) -> OrderQuerySet:
    """Held orders for which the link, the mapping or the stock is there by now."""
    waiting = OrderAttention.objects.filter(resolved_at=None, kind__in=HOLDING_KINDS)
    held = waiting.filter(order=OuterRef("pk"))
    by_sku = Variant.objects.filter(merchant=OuterRef("merchant"), sku=OuterRef("seller_sku"))
    by_offer = Offer.objects.filter(listing__shop=OuterRef("shop"), external_id=OuterRef("part"))
    mapping = WarehouseMapping.objects.filter(
        shop=OuterRef("shop"),
        warehouse__external_id=OuterRef("channel_order__warehouse_external_id"),
    )
    units = OuterRef("quantity") - OuterRef("canceled_quantity") - OuterRef("shipped_quantity")
    level = StockLevel.objects.filter(
        variant=OuterRef("variant"), fulfillment_center=OuterRef("fulfillment_center")
    ).alias(free=F("on_hand") - F("reserved"))
    # The short list of what waits comes first: there may be a million orders that do not.
    return rows.filter(pk__in=waiting.values("order")).filter(
        Q(Exists(held.filter(kind=AttentionKind.UNLINKED_SKU)), Exists(by_sku) | Exists(by_offer))
        | Q(Exists(held.filter(kind=AttentionKind.UNMAPPED_WAREHOUSE)), Exists(mapping))
        | Q(
            Exists(held.filter(kind=AttentionKind.OVERSOLD)),
            Exists(level.filter(free__gte=units, free__gt=0)),
        )
    )


def _retry(pk: int, released: Released, *, by: str) -> None:
    with transaction.atomic():
        order = lock(pk)
        links = links_of_skus(order.shop, {order.part}, {order.seller_sku})
        moves = order.stock_moves
        order.variant = order.variant or links.variant(order.part, order.seller_sku)
        upkeep.route(order, links, by=by)
        upkeep.save(order)
        upkeep.settle(order, list(order.lines.all()), by=by)
        held = OrderAttention.objects.filter(order=order, resolved_at=None)
        if not held.filter(kind__in=HOLDING_KINDS).exists():
            released.orders += 1
        if order.variant_id and order.stock_moves != moves:
            released.variant_ids.add(order.variant_id)


def lock(pk: int) -> Order:
    """Read an order as it is now, and keep others from changing it until we are done."""
    head_id = Order.objects.values_list("channel_order", flat=True).get(pk=pk)
    head = ChannelOrder.objects.select_for_update().get(pk=head_id)
    order = Order.objects.select_related("variant", "fulfillment_center", "shop").get(pk=pk)
    order.channel_order = head
    return order
