"""Background runs: a list of them, and a page that shows how far one is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from marketplace.kernel import bulk, bulk_tasks
from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    ago,
    changelist_url,
    colors,
    label,
    link_to,
    number,
)
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import BulkRun, RunState

RUN_LABELS = colors(
    RunState,
    {
        RunState.WAITING: "info",
        RunState.RUNNING: "warning",
        RunState.DONE: "success",
        RunState.FAILED: "danger",
    },
)
VIEW, CHANGE = "kernel.view_bulkrun", "kernel.change_bulkrun"
LARGE = ("ids", "given", "kept")
#: Below this a rate would be guessed from too little.
LEAST_SECONDS = 2


def on_own_runs(verb: str, act: Callable[[BulkRun], None]) -> Callable[..., Outcome]:
    """A verb on runs that a person started, or on any run for those who may change runs."""

    def run(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        def on_one(row: BulkRun) -> None:
            if not is_own(request, row) and not request.user.has_perm(CHANGE):
                raise Refused(f"It was started by {row.by}. Only who started it may do this.")
            if not request.user.has_perm(bulk.kinds.get(row.kind).permission):
                raise Refused(f"You have no permission for “{row.label}”.")
            act(row)

        return run_batch(verb, BulkRun.objects.filter(pk__in=ids).defer(*LARGE), on_one)

    return run


def go_on(run: BulkRun) -> None:
    bulk.retry(run)
    bulk_tasks.ring(run)


def is_own(request: HttpRequest, run: BulkRun) -> bool:
    return run.requested_by_id is not None and run.requested_by_id == request.user.pk


def _in(*states: RunState) -> Any:
    return lambda rows: rows.filter(state__in=states)


@admin.register(BulkRun)
class BulkRunAdmin(ReadOnlyAdmin):
    """What people asked for over many rows. Everybody sees their own."""

    list_display = ("name", "state_label", "progress", "refusals", "who", "started", "took")
    list_filter = (("state", ChoicesDropdownFilter), ("requested_by", RelatedDropdownFilter))
    search_fields = ("label", "by")
    search_help_text = "Search by what was asked for, or by who asked"
    ordering = ("-pk",)
    tabs = (
        ListTab("all", "All", "What was asked for over many rows.", lambda rows: rows),
        ListTab(
            "active", "Under way", "A worker has them or takes them next.", _in(*bulk.UNDER_WAY)
        ),
        ListTab(
            "stopped",
            "Stopped",
            "Something needs a person first. Open one for the reason; “Go on” continues where it "
            "stopped.",
            _in(RunState.FAILED),
        ),
        ListTab("done", "Done", "Treated to the last row.", _in(RunState.DONE)),
        ListTab("canceled", "Canceled", "What was done until then stays.", _in(RunState.CANCELED)),
    )
    verbs = (
        Verb(
            name="go_on",
            label="Go on",
            permission="",
            run=on_own_runs("Asked to go on:", go_on),
            button="Go on",
            applies=lambda run: run.state == RunState.FAILED,
        ),
        Verb(
            name="cancel",
            label="Cancel",
            permission="",
            run=on_own_runs("Canceled", bulk.cancel),
            button="Cancel",
            applies=lambda run: bulk.run_machine.allows(run.state, RunState.CANCELED),
        ),
    )
    empty_hint = "Nothing was asked for over many rows yet. What is shows here, with its progress."

    # -- who sees what -------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkRun]:
        rows: QuerySet[BulkRun] = super().get_queryset(request).defer(*LARGE)
        return rows if request.user.has_perm(VIEW) else rows.filter(requested_by=request.user.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None or request.user.has_perm(VIEW):
            return bool(request.user.is_staff)
        return is_own(request, obj)

    # -- the list ------------------------------------------------------------------------------

    @admin.display(description="What", ordering="label")
    def name(self, row: BulkRun) -> str:
        return row.label

    @admin.display(description="State", ordering="state")
    def state_label(self, row: BulkRun) -> object:
        return label(row.get_state_display(), RUN_LABELS[RunState(row.state)])

    @admin.display(description="Rows")
    def progress(self, row: BulkRun) -> object:
        return number(f"{row.position:,} of {row.total:,}")

    @admin.display(description="Refused")
    def refusals(self, row: BulkRun) -> object:
        return number(sum(row.refused.values()))

    @admin.display(description="Who", ordering="by")
    def who(self, row: BulkRun) -> str:
        return row.by or "–"

    @admin.display(description="Started", ordering="started_at")
    def started(self, row: BulkRun) -> object:
        return ago(row.started_at)

    @admin.display(description="Took")
    def took(self, row: BulkRun) -> str:
        return duration(row.started_at, row.finished_at)

    # -- the page of one -----------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/progress/", view(self.progress_view), name="kernel_bulkrun_progress"),
            path("<int:pk>/report/", view(self.report_view), name="kernel_bulkrun_report"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        shown = self._shown(request, self._seen(request, object_id))
        return self.page(
            request,
            "admin/bulk_run.html",
            "Background run",
            list_url=changelist_url(BulkRun),
            **shown,
        )

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes, for a page that asks again and again."""
        context = self._shown(request, self._seen(request, str(pk)))
        return TemplateResponse(request, "admin/bulk_run_progress.html", context)

    def report_view(self, request: HttpRequest, pk: int) -> FileResponse:
        """What came of every row that was refused or remarked on, as a CSV file."""
        run = self._seen(request, str(pk))
        if not run.report:
            raise Http404("This run left no file.")
        return FileResponse(
            run.report.open("rb"),
            as_attachment=True,
            filename=f"report-{run.pk}.csv",
            content_type="text/csv; charset=utf-8",
        )

    def _seen(self, request: HttpRequest, pk: str | None) -> BulkRun:
        run: BulkRun | None = self.get_object(request, pk) if pk else None
        if run is None or not self.has_view_permission(request, run):
            raise PermissionDenied
        return run

    def _shown(self, request: HttpRequest, run: BulkRun) -> dict[str, Any]:
        return {
            "run": run,
            "state_label": self.state_label(run),
            "is_under_way": run.state in bulk.UNDER_WAY,
            "percent": 100 * run.position // run.total if run.total else 0,
            "pace": pace(run),
            "took": duration(run.started_at, run.finished_at),
            "reasons": [
                (word, color, sum(found.values()), _most_first(found))
                for word, color, found in (
                    ("refused", "danger", run.refused),
                    ("skipped", "default", run.skipped),
                )
                if found
            ],
            "skipped": sum(run.skipped.values()),
            "refused": sum(run.refused.values()),
            "progress_url": reverse("admin:kernel_bulkrun_progress", args=[run.pk]),
            "started_by": link_to(run.requested_by)
            if request.user.has_perm("auth.view_user")
            else run.by,
            **self.around_row(request, run),
        }


def _most_first(found: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda item: -item[1])


def pace(run: BulkRun) -> str:
    """How fast a run goes and how long it will still take, in words; nothing if nobody can say."""
    if run.state != RunState.RUNNING or run.started_at is None or not run.position:
        return ""
    seconds = (timezone.now() - run.started_at).total_seconds()
    if seconds < LEAST_SECONDS:
        return ""
    left = timedelta(seconds=(run.total - run.position) * seconds / run.position)
    return f"{run.position / seconds:,.0f} rows per second, about {_words(left)} left"


def duration(start: datetime | None, end: datetime | None) -> str:
    """How long something took, or takes until now."""
    return _words((end or timezone.now()) - start) if start else "–"


def _words(time: timedelta) -> str:
    seconds = max(round(time.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
