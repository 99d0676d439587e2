"""What the channel should show, and sending what differs from what was sent.

A change only marks rows; `send_quantities` and `send_prices` send the rows as they stand at that
moment. A change that comes while a call is under way leaves its row different from what was sent,
so the next run sends it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from catalog.models import (
    Listing,
    Offer,
    OfferStock,
    Shop,
    StockLevel,
    Variant,
    WarehouseMapping,
)
from catalog.ports import ItemFailure, OfferChannel, offer_channels
from catalog.states import ListingState
from marketplace.kernel.errors import Refused, TryLater
from marketplace.kernel.money import Money

#: The channel takes no more than this for one SKU in one warehouse.
MOST_UNITS = 99_999
#: A refused price or quantity is offered again after this time, or when it changes.
HOLD_AFTER_REFUSAL = timedelta(minutes=30)
#: Zero is said again after this time, even if the channel said it took it (no oversell).
REASSERT_ZERO_AFTER = timedelta(hours=6)
LISTINGS_PER_ROUND = 200

#: A query of listing ids.
IdQuery = QuerySet[Any, Any]

TAKES_QUANTITY = (ListingState.ACTIVE, ListingState.IN_REVIEW)
TAKES_PRICE = (ListingState.ACTIVE,)


@dataclass
class ExportReport:
    """What one run sent: rows, calls and the channel's refusals."""

    sent: int = 0
    calls: int = 0
    failures: list[ItemFailure] = field(default_factory=list)
    is_complete: bool = True

    def summary(self, what: str) -> str:
        text = f"{self.sent:,} {what} sent in {self.calls:,} calls"
        return f"{text}, {len(self.failures):,} refused" if self.failures else text


# -- marking ---------------------------------------------------------------------------------


def refresh_quantities(places: Iterable[tuple[int, int]]) -> set[int]:
    """Bring the wanted quantities of these (variant id, center id) up to date.

    Returns the variants whose quantity came to or left zero somewhere, for their listings may have
    become ready or incomplete by it.
    """
    by_center: dict[int, list[int]] = defaultdict(list)
    for variant, center in places:
        by_center[center].append(variant)
    turned: set[int] = set()
    for center, variants in by_center.items():
        level = StockLevel.objects.filter(
            variant=OuterRef("offer__variant"), fulfillment_center=center
        ).annotate(available=F("on_hand") - F("reserved"))
        rows = OfferStock.objects.filter(
            warehouse__mapping__fulfillment_center=center, offer__variant__in=variants
        ).select_related("offer")
        changed = []
        for row in rows.annotate(available=Subquery(level.values("available")[:1])):
            wanted = min(max(row.available or 0, 0), MOST_UNITS)
            if wanted == row.wanted:
                continue
            if not wanted or not row.wanted:
                turned.add(row.offer.variant_id)
            row.wanted = wanted
            changed.append(row)
        OfferStock.objects.bulk_update(changed, ["wanted"], batch_size=500)
        Offer.objects.filter(
            pk__in={row.offer_id for row in changed}, retry_at__isnull=False
        ).update(retry_at=None)
    return turned


def refresh_prices(variants: Iterable[int]) -> int:
    """Bring the wanted prices of these variants' offers up to date; return how many changed."""
    price = Variant.objects.filter(pk=OuterRef("variant")).values("price")[:1]
    offers = Offer.objects.filter(variant__in=list(variants), currency=F("variant__currency"))
    differs = ~Q(price_wanted=F("variant__price")) | Q(
        price_wanted__isnull=True, variant__price__isnull=False
    )
    return offers.filter(differs).update(price_wanted=Subquery(price), retry_at=None)


def refresh_offers(listings: Sequence[Listing]) -> None:
    """Make an offer per variant and a quantity row per mapped warehouse of these listings."""
    variants: dict[int, list[Variant]] = defaultdict(list)
    for variant in Variant.objects.filter(product__in=[row.product_id for row in listings]):
        variants[variant.product_id].append(variant)
    shops = {row.shop_id: row.shop for row in listings}
    offers = [
        Offer(listing=row, variant=variant, currency=shops[row.shop_id].currency)
        for row in listings
        for variant in variants[row.product_id]
    ]
    Offer.objects.bulk_create(offers, ignore_conflicts=True, batch_size=500)
    _make_quantity_rows(listings)
    touched = [variant.pk for group in variants.values() for variant in group]
    refresh_prices(touched)
    centers = WarehouseMapping.objects.filter(shop__in=list(shops)).values_list(
        "fulfillment_center", flat=True
    )
    refresh_quantities([(variant, center) for center in set(centers) for variant in touched])


def _make_quantity_rows(listings: Sequence[Listing]) -> None:
    warehouses: dict[int, list[int]] = defaultdict(list)
    shops = {row.shop_id for row in listings}
    for shop, warehouse in WarehouseMapping.objects.filter(shop__in=shops).values_list(
        "shop", "warehouse"
    ):
        warehouses[shop].append(warehouse)
    offers = Offer.objects.filter(listing__in=[row.pk for row in listings])
    rows = [
        OfferStock(offer_id=offer, warehouse_id=warehouse)
        for offer, shop in offers.values_list("pk", "listing__shop")
        for warehouse in warehouses[shop]
    ]
    OfferStock.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def refresh_shop(shop: Shop) -> int:
    """Prepare price and quantity of every listing of a shop; return how many listings."""
    listings = Listing.objects.filter(shop=shop).select_related("shop").order_by("pk")
    total = 0
    for chunk in _chunks(listings.iterator(chunk_size=500), 500):
        with transaction.atomic():
            refresh_offers(chunk)
        total += len(chunk)
    return total


def reassert_zero(shop: Shop) -> int:
    """Say zero again where it was said long ago; return how many rows."""
    old = timezone.now() - REASSERT_ZERO_AFTER
    rows = OfferStock.objects.filter(
        offer__listing__shop=shop,
        offer__listing__state__in=TAKES_QUANTITY,
        wanted=0,
        sent=0,
        sent_at__lt=old,
    )
    return rows.update(sent=None)


# -- sending ---------------------------------------------------------------------------------


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
        rows = OfferStock.objects.filter(
            offer__listing__in=[row.pk for row in listings], warehouse__mapping__isnull=False
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
    differing = {row.offer_id for row in rows if row.sent != row.wanted}
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
    report.sent += len(done)
    _settle_offers({row.offer_id: row.offer for row in chosen}.values(), failures, report)


def send_prices(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> ExportReport:
    """Send prices that differ: one call per listing for all its SKUs (R89).

    Nothing is sent while the shop's outbound price is off, and never a price outside the
    channel's limits.
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
        for offer in offers:
            by_listing[offer.listing_id].append(offer)
        for listing in listings:
            tried.add(listing.pk)
            _send_prices_of(channel, shop, listing, by_listing[listing.pk], report)
    return report


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
    offers: Iterable[Offer], failures: Sequence[ItemFailure], report: ExportReport
) -> None:
    words = {failure.item_id: failure for failure in failures}
    report.failures.extend(failures)
    changed = []
    for offer in offers:
        failure = words.get(offer.external_id)
        problem = _words(failure) if failure else ""
        if problem or offer.problem:
            offer.problem = problem
            offer.retry_at = timezone.now() + HOLD_AFTER_REFUSAL if problem else None
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


def _chunks(rows: Iterable[Listing], size: int) -> Iterator[list[Listing]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk
