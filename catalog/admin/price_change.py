"""The history of prices: what changed, by whom and why, and going back (B12)."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)

from catalog.admin.hurry import hurry_prices
from catalog.models import PriceCause, PriceChange, Shop
from catalog.services import price_history
from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    changelist_url,
    colors,
    first_line,
    label,
    link_to,
    money,
    number,
    two_lines,
)
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb, failure_text, where_to_return, who
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Failure

CHANGE = "catalog.change_offer"
RELATED = ("offer__listing__shop", "offer__listing__product", "offer__variant", "rule", "run")
CAUSES = colors(
    PriceCause,
    {PriceCause.HAND: "info", PriceCause.RULE: "success", PriceCause.ROLLBACK: "warning"},
)


def roll_back(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    """Give each offer the price it had before the change, as its own price."""
    changes = PriceChange.objects.filter(pk__in=ids).select_related(*RELATED)
    now, by = timezone.now(), who(request)
    report = run_batch(
        "Rolled back, and kept as an own price:",
        changes,
        lambda change: price_history.rollback_change(change, by=by, now=now),
    )
    hurry_prices(Shop.objects.filter(listings__offers__price_changes__in=ids).distinct())
    return report


def _of_today(rows: Any) -> Any:
    # A range, for the index on the moment serves no other question.
    return rows.filter(at__gte=datetime.combine(timezone.now().date(), time.min, UTC))


@admin.register(PriceChange)
class PriceChangeAdmin(ReadOnlyAdmin):
    """Changes of the price that is wanted on a shop, the newest first."""

    list_display = (
        "at", "what", "move", "back", "cause_label", "doer", "reason",
    )  # fmt: skip
    list_display_links = ("at",)
    list_select_related = RELATED
    list_filter = (
        ("offer__listing__shop", AutocompleteSelectFilter),
        ("cause", ChoicesDropdownFilter),
        ("rule", AutocompleteSelectFilter),
        ("at", RangeDateTimeFilter),
    )
    search_fields = ("=offer__variant__sku", "=offer__listing__product__sku")
    search_help_text = "Search by SKU"
    fields = (
        "at", ("sku", "listing"), "shop", ("was", "became"), "change", "cause_label",
        ("by_rule", "of_run"), "who", "why",
    )  # fmt: skip
    readonly_fields = (
        "at", "sku", "listing", "shop", "was", "became", "change", "cause_label", "by_rule",
        "of_run", "who", "why",
    )  # fmt: skip
    tabs = (
        ListTab("all", "All", "Every change of a price wanted on a shop.", lambda rows: rows),
        ListTab("today", "Today", "Since midnight, UTC.", _of_today),
    )
    verbs = (
        Verb(
            "roll_back", "Roll back", CHANGE, run=roll_back, button="Roll back",
            applies=lambda row: row.old is not None,
        ),
    )  # fmt: skip
    empty_hint = (
        "No price changed yet. Every change is kept here: when, from what to what, by whom or "
        "which rule, and why."
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.roll_back_view)
        own = path("<int:pk>/roll-back/", view, name="catalog_pricechange_roll_back")
        return [own, *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        may = request.user.has_perm(CHANGE)
        return columns if may else [name for name in columns if name != "back"]

    def roll_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The button in a row."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        change = get_object_or_404(PriceChange.objects.select_related(*RELATED), pk=pk)
        try:
            price_history.rollback_change(change, by=who(request), now=timezone.now())
        except Failure as error:
            messages.error(request, failure_text(error))
        else:
            hurry_prices([change.offer.listing.shop])
            change.offer.refresh_from_db()
            messages.success(request, _told(change))
        back = where_to_return(request)
        is_here = back == request.get_full_path()
        return HttpResponseRedirect(changelist_url(PriceChange) if is_here else back)

    @admin.display(description="SKU and listing")
    def what(self, row: PriceChange) -> object:
        listing = row.offer.listing
        detail = format_html("{} · {}", link_to(listing), listing.shop.name)
        return two_lines(self.sku(row), detail)

    @admin.display(description="Old → new")
    def move(self, row: PriceChange) -> object:
        pair = format_html("{} → {}", _amount(row.old), _amount(row.new))
        return format_html(
            '<span class="whitespace-nowrap">{} {}</span>{}', pair, row.currency, self.change(row)
        )

    @admin.display(description="By whom or which rule")
    def doer(self, row: PriceChange) -> object:
        if row.rule is None:
            return self.who(row)
        asked = row.run.by if row.run else row.by
        by = "" if asked in ("schedule", row.rule.name) else f"run by {asked}"
        return two_lines(link_to(row.rule), by)

    @admin.display(description="SKU")
    def sku(self, row: PriceChange) -> object:
        return link_to(row.offer.variant, row.offer.variant.sku)

    @admin.display(description="Listing")
    def listing(self, row: PriceChange) -> object:
        return link_to(row.offer.listing)

    @admin.display(description="Shop")
    def shop(self, row: PriceChange) -> str:
        return row.offer.listing.shop.name

    @admin.display(description="Old")
    def was(self, row: PriceChange) -> object:
        return money(row.old, row.currency)

    @admin.display(description="New")
    def became(self, row: PriceChange) -> object:
        return money(row.new, row.currency)

    @admin.display(description="Change")
    def change(self, row: PriceChange) -> object:
        if not row.old or row.new is None:
            return "–"
        return number(f"{(row.new - row.old) / row.old * Decimal(100):+.1f} %")

    @admin.display(description="Cause")
    def cause_label(self, row: PriceChange) -> object:
        return label(row.get_cause_display(), CAUSES[PriceCause(row.cause)])

    @admin.display(description="Rule")
    def by_rule(self, row: PriceChange) -> object:
        return link_to(row.rule)

    @admin.display(description="Run")
    def of_run(self, row: PriceChange) -> object:
        return link_to(row.run)

    @admin.display(description="Who or what")
    def who(self, row: PriceChange) -> str:
        asked = row.run.by if row.run else ""
        return f"{row.by} (run by {asked})" if asked and asked != row.by else row.by or "–"

    @admin.display(description="Why")
    def reason(self, row: PriceChange) -> object:
        return first_line(row.why, most=160)

    @admin.display(description="")
    def back(self, row: PriceChange) -> object:
        if row.old is None:
            return ""
        # It belongs to the form around the list, which brings the token that a POST needs.
        return format_html(
            '<button type="submit" formaction="{}" formnovalidate '
            'class="border border-base-200 cursor-pointer px-2 py-1 rounded-default text-important '
            'whitespace-nowrap dark:border-base-700">Roll back</button>',
            reverse("admin:catalog_pricechange_roll_back", args=[row.pk]),
        )


def _amount(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:,}"


def _told(change: PriceChange) -> str:
    offer = change.offer
    text = f"{offer}: the price is {offer.price_wanted} {offer.currency} again, as its own price."
    if offer.price_wanted != change.old:
        text = (
            f"{offer}: the price is {offer.price_wanted} {offer.currency}, the nearest to "
            f"{change.old} that its bounds allow."
        )
    return f"{text} Rules leave it alone until the own price is taken away."
