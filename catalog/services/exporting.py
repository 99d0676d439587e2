"""Sends what differs from what was sent.

A change only marks rows (`services.wanted`); `send_quantities` and `send_prices` send the rows as
they stand at that moment. A change that comes while a call is under way leaves its row different
from what was sent, so the next run sends it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import ChannelWarehouse, Listing, Offer, OfferStock, Shop
from catalog.ports import ItemFailure, OfferChannel, offer_channels
from catalog.services import price_facts
from catalog.services.wanted import TAKES_QUANTITY, remember_quantity
from catalog.states import ListingState
from marketplace.kernel import many
from marketplace.kernel.errors import Refused, TryLater
from marketplace.kernel.money import Money

#: A refused price or quantity is offered again after this time, or when it changes.
HOLD_AFTER_REFUSAL = timedelta(minutes=30)
LISTINGS_PER_ROUND = 200

#: A query of listing ids.
IdQuery = QuerySet[Any, Any]

TAKES_PRICE = (ListingState.ACTIVE,)


@dataclass
class ExportReport:
    """What one run sent: rows, calls and the channel's refusals."""

    sent: int = 0
    calls: int = 0
    failures: list[ItemFailure] = field(default_factory=list)
    held: int = 0
    is_complete: bool = True

    def summary(self, what: str) -> str:
        text = f"{self.sent:,} {what} sent in {self.calls:,} calls"
        if self.held:
            text = f"{text}, {self.held:,} held back as outside their limits"
        return f"{text}, {len(self.failures):,} refused" if self.failures else text


