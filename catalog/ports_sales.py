"""What repricing and the proof of quantities need to know of orders, which stand above."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from catalog.models import Shop
from marketplace.kernel.registry import Registry


class SalesHistory(Protocol):
    """Units that a shop sold, as its orders say."""

    def units_sold(
        self, shop: Shop, variant_ids: Collection[int], *, since: datetime, until: datetime
    ) -> Mapping[int, int]:
        """Units by variant id of orders created in [since, until); a SKU without any is left out.

        Samples, free and canceled orders are no sales (R93).
        """
        ...

    def read_through(self, shop: Shop) -> datetime | None:
        """Until when the shop's orders have surely been read; None if they never were."""
        ...


#: The one provider registers as "orders".
sales_histories: Registry[SalesHistory] = Registry("sales history")
