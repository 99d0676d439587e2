"""The listings workspace: what is incomplete, ready, on the channel, or needs a person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    MultipleChoicesDropdownFilter,
)

from catalog.admin import figures
from catalog.admin.labels import LISTING_LABELS, REVIEW_LABELS
from catalog.admin.listing_verbs import VERBS
from catalog.admin.suggestions import SuggestingAdmin
from catalog.models import (
    Listing,
    ListingAttribute,
    ListingEvent,
    Offer,
)
from catalog.services import listings
from catalog.states import ListingState
from marketplace.kernel.admin import (
    ReadOnlyInline,
    ago,
    first_line,
    label,
    link_to,
    money,
    number,
    thumbnail,
    two_lines,
)
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import who

Rows = QuerySet[Any]


def _in(*states: ListingState) -> Any:
    return lambda rows: rows.filter(state__in=states)


def _with_refused_offers(rows: Rows) -> Rows:
    return rows.filter(Exists(Offer.objects.filter(listing=OuterRef("pk")).exclude(problem="")))


TABS = (
    ListTab("all", "All", "Every staged or published listing.", lambda rows: rows),
    ListTab(
        "incomplete",
        "Incomplete",
        "The channel asks for something these do not have yet. The reasons are beside each; a "
        "listing moves to “Ready to Publish” by itself when it is complete.",
        lambda rows: rows.incomplete(),
    ),
    ListTab(
        "ready",
        "Ready to Publish",
        "Everything the channel asks for is there. Select them and use “Publish”.",
        lambda rows: rows.ready(),
    ),
    ListTab(
        "publishing",
        "Publishing",
        "Queued or being sent. They go in turn, as far as the shop's daily limit allows.",
        _in(ListingState.QUEUED, ListingState.PUBLISHING),
    ),
    ListTab(
        "suspended",
        "Suspended",
        "Published and in the channel's review, which usually takes minutes.",
        lambda rows: rows.under_review(),
    ),
    ListTab("active", "Active", "On sale.", _in(ListingState.ACTIVE)),
    ListTab(
        "attention",
        "Needs attention",
        "Refused by the channel or failed in review. The channel's words are beside each.",
        lambda rows: rows.needing_attention(),
    ),
    ListTab(
        "offers",
        "Offers refused",
        "The channel did not take a price or a quantity. It is offered again by itself; the reason "
        "is under “Offers” of each listing.",
        _with_refused_offers,
    ),
    ListTab(
        "changed",
        "Changes not published",
        "Changed here since the last publish. Price and quantity travel by themselves; anything "
        "else needs “Publish” again.",
        lambda rows: rows.with_unpublished_changes(),
    ),
    ListTab(
        "inactive",
        "Inactive",
        "Deactivated, frozen or deleted on the channel.",
        _in(ListingState.INACTIVE),
    ),
)


class OfferInline(ReadOnlyInline):
    model = Offer
    verbose_name_plural = "Offers"
    fields = ("sku", "wanted", "sent", "confirmed", "quantities", "problem")
    readonly_fields = fields
    tab = True

    def get_queryset(self, request: HttpRequest) -> Rows:
        rows: Rows = super().get_queryset(request)
        return rows.select_related("variant").prefetch_related("stocks__warehouse")

    @admin.display(description="SKU")
    def sku(self, row: Offer) -> object:
        return link_to(row.variant)

    @admin.display(description="Price wanted")
    def wanted(self, row: Offer) -> object:
        return money(row.price_wanted, row.currency)

    @admin.display(description="Price sent")
    def sent(self, row: Offer) -> object:
        return money(row.price_sent, row.currency)

    @admin.display(description="Price confirmed")
    def confirmed(self, row: Offer) -> object:
        return money(row.price_confirmed, row.currency)

    @admin.display(description="Quantity per warehouse (wanted / sent / confirmed)")
    def quantities(self, row: Offer) -> object:
        lines = (
            (stock.warehouse.name, stock.wanted, _or_dash(stock.sent), _or_dash(stock.confirmed))
            for stock in row.stocks.all()
        )
        return format_html_join("", '<span class="block">{}: {} / {} / {}</span>', lines) or "–"


def _or_dash(value: int | None) -> object:
    return "–" if value is None else value


class AttributeInline(ReadOnlyInline):
    model = ListingAttribute
    verbose_name_plural = "Properties"
    fields = ("attribute", "value")
    readonly_fields = fields
    tab = True

    def get_queryset(self, request: HttpRequest) -> Rows:
        rows: Rows = super().get_queryset(request)
        return rows.select_related("attribute")


class EventInline(ReadOnlyInline):
    model = ListingEvent
    verbose_name_plural = "Timeline"
    fields = ("at", "step", "reason", "by", "request_id")
    readonly_fields = fields
    per_page = 50
    tab = True

    @admin.display(description="Step")
    def step(self, row: ListingEvent) -> str:
        if row.old == row.new:
            return row.get_new_display()
        return f"{row.get_old_display() or 'New'} → {row.get_new_display()}"


@admin.register(Listing)
class ListingAdmin(SuggestingAdmin):
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
            {"fields": ("title", "description", ("brand_external_id", "priority"))},
        ),
    )
    readonly_fields = (
        "product_link", "shop_link", "state_label", "review_label", "missing_list", "problem_text",
        "category_name", "external_id", "external_words", "published", "changes", "calls",
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

    def prepare_page(self, rows: list[Any]) -> None:
        super().prepare_page(rows)
        figures.add_pictures(rows, "product__images")
        found = figures.of_listings(rows)
        for row in rows:
            row.figures = found[row.pk]

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
        return label(row.get_state_display(), LISTING_LABELS[row.state])

    @admin.display(description="Channel's review")
    def review_label(self, row: Listing) -> object:
        return label(row.get_review_display(), REVIEW_LABELS[row.review])

    @admin.display(description="Reasons")
    def reasons(self, row: Listing) -> object:
        if row.problem:
            return first_line(row.problem, most=70)
        sentences = [item["sentence"] for item in row.missing]
        if not sentences:
            return "–"
        more = f" +{len(sentences) - 1}" if len(sentences) > 1 else ""
        text = f"{sentences[0]}{more}"
        return format_html(
            '<span class="desk-note" title="{}">{}</span>',
            "\n".join(sentences),
            text,
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

    @admin.display(description="What is missing")
    def missing_list(self, row: Listing) -> object:
        if not row.missing:
            return "Nothing: every requirement is met."
        lines = (
            (item["sentence"], _facts(item.get("found", ""), item.get("allowed", "")))
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
        words = row.problem or (
            f"The channel gave no further information. Write to {settings.SUPPORT_EMAIL} and "
            "quote the ids below."
        )
        return format_html(
            '<span style="white-space:pre-line">{}</span>'
            '<span class="block text-base-500 dark:text-base-400">{}</span>',
            words,
            ids,
        )

    @admin.display(description="In the channel's own words")
    def external_words(self, row: Listing) -> str:
        words = [word for word in (row.external_status, row.external_audit) if word]
        return " · ".join(words) or "Not there yet"

    @admin.display(description="Changes not published")
    def changes(self, row: Listing) -> str:
        if row.has_unpublished_changes:
            return "Yes: publish it again to send them."
        return "No"

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


def _facts(found: str, allowed: str) -> str:
    parts = [f"Found: {found}" if found else "", f"Allowed: {allowed}" if allowed else ""]
    return " · ".join(part for part in parts if part)
