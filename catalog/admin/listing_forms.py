"""The form between selecting listings and publishing them."""

from __future__ import annotations

from django.db.models import Count, Q

from catalog.models import Shop
from catalog.services import forecast
from catalog.states import ListingState
from marketplace.kernel.admin_verbs import VerbForm

#: From these a listing that was never published is queued.
TAKEN = (ListingState.READY, ListingState.ERROR)


class PublishForm(VerbForm):
    """Nothing to fill in; it says what will be sent, and on which days under the daily limit."""

    def preview(self) -> list[str]:
        is_new = Q(external_id="")
        taken = Q(state__in=TAKEN, missing=[])
        counts = (
            self.rows.order_by()
            .values("shop")
            .annotate(
                new=Count("pk", filter=is_new & taken),
                again=Count("pk", filter=~is_new),
                other=Count("pk", filter=is_new & ~taken),
            )
        )
        shops = Shop.objects.in_bulk([row["shop"] for row in counts])
        return [self._words(shops[row["shop"]], row) for row in counts]

    def _words(self, shop: Shop, row: dict[str, int]) -> str:
        parts = []
        if row["new"]:
            parts.append(f"{row['new']:,} will be sent for the first time")
        if row["again"]:
            parts.append(f"{row['again']:,} on the channel already go again if something changed")
        if row["other"]:
            parts.append(f"{row['other']:,} are not ready and will be skipped with their reasons")
        text = f"{shop}: {', '.join(parts)}."
        return f"{text}{self._days(shop)}" if row["new"] else text

    def _days(self, shop: Shop) -> str:
        """On which days the new ones go, where the shop's limit spreads them over several."""
        new = self.rows.filter(shop=shop, external_id="", state__in=TAKEN, missing=[])
        plan = forecast.if_queued(shop, set(new.order_by().values_list("pk", flat=True)))
        if len(plan) < 2 and plan[0][0].days == 0:
            return ""
        return (
            f" This shop may upload {shop.daily_listing_limit:,} new listings a day, and what is "
            f"queued before counts too: {forecast.sentence(plan)}. All of them go by themselves."
        )
