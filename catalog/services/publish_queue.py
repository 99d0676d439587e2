"""The drain of the publish queue: by priority, within the day's quota, by several threads at once.

Listings are claimed one by one, so any number of runs may work on one shop. Safe to stop and to
repeat at any point.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, connections

from catalog.models import Listing, Shop
from catalog.ports import DailyLimitReached
from catalog.services import publish_claims, publish_one, quota
from catalog.services.publish_claims import ClaimLost, back_to_queue, claim
from marketplace.kernel.errors import Failure, Refused, TryLater


@dataclass
class PublishReport:
    """What one run of the drain did."""

    published: int = 0
    refused: int = 0
    held: int = 0
    unclear: int = 0
    is_complete: bool = True

    def add(self, other: PublishReport) -> None:
        """Count in what another thread of the same run did."""
        self.published += other.published
        self.refused += other.refused
        self.unclear += other.unclear
        self.is_complete = self.is_complete and other.is_complete

    def summary(self) -> str:
        text = f"{self.published:,} published, {self.refused:,} refused"
        if self.held:
            text += f", {self.held:,} held for the daily limit"
        if self.unclear:
            text += f", {self.unclear:,} unclear (will be looked up)"
        return text


def publish_queued(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> PublishReport:
    """Publish what is queued on a shop, as far as today's quota goes.

    `until` says when to stop early. Raises `TryLater` when the channel asks for a pause and
    `Reconnect` when the shop must be authorized again; what was queued stays queued.
    """
    publish_claims.take_over_from_the_dead(shop)
    run = _Run(shop, until)
    threads = _threads_for(len(run.queue))
    report = run.work() if threads == 1 else _work_together(run, threads)
    if run.is_full:
        report.held = quota.hold_waiting(shop)
    return report


def _threads_for(queued: int) -> int:
    """SQLite has one writer; and nobody else sees the rows of an open transaction."""
    if connection.vendor == "sqlite" or connection.in_atomic_block:
        return 1
    most: int = settings.PUBLISHING_THREADS
    return max(min(most, queued), 1)


def _work_together(run: _Run, threads: int) -> PublishReport:
    def work() -> PublishReport:
        try:
            return run.work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads, thread_name_prefix="publish") as pool:
        working = [pool.submit(work) for _ in range(threads)]
    report = PublishReport()
    for one in working:
        report.add(one.result())
    return report


@dataclass(frozen=True)
class _Queued:
    pk: int
    needs_quota: bool  # it is new, and no create of it may have reached the channel already


class _Run:
    """What the threads of one run share: the queue, the room left today, and when to stop."""

    def __init__(self, shop: Shop, until: Callable[[], bool]) -> None:
        self._shop_id = shop.pk
        self._until = until
        self._lock = threading.Lock()
        self._is_stopped = False
        self._room: int | None = 0
        self.is_full = False
        rows = Listing.objects.filter(shop=shop).queued()
        self.queue = [
            _Queued(pk, needs_quota=not (external_id or intent))
            for pk, external_id, intent in rows.values_list("pk", "external_id", "create_intent")
        ]
        self._waiting = iter(self.queue)

    def work(self) -> PublishReport:
        """Publish until nothing is left for this thread; what stops one stops them all."""
        report = PublishReport()
        shop = Shop.objects.get(pk=self._shop_id)
        try:
            for pk in self._next_ones(report):
                listing = Listing.objects.select_related("shop").get(pk=pk)
                if not listing.shop.is_active:
                    break
                # One object for the whole run: the adapter keeps the credentials with it.
                listing.shop = shop
                if claim(listing):
                    with suppress(ClaimLost):
                        self._publish(listing, report)
        except BaseException:
            self._is_stopped = True
            raise
        return report

    def _next_ones(self, report: PublishReport) -> Iterator[int]:
        while not self._is_stopped:
            with self._lock:
                queued = next(self._waiting, None)
                has_room = queued is None or not queued.needs_quota or self._has_room()
            if queued is None:
                return
            if not has_room:
                continue
            if self._until():
                report.is_complete = False
                return
            yield queued.pk

    def _has_room(self) -> bool:
        """Whether one more new listing fits into the day; the reserving itself is exact."""
        if self.is_full:
            return False
        if self._room == 0:
            self._room = quota.left(Shop.objects.get(pk=self._shop_id))
            self.is_full = self._room == 0
        if self._room:
            self._room -= 1
        return not self.is_full

    def _publish(self, listing: Listing, report: PublishReport) -> None:
        known_since = listing.create_intent_at
        try:
            publish_one.send(listing)
        except quota.NoneLeft as error:
            self.is_full = True
            back_to_queue(listing, error.message)
        except DailyLimitReached as error:
            self.is_full = True
            quota.remember_spent(listing.shop)
            back_to_queue(listing, error.message, keep_intent=False)
        except Failure as error:
            # An earlier call that nobody could look up may still have made the product.
            is_unclear = listing.create_intent_at == known_since
            self._give_back(listing, error, report, is_unclear=is_unclear)
        else:
            report.published += 1

    def _give_back(
        self, listing: Listing, error: Failure, report: PublishReport, *, is_unclear: bool
    ) -> None:
        if isinstance(error, Refused):
            publish_claims.refuse(listing, error, keep_intent=is_unclear)
            report.refused += 1
            return
        has_no_answer = isinstance(error, TryLater) and error.outcome_unknown
        back_to_queue(listing, error.message, keep_intent=is_unclear or has_no_answer)
        if not has_no_answer:
            raise error
        report.unclear += 1
        report.is_complete = False
