"""Stock changes reach the channel; the floor is a bare client that makes the same calls."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import QuerySet

from benchmarks import rows
from benchmarks.bare import bare_client
from benchmarks.figures import Figure, taking
from catalog.models import OfferStock, Shop, WarehouseMapping
from catalog.services import channel_sync, exporting, stock
from integrations.tiktok.listings import ListingCalls

CHANGES = 5
MOST_SECONDS = 5.0
SIZE_OF_BUDGET = 10_000

Quantities = dict[str, dict[str, dict[str, int]]]


def measure(scale: float) -> list[Figure]:
    shop = _shop_with_offers(number := max(50, int(1000 * scale)))
    variants = sorted(set(_stocks(shop).values_list("offer__variant", flat=True)))[:number]
    exporting.send_quantities(shop)
    with taking() as changing:
        for turn in range(CHANGES):
            stock.count_many(_counts(shop, variants, turn))
    what = f"{CHANGES} changes of the stock of {len(variants):,} SKUs, booked"
    booked = Figure(what, changing.seconds, "s", note=f"{changing.queries} queries")
    return [booked, _sent(shop, variants), _idle(shop)]


def _sent(shop: Shop, variants: list[int]) -> Figure:
    with taking() as sending:
        report = exporting.send_quantities(shop)
    wanted = _quantities(shop, variants)
    if report.failures or report.calls != len(wanted):
        raise AssertionError(f"{len(wanted)} calls expected: {report.summary('quantities')}")
    calls = ListingCalls(bare_client(shop), category_version="v2")
    with taking() as floor:
        for product, levels in wanted.items():
            calls.update_inventory(product, levels)
    return Figure(
        f"The same {len(variants):,} SKUs sent to the channel",
        sending.seconds,
        "s",
        floor.seconds,
        "bare client making the same calls",
        f"{report.calls:,} calls, one per listing; "
        f"{sending.queries / report.calls:.1f} queries per call",
        f"at most 5 s for {SIZE_OF_BUDGET:,} SKUs (reckoned from this)",
        sending.seconds * SIZE_OF_BUDGET / len(variants) <= MOST_SECONDS,
    )


def _idle(shop: Shop) -> Figure:
    with taking() as idle:
        report = exporting.send_quantities(shop)
    return Figure(
        "A run where nothing differs",
        idle.milliseconds,
        "ms",
        note=f"{report.calls} calls, {idle.queries} queries",
        budget="no call",
        is_kept=report.calls == 0,
    )


def _stocks(shop: Shop) -> QuerySet[OfferStock]:
    return OfferStock.objects.filter(offer__listing__shop=shop)


def _shop_with_offers(number: int) -> Shop:
    """A shop of the sandbox on which at least so many SKUs are on sale, two or more a listing."""
    remote = rows.connect(rows.make_merchant())
    remote.post("/existing", {"count": number // 2 + 10})
    channel_sync.sync(remote.shop)
    return remote.shop


def _counts(shop: Shop, variants: list[int], turn: int) -> list[stock.Count]:
    center = WarehouseMapping.objects.filter(shop=shop).order_by("pk")[0].fulfillment_center_id
    return [
        stock.Count(variant, center, 100 + turn + place % 7, f"turn:{shop.pk}:{turn}:{variant}")
        for place, variant in enumerate(variants)
    ]


def _quantities(shop: Shop, variants: list[int]) -> Quantities:
    found: Quantities = defaultdict(lambda: defaultdict(dict))
    chosen = _stocks(shop).filter(offer__variant__in=variants)
    for row in chosen.select_related("offer__listing", "warehouse"):
        listing = row.offer.listing.external_id
        found[listing][row.offer.external_id][row.warehouse.external_id] = row.wanted
    return dict(found)
