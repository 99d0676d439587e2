"""TikTok Shop's rows about products and shops in our words. Pure; orders have their own module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from catalog.models import CategoryPermission, WarehouseKind
from catalog.ports import (
    AttributeValue,
    CategoryRules,
    Dimensions,
    RemoteAttribute,
    RemoteBrand,
    RemoteCategory,
    RemoteCertification,
    RemoteListing,
    RemoteOffer,
    RemoteStatus,
    RemoteWarehouse,
    Weight,
)
from catalog.states import ListingState, ReviewState
from integrations.tiktok.schemas import (
    AttributeRow,
    BrandRow,
    CategoryRow,
    RulesRow,
    WarehouseRow,
)
from integrations.tiktok.schemas_products import (
    ChannelStockRow,
    MeasureRow,
    ProductRow,
    ProductSummaryRow,
    ReviewReasonRow,
    SkuRow,
)
from marketplace.kernel.money import Money

DELETED = "DELETED"
NUMBER_FORMAT = "POSITIVE_INT_OR_DECIMAL"

#: A status that is not in the table is treated as not on sale, and shown as it came.
LISTING_STATES = {
    "PENDING": ListingState.IN_REVIEW,
    "FAILED": ListingState.REJECTED,
    "ACTIVATE": ListingState.ACTIVE,
}
REVIEW_STATES = {
    "AUDITING": ReviewState.IN_REVIEW,
    "FAILED": ReviewState.FAILED,
    "PRE_APPROVED": ReviewState.PRE_APPROVED,
    "APPROVED": ReviewState.APPROVED,
}
PRE_APPROVED_WORDS = {
    "KYC_PENDING": "The review is passed; the shop's identity check is still open.",
    "RESTRICTED_CATEGORY_PENDING": (
        "The review is passed; the category is by invitation only. "
        "Apply in the Qualification Center of Seller Center."
    ),
}
PERMISSIONS = {
    "PROHIBITED": CategoryPermission.PROHIBITED,
    "INVITE_ONLY": CategoryPermission.INVITE_ONLY,
    "NON_MAIN_CATEGORY": CategoryPermission.NOT_MAIN,
}
WEIGHT_UNITS = {"KILOGRAM": "kg", "GRAM": "g", "POUND": "lb", "OUNCE": "oz"}
DIMENSION_UNITS = {"CENTIMETER": "cm", "INCH": "in"}
#: A Japanese article number is a European one by another name.
IDENTIFIER_KINDS = {"JAN": "ean"}


def warehouse(row: WarehouseRow) -> RemoteWarehouse:
    is_return = row.kind == "RETURN_WAREHOUSE"
    return RemoteWarehouse(
        external_id=row.id,
        name=row.name,
        kind=WarehouseKind.RETURN if is_return else WarehouseKind.SALES,
        is_default=row.is_default,
        is_enabled=row.status == "ENABLED",
        location=", ".join(part for part in (row.city, row.state, row.region) if part),
    )


def category(row: CategoryRow) -> RemoteCategory:
    return RemoteCategory(
        external_id=row.id,
        parent_id="" if row.parent_id == "0" else row.parent_id,
        name=row.name,
        is_leaf=row.is_leaf,
        permission=_permission(row.permissions),
    )


def _permission(statuses: Sequence[str]) -> CategoryPermission:
    """Return the strictest of what the channel says about a category."""
    return next(
        (found for name, found in PERMISSIONS.items() if name in statuses),
        CategoryPermission.AVAILABLE,
    )


def attribute(row: AttributeRow) -> RemoteAttribute:
    return RemoteAttribute(
        external_id=row.id,
        name=row.name,
        is_sales=row.is_sales_property,
        is_required=row.is_required,
        is_customizable=row.is_customizable,
        is_multiple=row.is_multiple,
        values=tuple((value.id, value.name) for value in row.values),
        required_if=tuple((item.attribute_id, item.value_id) for item in row.conditions),
        takes_number=row.value_format == NUMBER_FORMAT,
    )


def rules(row: RulesRow) -> CategoryRules:
    return CategoryRules(
        certifications=tuple(
            RemoteCertification(
                external_id=item.id,
                name=item.name,
                is_required=item.is_required,
                needs_expiry=item.needs_expiration,
                required_if=tuple((one.attribute_id, one.value_id) for one in item.conditions),
                details=item.details,
                sample_url=item.sample_image_url,
            )
            for item in row.certifications
        ),
        size_chart_required=row.size_chart_required,
        size_chart_supported=row.size_chart_supported,
        dimensions_required=row.dimensions_required,
        manufacturer_required=row.manufacturer_required,
        responsible_person_required=row.responsible_person_required,
        special_product_types=row.special_product_types,
    )


def brand(row: BrandRow) -> RemoteBrand:
    return RemoteBrand(
        external_id=row.id,
        name=row.name,
        is_authorized=row.is_authorized,
        needs_authorization=row.is_top and not row.is_authorized,
    )


def status(row: ProductRow | ProductSummaryRow) -> RemoteStatus:
    """Return how a listing stands: “Suspended” while it is reviewed, and why a review failed."""
    reasons = _reasons(row) if isinstance(row, ProductRow) else ()
    return RemoteStatus(
        external_id=row.id,
        state=LISTING_STATES.get(row.status, ListingState.INACTIVE),
        review=REVIEW_STATES.get(row.audit_status, ReviewState.NONE),
        raw_status=row.status,
        raw_audit=row.audit_status,
        reasons=reasons,
        updated_at=row.updated_at,
        seller_skus=tuple(sku.seller_sku for sku in row.skus if sku.seller_sku),
    )


def _reasons(row: ProductRow) -> tuple[str, ...]:
    failed = (_review_sentence(reason) for reason in row.review_reasons)
    waiting = (PRE_APPROVED_WORDS.get(name, name) for name in row.pre_approved_reasons)
    return (*failed, *waiting)


def _review_sentence(row: ReviewReasonRow) -> str:
    found = "; ".join(row.reasons) or "no reason given"
    place = f"{row.position}: " if row.position else ""
    advice = f" ({'; '.join(row.suggestions)})" if row.suggestions else ""
    return f"{place}{found}{advice}"


def listing(row: ProductRow) -> RemoteListing:
    """Return a whole listing: every field that is imported."""
    return RemoteListing(
        status=status(row),
        title=row.title,
        description=row.description,
        category_id=row.category_ids[-1] if row.category_ids else "",
        category_path=" > ".join(row.category_names),
        brand_id=row.brand_id,
        brand=row.brand_name,
        image_urls=tuple(image.url for image in row.images if image.url),
        offers=tuple(map(offer, row.skus)),
        weight=_weight(row.weight),
        dimensions=_dimensions(row.dimensions),
        attributes=tuple(
            AttributeValue(item.id, value.id, value.name, item.name)
            for item in row.attributes
            for value in item.values
        ),
        video_url=row.video_url,
        video_id=row.video_id,
    )


def offer(row: SkuRow) -> RemoteOffer:
    return RemoteOffer(
        external_id=row.id,
        seller_sku=row.seller_sku,
        price=price(row),
        quantities={level.warehouse_id: level.quantity for level in row.stock},
        options=tuple((option.name, option.value_name) for option in row.options),
        identifiers=_identifiers(row),
    )


def price(row: SkuRow) -> Money | None:
    return Money(row.price, row.currency) if row.price is not None else None


def offers_by_listing(
    levels: Iterable[ChannelStockRow], prices: Mapping[str, Money | None]
) -> dict[str, list[RemoteOffer]]:
    """Return offers by listing from what the channel holds of each SKU in each warehouse."""
    quantities: dict[tuple[str, str, str], dict[str, int]] = {}
    for level in levels:
        key = (level.product_id, level.sku_id, level.seller_sku)
        quantities.setdefault(key, {})[level.warehouse_id] = level.available
    offers: dict[str, list[RemoteOffer]] = {}
    for (product_id, sku_id, seller_sku), units in quantities.items():
        found = RemoteOffer(sku_id, seller_sku, prices.get(sku_id), units)
        offers.setdefault(product_id, []).append(found)
    return offers


def _identifiers(row: SkuRow) -> dict[str, str]:
    if not row.identifier:
        return {}
    kind = IDENTIFIER_KINDS.get(row.identifier_kind, row.identifier_kind.lower())
    return {kind: row.identifier}


def _weight(row: MeasureRow) -> Weight | None:
    if row.value is None or row.unit not in WEIGHT_UNITS:
        return None
    return Weight(row.value, WEIGHT_UNITS[row.unit])


def _dimensions(row: MeasureRow) -> Dimensions | None:
    if row.unit not in DIMENSION_UNITS:
        return None
    if row.length is None or row.width is None or row.height is None:
        return None
    return Dimensions(row.length, row.width, row.height, DIMENSION_UNITS[row.unit])


def is_gone(row: ProductSummaryRow) -> bool:
    return row.status == DELETED
