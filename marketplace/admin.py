"""Background work and people in the admin; pages of other packages in the admin's own dress."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes import models as axes_models
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django_q import admin as q_admin
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from marketplace import admin_runs, admin_sheets  # noqa: F401  (register their pages)
from marketplace.kernel.admin import (
    BaseAdmin,
    ReadOnlyAdmin,
    ago,
    colors,
    first_line,
    label,
    number,
)
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb
from marketplace.kernel.models import Heartbeat, Job, JobState
from marketplace.kernel.tasks import nudge

JOB_LABELS = colors(
    JobState,
    {JobState.DUE: "info", JobState.RUNNING: "warning", JobState.FAILED: "danger"},
)


def retry(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    jobs = Job.objects.filter(pk__in=ids)
    for job in jobs:
        nudge(job.kind, int(job.subject), label=job.label)
    return f"Asked for again: {len(jobs):,}."


def _in(state: JobState) -> Any:
    return lambda rows: rows.filter(state=state)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Each background work per shop or merchant: how it went last, and when it is next."""

    list_display = ("name", "state_label", "tries", "outcome", "finished", "next_try")
    search_fields = ("label", "key", "last_error")
    search_help_text = "Search by what it is about, or by the error"
    fields = (
        "name", ("state_label", "attempts"), "last_result", "last_error", ("started", "finished"),
        "next_try",
    )  # fmt: skip
    readonly_fields = ("name", "state_label", "started", "finished", "next_try")
    ordering = ("-updated_at", "-pk")
    tabs = (
        ListTab("all", "All", "What runs by schedule, and what somebody asked for.", lambda r: r),
        ListTab(
            "failed",
            "Needs a person",
            "Tried several times or refused. Mend the cause, then retry.",
            _in(JobState.FAILED),
        ),
        ListTab("due", "Waiting", "A worker takes them next.", _in(JobState.DUE)),
        ListTab("running", "Running", "A worker has them now.", _in(JobState.RUNNING)),
    )
    verbs = (
        Verb(
            name="retry",
            label="Run again now",
            run=retry,
            permission="kernel.change_job",
            button="Run again now",
        ),
    )
    empty_hint = "Nothing was done in the background yet. Is the worker running?"

    @admin.display(description="Work", ordering="label")
    def name(self, row: Job) -> str:
        return str(row)

    @admin.display(description="State", ordering="state")
    def state_label(self, row: Job) -> object:
        return label(row.get_state_display(), JOB_LABELS[row.state])

    @admin.display(description="Attempts", ordering="attempts")
    def tries(self, row: Job) -> object:
        return number(row.attempts)

    @admin.display(description="What came of it")
    def outcome(self, row: Job) -> object:
        return first_line(row.last_error or row.last_result)

    @admin.display(description="Started", ordering="started_at")
    def started(self, row: Job) -> object:
        return ago(row.started_at)

    @admin.display(description="Last run", ordering="finished_at")
    def finished(self, row: Job) -> object:
        return ago(row.finished_at)

    @admin.display(description="Next try", ordering="next_attempt_at")
    def next_try(self, row: Job) -> object:
        return ago(row.next_attempt_at) if row.state == JobState.DUE else "–"


#: The schedule leaves a sign of life each minute.
WORKER_IS_LATE = timedelta(minutes=3)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "seen")
    tabs = (
        ListTab(
            "all", "All", "What works in the background, and when it was last seen.", lambda r: r
        ),
        ListTab(
            "silent",
            "Silent",
            "Not seen for three minutes: nothing happens in the background. Start it again with "
            "“make worker”.",
            lambda rows: rows.filter(at__lt=timezone.now() - WORKER_IS_LATE),
        ),
    )
    empty_hint = "No worker was ever seen. Start one with “make worker”."

    @admin.display(description="Last seen", ordering="at")
    def seen(self, row: Heartbeat) -> object:
        return ago(row.at)


# -- django-q2: lists with the admin's tabs and form fields --------------------------------------

for model in (Schedule, Success, Failure, OrmQ, User, Group):
    admin.site.unregister(model)
for model in (axes_models.AccessAttempt, axes_models.AccessLog, axes_models.AccessFailureLog):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Schedule)
class ScheduleAdmin(BaseAdmin, q_admin.ScheduleAdmin):
    """Periodic work. Its table is in the code, so it is looked at here and changed there."""

    list_display = ("name", "every", "next_run", "get_last_run", "get_success")
    list_display_links = ("name",)
    list_filter = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Every")
    def every(self, row: Schedule) -> str:
        return f"{row.minutes:,} min" if row.minutes else row.get_schedule_type_display()


class FinishedTaskAdmin(ReadOnlyAdmin):
    search_fields = ("name", "func")
    list_display = ("name", "task", "began", "took", "said")
    ordering = ("-started",)

    @admin.display(description="Task", ordering="func")
    def task(self, row: Any) -> str:
        return str(row.func)

    @admin.display(description="Began", ordering="started")
    def began(self, row: Any) -> object:
        return ago(row.started)

    @admin.display(description="Took")
    def took(self, row: Any) -> str:
        return f"{row.time_taken():.1f} s"

    @admin.display(description="What it said")
    def said(self, row: Any) -> object:
        return first_line(str(row.result or ""))


@admin.register(Success)
class SuccessAdmin(FinishedTaskAdmin):
    empty_hint = "Nothing finished lately."


@admin.register(Failure)
class FailureAdmin(FinishedTaskAdmin):
    empty_hint = "Nothing failed."


@admin.register(OrmQ)
class QueueAdmin(BaseAdmin, q_admin.QueueAdmin):
    """Entries that a worker has not finished; each only rings for a job."""

    list_display = ("name", "task", "due")
    list_filter = ()
    empty_hint = "The queue is empty."

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Task")
    def task(self, row: OrmQ) -> str:
        return str(row.func())

    @admin.display(description="Taken or due", ordering="lock")
    def due(self, row: OrmQ) -> object:
        return ago(row.lock)


# -- people --------------------------------------------------------------------------------------


@admin.register(User)
class UserAdmin(DjangoUserAdmin, BaseAdmin):  # type: ignore[misc]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "group_names", "works_for")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.prefetch_related("groups", "memberships__merchant")

    @admin.display(description="Groups")
    def group_names(self, row: User) -> str:
        return ", ".join(group.name for group in row.groups.all()) or "–"

    @admin.display(description="Works for")
    def works_for(self, row: User) -> str:
        members = row.memberships.all()
        return ", ".join(f"{one.merchant} ({one.get_role_display()})" for one in members) or "–"


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, BaseAdmin):  # type: ignore[misc]
    list_display = ("name", "people")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(people=Count("user"))

    @admin.display(description="People", ordering="people")
    def people(self, row: Any) -> object:
        return number(row.people)


@admin.register(axes_models.AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    """Failed sign-ins that count towards a lock; deleting one unlocks it."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")
    empty_hint = "Nobody failed to sign in lately."

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("axes.delete_accessattempt"))