def send_quantities(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> ExportReport:
    """Send what differs: one call per listing for all its SKUs and warehouses (R90).

    Nothing is sent while the shop's outbound quantity is off. `until` says when to stop early.
    """
    report = ExportReport()
    if not shop.push_quantity:
        return report
    channel = offer_channels.get(shop.channel)
    tried: set[int] = set()
    while listings := _next_listings(_quantities_to_send(shop), "offer__listing", tried):
        if until():
            report.is_complete = False
            break
        # The channel wants every warehouse of a SKU named, also those that are not ours to fill.
        rows = OfferStock.objects.filter(
            offer__listing__in=[row.pk for row in listings]
        ).select_related("offer", "warehouse")
        by_listing: dict[int, list[OfferStock]] = defaultdict(list)
        for row in rows:
            by_listing[row.offer.listing_id].append(row)
        for listing in listings:
            tried.add(listing.pk)
            _send_quantities_of(channel, shop, listing, by_listing[listing.pk], report)
    return report


def has_differences(shop: Shop) -> bool:
    """Whether a run would send anything."""
    quantities = shop.push_quantity and _quantities_to_send(shop).exists()
    return bool(quantities or (shop.push_price and _prices_to_send(shop).exists()))


def _quantities_to_send(shop: Shop) -> IdQuery:
    now = timezone.now()
    return (
        OfferStock.objects.to_send()
        .filter(
            offer__listing__shop=shop,
            offer__listing__state__in=TAKES_QUANTITY,
            warehouse__mapping__isnull=False,
        )
        .exclude(offer__retry_at__gt=now)
        .order_by("offer__listing")
        .values_list("offer__listing", flat=True)
        .distinct()
    )


def _next_listings(ids: IdQuery, path: str, tried: set[int]) -> list[Listing]:
    fresh = ids.exclude(**{f"{path}__in": tried}) if tried else ids
    return list(Listing.objects.filter(pk__in=list(fresh[:LISTINGS_PER_ROUND])))


def _send_quantities_of(
    channel: OfferChannel,
    shop: Shop,
    listing: Listing,
    rows: Sequence[OfferStock],
    report: ExportReport,
) -> None:
    changed = {row.pk for row in rows if row.sent != row.wanted}
    differing = {row.offer_id for row in rows if row.pk in changed}
    chosen = [row for row in rows if row.offer_id in differing and row.offer.external_id]
    quantities: dict[str, dict[str, int]] = defaultdict(dict)
    for row in chosen:
        quantities[row.offer.external_id][row.warehouse.external_id] = row.wanted
    report.calls += 1
    failures = _call(
        lambda: channel.send_quantities(shop, listing.external_id, quantities), quantities
    )
    refused = {failure.item_id for failure in failures}
    now = timezone.now()
    done = [row for row in chosen if row.offer.external_id not in refused]
    for row in done:
        row.sent, row.sent_at = row.wanted, now
    OfferStock.objects.bulk_update(done, ["sent", "sent_at"], batch_size=500)
    report.sent += sum(row.pk in changed for row in done)
    hold = HOLD_AFTER_REFUSAL
    if failures and _learn_quantities(channel, shop, listing):
        hold = timedelta(0)
    _settle_offers({row.offer_id: row.offer for row in chosen}.values(), failures, report, hold)


def _learn_quantities(channel: OfferChannel, shop: Shop, listing: Listing) -> bool:
    """After a refusal: a SKU may have a warehouse on the channel that we have not seen yet.

    Returns whether one was found; then the quantities may be sent again at once.
    """
    warehouses = {row.external_id: row for row in ChannelWarehouse.objects.filter(shop=shop)}
    offers = {offer.external_id: offer for offer in Offer.objects.filter(listing=listing)}
    try:
        found = channel.read_offers(shop, [listing.external_id])
    except (Refused, TryLater):
        # The refusal itself is what people must see; the next round asks again.
        return False
    is_new = False
    for remote in found.get(listing.external_id, ()):
        for warehouse_id, units in remote.quantities.items():
            if remote.external_id in offers and warehouse_id in warehouses:
                is_new |= remember_quantity(
                    offers[remote.external_id], warehouses[warehouse_id], units
                )
    return is_new


def send_prices(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> ExportReport:
    """Send prices that differ: one call per listing for all its SKUs (R89).

    Nothing is sent while the shop's outbound price is off, and never a price outside its floor,
    its ceiling or what the region takes: it is held back, with the reason on the offer.
    """
    report = ExportReport()
    if not shop.push_price:
        return report
    channel = offer_channels.get(shop.channel)
    tried: set[int] = set()
    while listings := _next_listings(_prices_to_send(shop), "listing", tried):
        if until():
            report.is_complete = False
            break
        offers = Offer.objects.with_price_to_send().filter(listing__in=[x.pk for x in listings])
        by_listing: dict[int, list[Offer]] = defaultdict(list)
        for offer in _fit_to_leave(list(offers), report):
            by_listing[offer.listing_id].append(offer)
        for listing in listings:
            tried.add(listing.pk)
            if by_listing[listing.pk]:
                _send_prices_of(channel, shop, listing, by_listing[listing.pk], report)
    return report


def _fit_to_leave(offers: Sequence[Offer], report: ExportReport) -> list[Offer]:
    """The offers whose prices may leave; the others are held, each with its reason (B12)."""
    now = timezone.now()
    facts = price_facts.load(offers, now)
    fit, held = [], []
    for offer in offers:
        problem = facts.why_not_sent(offer)
        if problem:
            offer.problem, offer.retry_at = problem, now + HOLD_AFTER_REFUSAL
            held.append(offer)
        else:
            fit.append(offer)
    many.write(held, ["problem", "retry_at"])
    report.held += len(held)
    return fit


def _prices_to_send(shop: Shop) -> IdQuery:
    return (
        Offer.objects.with_price_to_send()
        .not_held(timezone.now())
        .filter(listing__shop=shop, listing__state__in=TAKES_PRICE)
        .order_by("listing")
        .values_list("listing", flat=True)
        .distinct()
    )


def _send_prices_of(
    channel: OfferChannel,
    shop: Shop,
    listing: Listing,
    offers: Sequence[Offer],
    report: ExportReport,
) -> None:
    prices = {
        offer.external_id: Money(offer.price_wanted, offer.currency)
        for offer in offers
        if offer.price_wanted is not None
    }
    report.calls += 1
    failures = _call(lambda: channel.send_prices(shop, listing.external_id, prices), prices)
    refused = {failure.item_id for failure in failures}
    now = timezone.now()
    done = [offer for offer in offers if offer.external_id not in refused]
    for offer in done:
        offer.price_sent, offer.price_sent_at = offer.price_wanted, now
    Offer.objects.bulk_update(done, ["price_sent", "price_sent_at"], batch_size=500)
    report.sent += len(done)
    _settle_offers(offers, failures, report)


def _call(send: Callable[[], list[ItemFailure]], items: Mapping[str, object]) -> list[ItemFailure]:
    """Send one listing; a refusal of the whole call is a refusal of each of its SKUs."""
    try:
        return send()
    except Refused as error:
        return [
            ItemFailure(item, error.message, code=error.code, request_id=error.request_id)
            for item in items
        ]
    except TryLater as error:
        if not error.outcome_unknown:
            raise
        # Absolute figures may be sent again without harm; the rows still differ.
        return [ItemFailure(item, error.message) for item in items]


def _settle_offers(
    offers: Iterable[Offer],
    failures: Sequence[ItemFailure],
    report: ExportReport,
    hold: timedelta = HOLD_AFTER_REFUSAL,
) -> None:
    words = {failure.item_id: failure for failure in failures}
    report.failures.extend(failures)
    changed = []
    for offer in offers:
        failure = words.get(offer.external_id)
        problem = _words(failure) if failure else ""
        if problem or offer.problem:
            offer.problem = problem
            offer.retry_at = timezone.now() + hold if problem else None
            changed.append(offer)
    Offer.objects.bulk_update(changed, ["problem", "retry_at"], batch_size=500)


def _words(failure: ItemFailure) -> str:
    ids = [
        part
        for part in (
            f"code {failure.code}" if failure.code else "",
            f"request {failure.request_id}" if failure.request_id else "",
        )
        if part
    ]
    return f"{failure.message} ({', '.join(ids)})" if ids else failure.message
