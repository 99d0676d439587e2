"""One page takes a new product to a published listing (R25): product, stock, listing, queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from catalog.models import (
    CategoryAttribute,
    ChannelCategory,
    FulfillmentCenter,
    Listing,
    Merchant,
    Product,
    Shop,
    Tag,
    Variant,
)
from catalog.services import identifiers, listings, product_pictures, publishing, stock
from marketplace.kernel.errors import Refused


@dataclass(frozen=True)
class NewVariant:
    """One unit to be sold: its own SKU, its value of every option, and what it costs and weighs."""

    sku: str
    options: Sequence[str] = ()
    price: Decimal | None = None
    compare_at_price: Decimal | None = None
    cost: Decimal | None = None
    currency: str = "USD"
    weight: Decimal | None = None
    weight_unit: str = ""
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    dimension_unit: str = ""
    #: kind -> number, see `catalog.services.identifiers`
    identifiers: Mapping[str, str] = field(default_factory=dict)
    quantity: int = 0


@dataclass(frozen=True)
class NewProduct:
    """What a person filled in; without a shop nothing is listed."""

    merchant: Merchant
    sku: str
    title: str
    variants: Sequence[NewVariant]
    description: str = ""
    brand: str = ""
    product_type: str = ""
    tags: Sequence[str] = ()
    option_names: Sequence[str] = ()
    pictures: Sequence[bytes] = ()
    fulfillment_center: FulfillmentCenter | None = None
    shop: Shop | None = None
    category: ChannelCategory | None = None
    properties: Sequence[tuple[CategoryAttribute, Sequence[str]]] = ()


@dataclass(frozen=True)
class Created:
    """The product, its listing if it has a sales channel, and why that was not queued."""

    product: Product
    listing: Listing | None = None
    is_queued: bool = False
    refusal: str = ""


def create(new: NewProduct, *, by: str) -> Created:
    """Make the product with its stock and its staged listing, all of it or nothing.

    Raises `Refused`, leaving nothing behind, if a part of it cannot be.
    """
    try:
        return _create(new, by)
    except IntegrityError as error:
        raise Refused(
            f"Somebody saved a product with the SKU {new.sku}, or one of its variants' SKUs, at "
            "the same moment. Look for it under Products."
        ) from error


def _create(new: NewProduct, by: str) -> Created:
    with transaction.atomic(), _no_files_left_behind() as files:
        product = _save_product(new)
        _tag(product, new.tags)
        variants = [_save_variant(product, place, row) for place, row in enumerate(new.variants)]
        files.extend(str(image.file.name) for image in product_pictures.add(product, new.pictures))
        _receive_stock(new, variants, by)
        listing = _stage(new, new.shop, product, by) if new.shop else None
    return Created(product, listing)


def create_and_publish(new: NewProduct, *, by: str) -> Created:
    """Create, then queue the listing; one that misses something stays Incomplete and says why.

    The caller nudges the publishing job if the listing was queued.
    """
    made = create(new, by=by)
    if made.listing is None:
        return Created(made.product, refusal="No sales channel was chosen.")
    try:
        publishing.request_publish(made.listing, by=by)
    except Refused as refusal:
        return Created(made.product, made.listing, refusal=refusal.message)
    return Created(made.product, made.listing, is_queued=True)


def _save_product(new: NewProduct) -> Product:
    if Product.objects.filter(merchant=new.merchant, sku=new.sku).exists():
        raise Refused(f"{new.merchant} has a product with the SKU {new.sku} already.")
    taken = Variant.objects.filter(merchant=new.merchant, sku__in=[row.sku for row in new.variants])
    if first := taken.first():
        raise Refused(f"{new.merchant} has a variant with the SKU {first.sku} already.")
    return Product.objects.create(
        merchant=new.merchant,
        sku=new.sku,
        title=new.title,
        description=new.description,
        brand=new.brand,
        product_type=new.product_type,
        option_names=list(new.option_names),
        source="admin",
    )


def _tag(product: Product, names: Sequence[str]) -> None:
    tags = [Tag.objects.get_or_create(merchant=product.merchant, name=name)[0] for name in names]
    product.tags.set(tags)


def _save_variant(product: Product, place: int, row: NewVariant) -> Variant:
    variant = Variant.objects.create(
        merchant=product.merchant,
        product=product,
        position=place,
        sku=row.sku,
        options=list(row.options),
        price=row.price,
        compare_at_price=row.compare_at_price,
        cost=row.cost,
        currency=row.currency,
        weight=row.weight,
        weight_unit=row.weight_unit,
        length=row.length,
        width=row.width,
        height=row.height,
        dimension_unit=row.dimension_unit,
    )
    identifiers.set_all(variant, row.identifiers)
    return variant


def _receive_stock(new: NewProduct, variants: Sequence[Variant], by: str) -> None:
    arrived = [pair for pair in zip(variants, new.variants, strict=True) if pair[1].quantity]
    for variant, row in arrived:
        if new.fulfillment_center is None:
            raise Refused("Choose the fulfillment center where the quantity is.")
        stock.receive(
            variant,
            new.fulfillment_center,
            row.quantity,
            reference=f"new-product:{variant.pk}",
            by=by,
            note="Quantity given when the product was made",
        )


def _stage(new: NewProduct, shop: Shop, product: Product, by: str) -> Listing:
    listings.stage([product.pk], shop, by=by)
    listing = Listing.objects.select_related("shop", "product").get(product=product, shop=shop)
    if new.category is not None:
        listings.categorize([listing.pk], new.category, by=by)
        for attribute, values in new.properties:
            if values:
                listings.set_attribute([listing.pk], attribute, values, by=by)
    listing.refresh_from_db()
    return listing


@contextmanager
def _no_files_left_behind() -> Iterator[list[str]]:
    """Files are not part of a transaction: if it fails, those that were written go."""
    written: list[str] = []
    try:
        yield written
    except BaseException:
        for name in written:
            default_storage.delete(name)
        raise
