"""What TikTok Shop says about products, as typed rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.tiktok.fields import Fields
from integrations.tiktok.schemas import ValueRow


@dataclass(frozen=True, slots=True)
class ImageRow:
    """A picture the channel keeps: `uri` names it in listings, `url` shows it."""

    uri: str
    url: str
    width: int
    height: int

    @classmethod
    def parse(cls, row: Fields) -> ImageRow:
        urls = row.texts("urls")
        return cls(
            uri=row.text("uri"),
            url=urls[0] if urls else row.text("url", ""),
            width=row.integer("width", 0),
            height=row.integer("height", 0),
        )


@dataclass(frozen=True, slots=True)
class FileRow:
    id: str
    name: str
    url: str
    format: str

    @classmethod
    def parse(cls, row: Fields) -> FileRow:
        return cls(
            row.text("id"), row.text("name", ""), row.text("url", ""), row.text("format", "")
        )


@dataclass(frozen=True, slots=True)
class SalesAttributeRow:
    """One option of a variant, such as Color: Olive."""

    id: str
    name: str
    value_id: str
    value_name: str
    image: ImageRow | None

    @classmethod
    def parse(cls, row: Fields) -> SalesAttributeRow:
        has_image = row.has("sku_img") and row.part("sku_img").has("uri")
        return cls(
            id=row.text("id", ""),
            name=row.text("name", ""),
            value_id=row.text("value_id", ""),
            value_name=row.text("value_name", ""),
            image=ImageRow.parse(row.part("sku_img")) if has_image else None,
        )


@dataclass(frozen=True, slots=True)
class StockRow:
    warehouse_id: str
    quantity: int

    @classmethod
    def parse(cls, row: Fields) -> StockRow:
        return cls(row.text("warehouse_id"), row.integer("quantity", 0))


@dataclass(frozen=True, slots=True)
class SkuRow:
    id: str
    seller_sku: str
    price: Decimal | None
    currency: str
    stock: tuple[StockRow, ...]
    identifier_kind: str
    identifier: str
    options: tuple[SalesAttributeRow, ...]
    status: str

    @classmethod
    def parse(cls, row: Fields) -> SkuRow:
        price = row.part_or_empty("price")
        identifier = row.part_or_empty("identifier_code")
        return cls(
            id=row.text("id"),
            seller_sku=row.text("seller_sku", ""),
            price=_shown_price(price),
            currency=price.text("currency", ""),
            stock=tuple(map(StockRow.parse, row.rows("inventory"))),
            identifier_kind=identifier.text("type", ""),
            identifier=identifier.text("code", ""),
            options=tuple(map(SalesAttributeRow.parse, row.rows("sales_attributes"))),
            status=row.part_or_empty("status_info").text("status", "NORMAL"),
        )


def _shown_price(price: Fields) -> Decimal | None:
    """Return the price a buyer sees.

    Local sellers' is in `tax_exclusive_price`, global sellers' in `sale_price`; what is written
    as `amount` is never read back under that name.
    """
    for name in ("tax_exclusive_price", "sale_price", "amount"):
        if price.text(name, ""):
            return price.amount(name)
    return None


@dataclass(frozen=True, slots=True)
class ReviewReasonRow:
    """Why a review failed, in the channel's words."""

    position: str
    reasons: tuple[str, ...]
    suggestions: tuple[str, ...]

    @classmethod
    def parse(cls, row: Fields) -> ReviewReasonRow:
        return cls(row.text("position", ""), row.texts("reasons"), row.texts("suggestions"))


@dataclass(frozen=True, slots=True)
class ProductSummaryRow:
    """A product as a search shows it."""

    id: str
    title: str
    status: str
    audit_status: str
    updated_at: datetime | None
    skus: tuple[SkuRow, ...]

    @classmethod
    def parse(cls, row: Fields) -> ProductSummaryRow:
        return cls(
            id=row.text("id"),
            title=row.text("title", ""),
            status=row.text("status"),
            audit_status=row.part_or_empty("audit").text("status", ""),
            updated_at=row.moment_or_none("update_time"),
            skus=tuple(map(SkuRow.parse, row.rows("skus"))),
        )


