"""The products workspace."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest
from django.urls import URLPattern, path
from import_export.admin import ImportExportMixin
from unfold.admin import StackedInline, TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, FieldTextFilter
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from catalog.admin import figures
from catalog.admin.filters import StagedFilter
from catalog.admin.hurry import hurry_exports
from catalog.admin.image_verbs import VERBS as IMAGE_VERBS
from catalog.admin.product_forms import ImageForm, ProductForm, VariantForm, VariantFormSet
from catalog.admin.product_import import import_report, import_view
from catalog.admin.product_verbs import VERBS
from catalog.media_rules import check_image
from catalog.models import Certificate, Image, Product, Tag, Variant
from catalog.resources import ProductResource, TagResource
from catalog.services import products
from marketplace.kernel.admin import BaseAdmin, link_to, number, thumbnail, two_lines
from marketplace.kernel.admin_verbs import who

TAGS_SHOWN = 3


class VariantInline(TabularInline):
    model = Variant
    form = VariantForm
    formset = VariantFormSet
    extra = 0
    hide_title = True
    fields = (
        "sku", "options", "price", "compare_at_price", "currency",
        "weight", "weight_unit", "length", "width", "height", "dimension_unit", "position",
    )  # fmt: skip
    tab = True


class ImageInline(TabularInline):
    model = Image
    form = ImageForm
    extra = 0
    hide_title = True
    fields = ("preview", "position", "file", "source_url", "alt_text", "finding")
    readonly_fields = ("preview", "finding")
    verbose_name_plural = "Images"
    tab = True

    @admin.display(description="Picture")
    def preview(self, row: Image) -> object:
        return thumbnail(row.file.url if row.file else "", size=64)

    @admin.display(description="What was found")
    def finding(self, row: Image) -> str:
        return image_finding(row)


class CertificateInline(StackedInline):
    model = Certificate
    extra = 0
    fields = (("name", "external_id"), "file", "expires_on")
    verbose_name_plural = "Certificates"
    tab = True


def image_finding(row: Image) -> str:
    """Size and shape of a picture, and what channels would not accept about it."""
    if row.problem:
        return row.problem
    if not row.sha256:
        return "Not fetched yet" if row.source_url else "–"
    width, height, size = row.width or 0, row.height or 0, row.size or 0
    problems = [item.sentence for item in check_image(width, height, size, row.format)]
    facts = f"{width:,} × {height:,} px, {size / 1024:,.0f} KB, {row.format}."
    fixed = [f"Fixed: {row.fixed_as}"] if row.fixed_as else []
    return " ".join([facts, *(problems or ["Good."]), *fixed])


@admin.register(Product)
class ProductAdmin(ImportExportMixin, BaseAdmin):
    list_display = (
        "picture", "name", "merchant", "tag_names", "brand", "variants", "available", "staged",
    )  # fmt: skip
    list_display_links = ("picture", "name")
    list_select_related = ("merchant",)
    list_filter = (
        ("merchant", AutocompleteSelectFilter),
        ("tags", AutocompleteSelectFilter),
        StagedFilter,
        ("brand", FieldTextFilter),
        ("product_type", FieldTextFilter),
    )
    search_fields = ("sku", "title", "variants__sku")
    search_help_text = "Search by SKU or title"
    autocomplete_fields = ("merchant", "tags")
    form = ProductForm
    fieldsets = (
        (None, {"fields": (("merchant", "sku"), "title", "description")}),
        (None, {"fields": (("brand", "product_type"), "option_names", "tags")}),
    )
    inlines = (VariantInline, ImageInline, CertificateInline)
    verbs = VERBS
    empty_hint = (
        "No product yet. Use “Import products” with a CSV file, for instance one exported from "
        "a Shopify shop."
    )
    import_export_change_list_template = "admin/product_list.html"
    import_form_class = ImportForm
    export_form_class = ExportForm

    def get_export_resource_classes(self, request: HttpRequest) -> list[Any]:
        return [ProductResource, TagResource]

    def get_import_resource_classes(self, request: HttpRequest) -> list[Any]:
        return [TagResource]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "import-products/",
                view(import_view),
                {"model_admin": self},
                name="catalog_product_import_products",
            ),
            path(
                "import-products/<slug:token>/",
                view(import_report),
                name="catalog_product_import_report",
            ),
            *super().get_urls(),
        ]

    def prepare_page(self, rows: list[Any]) -> None:
        figures.add_pictures(rows, "images")
        prefetch_related_objects(rows, Prefetch("tags", Tag.objects.order_by("name")))
        self.figures = figures.of_products(rows)
        for row in rows:
            row.figures = self.figures[row.pk]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        products.changed([form.instance.pk], by=who(request))
        hurry_exports(listings__product=form.instance.pk)

    @admin.display(description="")
    def picture(self, row: Product) -> object:
        return thumbnail(figures.picture_url(row))

    @admin.display(description="Product", ordering="title")
    def name(self, row: Product) -> object:
        return two_lines(row.title, row.sku)

    @admin.display(description="Tags")
    def tag_names(self, row: Product) -> str:
        names = [tag.name for tag in row.tags.all()]
        more = f" +{len(names) - TAGS_SHOWN}" if len(names) > TAGS_SHOWN else ""
        return ", ".join(names[:TAGS_SHOWN]) + more if names else "–"

    @admin.display(description="Variants")
    def variants(self, row: Product) -> object:
        return number(row.figures.variants)  # type: ignore[attr-defined]

    @admin.display(description="Available")
    def available(self, row: Product) -> object:
        return number(row.figures.available)  # type: ignore[attr-defined]

    @admin.display(description="Listings")
    def staged(self, row: Product) -> str:
        states = [words for _, words in row.figures.states]  # type: ignore[attr-defined]
        return "; ".join(states) or "Not staged"


@admin.register(Image)
class ImageAdmin(BaseAdmin):
    """Pictures over all products, to find those that channels would not accept."""

    list_display = ("preview", "product_link", "merchant", "position", "finding")
    list_display_links = ("preview",)
    list_select_related = ("product__merchant",)
    list_filter = (("product__merchant", AutocompleteSelectFilter), ("format", FieldTextFilter))
    search_fields = ("product__sku", "product__title")
    autocomplete_fields = ("product", "variant")
    form = ImageForm
    fields = ("product_link", "preview", "finding", "position", "file", "source_url", "alt_text")
    readonly_fields = ("product_link", "preview", "finding")
    verbs = IMAGE_VERBS
    empty_hint = "No image yet. They come with products, by file or by address."

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        products.changed([obj.product_id], by=who(request))

    @admin.display(description="Picture")
    def preview(self, row: Image) -> object:
        return thumbnail(row.file.url if row.file else "", size=48)

    @admin.display(description="Product")
    def product_link(self, row: Image) -> object:
        return link_to(row.product)

    @admin.display(description="Merchant")
    def merchant(self, row: Image) -> str:
        return str(row.product.merchant)

    @admin.display(description="What was found")
    def finding(self, row: Image) -> str:
        return image_finding(row)
