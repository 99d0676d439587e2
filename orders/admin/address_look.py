"""Who was shown which buyer's whole address, when and on which page (B24)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.contrib.filters.admin import DropdownFilter

from marketplace.kernel.admin import ReadOnlyAdmin, ago, changelist_url
from orders.admin.days import DaysFilter
from orders.models import AddressLook, Order
from orders.services.privacy import LOOKS_KEPT

#: Enough to meet everybody who looks these weeks.
LOOKS_LOOKED_AT = 5_000


class PersonFilter(DropdownFilter):
    """The looks of one person."""

    title = "who"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        latest = AddressLook.objects.order_by("-pk").values_list("by", flat=True)
        return [(name, name) for name in sorted(set(latest[:LOOKS_LOOKED_AT]))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(by=self.value()) if self.value() else queryset


@admin.register(AddressLook)
class AddressLookAdmin(ReadOnlyAdmin):
    list_display = ("when", "by", "order_link", "masked", "page")
    list_display_links = None
    list_select_related = ("channel_order__address",)
    list_filter = (PersonFilter, ("at", DaysFilter))
    search_fields = ("=by", "=channel_order__external_id")
    search_help_text = "Search by person or whole order id"
    fields = ("when", "by", "order_link", "masked", "page")
    readonly_fields = ("when", "order_link", "masked")
    empty_hint = (
        "Nobody was shown a buyer's whole address yet. Each look is written down and kept for "
        f"{LOOKS_KEPT.days} days."
    )

    @admin.display(description="When", ordering="pk")
    def when(self, row: AddressLook) -> object:
        return ago(row.at)

    @admin.display(description="Order", ordering="channel_order__external_id")
    def order_link(self, row: AddressLook) -> object:
        url = f"{changelist_url(Order)}?q={row.channel_order.external_id}"
        return format_html(
            '<a class="text-primary-600 hover:underline" href="{}">{}</a>',
            url,
            row.channel_order.external_id,
        )

    @admin.display(description="Whose address")
    def masked(self, row: AddressLook) -> str:
        address = getattr(row.channel_order, "address", None)
        return address.masked if address else "–"
