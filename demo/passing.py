"""Time passes in the demo: the sandbox's clock is moved, and what our side remembers with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F, Model

from catalog.models import Listing, Shop
from catalog.tasks import tick_publish
from demo.doors import Sandbox
from marketplace.kernel.models import Job
from marketplace.kernel.tasks import sweep


def let_pass(sandbox: Sandbox, shop: Shop, **period: int) -> None:
    """Let a period (days, hours, minutes) pass for TikTok and for this shop's publishing.

    Our side has no clock to move, since it reads the machine's. So the opposite is done: every mark
    that publishing compares with the time is moved back by the same period, as if it had been left
    so much earlier. These are the uploads of the shop and the creates under way, the claims and
    leases of a worker, and the time at which work is due. Nothing else is touched. What a schedule
    does every minute is then asked for at once, so that nobody waits for the machine's minute.
    """
    by = timedelta(**period)
    sandbox.advance(round(by.total_seconds()))
    listings = Listing.objects.filter(shop=shop)
    move_back(Listing, by, "uploaded_at", "create_intent_at", "claimed_until", pk__in=listings)
    move_back(Shop, by, "uploads_spent_at", pk=shop.pk)
    move_back(Job, by, "lease_until", "next_attempt_at")
    sweep()
    tick_publish()


def move_back(rows: type[Model], by: timedelta, /, *marks: str, **which: Any) -> None:
    """Move marks of some rows back; one that was never left stays so: NULL minus is NULL."""
    rows._default_manager.filter(**which).update(**{mark: F(mark) - by for mark in marks})
