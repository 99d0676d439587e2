"""A price rule over 10,000 offers: prices that all move, prices that stay, and sending them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from benchmarks import ten_thousand
from benchmarks.figures import Figure, per_thousand, taking
from catalog.models import Offer, PriceRule, Shop
from catalog.services import exporting, price_rules, repricing
from orders.services import intake

#: After so long on sale its sales are judged.
LATER = timedelta(days=8)
REST = timedelta(days=2)


def measure(scale: float) -> Iterator[Figure]:
    number = max(200, int(ten_thousand.SKUS * scale) // 100 * 100)
    shop = ten_thousand.shop_with(number, each=100)
    # Sales are judged only of a shop whose orders are read.
    intake.pull_orders(shop)
    yield from _copied(shop, number)
    yield from _sent(shop, number)
    yield from _by_sales(shop, number)


def _copied(shop: Shop, number: int) -> Iterator[Figure]:
    now = timezone.now()
    settings = {"source": "catalog", "modifier": "5", "modifier_unit": "percent"}
    rule = _rule(shop, "mirror", settings, now)
    yield _run(rule, now, f"The catalog's price plus 5 % for {number:,} offers", changed=number)
    yield _run(rule, now, f"The same rule again over {number:,} offers", changed=0)
    with taking() as trying:
        tried = sum(
            1 for _ in repricing.dry_run(rule, Offer.objects.filter(listing__shop=shop), now)
        )
    if tried != number:
        raise AssertionError(f"{number} offers to try, {tried} tried")
    note = per_thousand(trying.queries, number)
    yield Figure(f"Dry run over {number:,} offers", trying.seconds, "s", note=note)


def _sent(shop: Shop, number: int) -> Iterator[Figure]:
    with taking() as sending:
        report = exporting.send_prices(shop)
    if report.failures or report.held or report.sent != number:
        raise AssertionError(f"{number} prices to send: {report.summary('prices')}")
    yield Figure(
        f"These {number:,} prices sent to the channel",
        sending.seconds,
        "s",
        note=f"{report.calls:,} calls; {sending.queries / report.calls:.1f} queries per call",
    )


def _by_sales(shop: Shop, number: int) -> Iterator[Figure]:
    now = timezone.now() + LATER
    for rule in PriceRule.objects.filter(shop=shop):
        price_rules.delete(rule, by="benchmark", now=now)
    rule = _rule(shop, "sales_velocity", {"target_units": "10"}, now)
    stocked = Offer.objects.filter(listing__shop=shop, stocks__wanted__gt=0).distinct().count()
    what = f"Sales velocity for {number:,} offers, none of which sells"
    # Prices have gone back to the catalog's, and rest for a day after that.
    yield _run(rule, now + REST, what, changed=stocked)


def _rule(shop: Shop, strategy: str, settings: dict[str, Any], now: datetime) -> PriceRule:
    rule = PriceRule(
        shop=shop,
        name=f"All of it by {strategy}",
        strategy=strategy,
        settings=settings,
        floor=Decimal("1.00"),
        ceiling=Decimal("5000.00"),
    )
    price_rules.save(rule, by="benchmark", now=now)
    repricing.settle_marked(shop, now)
    return rule


def _run(rule: PriceRule, now: datetime, what: str, *, changed: int) -> Figure:
    with taking() as running:
        ran = repricing.run(rule, now)
    if ran.changed != changed:
        raise AssertionError(f"{what}: {changed} to change, {ran.changed} changed: {ran.reasons}")
    return Figure(
        what,
        running.seconds,
        "s",
        note=f"{running.queries:,} queries ({per_thousand(running.queries, ran.looked)}); "
        f"{ran.changed:,} changed",
    )
