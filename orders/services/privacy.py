"""Buyers' data: who was shown it, and erasing it when it is no longer needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from orders.models import Address, AddressLook, ChannelOrder

AT_ONCE = 500
#: Long enough to look into a complaint; then who looked is personal data itself.
LOOKS_KEPT = timedelta(days=365)


def erase_personal_data(now: datetime) -> int:
    """Erase addresses and buyers of orders whose time is over; return how many."""
    erased = 0
    due = Address.objects.filter(purged_at=None, purge_after__lte=now).order_by("purge_after")
    while rows := list(due.values_list("pk", "channel_order")[:AT_ONCE]):
        with transaction.atomic():
            Address.objects.filter(pk__in=[row[0] for row in rows]).update(
                name="", phone="", lines=[], city="", province="", postal_code="", purged_at=now
            )
            orders = ChannelOrder.objects.filter(pk__in=[row[1] for row in rows])
            orders.update(buyer="", buyer_note="")
        erased += len(rows)
    return erased


def note_looks(channel_order_ids: Iterable[int], *, by: str, page: str) -> None:
    """Write down that a person was shown these whole addresses, and on which page."""
    AddressLook.objects.bulk_create(
        (
            AddressLook(channel_order_id=pk, by=by, page=page)
            for pk in dict.fromkeys(channel_order_ids)
        ),
        batch_size=AT_ONCE,
    )


def forget_looks(now: datetime) -> int:
    """Delete what was written down about looks so long ago that nobody asks; return how many."""
    forgotten = 0
    old = AddressLook.objects.filter(at__lt=now - LOOKS_KEPT).order_by("at")
    while found := list(old.values_list("pk", flat=True)[:AT_ONCE]):
        forgotten += AddressLook.objects.filter(pk__in=found).delete()[0]
    return forgotten
