"""Runs of price rules: what each looked at and changed, and rolling one back as a whole."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.admin import price_board
from catalog.models import PriceChange, PriceRun
from marketplace.kernel import bulk
from marketplace.kernel.admin import ReadOnlyAdmin, ago, changelist_url, label, link_to, number
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb, who
from marketplace.kernel.bulk_tasks import begin
from marketplace.kernel.models import BulkRun

CHANGE = "catalog.change_pricerule"
#: So many prices go back while a person waits; more in the background.
BACK_AT_ONCE = 1_000


def roll_back_runs(
    request: HttpRequest, ids: list[int], given: dict[str, Any]
) -> Outcome | BulkRun:
    """Put back what runs changed, and pause their rules."""
    runs = list(PriceRun.objects.filter(pk__in=ids))
    if sum(run.changed for run in runs) > BACK_AT_ONCE:
        user: Any = request.user
        # The newest first, so that each finds prices as it left them.
        return begin(
            "roll_back_price_runs",
            sorted(ids, reverse=True),
            {},
            label="Roll back runs of price rules",
            user=user,
            back=changelist_url(PriceRun),
        )
    return bulk.at_once("roll_back_price_runs", ids, {}, by=who(request))


def _of_today(rows: Any) -> Any:
    return rows.filter(created_at__gte=datetime.combine(timezone.now().date(), time.min, UTC))


@admin.register(PriceRun)
class PriceRunAdmin(ReadOnlyAdmin):
    """What rules did, the newest run first."""

    list_display = (
        "rule_name", "shop", "begun", "state_label", "looked_at", "moved", "left", "by",
    )  # fmt: skip
    list_select_related = ("shop", "rule")
    list_filter = (
        ("shop", AutocompleteSelectFilter),
        ("rule", AutocompleteSelectFilter),
    )
    search_fields = ("rule_name", "shop__name")
    search_help_text = "Search by rule or shop"
    fields = (
        ("rule_link", "shop_link"), ("begun", "state_label"), ("looked_at", "moved", "left"),
        "reasons_list", "by",
    )  # fmt: skip
    readonly_fields = (
        "rule_link", "shop_link", "begun", "state_label", "looked_at", "moved", "left",
        "reasons_list", "by",
    )  # fmt: skip
    tabs = (
        ListTab("all", "All", "Every run of a price rule.", lambda rows: rows),
        ListTab("today", "Today", "Begun since midnight, UTC.", _of_today),
        ListTab(
            "back", "Rolled back", "Their prices went back, and the rule was paused.",
            lambda rows: rows.filter(rolled_back_at__isnull=False),
        ),
    )  # fmt: skip
    verbs = (
        Verb(
            "roll_back_run", "Roll back the run", CHANGE, run=roll_back_runs,
            button="Roll back the run",
            applies=lambda row: row.rolled_back_at is None and row.changed > 0,
        ),
    )  # fmt: skip
    empty_hint = "No price rule has run yet."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(price_board.board_view)
        own = path("board/", view, {"model_admin": self}, name="catalog_pricerun_board")
        return [own, *super().get_urls()]

    @admin.display(description="Rule")
    def rule_link(self, row: PriceRun) -> object:
        return link_to(row.rule) if row.rule else f"{row.rule_name} (deleted)"

    @admin.display(description="Shop")
    def shop_link(self, row: PriceRun) -> object:
        return link_to(row.shop)

    @admin.display(description="Begun", ordering="pk")
    def begun(self, row: PriceRun) -> object:
        return ago(row.created_at)

    @admin.display(description="State")
    def state_label(self, row: PriceRun) -> object:
        if row.rolled_back_at:
            return label("Rolled back", "warning")
        return label("Done", "success") if row.ended_at else label("Under way", "info")

    @admin.display(description="Looked at")
    def looked_at(self, row: PriceRun) -> object:
        return number(row.looked)

    @admin.display(description="Changed")
    def moved(self, row: PriceRun) -> object:
        if not row.changed:
            return number(0)
        url = f"{changelist_url(PriceChange)}?run__id__exact={row.pk}"
        return format_html(
            '<a class="text-primary-600 hover:underline" href="{}">{}</a>', url, number(row.changed)
        )

    @admin.display(description="Left, with a reason")
    def left(self, row: PriceRun) -> object:
        return number(row.held)

    @admin.display(description="Why they were left")
    def reasons_list(self, row: PriceRun) -> object:
        lines = sorted(row.reasons.items(), key=lambda pair: -pair[1])
        body = format_html_join("", "<li>{}: {}</li>", ((f"{n:,}", why) for why, n in lines))
        return format_html('<ul class="list-disc pl-4">{}</ul>', body) if body else "–"
