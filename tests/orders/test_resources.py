from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.kernel.models import SheetImport
from marketplace.kernel.sheets import applying, asking, checking
from marketplace.kernel.sheets.kinds import kinds
from orders.models import Order, OrderLine, Shipment
from orders.ports import RemoteOrderStatus as S
from orders.services import tracking
from orders.services.recording import record
from tests import factories
from tests.orders.memory_channel import UPS, MemoryChannel, remote_order, unit
from tests.orders.world import World

pytestmark = pytest.mark.django_db

COLUMNS = "order_id,sku,carrier,tracking_number"


def given(*rows: str, columns: str = COLUMNS) -> SheetImport:
    """A checked sheet of tracking numbers."""
    content = "\n".join([columns, *rows]).encode()
    file = ContentFile(content, "tracking.csv")
    sheet = asking.take_in(kinds.get("tracking"), file, user=factories.make_user())
    checking.check(sheet.pk)
    sheet.refresh_from_db()
    return sheet


def apply(sheet: SheetImport) -> str:
    asking.ask_to_apply(sheet)
    return applying.apply(sheet.pk)


def exported(kind: str) -> list[dict[str, object]]:
    ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    headers = kinds.get(kind).headers("orders.order", ids)
    rows = kinds.get(kind).rows("orders.order", ids, headers)
    return [dict(zip(headers, row, strict=True)) for row in rows]


def test_tracking_numbers_of_a_sheet_ship_orders_and_go_out(
    world: World, channel: MemoryChannel
) -> None:
    tea = world.variant(on_hand=9)
    for number in ("1001", "1002"):
        record(
            world.shop,
            remote_order(number, S.AWAITING_SHIPMENT, units=[unit(f"{number}-1")]),
        )
    rows = ["1001,,ups,1Z001", "1002,TEA,Pigeon Post,1Z002"]
    sheet = given(*rows)
    assert not OrderLine.objects.filter(is_shipped=True).exists()
    assert apply(sheet) == "2 rows changed, 0 added"
    assert world.figures(tea) == (7, 0)
    report = tracking.send_tracking(world.shop)
    assert (report.sent, report.refused) == (1, 1)
    assert channel.sent == [("1001", ("1001-1",), UPS.external_id, "1Z001")]
    assert Shipment.objects.get(tracking_number="1Z002").problem == (
        "The channel knows no carrier “Pigeon Post” for this order. It takes: UPS."
    )
    assert given(*rows).unchanged == 2
    assert Shipment.objects.count() == 2


def test_a_row_that_cannot_be_used_is_refused_with_its_number_and_the_rest_go_in(
    world: World,
) -> None:
    world.variant("TEA", on_hand=9)
    world.variant("MUG", on_hand=9)
    record(world.shop, remote_order("1001"))
    units = [unit("1", "TEA"), unit("2", "MUG")]
    record(world.shop, remote_order("1002", S.AWAITING_SHIPMENT, units=units))
    record(world.shop, remote_order("1003", S.AWAITING_SHIPMENT, units=[unit("3", "MUG")]))
    sheet = given(
        "1001,,UPS,1Z001",
        "1002,,UPS,1Z002",
        "1002,MUG,UPS,1Z",
        "1003,MUG,,1Z003",
        "9999,,UPS,1Z004",
        "1002,TEA,UPS,1Z005",
    )
    said = sheet.lines.filter(outcome="refused").order_by("number")
    assert [f"row {line.number}: {line.reason}" for line in said] == [
        "row 2: This order is on hold: the buyer may still cancel it. It can be shipped when the "
        "channel says that it awaits shipment.",
        "row 3: Order 1002 has several SKUs: fill in the column “sku”.",
        "row 4: “1Z” cannot be a tracking number: it needs 4 to 50 letters, digits or - _ . /",
        "row 5: It is empty.",
        "row 6: There is no order 9999.",
    ]
    apply(sheet)
    assert Shipment.objects.get().tracking_number == "1Z005"


def test_an_order_can_leave_in_two_parcels_of_one_sheet(
    world: World, channel: MemoryChannel
) -> None:
    tea = world.variant(on_hand=9)
    units = [unit("1"), unit("2"), unit("3")]
    record(world.shop, remote_order("1001", S.AWAITING_SHIPMENT, units=units))
    rows = ["1001,TEA,UPS,1Z001,2", "1001,TEA,UPS,1Z002,1", "1001,TEA,UPS,1Z003,4"]
    sheet = given(*rows, columns=f"{COLUMNS},units")
    (refused,) = sheet.lines.filter(outcome="refused")
    assert refused.reason == "4 units cannot leave: 3 of this order are still open."
    apply(sheet)
    assert world.figures(tea) == (6, 0)
    tracking.send_tracking(world.shop)
    assert [(sent[1], sent[3]) for sent in channel.sent] == [
        (("1", "2"), "1Z001"),
        (("3",), "1Z002"),
    ]
    assert given(*rows[:2], columns=f"{COLUMNS},units").unchanged == 2


def test_an_order_that_cannot_be_shipped_any_more_keeps_the_whole_sheet_back(world: World) -> None:
    world.variant(on_hand=9)
    for number in ("1001", "1002"):
        record(
            world.shop,
            remote_order(number, S.AWAITING_SHIPMENT, units=[unit(f"{number}-1")]),
        )
    sheet = given("1001,,UPS,1Z001", "1002,,UPS,1Z002")
    record(world.shop, remote_order("1002", S.CANCELED, units=[unit("1002-1")], minutes=5))
    assert "row 3 (1002 · TEA): This order was canceled: do not ship it." in apply(sheet)
    assert not Shipment.objects.exists()


def test_orders_go_out_as_a_sheet_without_peoples_data(world: World) -> None:
    world.variant(on_hand=9)
    record(world.shop, remote_order("1001", buyer="Jane Doe"))
    (row,) = exported("orders")
    assert (row["order_id"], row["sku"], row["quantity"], row["status"], str(row["sub_total"])) == (
        "1001",
        "TEA",
        1,
        "Pending",
        "10.00",
    )
    assert "Jane" not in str(row)


def test_a_long_sheet_costs_no_more_queries_than_a_short_one(world: World) -> None:
    world.variant(on_hand=99)
    counts = []
    for last in (1002, 1020):
        for number in range(1000, last):
            record(world.shop, remote_order(str(number)))
        with CaptureQueriesContext(connection) as queries:
            exported("orders")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4
