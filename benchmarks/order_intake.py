"""Orders come in; the floor is a bare client that only downloads the same pages."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from benchmarks import rows
from benchmarks.bare import bare_client
from benchmarks.figures import Figure, Taken, taking
from catalog.models import StockLevel
from catalog.services import channel_sync, stock
from integrations.models import Exchange
from integrations.tiktok.orders import OrderCalls
from orders.models import ChannelOrder
from orders.services import intake

PLENTY = 50_000
MOST = 2.0


def measure(scale: float) -> list[Figure]:
    number = max(50, int(500 * scale))
    return [figure for size in (number, 8 * number) for figure in _measure(size)]


def _measure(number: int) -> list[Figure]:
    remote = rows.connect(rows.make_merchant())
    remote.post("/existing", {"count": 40})
    channel_sync.sync(remote.shop)
    levels = StockLevel.objects.filter(variant__merchant=remote.shop.merchant_id)
    stock.count_many(
        stock.Count(row.variant_id, row.fulfillment_center_id, PLENTY, f"plenty:{row.pk}")
        for row in levels
    )
    since = timezone.now() - timedelta(hours=2)
    remote.post("/orders/bulk", {"count": number})
    calls_of_floor = OrderCalls(bare_client(remote.shop))
    with taking() as floor:
        downloaded = sum(1 for _ in calls_of_floor.search_orders(updated_since=since))
    before = _calls(remote)
    with taking() as first:
        report = intake.pull_orders(remote.shop)
    calls = _calls(remote) - before
    with taking() as second:
        intake.pull_orders(remote.shop)
    stored = ChannelOrder.objects.filter(shop=remote.shop).count()
    if not downloaded or stored + report.skipped + report.problems < downloaded:
        raise AssertionError(f"{downloaded} orders on the channel: {report.summary()}")
    return [
        _figure(f"Order intake, {number:,} new orders", first, floor, number, f"; {calls} calls"),
        _figure(f"The same {number:,} orders again (nothing changed)", second, floor, number),
    ]


def _figure(what: str, taken: Taken, floor: Taken, number: int, more: str = "") -> Figure:
    return Figure(
        what,
        taken.seconds,
        "s",
        floor.seconds,
        "bare client downloading the same pages",
        f"{taken.queries} queries, {taken.queries / number:.2f} per order{more}",
        "at most 2 times the floor",
        taken.seconds / floor.seconds <= MOST,
    )


def _calls(remote: rows.Remote) -> int:
    return Exchange.objects.filter(shop=remote.shop).count()
