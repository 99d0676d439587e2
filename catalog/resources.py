"""Sheets of the catalog: products as they can be imported again, tags by SKU, stock counts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from import_export import fields
from import_export.results import RowResult

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
SKUS_PER_QUERY = 500


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
        self.counts: dict[str, tuple[int, stock.Count]] = {}
        self.results: dict[int, tuple[Any, Any]] = {}
        self.variants: dict[str, list[Variant]] = {}
        self.centers: dict[tuple[int, str], FulfillmentCenter] = {}
        self.levels: dict[tuple[int, int], StockLevel] = {}
        skus = sorted({_cell(row, "sku") for row in dataset.dict})
        for start in range(0, len(skus), SKUS_PER_QUERY):
            self._load(skus[start : start + SKUS_PER_QUERY])

    def _load(self, skus: Sequence[str]) -> None:
        """Read what the rows of these SKUs will need; a query for each row would take minutes."""
        variants = Variant.objects.filter(sku__in=skus).select_related("merchant").in_bulk()
        for variant in variants.values():
            self.variants.setdefault(variant.sku, []).append(variant)
        merchants = {variant.merchant_id for variant in variants.values()}
        known = {merchant for merchant, _ in self.centers}
        for center in FulfillmentCenter.objects.filter(merchant__in=merchants - known):
            self.centers[center.merchant_id, center.code] = center
        for level in self.get_queryset().filter(variant__in=variants):
            self.levels[level.variant_id, level.fulfillment_center_id] = level

    def get_queryset(self) -> QuerySet[StockLevel]:
        return StockLevel.objects.select_related("variant__merchant", "fulfillment_center")

    def get_instance(self, instance_loader: Any, row: Any) -> StockLevel | None:
        slug, sku, code = (_cell(row, name) for name in ("merchant", "sku", "fulfillment_center"))
        found = [
            variant for variant in self.variants.get(sku, []) if slug in ("", variant.merchant.slug)
        ]
        variant: Variant = only_one(found, f"variant with the SKU “{sku}”")
        center = self.centers.get((variant.merchant_id, code))
        if center is None:
            raise ValidationError(f"There is no fulfillment center with the code “{code}”.")
        level = self.levels.get((variant.pk, center.pk))
        return copy(level) if level else StockLevel(variant=variant, fulfillment_center=center)

    def import_instance(self, instance: StockLevel, row: Any, **kwargs: Any) -> None:
        text = _cell(row, "quantity")
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise ValidationError({"on_hand": f"“{text}” is not a number of units."})
        instance.on_hand = int(text)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Keep the count; all of them are booked together once every row was read."""
        place = (instance.variant_id, instance.fulfillment_center_id)
        reference = f"count:{self.reference}:{place[0]}:{place[1]}"
        if reference in self.counts:
            raise ValidationError(
                f"Row {self.counts[reference][0]} counts the same SKU at the same place."
            )
        count = stock.Count(*place, instance.on_hand, reference)
        self.counts[reference] = (kwargs["row_number"], count)

    def after_import_row(self, row: Any, row_result: Any, **kwargs: Any) -> None:
        self.results[kwargs["row_number"]] = (row, row_result)

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Book the counts; also for the preview, which is taken back with its transaction."""
        counts = [count for _, count in self.counts.values()]
        booked = stock.count_many(counts, by=self.by, note="Imported count")
        for reference, sentence in booked.refused:
            number, _ = self.counts[reference]
            row, row_result = self.results[number]
            result.totals[row_result.import_type] -= 1
            row_result.import_type = RowResult.IMPORT_TYPE_INVALID
            row_result.validation_error = ValidationError(sentence)
            result.increment_row_result_total(row_result)
            result.append_invalid_row(number, row, row_result.validation_error)
        result.invalid_rows.sort(key=lambda item: item.number)


def _cell(row: Any, column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip()


def in_merchant(rows: QuerySet[Any], row: Any, column: str) -> QuerySet[Any]:
    """The rows of that SKU, within the merchant that the row of the sheet names, if it does."""
    found = rows.filter(**{column: str(row.get(column) or "").strip()})
    slug = str(row.get("merchant") or "").strip()
    return found.filter(merchant__slug=slug) if slug else found
