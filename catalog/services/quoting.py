"""Asking a rule's strategy for prices, with what it needs loaded for many offers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max, Sum
from django.utils import timezone

from catalog.models import (
    Listing,
    Offer,
    OfferStock,
    PriceCause,
    PriceChange,
    PriceRule,
    Shop,
)
from catalog.ports_sales import sales_histories
from catalog.pricing import bounds as limits
from catalog.pricing import strategies
from catalog.pricing.base import Needs, PriceContext, Quote, Stay
from catalog.services.price_facts import PriceFacts
from catalog.states import ListingState, ShopState
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import Money

#: Sales are counted only while orders come in: a price must not fall because nobody read them.
ORDERS_ARE_FRESH = timedelta(hours=6)


@dataclass(frozen=True)
class Loaded:
    """What a strategy needs to know of some offers, by their id."""

    source_name: str = ""
    sources: Mapping[int, Money] = field(default_factory=dict)
    available: Mapping[int, int] = field(default_factory=dict)
    sold: Mapping[int, int] = field(default_factory=dict)
    changed_at: Mapping[int, datetime] = field(default_factory=dict)


def needs_of(rule: PriceRule) -> Needs:
    """What a rule's strategy looks at. Raises `Refused` if there is no such strategy."""
    if rule.strategy not in strategies:
        raise Refused(f"There is no strategy “{rule.strategy}” any more: choose another.")
    return strategies.get(rule.strategy).needs(rule.settings)


def check(rule: PriceRule) -> None:
    """Raise `Refused`, in words for the rule's page, if it cannot run at all now."""
    if not rule.strategy:
        return
    needs = needs_of(rule)
    if needs.source_shop:
        _source_shop(rule, needs.source_shop)
    if needs.sales_window:
        _check_orders(rule.shop)


def source_shop_name(rule: PriceRule) -> str:
    """The name of the shop whose prices a rule copies; empty where there is none."""
    source = needs_of(rule).source_shop if rule.strategy else None
    return str(Shop.objects.filter(pk=source).first() or "") if source else ""


def _source_shop(rule: PriceRule, pk: int) -> Shop:
    found = Shop.objects.filter(pk=pk, merchant=rule.shop.merchant_id).first()
    if found is None:
        raise Refused("The shop whose prices it copies is gone: choose another.")
    if found.state == ShopState.DISCONNECTED:
        raise Refused(f"{found}, whose prices it copies, is disconnected: choose another shop.")
    return found


def _check_orders(shop: Shop) -> None:
    through = sales_histories.get("orders").read_through(shop)
    if through is None:
        raise Refused(f"The orders of {shop} were never read, so its sales are not known yet.")
    if timezone.now() - through > ORDERS_ARE_FRESH:
        raise Refused(
            f"The orders of {shop} were last read {through:%Y-%m-%d %H:%M} UTC, so its sales are "
            "not known. Prices stay until orders come in again: see “Order readings”."
        )


def load(rule: PriceRule, offers: Sequence[Offer], now: datetime) -> Loaded:
    """Load what the rule's strategy needs of these offers, in a constant number of queries."""
    needs = needs_of(rule)
    if needs.source_shop:
        shop = _source_shop(rule, needs.source_shop)
        return Loaded(source_name=shop.name, sources=_shown_in(shop, offers))
    if needs.sales_window is None:
        return Loaded()
    ids = [offer.pk for offer in offers]
    history = sales_histories.get("orders")
    by_variant = history.units_sold(
        rule.shop, {row.variant_id for row in offers}, since=now - needs.sales_window, until=now
    )
    stocks = OfferStock.objects.filter(offer__in=ids).order_by().values("offer")
    available = stocks.annotate(units=Sum("wanted")).values_list("offer", "units")
    rows = PriceChange.objects.filter(offer__in=ids, cause=PriceCause.RULE, at__lte=now)
    changed = rows.order_by().values("offer").annotate(last=Max("at")).values_list("offer", "last")
    return Loaded(
        sold={row.pk: by_variant.get(row.variant_id, 0) for row in offers},
        available=dict(available),
        changed_at=dict(changed),
    )


def _shown_in(shop: Shop, offers: Sequence[Offer]) -> dict[int, Money]:
    """What a shop shows for the SKUs of these offers, by the offer's id."""
    variants = {offer.variant_id for offer in offers}
    found = Offer.objects.filter(listing__shop=shop, variant__in=variants)
    shown: dict[int, Money] = {}
    for offer in found:
        price = _shown(offer)
        if price is not None:
            shown[offer.variant_id] = Money(price, offer.currency)
    return {row.pk: shown[row.variant_id] for row in offers if row.variant_id in shown}


def _shown(offer: Offer) -> Decimal | None:
    """What was read back since it was last sent, else what was sent, else what will be."""
    read, sent = offer.price_confirmed_at, offer.price_sent_at
    if offer.price_confirmed is not None and (sent is None or (read is not None and read >= sent)):
        return offer.price_confirmed
    return offer.price_sent if offer.price_sent is not None else offer.price_wanted


def quote(rule: PriceRule, offer: Offer, facts: PriceFacts, loaded: Loaded) -> Quote | Stay:
    """The price by the rule's strategy, before any bounds."""
    context = PriceContext(
        currency=offer.currency,
        now=facts.now,
        rates=facts.rates,
        current=offer.price_wanted,
        catalog=facts.catalog_price(offer),
        source=loaded.sources.get(offer.pk),
        source_name=loaded.source_name,
        cost=facts.cost(offer),
        fulfillment=facts.fulfillment(offer),
        available=loaded.available.get(offer.pk, 0),
        units_sold=loaded.sold.get(offer.pk, 0),
        on_sale_since=_on_sale_since(facts.listings[offer.listing_id], offer),
        changed_at=loaded.changed_at.get(offer.pk),
    )
    return strategies.get(rule.strategy).quote(context, rule.settings)


def within(found: Quote | Stay, offer: Offer, facts: PriceFacts) -> Quote | Stay:
    """A quoted price within all that limits the offer: bounds, region, the day, the ending."""
    if isinstance(found, Stay):
        return found
    bounds = facts.bounds(offer, with_day=True)
    return bounds if isinstance(bounds, Stay) else limits.settle(found, bounds)


def _on_sale_since(listing: Listing, offer: Offer) -> datetime | None:
    """Since when buyers could buy it and we know of every order; None while they cannot."""
    if listing.state != ListingState.ACTIVE:
        return None
    begun = listing.uploaded_at or listing.imported_at or listing.published_at or offer.created_at
    known = listing.shop.connected_at
    return max(begun, known) if known else begun
