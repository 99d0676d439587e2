"""Orders come in here: each once, one bad order never in the way of the next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Failure, Refused
from orders.models import IntakeCursor
from orders.ports import ListedOrder, order_channels
from orders.services import problems
from orders.services.taking import IntakeReport, take

T = TypeVar("T")

#: The channel may list an order a little after it changed; the same seconds are read again.
OVERLAP = timedelta(minutes=10)
RECONCILE_SPAN = timedelta(days=7)
#: Stored in one transaction, and the cursor after it. Several of the channel's pages, because most
#: statements cost the same for one order as for hundreds.
PAGE = 500

logger = logging.getLogger(__name__)


def never() -> bool:
    """There is time for everything."""
    return False


def pull_orders(shop: Shop, *, until: Callable[[], bool] = never) -> IntakeReport:
    """Take in every order that changed since the last look, or as many as there is time for."""
    began_at = timezone.now()
    cursor = _cursor(shop)
    report = IntakeReport()
    _retry_problems(shop, report)
    channel = order_channels.get(shop.channel)
    for page in _pages(channel.orders_since(shop, cursor.updated_through - OVERLAP)):
        take(shop, page, report)
        _move_cursor(cursor, page)
        if until():
            report.is_complete = False
            break
    ended = {"read_through": began_at} if report.is_complete else {}
    IntakeCursor.objects.filter(pk=cursor.pk).update(
        last_run_at=timezone.now(), last_result=report.summary(), **ended
    )
    return report


def reconcile(shop: Shop, *, until: Callable[[], bool] = never) -> IntakeReport:
    """Compare the last seven days with what is here, and take in what was missed.

    A comparison that runs out of time goes on from where it stopped when it is called again; its
    report counts all of it. `is_complete` says whether it came to the end.
    """
    cursor = _cursor(shop)
    goes_on = cursor.reconciling_from is not None
    report = IntakeReport(**cursor.reconcile_counts) if goes_on else IntakeReport()
    since = cursor.reconciling_from or timezone.now() - RECONCILE_SPAN
    for page in _pages(order_channels.get(shop.channel).orders_since(shop, since)):
        take(shop, page, report)
        since = max(since, _seen_through(page) or since)
        report.is_complete = not until()
        _keep_comparison(cursor, since, report)
        if not report.is_complete:
            return report
    report.is_complete = True
    _keep_comparison(cursor, None, report, reconciled_at=timezone.now())
    return report


def comparison(report: IntakeReport) -> str:
    """What a comparison found, in words: what had been missed is named."""
    named = ", ".join(report.created_ids)
    more = report.created - len(report.created_ids)
    which = f" ({named}{f' and {more:,} more' if more else ''})" if named else ""
    parts = [
        f"{report.created:,} had been missed and {'is' if report.created == 1 else 'are'} "
        f"here now{which}",
        f"{report.updated:,} had changed",
        f"{report.unchanged:,} were right",
    ]
    if report.skipped:
        parts.append(f"{report.skipped:,} not ours to take")
    if report.problems:
        parts.append(f"{report.problems:,} could not be taken in")
    end = "" if report.is_complete else " It goes on by itself."
    return f"{report.seen:,} orders compared: {', '.join(parts)}.{end}"


def _cursor(shop: Shop) -> IntakeCursor:
    cursor, _ = IntakeCursor.objects.get_or_create(
        shop=shop, defaults={"updated_through": shop.connected_at or timezone.now()}
    )
    return cursor


def _pages(orders: Iterator[T]) -> Iterator[list[T]]:
    """Gather orders; those that came before the channel failed are given before that is raised."""
    page: list[T] = []
    try:
        for order in orders:
            page.append(order)
            if len(page) == PAGE:
                yield page
                page = []
    except Failure:
        if page:
            yield page
        raise
    if page:
        yield page


def _seen_through(page: Iterable[ListedOrder]) -> datetime | None:
    """The last change of a page, but never one that the channel dates in the future."""
    seen = max((remote.updated_at for remote in page if remote.updated_at), default=None)
    return min(seen, timezone.now()) if seen else None


def _move_cursor(cursor: IntakeCursor, page: Iterable[ListedOrder]) -> None:
    """Only after the page is stored, only as far as was seen, and never back."""
    through = _seen_through(page)
    if through:
        IntakeCursor.objects.filter(pk=cursor.pk, updated_through__lt=through).update(
            updated_through=through
        )


def _keep_comparison(
    cursor: IntakeCursor, since: datetime | None, report: IntakeReport, **columns: object
) -> None:
    counts = {
        name: getattr(report, name)
        for name in (
            *("seen", "created", "updated", "unchanged", "skipped", "problems", "recovered"),
            "created_ids",
        )
    }
    IntakeCursor.objects.filter(pk=cursor.pk).update(
        reconciling_from=since,
        reconcile_counts=counts if since else {},
        reconcile_result=comparison(report),
        **columns,
    )


def _retry_problems(shop: Shop, report: IntakeReport) -> None:
    """Ask again for orders that could not be taken in and are due for another try."""
    ids = problems.due(shop)
    if not ids:
        return
    channel = order_channels.get(shop.channel)
    try:
        for page in _pages(channel.orders(shop, ids)):
            take(shop, page, report)
    except Refused as error:
        # Old problems must not keep new orders out; these are asked for again later.
        logger.warning("Orders %s of %s cannot be read: %s", ", ".join(ids), shop, error)
