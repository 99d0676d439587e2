"""Merchants, the people who work for them, and their tags."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.admin.hurry import hurry_rules
from catalog.models import Membership, Merchant, Product, Shop, Tag
from catalog.services import quantity_rules
from marketplace.kernel.admin import BaseAdmin, number


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    fields = ("user", "role")
    autocomplete_fields = ("user",)
    verbose_name_plural = "Members"


@admin.register(Merchant)
class MerchantAdmin(BaseAdmin):
    list_display = (
        "name",
        "slug",
        "currency",
        "time_zone",
        "people",
        "product_count",
        "shop_count",
    )
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MembershipInline,)
    empty_hint = "No merchant yet. Add one; its people, products and shops belong to it."

    def prepare_page(self, rows: list[Any]) -> None:
        for model, name in ((Membership, "members"), (Product, "products"), (Shop, "shops")):
            found = model._default_manager.filter(merchant__in=[row.pk for row in rows])
            counts = dict(found.order_by().values_list("merchant").annotate(n=Count("pk")))
            for row in rows:
                setattr(row, f"number_of_{name}", counts.get(row.pk, 0))

    @admin.display(description="Members")
    def people(self, row: Merchant) -> object:
        return number(row.number_of_members)  # type: ignore[attr-defined]

    @admin.display(description="Products")
    def product_count(self, row: Merchant) -> object:
        return number(row.number_of_products)  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, Tag.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The rules that are set on a tag go with it; their shops show what they held back."""
        hurry_rules(quantity_rules.delete_tags(queryset))

    @admin.display(description="Shops")
    def shop_count(self, row: Merchant) -> object:
        return number(row.number_of_shops)  # type: ignore[attr-defined]


@admin.register(Tag)
class TagAdmin(BaseAdmin):
    list_display = ("name", "merchant", "product_count")
    list_select_related = ("merchant",)
    list_filter = (("merchant", AutocompleteSelectFilter),)
    list_filter_submit = True
    search_fields = ("name",)
    autocomplete_fields = ("merchant",)
    empty_hint = "No tag yet. Select products and use “Apply a tag”, or import “SKU and tags”."

    def prepare_page(self, rows: list[Any]) -> None:
        through = Product.tags.through.objects.filter(tag__in=[row.pk for row in rows])
        counts = dict(through.order_by().values_list("tag").annotate(n=Count("pk")))
        for row in rows:
            row.number_of_products = counts.get(row.pk, 0)

    @admin.display(description="Products")
    def product_count(self, row: Tag) -> object:
        return number(row.number_of_products)  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, Tag.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The rules that are set on a tag go with it; their shops show what they held back."""
        hurry_rules(quantity_rules.delete_tags(queryset))
