"""What is on the shelves is written here: one ledger line per reference, sums by the database.

What orders need of it goes through `booking`; nothing else writes stock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum

from catalog.models import FulfillmentCenter, MovementKind, StockLevel, StockMovement, Variant
from catalog.services import listings, recipes, wanted
from marketplace.kernel.errors import Refused

#: Counts that are booked in one transaction.
CHUNK = 500


class NotEnoughStock(Refused):
    """The place has fewer available units than were asked for."""


@dataclass(frozen=True)
class Change:
    """What one ledger line does to a level, in units."""

    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0


@dataclass(frozen=True)
class Count:
    """What was counted of one variant at one place, and the reference that books it once."""

    variant_id: int
    center_id: int
    on_hand: int
    reference: str

    @property
    def place(self) -> tuple[int, int]:
        return (self.variant_id, self.center_id)


@dataclass(frozen=True)
class Receipt:
    """Units that arrived at a place, and the reference that books them once."""

    variant_id: int
    center_id: int
    units: int
    reference: str
    note: str = ""

    @property
    def place(self) -> tuple[int, int]:
        return (self.variant_id, self.center_id)


@dataclass
class CountReport:
    """How many levels changed, how many did not, and which references were refused and why."""

    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: CountReport) -> None:
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.refused.extend(other.refused)


def receive(
    variant: Variant,
    center: FulfillmentCenter,
    quantity: int,
    *,
    reference: str,
    by: str = "",
    note: str = "",
) -> bool:
    """Add units that arrived. Repeating a reference changes nothing and returns False.

    Raises `Refused` for a bundle: the stock of a bundle is that of its components.
    """
    _refuse_a_bundle(variant)
    change = Change(MovementKind.RECEIVE, on_hand=positive(quantity))
    return _write(variant, center, change, reference=reference, by=by, note=note)


@transaction.atomic
def receive_many(rows: Sequence[Receipt], *, by: str = "") -> None:
    """Add units as `receive` does, many at once; a reference that was used changes nothing."""
    used = StockMovement.objects.filter(reference__in=[row.reference for row in rows])
    known = set(used.values_list("reference", flat=True))
    fresh = [row for row in rows if row.reference not in known]
    levels = _locked_levels({row.place for row in fresh})
    for row in fresh:
        levels[row.place].on_hand += positive(row.units)
    StockMovement.objects.bulk_create(
        StockMovement(
            variant_id=row.variant_id,
            fulfillment_center_id=row.center_id,
            on_hand=row.units,
            kind=MovementKind.RECEIVE,
            reference=row.reference,
            by=by,
            note=row.note,
        )
        for row in fresh
    )
    StockLevel.objects.bulk_update(levels.values(), ["on_hand"])
    after_change(levels)


def give_back(
    variant: Variant,
    center: FulfillmentCenter,
    quantity: int,
    *,
    reference: str,
    by: str = "",
    note: str = "",
) -> bool:
    """Put returned, sellable units on the shelf again. Repeating a reference changes nothing.

    Raises `Refused` for a bundle: its components are what comes back.
    """
    _refuse_a_bundle(variant)
    change = Change(MovementKind.RETURN, on_hand=positive(quantity))
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

    Raises `Refused` if fewer units were counted than are promised to orders, and for a bundle.
    """
    if on_hand < 0:
        raise _negative(on_hand)
    if on_hand:
        _refuse_a_bundle(variant)
    with transaction.atomic():
        level = _locked_level(variant, center)
        change = Change(MovementKind.COUNT, on_hand=on_hand - level.on_hand)
        # A count that finds what was expected is a ledger line too: else the same count, read
        # again after a sale, would put the sold units back.
        is_new = _write(variant, center, change, reference=reference, by=by, note=note)
        return is_new and change.on_hand != 0


def count_many(rows: Iterable[Count], *, by: str = "", note: str = "") -> CountReport:
    """Book many counts as `count` does; a refused one is reported and does not stop the rest."""
    report = CountReport()
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        try:
            found = _count_chunk(chunk, by, note)
        except IntegrityError:
            # Somebody else used one of these references meanwhile; now it is there to be seen.
            found = _count_chunk(chunk, by, note)
        report.add(found)
    return report


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


def positive(quantity: int) -> int:
    """Return the units, or refuse what is no quantity."""
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


