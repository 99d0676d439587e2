"""The channel's categories as each shop sees them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin.labels import PERMISSION_LABELS
from catalog.models import CategoryAttribute, ChannelCategory
from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    ago,
    label,
)

OPTIONS_SHOWN = 12


class AttributeInline(ReadOnlyInline):
    model = CategoryAttribute
    verbose_name_plural = "Properties of this category"
    fields = ("name", "kind", "is_required", "is_customizable", "is_multiple", "options")
    readonly_fields = fields

    @admin.display(description="Options of the channel")
    def options(self, row: CategoryAttribute) -> str:
        names = [str(choice["name"]) for choice in row.values]
        more = f" and {len(names) - OPTIONS_SHOWN} more" if len(names) > OPTIONS_SHOWN else ""
        return ", ".join(names[:OPTIONS_SHOWN]) + more if names else "Free text"


@admin.register(ChannelCategory)
class ChannelCategoryAdmin(ReadOnlyAdmin):
    list_display = ("path", "shop", "permission_label", "form_read")
    list_select_related = ("shop",)
    list_filter = (("shop", AutocompleteSelectFilter), ("permission", ChoicesDropdownFilter))
    search_fields = ("path", "external_id")
    fields = ("path", "shop", "permission", "demands", "form_read")
    readonly_fields = ("demands", "form_read")
    inlines = (AttributeInline,)
    empty_hint = (
        "No category is here yet. They are read when a shop is activated, and with “Refresh "
        "categories” on the shop."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChannelCategory]:
        return super().get_queryset(request).filter(is_leaf=True, is_gone=False)

    @admin.display(description="Permission", ordering="permission")
    def permission_label(self, row: ChannelCategory) -> object:
        return label(row.get_permission_display(), PERMISSION_LABELS[row.permission])

    @admin.display(description="Form read")
    def form_read(self, row: ChannelCategory) -> object:
        return ago(row.attributes_fetched_at, never="when first used")

    @admin.display(description="Also demanded here")
    def demands(self, row: ChannelCategory) -> str:
        found = [name for _, name in row.required_certifications]
        if row.needs_dimensions:
            found.append("package dimensions")
        if row.needs_size_chart:
            found.append("a size chart")
        return ", ".join(found) or "Nothing beyond its properties"
