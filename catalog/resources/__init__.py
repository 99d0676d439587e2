"""The catalog's kinds of sheets; each module is one, and registers with the kernel."""

from __future__ import annotations

from catalog.resources.exchange_rates import ExchangeRates
from catalog.resources.listings import Listings
from catalog.resources.prices import Prices
from catalog.resources.products import Products
from catalog.resources.properties import Properties
from catalog.resources.shop_prices import ShopPrices
from catalog.resources.stock_counts import StockCounts
from catalog.resources.tags import Tags
from marketplace.kernel.sheets.kinds import kinds

for kind in (
    Products(), Prices(), ShopPrices(), ExchangeRates(), Tags(), Listings(), Properties(),
    StockCounts(),
):  # fmt: skip
    kinds.register(kind.name, kind)
