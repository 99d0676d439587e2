"""Own prices, limits and rollbacks over many rows: kinds of bulk runs, each one service call."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from django.utils import timezone

from catalog.models import Offer, PriceRun, Shop
from catalog.services import own_prices, price_history
from catalog.services.own_prices import Own
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.bulk import by_chunks
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import decimals
from marketplace.kernel.tasks import nudge

Given = dict[str, Any]
CHANGE = "catalog.change_offer"


def _send(shops: Any) -> None:
    for shop in shops.distinct():
        if shop.is_active:
            nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")


def _of_offers(ids: list[int]) -> None:
    _send(Shop.objects.active().filter(listings__offers__in=ids))


@by_chunks("set_own_price", permission=CHANGE, chunk=500, ended=_of_offers)
def set_own_price(ids: list[int], given: Given, by: str) -> BatchReport:
    """Give offers the `given` price as their own, in each shop's currency; none takes it away."""
    price = Decimal(given["price"]) if given["price"] else None
    return own_prices.set_by_hand(ids, price, by=by, now=timezone.now())


@by_chunks("set_price_limits", permission=CHANGE, chunk=500, ended=_of_offers)
def set_limits(ids: list[int], given: Given, by: str) -> BatchReport:
    """Set floors and ceilings: `given` amounts, or percents below and above the present price.

    An empty end stays as it is; `clear` takes both away.
    """
    if given["clear"]:
        now = timezone.now()
        return own_prices.set_bounds(ids, floor=None, ceiling=None, by=by, now=now)
    values: dict[int, Own] = {}
    report = BatchReport("Limits set on")
    for offer in Offer.objects.filter(pk__in=ids):
        if given["unit"] == "percent" and offer.price_wanted is None:
            report.refused["It has no price yet, so there is nothing to take a percent of."] += 1
        else:
            values[offer.pk] = _limits(offer, given)
    done = own_prices.set_own(values, by=by, now=timezone.now(), verb="Limits set on")
    done.refused += report.refused
    return done


def _limits(offer: Offer, given: Given) -> Own:
    found: dict[str, Decimal | None] = {}
    for name, sign, rounding in (("floor", -1, ROUND_CEILING), ("ceiling", 1, ROUND_FLOOR)):
        if not given[name]:
            continue
        amount = Decimal(given[name])
        if given["unit"] == "percent" and offer.price_wanted is not None:
            exact = offer.price_wanted * (100 + sign * amount) / 100
            unit = Decimal(1).scaleb(-decimals(offer.currency))
            amount = exact.quantize(unit, rounding)
        found[f"price_{name}"] = amount
    return found


def _of_runs(ids: list[int]) -> None:
    _send(Shop.objects.active().filter(price_runs__in=ids))


@by_chunks(
    "roll_back_price_runs",
    permission="catalog.change_pricerule",
    chunk=1,
    is_atomic=False,
    ended=_of_runs,
)
def roll_back_runs(ids: list[int], given: Given, by: str) -> BatchReport:
    """Put back what runs changed, and pause their rules."""
    report = BatchReport("Prices put back:")
    # The newest first, so that each finds prices as it left them.
    for run in PriceRun.objects.filter(pk__in=ids).order_by("-pk"):
        try:
            done = price_history.rollback_run(run, by=by, now=timezone.now())
        except Refused as error:
            report.refused[error.message] += 1
        else:
            report.done += done.done
            report.skipped += done.skipped
    return report