@transaction.atomic
def _count_chunk(rows: Sequence[Count], by: str, note: str) -> CountReport:
    report = CountReport()
    levels = _locked_levels({row.place for row in rows if row.on_hand >= 0})
    found = StockMovement.objects.filter(reference__in=[row.reference for row in rows])
    used = set(found.values_list("reference", flat=True))
    bundles = recipes.of([row.variant_id for row in rows if row.on_hand > 0])
    lines: list[StockMovement] = []
    changed: dict[int, StockLevel] = {}
    for row in rows:
        if row.on_hand < 0:
            report.refused.append((row.reference, _negative(row.on_hand).message))
            continue
        level = levels[row.place]
        change = Change(MovementKind.COUNT, on_hand=row.on_hand - level.on_hand)
        if row.reference in used:
            report.unchanged += 1
        elif row.variant_id in bundles and row.on_hand:
            report.refused.append((row.reference, _is_a_bundle(level.variant).message))
        elif row.on_hand < level.reserved:
            report.refused.append((row.reference, refusal(level, change).message))
        else:
            used.add(row.reference)
            lines.append(_count_line(row, change, by, note))
            level.on_hand = row.on_hand
            changed[level.pk] = level
            report.changed += change.on_hand != 0
            report.unchanged += change.on_hand == 0
    StockMovement.objects.bulk_create(lines)
    # The levels are locked: what was read is still what is there.
    StockLevel.objects.bulk_update(changed.values(), ["on_hand"])
    after_change((row.variant_id, row.fulfillment_center_id) for row in changed.values())
    return report


def _count_line(row: Count, change: Change, by: str, note: str) -> StockMovement:
    return StockMovement(
        variant_id=row.variant_id,
        fulfillment_center_id=row.center_id,
        on_hand=change.on_hand,
        kind=change.kind,
        reference=row.reference,
        by=by,
        note=note,
    )


def _locked_levels(places: set[tuple[int, int]]) -> dict[tuple[int, int], StockLevel]:
    """Return the levels of these places, made where there are none, and locked in one order."""
    StockLevel.objects.bulk_create(
        (StockLevel(variant_id=v, fulfillment_center_id=c) for v, c in sorted(places)),
        ignore_conflicts=True,
    )
    return locked_levels(places)


def locked_levels(places: set[tuple[int, int]]) -> dict[tuple[int, int], StockLevel]:
    """Return the levels that these places have, locked in one order until the transaction ends."""
    by_center: dict[int, list[int]] = {}
    for variant, center in places:
        by_center.setdefault(center, []).append(variant)
    here = Q(pk__in=[])
    for center, variants in by_center.items():
        here |= Q(fulfillment_center=center, variant__in=variants)
    levels = StockLevel.objects.filter(here).select_for_update(of=("self",)).order_by("pk")
    related = levels.select_related("variant", "fulfillment_center")
    return {(row.variant_id, row.fulfillment_center_id): row for row in related}


def _move_level(variant: Variant, center: FulfillmentCenter, change: Change) -> None:
    StockLevel.objects.get_or_create(variant=variant, fulfillment_center=center)
    level = StockLevel.objects.filter(variant=variant, fulfillment_center=center)
    try:
        with transaction.atomic():
            level.update(on_hand=F("on_hand") + change.on_hand)
    except IntegrityError as error:
        found = level.select_related("variant", "fulfillment_center")
        raise refusal(found.get(), change) from error


def refusal(level: StockLevel, change: Change) -> Refused:
    """Return why a level cannot change like this, in words for the person who asked."""
    sku, center = level.variant.sku, level.fulfillment_center
    if change.kind == MovementKind.RESERVE:
        return NotEnoughStock(
            f"Not enough {sku} at {center}: {change.reserved} wanted, {level.available} available."
        )
    return Refused(
        f"{change.kind.label} is not possible for {sku} at {center}: {level.on_hand} on "
        f"hand, {level.reserved} of them promised to orders."
    )


def _refuse_a_bundle(variant: Variant) -> None:
    if recipes.of([variant.pk]):
        raise _is_a_bundle(variant)


def _is_a_bundle(variant: Variant) -> Refused:
    return Refused(
        f"{variant.sku} is a bundle and has no stock of its own. Book its components instead; the "
        "units of the bundle follow from them."
    )


def _negative(on_hand: int) -> Refused:
    return Refused(f"A count cannot be negative: {on_hand}.")


def after_change(places: Iterable[tuple[int, int]], sold: Collection[wanted.Sold] = ()) -> None:
    """Carry new levels into what the channels should show and into listings' readiness.

    `places` are (variant id, fulfillment center id); `sold` says which shops changed their own
    figure by a sale. Part of the transaction that moved the stock,
    so that no change is ever without its wanted quantity.
    """
    turned = wanted.refresh_quantities(places, sold)
    if turned:
        listings.refresh_of_variants(turned)
