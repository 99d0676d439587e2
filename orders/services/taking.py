"""Taking a page of the channel's orders in, and counting what came of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError

from catalog.models import Shop
from marketplace.kernel.errors import Failure
from orders.models import ChannelOrder
from orders.ports import ListedOrder, RemoteOrder, UnreadableOrder
from orders.services import problems
from orders.services.problems import Trouble
from orders.services.recording import Outcome, Recorded, is_old_news, record_all

#: Ids of orders that a report names; more are only counted.
NAMED = 20

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
    created_ids: list[str] = field(default_factory=list)  # the first few

    def count(self, external_id: str, recorded: Recorded) -> None:
        """Count one order that came through."""
        name = recorded.outcome.value
        setattr(self, name, getattr(self, name) + 1)
        self.variant_ids |= recorded.variant_ids
        if recorded.outcome == Outcome.CREATED and len(self.created_ids) < NAMED:
            self.created_ids.append(external_id)

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


def take(shop: Shop, page: Sequence[ListedOrder], report: IntakeReport) -> None:
    """Take a page in: each order once, and one that fails becomes a problem that people see.

    What did not change is passed over, mostly unread, with one query for the whole page.
    """
    report.seen += len(page)
    fresh, unreadable = _news(shop, page, report)
    troubles = [Trouble(one.external_id, one.reason) for one in unreadable]
    taken = []
    for remote, answer in zip(fresh, record_all(shop, fresh), strict=True):
        if isinstance(answer, Exception):
            reason = _reason(shop, remote.external_id, answer)
            troubles.append(Trouble(remote.external_id, reason, remote.raw))
        else:
            report.count(remote.external_id, answer)
            taken.append(remote.external_id)
    problems.note_all(shop, troubles)
    report.problems += len(troubles)
    report.recovered += problems.resolve(shop, taken)


def _news(
    shop: Shop, page: Sequence[ListedOrder], report: IntakeReport
) -> tuple[list[RemoteOrder], list[UnreadableOrder]]:
    """Read what may have changed; what is known to the letter is only counted."""
    rows = ChannelOrder.objects.filter(shop=shop, external_id__in=[one.external_id for one in page])
    needed = ("external_id", "status", "updated_on_channel_at", "content_hash", "raw_hash")
    heads = {head.external_id: head for head in rows.only(*needed)}
    fresh: list[RemoteOrder] = []
    unreadable: list[UnreadableOrder] = []
    for one in page:
        head = heads.get(one.external_id)
        if head and one.raw_hash and one.raw_hash == head.raw_hash:
            report.unchanged += 1
            continue
        remote = one.read()
        if isinstance(remote, UnreadableOrder):
            unreadable.append(remote)
        elif head and is_old_news(head, remote):
            report.unchanged += 1
        else:
            fresh.append(remote)
    return fresh, unreadable


def _reason(shop: Shop, external_id: str, error: Exception) -> str:
    """Say why an order stays out; the database's words end before they quote a buyer's row."""
    if isinstance(error, Failure):
        return error.message
    words = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    if isinstance(error, DatabaseError):
        logger.error("Order %s of %s could not be stored: %s", external_id, shop, words)
    else:
        logger.error("Order %s of %s could not be taken in", external_id, shop, exc_info=error)
    return words
