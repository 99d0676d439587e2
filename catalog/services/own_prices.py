"""Prices and bounds that a person sets for single offers: they count before every rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from catalog.models import Offer, PriceCause
from catalog.pricing import bounds as limits
from catalog.services.price_facts import PriceFacts
from catalog.services.wanted_prices import Desk, Reason, batches
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import decimals

#: What a person may set, by column of `Offer`.
COLUMNS = ("price_by_hand", "price_floor", "price_ceiling")
MOST = Decimal("9999999999.99")

#: New values by column; a column that is left out stays.
Own = Mapping[str, Decimal | None]


def set_by_hand(
    offers: Iterable[int], price: Decimal | None, *, by: str, now: datetime
) -> BatchReport:
    """Give offers (ids) a price of their own in the shop's currency, or None to take it away.

    It is kept within the offer's bounds; without it the rule or the catalog counts again.
    """
    verb = "Own price set on" if price is not None else "Own price taken away from"
    return set_own({pk: {"price_by_hand": price} for pk in offers}, by=by, now=now, verb=verb)


def set_bounds(
    offers: Iterable[int],
    *,
    floor: Decimal | None,
    ceiling: Decimal | None,
    by: str,
    now: datetime,
) -> BatchReport:
    """Set between what offers' (ids) prices stay, in the shop's currency; None for no limit."""
    own = {"price_floor": floor, "price_ceiling": ceiling}
    return set_own(dict.fromkeys(offers, own), by=by, now=now, verb="Limits set on")


def set_own(
    values: Mapping[int, Own],
    *,
    by: str,
    now: datetime,
    verb: str = "Prices set on",
    cause: PriceCause | None = None,
) -> BatchReport:
    """Set own price, floor and ceiling of offers, by id; each refusal is told and stops no other.

    500 at a time are stored together, their history with them.
    """
    report = BatchReport(verb)
    for some in batches(sorted(values)):
        with transaction.atomic():
            desk = Desk(some, now)
            for offer in desk.offers:
                try:
                    _set(desk, offer, values[offer.pk], by, cause)
                except Refused as error:
                    report.refused[error.message] += 1
                else:
                    report.done += 1
            desk.store()
    return report


def _set(desk: Desk, offer: Offer, own: Own, by: str, cause: PriceCause | None) -> None:
    before = {name: getattr(offer, name) for name in COLUMNS}
    for name, value in own.items():
        setattr(offer, name, value)
    try:
        check(offer, desk.facts, own)
    except Refused:
        for name, value in before.items():
            setattr(offer, name, value)
        raise
    is_price = "price_by_hand" in own
    is_released = is_price and own["price_by_hand"] is None
    default = PriceCause.HAND if is_price else PriceCause.BOUNDS
    desk.settle(offer, Reason(cause or default, by), is_released=is_released)


def check(offer: Offer, facts: PriceFacts, own: Collection[str] = COLUMNS) -> None:
    """Raise `Refused` if the offer's own price or bounds, as they stand in memory, cannot be."""
    whose = f"{facts.variants[offer.variant_id].sku} on {facts.shop(offer).name}"
    for name in own:
        value = getattr(offer, name)
        if value is not None:
            _check_amount(value, offer.currency, whose)
    floor, ceiling = offer.price_floor, offer.price_ceiling
    if floor is not None and ceiling is not None and floor > ceiling:
        raise Refused(f"{whose}: the floor {floor} is above the ceiling {ceiling}.")
    if "price_by_hand" in own and offer.price_by_hand is not None:
        only_region = limits.Bounds(offer.currency, region=facts.region(offer))
        if problem := limits.outside(offer.price_by_hand, only_region):
            raise Refused(f"{whose}: {problem}")


def _check_amount(value: Decimal, currency: str, whose: str) -> None:
    if not value.is_finite() or not 0 < value <= MOST:
        raise Refused(f"{whose}: {value} is no price; it must be above zero.")
    if value != round(value, decimals(currency)):
        raise Refused(f"{whose}: {value} has more decimals than {currency} has.")
