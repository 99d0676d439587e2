"""Shops with listings and price rules, for tests of prices."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils import timezone

from catalog.models import Listing, Merchant, Offer, PriceChange, PriceRule, Product, Shop
from catalog.pricing.base import Quote
from catalog.services import listings, price_rules
from catalog.services.price_facts import load
from catalog.services.wanted_prices import resolve
from orders.models import IntakeCursor
from tests import factories


def stage(shop: Shop, *products: Product) -> list[Offer]:
    """List products on a shop; return their offers."""
    listings.stage([row.pk for row in products], shop, by="test")
    found = Listing.objects.filter(shop=shop, product__in=products)
    return list(Offer.objects.filter(listing__in=found).order_by("pk"))


def offer_on(shop: Shop, price: str = "20.00", **variant: Any) -> Offer:
    """One offer of a new product on a shop."""
    product = factories.make_product(shop.merchant, price=price, with_image=False)
    if variant:
        product.variants.update(**variant)
    (offer,) = stage(shop, product)
    return offer


def make_rule(shop: Shop, **changes: Any) -> PriceRule:
    """A stored rule; prices under it are worked out."""
    rule = PriceRule(shop=shop, **{"name": "Rule", **changes})
    price_rules.save(rule, by="ann", now=timezone.now())
    return rule


def mirror(source: Shop | str = "catalog", modifier: str = "0", unit: str = "percent") -> Any:
    settings = {"source": source if isinstance(source, str) else source.pk}
    return {
        "strategy": "mirror",
        "settings": {**settings, "modifier": modifier, "modifier_unit": unit},
    }


def velocity(**settings: Any) -> Any:
    base = {"target_units": 10, "step_up": "5", "step_down": "5"}
    return {"strategy": "sales_velocity", "settings": {**base, **settings}}


def on_sale(offer: Offer, days: int = 60) -> None:
    """Live for so many days, with orders read until now."""
    long_ago = timezone.now() - timedelta(days=days)
    Shop.objects.update(connected_at=long_ago)
    # A state is written by its machine alone; a fixture stands for all its moves.
    Listing.objects.filter(pk=offer.listing_id).update(
        state="active", external_id=f"p{offer.pk}", uploaded_at=long_ago
    )
    Offer.objects.filter(pk=offer.pk).update(external_id=f"s{offer.pk}")
    IntakeCursor.objects.update_or_create(
        shop_id=offer.listing.shop_id,
        defaults={"updated_through": timezone.now(), "read_through": timezone.now()},
    )


def price(offer: Offer) -> Decimal | None:
    offer.refresh_from_db()
    return offer.price_wanted


def assert_right(merchant: Merchant) -> None:
    """Every price is what its rows say, within its bounds, and its history has no gap."""
    offers = list(Offer.objects.filter(listing__shop__merchant=merchant).order_by("pk"))
    facts = load(offers, timezone.now())
    for offer in offers:
        found = resolve(offer, facts)
        bounds = facts.bounds(offer)
        if isinstance(found, Quote):
            assert offer.price_wanted == found.price.amount, offer.price_why
            assert bounds.floor is None or offer.price_wanted >= bounds.floor.amount
            assert bounds.ceiling is None or offer.price_wanted <= bounds.ceiling.amount
        changes = list(PriceChange.objects.filter(offer=offer).order_by("pk"))
        for earlier, later in pairwise(changes):
            assert later.old == earlier.new
        if changes:
            assert changes[-1].new == offer.price_wanted
        assert all(change.old != change.new for change in changes)
