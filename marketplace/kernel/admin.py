"""What every page of the admin shares. An admin class declares; a verb is one service call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.admin import ModelAdmin, TabularInline

from marketplace.kernel.admin_lists import CappedPaginator, ListTab, TabbedChangeList
from marketplace.kernel.admin_verbs import (
    MOST_SELECTED,
    Selection,
    Verb,
    carry_out,
    failure_text,
    keep,
    recall,
    verb_url,
    where_to_return,
)
from marketplace.kernel.errors import Failure

NAMES_SHOWN = 10
A_MOMENT = timedelta(minutes=1)


class BaseAdmin(ModelAdmin):
    """A page of the admin: fifty rows, no full count, tabs, and verbs on selected rows."""

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
    verbs: Sequence[Verb] = ()
    empty_hint = ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TabbedChangeList]:
        return TabbedChangeList

    def prepare_page(self, rows: list[Any]) -> None:
        """Attach figures to the rows of one page, in a fixed number of queries."""

    # -- verbs -------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if IS_POPUP_VAR in request.GET:
            return actions
        for verb in self.open_verbs(request):
            # Django formats descriptions with %.
            label = verb.label.replace("%", "%%")
            actions[verb.name] = (self._action_of(verb), verb.name, label)
        return actions

    def get_action_choices(self, request: HttpRequest, *args: Any) -> list[Any]:
        """“More actions: Categorize” stands as “Categorize” in the group “More actions”."""
        choices: list[Any] = []
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, label_text in super().get_action_choices(request, *args):
            group, colon, title = str(label_text).partition(": ")
            if not colon:
                choices.append((name, label_text))
                continue
            if group not in groups:
                choices.append((group, groups.setdefault(group, [])))
            groups[group].append((name, title))
        return choices

    def open_verbs(self, request: HttpRequest) -> list[Verb]:
        """The verbs that this person may use."""
        return [verb for verb in self.verbs if verb.is_open_to(request.user)]

    def _action_of(self, verb: Verb) -> Callable[..., HttpResponse | None]:
        def act(
            model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]
        ) -> HttpResponse | None:
            return self._begin(request, verb, queryset)

        return act

    def _begin(self, request: HttpRequest, verb: Verb, rows: QuerySet[Any]) -> HttpResponse:
        back = where_to_return(request)
        found = rows.order_by("pk").values_list("pk", flat=True)[: MOST_SELECTED + 1]
        ids = list(dict.fromkeys(found))
        if len(ids) > MOST_SELECTED:
            messages.error(
                request,
                f"More than {MOST_SELECTED:,} rows are selected. Narrow the list with its search "
                "or filters, and do it in parts.",
            )
            return HttpResponseRedirect(back)
        if verb.page:
            token = keep(request, self.model, Selection(ids, back))
            return HttpResponseRedirect(reverse(verb.page, args=[token]))
        if verb.form is None:
            return HttpResponseRedirect(carry_out(request, verb, Selection(ids, back), {}))
        token = keep(request, self.model, Selection(ids, back))
        return HttpResponseRedirect(verb_url(self.model, verb, token))

    def get_urls(self) -> list[URLPattern]:
        opts = self.model._meta
        view = self.admin_site.admin_view(self.verb_view)
        name = f"{opts.app_label}_{opts.model_name}_verb"
        return [path("verb/<slug:name>/<slug:token>/", view, name=name), *super().get_urls()]

    def verb_view(self, request: HttpRequest, name: str, token: str) -> HttpResponse:
        """Ask what a verb needs to know, then carry it out."""
        verb = next((one for one in self.open_verbs(request) if one.name == name), None)
        if verb is None or verb.form is None:
            raise PermissionDenied
        selection = recall(request, self.model, token)
        if selection is None:
            messages.error(request, "This selection is no longer known. Select the rows again.")
            return HttpResponseRedirect(changelist_url(self.model))
        rows = self.get_queryset(request).filter(pk__in=selection.ids)
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        try:
            form = verb.form(*given, rows=rows, request=request)
        except Failure as error:
            messages.error(request, failure_text(error))
            return HttpResponseRedirect(selection.back)
        if form.is_bound and form.is_valid():
            return HttpResponseRedirect(carry_out(request, verb, selection, form.cleaned_data))
        return self._ask(request, verb, form, selection, rows)

    def _ask(
        self,
        request: HttpRequest,
        verb: Verb,
        form: Any,
        selection: Selection,
        rows: QuerySet[Any],
    ) -> TemplateResponse:
        opts = self.model._meta
        names = [str(row) for row in rows[:NAMES_SHOWN]]
        count = len(selection.ids)
        return self.page(
            request,
            "admin/verb_form.html",
            verb.title,
            verb=verb,
            form=form,
            media=self.media + form.media,
            count=count,
            what=opts.verbose_name if count == 1 else opts.verbose_name_plural,
            names=names,
            more=max(count - len(names), 0),
            preview=form.preview(),
            back=selection.back,
        )

    # -- pages ---------------------------------------------------------------------------------

    def page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        """A page of our own among those of the model: its title, frame and media are set."""
        frame = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.model._meta,
            "media": self.media,
        }
        return TemplateResponse(request, template, {**frame, **context})

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
