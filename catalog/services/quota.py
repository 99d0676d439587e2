"""How many new listings a shop may still upload today, on the shop's own calendar (R24)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from catalog.models import Listing, Shop
from marketplace.kernel.errors import Refused


class NoneLeft(Refused):
    """By our own count today's uploads are used up; nothing was asked of the channel."""


def left(shop: Shop, *, now: datetime | None = None, besides: int = 0) -> int | None:
    """Uploads left today; None for a shop without a limit.

    A create whose answer is not here yet counts as an upload, except that of the listing
    `besides`. The channel's own word that today's are used up counts more than our count of them.
    """
    start = day_start(shop, now or timezone.now())
    if shop.uploads_spent_at and shop.uploads_spent_at >= start:
        return 0
    if not shop.on_probation:
        return None
    rows = Listing.objects.filter(shop=shop).exclude(pk=besides).order_by()
    uploaded = rows.filter(uploaded_at__gte=start)
    under_way = rows.exclude(create_intent="").filter(create_intent_at__gte=start)
    # In one statement: an answer that comes between two would be counted by neither.
    used = uploaded.values("pk").union(under_way.values("pk"), all=True).count()
    return max(shop.daily_listing_limit - used, 0)


def reserve(listing: Listing) -> None:
    """Make sure that one more upload fits into the shop's day; call it inside a transaction.

    The shop stays locked until the transaction ends, so that what the caller writes to say that
    the upload is under way is seen by the next one who counts. Raises `NoneLeft`.
    """
    shop = Shop.objects.select_for_update(no_key=True).get(pk=listing.shop_id)
    if left(shop, besides=listing.pk) == 0:
        raise NoneLeft("Today's uploads of this shop are used up.")


def day_start(shop: Shop, now: datetime) -> datetime:
    """Midnight of the shop's day, as an aware moment."""
    local = now.astimezone(ZoneInfo(shop.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def remember_spent(shop: Shop) -> None:
    """The channel said that today's uploads are used up."""
    Shop.objects.filter(pk=shop.pk).update(uploads_spent_at=timezone.now())


def hold_waiting(shop: Shop) -> int:
    """Tell each queued new listing why it waits; return how many wait."""
    waiting = Listing.objects.filter(shop=shop, external_id="", create_intent="").queued()
    shop = Shop.objects.get(pk=shop.pk)
    limit = f"{shop.daily_listing_limit:,} new listings" if shop.on_probation else "only so many"
    return waiting.update(
        problem=f"Waiting: the channel takes {limit} a day from this shop, and today's are used "
        "up. It goes out by itself on a next day of the shop."
    )
