"""Products are staged, categorized and filled in by the thousand."""

from __future__ import annotations

from benchmarks import rows
from benchmarks.figures import Figure, Taken, per_thousand, taking
from catalog.models import (
    CategoryAttribute,
    ChannelCategory,
    Listing,
    ListingEvent,
    Offer,
    OfferStock,
    Shop,
    Variant,
    WarehouseMapping,
)
from catalog.services import listings
from catalog.states import ListingState

ATTRIBUTES = 10
REQUIRED = 5
CHOICES = [{"id": f"{number}", "name": f"Choice {number}"} for number in range(30)]


def measure(scale: float) -> list[Figure]:
    number = max(100, int(2000 * scale))
    merchant = rows.make_merchant()
    center = rows.make_center(merchant)
    shop, other = rows.make_shop(merchant, center), rows.make_shop(merchant, center)
    products = rows.make_products(merchant, number, center)
    category = _category(shop)
    with taking() as staging:
        listings.stage(products, shop, by="benchmark")
    staged = list(Listing.objects.filter(shop=shop).values_list("pk", flat=True))
    with taking() as categorizing:
        listings.categorize(staged, category, by="benchmark")
    with taking() as filling:
        for attribute in category.attributes.filter(is_required=True):
            listings.set_attribute(staged, attribute, ["Choice 1"], by="benchmark")
    with taking() as checking:
        listings.refresh_readiness(staged)
    ready = Listing.objects.filter(shop=shop, state=ListingState.READY).count()
    if ready != number:
        raise AssertionError(f"{ready} of {number} listings became ready")
    with taking() as floor:
        _raw_rows(products, other)
    return [
        _figure(f"Stage {number:,} products, offers and check included", number, staging, floor),
        _figure(f"Categorize {number:,} listings", number, categorizing),
        _figure(f"Fill in {REQUIRED} properties of {number:,} listings", number, filling),
        _figure(f"Check {number:,} listings again", number, checking),
    ]


def _figure(what: str, number: int, taken: Taken, floor: Taken | None = None) -> Figure:
    return Figure(
        what,
        taken.seconds,
        "s",
        floor.seconds if floor else None,
        "bulk insert of the same rows" if floor else "",
        f"{per_thousand(taken.queries, number)}, {taken.seconds * 1000 / number:.2f} s per 1,000",
        "constant queries per 1,000",
    )


def _category(shop: Shop) -> ChannelCategory:
    category = ChannelCategory.objects.create(
        shop=shop, external_id="1", name="Dog Toys", path="Pets > Dog Toys", is_leaf=True
    )
    CategoryAttribute.objects.bulk_create(
        CategoryAttribute(
            category=category,
            external_id=f"{position}",
            name=f"Property {position}",
            kind="product",
            is_required=position < REQUIRED,
            values=CHOICES,
            position=position,
        )
        for position in range(ATTRIBUTES)
    )
    return category


def _raw_rows(products: list[int], shop: Shop) -> None:
    warehouse = WarehouseMapping.objects.get(shop=shop).warehouse
    made = Listing.objects.bulk_create(
        (Listing(shop=shop, product_id=product) for product in products), batch_size=rows.BATCH
    )
    ListingEvent.objects.bulk_create(
        (ListingEvent(listing=row, new=row.state, reason="Staged") for row in made),
        batch_size=rows.BATCH,
    )
    variants = dict(Variant.objects.filter(product__in=products).values_list("product", "pk"))
    offers = Offer.objects.bulk_create(
        (
            Offer(listing=row, variant_id=variants[row.product_id], currency=shop.currency)
            for row in made
        ),
        batch_size=rows.BATCH,
    )
    OfferStock.objects.bulk_create(
        (OfferStock(offer=offer, warehouse=warehouse) for offer in offers), batch_size=rows.BATCH
    )
