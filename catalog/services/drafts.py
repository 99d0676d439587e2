"""Turns a listing into what a channel is sent; pictures go up once per content (R44, B13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db.models.fields.files import FieldFile
from django.utils import timezone

from catalog.html import sanitize
from catalog.models import Image, Listing, Offer, PersonKind, Variant, Video
from catalog.ports import (
    AttributeValue,
    ListingChannel,
    ListingDraft,
    OfferDraft,
    Weight,
    listing_channels,
)
from catalog.readiness import GRAMS
from catalog.services import channel_persons, documents, price_facts, taxonomy, uploads
from catalog.services.listing_facts import dimensions_of, weight_of
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import Money

MAIN = "main"


def draft_of(listing: Listing, *, key: str) -> ListingDraft:
    """Build the draft of a listing that came from `listing_facts.load`; uploads new pictures.

    Quantities and prices are those the rows want at this moment. Raises `Refused`, before anything
    is uploaded, with the field that is missing, should the listing have changed since it was found
    ready, or if a price is outside its floor, its ceiling or what the region takes (B12).
    """
    shop, product = listing.shop, listing.product
    if listing.category is None:
        raise Refused("The category is missing.")
    channel = listing_channels.get(shop.channel)
    offers = list(Offer.objects.filter(listing=listing).prefetch_related("stocks__warehouse"))
    variants = {row.pk: row for row in product.variants.all()}
    _check_prices(offers, variants)
    uris = [
        _uri(channel, listing, image, MAIN)
        for image in _usable(list(product.images.all()))[: channel.limits(shop).images_max]
    ]
    if not uris:
        raise Refused("The primary image is missing.")
    found_dimensions = map(dimensions_of, variants.values())
    return ListingDraft(
        key=key,
        title=listing.title_to_send,
        description=sanitize(listing.description_to_send),
        category_id=listing.category.external_id,
        brand_id=listing.brand_external_id or taxonomy.brand_id(shop, product.brand),
        image_uris=tuple(uris),
        weight=_heaviest(list(variants.values())),
        dimensions=next(filter(None, found_dimensions), None),
        attributes=tuple(
            AttributeValue(
                attribute_id=row.attribute.external_id,
                value_id=row.value_external_id,
                value=row.value,
                name=row.attribute.name,
            )
            for row in listing.attributes.all()
        ),
        certificates=documents.certificates_of(channel, listing),
        size_chart_uri=documents.size_chart_uri(channel, listing),
        manufacturer_ids=_person_ids(listing, PersonKind.MANUFACTURER),
        responsible_person_ids=_person_ids(listing, PersonKind.RESPONSIBLE_PERSON),
        video_id=video.external_id if (video := _video(listing)) else "",
        offers=tuple(_offer(listing, row, variants[row.variant_id]) for row in offers),
    )


def _check_prices(offers: Sequence[Offer], variants: Mapping[int, Variant]) -> None:
    facts = price_facts.load(offers, timezone.now())
    for offer in offers:
        sku = variants[offer.variant_id].sku
        if offer.price_wanted is None:
            raise Refused(f"The price of {sku} is missing.")
        if problem := facts.why_not_sent(offer):
            raise Refused(f"{sku}: {problem}")


def _usable(images: Sequence[Image]) -> list[Image]:
    return [image for image in images if image.sha256 and not image.problem and image.file]


def _heaviest(variants: Sequence[Variant]) -> Weight:
    weights = [weight for row in variants if (weight := weight_of(row)) is not None]
    if not weights:
        raise Refused("The shipping weight is missing.")
    return max(weights, key=lambda weight: weight.value * GRAMS[weight.unit])


def _uri(channel: ListingChannel, listing: Listing, image: Image, use: str) -> str:
    def upload() -> str:
        with image.file.open("rb") as file:
            content = file.read()
        return channel.upload_image(listing.shop, content, name=_file_name(image.file), use=use)

    return uploads.once(listing.shop, image.sha256, use, upload)


def _video(listing: Listing) -> Video | None:
    """The product's video, if it came from this very shop; another shop does not know its id."""
    if listing.imported_at is None:
        return None
    return Video.objects.filter(product=listing.product_id).first()


def _file_name(file: FieldFile) -> str:
    return (file.name or "picture").split("/")[-1]


def _person_ids(listing: Listing, kind: PersonKind) -> tuple[str, ...]:
    """The channel's id of who stands for the product, where the category asks for it (B25)."""
    category = listing.category
    if category is None:
        return ()
    is_maker = kind == PersonKind.MANUFACTURER
    is_needed = category.needs_manufacturer if is_maker else category.needs_responsible_person
    return (channel_persons.id_of(listing.shop, listing.product, kind),) if is_needed else ()


def _offer(listing: Listing, offer: Offer, variant: Variant) -> OfferDraft:
    is_simple = not listing.product.option_names
    pairs = zip(listing.product.option_names, variant.options, strict=False)
    return OfferDraft(
        seller_sku=variant.sku,
        price=Money(Decimal(offer.price_wanted or 0), offer.currency),
        quantities={row.warehouse.external_id: row.wanted for row in offer.stocks.all()},
        options=() if is_simple else tuple((str(name), str(value)) for name, value in pairs),
        identifiers={row.kind: row.value for row in variant.identifiers.all()},
        external_id=offer.external_id,
    )
