"""The products workspace."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import AutocompleteSelectFilter, FieldTextFilter

from catalog.admin import figures
from catalog.admin.compliance import CertificateInline, SizeChartInline
from catalog.admin.filters import StagedFilter
from catalog.admin.hurry import hurry_exports
from catalog.admin.images import ImageInline, order_of
from catalog.admin.price_views import PriceViewAdmin
from catalog.admin.product_create import channel_view, create_view, variants_view
from catalog.admin.product_forms import ProductForm
from catalog.admin.product_import import import_report, import_view
from catalog.admin.product_listings import cards_of, publish_url
from catalog.admin.product_verbs import VERBS
from catalog.admin.rich_text import say_what_was_dropped
from catalog.admin.upload import content_of
from catalog.admin.variant_forms import VariantInline
from catalog.models import Product, Tag
from catalog.services import product_pictures, products
from marketplace.kernel.admin import number, thumbnail, two_lines
from marketplace.kernel.admin_verbs import who
from marketplace.kernel.sheets.admin import SheetsAdmin

TAGS_SHOWN = 3


@admin.register(Product)
class ProductAdmin(SheetsAdmin, PriceViewAdmin):
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
        (None, {"fields": (("brand", "product_type"), "option_names", "tags", "video_url")}),
        (None, {"fields": (("manufacturer", "responsible_person"),)}),
    )
    readonly_fields = ("merchant",)
    show_add_link = False
    inlines = (VariantInline, ImageInline, CertificateInline, SizeChartInline)
    change_form_outer_before_template = "admin/product_above.html"
    verbs = VERBS
    empty_hint = (
        "No product yet. Use “Import products” with a CSV file, for instance one exported from "
        "a Shopify shop."
    )
    change_list_template = "admin/product_list.html"

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
            path("add/variants/", view(variants_view), name="catalog_product_create_variants"),
            path("add/channel/", view(channel_view), name="catalog_product_create_channel"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return create_view(request, self)

    def around_row(self, request: HttpRequest, row: Product) -> dict[str, Any]:
        return super().around_row(request, row) | {
            "listing_cards": cards_of(request, row),
            "publish_url": publish_url(),
        }

    def prepare_page(self, rows: list[Any]) -> None:
        figures.add_pictures(rows, "images")
        prefetch_related_objects(rows, Prefetch("tags", Tag.objects.order_by("name")))
        self.figures = figures.of_products(rows)
        for row in rows:
            row.figures = self.figures[row.pk]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        product = form.instance
        product_pictures.add(product, map(content_of, form.cleaned_data["new_pictures"]))
        product_pictures.put_in_order(product, order_of(formsets))
        products.set_video(product, form.cleaned_data["video_url"])
        say_what_was_dropped(request, form)
        products.changed([product.pk], by=who(request))
        hurry_exports(product.variants.all())

    class Media:
        css = {"all": ("desk/product.css",)}

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
