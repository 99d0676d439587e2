"""Which fulfillment center takes an order, and why; pure, so that it can be tried on past orders.

The channel chooses its warehouse, and the center mapped to it ships (R83, R84). Only a shop that
says so chooses by rules of its own (GB3), see `routing_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Warehouse:
    """A channel warehouse as routing sees it; `center_id` is None while it is not mapped."""

    name: str
    center_id: int | None = None
    center: str = ""


@dataclass(frozen=True)
class Decision:
    """The center (None: nobody here ships it), and why, in words for a person.

    `holds` say why nothing may leave yet, `notices` what a person should see; one each per rule.
    """

    center_id: int | None
    reason: str
    holds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def route(
    warehouse_id: str, warehouses: Mapping[str, Warehouse], *, fulfilled_by_channel: bool
) -> Decision:
    """Decide by the mapping of the warehouse that the channel chose."""
    if fulfilled_by_channel:
        return Decision(None, "The channel ships it from its own warehouse.")
    warehouse = warehouses.get(warehouse_id)
    if warehouse is None:
        return _held(f"{warehouse_id or 'none named'}", "is not known here")
    if warehouse.center_id is None:
        return _held(warehouse.name, "is not mapped to a fulfillment center")
    return Decision(
        warehouse.center_id,
        f"The channel chose warehouse {warehouse.name}, which is mapped to {warehouse.center}.",
    )


def _held(warehouse: str, why: str) -> Decision:
    return Decision(
        None,
        f"The channel chose a warehouse that {why}: {warehouse}. Refresh the shop's warehouses "
        "and map it; the order then goes on by itself.",
    )
