"""Lists of the admin whose rows go out as sheets, and come back by their “Import sheet” button."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from marketplace.kernel.admin import BaseAdmin, changelist_url
from marketplace.kernel.admin_lists import TAB_VAR
from marketplace.kernel.admin_verbs import (
    MOST_SELECTED,
    Selection,
    keep,
    recall,
    where_to_return,
)
from marketplace.kernel.sheets.cells import Cell
from marketplace.kernel.sheets.kinds import SheetKind, kinds
from marketplace.kernel.sheets.writing import CONTENT_TYPES, CSV, XLSX, csv_lines, write_xlsx

SELECTION_VAR = "selection"


class SheetsAdmin(BaseAdmin):
    """A list whose rows go out in every kind of sheet that names it."""

    change_list_template = "admin/sheets_list.html"

    def get_urls(self) -> list[URLPattern]:
        view, opts = self.admin_site.admin_view, self.model._meta
        name = f"{opts.app_label}_{opts.model_name}_export"
        return [
            path("export/", view(self.export_view), name=name),
            path("export/<slug:kind>.<slug:form>", view(self.export_file), name=f"{name}_file"),
            *super().get_urls(),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if self.sheets_out(request):
            label = "Export the selected rows"
            actions["export_sheet"] = (_export_selected, "export_sheet", label)
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        into = self.sheets_in(request)
        extra = {
            **(extra_context or {}),
            "sheet_out": self._export_url() if self.sheets_out(request) else "",
            "sheet_in": upload_url(into[0]) if into else "",
        }
        return super().changelist_view(request, extra)

    def sheets_out(self, request: HttpRequest) -> list[SheetKind]:
        """The kinds in which this person may take rows of this list out."""
        return [kind for kind in self._kinds() if kind.may_export(request.user)]

    def sheets_in(self, request: HttpRequest) -> list[SheetKind]:
        """The kinds of this list that this person may import."""
        return [kind for kind in self._kinds() if kind.may_import(request.user)]

    def _kinds(self) -> list[SheetKind]:
        label = self.model._meta.label_lower
        mine = [kind for kind in map(kinds.get, kinds.names()) if label in kind.lists]
        # First those that are about the rows of this list more than about those of others.
        return sorted(mine, key=lambda kind: kind.lists.index(label))

    def _export_url(self) -> str:
        opts = self.model._meta
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_export")

    # -- out -------------------------------------------------------------------------------------

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Ask in which kind of sheet the rows shall go out."""
        offered = self.sheets_out(request)
        if not offered:
            raise PermissionDenied
        what = self.model._meta.verbose_name_plural
        return self.page(
            request,
            "admin/sheet_export.html",
            f"Export {what}",
            kinds=offered,
            forms=(XLSX, CSV),
            count=len(self._chosen(request)),
            what=what,
            query=request.GET.urlencode(),
            base=self._export_url(),
            back=self._list_url(request),
        )

    def export_file(self, request: HttpRequest, kind: str, form: str) -> HttpResponseBase:
        """The rows of the list as a file: those of its search, filters and tab, or the selected."""
        found = next((one for one in self.sheets_out(request) if one.name == kind), None)
        if found is None:
            raise PermissionDenied
        ids = self._chosen(request)
        origin = self.model._meta.label_lower
        headers = found.headers(origin, ids)
        return file_response(
            f"{kind}-{timezone.now():%Y-%m-%d}", form, headers, found.rows(origin, ids, headers)
        )

    def _chosen(self, request: HttpRequest) -> list[int]:
        asked = request.GET.copy()
        token = str(asked.pop(SELECTION_VAR, [""])[-1])
        if token:
            selection = recall(request, self.model, token)
            if selection is None:
                raise Http404("This selection is no longer known. Select the rows again.")
            return selection.ids
        request.GET = asked  # type: ignore[assignment]
        rows = self.get_changelist_instance(request).queryset
        return list(dict.fromkeys(rows.values_list("pk", flat=True)))

    def _list_url(self, request: HttpRequest) -> str:
        asked = request.GET.copy()
        asked.pop(SELECTION_VAR, None)
        url = changelist_url(self.model)
        return f"{url}?{asked.urlencode()}" if asked else url


def _export_selected(
    model_admin: Any, request: HttpRequest, rows: QuerySet[Any]
) -> HttpResponseRedirect:
    back = where_to_return(request)
    url = model_admin._export_url()
    if request.POST.get("select_across") == "1":
        return HttpResponseRedirect(f"{url}?{request.GET.urlencode()}")
    ids = list(dict.fromkeys(rows.values_list("pk", flat=True)[:MOST_SELECTED]))
    token = keep(request, model_admin.model, Selection(ids, back))
    tab = f"&{TAB_VAR}={request.GET[TAB_VAR]}" if TAB_VAR in request.GET else ""
    return HttpResponseRedirect(f"{url}?{SELECTION_VAR}={token}{tab}")


def file_response(
    name: str, form: str, headers: Sequence[str], rows: Iterator[Sequence[Cell]]
) -> HttpResponseBase:
    """A sheet as a file to be kept; CSV leaves row by row while it is made."""
    if form not in CONTENT_TYPES:
        raise Http404(f"A sheet is a .{CSV} or .{XLSX} file.")
    file_name = f"{name}.{form}"
    if form == XLSX:
        return FileResponse(
            write_xlsx(headers, rows),
            as_attachment=True,
            filename=file_name,
            content_type=CONTENT_TYPES[XLSX],
        )
    return StreamingHttpResponse(
        csv_lines(headers, rows),
        content_type=CONTENT_TYPES[CSV],
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def upload_url(kind: SheetKind) -> str:
    """Where a sheet of this kind is given."""
    return reverse("admin:kernel_sheetimport_upload", args=[kind.name])


def say_failure(request: HttpRequest, sentence: str) -> None:
    """Tell a person why what they asked for was not done."""
    messages.error(request, sentence)
