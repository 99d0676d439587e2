"""Orders that could not be taken in: shown with their reason, and tried again by themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.redact import redact
from orders.models import IntakeProblem

FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
AT_ONCE = 50
EXCERPT = 2000


def note(
    shop: Shop, external_id: str, reason: str, *, raw: Mapping[str, object] | None = None
) -> None:
    """Remember why an order could not be taken in."""
    excerpt = json.dumps(redact(dict(raw)), default=str)[:EXCERPT] if raw else ""
    row, is_new = IntakeProblem.objects.get_or_create(
        shop=shop,
        external_id=external_id,
        resolved_at=None,
        defaults={
            "reason": reason,
            "excerpt": excerpt,
            "next_attempt_at": timezone.now() + FIRST_WAIT,
        },
    )
    if not is_new:
        row.reason, row.excerpt = reason, excerpt or row.excerpt
        row.save(update_fields=["reason", "excerpt", "updated_at"])


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
