"""Figures of the rows of one page, each kind in one query however many rows there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Max, Min, Prefetch, Sum, prefetch_related_objects

from catalog.models import (
    Image,
    Listing,
    Offer,
    OfferStock,
    Product,
    StockLevel,
    Variant,
)
from catalog.services import recipes

PICTURES = Image.objects.exclude(file="").order_by("position", "pk")


@dataclass
class ProductFigures:
    """What a list says about a product beyond its own columns."""

    variants: int = 0
    available: int = 0
    states: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class ListingFigures:
    """The prices and the quantity that a listing's offers should show."""

    lowest: Decimal | None = None
    highest: Decimal | None = None
    currency: str = ""
    quantity: int | None = None


def add_pictures(rows: Sequence[Any], path: str) -> None:
    """Load the pictures of these rows' products; `path` leads to them."""
    prefetch_related_objects(list(rows), Prefetch(path, PICTURES, to_attr="pictures"))


def picture_url(product: Product) -> str:
    """The address of the primary image; empty if it has none."""
    pictures: list[Image] = getattr(product, "pictures", [])
    return pictures[0].file.url if pictures else ""


def of_products(products: Sequence[Product]) -> dict[int, ProductFigures]:
    """Variants, units that can be sold and where each product stands on the shops."""
    found: dict[int, ProductFigures] = defaultdict(ProductFigures)
    ids = [product.pk for product in products]
    owners = dict(Variant.objects.filter(product__in=ids).order_by().values_list("pk", "product"))
    for product in owners.values():
        found[product].variants += 1
    for variant, free in recipes.totals(owners).items():
        found[owners[variant]].available += free
    for listing in Listing.objects.filter(product__in=ids).select_related("shop").order_by("shop"):
        found[listing.product_id].states.append(
            (listing.state, f"{listing.shop.name}: {listing.get_state_display()}")
        )
    return found


def available_of_variants(variants: Sequence[Variant]) -> dict[int, tuple[int, int]]:
    """On hand and available units of each variant, over all places."""
    rows = StockLevel.objects.filter(variant__in=[row.pk for row in variants]).order_by()
    units = dict(rows.values_list("variant").annotate(units=Sum("on_hand")))
    free = recipes.totals([row.pk for row in variants])
    return {row.pk: (units.get(row.pk, 0), free.get(row.pk, 0)) for row in variants}


def of_listings(listings: Sequence[Listing]) -> dict[int, ListingFigures]:
    """The range of wanted prices and the sum of wanted quantities over mapped warehouses."""
    found: dict[int, ListingFigures] = defaultdict(ListingFigures)
    ids = [listing.pk for listing in listings]
    offers = Offer.objects.filter(listing__in=ids).order_by()
    prices = offers.values_list("listing", "currency").annotate(
        low=Min("price_wanted"), high=Max("price_wanted")
    )
    for listing, currency, low, high in prices:
        row = found[listing]
        row.lowest, row.highest, row.currency = low, high, currency
    stocks = OfferStock.objects.filter(
        offer__listing__in=ids, warehouse__mapping__isnull=False
    ).order_by()
    for listing, units in stocks.values_list("offer__listing").annotate(units=Sum("wanted")):
        found[listing].quantity = units
    return found
