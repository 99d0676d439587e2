"""Reads price and quantity back from the channel: the proof that it shows what was sent (B5).

A reading only stores what was seen, and when. Whether it is a difference to mend is decided in
`services.drifts`, after the shop's orders were read beyond that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from catalog.models import Drift, DriftCause, Listing, Offer, OfferStock, Shop
from catalog.ports import RemoteOffer, offer_channels
from catalog.services.wanted import TAKES_QUANTITY
from marketplace.kernel import many
from marketplace.kernel.errors import Refused

Offers = Mapping[str, Sequence[RemoteOffer]]


@dataclass
class ReadingReport:
    """What one reading saw: listings, and figures that are not the ones sent."""

    listings: int = 0
    differing: int = 0
    proven: int = 0
    is_complete: bool = True

    def summary(self) -> str:
        return (
            f"{self.listings:,} listings read back, {self.proven:,} figures newly seen as sent, "
            f"{self.differing:,} differ"
        )


def read_back(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> ReadingReport:
    """Read every live listing, a page a call; where a run is cut short, the next goes on.

    A page may lag behind what was written, so a listing that seems to differ is read by itself.
    """
    report = ReadingReport()
    channel = offer_channels.get(shop.channel)
    after = shop.offers_read_after
    while True:
        read_at = timezone.now()
        try:
            page = channel.offers_page(shop, after=after)
        except Refused:
            # The place may be known to the channel no longer; the next run begins at the start.
            Shop.objects.filter(pk=shop.pk).update(offers_read_after="")
            raise
        suspects = _store(shop, page.offers, read_at, report, but_suspects=True)
        for listing_id in suspects:
            read_listing(shop, listing_id, report)
        after = page.after
        done = {} if after else {"offers_read_at": timezone.now()}
        Shop.objects.filter(pk=shop.pk).update(offers_read_after=after, **done)
        if not after:
            return report
        if until():
            report.is_complete = False
            return report


def read_listing(
    shop: Shop, external_id: str, report: ReadingReport | None = None
) -> ReadingReport:
    """Read one listing as it stands now, and store what is seen."""
    report = report or ReadingReport()
    read_at = timezone.now()
    offers = offer_channels.get(shop.channel).read_offers(shop, [external_id])
    _store(shop, offers, read_at, report)
    return report


@transaction.atomic
def _store(
    shop: Shop,
    remotes: Offers,
    read_at: datetime,
    report: ReadingReport,
    *,
    but_suspects: bool = False,
) -> list[str]:
    """Store what was seen of listings that are ours; return the ids of suspects left out."""
    listings = dict(
        Listing.objects.filter(
            shop=shop, external_id__in=list(remotes), state__in=TAKES_QUANTITY
        ).values_list("pk", "external_id")
    )
    seen = {remote.external_id: remote for some in remotes.values() for remote in some}
    figures = [one for one in _figures(listings, seen) if not one.was_sent_since(read_at)]
    suspects = {one.listing_id for one in figures if one.differs} if but_suspects else set()
    figures = [one for one in figures if one.listing_id not in suspects]
    news = [one for one in figures if one.is_news]
    for one in news:
        one.take(read_at)
    for names in (PRICE, UNITS):
        many.write([one.row for one in news if one.names == names], names.stored)
    _close_drifts(figures, read_at)
    report.listings += len(listings) - len(suspects)
    report.differing += sum(one.differs for one in figures)
    report.proven += sum(not one.differs for one in news)
    return [listings[pk] for pk in sorted(suspects)]


@dataclass(frozen=True)
class _Names:
    """The columns of a row that are about one figure."""

    wanted: str
    sent: str
    sent_at: str
    confirmed: str
    confirmed_at: str
    cause: str

    @property
    def stored(self) -> tuple[str, str, str]:
        return (self.confirmed, self.confirmed_at, self.cause)


PRICE = _Names(
    "price_wanted",
    "price_sent",
    "price_sent_at",
    "price_confirmed",
    "price_confirmed_at",
    "price_drift_cause",
)
UNITS = _Names("wanted", "sent", "sent_at", "confirmed", "confirmed_at", "drift_cause")


@dataclass(frozen=True)
class _Figure:
    """A price or a quantity: what was sent, what was seen before, and what is shown now."""

    row: Offer | OfferStock
    names: _Names
    listing_id: int
    offer_id: int
    warehouse_id: int | None
    shown: Decimal | int

    @property
    def sent_at(self) -> datetime | None:
        at: datetime | None = getattr(self.row, self.names.sent_at)
        return at

    def was_sent_since(self, moment: datetime) -> bool:
        """Whether it went out while the channel was read: then the reading says nothing of it."""
        return self.sent_at is not None and self.sent_at >= moment

    @property
    def shows_ours(self) -> bool:
        return bool(self.shown == getattr(self.row, self.names.sent))

    @property
    def differs(self) -> bool:
        """Whether the channel should show what was sent, and shows something else.

        What is to be sent anyway is no difference, nor is a price that we never sent.
        """
        sent = getattr(self.row, self.names.sent)
        is_ours = sent is not None and (self.names == UNITS or self.sent_at is not None)
        is_at_rest = getattr(self.row, self.names.wanted) == sent
        return is_ours and is_at_rest and not self.shows_ours

    @property
    def was_proven(self) -> bool:
        """Whether an earlier reading showed what was sent, after it was sent."""
        confirmed = getattr(self.row, self.names.confirmed)
        seen_at = getattr(self.row, self.names.confirmed_at)
        is_later = seen_at is not None and (self.sent_at is None or seen_at >= self.sent_at)
        return is_later and confirmed == getattr(self.row, self.names.sent)

    @property
    def is_news(self) -> bool:
        """Whether it tells something that is not stored yet."""
        return not (self.was_proven and self.shows_ours)

    def take(self, read_at: datetime) -> None:
        cause = getattr(self.row, self.names.cause)
        if self.was_proven:
            cause = DriftCause.CHANGED_THERE
        elif not self.is_same_difference:
            cause = DriftCause.FALSE_SUCCESS
        setattr(self.row, self.names.cause, cause if self.differs else "")
        setattr(self.row, self.names.confirmed, self.shown)
        setattr(self.row, self.names.confirmed_at, read_at)

    @property
    def is_same_difference(self) -> bool:
        """Whether it differed in an earlier reading already: the cause is known since then."""
        seen_at = getattr(self.row, self.names.confirmed_at)
        is_later = seen_at is not None and (self.sent_at is None or seen_at >= self.sent_at)
        return is_later and bool(getattr(self.row, self.names.cause))


def _figures(listings: Mapping[int, str], seen: Mapping[str, RemoteOffer]) -> Iterator[_Figure]:
    """Yield what is shown of these listings' offers, their rows locked."""
    # Quantity rows come before offers, as everywhere: see `locks`.
    ours = {"offer__listing__in": list(listings), "offer__external_id__in": list(seen)}
    stocks = list(
        OfferStock.objects.filter(**ours, warehouse__mapping__isnull=False)
        .select_related("warehouse")
        .select_for_update(of=("self",))
        .order_by("offer__variant", "pk")
    )
    offers = list(
        Offer.objects.filter(listing__in=list(listings), external_id__in=list(seen))
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    for offer in offers:
        price = seen[offer.external_id].price
        if price is not None and price.currency == offer.currency:
            yield _Figure(offer, PRICE, offer.listing_id, offer.pk, None, price.amount)
    by_id = {offer.pk: offer for offer in offers}
    for row in stocks:
        if row.offer_id not in by_id:
            continue
        offer = by_id[row.offer_id]
        units = seen[offer.external_id].quantities.get(row.warehouse.external_id)
        if units is not None:
            yield _Figure(row, UNITS, offer.listing_id, offer.pk, row.warehouse_id, units)


def _close_drifts(figures: Collection[_Figure], read_at: datetime) -> None:
    """Differences end when the channel is seen to show what was sent."""
    ours = {(one.offer_id, one.warehouse_id) for one in figures if one.shows_ours}
    found = Drift.objects.open().filter(offer__in={offer for offer, _ in ours})
    ended = [row.pk for row in found if (row.offer_id, row.warehouse_id) in ours]
    if ended:
        Drift.objects.filter(pk__in=ended).update(corrected_at=read_at)
