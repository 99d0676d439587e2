"""Brings a listing that exists on the shop home: links what is known, creates what is not.

A SKU that exists here is linked and its product is not overwritten (R57); one that does not is
imported with everything the channel says of it (R56-R71).
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from catalog.html import sanitize
from catalog.models import (
    CategoryAttribute,
    ChannelCategory,
    ChannelWarehouse,
    Identifier,
    Image,
    Listing,
    ListingAttribute,
    ListingEvent,
    Offer,
    Product,
    Shop,
    UnlinkedListing,
    Variant,
    Video,
    WarehouseMapping,
)
from catalog.ports import RemoteListing, RemoteOffer, RemoteStatus
from catalog.services import listings, matching, stock, taxonomy, wanted
from catalog.states import listing_machine
from marketplace.kernel.errors import Refused

IMPORTED, LINKED = "imported", "linked"


def bring_home(
    shop: Shop, remote: RemoteListing, *, by: str = "listing import", as_new: bool = False
) -> str:
    """Import or link one listing of the shop; returns IMPORTED or LINKED.

    `as_new` makes a product of it even if one here bears the same identifier.
    Raises `Refused` when it cannot be joined with a product here; the sentence says why.
    """
    skus = {offer.external_id: matching.sku_of(offer) for offer in remote.offers}
    if len(set(skus.values())) < len(skus):
        raise Refused("Two of its variants carry the same SKU on the channel.")
    category = category_of(shop, remote)
    with transaction.atomic():
        known = {} if as_new else _known_variants(shop, remote, skus)
        product = _product_of(known) or _create_product(shop, remote, skus)
        listing = _attach(shop, product, remote, category, by=by)
        variants = _variants(shop, product, remote, skus, known)
        _offers(listing, remote, variants, new={*skus.values()} - set(known))
        _settle(listing)
        if not known:
            Listing.objects.filter(pk=listing.pk).update(
                published_hash=Listing.objects.values_list("content_hash", flat=True).get(
                    pk=listing.pk
                )
            )
    return LINKED if known else IMPORTED


def join(
    product: Product,
    shop: Shop,
    remote: RemoteListing,
    pairs: Mapping[str, Variant],
    category: ChannelCategory | None,
    *,
    by: str,
) -> Listing:
    """Join the channel's listing with a product that is here; nothing of the product changes.

    `pairs` are its variants by the channel's SKU id. Raises `Refused` if the product is listed on
    the shop already.
    """
    with transaction.atomic():
        listing = _attach(shop, product, remote, category, by=by)
        _offers(listing, remote, pairs, new=set())
        _settle(listing)
    return listing


def _settle(listing: Listing) -> None:
    UnlinkedListing.objects.filter(shop=listing.shop_id, external_id=listing.external_id).update(
        resolved_at=timezone.now()
    )
    listings.refresh_readiness([listing.pk])


def set_aside(shop: Shop, status: RemoteStatus, reason: str, *, title: str = "") -> None:
    """Remember a listing that could not be joined, so that a person sees it."""
    UnlinkedListing.objects.update_or_create(
        shop=shop,
        external_id=status.external_id,
        defaults={
            "title": title[:300],
            "seller_skus": list(status.seller_skus),
            "reason": reason,
            "resolved_at": None,
        },
    )


def _known_variants(
    shop: Shop, remote: RemoteListing, skus: Mapping[str, str]
) -> dict[str, Variant]:
    """Our variants by the SKU on the channel: those of that SKU, then those of its identifier."""
    by_sku = matching.by_sku(shop.merchant_id, remote.offers)
    products = {variant.product_id for variant in by_sku.values()}
    taken = {variant.pk for variant in by_sku.values()}
    by_number = {
        key: variant
        for key, variant in matching.by_identifier(shop.merchant_id, remote.offers).items()
        if variant.pk not in taken and (not products or variant.product_id in products)
    }
    return {skus[key]: variant for key, variant in {**by_number, **by_sku}.items()}


def _product_of(known: Mapping[str, Variant]) -> Product | None:
    products = {variant.product_id: variant.product for variant in known.values()}
    if len(products) > 1:
        titles = " and ".join(
            sorted(f"“{product}” ({product.sku})" for product in products.values())
        )
        raise Refused(f"Its SKUs belong to several products here: {titles}.")
    return next(iter(products.values()), None)


def _create_product(shop: Shop, remote: RemoteListing, skus: Mapping[str, str]) -> Product:
    is_simple = len(remote.offers) == 1 and not remote.offers[0].options
    sku = next(iter(skus.values())) if is_simple else remote.external_id
    if Product.objects.filter(merchant=shop.merchant_id, sku=sku).exists():
        raise Refused(f"A product with the SKU “{sku}” exists here without this variant.")
    product = Product.objects.create(
        merchant_id=shop.merchant_id,
        sku=sku,
        title=remote.title[:300],
        description=sanitize(remote.description),
        brand=remote.brand[:120],
        option_names=[] if is_simple else _option_names(remote),
        source=f"Imported from {shop.name}"[:60],
    )
    Image.objects.bulk_create(
        Image(product=product, source_url=address, position=position)
        for position, address in enumerate(dict.fromkeys(remote.image_urls))
    )
    if remote.video_url or remote.video_id:
        Video.objects.create(
            product=product, url=remote.video_url[:1000], external_id=remote.video_id
        )
    return product


def _option_names(remote: RemoteListing) -> list[str]:
    names: dict[str, None] = {}
    for offer in remote.offers:
        names.update(dict.fromkeys(name for name, _ in offer.options))
    return list(names)


def category_of(shop: Shop, remote: RemoteListing) -> ChannelCategory | None:
    """The category's row with its form; asked for before the transaction, for it may be a call."""
    if not remote.category_id:
        return None
    category = ChannelCategory.objects.filter(shop=shop, external_id=remote.category_id).first()
    if category is None:
        taxonomy.refresh(shop)
        category = ChannelCategory.objects.filter(shop=shop, external_id=remote.category_id).first()
    if category is not None:
        taxonomy.ensure_form(category)
    return category


