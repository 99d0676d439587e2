from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Stamped(models.Model):
    """Every row knows when it came and when it last changed (UTC)."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class JobState(models.TextChoices):
    IDLE = "idle", "Done"
    DUE = "due", "Waiting"
    RUNNING = "running", "Running"
    FAILED = "failed", "Needs a person"


class Job(Stamped):
    """One piece of background work that a person can see and retry; the queue is only its bell.

    `key` is “kind:subject”, so the same work never waits twice. `wanted` counts the nudges and
    `done` the last one that was carried out: a nudge during a run makes one more run.
    """

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=60, help_text="Id of the row the work is about")
    label = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.DUE)
    wanted = models.PositiveBigIntegerField(default=1)
    done = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_result = models.TextField(blank=True)
    last_error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # The sweeper reads only what is not at rest.
            models.Index(
                fields=["next_attempt_at"],
                name="job_not_at_rest",
                condition=Q(state__in=["due", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.key


class Heartbeat(models.Model):
    """When a background process was last seen alive, so that a dead one is noticed."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "sign of life"
        verbose_name_plural = "signs of life"

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"


class RunState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Stopped"
    CANCELED = "canceled", "Canceled"


class BulkRun(Stamped):
    """One verb over many rows in the background, chunk by chunk, with its progress to look at."""

    kind = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    ids = models.JSONField(default=list, help_text="Rows to treat, in their order")
    given = models.JSONField(default=dict, blank=True, help_text="What the person filled in")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    by = models.CharField("Who", max_length=150, blank=True)
    back = models.CharField(max_length=500, blank=True, help_text="The page it was asked from")
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.WAITING)
    total = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0, help_text="Rows treated so far")
    done = models.PositiveIntegerField(default=0)
    skipped = models.JSONField(default=dict, blank=True, help_text="Sentence → rows")
    refused = models.JSONField(default=dict, blank=True, help_text="Sentence → rows")
    problem = models.TextField(blank=True)
    file = models.FileField(
        upload_to="imports/%Y/%m/", blank=True, help_text="What it reads, where it reads a file"
    )
    kept = models.JSONField(
        default=dict, blank=True, help_text="What it found so far, where it needs that to go on"
    )
    result = models.TextField(blank=True, help_text="What came of it, in words")
    report = models.FileField(upload_to="imports/%Y/%m/", blank=True, help_text="Row by row")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "background run"

    def __str__(self) -> str:
        return self.label


class SheetState(models.TextChoices):
    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Waiting for a decision"
    APPLYING = "applying", "Being applied"
    APPLIED = "applied", "Applied"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"
    FAILED = "failed", "Not usable"
    DISCARDED = "discarded", "Discarded"


class SheetImport(Stamped):
    """A file that a person gave: checked row by row, applied whole or not at all, undone (B15)."""

    kind = models.CharField(max_length=40)
    file = models.FileField(upload_to="sheets/%Y/%m/")
    file_name = models.CharField(max_length=200)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    by = models.CharField("Who", max_length=150, blank=True)
    state = models.CharField(max_length=10, choices=SheetState.choices, default=SheetState.CHECKING)
    rows = models.PositiveIntegerField(default=0, help_text="Rows of the file")
    position = models.PositiveIntegerField(default=0, help_text="Rows treated in this state")
    changed = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "imported sheet"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name


class RowOutcome(models.TextChoices):
    CHANGED = "changed", "Changed"
    ADDED = "added", "Added"
    REFUSED = "refused", "Refused"


class SheetRow(models.Model):
    """What one row of a file changes, or why it cannot; rows that change nothing leave none."""

    sheet = models.ForeignKey(SheetImport, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(help_text="As a person counts rows in the file")
    outcome = models.CharField(max_length=8, choices=RowOutcome.choices)
    key = models.CharField(max_length=200, help_text="Such as the SKU")
    subject = models.CharField(max_length=60, blank=True, help_text="Id of the row it is about")
    changes = models.JSONField(default=dict, blank=True, help_text="Field → [before, after]")
    cells = models.JSONField(default=dict, blank=True, help_text="A refused row, as it was read")
    column = models.CharField(max_length=200, blank=True, help_text="Where a refused row is wrong")
    kept = models.JSONField(default=dict, blank=True, help_text="What an undo needs beyond changes")
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["sheet", "number"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "number"], name="one_line_per_row_of_a_sheet"),
        ]

    def __str__(self) -> str:
        return f"Row {self.number}: {self.get_outcome_display()}"
