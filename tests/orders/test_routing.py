from __future__ import annotations

from orders.routing import Decision, Warehouse, route

WAREHOUSES = {"W1": Warehouse("West", 7, "Reno"), "W2": Warehouse("East")}


def test_the_center_mapped_to_the_channels_warehouse_ships() -> None:
    assert route("W1", WAREHOUSES, fulfilled_by_channel=False) == Decision(
        7, "The channel chose warehouse West, which is mapped to Reno."
    )


def test_an_unmapped_warehouse_holds_the_order_and_names_it() -> None:
    decision = route("W2", WAREHOUSES, fulfilled_by_channel=False)
    assert decision.center_id is None
    assert decision.reason == (
        "The channel chose a warehouse that is not mapped to a fulfillment center: East. Refresh "
        "the shop's warehouses and map it; the order then goes on by itself."
    )


def test_an_unknown_warehouse_holds_the_order_and_names_its_id() -> None:
    decision = route("W9", WAREHOUSES, fulfilled_by_channel=False)
    assert decision.center_id is None
    assert decision.reason.startswith("The channel chose a warehouse that is not known here: W9.")


def test_what_the_channel_ships_from_its_own_warehouse_has_no_center_of_ours() -> None:
    assert route("W1", WAREHOUSES, fulfilled_by_channel=True) == Decision(
        None, "The channel ships it from its own warehouse."
    )