def _attach(
    shop: Shop,
    product: Product,
    remote: RemoteListing,
    category: ChannelCategory | None,
    *,
    by: str,
) -> Listing:
    """Join the channel's listing with ours for this product, staged before or made now."""
    listing, _ = Listing.objects.get_or_create(shop=shop, product=product)
    if listing.external_id and listing.external_id != remote.external_id:
        raise Refused(
            f"“{product}” is already listed on {shop} as product {listing.external_id}; "
            "one of the two must be deleted there, or given another SKU."
        )
    status = remote.status
    facts = {
        "external_id": remote.external_id,
        "external_status": status.raw_status,
        "external_audit": status.raw_audit,
        "review": status.review,
        "problem": " ".join(status.reasons),
        "category": category or listing.category,
        "brand_external_id": remote.brand_id,
        "title": "" if remote.title == product.title else remote.title[:300],
        "imported_at": timezone.now(),
        "reviewed_at": timezone.now(),
    }
    old = listing_machine.move(listing, status.state, **facts)
    ListingEvent.objects.create(
        listing=listing, old=old, new=status.state, reason="Found on the shop", by=by
    )
    _attributes(listing, remote, category)
    return listing


def _attributes(listing: Listing, remote: RemoteListing, category: ChannelCategory | None) -> None:
    if category is None:
        return
    form = {row.external_id: row for row in CategoryAttribute.objects.filter(category=category)}
    ListingAttribute.objects.bulk_create(
        [
            ListingAttribute(
                listing=listing,
                attribute=form[item.attribute_id],
                value=item.value[:2000],
                value_external_id=item.value_id,
            )
            for item in remote.attributes
            if item.attribute_id in form
        ],
        ignore_conflicts=True,
    )


def _variants(
    shop: Shop,
    product: Product,
    remote: RemoteListing,
    skus: Mapping[str, str],
    known: Mapping[str, Variant],
) -> dict[str, Variant]:
    """Return our variants by the channel's SKU id; those that were missing are created."""
    found: dict[str, Variant] = {}
    for position, offer in enumerate(remote.offers):
        sku = skus[offer.external_id]
        found[offer.external_id] = known.get(sku) or _create_variant(
            shop, product, remote, offer, sku, position
        )
    return found


def _create_variant(
    shop: Shop, product: Product, remote: RemoteListing, offer: RemoteOffer, sku: str, position: int
) -> Variant:
    values = dict(offer.options)
    size = remote.dimensions
    variant = Variant.objects.create(
        merchant_id=shop.merchant_id,
        product=product,
        sku=sku[:100],
        options=[values.get(name, "") for name in product.option_names],
        price=offer.price.amount if offer.price else None,
        currency=offer.price.currency if offer.price else shop.currency,
        weight=remote.weight.value if remote.weight else None,
        weight_unit=remote.weight.unit if remote.weight else "",
        length=size.length if size else None,
        width=size.width if size else None,
        height=size.height if size else None,
        dimension_unit=size.unit if size else "",
        position=position,
    )
    Identifier.objects.bulk_create(
        Identifier(variant=variant, kind=kind, value=value)
        for kind, value in offer.identifiers.items()
    )
    return variant


def _offers(
    listing: Listing, remote: RemoteListing, variants: Mapping[str, Variant], *, new: set[str]
) -> None:
    """Keep the channel's SKU ids, prices and quantities in each warehouse (R69, R70)."""
    warehouses = {
        row.external_id: row for row in ChannelWarehouse.objects.filter(shop=listing.shop_id)
    }
    centers = {
        row.warehouse_id: row.fulfillment_center
        for row in WarehouseMapping.objects.filter(shop=listing.shop_id).select_related(
            "fulfillment_center"
        )
    }
    wanted.refresh_offers([listing])
    for remote_offer in remote.offers:
        variant = variants[remote_offer.external_id]
        offer = Offer.objects.get(listing=listing, variant=variant)
        offer.external_id = remote_offer.external_id
        offer.price_confirmed = remote_offer.price.amount if remote_offer.price else None
        # Linking is no change of price (R89): what stands there stays until our price changes.
        offer.price_sent = offer.price_wanted
        offer.save()
        for warehouse_id, units in remote_offer.quantities.items():
            warehouse = warehouses.get(warehouse_id)
            if warehouse is None:
                continue
            wanted.remember_quantity(offer, warehouse, units)
            center = centers.get(warehouse.pk)
            if center is not None and units and variant.sku in new:
                stock.receive(
                    variant,
                    center,
                    units,
                    reference=f"import:{listing.shop_id}:{remote_offer.external_id}:{warehouse_id}",
                    by="listing import",
                    note=f"Quantity shown in {warehouse}",
                )
