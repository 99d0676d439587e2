"""What orders tell repricing and the proof of quantities: units sold, and how fresh that is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Count, Q

from catalog.models import Shop
from orders.models import IntakeCursor, Order
from orders.states import OrderState


class OrderSales:
    """`SalesHistory` by the orders that were taken in."""

    def units_sold(
        self, shop: Shop, variant_ids: Collection[int], *, since: datetime, until: datetime
    ) -> Mapping[int, int]:
        """Units by variant id of orders placed in [since, until) (R93).

        Samples, free and canceled orders are no sales, nor are gifts and canceled units of an
        order. One query.
        """
        placed = Order.objects.sales().filter(
            shop=shop,
            variant__in=variant_ids,
            created_on_channel_at__gte=since,
            created_on_channel_at__lt=until,
        )
        sold = placed.exclude(state=OrderState.CANCELED).order_by().values("variant")
        counts = Q(lines__is_gift=False, lines__is_canceled=False)
        units = sold.annotate(units=Count("lines", filter=counts))
        return dict(units.filter(units__gt=0).values_list("variant", "units"))

    def read_through(self, shop: Shop) -> datetime | None:
        """When the last reading of all of the shop's changed orders began; None if there is none.

        Whatever changed on the channel by then is here, or stands among the intake's problems.
        """
        through: datetime | None = (
            IntakeCursor.objects.filter(shop=shop).values_list("read_through", flat=True).first()
        )
        return through
