"""How a verb is asked for in the admin: from a list's actions to a page of its own, if needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin

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


class VerbPagesAdmin(ModelAdmin):
    """Offers verbs on selected rows, and shows pages of our own in the admin's frame."""

    verbs: Sequence[Verb] = ()

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
            opts = self.model._meta
            return redirect(f"admin:{opts.app_label}_{opts.model_name}_changelist")
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
