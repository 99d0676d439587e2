"""Bringing orders in hand up to what the channel says of them, as one piece of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from catalog.models import Shop
from orders import deadlines
from orders.models import Address, AttentionKind, ChannelOrder, Order, OrderLine
from orders.ports import RemoteAddress, RemoteOrder
from orders.services import attention, facts, upkeep
from orders.services.changes import Changes
from orders.services.facts import OrderFacts, PartFacts
from orders.services.in_hand import OrderInHand, PartInHand
from orders.services.links import Links
from orders.states import OrderState

KEEP_ADDRESSES = timedelta(days=180)


def head_columns(read: OrderFacts, links: Links) -> dict[str, Any]:
    """The columns of a channel order, without its buyer once the time to keep people is over."""
    columns = {**read.columns, "warehouse_id": links.warehouse_ids.get(read.remote.warehouse_id)}
    if not _keeps_people(read.remote):
        columns |= {"buyer": "", "buyer_note": ""}
    return columns


def _keeps_people(remote: RemoteOrder) -> bool:
    return remote.created_at + KEEP_ADDRESSES > timezone.now()


class BringingUp:
    """Some orders of one shop, none of them twice: taken one by one, stored together.

    The channel orders are stored and locked already; the caller's transaction holds it all.
    """

    def __init__(self, shop: Shop, links: Links, *, by: str) -> None:
        self.heads_with_parcels: list[ChannelOrder] = []
        self._shop = shop
        self._links = links
        self._changes = Changes(by=by)
        self._orders: dict[str, tuple[OrderInHand, OrderFacts]] = {}

    def take_new(self, head: ChannelOrder, read: OrderFacts) -> None:
        """One more order, of which only the channel order is stored yet, just as it was read."""
        self._orders[head.external_id] = (OrderInHand(head), read)

    def take(self, order: OrderInHand, read: OrderFacts) -> None:
        """One more order that was here before, and what the channel says of it now."""
        order.head.shop = self._shop
        self._orders[order.head.external_id] = (order, read)
        self._changes.heads.watch([order.head])
        for name, value in head_columns(read, self._links).items():
            setattr(order.head, name, value)
        self._changes.watch(order.parts.values())
        if order.address:
            self._changes.addresses.watch([order.address])

    def finish(self, sequence: Sequence[str]) -> dict[str, frozenset[int]]:
        """Bring all of them up and store it; who comes first in the sequence gets stock first.

        Returns whose stock each order touched, by the channel's order id.
        """
        if not self._orders:
            return {}
        links = self._links
        for order, read in self._orders.values():
            self._keep_around(order, read)
            for name, part_facts in read.parts.items():
                self._keep_part(order, name, part_facts, read.remote)
        parts = [part for order, _ in self._orders.values() for part in order.parts.values()]
        self._changes.lock_stock(place for part in parts for place in upkeep.places(part, links))
        in_turn = [name for name in sequence if name in self._orders]
        touched = {name: self._settle(*self._orders[name]) for name in in_turn}
        self._changes.store()
        return touched

    def _keep_around(self, order: OrderInHand, read: OrderFacts) -> None:
        remote = read.remote
        if remote.address is not None and _keeps_people(remote):
            self._keep_address(order, remote.address)
        if any(unit.tracking_number for unit in remote.units):
            self.heads_with_parcels.append(order.head)

    def _keep_address(self, order: OrderInHand, address: RemoteAddress) -> None:
        row = order.address
        if row is None:
            row = order.address = Address(channel_order=order.head)
            self._changes.addresses.add(row)
        row.name, row.phone = address.name[:200], address.phone[:60]
        row.lines, row.city = list(address.lines), address.city[:120]
        row.province, row.postal_code = address.state[:120], address.postal_code[:30]
        row.country, row.is_masked = address.country[:2], address.is_masked
        row.purge_after = order.head.created_on_channel_at + KEEP_ADDRESSES

    def _keep_part(
        self, order: OrderInHand, name: str, read: PartFacts, remote: RemoteOrder
    ) -> None:
        part = order.parts.get(name) or self._new_part(order, name)
        row = part.order
        self._keep_lines(part, read)
        for column, value in read.columns.items():
            setattr(row, column, value)
        upkeep.link(part, self._links, self._changes)
        row.created_on_channel_at = remote.created_at
        row.due_at = deadlines.due_at(remote.created_at, remote.ship_by)
        row.cancel_requested = remote.cancel_requested
        row.cancel_reason = remote.cancel_reason[:300]
        row.canceled_by = remote.canceled_by[:40]
        upkeep.count(part)

    def _new_part(self, order: OrderInHand, name: str) -> PartInHand:
        head = order.head
        row = Order(
            channel_order=head,
            merchant_id=head.merchant_id,
            shop=self._shop,
            external_id=head.external_id,
            part=name,
        )
        part = order.parts[name] = PartInHand(row)
        self._changes.orders.add(row)
        channel = self._shop.get_channel_display()
        self._changes.came_in(row, f"Came in from {channel} as {head.raw_status}.")
        return part

    def _keep_lines(self, part: PartInHand, read: PartFacts) -> None:
        """The part's units; what was shipped or canceled stays so."""
        known = {line.external_id: line for line in part.lines}
        for external_id, columns in read.lines.items():
            line = known.get(external_id)
            if line is None:
                line = OrderLine(order=part.order, external_id=external_id, **columns)
                part.lines.append(line)
                self._changes.lines.add(line)
            else:
                _merge(line, columns)

    def _settle(self, order: OrderInHand, read: OrderFacts) -> frozenset[int]:
        touched: set[int] = set()
        parts = [order.parts[name] for name in read.parts]
        moves = {part.order.part: part.order.stock_moves for part in parts}
        taken = {part.order.part: _taken(part) for part in parts}
        for part in parts:
            part.address = order.address
        upkeep.route(parts, self._links, self._changes)
        for part in parts:
            upkeep.settle(part, self._changes)
            state = facts.state_of_part(read.remote.status, part.lines)
            self._changes.advance(part.order, state, reason=_reason(read.remote, state))
            if part.order.stock_moves != moves[part.order.part]:
                touched |= part.shelves.keys()
            if part.order.pk is None or _taken(part) != taken[part.order.part]:
                self._sold(part, read.remote)
        self._show_money(order, read)
        return frozenset(touched)

    def _sold(self, part: PartInHand, remote: RemoteOrder) -> None:
        """The channel changed its own figure in the warehouse that it chose, by this sale."""
        order = part.order
        if order.channel_order.fulfilled_by_channel or order.variant_id is None:
            return
        where = self._links.warehouses.get(remote.warehouse_id)
        if where and where.center_id is not None:
            self._changes.booking.sold(self._shop.pk, order.variant_id, where.center_id)

    def _show_money(self, order: OrderInHand, read: OrderFacts) -> None:
        """Figures that do not add up are shown once, on the first part, with the figures."""
        part = order.parts[next(iter(read.parts))]
        found = facts.disagreement(read.remote)
        kind = AttentionKind.MONEY_DIFFERS
        seen = {row.sentence for row in part.attentions if row.kind == kind}
        if found not in seen:
            shown = {kind: found} if found else {}
            attention.sync(part, shown, among=[kind], changes=self._changes)


def _taken(part: PartInHand) -> int:
    """Units that the order has of the stock: promised ones, and those that left."""
    return part.order.reserved + part.order.consumed


def _merge(line: OrderLine, columns: dict[str, Any]) -> None:
    canceled, shipped = line.is_canceled, line.is_shipped
    for name, value in columns.items():
        setattr(line, name, value)
    line.is_canceled |= canceled
    line.is_shipped |= shipped


def _reason(remote: RemoteOrder, state: OrderState) -> str:
    if state == OrderState.CANCELED:
        who = f" by the {remote.canceled_by.lower()}" if remote.canceled_by else ""
        why = f": {remote.cancel_reason}" if remote.cancel_reason else ""
        return f"Canceled on the channel{who}{why}."
    return f"The channel says {remote.raw_status}."
