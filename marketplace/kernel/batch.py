"""Doing one thing to many rows, and saying in plain words what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from marketplace.kernel.errors import Failure

T = TypeVar("T")


@dataclass
class BatchReport:
    """What was done, skipped and refused; `reasons` counts each sentence."""

    verb: str
    done: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """One sentence for the person who asked: “Queued 40; 2 refused: …”."""
        parts = [f"{self.verb} {self.done:,}"]
        for word, reasons in (("skipped", self.skipped), ("refused", self.refused)):
            if reasons:
                listed = "; ".join(
                    f"{text} ({count:,})" if count > 1 else text
                    for text, count in reasons.most_common(5)
                )
                more = f" and {len(reasons) - 5} other reasons" if len(reasons) > 5 else ""
                parts.append(f"{sum(reasons.values()):,} {word}: {listed}{more}")
        return ". ".join(part.rstrip(".") for part in parts) + "."

    @property
    def is_clean(self) -> bool:
        return not self.refused


def run_batch(verb: str, rows: Iterable[T], act: Callable[[T], object]) -> BatchReport:
    """Act on each row; an expected failure of one is counted and does not stop the rest."""
    report = BatchReport(verb)
    for row in rows:
        try:
            act(row)
        except Failure as error:
            report.refused[error.message] += 1
        else:
            report.done += 1
    return report
