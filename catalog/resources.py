"""Sheets of the catalog: products as they can be imported again, tags by SKU, stock counts."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from import_export import fields

from catalog.models import (
    FulfillmentCenter,
    Identifier,
    Image,
    Product,
    StockLevel,
    Tag,
    Variant,
)
from catalog.services import stock
from marketplace.kernel.resources import BaseResource, only_one

OPTION_COLUMNS = tuple(
    f"option{number}_{part}" for number in (1, 2, 3) for part in ("name", "value")
)
FIRST_ROW_ONLY = ("description", "image_urls")


class ProductResource(BaseResource):
    """One row per variant, in the columns that the import of products reads."""

    parent_sku = fields.Field(column_name="parent_sku", readonly=True)
    title = fields.Field(column_name="title", attribute="product__title", readonly=True)
    description = fields.Field(
        column_name="description", attribute="product__description", readonly=True
    )
    brand = fields.Field(column_name="brand", attribute="product__brand", readonly=True)
    product_type = fields.Field(
        column_name="product_type", attribute="product__product_type", readonly=True
    )
    tags = fields.Field(column_name="tags", readonly=True)
    upc = fields.Field(column_name="upc", readonly=True)
    ean = fields.Field(column_name="ean", readonly=True)
    gtin = fields.Field(column_name="gtin", readonly=True)
    image_urls = fields.Field(column_name="image_urls", readonly=True)
    option1_name = fields.Field(column_name="option1_name", readonly=True)
    option1_value = fields.Field(column_name="option1_value", readonly=True)
    option2_name = fields.Field(column_name="option2_name", readonly=True)
    option2_value = fields.Field(column_name="option2_value", readonly=True)
    option3_name = fields.Field(column_name="option3_name", readonly=True)
    option3_value = fields.Field(column_name="option3_value", readonly=True)

    class Meta:
        model = Variant
        name = "Products and variants"
        fields = (
            "sku", "parent_sku", "title", "description", "brand", "product_type", "tags",
            "price", "compare_at_price", "cost", "currency",
            "weight", "weight_unit", "length", "width", "height", "dimension_unit",
            "upc", "ean", "gtin", "image_urls", *OPTION_COLUMNS,
        )  # fmt: skip
        export_order = fields

    def export(self, *args: Any, queryset: QuerySet[Any] | None = None, **kwargs: Any) -> Any:
        """Export the variants of the products that were chosen."""
        variants = Variant.objects.all()
        if queryset is not None:
            variants = variants.filter(product__in=queryset.order_by().values("pk"))
        rows = variants.select_related("product").prefetch_related(
            "product__tags",
            Prefetch("product__images", Image.objects.order_by("position", "pk")),
            Prefetch("identifiers", Identifier.objects.order_by("kind")),
        )
        return super().export(*args, queryset=rows.order_by("product", "position", "pk"), **kwargs)

    def dehydrate_parent_sku(self, row: Variant) -> str:
        return row.product.sku if row.product.option_names else ""

    def dehydrate_tags(self, row: Variant) -> str:
        return ", ".join(tag.name for tag in row.product.tags.all())

    def dehydrate_upc(self, row: Variant) -> str:
        return _identifier(row, "upc")

    def dehydrate_ean(self, row: Variant) -> str:
        return _identifier(row, "ean")

    def dehydrate_gtin(self, row: Variant) -> str:
        return _identifier(row, "gtin")

    def dehydrate_image_urls(self, row: Variant) -> str:
        addresses = (image.source_url for image in row.product.images.all())
        return " ".join(address for address in addresses if address)

    def dehydrate_option1_name(self, row: Variant) -> str:
        return _part(row.product.option_names, 0)

    def dehydrate_option1_value(self, row: Variant) -> str:
        return _part(row.options, 0)

    def dehydrate_option2_name(self, row: Variant) -> str:
        return _part(row.product.option_names, 1)

    def dehydrate_option2_value(self, row: Variant) -> str:
        return _part(row.options, 1)

    def dehydrate_option3_name(self, row: Variant) -> str:
        return _part(row.product.option_names, 2)

    def dehydrate_option3_value(self, row: Variant) -> str:
        return _part(row.options, 2)


def _identifier(row: Variant, kind: str) -> str:
    return next((item.value for item in row.identifiers.all() if item.kind == kind), "")


def _part(words: list[str], place: int) -> str:
    return str(words[place]) if place < len(words) else ""


class TagResource(BaseResource):
    """SKU and tags: export, fill in, import (R28). The tags of a row replace those it had."""

    merchant = fields.Field(column_name="merchant", attribute="merchant__slug", readonly=True)
    title = fields.Field(column_name="title", attribute="title", readonly=True)
    tags = fields.Field(column_name="tags")

    class Meta:
        model = Product
        name = "SKU and tags"
        fields = ("merchant", "sku", "title", "tags")
        export_order = fields
        import_id_fields = ("sku",)
        skip_unchanged = True
        report_skipped = True

    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.select_related("merchant").prefetch_related("tags")

    def get_instance(self, instance_loader: Any, row: Any) -> Product:
        found: Product = only_one(
            in_merchant(self.get_queryset(), row, "sku"), f"product with the SKU “{row['sku']}”"
        )
        return found

    def dehydrate_tags(self, row: Product) -> str:
        return ", ".join(tag.name for tag in row.tags.all())

    def import_instance(self, instance: Product, row: Any, **kwargs: Any) -> None:
        """A row changes tags and nothing else."""

    def skip_row(
        self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None
    ) -> bool:
        return set(tag_names(row)) == {tag.name for tag in instance.tags.all()}

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        """The product itself stays as it is."""

    def save_m2m(self, instance: Any, row: Any, **kwargs: Any) -> None:
        tags = [
            Tag.objects.get_or_create(merchant_id=instance.merchant_id, name=name)[0]
            for name in tag_names(row)
        ]
        instance.tags.set(tags)


def tag_names(row: Any) -> list[str]:
    """The tags of a cell, in which commas stand between them."""
    names = [part.strip() for part in str(row.get("tags") or "").split(",")]
    if long := next((name for name in names if len(name) > 80), ""):
        raise ValidationError(f"A tag has at most 80 characters: “{long[:30]}…”.")
    return list(dict.fromkeys(name for name in names if name))


class StockCountResource(BaseResource):
    """SKU, fulfillment center and the units counted there; the difference becomes a ledger line."""

    merchant = fields.Field(
        column_name="merchant", attribute="variant__merchant__slug", readonly=True
    )
    sku = fields.Field(column_name="sku", attribute="variant__sku", readonly=True)
    fulfillment_center = fields.Field(
        column_name="fulfillment_center", attribute="fulfillment_center__code", readonly=True
    )
    quantity = fields.Field(column_name="quantity", attribute="on_hand")
    reserved = fields.Field(column_name="reserved", attribute="reserved", readonly=True)

    class Meta:
        model = StockLevel
        name = "Stock counts"
        fields = ("merchant", "sku", "fulfillment_center", "quantity", "reserved")
        export_order = fields
        import_id_fields = ("sku", "fulfillment_center")
        skip_unchanged = True
        report_skipped = True

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self.reference = uuid.uuid4().hex

    def get_queryset(self) -> QuerySet[StockLevel]:
        return StockLevel.objects.select_related("variant__merchant", "fulfillment_center")

    def get_instance(self, instance_loader: Any, row: Any) -> StockLevel | None:
        variant: Variant = only_one(
            in_merchant(Variant.objects.all(), row, "sku"),
            f"variant with the SKU “{row.get('sku')}”",
        )
        code = str(row.get("fulfillment_center") or "").strip()
        center: FulfillmentCenter = only_one(
            FulfillmentCenter.objects.filter(merchant=variant.merchant_id, code=code),
            f"fulfillment center with the code “{code}”",
        )
        level = self.get_queryset().filter(variant=variant, fulfillment_center=center).first()
        return level or StockLevel(variant=variant, fulfillment_center=center)

    def import_instance(self, instance: StockLevel, row: Any, **kwargs: Any) -> None:
        text = str(row.get("quantity") if row.get("quantity") is not None else "").strip()
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise ValidationError({"on_hand": f"“{text}” is not a number of units."})
        instance.on_hand = int(text)

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        stock.count(
            instance.variant,
            instance.fulfillment_center,
            instance.on_hand,
            reference=f"count:{self.reference}:{instance.variant_id}:"
            f"{instance.fulfillment_center_id}",
            by=self.by,
            note="Imported count",
        )


def in_merchant(rows: QuerySet[Any], row: Any, column: str) -> QuerySet[Any]:
    """The rows of that SKU, within the merchant that the row of the sheet names, if it does."""
    found = rows.filter(**{column: str(row.get(column) or "").strip()})
    slug = str(row.get("merchant") or "").strip()
    return found.filter(merchant__slug=slug) if slug else found
