"""Loads, in a fixed number of queries, what the readiness check looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import F, Prefetch, Sum

from catalog.models import (
    AttributeKind,
    CategoryPermission,
    ChannelCategory,
    Image,
    Listing,
    StockLevel,
    Variant,
    WarehouseMapping,
)
from catalog.ports import Dimensions, Weight
from catalog.readiness import (
    AttributeFacts,
    CategoryFacts,
    ImageFacts,
    ListingFacts,
    VariantFacts,
)


def load(listing_ids: Iterable[int]) -> list[Listing]:
    """Fetch listings with everything that the check, and a draft for the channel, need."""
    return list(
        Listing.objects.filter(pk__in=list(listing_ids))
        .select_related("shop", "product", "category")
        .prefetch_related(
            Prefetch("product__variants", Variant.objects.prefetch_related("identifiers")),
            Prefetch("product__images", Image.objects.order_by("position", "pk")),
            "product__certificates",
            "category__attributes",
            "attributes__attribute",
        )
        .order_by("pk")
    )


def facts_of(listings: Sequence[Listing]) -> dict[int, ListingFacts]:
    """Return the facts by listing id; `listings` come from `load`."""
    units = _available_units(listings)
    return {listing.pk: _facts(listing, units[listing.shop_id]) for listing in listings}


def _available_units(listings: Sequence[Listing]) -> Mapping[int, Mapping[int, int]]:
    """Available units per shop and variant, summed over the centers mapped to the shop."""
    centers: dict[int, list[int]] = defaultdict(list)
    shops = {row.shop_id for row in listings}
    for shop, center in WarehouseMapping.objects.filter(shop__in=shops).values_list(
        "shop", "fulfillment_center"
    ):
        centers[shop].append(center)
    products = {row.product_id for row in listings}
    found: dict[int, dict[int, int]] = {}
    for shop in shops:
        sums = (
            StockLevel.objects.filter(
                fulfillment_center__in=centers[shop], variant__product__in=products
            )
            .values_list("variant")
            .order_by()
            .annotate(units=Sum(F("on_hand") - F("reserved")))
        )
        found[shop] = dict(sums)
    return found


def _facts(listing: Listing, units: Mapping[int, int]) -> ListingFacts:
    product = listing.product
    images = list(product.images.all())
    return ListingFacts(
        title=listing.title_to_send,
        description=listing.description_to_send,
        brand=product.brand,
        currency=listing.shop.currency,
        option_names=tuple(product.option_names),
        variants=tuple(_variant(row, units.get(row.pk, 0)) for row in product.variants.all()),
        images=tuple(_image(row) for row in images if row.sha256 or row.problem),
        images_waiting=sum(1 for row in images if not row.sha256 and not row.problem),
        image_keys=tuple(_image_key(row) for row in images),
        category=_category(listing),
        is_on_channel=bool(listing.external_id),
    )


def _variant(variant: Variant, quantity: int) -> VariantFacts:
    return VariantFacts(
        sku=variant.sku,
        options=tuple(str(value) for value in variant.options),
        price=variant.price,
        currency=variant.currency,
        weight=weight_of(variant),
        dimensions=dimensions_of(variant),
        quantity=quantity,
        identifiers=tuple(sorted((row.kind, row.value) for row in variant.identifiers.all())),
    )


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
    held = {certificate.external_id for certificate in listing.product.certificates.all()}
    return CategoryFacts(
        external_id=category.external_id,
        path=category.path,
        is_leaf=category.is_leaf,
        is_gone=category.is_gone,
        is_invite_only=category.permission == CategoryPermission.INVITE_ONLY,
        is_prohibited=category.permission == CategoryPermission.PROHIBITED,
        needs_dimensions=category.needs_dimensions,
        needs_size_chart=category.needs_size_chart,
        certificates_missing=tuple(
            name for kind, name in category.required_certifications if kind not in held
        ),
        attributes=_attributes(category, values),
    )


def _attributes(
    category: ChannelCategory, values: Mapping[int, Sequence[str]]
) -> tuple[AttributeFacts, ...]:
    rows = list(category.attributes.all())
    asked = {item["attribute"] for row in rows for item in row.required_if}
    names = {
        (row.external_id, choice["id"]): str(choice["name"])
        for row in rows
        if row.external_id in asked
        for choice in row.values
    }
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
