"""What people ask of price rules apart from changing them: to run one now."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog.models import PriceRule, PriceRun
from marketplace.kernel.errors import Refused


@transaction.atomic
def run_now(rule: PriceRule, *, by: str, now: datetime) -> PriceRun:
    """Make a rule due, and remember who asked; the job “reprice” of its shop does the work.

    A run that is under way goes on, for the one who began it. Raises `Refused` if none can begin.
    """
    if not rule.shop.is_active:
        raise Refused(
            f"“{rule}”: {rule.shop} is “{rule.shop.get_state_display()}”; its rules run when it is "
            "active again."
        )
    if rule.is_paused:
        raise Refused(f"“{rule}” is paused: {rule.paused_why or 'resume it first'}.")
    if rule.starts_at and rule.starts_at > now:
        raise Refused(f"“{rule}” begins only at {rule.starts_at:%Y-%m-%d %H:%M} UTC.")
    if rule.ends_at and rule.ends_at <= now:
        raise Refused(f"“{rule}” ended at {rule.ends_at:%Y-%m-%d %H:%M} UTC: give it a later end.")
    PriceRule.objects.filter(pk=rule.pk).update(next_run_at=now)
    run, _ = PriceRun.objects.get_or_create(
        rule=rule,
        ended_at=None,
        defaults={"shop": rule.shop, "rule_name": rule.name, "by": by},
    )
    return run
