"""Stock of many orders moved together: locked once, decided in memory, written once.

Beside `stock`, the only other place where stock is written; both keep the same ledger.
"""

from __future__ import annotations

from collections.abc import Iterable

from catalog.models import MovementKind, StockLevel, StockMovement
from catalog.services import stock
from catalog.services.stock import Change, NotEnoughStock, positive
from catalog.services.wanted import Sold
from marketplace.kernel import many

#: (variant id, fulfillment center id)
Place = tuple[int, int]


class Booking:
    """The levels of some places, locked until the caller's transaction ends.

    Locks are taken in one order for everybody, so that two shops that sell from one shelf never
    wait for each other in a circle. A place without a level has nothing available. What is booked
    is checked at once and stored by `write`; if that is never called, nothing happened.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        wanted = set(places)
        self._levels: dict[Place, StockLevel | None] = dict.fromkeys(wanted)
        self._levels |= stock.locked_levels(wanted)
        self._lines: list[StockMovement] = []
        self._sold: set[Sold] = set()

    def available(self, place: Place) -> int:
        """Units that can still be promised there, after what was booked here."""
        level = self._levels[place]
        return level.available if level else 0

    def reserve(self, place: Place, units: int, *, reference: str, by: str) -> None:
        """Promise units to an order; raises `NotEnoughStock` and leaves no trace."""
        self._book(place, Change(MovementKind.RESERVE, reserved=positive(units)), reference, by)

    def release(self, place: Place, units: int, *, reference: str, by: str) -> None:
        """Take a promise back."""
        self._book(place, Change(MovementKind.RELEASE, reserved=-positive(units)), reference, by)

    def ship(self, place: Place, units: int, *, reference: str, by: str) -> None:
        """Units that were promised have left the place."""
        change = Change(MovementKind.SHIP, on_hand=-positive(units), reserved=-units)
        self._book(place, change, reference, by)

    def sold(self, shop_id: int, variant_id: int, center_id: int) -> None:
        """A shop sold units, or took a sale back: what it shows there is to be said again."""
        self._sold.add(Sold(shop_id, variant_id, center_id))

    def write(self) -> None:
        """Store every ledger line and the levels; a reference that was used changes nothing."""
        if not self._lines:
            if self._sold:
                stock.after_change((), self._sold)
            return
        asked = [line.reference for line in self._lines]
        used = StockMovement.objects.filter(reference__in=asked)
        repeated = set(used.values_list("reference", flat=True))
        lines = [line for line in self._lines if line.reference not in repeated]
        for line in self._lines:
            if line.reference in repeated:
                self._move_level(_place(line), -line.on_hand, -line.reserved)
        many.insert(lines)
        places = sorted({_place(line) for line in lines})
        # They are locked, so what they are in memory is what they become.
        many.write([self._level(place) for place in places], ["on_hand", "reserved"])
        stock.after_change(places, self._sold)
        self._lines = []

    def _level(self, place: Place) -> StockLevel:
        level = self._levels[place]
        if level is None:
            raise NotEnoughStock("No stock of this SKU was ever booked at that place.")
        return level

    def _move_level(self, place: Place, on_hand: int, reserved: int) -> None:
        level = self._level(place)
        level.on_hand += on_hand
        level.reserved += reserved

    def _book(self, place: Place, change: Change, reference: str, by: str) -> None:
        level = self._level(place)
        on_hand, reserved = level.on_hand + change.on_hand, level.reserved + change.reserved
        if not 0 <= reserved <= on_hand:
            raise stock.refusal(level, change)
        self._move_level(place, change.on_hand, change.reserved)
        self._lines.append(
            StockMovement(
                variant_id=place[0],
                fulfillment_center_id=place[1],
                on_hand=change.on_hand,
                reserved=change.reserved,
                kind=change.kind,
                reference=reference,
                by=by,
            )
        )


def _place(line: StockMovement) -> Place:
    return (line.variant_id, line.fulfillment_center_id)
