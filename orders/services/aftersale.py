"""Cancellations and returns come in here: page by page, the cursor after what it counts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from catalog.models import Shop
from marketplace.kernel.errors import Refused, TryLater
from orders.models import (
    AftersaleCursor,
    CancellationRequest,
    ChannelOrder,
    OrderLine,
    ReturnLine,
    ReturnRequest,
)
from orders.ports import order_channels
from orders.ports_aftersale import (
    RemoteCancellation,
    RemoteReturn,
    UnreadableRequest,
    aftersale_channels,
)
from orders.services import cancellations, returns
from orders.services.intake import OVERLAP, never
from orders.services.taking import IntakeReport, take

T = TypeVar("T")

#: A shop that was just connected may have requests that wait for an answer.
FIRST_LOOK = timedelta(days=30)
#: What could not be stored is read again with every look for so long.
RETRIED_FOR = timedelta(days=7)
PAGE = 50

Request = RemoteCancellation | RemoteReturn | UnreadableRequest

logger = logging.getLogger(__name__)


@dataclass
class AftersaleReport:
    """What one look found; `order_ids` are those whose cancellations changed."""

    seen: int = 0
    changed: int = 0
    unreadable: int = 0
    order_ids: set[str] = field(default_factory=set)
    is_complete: bool = True

    def summary(self) -> str:
        """One sentence: “4 cancellations and returns seen: 1 changed.”"""
        found = f"{self.seen:,} cancellations and returns seen: {self.changed:,} changed"
        bad = f", {self.unreadable:,} could not be read" if self.unreadable else ""
        more = "" if self.is_complete else ", more to come"
        return f"{found}{bad}{more}."


def pull_aftersale(shop: Shop, *, until: Callable[[], bool] = never) -> AftersaleReport:
    """Follow every cancellation and return that changed since the last look (B7)."""
    channel = aftersale_channels.get(shop.channel)
    first = (shop.connected_at or timezone.now()) - FIRST_LOOK
    cursor, _ = AftersaleCursor.objects.get_or_create(
        shop=shop, defaults={"cancellations_through": first, "returns_through": first}
    )
    report = AftersaleReport()
    for column, read in (
        ("cancellations_through", channel.cancellations_since),
        ("returns_through", channel.returns_since),
    ):
        failed: list[datetime] = []
        for page in _pages(read(shop, getattr(cursor, column) - OVERLAP)):
            failed += _take(shop, page, report)
            _move_cursor(cursor, column, page, failed)
            report.is_complete = not until()
            if not report.is_complete:
                break
    _link_orders(shop)
    AftersaleCursor.objects.filter(pk=cursor.pk).update(
        last_run_at=timezone.now(), last_result=report.summary()
    )
    return report


def read_again(shop: Shop, order_ids: Iterable[str]) -> IntakeReport:
    """Bring some orders, and what was asked of them, up to date at once.

    Nothing depends on it: what cannot be read now is read by the next look.
    """
    report = IntakeReport()
    channel = aftersale_channels.get(shop.channel)
    for ids in _pages(iter(sorted(order_ids))):
        try:
            requests: list[Request] = [*channel.cancellations(shop, ids)]
            requests += channel.returns(shop, ids)
            _take(shop, requests, AftersaleReport())
        except (Refused, TryLater) as error:
            logger.warning("Requests of %s are not read again now: %s", shop, error)
        refresh_orders(shop, ids, report)
    return report


def refresh_orders(shop: Shop, order_ids: Iterable[str], report: IntakeReport) -> None:
    """Read orders again that are here, and take in what changed; the usual way gives stock back."""
    here = ChannelOrder.objects.filter(shop=shop, external_id__in=list(order_ids))
    known = sorted(here.values_list("external_id", flat=True))
    for ids in _pages(iter(known)):
        try:
            take(shop, list(order_channels.get(shop.channel).orders(shop, ids)), report)
        except (Refused, TryLater) as error:
            logger.warning("Orders of %s are not read again now: %s", shop, error)


def _take(shop: Shop, page: Iterable[Request], report: AftersaleReport) -> list[datetime]:
    """Store each request; return the changes of those that failed, which stop no other."""
    failed = []
    for remote in page:
        report.seen += 1
        try:
            changed = _record(shop, remote)
        except Exception:
            report.unreadable += 1
            logger.exception("Request %s of %s could not be stored", remote.external_id, shop)
            failed += [remote.updated_at] if remote.updated_at else []
            continue
        report.changed += changed
        if changed and isinstance(remote, RemoteCancellation):
            report.order_ids.add(remote.order_id)
    return failed


def _record(shop: Shop, remote: Request) -> bool:
    if isinstance(remote, UnreadableRequest):
        raise Refused(remote.reason)
    if isinstance(remote, RemoteCancellation):
        return cancellations.record(shop, remote)
    return returns.record(shop, remote)


def _pages(rows: Iterator[T]) -> Iterator[list[T]]:
    while page := list(islice(rows, PAGE)):
        yield page


def _move_cursor(
    cursor: AftersaleCursor, column: str, page: Iterable[Request], failed: Iterable[datetime]
) -> None:
    """Only as far as was seen and is past, never back, and for a while not beyond what failed."""
    now = timezone.now()
    seen = [remote.updated_at for remote in page if remote.updated_at]
    held = max(min(failed, default=now), now - RETRIED_FOR)
    through = min(max(seen, default=held), held, now)
    mine = AftersaleCursor.objects.filter(pk=cursor.pk, **{f"{column}__lt": through})
    mine.update(**{column: through})


def _link_orders(shop: Shop) -> None:
    """A request may be seen before its order is."""
    orders = ChannelOrder.objects.filter(shop=shop, external_id=OuterRef("order_external_id"))
    for model in (CancellationRequest, ReturnRequest):
        rows = model._default_manager.filter(Exists(orders), shop=shop, channel_order=None)
        rows.update(channel_order=Subquery(orders.values("pk")[:1]))
    units = OrderLine.objects.filter(
        order__channel_order=OuterRef("return_request__channel_order"),
        external_id=OuterRef("unit_external_id"),
    )
    lines = ReturnLine.objects.filter(return_request__shop=shop, order_line=None)
    found = list(lines.annotate(unit=Subquery(units.values("pk")[:1])).exclude(unit=None))
    for line in found:
        line.order_line_id = line.unit
    ReturnLine.objects.bulk_update(found, ["order_line"])
