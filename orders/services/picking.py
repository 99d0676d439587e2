"""What to take from the shelves for selected orders, and what lies in each of their parcels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from catalog.models import FulfillmentCenter
from catalog.models.place import CenterKind
from orders.models import TO_SHIP, ChannelOrder, Order, OrderLine, Shipment, ShipmentLine
from orders.states import OrderState

CONTENT = "components__variant__product"


@dataclass
class Pick:
    """One SKU to take: how many units, and for which orders (order id, units)."""

    sku: str
    title: str
    options: str
    units: int = 0
    orders: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class CenterPicks:
    """What to take at one fulfillment center, by SKU."""

    center: FulfillmentCenter
    picks: list[Pick]

    @property
    def units(self) -> int:
        return sum(pick.units for pick in self.picks)

    @property
    def orders(self) -> int:
        return len({order_id for pick in self.picks for order_id, _ in pick.orders})


@dataclass(frozen=True)
class PickingList:
    """The picks of each center, and why how many of the orders are not among them."""

    centers: list[CenterPicks]
    left_out: dict[str, int]


@dataclass
class Slip:
    """What lies in one parcel: (order part, units); its shipment, once it has left."""

    head: ChannelOrder
    center: FulfillmentCenter | None
    shipment: Shipment | None = None
    content: list[tuple[Order, int]] = field(default_factory=list)

    @property
    def units(self) -> int:
        return sum(units for _, units in self.content)


@dataclass(frozen=True)
class PackingSlips:
    """One slip per parcel, and why how many of the orders have none."""

    slips: list[Slip]
    left_out: dict[str, int]


def picking_list(order_ids: Iterable[int]) -> PickingList:
    """The units that are held for these orders, by center and SKU; nothing is changed.

    Only what a person can take from a shelf of ours now is on it: orders that wait, left, were
    canceled, have no stock held or are shipped by somebody else are counted with the reason.
    """
    left_out: Counter[str] = Counter()
    found: dict[FulfillmentCenter, dict[tuple[str, str], Pick]] = {}
    for order in _orders(order_ids):
        if why := _why_not_picked(order):
            left_out[why] += 1
            continue
        assert order.fulfillment_center is not None
        picks = found.setdefault(order.fulfillment_center, {})
        for kind, each in _takes(order):
            pick = picks.setdefault((kind.sku, kind.options), kind)
            pick.units += order.reserved * each
            pick.orders.append((order.external_id, order.reserved * each))
    centers = [
        CenterPicks(center, [picks[key] for key in sorted(picks)])
        for center, picks in sorted(found.items(), key=lambda item: (item[0].name, item[0].pk))
    ]
    return PickingList(centers, dict(left_out))


def _takes(order: Order) -> list[tuple[Pick, int]]:
    """What one unit of an order takes from the shelves: itself, or a bundle's components."""
    components = []
    for row in order.components.all():
        piece = row.variant
        kind = Pick(piece.sku, piece.product.title, ", ".join(piece.options))
        components.append((kind, row.units))
    if components:
        return components
    sku = order.variant.sku if order.variant else order.seller_sku or order.part
    return [(Pick(sku, order.title, order.options), 1)]


def packing_slips(order_ids: Iterable[int]) -> PackingSlips:
    """A slip for each parcel that left with units of these orders, and for what is still open.

    Parts of one channel order that leave from one center share a slip: they go in one parcel.
    """
    orders = _orders(order_ids)
    left_out: Counter[str] = Counter()
    open_units, left = _open_units(orders), _parcels_that_left(orders)
    have_left = {order.pk for slip in left for order, _ in slip.content}
    parcels: dict[tuple[int, int | None], Slip] = {}
    for order in orders:
        units = open_units.get(order.pk, 0)
        if order.state in TO_SHIP and units and not order.fulfilled_by_channel:
            key = (order.channel_order_id, order.fulfillment_center_id)
            slip = parcels.setdefault(key, Slip(order.channel_order, order.fulfillment_center))
            slip.content.append((order, units))
        elif order.pk not in have_left:
            left_out[_why_no_parcel(order)] += 1
    return PackingSlips([*parcels.values(), *left], dict(left_out))


def _orders(order_ids: Iterable[int]) -> list[Order]:
    """Soonest due first."""
    rows = Order.objects.filter(pk__in=list(order_ids)).select_related(
        "channel_order__address", "channel_order__merchant", "fulfillment_center", "variant"
    )
    return list(rows.prefetch_related(CONTENT).order_by("due_at", "pk"))


def _open_units(orders: Sequence[Order]) -> dict[int, int]:
    """Units that still have to leave, by order part."""
    lines = OrderLine.objects.filter(order__in=orders, is_canceled=False, is_shipped=False)
    return dict(lines.order_by().values_list("order").annotate(units=Count("pk")))


def _parcels_that_left(orders: Sequence[Order]) -> list[Slip]:
    """The parcels with units of these orders, each with all that lies in it."""
    shipments = Shipment.objects.filter(lines__line__order__in=orders)
    rows = ShipmentLine.objects.filter(shipment__in=shipments.values("pk")).select_related(
        "shipment",
        "line__order__channel_order__address",
        "line__order__channel_order__merchant",
        "line__order__fulfillment_center",
    )
    rows = rows.prefetch_related(f"line__order__{CONTENT}")
    slips: dict[int, Slip] = {}
    for row in rows.order_by("shipment", "line__order", "pk"):
        order = row.line.order
        slip = slips.setdefault(
            row.shipment_id, Slip(order.channel_order, order.fulfillment_center, row.shipment)
        )
        same = bool(slip.content) and slip.content[-1][0] == order
        units = slip.content.pop()[1] if same else 0
        slip.content.append((order, units + 1))
    return list(slips.values())


def _why_not_picked(order: Order) -> str:
    if order.state not in TO_SHIP:
        return _why_no_parcel(order)
    if order.fulfilled_by_channel:
        return "shipped by the channel from its own warehouse"
    center = order.fulfillment_center
    if center is None:
        return "without a fulfillment center: map the channel's warehouse first"
    if center.kind == CenterKind.THIRD_PARTY:
        return "shipped by a 3rd-party fulfillment service"
    if not order.reserved:
        return "without stock held here: oversold, or their SKU is not known"
    return ""


def _why_no_parcel(order: Order) -> str:
    if order.fulfilled_by_channel:
        return "shipped by the channel from its own warehouse"
    return _NOT_NOW.get(OrderState(order.state), "shipped already")


_NOT_NOW = {
    OrderState.PENDING: "on hold: the buyer may still cancel",
    OrderState.CANCELED: "canceled",
    OrderState.UNSHIPPED: "without an open unit",
    OrderState.PARTIALLY_SHIPPED: "without an open unit",
}
