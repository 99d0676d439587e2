"""Taking listings off sale, putting them back, and deleting them on the channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from catalog.models import Listing, ListingEvent, Shop, UnlinkedListing
from catalog.ports import ItemFailure, ListingChannel, listing_channels
from catalog.services import linking
from catalog.states import ListingState, ReviewState, ShopState, listing_machine
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Failure, Refused

#: So many listings travel in one call.
BATCH = 20
#: The channel's own word for a listing that was deleted in its own pages.
DELETED = "DELETED"

Ask = Callable[[ListingChannel, Shop, Sequence[str]], list[ItemFailure]]
Settle = Callable[[Listing, str], None]


@dataclass(frozen=True)
class Change:
    """One of the three things that can be asked of the channel about listings there."""

    verb: str
    attempt: str  # what was tried, for the history of a listing that was refused
    states: tuple[ListingState, ...]
    ask: Ask
    settle: Settle


def deactivate(listing_ids: Sequence[int], *, by: str) -> BatchReport:
    """Take active listings off sale on the channel; they stay there and can be put back."""
    return _change(DEACTIVATE, listing_ids, by)


def activate(listing_ids: Sequence[int], *, by: str) -> BatchReport:
    """Put inactive listings on sale again; the channel reviews them first."""
    return _change(ACTIVATE, listing_ids, by)


def delete_on_channel(listing_ids: Sequence[int], *, by: str) -> BatchReport:
    """Delete listings on the channel; here they become staged listings again."""
    return _change(DELETE, listing_ids, by)


def _change(change: Change, listing_ids: Sequence[int], by: str) -> BatchReport:
    """Ask the channel for a change; what was refused is counted with its words.

    Raises `TryLater` or `Reconnect` if nothing was done yet and it is known that nothing was.
    """
    report = BatchReport(change.verb)
    rows = Listing.objects.filter(pk__in=listing_ids).select_related("shop", "product")
    by_shop: dict[Shop, list[Listing]] = {}
    for row in rows.order_by("pk"):
        reason = _why_not(row, change)
        if reason:
            report.skipped[reason] += 1
        else:
            by_shop.setdefault(row.shop, []).append(row)
    for shop, own in by_shop.items():
        _change_on(shop, own, change, by, report)
    return report


def _why_not(row: Listing, change: Change) -> str:
    if not row.external_id:
        return "it is not on the channel"
    if row.state not in change.states:
        return f"it is “{row.get_state_display()}”"
    return ""


def _change_on(
    shop: Shop, rows: Sequence[Listing], change: Change, by: str, report: BatchReport
) -> None:
    if shop.state != ShopState.ACTIVE:
        reason = f"{shop} is “{shop.get_state_display()}”, not active"
        report.refused[reason] += len(rows)
        return
    channel = listing_channels.get(shop.channel)
    for batch in _batches(rows):
        ids = [row.external_id for row in batch if not _is_done(row, change)]
        try:
            failures = change.ask(channel, shop, ids) if ids else []
        except Refused as error:
            failures = [_of_all(one, error) for one in ids]
        except Failure as error:
            if not report.done and not getattr(error, "outcome_unknown", False):
                raise
            # Nobody knows what became of them: the next look at the channel tells.
            report.refused[error.message] += len(rows) - rows.index(batch[0])
            return
        _settle_batch(batch, failures, change, by, report)


def _batches(rows: Sequence[Listing]) -> Iterator[Sequence[Listing]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _is_done(row: Listing, change: Change) -> bool:
    return change is DELETE and row.external_status == DELETED


def _of_all(item: str, error: Failure) -> ItemFailure:
    return ItemFailure(item, error.message, code=error.code, request_id=error.request_id)


def _settle_batch(
    rows: Sequence[Listing],
    failures: Sequence[ItemFailure],
    change: Change,
    by: str,
    report: BatchReport,
) -> None:
    refused = {failure.item_id: failure for failure in failures}
    # A refusal that names no listing of ours may be of any of them.
    stray = next(
        (one for one in failures if one.item_id not in {x.external_id for x in rows}), None
    )
    for row in rows:
        failure = refused.get(row.external_id) or stray
        if failure:
            _write_down(row, failure, change, by)
            report.refused[_words(failure)] += 1
            continue
        try:
            change.settle(row, by)
        except Refused as error:
            report.refused[f"The channel did it, and then: {error.message}"] += 1
        else:
            report.done += 1


def _write_down(row: Listing, failure: ItemFailure, change: Change, by: str) -> None:
    ListingEvent.objects.create(
        listing=row,
        old=row.state,
        new=row.state,
        reason=f"{change.attempt} was refused: {failure.message}",
        request_id=failure.request_id,
        by=by,
    )


def _words(failure: ItemFailure) -> str:
    named = (("code", failure.code), ("request", failure.request_id))
    ids = ", ".join(f"{word} {value}" for word, value in named if value)
    return f"{failure.message.rstrip('.')} ({ids})" if ids else failure.message


# -- what each comes to ----------------------------------------------------------------------


def _now_inactive(row: Listing, by: str) -> None:
    _move(row, ListingState.INACTIVE, reason="Deactivated on the channel", by=by)


def _now_in_review(row: Listing, by: str) -> None:
    _move(
        row,
        ListingState.IN_REVIEW,
        reason="Activated on the channel, which reviews it",
        by=by,
        review=ReviewState.IN_REVIEW,
    )


def _move(row: Listing, to: ListingState, *, reason: str, by: str, **changes: str) -> None:
    with transaction.atomic():
        old = listing_machine.move(row, to, **changes)
        ListingEvent.objects.create(listing=row, old=old, new=to, reason=reason, by=by)


def _now_deleted(row: Listing, by: str) -> None:
    external_id = row.external_id
    with transaction.atomic():
        # Should it be recovered on the channel, it must come home like any other.
        UnlinkedListing.objects.filter(shop=row.shop_id, external_id=external_id).delete()
        linking.let_go(row, reason=f"Deleted on the channel: {external_id}", by=by)


DEACTIVATE = Change(
    verb="Deactivated",
    attempt="Deactivating",
    states=(ListingState.ACTIVE,),
    ask=lambda channel, shop, ids: channel.deactivate(shop, ids),
    settle=_now_inactive,
)
ACTIVATE = Change(
    verb="Activated",
    attempt="Activating",
    states=(ListingState.INACTIVE,),
    ask=lambda channel, shop, ids: channel.activate(shop, ids),
    settle=_now_in_review,
)
DELETE = Change(
    verb="Deleted on the channel",
    attempt="Deleting",
    states=(
        ListingState.IN_REVIEW,
        ListingState.ACTIVE,
        ListingState.REJECTED,
        ListingState.INACTIVE,
        ListingState.ERROR,
    ),
    ask=lambda channel, shop, ids: channel.delete(shop, ids),
    settle=_now_deleted,
)
