"""Imported sheets: giving one, what it would change, and applying or undoing it (B15)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminFileFieldWidget

from marketplace.kernel.admin import ReadOnlyAdmin, ago, changelist_url, colors, label, number
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import RowOutcome, SheetImport, SheetRow, SheetState
from marketplace.kernel.sheets import applying, asking, reading, tasks
from marketplace.kernel.sheets.admin import file_response, say_failure, upload_url
from marketplace.kernel.sheets.kinds import SheetKind, importable_by, kinds
from marketplace.kernel.sheets.states import sheet_machine

SHEET_LABELS = colors(
    SheetState,
    {
        SheetState.CHECKING: "info",
        SheetState.CHECKED: "warning",
        SheetState.APPLYING: "info",
        SheetState.APPLIED: "success",
        SheetState.UNDOING: "info",
        SheetState.FAILED: "danger",
    },
)
LINES_SHOWN = 50
#: What a person may ask for on the page of a sheet.
STEPS = {
    "apply": asking.ask_to_apply,
    "undo": asking.ask_to_undo,
    "again": asking.ask_to_check_again,
    "discard": asking.discard,
    "back": asking.back_to_decision,
}


class UploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label="File (.xlsx or .csv)",
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"At most {reading.MOST_ROWS:,} rows and {reading.MOST_BYTES // 2**20} MB. "
        "Nothing changes before you have seen what would.",
    )


def _in(*states: SheetState) -> Any:
    return lambda rows: rows.filter(state__in=states)


@admin.register(SheetImport)
class SheetImportAdmin(ReadOnlyAdmin):
    """Files that people gave; everybody sees those of the kinds that they may import."""

    list_display = (
        "name", "kind_title", "state_label", "changed_count", "added_count", "refused_count",
        "who", "given",
    )  # fmt: skip
    list_filter = (("state", ChoicesDropdownFilter),)
    search_fields = ("file_name", "by")
    search_help_text = "Search by file name, or by who gave it"
    ordering = ("-pk",)
    change_list_template = "admin/sheet_imports.html"
    tabs = (
        ListTab("all", "All", "Every file that was given, newest first.", lambda rows: rows),
        ListTab(
            "waiting",
            "Waiting for a decision",
            "Checked, and nothing changed yet: look at what would, then apply or discard.",
            _in(SheetState.CHECKED),
        ),
        ListTab("active", "Under way", "A worker has them.", _in(*tasks.WORK)),
        ListTab(
            "applied", "Applied", "The last one of a kind can be undone.", _in(SheetState.APPLIED)
        ),
    )
    empty_hint = (
        "No sheet was imported yet. Export a list, change what you like in a spreadsheet, and "
        "import it here."
    )

    # -- who sees what -------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff and importable_by(request.user))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_module_permission(request)
        return obj.kind in kinds and kinds.get(obj.kind).may_import(request.user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SheetImport]:
        mine = [kind.name for kind in importable_by(request.user)]
        rows: QuerySet[SheetImport] = super().get_queryset(request)
        return rows.filter(kind__in=mine)

    # -- the list ------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        mine = importable_by(request.user)
        extra = {**(extra_context or {}), "sheet_in": upload_url(mine[0]) if mine else ""}
        return super().changelist_view(request, extra)

    @admin.display(description="File", ordering="file_name")
    def name(self, row: SheetImport) -> str:
        return row.file_name

    @admin.display(description="Kind", ordering="kind")
    def kind_title(self, row: SheetImport) -> str:
        return kinds.get(row.kind).title

    @admin.display(description="State", ordering="state")
    def state_label(self, row: SheetImport) -> object:
        return label(row.get_state_display(), SHEET_LABELS[SheetState(row.state)])

    @admin.display(description="Changed", ordering="changed")
    def changed_count(self, row: SheetImport) -> object:
        return number(row.changed)

    @admin.display(description="Added", ordering="added")
    def added_count(self, row: SheetImport) -> object:
        return number(row.added)

    @admin.display(description="Refused", ordering="refused")
    def refused_count(self, row: SheetImport) -> object:
        return number(row.refused)

    @admin.display(description="Who", ordering="by")
    def who(self, row: SheetImport) -> str:
        return row.by or "–"

    @admin.display(description="Given", ordering="created_at")
    def given(self, row: SheetImport) -> object:
        return ago(row.created_at)

    # -- pages ---------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "kernel_sheetimport"
        return [
            path("new/<slug:kind>/", view(self.upload_view), name=f"{name}_upload"),
            path(
                "template/<slug:kind>.<slug:form>",
                view(self.template_file),
                name=f"{name}_template",
            ),
            path("<int:pk>/progress/", view(self.progress_view), name=f"{name}_progress"),
            path("<int:pk>/refused.csv", view(self.refused_file), name=f"{name}_refused"),
            path(
                "<int:pk>/ask/<slug:step>/",
                view(require_POST(self.step_view)),
                name=f"{name}_step",
            ),
            *super().get_urls(),
        ]

    def upload_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Ask for a file of one kind, and check it."""
        chosen = self._importable(request, kind)
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        form = UploadForm(*given)
        if form.is_bound and form.is_valid():
            try:
                sheet = asking.take_in(chosen, form.cleaned_data["file"], user=request.user)
            except Refused as error:
                form.add_error("file", error.message)
            else:
                tasks.carry_on(sheet)
                return HttpResponseRedirect(page_url(sheet))
        return self.page(
            request,
            "admin/sheet_upload.html",
            f"Import a sheet: {chosen.title}",
            media=self.media + form.media,
            form=form,
            kind=chosen,
            others=importable_by(request.user),
            list_url=changelist_url(SheetImport),
        )

    def template_file(self, request: HttpRequest, kind: str, form: str) -> HttpResponseBase:
        """A file with the columns of a kind and one example row."""
        chosen = self._importable(request, kind)
        headers = [column.name for column in chosen.columns]
        example = [column.example for column in chosen.columns]
        return file_response(f"{kind}-template", form, headers, iter([example]))

    def _importable(self, request: HttpRequest, name: str) -> SheetKind:
        if name not in kinds or not kinds.get(name).may_import(request.user):
            raise PermissionDenied
        return kinds.get(name)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        shown = self._shown(request, self._seen(request, object_id))
        return self.page(
            request,
            "admin/sheet.html",
            "Imported sheet",
            list_url=changelist_url(SheetImport),
            **shown,
        )

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes, for a page that asks again and again."""
        context = self._shown(request, self._seen(request, str(pk)))
        return TemplateResponse(request, "admin/sheet_progress.html", context)

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Do what a person asked for: apply, undo, check again, discard."""
        sheet = self._seen(request, str(pk))
        if step == "retry" and sheet.state in tasks.WORK:
            tasks.carry_on(sheet)
            return HttpResponseRedirect(page_url(sheet))
        if step not in STEPS:
            raise Http404("There is no such step.")
        try:
            STEPS[step](sheet)
            if sheet.state in tasks.WORK:
                tasks.carry_on(sheet)
        except Refused as error:
            say_failure(request, error.message)
        return HttpResponseRedirect(page_url(sheet))

    def refused_file(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The refused rows as they were given, with the reason; to be mended and imported again."""
        sheet = self._seen(request, str(pk))
        rows = sheet.lines.filter(outcome=RowOutcome.REFUSED).order_by("number")
        first = rows.first()
        given = first.cells if first else {}
        # The database keeps no order of a row's cells.
        fixed = [column.name for column in kinds.get(sheet.kind).columns if column.name in given]
        headers = [*fixed, *sorted(given.keys() - set(fixed))]
        lines = (
            [*(row.cells.get(name, "") for name in headers), str(row.number), _reason(row)]
            for row in rows.iterator(chunk_size=500)
        )
        return file_response(
            f"refused-{sheet.pk}", "csv", [*headers, reading.ROW, reading.REASON], lines
        )

    def _seen(self, request: HttpRequest, pk: str | None) -> SheetImport:
        sheet: SheetImport | None = self.get_object(request, pk) if pk else None
        if sheet is None or not self.has_view_permission(request, sheet):
            raise PermissionDenied
        return sheet

    def _shown(self, request: HttpRequest, sheet: SheetImport) -> dict[str, Any]:
        kind = kinds.get(sheet.kind)
        shown = request.GET.get("show", "")
        lines = sheet.lines.order_by("number")
        if shown in RowOutcome:
            lines = lines.filter(outcome=shown)
        page = Paginator(lines, LINES_SHOWN).get_page(request.GET.get("page"))
        is_under_way = sheet.state in tasks.WORK
        position = applying.progress_of(sheet) if is_under_way else sheet.position
        total = sheet.changed + sheet.added if sheet.state != SheetState.CHECKING else 0
        return {
            "sheet": sheet,
            "kind": kind,
            "state_label": self.state_label(sheet),
            "is_under_way": is_under_way,
            "failed_job": tasks.failed_job(sheet),
            "position": position,
            "total": total,
            "percent": min(100 * position // total, 100) if total else 0,
            "writes": sheet.changed + sheet.added,
            "not_undone": applying.why_not_undone(sheet)
            if sheet.state == SheetState.APPLIED
            else kind.why_not_undone,
            "may": {
                step: sheet_machine.allows(sheet.state, to)
                for step, to in (
                    ("apply", SheetState.APPLYING),
                    ("undo", SheetState.UNDOING),
                    ("again", SheetState.CHECKING),
                    ("discard", SheetState.DISCARDED),
                )
            },
            "page": page,
            "shown": shown,
            "views": _views(sheet),
            "progress_url": reverse("admin:kernel_sheetimport_progress", args=[sheet.pk]),
            "upload_url": upload_url(kind),
        }


def _views(sheet: SheetImport) -> list[tuple[str, str, int]]:
    """The parts of a sheet's rows: key, words and count."""
    parts = (
        ("", "All", sheet.changed + sheet.added + sheet.refused),
        (RowOutcome.CHANGED, "Changed", sheet.changed),
        (RowOutcome.ADDED, "Added", sheet.added),
        (RowOutcome.REFUSED, "Refused", sheet.refused),
    )
    return [(str(key), words, count) for key, words, count in parts if count]


def _reason(row: SheetRow) -> str:
    return f"{row.column}: {row.reason}" if row.column else row.reason


def page_url(sheet: SheetImport) -> str:
    """The page of one sheet."""
    return reverse("admin:kernel_sheetimport_change", args=[sheet.pk])
