"""10,000 SKUs change at once, in 100 listings and in 10,000: until the channel shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import override_settings

from benchmarks import rows
from benchmarks.figures import Figure, taking
from catalog.models import OfferStock, Shop, WarehouseMapping
from catalog.services import channel_sync, exporting, read_back, stock

SKUS = 10_000
#: In one listing; the most that the channel takes.
MOST_EACH = 100
MOST_SECONDS = 5.0
#: Calls per second to a shop, as they are unless the operator sets them otherwise.
DEFAULT_WRITES, DEFAULT_READS = 10, 20
#: So many calls show what that budget does; the time of more follows from their number.
CALLS_AT_BUDGET = 100


def measure(scale: float) -> Iterator[Figure]:
    number = max(MOST_EACH * 2, int(SKUS * scale) // MOST_EACH * MOST_EACH)
    for each in (MOST_EACH, 1):
        yield from _measured(shop_with(number, each=each), number, each)


def shop_with(number: int, *, each: int) -> Shop:
    """A shop of the sandbox with so many SKUs on sale, `each` of them in one listing."""
    remote = rows.connect(rows.make_merchant())
    remote.post("/existing", {"count": number // each, "variants": each})
    channel_sync.sync(remote.shop)
    exporting.send_quantities(remote.shop)
    return remote.shop


def _measured(shop: Shop, number: int, each: int) -> Iterator[Figure]:
    what = f"{number:,} changed SKUs in {number // each:,} listings"
    variants = _variants(shop)
    if len(variants) != number:
        raise AssertionError(f"{number} SKUs expected, {len(variants)} are on sale")
    with taking() as booking:
        _change(shop, variants, 1)
    yield Figure(f"{what}: booked", booking.seconds, "s", note=f"{booking.queries:,} queries")
    with taking() as sending:
        report = exporting.send_quantities(shop)
    _check(report, number // each)
    yield Figure(
        f"{what}: from commit to shown",
        sending.seconds,
        "s",
        note=f"{report.calls:,} calls; {sending.queries / report.calls:.1f} queries per call",
        budget=f"at most {MOST_SECONDS:.0f} s",
        is_kept=sending.seconds <= MOST_SECONDS if number == SKUS else None,
    )
    with taking() as reading:
        seen = read_back.read_back(shop)
    if seen.differing or seen.proven < number:
        raise AssertionError(f"the channel shows something else: {seen.summary()}")
    yield Figure(
        f"{what}: read back and proven",
        reading.seconds,
        "s",
        note=f"{seen.proven:,} figures, none different; {reading.queries:,} queries",
    )
    yield _at_default_budget(shop, variants, what, each)


def _at_default_budget(shop: Shop, variants: list[int], what: str, each: int) -> Figure:
    calls = min(CALLS_AT_BUDGET, len(variants) // each)
    some = variants[: calls * each]
    _change(shop, some, 2)
    with default_budget(), taking() as sending:
        report = exporting.send_quantities(shop)
    _check(report, calls)
    whole = sending.seconds * len(variants) / len(some)
    return Figure(
        f"{what}: {calls:,} of the calls at {DEFAULT_WRITES} a second",
        sending.seconds,
        "s",
        note=f"all of them: {whole:,.0f} s (reckoned from this)",
    )


@contextmanager
def default_budget() -> Iterator[None]:
    """Send no more calls per second than a shop is sent by default."""
    with override_settings(
        TIKTOK_SHOP_WRITES_PER_SECOND=DEFAULT_WRITES, TIKTOK_SHOP_READS_PER_SECOND=DEFAULT_READS
    ):
        yield


def _check(report: exporting.ExportReport, calls: int) -> None:
    if report.failures or report.calls != calls:
        raise AssertionError(f"{calls} calls expected: {report.summary('quantities')}")


def _variants(shop: Shop) -> list[int]:
    """The SKUs (variant ids) of a shop, those of a listing side by side."""
    stocks = OfferStock.objects.filter(offer__listing__shop=shop)
    found = stocks.order_by("offer__listing", "offer").values_list("offer__variant", flat=True)
    return list(dict.fromkeys(found))


def _change(shop: Shop, variants: list[int], turn: int) -> None:
    """Count these SKUs at the first mapped center: each has another figure than before."""
    center = WarehouseMapping.objects.filter(shop=shop).order_by("pk")[0].fulfillment_center_id
    stock.count_many(
        stock.Count(variant, center, 100 * turn + place % 7, f"ten:{shop.pk}:{turn}:{variant}")
        for place, variant in enumerate(variants)
    )
