"""What the channel shows and was not sent: listed with its cause, and sent again (B5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from catalog.models import Drift, Offer, OfferStock, Shop
from catalog.ports_sales import sales_histories
from catalog.services.wanted import TAKES_QUANTITY
from marketplace.kernel import many

ROWS_AT_ONCE = 500
#: Fewer units than sent may be an order that is not paid yet: they are sent again when a second
#: reading shows the same.
READINGS_IF_FEWER = 2

Key = tuple[int, int | None]


@dataclass
class DriftReport:
    """How many differences stand, and how many figures will be sent again."""

    found: int = 0
    again: int = 0

    def summary(self) -> str:
        return f"{self.found:,} new differences, {self.again:,} figures will be sent again"


def compare(shop: Shop, *, now: datetime | None = None) -> DriftReport:
    """List what the channel was seen to show and was not sent, and mark it to be sent again.

    A quantity is judged only once the shop's orders were read beyond the reading: a sale lowers
    the figure there before its order is here, and saying the old one again would oversell.
    """
    now, report = now or timezone.now(), DriftReport()
    _close_those_not_on_sale(shop, now)
    _compare_prices(shop, now, report)
    read_through = sales_histories.get("orders").read_through(shop)
    if read_through is not None:
        _compare_units(shop, read_through, now, report)
    return report


def _compare_prices(shop: Shop, now: datetime, report: DriftReport) -> None:
    differing = Offer.objects.drifting().filter(price_wanted=F("price_sent"))
    for offers in _chunks(differing.filter(listing__shop=shop, listing__state__in=TAKES_QUANTITY)):
        with transaction.atomic():
            notes = _Notes([(offer.pk, None) for offer in offers], now)
            for offer in offers:
                notes.take((offer.pk, None), _seen_price(offer))
            report.found += notes.keep()
            rows = differing.filter(pk__in=[offer.pk for offer in offers])
            report.again += rows.update(price_sent=None, retry_at=None)


def _compare_units(shop: Shop, read_through: datetime, now: datetime, report: DriftReport) -> None:
    differing = OfferStock.objects.drifting().filter(wanted=F("sent"))
    for rows in _chunks(
        differing.filter(
            offer__listing__shop=shop,
            offer__listing__state__in=TAKES_QUANTITY,
            warehouse__mapping__isnull=False,
            confirmed_at__lt=read_through,
        )
    ):
        with transaction.atomic():
            notes = _Notes([(row.offer_id, row.warehouse_id) for row in rows], now)
            sure = []
            for row in rows:
                drift = notes.take((row.offer_id, row.warehouse_id), _seen_units(row))
                if drift.shown > drift.sent or drift.seen >= READINGS_IF_FEWER:
                    sure.append(row.pk)
            report.found += notes.keep()
            report.again += differing.filter(pk__in=sure).update(sent=None)


@dataclass(frozen=True)
class _Seen:
    sent: Decimal
    shown: Decimal
    cause: str
    at: datetime


def _seen_price(offer: Offer) -> _Seen:
    if offer.price_sent is None or offer.price_confirmed is None or not offer.price_confirmed_at:
        raise ValueError(f"{offer} was not read back")
    cause = offer.price_drift_cause
    return _Seen(offer.price_sent, offer.price_confirmed, cause, offer.price_confirmed_at)


def _seen_units(row: OfferStock) -> _Seen:
    if row.sent is None or row.confirmed is None or not row.confirmed_at:
        raise ValueError(f"{row} was not read back")
    return _Seen(Decimal(row.sent), Decimal(row.confirmed), row.drift_cause, row.confirmed_at)


class _Notes:
    """The open differences of some offers; one that stands already is counted once a reading."""

    def __init__(self, keys: Collection[Key], now: datetime) -> None:
        rows = Drift.objects.open().filter(offer__in={offer for offer, _ in keys})
        rows = rows.select_for_update(of=("self",)).order_by("pk")
        self._known = {(row.offer_id, row.warehouse_id): row for row in rows}
        self._now = now
        self._new: list[Drift] = []
        self._seen_again: list[Drift] = []

    def take(self, key: Key, seen: _Seen) -> Drift:
        drift = self._known.get(key)
        if drift is None:
            drift = Drift(offer_id=key[0], warehouse_id=key[1], found_at=self._now)
            self._new.append(drift)
        elif seen.at > drift.seen_at:
            drift.seen += 1
            self._seen_again.append(drift)
        drift.sent, drift.shown, drift.cause = seen.sent, seen.shown, seen.cause
        drift.seen_at = seen.at
        return drift

    def keep(self) -> int:
        """Store them; return how many are new."""
        Drift.objects.bulk_create(self._new)
        many.write(self._seen_again, ["sent", "shown", "cause", "seen", "seen_at"])
        return len(self._new)


def _close_those_not_on_sale(shop: Shop, now: datetime) -> None:
    """What is not on sale any more is not read either."""
    gone = Drift.objects.open().filter(offer__listing__shop=shop)
    gone = gone.exclude(offer__listing__state__in=TAKES_QUANTITY)
    Drift.objects.filter(pk__in=gone.values("pk")).update(corrected_at=now)


def shops_to_compare() -> QuerySet[Shop]:
    """Active shops where a reading shows something else than what was sent."""
    prices = Offer.objects.drifting().filter(price_wanted=F("price_sent"))
    units = OfferStock.objects.drifting().filter(wanted=F("sent"))
    differing = Q(pk__in=prices.values("listing__shop"))
    return Shop.objects.active().filter(differing | Q(pk__in=units.values("offer__listing__shop")))


def _chunks(rows: QuerySet[Any, Any]) -> Iterator[list[Any]]:
    """Yield the rows of a query in pieces, by key: each piece may change what the query finds."""
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:ROWS_AT_ONCE]):
        yield chunk
        last = chunk[-1].pk
