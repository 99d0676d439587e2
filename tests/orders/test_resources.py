from __future__ import annotations

import pytest
import tablib
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Order, Shipment
from orders.ports import RemoteOrderStatus as S
from orders.resources import OrderResource, TrackingResource
from orders.services import tracking
from orders.services.recording import record
from tests.orders.memory_channel import UPS, MemoryChannel, remote_order, unit
from tests.orders.world import World

pytestmark = pytest.mark.django_db

COLUMNS = ("order_id", "sku", "carrier", "tracking_number")


def take_in(*rows: tuple[str, str, str, str]) -> tuple[dict[str, int], list[str]]:
    """Import rows; return the totals and what was said about refused rows."""
    result = TrackingResource().import_data(tablib.Dataset(*rows, headers=COLUMNS))
    said = [
        f"row {row.number}: {message}"
        for row in result.invalid_rows
        for message in row.error.messages
    ]
    assert [error for row in result.row_errors() for error in row[1]] == []
    return {name: count for name, count in result.totals.items() if count}, said


def test_tracking_numbers_of_a_sheet_ship_orders_and_go_out(
    world: World, channel: MemoryChannel
) -> None:
    tea = world.variant(on_hand=9)
    for number in ("1001", "1002"):
        record(
            world.shop,
            remote_order(number, S.AWAITING_SHIPMENT, units=[unit(f"{number}-1")]),
        )
    rows = [("1001", "", "ups", "1Z001"), ("1002", "TEA", "Pigeon Post", "1Z002")]
    assert take_in(*rows) == ({"update": 2}, [])
    assert world.figures(tea) == (7, 0)
    report = tracking.send_tracking(world.shop)
    assert (report.sent, report.refused) == (1, 1)
    assert channel.sent == [("1001", ("1001-1",), UPS.external_id, "1Z001")]
    assert Shipment.objects.get(tracking_number="1Z002").problem == (
        "The channel knows no carrier “Pigeon Post” for this order. It takes: UPS."
    )
    assert take_in(*rows) == ({"skip": 2}, [])
    assert Shipment.objects.count() == 2


def test_a_row_that_cannot_be_used_is_refused_with_its_number_and_the_rest_go_in(
    world: World,
) -> None:
    world.variant("TEA", on_hand=9)
    world.variant("MUG", on_hand=9)
    record(world.shop, remote_order("1001"))
    units = [unit("1", "TEA"), unit("2", "MUG")]
    record(world.shop, remote_order("1002", S.AWAITING_SHIPMENT, units=units))
    totals, said = take_in(
        ("1001", "", "UPS", "1Z001"),
        ("1002", "", "UPS", "1Z002"),
        ("1002", "MUG", "UPS", "1Z"),
        ("1002", "MUG", "", "1Z003"),
        ("9999", "", "UPS", "1Z004"),
        ("1002", "TEA", "UPS", "1Z005"),
    )
    assert totals == {"update": 1, "invalid": 5}
    assert said == [
        "row 1: This order is on hold: the buyer may still cancel it. It can be shipped when the "
        "channel says that it awaits shipment.",
        "row 2: Order 1002 has several SKUs: fill in the column “sku”.",
        "row 3: “1Z” cannot be a tracking number: it needs 4 to 50 letters, digits or - _ . /",
        "row 4: The column “carrier” is empty.",
        "row 5: There is no order 9999.",
    ]
    assert Shipment.objects.get().tracking_number == "1Z005"


def test_orders_go_out_as_a_sheet_without_peoples_data(world: World) -> None:
    world.variant(on_hand=9)
    record(world.shop, remote_order("1001", buyer="Jane Doe"))
    sheet = OrderResource().export(queryset=Order.objects.all())
    row = dict(zip(sheet.headers, sheet[0], strict=True))
    assert (row["order_id"], row["sku"], row["quantity"], row["status"], row["sub_total"]) == (
        "1001",
        "TEA",
        "1",
        "Pending",
        "10.00",
    )
    assert "Jane" not in sheet.csv


def test_a_long_sheet_costs_no_more_queries_than_a_short_one(world: World) -> None:
    world.variant(on_hand=99)
    counts = []
    for last in (1002, 1020):
        for number in range(1000, last):
            record(world.shop, remote_order(str(number)))
        with CaptureQueriesContext(connection) as queries:
            OrderResource().export(queryset=Order.objects.order_by("pk"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4
