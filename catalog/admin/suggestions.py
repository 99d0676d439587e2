"""Suggested categories: beside the listings that have none, on the page of one, and in bulk."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from catalog.models import Listing
from catalog.services import suggestions
from catalog.suggesting import Suggestion
from marketplace.kernel.admin import BaseAdmin, two_lines
from marketplace.kernel.admin_lists import current_tab
from marketplace.kernel.admin_verbs import (
    InBulk,
    Outcome,
    Verb,
    VerbForm,
    failure_text,
    who,
)
from marketplace.kernel.errors import Failure

CHANGE = "catalog.change_listing"
USUAL_THRESHOLD = 70
CATEGORIES_SHOWN = 10
#: The preview judges no more than these, so that it comes at once.
MOST_PREVIEWED = 2_000
#: Each costs a call to the channel; a person waits for no more of them.
MOST_ASKED = 20


class AcceptForm(VerbForm):
    """Asks how certain is certain enough, and says how many would go where."""

    look_button = "Show preview"

    at_least = forms.IntegerField(
        label="Accept from (% certain)",
        min_value=1,
        max_value=100,
        initial=USUAL_THRESHOLD,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="What is less certain, has a close rival, or needs the channel's approval stays "
        "without a category. Each listing's timeline says what was suggested and why.",
    )

    def _threshold(self) -> int:
        given = self.cleaned_data.get("at_least") if self.is_bound and not self.errors else None
        return USUAL_THRESHOLD if given is None else int(given)

    def preview(self) -> list[str]:
        at_least = self._threshold()
        free = list(
            self.rows.filter(category=None)
            .order_by("pk")
            .values_list("pk", flat=True)[: MOST_PREVIEWED + 1]
        )
        if not free:
            return ["All of them have a category already, so nothing would change."]
        judged = free[:MOST_PREVIEWED]
        found = suggestions.plan(judged, at_least=at_least)
        groups = sorted(found.taken.values(), key=len, reverse=True)
        first = "the first " if len(free) > MOST_PREVIEWED else ""
        lines = [
            f"From {at_least}%, {sum(map(len, groups)):,} of {first}{len(judged):,} without "
            f"a category would get one{':' if groups else '.'}"
        ]
        lines += [_group_words(list(group.values())) for group in groups[:CATEGORIES_SHOWN]]
        if len(groups) > CATEGORIES_SHOWN:
            lines.append(f"And {len(groups) - CATEGORIES_SHOWN:,} more categories.")
        if found.skipped:
            told = "; ".join(f"{text} ({count:,})" for text, count in found.skipped.most_common(5))
            lines.append(f"{found.skipped.total():,} would stay as they are: {told}.")
        return lines


def _group_words(group: list[Suggestion]) -> str:
    lowest = min(one.confidence for one in group)
    certain = f"{lowest}% certain" if len(group) == 1 else f"at least {lowest}% certain"
    return f"{len(group):,} → {group[0].path} ({certain})"


def ask(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    told = []
    for row in Listing.objects.filter(pk__in=ids).select_related("product", "shop"):
        found = suggestions.ask_channel(row)
        told.append(f"{row.product.sku}: {found.path if found else 'no recommendation'}")
    return f"The channel recommends: {'; '.join(told)}. It counts among the suggestions now."


VERBS = (
    Verb(
        name="accept_suggestions",
        label="More actions: Accept suggested categories",
        in_bulk=InBulk(
            "accept_suggestions",
            given=lambda cleaned: {"at_least": cleaned["at_least"]},
            about=lambda cleaned: f"from {cleaned['at_least']}%",
        ),
        permission=CHANGE,
        form=AcceptForm,
        explanation="Each listing without a category gets the one that its title, tags and type "
        "speak for, and that was chosen before for others like it.",
    ),
    Verb(
        name="ask_category",
        label="More actions: Ask the channel for a category",
        run=ask,
        in_bulk=InBulk("ask_category", at_once=MOST_ASKED),
        permission=CHANGE,
        button="Ask the channel for a category",
        applies=lambda row: row.category_id is None,
    ),
)


class _Page:
    """The suggestions for all rows of one page, made when the first of them is shown."""

    def __init__(self, rows: list[Listing]) -> None:
        self._ids = [row.pk for row in rows if row.category_id is None]

    @cached_property
    def found(self) -> dict[int, list[Suggestion]]:
        return suggestions.suggest(self._ids)


class SuggestingAdmin(BaseAdmin):
    """Shows what is suggested for listings without a category, and takes a person's choice."""

    change_form_outer_before_template = "admin/listing_suggestions.html"

    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = list(super().get_list_display(request))
        tab = current_tab(self.tabs, request)
        if tab is not None and tab.key == "incomplete":
            columns.insert(columns.index("category_name") + 1, "suggested")
        return columns

    def prepare_page(self, rows: list[Any]) -> None:
        super().prepare_page(rows)
        page = _Page(rows)
        for row in rows:
            row.suggested_on = page

    @admin.display(description="Suggested category")
    def suggested(self, row: Any) -> object:
        found = row.suggested_on.found.get(row.pk, ())
        if not found:
            return "–"
        best = found[0]
        detail = f"{best.confidence}% certain"
        if best.restriction:
            detail = f"{detail} · {best.restriction}"
        return format_html(
            '<span title="{}: {}">{}</span>', best.path, best.reason, two_lines(best.name, detail)
        )

    # -- the page of one listing ---------------------------------------------------------------

    def around_row(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        around = super().around_row(request, row)
        if row.category_id is not None:
            return around
        return around | {
            "has_no_category": True,
            "suggestions": suggestions.suggest([row.pk])[row.pk],
            "take_url": reverse("admin:catalog_listing_take", args=[row.pk]),
            "may_take": self.has_change_permission(request, row),
        }

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.take_view)
        own = path("<int:pk>/suggestion/", view, name="catalog_listing_take")
        return [own, *super().get_urls()]

    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Set the suggestion that a person chose on the listing's page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, str(pk))
        if row is None or not self.has_change_permission(request, row):
            raise PermissionDenied
        category = request.POST.get("category", "")
        try:
            chosen = suggestions.take(
                row.pk, int(category) if category.isdecimal() else 0, by=who(request)
            )
        except Failure as error:
            messages.error(request, failure_text(error))
        else:
            messages.success(request, f"Categorized in “{chosen.path}”.")
        return HttpResponseRedirect(reverse("admin:catalog_listing_change", args=[row.pk]))
