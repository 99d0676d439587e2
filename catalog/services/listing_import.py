"""Brings a listing that exists on the shop home: links what is known, creates what is not.

A SKU that exists here is linked and its product is not overwritten (R57); one that does not is
imported with everything the channel says of it (R56-R71).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from catalog.html import sanitize
from catalog.models import (
    CategoryAttribute,
    ChannelCategory,
    Identifier,
    Image,
    Listing,
    ListingAttribute,
    ListingEvent,
    Product,
    Shop,
    UnlinkedListing,
    ValueOrigin,
    Variant,
    Video,
)
from catalog.ports import RemoteListing, RemoteOffer, RemoteStatus
from catalog.services import (
    imported_offers,
    listings,
    matching,
    published,
    taxonomy,
    template_filling,
)
from catalog.services.imported_offers import Joined
from catalog.states import listing_machine
from marketplace.kernel.errors import Refused

IMPORTED, LINKED = "imported", "linked"
BY = "listing import"


@dataclass(frozen=True)
class Arrival(Joined):
    """A listing that was joined just now, and whether its product was made for it."""

    outcome: str = LINKED


def bring_home(shop: Shop, remote: RemoteListing, *, by: str = BY, as_new: bool = False) -> str:
    """Import or link one listing of the shop; returns IMPORTED or LINKED.

    `as_new` makes a product of it even if one here bears the same identifier.
    Raises `Refused` when it cannot be joined with a product here; the sentence says why.
    """
    category = category_of(shop, remote)
    with transaction.atomic():
        joined = _join_or_make(shop, remote, category, by=by, as_new=as_new)
        _settle(shop, [joined])
    return joined.outcome


def bring_home_many(
    shop: Shop, remotes: Sequence[RemoteListing], *, by: str = BY
) -> list[str | Refused]:
    """Import or link some listings at once; one that is refused does not stop the others.

    Returns for each IMPORTED, LINKED, or why it cannot be joined with a product here.
    """
    outcomes: list[str | Refused] = []
    joined: list[Arrival] = []
    categories = [category_of(shop, remote) for remote in remotes]
    with transaction.atomic():
        for remote, category in zip(remotes, categories, strict=True):
            try:
                with transaction.atomic():
                    one = _join_or_make(shop, remote, category, by=by, as_new=False)
            except Refused as refusal:
                outcomes.append(refusal)
            else:
                joined.append(one)
                outcomes.append(one.outcome)
        _settle(shop, joined)
    return outcomes


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
        _settle(shop, [Arrival(listing, remote, pairs)])
    return listing


def _join_or_make(
    shop: Shop,
    remote: RemoteListing,
    category: ChannelCategory | None,
    *,
    by: str,
    as_new: bool,
) -> Arrival:
    skus = {offer.external_id: matching.sku_of(offer) for offer in remote.offers}
    if len(set(skus.values())) < len(skus):
        raise Refused("Two of its variants carry the same SKU on the channel.")
    known = {} if as_new else _known_variants(shop, remote, skus)
    product = _product_of(known) or _create_product(shop, remote, skus)
    listing = _attach(shop, product, remote, category, by=by)
    made = _create_variants(shop, product, remote, skus, known)
    found = {key: known.get(sku) or made[sku] for key, sku in skus.items()}
    new = frozenset(variant.pk for variant in made.values())
    return Arrival(listing, remote, found, new, LINKED if known else IMPORTED)


def _settle(shop: Shop, arrivals: Sequence[Arrival]) -> None:
    """What can be done for all of them at once: offers, quantities, requirements."""
    imported_offers.keep(shop, arrivals)
    UnlinkedListing.objects.filter(
        shop=shop, external_id__in=[one.remote.external_id for one in arrivals]
    ).update(resolved_at=timezone.now())
    listings.refresh_readiness([one.listing.pk for one in arrivals])
    published.remember_as_here([one.listing.pk for one in arrivals if one.outcome == IMPORTED])
    for one in arrivals:
        if one.outcome == LINKED:
            published.remember_as_read(one.listing.pk, one.remote)


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
        if taxonomy.is_fresh(shop):
            return None
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
    listing, is_new = Listing.objects.get_or_create(shop=shop, product=product)
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
        "title": "" if remote.title == _made_title(listing, category) else remote.title[:300],
        "imported_at": timezone.now(),
        "reviewed_at": timezone.now(),
    }
    old = listing_machine.move(listing, status.state, **facts)
    ListingEvent.objects.create(
        listing=listing, old=old, new=status.state, reason="Found on the shop", by=by
    )
    if category is not None:
        own = set() if is_new else _make_way(listing, category)
        _attributes(listing, remote, category, own)
    return listing


def _made_title(listing: Listing, category: ChannelCategory | None) -> str:
    template = listing.template
    follows = template is not None and (category is None or category.pk == template.category_id)
    return (listing.template_title if follows else "") or listing.product.title


def _make_way(listing: Listing, category: ChannelCategory) -> set[int]:
    """Drop what the channel's own words replace; return the properties that a person filled in.

    What stands on the channel wins over what a template made (B14), and a former category is left;
    what a person filled in stays (R57).
    """
    template_filling.let_go([listing.pk], category)
    filled = ListingAttribute.objects.filter(listing=listing)
    filled.exclude(attribute__category=category, origin=ValueOrigin.PERSON).delete()
    return set(filled.values_list("attribute", flat=True))


def _attributes(
    listing: Listing, remote: RemoteListing, category: ChannelCategory, own: set[int]
) -> None:
    """Take what the channel says of the properties, but for a person's `own`."""
    form = {row.external_id: row for row in CategoryAttribute.objects.filter(category=category)}
    ListingAttribute.objects.bulk_create(
        [
            ListingAttribute(
                listing=listing,
                attribute=form[item.attribute_id],
                value=item.value[:2000],
                value_external_id=item.value_id,
                origin=ValueOrigin.CHANNEL,
            )
            for item in remote.attributes
            if item.attribute_id in form and form[item.attribute_id].pk not in own
        ],
        ignore_conflicts=True,
    )


def _create_variants(
    shop: Shop,
    product: Product,
    remote: RemoteListing,
    skus: Mapping[str, str],
    known: Mapping[str, Variant],
) -> dict[str, Variant]:
    """Make the variants that are missing here; return them by SKU."""
    made = {
        skus[offer.external_id]: _variant(shop, product, remote, offer, position)
        for position, offer in enumerate(remote.offers)
        if skus[offer.external_id] not in known
    }
    Variant.objects.bulk_create(made.values())
    Identifier.objects.bulk_create(
        Identifier(variant=made[skus[offer.external_id]], kind=kind, value=value)
        for offer in remote.offers
        if skus[offer.external_id] in made
        for kind, value in offer.identifiers.items()
    )
    return made


def _variant(
    shop: Shop, product: Product, remote: RemoteListing, offer: RemoteOffer, position: int
) -> Variant:
    values = dict(offer.options)
    size = remote.dimensions
    return Variant(
        merchant_id=shop.merchant_id,
        product=product,
        sku=matching.sku_of(offer)[:100],
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
