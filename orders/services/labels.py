"""Labels of the channel: what they cost, asking for one, and looking at it (R80, GB6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from catalog.models import WeightUnit
from marketplace.kernel.errors import Refused
from orders.models import AttentionKind, ChannelOrder, Label, LabelLine, Order, OrderLine
from orders.ports_labels import (
    Handover,
    LabelChannel,
    LabelService,
    ParcelSize,
    PickupTime,
    label_channels,
)
from orders.services import attention, in_hand, placing, transitions
from orders.services.in_hand import PartInHand
from orders.services.parcel_rules import why_not_leaving
from orders.states import LabelState

GRAMS: dict[str, Decimal] = {
    WeightUnit.GRAM: Decimal(1),
    WeightUnit.KILOGRAM: Decimal(1000),
    WeightUnit.OUNCE: Decimal("28.349523125"),
    WeightUnit.POUND: Decimal("453.59237"),
}


@dataclass(frozen=True)
class Plan:
    """How a person wants parcels to go: by weight, or by a handover, as the market has it."""

    size: ParcelSize | None = None
    service: LabelService | None = None
    handover: str = ""
    pickup: PickupTime | None = None


def sells_by_weight(order: Order) -> bool:
    """Whether a label of this order is bought by weight; else its parcel is arranged."""
    return _channel(order).sells_by_weight(order.shop)


def why_no_label(order: Order) -> str:
    """Why no label can be had for an order, in words for the person who tried; else empty."""
    if order.fulfilled_by_channel:
        return "The channel ships this order from its own warehouse: there is nothing to do here."
    if not order.ships_itself:
        return (
            "You ship this order yourself: buy its label where you buy yours, and enter the "
            "tracking number here."
        )
    return why_not_leaving(order)


def services(orders: Sequence[Order], size: ParcelSize) -> list[LabelService]:
    """What the channel offers for the open units of these parts of one channel order."""
    first = orders[0]
    lines = OrderLine.objects.filter(order__in=orders, is_canceled=False, is_shipped=False)
    ids = list(lines.order_by("pk").values_list("external_id", flat=True))
    return _channel(first).services(first.shop, first.external_id, ids, size)


def goods_weight(orders: Sequence[Order]) -> Decimal | None:
    """What the open units weigh by their SKUs, in grams; None if a weight is not known."""
    total = Decimal(0)
    for order in orders:
        variant = order.variant
        if variant is None or variant.weight is None or variant.weight_unit not in GRAMS:
            return None
        units = order.quantity - order.canceled_quantity - order.shipped_quantity
        total += variant.weight * GRAMS[variant.weight_unit] * units
    return total


def handover(order: Order) -> Handover:
    """How the waiting parcel of an order may be given to the channel's carrier."""
    lines = order.lines.filter(is_canceled=False, is_shipped=False)
    package = lines.exclude(package_external_id="").values_list("package_external_id", flat=True)
    return _channel(order).handover(order.shop, _one_package(order, package))


def want_labels(orders: Sequence[Order], plan: Plan, *, by: str) -> list[Label]:
    """Ask for a label for the open units of each channel order among these parts.

    All or nothing; a unit has one label, so that asking twice buys once. A label that the channel
    refused is asked for anew. Raises `Refused` with the order that stands in the way.
    """
    with transaction.atomic():
        parts = in_hand.take_parts([order.pk for order in orders])
        by_head: dict[ChannelOrder, list[PartInHand]] = {}
        for part in parts:
            if why := why_no_label(part.order):
                raise Refused(f"{part.order}: {why}" if len(parts) > 1 else why)
            placing.refuse_if_held(part)
            by_head.setdefault(part.order.channel_order, []).append(part)
        labels = [label for some in by_head.values() for label in _want(some, plan, by)]
        attention.clear((part.order for part in parts), AttentionKind.LABEL_TROUBLE, by=by)
        for part in parts:
            transitions.note(part.order, "A label of the channel was asked for.", by=by)
    return labels


def document(label: Label) -> bytes:
    """The label as a PDF document, fetched from the channel now; nothing of it is kept."""
    if label.state != LabelState.BOUGHT:
        raise Refused("This label is not bought yet. Look again in a minute.")
    return document_of(label.channel_order, label.package_external_id)


def document_of(head: ChannelOrder, package_id: str) -> bytes:
    """The same for a package of an order that was arranged on the channel."""
    return label_channels.get(head.shop.channel).document(head.shop, package_id)


def _want(parts: Sequence[PartInHand], plan: Plan, by: str) -> list[Label]:
    lines = [line for part in parts for line in part.lines if line.is_open]
    order = parts[0].order
    Label.objects.filter(lines__line__in=lines, state=LabelState.REFUSED).delete()
    if LabelLine.objects.filter(line__in=lines).exists():
        raise Refused(f"{order}: a label was asked for already. See it under Labels.")
    return [
        _store(order, package, some, plan, by) for package, some in _packages(order, lines).items()
    ]


def _packages(order: Order, lines: Sequence[OrderLine]) -> dict[str, list[OrderLine]]:
    """Where labels are bought by weight one holds all; else there is one for each parcel."""
    if sells_by_weight(order):
        return {"": list(lines)}
    found: dict[str, list[OrderLine]] = {}
    for line in lines:
        found.setdefault(line.package_external_id, []).append(line)
    if "" in found:
        raise Refused(
            f"{order}: the channel has made no package for it yet. Try again in a few minutes."
        )
    return found


def _one_package(order: Order, packages: Iterable[str]) -> str:
    found = sorted(set(packages))
    if not found:
        raise Refused(
            f"{order}: the channel has made no package for it yet. Try again in a few minutes."
        )
    return found[0]


def _store(order: Order, package: str, lines: Sequence[OrderLine], plan: Plan, by: str) -> Label:
    size, service, pickup = plan.size, plan.service, plan.pickup
    length, width, height = size.sides if size and size.sides else (None, None, None)
    label = Label.objects.create(
        shop=order.shop,
        channel_order=order.channel_order,
        package_external_id=package,
        service_external_id=service.external_id if service else "",
        service=service.name if service else "",
        weight=size.weight if size else None,
        weight_unit=size.weight_unit if size else "",
        length=length,
        width=width,
        height=height,
        size_unit=size.size_unit if size else "",
        handover=plan.handover,
        pickup_from=pickup.start if pickup else None,
        pickup_until=pickup.end if pickup else None,
        by=by,
    )
    LabelLine.objects.bulk_create(LabelLine(label=label, line=line) for line in lines)
    return label


def _channel(order: Order) -> LabelChannel:
    return label_channels.get(order.shop.channel)
