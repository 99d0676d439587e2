"""Loads, in a fixed number of queries, what the readiness check looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from catalog.models import (
    AttributeKind,
    CategoryPermission,
    ChannelCategory,
    Image,
    Listing,
    Offer,
    PersonKind,
    SizeChart,
    Variant,
    WarehouseMapping,
)
from catalog.ports import Dimensions, Weight
from catalog.readiness import ImageFacts, ListingFacts, VariantFacts
from catalog.readiness_category import (
    AttributeFacts,
    CategoryFacts,
    CertificateFacts,
    CertificationFacts,
    ComplianceFacts,
    SizeChartFacts,
)
from catalog.services import persons, recipes

PRICES = ("price_wanted", "price_by_hand", "price_quoted")


def load(listing_ids: Iterable[int]) -> list[Listing]:
    """Fetch listings with everything that the check, and a draft for the channel, need."""
    return list(
        Listing.objects.filter(pk__in=list(listing_ids))
        .select_related(
            "shop",
            "category",
            "product__manufacturer",
            "product__responsible_person",
            "product__size_chart",
        )
        .prefetch_related(
            Prefetch("product__variants", Variant.objects.prefetch_related("identifiers")),
            Prefetch("product__images", Image.objects.order_by("position", "pk")),
            Prefetch("offers", Offer.objects.only("listing", "variant", "currency", *PRICES)),
            "product__certificates",
            "category__attributes",
            "attributes__attribute",
        )
        .order_by("pk")
    )


def facts_of(listings: Sequence[Listing]) -> dict[int, ListingFacts]:
    """Return the facts by listing id; `listings` come from `load`."""
    units = _available_units(listings)
    defaults = persons.defaults_of(
        row.product.merchant_id
        for row in listings
        if row.category
        and (row.category.needs_manufacturer or row.category.needs_responsible_person)
    )
    return {listing.pk: _facts(listing, units[listing.shop_id], defaults) for listing in listings}


def _available_units(listings: Sequence[Listing]) -> Mapping[int, Mapping[int, int]]:
    """Available units per shop and variant, summed over the centers mapped to the shop."""
    centers: dict[int, list[int]] = defaultdict(list)
    shops = {row.shop_id for row in listings}
    for shop, center in WarehouseMapping.objects.filter(shop__in=shops).values_list(
        "shop", "fulfillment_center"
    ):
        centers[shop].append(center)
    variants = {variant.pk for row in listings for variant in row.product.variants.all()}
    return {shop: recipes.totals(variants, centers[shop]) for shop in shops}


def _facts(listing: Listing, units: Mapping[int, int], defaults: persons.Defaults) -> ListingFacts:
    product = listing.product
    images = list(product.images.all())
    offers = {row.variant_id: row for row in listing.offers.all()}
    return ListingFacts(
        title=listing.title_to_send,
        description=listing.description_to_send,
        brand=product.brand,
        currency=listing.shop.currency,
        option_names=tuple(product.option_names),
        variants=tuple(
            _variant(row, offers.get(row.pk), units.get(row.pk, 0))
            for row in product.variants.all()
        ),
        images=tuple(_image(row) for row in images if row.sha256 or row.problem),
        images_waiting=sum(1 for row in images if not row.sha256 and not row.problem),
        image_keys=tuple(_image_key(row) for row in images),
        category=_category(listing),
        is_on_channel=bool(listing.external_id),
        keeps_documents=_keeps_documents(listing),
        compliance=_compliance(listing, defaults),
        today=datetime.now(UTC).date(),
    )


def _keeps_documents(listing: Listing) -> bool:
    """It came from the channel and stands there in the category that it has here."""
    if not (listing.imported_at and listing.external_id and listing.category):
        return False
    # Nothing is kept of the channel's side yet while it is being taken in.
    there = listing.published_content.get("category", listing.category.external_id)
    return bool(there == listing.category.external_id)


def _variant(variant: Variant, offer: Offer | None, quantity: int) -> VariantFacts:
    return VariantFacts(
        sku=variant.sku,
        options=tuple(str(value) for value in variant.options),
        price=_price(variant, offer) if offer else None,
        catalog_currency=variant.currency,
        weight=weight_of(variant),
        dimensions=dimensions_of(variant),
        quantity=quantity,
        identifiers=tuple(sorted((row.kind, row.value) for row in variant.identifiers.all())),
    )


def _price(variant: Variant, offer: Offer) -> Decimal | None:
    """The price wanted in the shop; none where nothing gives it any more (R36)."""
    price, has_source = offer.price_standing
    by_catalog = variant.price is not None and variant.currency == offer.currency
    return price if has_source or by_catalog else None


def weight_of(variant: Variant) -> Weight | None:
    if variant.weight is None or not variant.weight_unit:
        return None
    return Weight(variant.weight, variant.weight_unit)


def dimensions_of(variant: Variant) -> Dimensions | None:
    if variant.length is None or variant.width is None or variant.height is None:
        return None
    return Dimensions(variant.length, variant.width, variant.height, variant.dimension_unit or "cm")


def _image_key(image: Image) -> str:
    """What a picture is known by: once fixed, it is no longer what its address has."""
    return image.sha256 if image.fixed_as else image.source_url or image.sha256


def _image(image: Image) -> ImageFacts:
    return ImageFacts(
        sha256=image.sha256,
        width=image.width or 0,
        height=image.height or 0,
        size=image.size or 0,
        format=image.format,
        problem=image.problem,
    )


def _category(listing: Listing) -> CategoryFacts | None:
    category = listing.category
    if category is None:
        return None
    values: dict[int, list[str]] = defaultdict(list)
    for row in listing.attributes.all():
        values[row.attribute_id].append(row.value)
    attributes = _attributes(category, values)
    return CategoryFacts(
        external_id=category.external_id,
        path=category.path,
        is_leaf=category.is_leaf,
        is_gone=category.is_gone,
        is_invite_only=category.permission == CategoryPermission.INVITE_ONLY,
        is_prohibited=category.permission == CategoryPermission.PROHIBITED,
        needs_dimensions=category.needs_dimensions,
        attributes=attributes,
        certifications=tuple(_certification(category, item) for item in category.certifications),
        needs_size_chart=category.needs_size_chart,
        takes_size_chart=category.takes_size_chart,
        needs_manufacturer=category.needs_manufacturer,
        needs_responsible_person=category.needs_responsible_person,
    )


def _certification(category: ChannelCategory, item: Mapping[str, Any]) -> CertificationFacts:
    conditions = item.get("required_if", [])
    names = _value_names(category, {condition["attribute"] for condition in conditions})
    pairs = ((condition["attribute"], condition["value"]) for condition in conditions)
    return CertificationFacts(
        external_id=item["id"],
        name=item["name"],
        is_required=bool(item.get("required")),
        needs_expiry=bool(item.get("needs_expiry")),
        required_if=tuple((pair[0], names[pair]) for pair in pairs if pair in names),
        is_conditional=bool(conditions),
    )


def _compliance(listing: Listing, defaults: persons.Defaults) -> ComplianceFacts:
    product = listing.product
    chart = getattr(product, "size_chart", None)
    maker, responsible = (
        persons.told(persons.person_of(product, kind, defaults))
        for kind in (PersonKind.MANUFACTURER, PersonKind.RESPONSIBLE_PERSON)
    )
    return ComplianceFacts(
        certificates=tuple(
            CertificateFacts(row.external_id, row.name, row.sha256, row.expires_on)
            for row in product.certificates.all()
        ),
        size_chart=_size_chart(chart) if chart else None,
        manufacturer=maker,
        responsible_person=responsible,
    )


def _size_chart(row: SizeChart) -> SizeChartFacts:
    return SizeChartFacts(row.sha256, row.width or 0, row.height or 0, row.size or 0, row.format)


def _value_names(
    category: ChannelCategory, asked: Collection[str]
) -> Mapping[tuple[str, str], str]:
    """Names of the options of some properties, by (property id, option id)."""
    return {
        (row.external_id, choice["id"]): str(choice["name"])
        for row in category.attributes.all()
        if row.external_id in asked
        for choice in row.values
    }


def _attributes(
    category: ChannelCategory, values: Mapping[int, Sequence[str]]
) -> tuple[AttributeFacts, ...]:
    rows = list(category.attributes.all())
    asked = {item["attribute"] for row in rows for item in row.required_if}
    names = _value_names(category, asked)
    return tuple(
        AttributeFacts(
            external_id=row.external_id,
            name=row.name,
            is_required=row.is_required,
            is_customizable=row.is_customizable,
            is_multiple=row.is_multiple,
            is_sales=row.kind == AttributeKind.SALES,
            choices=frozenset(choice["name"] for choice in row.values),
            values=tuple(values.get(row.pk, ())),
            required_if=tuple(
                (item["attribute"], names[item["attribute"], item["value"]])
                for item in row.required_if
                if (item["attribute"], item["value"]) in names
            ),
            takes_number=row.takes_number,
        )
        for row in rows
    )
