"""Price rules: how the prices of a shop are found, and between which bounds they stay (R91-R94)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin import price_dry_run
from catalog.admin.hurry import hurry_prices
from catalog.admin.price_rule_forms import SETTINGS, SHOWN_FOR, PriceRuleForm, as_typed
from catalog.admin.price_rule_verbs import RELATED, VERBS
from catalog.admin.price_words import Sources, bounds_words, schedule_words
from catalog.admin.shop_first import ShopFirstAdmin, shop_of
from catalog.models import PriceRule, PriceRun, Shop
from catalog.services import price_rules
from marketplace.kernel.admin import ago, first_line, label, link_to, two_lines
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import failure_text, who
from marketplace.kernel.errors import Failure


def _running(rows: Any) -> Any:
    return rows.counting(timezone.now()).filter(is_paused=False, problem="")


@admin.register(PriceRule)
class PriceRuleAdmin(ShopFirstAdmin):
    list_display = ("name", "state_label", "set_on", "how", "runs")
    list_select_related = RELATED
    list_filter = (
        ("shop", AutocompleteSelectFilter),
        ("shop__merchant", AutocompleteSelectFilter),
        ("tag", AutocompleteSelectFilter),
        "strategy",
        ("is_paused", ChoicesDropdownFilter),
    )
    search_fields = ("name", "shop__name", "tag__name", "listing__product__sku")
    search_help_text = "Search by name, shop, tag or SKU of a listing"
    form = PriceRuleForm
    change_form_after_template = "admin/price_rule_below.html"
    autocomplete_fields = ("listing", "tag")
    conditional_fields = SHOWN_FOR
    readonly_fields = ("shop_link", "state_label", "problem_words", "last_run", "by")
    fieldsets = (
        (None, {"fields": (("name", "shop_link"),)}),
        (
            "What it is set on",
            {
                "description": "For an offer one rule counts, alone: its listing's, else that of a "
                "tag (the lowest position first), else the shop's. Leave both empty for the whole "
                "shop.",
                "fields": ("listing", ("tag", "position")),
            },
        ),
        ("How the price is found", {"fields": ("strategy", *SETTINGS)}),
        (
            "Bounds",
            {
                "description": "What a region takes counts most, then floor and ceiling, then the "
                "largest change in a day, then the ending.",
                "fields": (
                    ("floor", "ceiling"),
                    ("ending", "most_change_percent"),
                    "keeps_map",
                ),
            },
        ),
        (
            "Floor by cost",
            {
                "fields": (
                    "covers_cost",
                    ("fulfillment_cost", "fee_percent", "margin_percent"),
                )
            },
        ),
        ("When it runs", {"fields": ("every_minutes", "starts_at", "ends_at")}),
        (
            "How it stands",
            {"fields": (("state_label", "last_run"), "problem_words", "by")},
        ),
    )
    tabs = (
        ListTab("all", "All", "Every price rule.", lambda rows: rows),
        ListTab("running", "Running", "In force now.", _running),
        ListTab(
            "paused",
            "Paused",
            "Prices under these stay as they are until the rule is resumed.",
            lambda rows: rows.filter(is_paused=True),
        ),
        ListTab(
            "problem",
            "Cannot run",
            "Something must be changed first; it stands beside each.",
            lambda rows: rows.filter(is_paused=False).exclude(problem=""),
        ),
        ListTab(
            "over",
            "Not in its time",
            "Not begun yet, or ended.",
            lambda rows: rows.filter(
                Q(starts_at__gt=timezone.now()) | Q(ends_at__lte=timezone.now()), is_paused=False
            ),
        ),
    )
    verbs = VERBS
    why_shop_first = "A rule counts for one shop, in its currency."
    empty_hint = (
        "No price rule yet, so every shop shows the catalog's price. Add one to copy another "
        "shop's prices, to follow sales, or only to keep prices within bounds."
    )

    # -- the list ------------------------------------------------------------------------------

    def prepare_page(self, rows: list[Any]) -> None:
        sources = Sources(rows)
        newest = PriceRun.objects.filter(rule__in=[row.pk for row in rows]).order_by()
        last = newest.values("rule").annotate(last=Max("pk")).values_list("last", flat=True)
        runs = {run.rule_id: run for run in PriceRun.objects.filter(pk__in=list(last))}
        for row in rows:
            row.in_words = sources.describe(row)
            row.newest_run = runs.get(row.pk)

    @admin.display(description="Set on")
    def set_on(self, row: PriceRule) -> object:
        return two_lines(row.scope[0].upper() + row.scope[1:], row.shop)

    @admin.display(description="How, and between which bounds", ordering="strategy")
    def how(self, row: PriceRule) -> object:
        return two_lines(row.in_words, bounds_words(row))  # type: ignore[attr-defined]

    @admin.display(description="Runs", ordering="last_run_at")
    def runs(self, row: PriceRule) -> object:
        words = schedule_words(row)
        return two_lines(words[:1].upper() + words[1:], self.last_run(row))

    @admin.display(description="Last run", ordering="last_run_at")
    def last_run(self, row: PriceRule) -> object:
        run = getattr(row, "newest_run", None) or row.runs.first()
        if run is None:
            return "never"
        figures = f"{run.changed:,} of {run.looked:,} changed, {run.held:,} left with a reason"
        when = ago(row.last_run_at) if run.ended_at else "Under way"
        return format_html("{}: {}", when, link_to(run, figures))

    @admin.display(description="State")
    def state_label(self, row: PriceRule) -> object:
        now = timezone.now()
        if row.is_paused:
            return format_html(
                "{}{}",
                label("Paused", "warning"),
                first_line(row.paused_why),
            )
        if row.problem:
            return format_html(
                "{}{}",
                label("Cannot run", "danger"),
                first_line(row.problem, most=160),
            )
        if row.ends_at and row.ends_at <= now:
            return label("Ended", "default")
        if row.starts_at and row.starts_at > now:
            return label("Not begun", "info")
        return label("Running", "success")

    @admin.display(description="Shop")
    def shop_link(self, row: PriceRule) -> object:
        return link_to(row.shop)

    @admin.display(description="Why it cannot run")
    def problem_words(self, row: PriceRule) -> str:
        return row.problem or "–"

    # -- adding and changing -------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                "dry-run/<slug:token>/",
                view(price_dry_run.dry_run_view),
                {"model_admin": self},
                name="catalog_pricerule_dry_run",
            ),
        ]
        return [*own, *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_fieldsets(request, obj)
        return found if obj else found[:-1]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        shop = obj.shop if obj else shop_of(request)
        draft = price_dry_run.draft_of(request, request.GET.get("draft", ""))

        class OfShop(form):  # type: ignore[misc, valid-type]
            def __init__(self, *args: Any, **more: Any) -> None:
                more["instance"] = more.get("instance") or PriceRule()
                if more["instance"].shop_id is None and shop is not None:
                    more["instance"].shop = shop
                if draft is not None and not args and "data" not in more:
                    more["initial"] = {**(more.get("initial") or {}), **as_typed(draft)}
                super().__init__(*args, **more)

        return OfShop

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        if "_dry_run" in request.POST and (answer := self._to_dry_run(request, object_id)):
            return answer
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except Failure as error:
            # Another rule was saved between the check and the saving.
            messages.error(request, failure_text(error))
            return HttpResponseRedirect(request.get_full_path())

    def _to_dry_run(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Lead to the dry run of the typed values; None if the form has to show what is wrong."""
        obj = self.get_object(request, object_id) if object_id else None
        is_allowed = (
            self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        )
        form = self.get_form(request, obj, change=obj is not None)(request.POST, instance=obj)
        if not is_allowed or not form.is_valid():
            return None
        token = price_dry_run.keep_draft(request, form.instance)
        return HttpResponseRedirect(reverse(price_dry_run.PAGE, args=[token]))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        done = price_rules.save(obj, by=who(request), now=timezone.now())
        hurry_prices([obj.shop])
        messages.info(request, _settled_words(done.changed, obj.shop))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        shop = obj.shop
        done = price_rules.delete(obj, by=who(request), now=timezone.now())
        hurry_prices([shop])
        messages.info(request, _settled_words(done.changed, shop))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for rule in queryset.select_related("shop"):
            self.delete_model(request, rule)


def _settled_words(changed: int, shop: Shop) -> str:
    """What happens to prices after a rule was stored or deleted."""
    if not shop.is_active:
        return f"{shop} is “{shop.get_state_display()}”: its rules run when it is active again."
    now = f"{changed:,} price{'' if changed == 1 else 's'} changed at once. " if changed else ""
    return f"{now}The prices of {shop} are worked out in the background now."
