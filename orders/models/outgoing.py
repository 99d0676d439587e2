from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar

from django.db import models
from django.db.models import Q, TextChoices

from marketplace.kernel.models import Stamped
from marketplace.kernel.states import Machine

S = TypeVar("S", bound=TextChoices)
RowT = TypeVar("RowT", bound="Outgoing")


@dataclass(frozen=True)
class Steps(Generic[S]):
    """The states on the way to the channel: wanted, under way, then done or refused."""

    machine: Machine[S]
    wanted: S
    under_way: S
    done: S
    refused: S


class OutgoingQuerySet(models.QuerySet[RowT]):
    def wanted(self) -> Self:
        """To be told, those that failed least first."""
        return self.filter(state=self._steps.wanted).order_by("attempts", "pk")

    def abandoned(self, now: datetime) -> Self:
        """Being told by a worker that is gone: whether the channel got it is not known."""
        return self.filter(state=self._steps.under_way, claimed_until__lt=now)

    def to_send(self, now: datetime) -> Self:
        """Something has to be done about these on an active shop."""
        return self.filter(
            Q(state=self._steps.wanted) | Q(state=self._steps.under_way, claimed_until__lt=now)
        )

    @property
    def _steps(self) -> Steps[Any]:
        return self.model.steps


class Outgoing(Stamped):
    """What the channel is to be told once: wanted here first, then told by `services.outbox`.

    `outcome_unknown` is set before the call leaves and taken away by a clear answer, so after a
    crash or a lost answer the channel is asked before anything is repeated. A model adds its own
    `state` and `steps`.
    """

    steps: ClassVar[Steps[Any]]

    attempts = models.PositiveIntegerField(default=0)
    outcome_unknown = models.BooleanField(default=False)
    claimed_by = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, help_text="The channel's words and what to do")
    problem_code = models.CharField(max_length=20, blank=True)
    problem_request_id = models.CharField(max_length=64, blank=True)
    by = models.CharField("Who or what", max_length=150, blank=True)

    class Meta:
        abstract = True
