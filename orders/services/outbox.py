"""Telling the channel once: what is wanted is claimed by one worker, told, and settled.

Tracking numbers, labels and decisions go this way. Safe to stop and to repeat at any point.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar

from django.db import transaction
from django.utils import timezone

from marketplace.kernel.errors import Reconnect, Refused, TryLater
from orders.models import AttentionKind, Order, Outgoing, OutgoingQuerySet
from orders.services import attention, transitions

RowT = TypeVar("RowT", bound=Outgoing)

CLAIM_LASTS = timedelta(minutes=5)
#: When so many cannot be told in one run, the channel is down: the rest wait for the next run.
PATIENCE = 3


@dataclass
class Report:
    """What one run told; each kind of row adds its words, and figures of its own."""

    title: ClassVar[str]
    nothing: ClassVar[str]
    words: ClassVar[Mapping[str, str]]  # by the name of the figure

    sent: int = 0
    known: int = 0
    refused: int = 0
    waiting: int = 0
    trouble: TryLater | None = None

    def count(self, figure: str) -> None:
        setattr(self, figure, getattr(self, figure) + 1)

    def summary(self) -> str:
        """One sentence: “Labels: 3 bought, 1 refused.”"""
        counts = ((getattr(self, figure), word) for figure, word in self.words.items())
        said = [f"{count:,} {word}" for count, word in counts if count]
        return f"{self.title}: {', '.join(said) or self.nothing}."

    def come_again(self) -> None:
        """Raise `TryLater` if some could not be told, so that the job comes back for them."""
        if self.trouble:
            raise TryLater(
                f"{self.summary()} {self.trouble.message}",
                code=self.trouble.code,
                request_id=self.trouble.request_id,
                retry_after=self.trouble.retry_after,
            )


@dataclass(frozen=True)
class Said:
    """What the channel has now: the report's figure, words for the timeline, columns to keep."""

    figure: str
    words: str
    columns: Mapping[str, Any] = field(default_factory=dict)


class Outbox(ABC, Generic[RowT]):
    """The rows of one kind and shop that the channel is to be told.

    A subclass says how one is told, and what a person reads about it.
    """

    #: What a person sees about an order while the channel refuses its row.
    trouble: ClassVar[AttentionKind]
    #: Who writes into the timeline.
    by: ClassVar[str]

    def __init__(self, rows: OutgoingQuerySet[RowT]) -> None:
        self.rows = rows
        self.steps = rows.model.steps

    @abstractmethod
    def say(self, row: RowT, *, asks_first: bool) -> Said:
        """Tell the channel; with `asks_first` only what it does not have. Raises any `Failure`."""

    @abstractmethod
    def parts(self, row: RowT) -> Sequence[Order]:
        """The order parts that it is about."""

    @abstractmethod
    def refusal(self, row: RowT) -> str:
        """What the channel did not do: “The channel made no label”."""

    @abstractmethod
    def advice(self, row: RowT) -> str:
        """What a person can do after a refusal, in sentences."""

    def run(self, report: Report) -> list[RowT]:
        """Tell all that is wanted; return the rows that the channel took or refused."""
        self.take_over()
        answered = []
        for pk in list(self.rows.wanted().values_list("pk", flat=True)):
            if (row := self._tell(pk, report)) is not None:
                answered.append(row)
            if report.waiting >= PATIENCE:
                break
        return answered

    def take_over(self) -> None:
        """A worker died while telling: the channel will be asked before anything is repeated."""
        abandoned = self.rows.abandoned(timezone.now())
        self.steps.machine.move_all(abandoned, self.steps.wanted, claimed_by="", claimed_until=None)

    @transaction.atomic
    def claim(self, pk: int) -> tuple[RowT, bool] | None:
        """Take a row as it is now, and whether the channel may know it; None if it is taken.

        From here on the outcome is unknown until an answer is in.
        """
        # Read under the lock: the list is older than what another worker did meanwhile.
        mine = self.rows.select_for_update(of=("self",))
        row = mine.filter(pk=pk, state=self.steps.wanted).first()
        if row is None:
            return None
        asks_first = row.outcome_unknown
        self.steps.machine.move(
            row,
            self.steps.under_way,
            claimed_by=uuid.uuid4().hex,
            claimed_until=timezone.now() + CLAIM_LASTS,
            attempts=row.attempts + 1,
            outcome_unknown=True,
        )
        return row, asks_first

    def _tell(self, pk: int, report: Report) -> RowT | None:
        claimed = self.claim(pk)
        if claimed is None:
            return None
        row, asks_first = claimed
        try:
            said = self.say(row, asks_first=asks_first)
        except TryLater as error:
            self._give_back(row, error.message, unknown=error.outcome_unknown or asks_first)
            report.count("waiting")
            report.trouble = error
            return None
        except Refused as error:
            self._refuse(row, error)
            report.count("refused")
        except Reconnect as error:
            self._give_back(row, error.message, unknown=asks_first)
            raise
        else:
            self._finish(row, said)
            report.count(said.figure)
        return row

    @transaction.atomic
    def _finish(self, row: RowT, said: Said) -> None:
        mended = {"problem": "", "problem_code": "", "problem_request_id": ""}
        if self._settle(row, self.steps.done, outcome_unknown=False, **mended, **said.columns):
            parts = self.parts(row)
            attention.clear(parts, self.trouble, by=self.by)
            for part in parts:
                transitions.note(part, said.words, by=self.by)

    @transaction.atomic
    def _refuse(self, row: RowT, error: Refused) -> None:
        shown = {
            "problem": str(error),
            "problem_code": error.code[:20],
            "problem_request_id": error.request_id[:64],
        }
        if self._settle(row, self.steps.refused, outcome_unknown=False, **shown):
            text = f"{self.refusal(row)}: {error}"
            for part in self.parts(row):
                attention.flag(part, self.trouble, f"{text} {self.advice(row)}")
                transitions.note(part, text, by=self.by, request_id=shown["problem_request_id"])

    def _give_back(self, row: RowT, why: str, *, unknown: bool) -> None:
        self._settle(row, self.steps.wanted, problem=why, outcome_unknown=unknown)

    def _settle(self, row: RowT, to: Any, **changes: object) -> bool:
        """Write the answer, unless another worker took the row over meanwhile."""
        mine = self.rows.filter(pk=row.pk, claimed_by=row.claimed_by)
        changes |= {"claimed_by": "", "claimed_until": None}
        return bool(self.steps.machine.move_all(mine, to, **changes))
