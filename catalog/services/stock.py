"""Stock is written here and nowhere else: one ledger line per reference, sums by the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from catalog.models import FulfillmentCenter, MovementKind, StockLevel, StockMovement, Variant
from catalog.services import listings, wanted
from marketplace.kernel.errors import Refused


class NotEnoughStock(Refused):
    """The place has fewer available units than were asked for."""


@dataclass(frozen=True)
class Change:
    """What one ledger line does to a level, in units."""

    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0


def receive(
    variant: Variant,
    center: FulfillmentCenter,
    quantity: int,
    *,
    reference: str,
    by: str = "",
    note: str = "",
) -> bool:
    """Add units that arrived. Repeating a reference changes nothing and returns False."""
    change = Change(MovementKind.RECEIVE, on_hand=_positive(quantity))
    return _write(variant, center, change, reference=reference, by=by, note=note)


def reserve(
    variant: Variant,
    center: FulfillmentCenter,
    quantity: int,
    *,
    reference: str,
    by: str = "",
    note: str = "",
) -> bool:
    """Promise units to an order. Raises `NotEnoughStock` and leaves no trace if they are not there.

    Repeating a reference changes nothing and returns False.
    """
    change = Change(MovementKind.RESERVE, reserved=_positive(quantity))
    return _write(variant, center, change, reference=reference, by=by, note=note)


def release(
    variant: Variant,
    center: FulfillmentCenter,
    quantity: int,
    *,
    reference: str,
    by: str = "",
    note: str = "",
) -> bool:
    """Take a promise back, for a canceled order. Repeating a reference changes nothing."""
    change = Change(MovementKind.RELEASE, reserved=-_positive(quantity))
    return _write(variant, center, change, reference=reference, by=by, note=note)


def ship(
    variant: Variant,
    center: FulfillmentCenter,
    quantity: int,
    *,
    reference: str,
    by: str = "",
    note: str = "",
) -> bool:
    """Units that were promised have left the place. Repeating a reference changes nothing."""
    units = _positive(quantity)
    change = Change(MovementKind.SHIP, on_hand=-units, reserved=-units)
    return _write(variant, center, change, reference=reference, by=by, note=note)


def give_back(
    variant: Variant,
    center: FulfillmentCenter,
    quantity: int,
    *,
    reference: str,
    by: str = "",
    note: str = "",
) -> bool:
    """Put returned, sellable units on the shelf again. Repeating a reference changes nothing."""
    change = Change(MovementKind.RETURN, on_hand=_positive(quantity))
    return _write(variant, center, change, reference=reference, by=by, note=note)


def count(
    variant: Variant,
    center: FulfillmentCenter,
    on_hand: int,
    *,
    reference: str,
    by: str = "",
    note: str = "",
) -> bool:
    """Set what is physically there after a count; the difference becomes a ledger line.

    Raises `Refused` if fewer units were counted than are promised to orders.
    """
    if on_hand < 0:
        raise Refused(f"A count cannot be negative: {on_hand}.")
    with transaction.atomic():
        level = _locked_level(variant, center)
        change = Change(MovementKind.COUNT, on_hand=on_hand - level.on_hand)
        # A count that finds what was expected is a ledger line too: else the same count, read
        # again after a sale, would put the sold units back.
        is_new = _write(variant, center, change, reference=reference, by=by, note=note)
        return is_new and change.on_hand != 0


def available(variant: Variant, center: FulfillmentCenter) -> int:
    """Units that can still be promised there."""
    level = StockLevel.objects.filter(variant=variant, fulfillment_center=center).first()
    return level.available if level else 0


def drift() -> list[str]:
    """Levels that differ from the sum of their ledger; empty unless something is badly wrong."""
    sums = {
        (row["variant"], row["fulfillment_center"]): (row["a"] or 0, row["b"] or 0)
        for row in StockMovement.objects.values("variant", "fulfillment_center")
        .order_by()
        .annotate(a=Sum("on_hand"), b=Sum("reserved"))
    }
    wrong = []
    for level in StockLevel.objects.select_related("variant", "fulfillment_center").iterator():
        key = (level.variant_id, level.fulfillment_center_id)
        if sums.pop(key, (0, 0)) != (level.on_hand, level.reserved):
            wrong.append(f"{level.variant.sku} at {level.fulfillment_center}")
    wrong.extend(
        f"variant {key[0]} at center {key[1]}" for key, total in sums.items() if any(total)
    )
    return wrong


def _positive(quantity: int) -> int:
    if quantity <= 0:
        raise Refused(f"A quantity of units must be above zero, not {quantity}.")
    return quantity


def _locked_level(variant: Variant, center: FulfillmentCenter) -> StockLevel:
    StockLevel.objects.get_or_create(variant=variant, fulfillment_center=center)
    return StockLevel.objects.select_for_update().get(variant=variant, fulfillment_center=center)


def _write(
    variant: Variant,
    center: FulfillmentCenter,
    change: Change,
    *,
    reference: str,
    by: str,
    note: str,
) -> bool:
    with transaction.atomic():
        _, is_new = StockMovement.objects.get_or_create(
            reference=reference,
            defaults={
                "variant": variant,
                "fulfillment_center": center,
                "on_hand": change.on_hand,
                "reserved": change.reserved,
                "kind": change.kind,
                "by": by,
                "note": note,
            },
        )
        if not is_new:
            return False
        _move_level(variant, center, change)
        after_change([(variant.pk, center.pk)])
    return True


def _move_level(variant: Variant, center: FulfillmentCenter, change: Change) -> None:
    StockLevel.objects.get_or_create(variant=variant, fulfillment_center=center)
    level = StockLevel.objects.filter(variant=variant, fulfillment_center=center)
    if change.kind == MovementKind.RESERVE:
        level = level.filter(on_hand__gte=F("reserved") + change.reserved)
    try:
        with transaction.atomic():
            moved = level.update(
                on_hand=F("on_hand") + change.on_hand, reserved=F("reserved") + change.reserved
            )
    except IntegrityError as error:
        raise _not_possible(variant, center, change) from error
    if not moved:
        raise _not_possible(variant, center, change)


def _not_possible(variant: Variant, center: FulfillmentCenter, change: Change) -> Refused:
    level = StockLevel.objects.get(variant=variant, fulfillment_center=center)
    if change.kind == MovementKind.RESERVE:
        return NotEnoughStock(
            f"Not enough {variant.sku} at {center}: {change.reserved} wanted, "
            f"{level.available} available."
        )
    return Refused(
        f"{change.kind.label} is not possible for {variant.sku} at {center}: {level.on_hand} on "
        f"hand, {level.reserved} of them promised to orders."
    )


def after_change(places: Iterable[tuple[int, int]]) -> None:
    """Carry new levels into what the channels should show and into listings' readiness.

    `places` are (variant id, fulfillment center id). Part of the transaction that moved the stock,
    so that no change is ever without its wanted quantity.
    """
    turned = wanted.refresh_quantities(places)
    if turned:
        listings.refresh_of_variants(turned)
