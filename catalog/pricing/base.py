"""What a price strategy is: facts in, a price or a reason out.

A strategy is a pure function of its context: it reads no database and no clock. A new one is one
file beside this and one line in `__init__.py`; its form is built from its `settings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from catalog.pricing.rates import Rates
from catalog.pricing.spec import Setting
from marketplace.kernel.money import Money


@dataclass(frozen=True)
class PriceContext:
    """All that is known of one offer when its price is asked for.

    `currency` is the shop's; `current` is the price wanted now, in it. The other amounts carry
    their own currency, and `rates` converts them. `source` is what the source shop shows for the
    same SKU, where a strategy needs one. `units_sold` counts within the window that the strategy
    needs, up to `now`; `on_sale_since` is when buyers could first buy it; `changed_at` is when a
    rule last changed the price. All times are UTC.
    """

    currency: str
    now: datetime
    rates: Rates
    current: Decimal | None = None
    catalog: Money | None = None
    source: Money | None = None
    source_name: str = ""
    cost: Money | None = None
    fulfillment: Money | None = None
    available: int = 0
    units_sold: int = 0
    on_sale_since: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Quote:
    """A price, in the shop's currency, and one sentence on where it comes from."""

    price: Money
    why: str


@dataclass(frozen=True)
class Stay:
    """That the price stays as it is, and one sentence on why."""

    why: str


@dataclass(frozen=True)
class Needs:
    """What must be loaded before a strategy can be asked, so that all offers cost few queries.

    `source_shop` is the id of the shop whose prices it copies; `sales_window` how far back sales
    are counted.
    """

    source_shop: int | None = None
    source_is_catalog: bool = False
    sales_window: timedelta | None = None


class PriceStrategy(Protocol):
    """A way to find prices. `name` is what rules store; `label` and `about` are for people."""

    name: str
    label: str
    about: str
    settings: Sequence[Setting]

    def clean(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings fit to be stored as JSON; `InvalidSettings` says what is wrong where."""
        ...

    def needs(self, settings: Mapping[str, Any]) -> Needs:
        """Return what `quote` will look at."""
        ...

    def quote(self, context: PriceContext, settings: Mapping[str, Any]) -> Quote | Stay:
        """Return the price of one offer, before any bounds; `settings` are cleaned ones."""
        ...

    def describe(self, settings: Mapping[str, Any], *, currency: str, source_name: str = "") -> str:
        """Return the settings as one sentence for lists; `source_name` is the source shop's."""
        ...
