"""How many new listings a shop may still upload today, on the shop's own calendar (R24)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from catalog.models import Listing, Shop


def left(shop: Shop, *, now: datetime | None = None) -> int | None:
    """Uploads left today; None for a shop without a limit.

    The channel's own word that today's are used up counts more than our count of them.
    """
    start = day_start(shop, now or timezone.now())
    if shop.uploads_spent_at and shop.uploads_spent_at >= start:
        return 0
    if not shop.on_probation:
        return None
    used = Listing.objects.filter(shop=shop, uploaded_at__gte=start).count()
    return max(shop.daily_listing_limit - used, 0)


def day_start(shop: Shop, now: datetime) -> datetime:
    """Midnight of the shop's day, as an aware moment."""
    local = now.astimezone(ZoneInfo(shop.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def remember_spent(shop: Shop) -> None:
    """The channel said that today's uploads are used up."""
    Shop.objects.filter(pk=shop.pk).update(uploads_spent_at=timezone.now())


def hold_waiting(shop: Shop) -> int:
    """Tell each queued new listing why it waits; return how many wait."""
    waiting = Listing.objects.filter(shop=shop, external_id="").queued()
    limit = f"{shop.daily_listing_limit} new listings" if shop.on_probation else "a number of them"
    return waiting.update(
        problem=f"Waiting: the channel takes {limit} a day from this shop, and today's are used "
        "up. It goes out by itself on the shop's next day."
    )
