"""What every page of the admin shares. An admin class declares; a verb is one service call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.db.models import Model, TextChoices
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.admin import TabularInline

from marketplace.kernel.admin_lists import CappedPaginator, ListTab, TabbedChangeList
from marketplace.kernel.admin_verb_pages import VerbPagesAdmin

A_MOMENT = timedelta(minutes=1)


class BaseAdmin(VerbPagesAdmin):
    """Pages of a model: fifty rows, no full count, tabs, and verbs on selected rows or on one."""

    list_per_page = 50
    list_max_show_all = 0
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    paginator = CappedPaginator
    list_filter_submit = True
    list_before_template = "admin/list_tabs.html"
    change_form_outer_before_template = "admin/object_verbs.html"
    warn_unsaved_form = True
    compressed_fields = True

    class Media:
        css = {"all": ("desk/desk.css",)}

    tabs: Sequence[ListTab] = ()
    empty_hint = ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TabbedChangeList]:
        return TabbedChangeList

    def prepare_page(self, rows: list[Any]) -> None:
        """Attach figures to the rows of one page, in a fixed number of queries."""

    # -- the page of one row -----------------------------------------------------------------

    def around_row(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of one row shows around its form; a class adds its own to super's."""
        if not self.verbs:
            return {}
        return {
            "object_verbs": [
                verb for verb in self.open_verbs(request) if verb.button and verb.applies(row)
            ],
            "verb_target": row.pk,
            "changelist_url": changelist_url(self.model),
        }

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any
    ) -> Any:
        row = obj
        if obj is not None and request.method == "POST":
            # A refused form leaves what was typed on its row.
            row = self.get_object(request, str(obj.pk))
        if row is not None:
            context.update(self.around_row(request, row))
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


class ReadOnlyAdmin(BaseAdmin):
    """Rows that are looked at and never written by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows below another row, to be looked at."""

    extra = 0
    max_num = 0
    can_delete = False
    hide_title = True
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class TimelineInline(ReadOnlyInline):
    """What happened to a row, step by step; for its events, which know the old and new state."""

    verbose_name_plural = "Timeline"
    fields = ("at", "step", "reason", "by", "request_id")
    readonly_fields = fields
    per_page = 50
    tab = True

    @admin.display(description="Step")
    def step(self, row: Any) -> str:
        if row.old == row.new:
            return self.without_a_step(row)
        return f"{row.get_old_display() or 'New'} → {row.get_new_display()}"

    def without_a_step(self, row: Any) -> str:
        """What stands for an event that left the state as it was."""
        return str(row.get_new_display())


# -- how things are shown ----------------------------------------------------------------------


def colors(kind: type[TextChoices], colored: Mapping[Any, str]) -> dict[Any, str]:
    """A color for every choice; those that are not named stay gray."""
    return {choice: colored.get(choice, "default") for choice in kind}


def changelist_url(model: type[Model]) -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")


def link_to(row: Model | None, text: object = "") -> str | SafeString:
    """A link to a row's page in the admin, under its name."""
    if row is None:
        return "–"
    opts = row._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
    return format_html(
        '<a class="text-primary-600 hover:underline" href="{}">{}</a>', url, text or row
    )


def thumbnail(url: str, *, size: int = 40) -> str | SafeString:
    """A small picture; a gray square where there is none."""
    style = f"width:{size}px;height:{size}px;min-width:{size}px;object-fit:cover"
    if not url:
        return format_html(
            '<span class="bg-base-100 block rounded-default dark:bg-base-800" style="{}" '
            'title="No picture"></span>',
            style,
        )
    return format_html(
        '<img class="rounded-default" style="{}" src="{}" alt="" loading="lazy">', style, url
    )


def ago(moment: datetime | None, never: str = "never") -> str | SafeString:
    """How long ago, with the exact time on hover."""
    if moment is None:
        return never
    now = timezone.now()
    exact = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    if abs(now - moment) < A_MOMENT:
        return format_html('<span class="whitespace-nowrap" title="{}">just now</span>', exact)
    text = f"in {timesince(now, moment)}" if moment > now else f"{timesince(moment, now)} ago"
    return format_html('<span class="whitespace-nowrap" title="{}">{}</span>', exact, text)


LABEL_CLASSES = {
    "info": "bg-blue-100 text-blue-700 dark:bg-blue-500/20 dark:text-blue-400",
    "danger": "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400",
    "warning": "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400",
    "success": "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400",
    "default": "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200",
}


def label(text: object, color: str) -> SafeString:
    """A word on a color, as the theme shows states in lists; on a row's page too."""
    return format_html(
        '<span class="font-semibold h-6 inline-block leading-6 px-2 rounded-default text-[11px] '
        'uppercase whitespace-nowrap {}">{}</span>',
        LABEL_CLASSES[color],
        text,
    )


def number(value: object) -> SafeString:
    """A figure that lines up with those above and below it."""
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return format_html('<span class="desk-number">{}</span>', text)


def money(amount: object, currency: str) -> str | SafeString:
    """An amount with its currency, right-aligned."""
    if amount is None:
        return "–"
    return format_html(
        '<span class="desk-number">{} {}</span>',
        f"{amount:,.2f}",
        currency,
    )


def first_line(text: str, *, most: int = 90) -> str | SafeString:
    """The beginning of a text, all of it on hover."""
    if not text:
        return "–"
    shown = text if len(text) <= most else f"{text[:most].rstrip()}…"
    return format_html('<span class="desk-note" title="{}">{}</span>', text, shown)


def two_lines(name: object, detail: object) -> SafeString:
    """A name with a smaller line below it."""
    return format_html(
        '<span class="desk-name"><span class="block">{}</span>'
        '<span class="block text-base-500 dark:text-base-400">{}</span></span>',
        name,
        detail,
    )
