"""Whether cancellations and returns are being read, and how the last look went."""

from __future__ import annotations

from django.contrib import admin

from marketplace.kernel.admin import ReadOnlyAdmin, ago, first_line
from orders.models import AftersaleCursor


@admin.register(AftersaleCursor)
class AftersaleCursorAdmin(ReadOnlyAdmin):
    list_display = ("shop", "looked", "result", "cancellations_through", "returns_through")
    list_select_related = ("shop",)
    search_fields = ("shop__name",)
    search_help_text = "Search by shop"
    empty_hint = "Nothing was read yet. It is read every two minutes for every active shop."

    @admin.display(description="Last looked", ordering="last_run_at")
    def looked(self, row: AftersaleCursor) -> object:
        return ago(row.last_run_at)

    @admin.display(description="What came of it")
    def result(self, row: AftersaleCursor) -> object:
        return first_line(row.last_result)
