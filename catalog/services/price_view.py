"""What the pages of products and listings say of a SKU's prices and quantities over some days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.models import Listing, Offer, PriceChange, Product, Variant
from catalog.models.offer import OfferQuerySet
from catalog.services import charts, side_by_side
from catalog.services.charts import Chart
from catalog.services.side_by_side import Standing

DAYS = (30, 90, 365)
MOST_SHOPS = 50
CHANGES_SHOWN = 10


@dataclass(frozen=True)
class Asked:
    """Which SKU (variant id) a person wants to see, and over how many days until now."""

    sku: int | None = None
    days: int = DAYS[0]

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Read it from an address; what makes no sense there counts as not asked."""
        sku, days = query.get("sku", ""), query.get("days", "")
        is_number = sku.isascii() and sku.isdigit() and len(sku) < 19
        known = {str(days): days for days in DAYS}
        return cls(int(sku) if is_number else None, known.get(days, DAYS[0]))


@dataclass(frozen=True)
class PriceView:
    """One SKU on its shops now and over time; the SKUs and spans that can be chosen instead."""

    variants: Sequence[Variant]
    chosen: Variant
    days: int
    currency: str
    standings: Sequence[Standing]
    changes: Sequence[PriceChange]
    price_charts: Sequence[Chart]
    quantity_chart: Chart
    is_part: bool = False

    @property
    def spans(self) -> Sequence[int]:
        return DAYS

    @property
    def has_history(self) -> bool:
        """Whether there is any point to be drawn."""
        return bool(self.price_charts or self.quantity_chart.lines)


def of_product(product: Product, asked: Asked, now: datetime) -> PriceView | None:
    """A SKU of a product on all shops of its merchant; None if the product has no SKU."""
    variants = list(product.variants.order_by("position", "pk"))
    return _view(variants, Offer.objects.all(), product, asked, now)


def of_listing(listing: Listing, asked: Asked, now: datetime) -> PriceView | None:
    """A SKU of a listing on its shop; None if the listing offers none."""
    offered = Variant.objects.filter(offers__listing=listing).order_by("position", "pk")
    offers = Offer.objects.filter(listing=listing)
    return _view(list(offered), offers, listing.product, asked, now)


def _view(
    variants: Sequence[Variant],
    offers: OfferQuerySet,
    product: Product,
    asked: Asked,
    now: datetime,
) -> PriceView | None:
    chosen = _chosen(variants, asked.sku)
    if chosen is None:
        return None
    merchant, since = product.merchant, now - timedelta(days=asked.days)
    # A SKU is offered on its own merchant's shops alone; asking for them says so.
    mine = offers.filter(variant=chosen, listing__shop__merchant=merchant)
    found, facts = side_by_side.standings(
        mine.order_by("listing__shop__name", "pk")[: MOST_SHOPS + 1],
        currency=merchant.currency,
        now=now,
    )
    rows = found[:MOST_SHOPS]
    history = PriceChange.objects.filter(offer__in=[row.offer.pk for row in rows])
    return PriceView(
        variants=variants,
        chosen=chosen,
        days=asked.days,
        currency=merchant.currency,
        standings=rows,
        changes=list(history.select_related("offer__listing__shop")[:CHANGES_SHOWN]),
        price_charts=charts.prices([row.offer for row in rows], facts, since=since, until=now),
        quantity_chart=charts.quantity(chosen, since=since, until=now),
        is_part=len(found) > MOST_SHOPS,
    )


def _chosen(variants: Iterable[Variant], sku: int | None) -> Variant | None:
    rows = {row.pk: row for row in variants}
    return rows.get(sku or 0) or next(iter(rows.values()), None)
