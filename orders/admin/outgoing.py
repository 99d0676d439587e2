"""What the pages of rows share that the channel is told once: columns, units, and “now”."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.models import Shop
from marketplace.kernel.admin import ReadOnlyAdmin, ReadOnlyInline, first_line, label, link_to
from marketplace.kernel.tasks import nudge
from orders.admin.tables import stacked
from orders.models import Outgoing


def hurry(kind: str, words: str, shops: QuerySet[Shop]) -> int:
    """Rows go out by schedule anyway; ask for it now. Returns for how many shops."""
    found = list(shops.distinct())
    for shop in found:
        nudge(kind, shop.pk, label=f"{words}: {shop}")
    return len(found)


def channel_words(row: Outgoing) -> str:
    """The channel's refusal with its own code and request id; empty if there is none."""
    ids = (("code", row.problem_code), ("request", row.problem_request_id))
    words = [f"{word} {value}" for word, value in ids if value and value not in row.problem]
    return f"{row.problem} ({', '.join(words)})" if words else row.problem


class UnitInline(ReadOnlyInline):
    """The units of a parcel, by their order."""

    verbose_name_plural = "Units in this parcel"
    fields = ("order", "unit")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("line__order__channel_order")

    @admin.display(description="Order")
    def order(self, row: Any) -> object:
        return link_to(row.line.order)

    @admin.display(description="Unit on the channel")
    def unit(self, row: Any) -> str:
        return row.line.external_id


class OutgoingAdmin(ReadOnlyAdmin):
    """A list of such rows of channel orders, and the page of one."""

    colors: ClassVar[Mapping[str, str]]

    list_select_related = ("shop", "channel_order")
    list_filter = (
        ("shop", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
    )

    @admin.display(description="Order", ordering="channel_order__external_id")
    def order_id(self, row: Any) -> str:
        return row.channel_order.external_id

    @admin.display(description="Order", ordering="channel_order__external_id")
    def order_and_shop(self, row: Any) -> object:
        return stacked(row.channel_order.external_id, row.shop.name)

    @admin.display(description="State", ordering="state")
    def state_label(self, row: Any) -> object:
        return label(row.get_state_display(), self.colors[row.state])

    @admin.display(description="Problem")
    def problem_text(self, row: Any) -> object:
        return first_line(row.problem)

    @admin.display(description="What the channel said")
    def problem_full(self, row: Outgoing) -> str:
        return channel_words(row) or "–"
