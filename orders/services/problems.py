"""Orders that could not be taken in: shown with their reason, and tried again by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.redact import redact
from marketplace.kernel.rows import Rows
from orders.models import IntakeProblem

FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
AT_ONCE = 50
EXCERPT = 2000


@dataclass(frozen=True)
class Trouble:
    """An order that could not be taken in: why, and what came of it."""

    external_id: str
    reason: str
    raw: Mapping[str, object] = field(default_factory=dict)


def note(
    shop: Shop, external_id: str, reason: str, *, raw: Mapping[str, object] | None = None
) -> None:
    """Remember why an order could not be taken in."""
    note_all(shop, [Trouble(external_id, reason, raw or {})])


def note_all(shop: Shop, troubles: Iterable[Trouble]) -> None:
    """Remember it of many; each order has one open line, with its last reason."""
    by_id = {one.external_id: one for one in troubles}
    if not by_id:
        return
    open_ones = IntakeProblem.objects.unresolved().filter(shop=shop, external_id__in=list(by_id))
    rows = Rows(IntakeProblem)
    known = list(open_ones)
    rows.watch(known)
    for row in known:
        one = by_id.pop(row.external_id)
        row.reason, row.excerpt = one.reason, _excerpt(one) or row.excerpt
    rows.store()
    first_try = timezone.now() + FIRST_WAIT
    IntakeProblem.objects.bulk_create(
        (
            IntakeProblem(
                shop=shop,
                external_id=one.external_id,
                reason=one.reason,
                excerpt=_excerpt(one),
                next_attempt_at=first_try,
            )
            for one in by_id.values()
        ),
        ignore_conflicts=True,
    )


def _excerpt(one: Trouble) -> str:
    return json.dumps(redact(dict(one.raw)), default=str)[:EXCERPT] if one.raw else ""


def due(shop: Shop) -> list[str]:
    """Ids of the orders to ask for again now; each asking makes the next one wait longer."""
    now = timezone.now()
    known = IntakeProblem.objects.filter(shop=shop).exclude(external_id="")
    rows = list(known.to_retry(now)[:AT_ONCE])
    for row in rows:
        wait = min(FIRST_WAIT * 2 ** min(row.attempts, 10), LONGEST_WAIT)
        row.attempts, row.next_attempt_at = row.attempts + 1, now + wait
    IntakeProblem.objects.bulk_update(rows, ["attempts", "next_attempt_at"])
    return [row.external_id for row in rows]


def retry_now(problem: IntakeProblem) -> None:
    """A person has mended something: ask for this order at the next look."""
    rows = IntakeProblem.objects.filter(pk=problem.pk, resolved_at=None)
    rows.update(next_attempt_at=timezone.now())


def resolve(shop: Shop, external_ids: Sequence[str]) -> int:
    """These came through; return how many of them had been problems."""
    if not external_ids:
        return 0
    rows = IntakeProblem.objects.unresolved().filter(shop=shop, external_id__in=external_ids)
    return rows.update(resolved_at=timezone.now())
