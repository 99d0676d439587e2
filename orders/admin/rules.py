"""Who chooses where a shop's orders ship from, by which rules, and a try of them (GB3, B22)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.models import Shop
from marketplace.kernel import bulk as kernel_bulk
from marketplace.kernel.admin import (
    BaseAdmin,
    ReadOnlyInline,
    changelist_url,
    label,
    link_to,
    number,
)
from marketplace.kernel.admin_verbs import run_url, who
from marketplace.kernel.bulk_tasks import begin
from orders import bulk
from orders.admin import rule_forms
from orders.models import RoutingPolicy, RoutingRule, RuleCenter
from orders.services import held
from orders.services.dry_run import LAST, Trial, dry_run


def look_again(request: HttpRequest, shop: Shop) -> None:
    """Let the orders that wait follow the rules as they are now, and say what comes of it."""
    ids = held.waiting(shop)
    if not ids:
        return
    if len(ids) <= held.TOGETHER:
        report = kernel_bulk.at_once(bulk.LOOK_AGAIN, ids, {}, by=who(request))
        messages.info(request, f"Orders that waited: {report.summary()}")
        return
    run = begin(
        bulk.LOOK_AGAIN,
        ids,
        {},
        label=f"Look again at waiting orders: {shop}",
        user=request.user,  # type: ignore[arg-type]
        back=changelist_url(RoutingPolicy),
    )
    messages.info(
        request,
        format_html(
            'The {} orders that wait are looked at again in the background. <a href="{}">See how '
            "far it is</a>.",
            f"{len(ids):,}",
            run_url(run),
        ),
    )


class RuleInline(ReadOnlyInline):
    model = RoutingRule
    verbose_name_plural = "Rules, from the top: the first that finds a center places the order"
    fields = ("rule", "asks", "does", "activity")
    readonly_fields = fields

    @admin.display(description="Rule")
    def rule(self, row: RoutingRule) -> object:
        return link_to(row)

    @admin.display(description="For orders")
    def asks(self, row: RoutingRule) -> str:
        return rule_forms.conditions_of(row) or "all"

    @admin.display(description="What it does")
    def does(self, row: RoutingRule) -> str:
        return row.get_action_display() + (f": {row.words}" if row.words else "")

    @admin.display(description="On")
    def activity(self, row: RoutingRule) -> object:
        return label("On", "success") if row.is_active else label("Off", "info")


@admin.register(RoutingPolicy)
class RoutingPolicyAdmin(BaseAdmin):
    list_display = ("shop", "chooser", "rule_count", "fallback")
    list_select_related = ("shop", "fallback")
    search_fields = ("shop__name",)
    autocomplete_fields = ("shop",)
    form = rule_forms.PolicyForm
    fields = ("shop", "we_choose", "fallback", "next_steps")
    readonly_fields = ("next_steps",)
    inlines = (RuleInline,)
    empty_hint = (
        "Every order ships from the center mapped to the channel's warehouse. Add a shop here if "
        "it wants to choose by rules of its own."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoutingPolicy]:
        on = Count("rules", filter=Q(rules__is_active=True))
        return super().get_queryset(request).annotate(rule_number=on)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "shop") if obj else self.readonly_fields

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.dry_run_view)
        own = path("<int:pk>/dry-run/", view, name="orders_routingpolicy_dry_run")
        return [own, *super().get_urls()]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        look_again(request, form.instance.shop)

    def dry_run_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The latest orders, and what the rules would have done with each; nothing is written."""
        row = get_object_or_404(RoutingPolicy.objects.select_related("shop", "fallback"), pk=pk)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        trials = dry_run(row)
        return self.page(
            request,
            "admin/routing_dry_run.html",
            f"Dry run: {row}",
            row=row,
            last=LAST,
            moved=sum(trial.is_moved for trial in trials),
            trials=list(map(_told, trials)),
            back=reverse("admin:orders_routingpolicy_change", args=[row.pk]),
        )

    @admin.display(description="Chosen by")
    def chooser(self, row: RoutingPolicy) -> object:
        return label("Our rules", "success") if row.we_choose else label("The channel", "info")

    @admin.display(description="Rules")
    def rule_count(self, row: RoutingPolicy) -> object:
        return number(row.rule_number)  # type: ignore[attr-defined]

    @admin.display(description="Next")
    def next_steps(self, row: RoutingPolicy) -> object:
        if not row.pk:
            return "Save first; then add rules and try them on past orders."
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">Add a rule</a> · '
            '<a class="text-primary-600 dark:text-primary-500" href="{}">Try the rules on the last '
            "{} orders</a>",
            reverse("admin:orders_routingrule_add") + f"?policy={row.pk}",
            reverse("admin:orders_routingpolicy_dry_run", args=[row.pk]),
            LAST,
        )


def _told(trial: Trial) -> dict[str, object]:
    order, decision = trial.order, trial.decision
    center = trial.center or "none: it would wait"
    tags = f"Tags: {', '.join(decision.tags)}." if decision.tags else ""
    said = (decision.reason, *decision.holds, *decision.notices)
    return {
        "link": link_to(order),
        "units": order.quantity - order.canceled_quantity,
        "now": order.fulfillment_center or "no center",
        "then": label(center, "warning") if trial.is_moved else center,
        "why": " ".join(filter(None, (*said, tags))),
    }


class CenterInline(TabularInline):
    model = RuleCenter
    formset = rule_forms.CenterFormSet
    extra = 0
    fields = ("center", "position")
    verbose_name = "center"
    verbose_name_plural = "Centers it may choose, the preferred one first"


@admin.register(RoutingRule)
class RoutingRuleAdmin(BaseAdmin):
    list_display = ("name", "policy", "position", "asks", "action", "is_active")
    list_select_related = ("policy__shop", "stocked_at")
    list_filter = (("policy", AutocompleteSelectFilter),)
    search_fields = ("name", "policy__shop__name")
    autocomplete_fields = ("policy",)
    form = rule_forms.RuleForm
    fieldsets = (
        (None, {"fields": (("policy", "name"), ("position", "is_active"))}),
        (
            "For orders that meet all of this; what is empty asks nothing",
            {
                "fields": (
                    ("skus", "tags"),
                    ("countries", "regions"),
                    ("min_value", "max_value"),
                    ("kind", "stocked_at"),
                )
            },
        ),
        ("What it does", {"fields": (("action", "words"),)}),
    )
    inlines = (CenterInline,)
    empty_hint = "No rule yet. Add one from the page of a shop's order routing."

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        look_again(request, form.instance.policy.shop)

    def delete_model(self, request: HttpRequest, obj: RoutingRule) -> None:
        super().delete_model(request, obj)
        look_again(request, obj.policy.shop)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoutingRule]) -> None:
        shops = list(Shop.objects.filter(routing_policy__rules__in=queryset).distinct())
        super().delete_queryset(request, queryset)
        for shop in shops:
            look_again(request, shop)

    @admin.display(description="For orders")
    def asks(self, row: RoutingRule) -> str:
        return rule_forms.conditions_of(row) or "all"
