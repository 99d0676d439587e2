"""Orders come in here: each once, one bad order never in the way of the next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Failure, Reconnect, Refused, TryLater
from orders.models import ChannelOrder, IntakeCursor
from orders.ports import RemoteOrder, UnreadableOrder, order_channels
from orders.services import problems
from orders.services.links import Links, links_for
from orders.services.recording import Outcome, is_old_news, record

T = TypeVar("T")
Remote = RemoteOrder | UnreadableOrder

#: The channel may list an order a little after it changed; the same seconds are read again.
OVERLAP = timedelta(minutes=10)
RECONCILE_SPAN = timedelta(days=7)
PAGE = 100

logger = logging.getLogger(__name__)


@dataclass
class IntakeReport:
    """What one look at a shop's orders brought."""

    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    problems: int = 0
    recovered: int = 0
    is_complete: bool = True
    variant_ids: set[int] = field(default_factory=set)

    def count(self, outcome: Outcome) -> None:
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)

    def summary(self) -> str:
        """One sentence: “12 orders seen: 3 new, 1 changed, 8 unchanged.”"""
        parts = [f"{self.created:,} new", f"{self.updated:,} changed"]
        parts.append(f"{self.unchanged:,} unchanged")
        if self.skipped:
            parts.append(f"{self.skipped:,} not ours to take")
        if self.problems:
            parts.append(f"{self.problems:,} could not be taken in")
        if self.recovered:
            parts.append(f"{self.recovered:,} earlier problems solved")
        if not self.is_complete:
            parts.append("more to come")
        return f"{self.seen:,} orders seen: {', '.join(parts)}."


def pull_orders(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> IntakeReport:
    """Take in every order that changed since the last look, or as many as there is time for."""
    cursor, _ = IntakeCursor.objects.get_or_create(
        shop=shop, defaults={"updated_through": shop.connected_at or timezone.now()}
    )
    report = IntakeReport()
    _retry_problems(shop, report)
    channel = order_channels.get(shop.channel)
    since = cursor.updated_through - OVERLAP
    for page in _pages(channel.orders_since(shop, since)):
        _take(shop, page, report)
        _move_cursor(cursor, page)
        if until():
            report.is_complete = False
            break
    IntakeCursor.objects.filter(pk=cursor.pk).update(
        last_run_at=timezone.now(), last_result=report.summary()
    )
    return report


def reconcile(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> IntakeReport:
    """Compare the last seven days with what is here, and take in what was missed."""
    report = IntakeReport()
    channel = order_channels.get(shop.channel)
    since = timezone.now() - RECONCILE_SPAN
    for page in _pages(channel.orders_since(shop, since)):
        _take(shop, page, report)
        if until():
            report.is_complete = False
            break
    IntakeCursor.objects.update_or_create(
        shop=shop,
        defaults={"reconciled_at": timezone.now(), "reconcile_result": report.summary()},
        create_defaults={
            "updated_through": shop.connected_at or timezone.now(),
            "reconciled_at": timezone.now(),
            "reconcile_result": report.summary(),
        },
    )
    return report


def _pages(orders: Iterator[T]) -> Iterator[list[T]]:
    while page := list(islice(orders, PAGE)):
        yield page


def _move_cursor(cursor: IntakeCursor, page: Iterable[Remote]) -> None:
    """Only after the page is stored, only as far as was seen, and never into the future."""
    seen = max((remote.updated_at for remote in page if remote.updated_at), default=None)
    if seen is None:
        return
    through = min(seen, timezone.now())
    IntakeCursor.objects.filter(pk=cursor.pk, updated_through__lt=through).update(
        updated_through=through
    )


def _take(shop: Shop, page: list[Remote], report: IntakeReport) -> None:
    """Take a page in: what did not change is passed over with one query for the whole page."""
    report.seen += len(page)
    ids = [remote.external_id for remote in page]
    rows = ChannelOrder.objects.filter(shop=shop, external_id__in=ids)
    heads = {head.external_id: head for head in rows}
    fresh = []
    for remote in page:
        head = heads.get(remote.external_id)
        if head and isinstance(remote, RemoteOrder) and is_old_news(head, remote):
            report.unchanged += 1
        else:
            fresh.append(remote)
    readable = [remote for remote in fresh if isinstance(remote, RemoteOrder)]
    links = links_for(shop, readable) if readable else Links()
    taken = [
        remote.external_id
        for remote in fresh
        if _take_one(shop, remote, links, report, seems_new=remote.external_id not in heads)
    ]
    report.recovered += problems.resolve(shop, taken)


def _take_one(
    shop: Shop, remote: Remote, links: Links, report: IntakeReport, *, seems_new: bool
) -> bool:
    """Take one order in; if that fails it becomes a problem that people see, and we go on."""
    if isinstance(remote, UnreadableOrder):
        problems.note(shop, remote.external_id, remote.reason)
        report.problems += 1
        return False
    try:
        recorded = record(shop, remote, links=links, seems_new=seems_new)
    except (TryLater, Reconnect, OperationalError, InterfaceError):
        raise  # not this order's fault: the whole run is repeated
    except Exception as error:
        if not isinstance(error, Refused):
            logger.exception("Order %s of %s could not be taken in", remote.external_id, shop)
        reason = error.message if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
        problems.note(shop, remote.external_id, reason, raw=remote.raw)
        report.problems += 1
        return False
    report.count(recorded.outcome)
    report.variant_ids |= recorded.variant_ids
    return True


def _retry_problems(shop: Shop, report: IntakeReport) -> None:
    """Ask again for orders that could not be taken in and are due for another try."""
    ids = problems.due(shop)
    if not ids:
        return
    channel = order_channels.get(shop.channel)
    try:
        for page in _pages(channel.orders(shop, ids)):
            _take(shop, page, report)
    except Refused as error:
        # Old problems must not keep new orders out; these are asked for again later.
        logger.warning("Orders %s of %s cannot be read: %s", ", ".join(ids), shop, error)
