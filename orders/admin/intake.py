"""Orders that could not be taken in, and how far each shop's orders were read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.models import Shop
from marketplace.kernel.admin import ReadOnlyAdmin, ago, first_line, number
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb
from marketplace.kernel.batch import run_batch
from marketplace.kernel.tasks import nudge
from orders.models import IntakeCursor, IntakeProblem
from orders.services import problems


def retry(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    rows = IntakeProblem.objects.filter(pk__in=ids).unresolved()
    report = run_batch("Asked for again:", rows, problems.retry_now)
    for shop in Shop.objects.filter(intake_problems__in=ids).distinct():
        nudge("pull_orders", shop.pk, label=f"Read orders: {shop}")
    return report


@admin.register(IntakeProblem)
class IntakeProblemAdmin(ReadOnlyAdmin):
    list_display = ("external_id", "shop", "why", "tries", "since", "next_try", "resolved")
    list_select_related = ("shop",)
    list_filter = (("shop", AutocompleteSelectFilter),)
    search_fields = ("external_id", "reason")
    fields = (("external_id", "shop"), "reason", "excerpt", ("attempts", "next_try", "resolved"))
    readonly_fields = ("next_try", "resolved")
    tabs = (
        ListTab(
            "open",
            "Open",
            "These orders are on the channel and not here. The rest came in; each of these is "
            "tried again by itself, and can be tried now.",
            lambda rows: rows.unresolved(),
        ),
        ListTab("all", "All", "Those that came through later too.", lambda rows: rows),
    )
    verbs = (
        Verb(
            name="retry",
            label="Try again now",
            run=retry,
            permission="orders.change_order",
            button="Try again now",
            applies=lambda row: row.resolved_at is None,
        ),
    )
    empty_hint = "Every order could be taken in."

    @admin.display(description="Why", ordering="reason")
    def why(self, row: IntakeProblem) -> object:
        return first_line(row.reason)

    @admin.display(description="Tries", ordering="attempts")
    def tries(self, row: IntakeProblem) -> object:
        return number(row.attempts)

    @admin.display(description="Since", ordering="created_at")
    def since(self, row: IntakeProblem) -> object:
        return ago(row.created_at)

    @admin.display(description="Next try", ordering="next_attempt_at")
    def next_try(self, row: IntakeProblem) -> object:
        return "–" if row.resolved_at else ago(row.next_attempt_at)

    @admin.display(description="Came through", ordering="resolved_at")
    def resolved(self, row: IntakeProblem) -> object:
        return ago(row.resolved_at, never="not yet")


@admin.register(IntakeCursor)
class IntakeCursorAdmin(ReadOnlyAdmin):
    """How far each shop's orders were read, and how the last look went."""

    list_display = ("shop", "looked", "result", "seen", "compared", "compare_result")
    list_select_related = ("shop",)
    search_fields = ("shop__name",)
    empty_hint = "No shop's orders were read yet."
    exclude = ("reconcile_counts",)

    @admin.display(description="Last looked", ordering="last_run_at")
    def looked(self, row: IntakeCursor) -> object:
        return ago(row.last_run_at)

    @admin.display(description="What came of it")
    def result(self, row: IntakeCursor) -> object:
        return first_line(row.last_result)

    @admin.display(description="Seen up to", ordering="updated_through")
    def seen(self, row: IntakeCursor) -> object:
        return ago(row.updated_through)

    @admin.display(description="Last compared", ordering="reconciled_at")
    def compared(self, row: IntakeCursor) -> object:
        return ago(row.reconciled_at)

    @admin.display(description="What the comparison found")
    def compare_result(self, row: IntakeCursor) -> object:
        return first_line(row.reconcile_result)
