"""One SKU on all its shops: prices, limits and quantities beside each other (B21)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from catalog.models import (
    Drift,
    Listing,
    Offer,
    OfferStock,
    PriceRule,
    Shop,
    WarehouseMapping,
)
from catalog.models.offer import OfferQuerySet
from catalog.pricing.base import Stay
from catalog.pricing.bounds import Limit, Region
from catalog.pricing.rates import NoRate
from catalog.services import price_facts, quantity_looks
from catalog.services.price_facts import PriceFacts
from marketplace.kernel.money import Money


@dataclass(frozen=True)
class Place:
    """A quantity in a channel warehouse; `shared_with` are other shops that sell the same units."""

    stock: OfferStock
    center: str
    why: str
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """An offer as it stands on its shop; amounts without a currency are in the shop's.

    `in_main` is the price wanted in the merchant's currency and `rate` what it was converted by;
    where that is not possible, `rate` says why.
    """

    offer: Offer
    rule: PriceRule | None
    floor: Limit | None
    ceiling: Limit | None
    no_limits: str
    region: Region
    in_main: Money | None
    rate: str
    places: Sequence[Place]
    differences: Sequence[str]

    @property
    def listing(self) -> Listing:
        return self.offer.listing

    @property
    def shop(self) -> Shop:
        return self.offer.listing.shop


def standings(
    offers: OfferQuerySet, *, currency: str, now: datetime
) -> tuple[list[Standing], PriceFacts]:
    """How these offers stand, and the facts of their prices; a fixed number of queries.

    `currency` is the one in which they are compared, the merchant's.
    """
    stocks = OfferStock.objects.select_related("warehouse__mapping__fulfillment_center").order_by(
        "warehouse__name"
    )
    loaded = offers.select_related("variant", "listing__shop", "listing__product")
    rows = list(loaded.prefetch_related(Prefetch("stocks", stocks)))
    facts = price_facts.load(rows, now)
    shown = [stock for row in rows for stock in row.stocks.all()]
    reasons = quantity_looks.why(stock.pk for stock in shown)
    shops = sharing({pk for stock in shown if (pk := _center(stock))})
    differences = _differences(rows)
    found = []
    for row in rows:
        bounds = facts.bounds(row)
        in_main, rate = _converted(row, currency, facts)
        found.append(
            Standing(
                offer=row,
                rule=facts.rule(row),
                floor=None if isinstance(bounds, Stay) else bounds.floor,
                ceiling=None if isinstance(bounds, Stay) else bounds.ceiling,
                no_limits=bounds.why if isinstance(bounds, Stay) else "",
                region=facts.region(row),
                in_main=in_main,
                rate=rate,
                places=[_place(row, stock, reasons, shops) for stock in row.stocks.all()],
                differences=differences[row.pk],
            )
        )
    return found, facts


def sharing(centers: Collection[int]) -> dict[int, list[Shop]]:
    """The shops that sell from each of these centers (ids): one query."""
    found: dict[int, list[Shop]] = defaultdict(list)
    rows = WarehouseMapping.objects.filter(fulfillment_center__in=centers)
    for row in rows.select_related("shop").order_by("shop__name", "pk"):
        found[row.fulfillment_center_id].append(row.shop)
    return found


def _center(stock: OfferStock) -> int | None:
    mapping: WarehouseMapping | None = getattr(stock.warehouse, "mapping", None)
    return mapping.fulfillment_center_id if mapping else None


def _place(
    offer: Offer, stock: OfferStock, reasons: dict[int, str], shops: dict[int, list[Shop]]
) -> Place:
    center = _center(stock)
    if center is None:
        return Place(stock, "", reasons[stock.pk])
    others = tuple(str(shop) for shop in shops[center] if shop != offer.listing.shop)
    name = str(stock.warehouse.mapping.fulfillment_center)
    return Place(stock, name, reasons[stock.pk], others)


def _converted(offer: Offer, currency: str, facts: PriceFacts) -> tuple[Money | None, str]:
    if offer.price_wanted is None:
        return None, ""
    money = Money(offer.price_wanted, offer.currency)
    if money.currency == currency:
        return money, ""
    found = facts.rates.convert(money, currency, facts.now.date())
    if isinstance(found, NoRate):
        return None, found.why
    return found.money, str(found.by) if found.by else ""


def _differences(offers: Sequence[Offer]) -> dict[int, list[str]]:
    """What the channel was seen to show and was not sent, in sentences by offer id."""
    by_id = {row.pk: row for row in offers}
    found: dict[int, list[str]] = defaultdict(list)
    for one in Drift.objects.open().filter(offer__in=by_id).select_related("warehouse"):
        if one.warehouse:
            what = f"{one.warehouse}: {int(one.sent):,} sent, {int(one.shown):,} shown there."
        else:
            currency = by_id[one.offer_id].currency
            sent, shown = Money(one.sent, currency), Money(one.shown, currency)
            what = f"Price: {sent} sent, {shown} shown there."
        found[one.offer_id].append(f"{what} {one.get_cause_display()}.")
    return found