@dataclass(frozen=True, slots=True)
class ProductAttributeRow:
    id: str
    name: str
    values: tuple[ValueRow, ...]

    @classmethod
    def parse(cls, row: Fields) -> ProductAttributeRow:
        values = tuple(map(ValueRow.parse, row.rows("values")))
        return cls(row.text("id"), row.text("name", ""), values)


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A weight or dimensions with their unit; absent numbers are nothing."""

    unit: str
    value: Decimal | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None

    @classmethod
    def parse(cls, row: Fields) -> MeasureRow:
        found = {
            name: row.amount(name)
            for name in ("value", "length", "width", "height")
            if row.text(name, "")
        }
        return cls(row.text("unit", ""), **found)


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product with everything we take of it."""

    id: str
    title: str
    status: str
    audit_status: str
    pre_approved_reasons: tuple[str, ...]
    review_reasons: tuple[ReviewReasonRow, ...]
    description: str
    category_ids: tuple[str, ...]  # from the department down to the leaf
    category_names: tuple[str, ...]
    brand_id: str
    brand_name: str
    images: tuple[ImageRow, ...]
    weight: MeasureRow
    dimensions: MeasureRow
    attributes: tuple[ProductAttributeRow, ...]
    skus: tuple[SkuRow, ...]
    has_draft: bool
    external_id: str  # the name we gave it when we created it
    video_id: str
    video_url: str
    updated_at: datetime | None
    #: As an edit takes them back; empty where there is none.
    certifications: list[dict[str, Any]]
    size_chart: dict[str, Any]
    manufacturer_ids: list[str]
    responsible_person_ids: list[str]

    @classmethod
    def parse(cls, row: Fields) -> ProductRow:
        video = row.part_or_empty("video")
        audit = row.part_or_empty("audit")
        brand = row.part_or_empty("brand")
        chain = row.rows("category_chains")
        return cls(
            id=row.text("id"),
            title=row.text("title", ""),
            status=row.text("status"),
            audit_status=audit.text("status", ""),
            pre_approved_reasons=audit.texts("pre_approved_reasons"),
            review_reasons=tuple(map(ReviewReasonRow.parse, row.rows("audit_failed_reasons"))),
            description=row.text("description", ""),
            category_ids=tuple(step.text("id") for step in chain),
            category_names=tuple(step.text("local_name", "") for step in chain),
            brand_id=brand.text("id", ""),
            brand_name=brand.text("name", ""),
            images=tuple(map(ImageRow.parse, row.rows("main_images"))),
            weight=MeasureRow.parse(row.part_or_empty("package_weight")),
            dimensions=MeasureRow.parse(row.part_or_empty("package_dimensions")),
            attributes=tuple(map(ProductAttributeRow.parse, row.rows("product_attributes"))),
            skus=tuple(map(SkuRow.parse, row.rows("skus"))),
            has_draft=row.flag("has_draft"),
            external_id=row.text("external_product_id", ""),
            video_id=video.text("id", ""),
            video_url=video.text("url", ""),
            updated_at=row.moment_or_none("update_time"),
            certifications=[_certification(one) for one in row.rows("certifications")],
            size_chart=_size_chart(row.part_or_empty("size_chart")),
            manufacturer_ids=list(row.texts("manufacturer_ids")),
            responsible_person_ids=list(row.texts("responsible_person_ids")),
        )


def _certification(row: Fields) -> dict[str, Any]:
    """Return a certificate without what only reading shows: addresses, sizes, titles."""
    kept: dict[str, Any] = {
        "id": row.text("id"),
        "images": [{"uri": image.text("uri")} for image in row.rows("images")],
        "files": [
            {name: file.text(name, "") for name in ("id", "name", "format")}
            for file in row.rows("files")
        ],
    }
    if expires := row.integer("expiration_date", 0):
        kept["expiration_date"] = expires
    return {name: value for name, value in kept.items() if value}


def _size_chart(row: Fields) -> dict[str, Any]:
    if uri := row.part_or_empty("image").text("uri", ""):
        return {"image": {"uri": uri}}
    template = row.part_or_empty("template").text("id", "")
    return {"template": {"id": template}} if template else {}


@dataclass(frozen=True, slots=True)
class SentSkuRow:
    """The id the channel gave to one variant that was sent."""

    id: str
    seller_sku: str

    @classmethod
    def parse(cls, row: Fields) -> SentSkuRow:
        return cls(row.text("id"), row.text("seller_sku", ""))


@dataclass(frozen=True, slots=True)
class SentProductRow:
    """What the channel answers to a product that was created or edited."""

    product_id: str
    skus: tuple[SentSkuRow, ...]
    warnings: tuple[str, ...]
    request_id: str

    @classmethod
    def parse(cls, row: Fields, product_id: str = "") -> SentProductRow:
        return cls(
            product_id=row.text("product_id", product_id or None),
            skus=tuple(map(SentSkuRow.parse, row.rows("skus"))),
            warnings=tuple(warning.text("message", "") for warning in row.rows("warnings")),
            request_id=row.request_id,
        )


@dataclass(frozen=True, slots=True)
class ChannelStockRow:
    """What the channel holds of one SKU in one warehouse."""

    product_id: str
    sku_id: str
    seller_sku: str
    warehouse_id: str
    available: int
    committed: int

    @classmethod
    def parse_all(cls, answer: Fields) -> list[ChannelStockRow]:
        return [
            cls(
                product_id=product.text("product_id", ""),
                sku_id=sku.text("id"),
                seller_sku=sku.text("seller_sku", ""),
                warehouse_id=level.text("warehouse_id"),
                available=level.integer("available_quantity", 0),
                committed=level.integer("committed_quantity", 0),
            )
            for product in answer.rows("inventory")
            for sku in product.rows("skus")
            for level in sku.rows("warehouse_inventory")
        ]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One thing that must be in order before a shop can publish."""

    item: str
    is_failed: bool
    reasons: tuple[str, ...]

    @classmethod
    def parse(cls, row: Fields) -> CheckRow:
        return cls(row.text("check_item"), row.flag("is_failed"), row.texts("fail_reasons"))


@dataclass(frozen=True, slots=True)
class ListingCheckRow:
    """The channel's opinion of a product before it is sent."""

    passed: bool
    reasons: tuple[tuple[str, str], ...]  # code, words

    @classmethod
    def parse(cls, row: Fields) -> ListingCheckRow:
        return cls(
            passed=row.text("check_result", "") == "PASS",
            reasons=tuple(
                (reason.text("code", ""), reason.text("message", ""))
                for reason in row.rows("fail_reasons")
            ),
        )
