"""The channel's categories as each shop sees them, their forms, and what pickers ask of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin.category_picker import URL_NAME, picker_view
from catalog.admin.compliance import demand_text
from catalog.admin.labels import PERMISSION_LABELS
from catalog.admin.property_fields import OPTIONS_URL_NAME, needed_words, options_view
from catalog.models import CategoryAttribute, CategoryPermission, ChannelCategory, Listing
from catalog.services import category_tree, taxonomy
from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    ago,
    changelist_url,
    label,
    number,
)
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused

OPTIONS_SHOWN = 12
#: Each form takes two calls to the channel while a person waits.
MOST_READ_AT_ONCE = 20

Rows = QuerySet[Any]


class AttributeInline(ReadOnlyInline):
    model = CategoryAttribute
    verbose_name_plural = "Properties of this category"
    fields = ("name", "kind", "needed", "takes", "options")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Rows:
        rows: Rows = super().get_queryset(request)
        # Its options may be many, and conditions name other properties of the same category.
        return rows.select_related("category").prefetch_related("category__attributes")

    @admin.display(description="Required")
    def needed(self, row: CategoryAttribute) -> str:
        return needed_words(row, row.category.attributes.all())

    @admin.display(description="Takes")
    def takes(self, row: CategoryAttribute) -> str:
        count = "several values" if row.is_multiple else "one value"
        if row.takes_number:
            return f"{count}, own ones are numbers above zero"
        if row.values and not row.is_customizable:
            return f"{count}, the channel's options only"
        return f"{count}, own ones too" if row.values else f"{count}, free text"

    @admin.display(description="Options of the channel")
    def options(self, row: CategoryAttribute) -> str:
        names = [str(choice["name"]) for choice in row.values]
        more = f" and {len(names) - OPTIONS_SHOWN:,} more" if len(names) > OPTIONS_SHOWN else ""
        return ", ".join(names[:OPTIONS_SHOWN]) + more if names else "–"


def read_form(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    if len(ids) > MOST_READ_AT_ONCE:
        raise Refused(
            f"Each takes two calls to the channel. Select at most {MOST_READ_AT_ONCE}; "
            "forms in use are also read again by themselves once a week."
        )
    rows = ChannelCategory.objects.filter(pk__in=ids).select_related("shop")
    return run_batch("Form read again of", rows, taxonomy.fetch_form)


def _in_use(rows: Rows) -> Rows:
    return rows.filter(Exists(Listing.objects.filter(category=OuterRef("pk"))))


@admin.register(ChannelCategory)
class ChannelCategoryAdmin(ReadOnlyAdmin):
    list_display = ("path", "shop", "permission_label", "listings", "form_read")
    list_select_related = ("shop",)
    list_filter = (("shop", AutocompleteSelectFilter), ("permission", ChoicesDropdownFilter))
    search_fields = ("path", "external_id")
    search_help_text = "Search by words of the path, or by the id on the channel"
    fields = (
        "path",
        ("shop", "external_id"),
        ("permission_label", "listings"),
        "note",
        "demands",
        "form_read",
    )
    readonly_fields = ("permission_label", "listings", "note", "demands", "form_read")
    inlines = (AttributeInline,)
    tabs = (
        ListTab(
            "all",
            "All",
            "Every category that can hold products, as the shop sees it. The tree is read again "
            "each night.",
            lambda rows: rows.filter(is_gone=False),
        ),
        ListTab(
            "used",
            "In use",
            "Categories with listings. Their forms are read again once a week.",
            lambda rows: _in_use(rows.filter(is_gone=False)),
        ),
        ListTab(
            "restricted",
            "Restricted",
            "Not open to the shop without more: the page of each says what to do.",
            lambda rows: rows.filter(is_gone=False).exclude(
                permission=CategoryPermission.AVAILABLE
            ),
        ),
        ListTab(
            "gone",
            "Gone",
            "No longer in the channel's tree, with listings that need another category.",
            lambda rows: _in_use(rows.filter(Q(is_gone=True) | Q(is_leaf=False))),
        ),
    )
    verbs = (
        Verb(
            name="read_form",
            label="Read the form again",
            run=read_form,
            permission="catalog.change_listing",
            button="Read the form again",
            applies=lambda row: not row.is_gone,
        ),
    )
    empty_hint = (
        "No category is here yet. They are read when a shop is activated, and with “Refresh "
        "categories” on the shop."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChannelCategory]:
        rows = super().get_queryset(request)
        return rows.filter(
            Q(is_leaf=True, is_gone=False) | Exists(Listing.objects.filter(category=OuterRef("pk")))
        )

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("picker/<int:shop>/", self.admin_site.admin_view(picker_view), name=URL_NAME),
            path(
                "options/<int:pk>/", self.admin_site.admin_view(options_view), name=OPTIONS_URL_NAME
            ),
        ]
        return [*own, *super().get_urls()]

    def prepare_page(self, rows: list[Any]) -> None:
        counts = Listing.objects.filter(category__in=rows).order_by().values_list("category")
        found = dict(counts.annotate(count=Count("pk")))
        for row in rows:
            row.listing_count = found.get(row.pk, 0)

    @admin.display(description="Permission", ordering="permission")
    def permission_label(self, row: ChannelCategory) -> object:
        return label(row.get_permission_display(), PERMISSION_LABELS[row.permission])

    @admin.display(description="What to do")
    def note(self, row: ChannelCategory) -> str:
        if row.is_gone or not row.is_leaf:
            return category_tree.why_closed(row)
        return category_tree.node_of(row).note or "Nothing: products may be listed here."

    @admin.display(description="Listings")
    def listings(self, row: Any) -> object:
        count = getattr(row, "listing_count", None)
        if count is None:
            count = row.listings.count()
        if not count:
            return number(0)
        return format_html(
            '<a class="desk-number text-primary-600 hover:underline" href="{}">{}</a>',
            f"{changelist_url(Listing)}?category__id__exact={row.pk}",
            f"{count:,}",
        )

    @admin.display(description="Form read", ordering="attributes_fetched_at")
    def form_read(self, row: ChannelCategory) -> object:
        return ago(row.attributes_fetched_at, never="when first used")

    @admin.display(description="Also demanded here")
    def demands(self, row: ChannelCategory) -> str:
        found = [demand_text(item) for item in row.certifications]
        if row.needs_dimensions:
            found.append("package dimensions")
        if row.needs_size_chart:
            found.append("a size chart")
        if row.needs_manufacturer:
            found.append("a manufacturer")
        if row.needs_responsible_person:
            found.append("a responsible person in the EU")
        return ", ".join(found) or "Nothing beyond its properties"
