"""Orders in hand: locked, and read together with all that hangs below them.

Whoever changes an order locks its channel order first, and then, if need be, levels of stock; both
in the order of their ids. So of two workers one waits for the other, and never both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from catalog.models import Shop
from orders.models import (
    Address,
    AttentionKind,
    ChannelOrder,
    Order,
    OrderAttention,
    OrderComponent,
    OrderLine,
    OrderQuerySet,
)


@dataclass
class PartInHand:
    """An order part with its units and every note that was ever opened about it."""

    order: Order
    lines: list[OrderLine] = field(default_factory=list)
    attentions: list[OrderAttention] = field(default_factory=list)
    components: list[OrderComponent] = field(default_factory=list)
    address: Address | None = None
    waits_as: AttentionKind = AttentionKind.UNMAPPED_WAREHOUSE  # while no center ships it

    @property
    def open_units(self) -> int:
        """Units that still have to leave."""
        return sum(line.is_open for line in self.lines)

    @property
    def shelves(self) -> dict[int, int]:
        """What one unit takes, by variant id: itself, or a bundle's components as they were."""
        if self.components:
            return {row.variant_id: row.units for row in self.components}
        return {self.order.variant_id: 1} if self.order.variant_id else {}


@dataclass
class OrderInHand:
    """A channel order with its parts by the channel's SKU id, and where it goes."""

    head: ChannelOrder
    parts: dict[str, PartInHand] = field(default_factory=dict)
    address: Address | None = None


def lock(shop: Shop, external_ids: Iterable[str]) -> dict[str, ChannelOrder]:
    """Lock those of a shop's channel orders that are here, by the channel's id."""
    heads = ChannelOrder.objects.filter(shop=shop, external_id__in=list(external_ids))
    return {head.external_id: head for head in _locked(heads)}


def read(heads: Sequence[ChannelOrder]) -> list[OrderInHand]:
    """Read what belongs to these locked channel orders, in five queries however many they are."""
    found = {head.pk: OrderInHand(head) for head in heads}
    if not found:
        return []
    parts = _parts(Order.objects.filter(channel_order__in=list(found)))
    for part in parts:
        one = found[part.order.channel_order_id]
        part.order.channel_order = one.head
        one.parts[part.order.part] = part
    for address in Address.objects.filter(channel_order__in=list(found)):
        one = found[address.channel_order_id]
        one.address = address
        for part in one.parts.values():
            part.address = address
    return list(found.values())


def take_parts(order_ids: Sequence[int]) -> list[PartInHand]:
    """Lock and read these order parts as they are now; call it in a transaction.

    They come in the order of the given ids, each with its shop.
    """
    rows = Order.objects.filter(pk__in=order_ids)
    heads = {
        head.pk: head
        for head in _locked(ChannelOrder.objects.filter(pk__in=rows.values("channel_order")))
    }
    found = {part.order.pk: part for part in _parts(rows.select_related("shop"))}
    addresses = {
        row.channel_order_id: row for row in Address.objects.filter(channel_order__in=list(heads))
    }
    for part in found.values():
        part.order.channel_order = heads[part.order.channel_order_id]
        part.address = addresses.get(part.order.channel_order_id)
    return [found[pk] for pk in order_ids if pk in found]


def _locked(heads: QuerySet[ChannelOrder]) -> QuerySet[ChannelOrder]:
    return heads.select_for_update(of=("self",)).order_by("pk")


def _parts(orders: OrderQuerySet) -> list[PartInHand]:
    rows = orders.select_related("variant", "fulfillment_center").order_by("pk")
    parts = {order.pk: PartInHand(order) for order in rows}
    for line in OrderLine.objects.filter(order__in=list(parts)).order_by("pk"):
        line.order = parts[line.order_id].order
        parts[line.order_id].lines.append(line)
    for row in OrderAttention.objects.filter(order__in=list(parts)).order_by("pk"):
        parts[row.order_id].attentions.append(row)
    for component in OrderComponent.objects.filter(order__in=list(parts)).order_by("variant"):
        parts[component.order_id].components.append(component)
    return list(parts.values())
