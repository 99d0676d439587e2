"""The least price that pays for cost, fulfillment, the channel's fee and a margin (B12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from catalog.pricing.base import Stay
from catalog.pricing.bounds import Limit
from catalog.pricing.rates import NoRate, Rates
from marketplace.kernel.money import Money, decimals

WORDS = "cost, fee and margin"


@dataclass(frozen=True)
class CostTerms:
    """What a rule adds to the cost, in percent: the margin on the cost, the fee of the price."""

    fee_percent: Decimal
    margin_percent: Decimal


def cost_floor(
    cost: Money | None,
    fulfillment: Money | None,
    terms: CostTerms,
    *,
    currency: str,
    rates: Rates,
    on: date,
) -> Limit | Stay:
    """Return (cost + fulfillment) × (1 + margin) ÷ (1 − fee), rounded up, in the shop's currency.

    No fulfillment costs nothing. Without a cost or a rate the price has to stay: a floor that
    is only guessed would let it fall below the cost.
    """
    if cost is None:
        return Stay("It has no cost, so the floor of cost, fee and margin is unknown: enter it.")
    if terms.fee_percent >= 100:
        return Stay("A fee of 100 % or more leaves nothing of any price: lower the rule's fee.")
    spent = Decimal(0)
    for part in (cost, fulfillment or Money(Decimal(0), currency)):
        converted = rates.convert(part, currency, on)
        if isinstance(converted, NoRate):
            return Stay(converted.why)
        # Not the converted money: rounding it first could lose a fraction of a cent.
        spent += part.amount * converted.rate
    price = spent * (100 + terms.margin_percent) / (100 - terms.fee_percent)
    return Limit(price.quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_CEILING), WORDS)
