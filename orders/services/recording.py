"""Taking one order of a channel in: once, whatever is repeated, late or out of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from orders import deadlines
from orders.models import Address, ChannelOrder, Order, OrderEvent, OrderLine
from orders.ports import RemoteAddress, RemoteOrder, RemoteOrderStatus, RemoteUnit
from orders.services import facts, parcels, transitions, upkeep
from orders.services.links import Links, links_for
from orders.states import OrderState

KEEP_ADDRESSES = timedelta(days=180)


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


def record(
    shop: Shop,
    remote: RemoteOrder,
    *,
    links: Links | None = None,
    seems_new: bool = False,
    by: str = "order intake",
) -> Recorded:
    """Make our order parts say what the channel says; all of it or nothing of it is stored.

    `seems_new` saves a look for a caller who has just not found it; it may be wrong.
    """
    with transaction.atomic():
        head = None if seems_new else _locked(shop, remote.external_id)
        if head is None and (why := _why_not(shop, remote)):
            return Recorded(Outcome.SKIPPED, why)
        if head is not None and is_old_news(head, remote):
            return Recorded(Outcome.UNCHANGED)
        links = links or links_for(shop, [remote])
        is_new = head is None
        if head is None:
            head = _created(shop, remote, links)
        if head is None:  # another worker stored it meanwhile, and has finished by now
            return record(shop, remote, links=links, by=by)
        head.shop = shop
        _keep_head(head, remote, links, is_new=is_new)
        known = {} if is_new else _parts_of(head)
        variant_ids = _keep_parts(head, known, remote, links, by=by)
    return Recorded(Outcome.CREATED if is_new else Outcome.UPDATED, "", variant_ids)


def is_old_news(head: ChannelOrder, remote: RemoteOrder) -> bool:
    """Whether this message tells nothing new: the same, older, or a step back within a second."""
    if remote.updated_at != head.updated_on_channel_at:
        return remote.updated_at < head.updated_on_channel_at
    before = facts.PROGRESS[RemoteOrderStatus(head.status)]
    if facts.PROGRESS[remote.status] != before:
        return facts.PROGRESS[remote.status] < before
    return head.content_hash == facts.fingerprint(remote)


def _why_not(shop: Shop, remote: RemoteOrder) -> str:
    """Why an order that is not here yet stays on the channel; empty if it comes in (R72, R73)."""
    if remote.status == RemoteOrderStatus.UNPAID:
        return "not paid yet"
    if remote.status == RemoteOrderStatus.CANCELED and remote.paid_at is None:
        return "canceled before it was paid"
    if shop.connected_at and remote.created_at < shop.connected_at:
        return "placed before the shop was connected"
    if not remote.units:
        raise Refused("The order has no units.")
    return ""


def _locked(shop: Shop, external_id: str) -> ChannelOrder | None:
    rows = ChannelOrder.objects.select_for_update()
    return rows.filter(shop=shop, external_id=external_id).first()


def _created(shop: Shop, remote: RemoteOrder, links: Links) -> ChannelOrder | None:
    try:
        with transaction.atomic():
            return ChannelOrder.objects.create(
                shop=shop,
                merchant_id=shop.merchant_id,
                external_id=remote.external_id,
                **_head_columns(remote, links),
            )
    except IntegrityError:
        if ChannelOrder.objects.filter(shop=shop, external_id=remote.external_id).exists():
            return None
        raise


def _head_columns(remote: RemoteOrder, links: Links) -> dict[str, Any]:
    columns = facts.columns(remote)
    columns["warehouse_id"] = links.warehouse_ids.get(remote.warehouse_id)
    if not _keeps_people(remote):
        columns["buyer"] = columns["buyer_note"] = ""
    return columns


def _keeps_people(remote: RemoteOrder) -> bool:
    return remote.created_at + KEEP_ADDRESSES > timezone.now()


def _keep_head(head: ChannelOrder, remote: RemoteOrder, links: Links, *, is_new: bool) -> None:
    if not is_new:
        for name, value in _head_columns(remote, links).items():
            setattr(head, name, value)
        head.save()
    if remote.address is not None and _keeps_people(remote):
        _keep_address(head, remote.address)


def _keep_address(head: ChannelOrder, address: RemoteAddress) -> None:
    row = Address.objects.filter(channel_order=head).first() or Address(channel_order=head)
    row.name, row.phone = address.name[:200], address.phone[:60]
    row.lines, row.city = list(address.lines), address.city[:120]
    row.province, row.postal_code = address.state[:120], address.postal_code[:30]
    row.country, row.is_masked = address.country[:2], address.is_masked
    row.purge_after = row.channel_order.created_on_channel_at + KEEP_ADDRESSES
    row.save()


def _parts_of(head: ChannelOrder) -> dict[str, Order]:
    rows = Order.objects.filter(channel_order=head).select_related("variant", "fulfillment_center")
    return {order.part: order for order in rows}


def _keep_parts(
    head: ChannelOrder, known: dict[str, Order], remote: RemoteOrder, links: Links, *, by: str
) -> frozenset[int]:
    """Bring every part up to date, in one fixed order so that two workers cannot cross."""
    parts = []
    for key, units in facts.by_part(remote.units).items():
        order = known.get(key) or Order(
            merchant_id=head.merchant_id, external_id=head.external_id, part=key
        )
        order.channel_order, order.shop = head, head.shop
        order.variant = order.variant or links.variant_of(units[0])
        parts.append((order, units))
    touched = set()
    for order, units in sorted(parts, key=lambda part: (part[0].variant_id or 0, part[0].part)):
        moves = order.stock_moves
        _bring_up(order, remote, units, links, by=by)
        if order.variant_id and order.stock_moves != moves:
            touched.add(order.variant_id)
    parcels.note_channel_parcels(head, remote.units)
    return frozenset(touched)


def _bring_up(
    order: Order, remote: RemoteOrder, units: list[RemoteUnit], links: Links, *, by: str
) -> None:
    is_new = order.pk is None
    lines = _merged_lines(order, remote.status, units, is_new=is_new)
    for name, value in facts.part_columns(units).items():
        setattr(order, name, value)
    order.created_on_channel_at = remote.created_at
    order.due_at = deadlines.due_at(remote.created_at, remote.ship_by)
    order.cancel_requested = remote.cancel_requested
    order.cancel_reason = remote.cancel_reason[:300]
    order.canceled_by = remote.canceled_by[:40]
    upkeep.count(order, lines)
    upkeep.route(order, links, by=by)
    upkeep.save(order)
    OrderLine.objects.bulk_create(line for line in lines if line.pk is None)
    if is_new:
        text = f"Came in from {order.shop.get_channel_display()} as {remote.raw_status}."
        OrderEvent.objects.create(order=order, new=order.state, reason=text, by=by)
    upkeep.settle(order, lines, by=by, is_new=is_new)
    state = facts.state_of_part(remote.status, lines)
    transitions.advance(order, state, reason=_reason(remote, state), by=by)


def _merged_lines(
    order: Order, status: RemoteOrderStatus, units: Sequence[RemoteUnit], *, is_new: bool
) -> list[OrderLine]:
    """The part's units, new ones not stored yet; what was shipped or canceled stays so."""
    known = {} if is_new else {line.external_id: line for line in order.lines.all()}
    for unit in units:
        columns = facts.line_columns(unit, status)
        line = known.get(unit.external_id)
        if line is None:
            known[unit.external_id] = OrderLine(
                order=order, external_id=unit.external_id, **columns
            )
            continue
        columns["is_canceled"] |= line.is_canceled
        columns["is_shipped"] |= line.is_shipped
        changed = [name for name, value in columns.items() if getattr(line, name) != value]
        for name in changed:
            setattr(line, name, columns[name])
        if changed:
            line.save(update_fields=[*changed, "updated_at"])
    return list(known.values())


def _reason(remote: RemoteOrder, state: OrderState) -> str:
    if state == OrderState.CANCELED:
        who = f" by the {remote.canceled_by.lower()}" if remote.canceled_by else ""
        why = f": {remote.cancel_reason}" if remote.cancel_reason else ""
        return f"Canceled on the channel{who}{why}."
    return f"The channel says {remote.raw_status}."
