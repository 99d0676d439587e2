"""The listings workspace: what is incomplete, ready, on the channel, or needs a person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    MultipleChoicesDropdownFilter,
)

from catalog.admin import figures
from catalog.admin.labels import LISTING_LABELS, REVIEW_LABELS
from catalog.admin.listing_changes import changes_table, short_words
from catalog.admin.listing_filters import PriorityFilter
from catalog.admin.listing_inlines import AttributeInline, EventInline, OfferInline
from catalog.admin.listing_tabs import OF_ONE_STATE, TABS
from catalog.admin.listing_verbs import VERBS
from catalog.admin.mending import fragment_of, mending_link
from catalog.admin.price_views import PriceViewAdmin
from catalog.admin.suggestions import SuggestingAdmin
from catalog.models import Listing
from catalog.services import forecast, listings, published, templates
from catalog.states import ListingState
from marketplace.kernel.admin import (
    ago,
    first_line,
    label,
    link_to,
    money,
    number,
    thumbnail,
    two_lines,
)
from marketplace.kernel.admin_lists import current_tab
from marketplace.kernel.admin_verbs import Selection, keep, verb_url, who
from marketplace.kernel.sheets.admin import SheetsAdmin


@admin.register(Listing)
class ListingAdmin(SheetsAdmin, SuggestingAdmin, PriceViewAdmin):
    list_display = (
        "picture", "name", "channel", "merchant", "category_name", "state_label", "reasons",
        "price", "quantity", "published",
    )  # fmt: skip
    list_display_links = ("picture", "name")
    list_select_related = ("product__merchant", "shop", "category")
    list_filter = (
        ("shop__channel", ChoicesDropdownFilter),
        ("shop", AutocompleteSelectFilter),
        ("shop__merchant", AutocompleteSelectFilter),
        ("state", MultipleChoicesDropdownFilter),
        ("review", ChoicesDropdownFilter),
        ("product__tags", AutocompleteSelectFilter),
        ("category", AutocompleteSelectFilter),
        ("template", AutocompleteSelectFilter),
        PriorityFilter,
    )
    search_fields = ("title", "product__title", "product__sku", "=external_id")
    search_help_text = "Search by title, SKU or product id on the channel"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("product_link", "shop_link"),
                    ("state_label", "review_label"),
                    "missing_list",
                    "problem_text",
                )
            },
        ),
        (
            "On the channel",
            {
                "fields": (
                    ("category_name", "external_id"),
                    ("external_words", "published"),
                    "changes",
                    "calls",
                )
            },
        ),
        (
            "Texts for this channel",
            {
                "fields": (
                    "template_words",
                    "title",
                    "description",
                    ("brand_external_id", "priority"),
                )
            },
        ),
    )
    readonly_fields = (
        "product_link", "shop_link", "state_label", "review_label", "missing_list", "problem_text",
        "category_name", "external_id", "external_words", "published", "changes", "calls",
        "template_words",
    )  # fmt: skip
    inlines = (OfferInline, AttributeInline, EventInline)
    tabs = TABS
    verbs = VERBS
    empty_hint = (
        "No listing yet. In Products, select products and use “Stage Listings”; they appear here."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = super().get_list_display(request)
        tab = current_tab(self.tabs, request)
        if tab is not None and tab.key in OF_ONE_STATE:
            columns.remove("state_label")
        return columns

    def prepare_page(self, rows: list[Any]) -> None:
        super().prepare_page(rows)
        figures.add_pictures(rows, "product__images")
        found = figures.of_listings(rows)
        days, sides = forecast.of_listings(rows), published.sides(rows)
        for row in rows:
            row.figures = found[row.pk]
            row.goes_out = days.get(row.pk)
            row.changed_parts = short_words(*sides[row.pk]) if row.pk in sides else ""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.mend_view)
        own = path("<int:pk>/mend/<slug:name>/", view, name="catalog_listing_mend")
        return [own, *super().get_urls()]

    def mend_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Lead to the form of a verb for this one listing; nothing is changed by coming here."""
        row = self.get_object(request, str(pk))
        verb = next((one for one in self.open_verbs(request) if one.name == name), None)
        if row is None or verb is None or verb.form is None:
            raise PermissionDenied
        token = keep(
            request, self.model, Selection([pk], reverse("admin:catalog_listing_change", args=[pk]))
        )
        return HttpResponseRedirect(
            verb_url(self.model, verb, token) + fragment_of(row, request.GET.get("attribute", ""))
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        listings.refresh_readiness([obj.pk], by=who(request))

    @admin.display(description="")
    def picture(self, row: Listing) -> object:
        return thumbnail(figures.picture_url(row.product))

    @admin.display(description="Listing", ordering="product__title")
    def name(self, row: Listing) -> object:
        return two_lines(row.title_to_send, row.product.sku)

    @admin.display(description="Channel", ordering="shop__channel")
    def channel(self, row: Listing) -> object:
        return format_html(
            '<span class="block whitespace-nowrap">{}</span>'
            '<span class="block text-base-500 whitespace-nowrap dark:text-base-400">{}</span>',
            row.shop.get_channel_display(),
            row.shop.name,
        )

    @admin.display(description="Merchant", ordering="shop__merchant__name")
    def merchant(self, row: Listing) -> str:
        return str(row.product.merchant)

    @admin.display(description="Category", ordering="category__path")
    def category_name(self, row: Listing) -> object:
        if row.category is None:
            return "–"
        return format_html('<span title="{}">{}</span>', row.category.path, row.category.name)

    @admin.display(description="State", ordering="state")
    def state_label(self, row: Listing) -> object:
        state = label(row.get_state_display(), LISTING_LABELS[row.state])
        words = _queue_words(row)
        if not words:
            return state
        return format_html(
            '{}<span class="block text-base-500 whitespace-nowrap dark:text-base-400">{}</span>',
            state,
            words,
        )

    @admin.display(description="Channel's review")
    def review_label(self, row: Listing) -> object:
        return label(row.get_review_display(), REVIEW_LABELS[row.review])

    @admin.display(description="Reasons")
    def reasons(self, row: Listing) -> object:
        if row.problem:
            return first_line(row.problem, most=70)
        if not row.missing:
            changed = row.changed_parts  # type: ignore[attr-defined]
            return first_line(f"Not published: {changed}") if changed else "–"
        more = len(row.missing) - 1
        rest = link_to(row, f"and {more:,} more") if more else ""
        return format_html(
            '<span class="desk-note" title="{}">{} <span class="block">{}</span></span>',
            "\n".join(item["sentence"] for item in row.missing),
            mending_link(row, row.missing[0]),
            rest,
        )

    @admin.display(description="Price")
    def price(self, row: Listing) -> object:
        found = row.figures  # type: ignore[attr-defined]
        if found.lowest is not None and found.lowest != found.highest:
            return money(found.lowest, f"– {found.highest:,.2f} {found.currency}")
        return money(found.lowest, found.currency)

    @admin.display(description="Quantity")
    def quantity(self, row: Listing) -> object:
        units = row.figures.quantity  # type: ignore[attr-defined]
        return number("–" if units is None else units)

    @admin.display(description="Published", ordering="published_at")
    def published(self, row: Listing) -> object:
        return ago(row.published_at)

    @admin.display(description="Product")
    def product_link(self, row: Listing) -> object:
        return link_to(row.product, f"{row.product} ({row.product.sku})")

    @admin.display(description="Channel and shop")
    def shop_link(self, row: Listing) -> object:
        return link_to(row.shop)

    @admin.display(description="Listing template")
    def template_words(self, row: Listing) -> object:
        if row.template is None:
            return "None"
        lines = [link_to(row.template), *templates.remarks_of(row)]
        return format_html_join("", '<span class="block">{}</span>', ((line,) for line in lines))

    @admin.display(description="What is missing")
    def missing_list(self, row: Listing) -> object:
        if not row.missing:
            return "Nothing: every requirement is met."
        lines = (
            (mending_link(row, item), _facts(item.get("found", ""), item.get("allowed", "")))
            for item in row.missing
        )
        body = format_html_join(
            "", '<li>{}<span class="block text-base-500 dark:text-base-400">{}</span></li>', lines
        )
        return format_html('<ul class="flex flex-col gap-2 list-disc pl-4">{}</ul>', body)

    @admin.display(description="What the channel said")
    def problem_text(self, row: Listing) -> object:
        has_failed = row.state in (ListingState.ERROR, ListingState.REJECTED)
        if not row.problem and not has_failed:
            return "–"
        ids = " · ".join(
            f"{word} {value}"
            for word, value in (
                ("Code", row.problem_code),
                ("Request", row.problem_request_id),
            )
            if value
        )
        help_line = ""
        if has_failed:
            start = "If this does not help, write"
            if not row.problem:
                start = "It gave no further information. Write"
            help_line = f"{start} to {settings.SUPPORT_EMAIL} and quote the ids above."
        return format_html(
            '<span style="white-space:pre-line">{}</span>'
            '<span class="block text-base-500 dark:text-base-400">{}</span>'
            '<span class="block text-base-500 dark:text-base-400">{}</span>',
            row.problem or "Nothing.",
            ids,
            help_line,
        )

    @admin.display(description="In the channel's own words")
    def external_words(self, row: Listing) -> str:
        words = [word for word in (row.external_status, row.external_audit) if word]
        return " · ".join(words) or "Not there yet"

    @admin.display(description="Changes not published")
    def changes(self, row: Listing) -> object:
        return changes_table(row)

    @admin.display(description="Calls to the channel")
    def calls(self, row: Listing) -> object:
        if not row.external_id:
            return "–"
        url = f"{reverse('admin:integrations_exchange_changelist')}?q={row.external_id}"
        return format_html(
            '<a class="text-primary-600 hover:underline" href="{}">See what was sent and '
            "answered</a>",
            url,
        )


def _queue_words(row: Listing) -> str:
    """When a queued listing goes out, and whether a person gave it a place."""
    days = getattr(row, "goes_out", None) or forecast.of_listings([row]).get(row.pk)
    if days is None:
        return ""
    place = "" if not row.priority else " · first" if row.priority > 0 else " · last"
    return f"goes out {days.words()}{place}"


def _facts(found: str, allowed: str) -> str:
    parts = [f"Found: {found}" if found else "", f"Allowed: {allowed}" if allowed else ""]
    return " · ".join(part for part in parts if part)
