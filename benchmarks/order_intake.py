"""Orders come in; the floor is a bare client that only downloads the same pages."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from benchmarks import rows
from benchmarks.figures import Figure, taking
from catalog.models import StockLevel
from catalog.services import channel_sync, stock
from integrations.http.transport import Transport
from integrations.models import Connection
from integrations.tiktok.client import TikTokClient
from integrations.tiktok.connector import app_from_settings
from integrations.tiktok.gateway import ShopTokens
from integrations.tiktok.orders import OrderCalls
from orders.models import ChannelOrder
from orders.services import intake

PLENTY = 50_000
MOST = 2.0


def measure(scale: float) -> list[Figure]:
    number = max(50, int(500 * scale))
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
    with taking() as floor:
        downloaded = sum(1 for _ in bare(remote).search_orders(updated_since=since))
    with taking() as first:
        report = intake.pull_orders(remote.shop)
    with taking() as second:
        intake.pull_orders(remote.shop)
    stored = ChannelOrder.objects.filter(shop=remote.shop).count()
    if not downloaded or stored + report.skipped + report.problems < downloaded:
        raise AssertionError(f"{downloaded} orders on the channel: {report.summary()}")
    return [
        Figure(
            f"Order intake, {number:,} new orders",
            first.seconds,
            "s",
            floor.seconds,
            "bare client downloading the same pages",
            f"{first.queries / number:.1f} queries per order",
            "at most 2 times the floor",
            first.seconds / floor.seconds <= MOST,
        ),
        Figure(
            "The same orders again (nothing changed)",
            second.seconds,
            "s",
            floor.seconds,
            "bare client downloading the same pages",
            f"{second.queries / number:.1f} queries per order",
            "at most 2 times the floor",
            second.seconds / floor.seconds <= MOST,
        ),
    ]


def bare(remote: rows.Remote) -> OrderCalls:
    """A client that signs and downloads; it keeps no log and waits for no budget."""
    connection = Connection.objects.get(shop=remote.shop)
    client = TikTokClient(
        app_from_settings(),
        ShopTokens(remote.shop),
        shop_cipher=connection.cipher,
        transport=Transport(settings.TIKTOK_SHOP_API_URL),
        reads_per_second=settings.TIKTOK_SHOP_READS_PER_SECOND,
    )
    return OrderCalls(client)
