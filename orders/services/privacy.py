"""Erasing buyers' data when it is no longer needed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders.models import Address, ChannelOrder

AT_ONCE = 500


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
