from __future__ import annotations

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
