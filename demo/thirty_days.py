"""Prices led by 30 days of sales, on the sandbox's clock; their charts; and a run taken back."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, QuerySet

from catalog.models import Offer, PriceChange, PriceRule, PriceRun, Tag
from catalog.services import repricing
from catalog.states import ListingState
from catalog.tasks import tick_export
from demo.passing import move_back
from demo.proof import UPDATE_PRICES
from demo.rule_pages import RulePages
from demo.steps import Figures, expect, wait_until
from orders.models import Order

RUNS = "/admin/catalog/pricerun/"
BOARD = f"{RUNS}board/"
A_DAY = 86_400
TAG, DAYS, DAYS_OF_SALES, UNITS_A_DAY, AIM = "Socks", 30, 18, 4, 10
FLOOR, CEILING, MOST_A_DAY = Decimal("10.99"), Decimal("29.99"), Decimal(10)
#: Who the runs of these days are said to be by.
BY = "the demo's clock"


class ThirtyDays(RulePages):
    """A rule by sales velocity, told by what the sandbox shows."""

    lowest, highest = CEILING, FLOOR

    def sell_for_thirty_days(self) -> Figures:
        """Two SKUs sell for 18 days of 30, the others never: prices follow, within bounds."""
        tried = self._make_rule()
        self.loved = self._two_to_sell()
        start, calls = time.monotonic(), self.calls(UPDATE_PRICES)
        first = self.prices_of(self.loved)
        peak = dict(first)
        orders = 0
        for day in range(DAYS):
            orders += self._a_day(sells=day < DAYS_OF_SALES)
            self._expect_in_bounds()
            for pk, price in self.prices_of(self.loved).items():
                peak[pk] = max(peak[pk], price)
        took = time.monotonic() - start
        last = self.prices_of(self.loved)
        expect("what sold rose", all(peak[pk] > first[pk] for pk in first))
        expect("and fell when it sold no more", all(last[pk] < peak[pk] for pk in first))
        changes = PriceChange.objects.filter(run__rule=self.rule)
        self._expect_small_steps(changes)
        return {
            "the dry run said": tried,
            "orders": f"{orders} of {UNITS_A_DAY} units",
            "SKUs under the rule": self.offers.count(),
            "runs": PriceRun.objects.filter(rule=self.rule).count(),
            "price changes": changes.count(),
            "calls to change prices": self.calls(UPDATE_PRICES) - calls,
            "sold: first, highest, last": [
                f"{offer.variant.sku} {first[offer.pk]}, {peak[offer.pk]}, {last[offer.pk]}"
                for offer in self.loved
            ],
            "lowest and highest of all": f"{self.lowest} and {self.highest}",
            "SKUs at the floor at last": self.offers.filter(price_wanted=FLOOR).count(),
            "seconds a day": round(took / DAYS, 2),
        }

    def _two_to_sell(self) -> list[Offer]:
        """The first SKU of two listings, with units enough for all that will be sold."""
        rows = self.offers.order_by("listing", "pk")
        chosen = list({row.listing_id: row for row in reversed(rows)}.values())[:2]
        for mapping in self.day.shop.mappings.all():
            self.receive(chosen, mapping.fulfillment_center, UNITS_A_DAY * DAYS)
        wait_until("the units are on sale", lambda: not self.unsent().exists())
        return chosen

    def _a_day(self, *, sells: bool) -> int:
        """A day of the sandbox: orders, the rule's run at its end, and prices that arrive there."""
        placed = []
        for offer in self.loved if sells else ():
            placed.append(self.place({offer: UNITS_A_DAY}, hold=False))
            # Shipped past the app, for TikTok cancels what nobody ships.
            number = {"provider": "USPS", "tracking_number": f"94001118992238{placed[-1][-8:]}"}
            self.sandbox.post(f"/orders/{placed[-1]}/ship", number)
        here = Order.objects.filter(shop=self.day.shop, external_id__in=placed)
        wait_until("its orders are here", lambda: here.count() == len(placed))
        self.sandbox.advance(A_DAY)
        at = self._time_there()
        ran = repricing.run(self.rule, at, by=BY)
        expect("the run is over", ran.ended_at == at)
        if ran.changed:
            tick_export()
            moved = self.offers.with_price_to_send()
            wait_until("the new prices went out", lambda: not moved.exists())
        for offer in self.loved:
            offer.refresh_from_db()
            shown = self.shown(offer)
            expect(f"TikTok shows {offer.price_wanted}, not {shown}", shown == offer.price_wanted)
        return len(placed)

    def _make_rule(self) -> str:
        """Type the rule on its page and let it run for the first time; what the dry run said."""
        tag = Tag.objects.get(merchant=self.day.merchant, name=TAG)
        tried = self.make_rule(
            self.day.shop,
            name="Socks by sales",
            tag=tag,
            strategy="sales_velocity",
            sales_velocity__window_days="7",
            sales_velocity__target_units=str(AIM),
            sales_velocity__step_up="5",
            sales_velocity__step_down="5",
            sales_velocity__step_unit="percent",
            sales_velocity__cooldown_hours="24",
            sales_velocity__out_of_stock="stay",
            floor=str(FLOOR),
            ceiling=str(CEILING),
            ending=".99",
            most_change_percent=str(MOST_A_DAY),
            every_minutes=str(A_DAY // 60),
        )
        rules = PriceRule.objects.select_related("shop").filter(shop=self.day.shop)
        self.rule = rules.get(name="Socks by sales")
        self.offers = Offer.objects.filter(
            listing__shop=self.day.shop,
            listing__product__tags=tag,
            listing__state=ListingState.ACTIVE,
        ).select_related("listing", "variant")
        wait_until(
            "its first run is over",
            lambda: self.rule.runs.filter(ended_at__isnull=False).exists(),
        )
        return tried

    def _time_there(self) -> datetime:
        return datetime.fromtimestamp(self.sandbox.get("/clock")["now"], UTC)

    def _expect_in_bounds(self) -> None:
        prices = self.prices_of(self.offers).values()
        self.lowest = min(self.lowest, *prices)
        self.highest = max(self.highest, *prices)
        expect(
            f"{self.lowest} to {self.highest} is within {FLOOR} to {CEILING}",
            self.lowest >= FLOOR and self.highest <= CEILING,
        )

    def _expect_small_steps(self, changes: QuerySet[PriceChange]) -> None:
        for change in changes:
            assert change.old
            assert change.new
            percent = abs(change.new - change.old) / change.old * 100
            expect(f"{change} is no more than {MOST_A_DAY} %", percent <= MOST_A_DAY)
        a_day = changes.values("run", "offer").annotate(times=Count("pk"))
        expect("each price moved once a run", not a_day.filter(times__gt=1).exists())

    # -- seen, and taken back --------------------------------------------------------------------

    def look_and_roll_back(self) -> Figures:
        """Charts of the 30 days in the pages; the last run that moved a price is taken back."""
        self._let_them_be_past()
        admin, owner = self.day.admin, self.day.owner
        admin.open(BOARD)
        board = self.points(admin.window.page)
        days = PriceChange.objects.filter(run__rule=self.rule).dates("at", "day").count()
        expect(f"each of {days} days is in its chart: {board}", board.get("by-day", 0) >= days)
        loved = self.loved[0]
        owner.open(f"/listings/{loved.listing_id}/?sku={loved.variant_id}")
        chart = self.points(owner.window.page)
        mine = PriceChange.objects.filter(run__rule=self.rule, offer=loved).count()
        drawn = sum(points for name, points in chart.items() if "price" in name)
        expect(f"each of {mine} changes is in the chart: {chart}", drawn >= mine)
        ran = PriceRun.objects.filter(rule=self.rule, changed__gt=0).order_by("-pk")[0]
        before = {row.offer_id: row.old for row in ran.changes.all()}
        calls = self.calls(UPDATE_PRICES)
        said = admin.act(RUNS, "roll_back_run", [ran.pk])
        moved = self.offers.filter(pk__in=before)
        wait_until("the prices went out", lambda: not self.offers.with_price_to_send().exists())
        for offer in moved:
            expect(f"{offer} is back", offer.price_wanted == before[offer.pk])
        wait_until(
            "TikTok shows them",
            lambda: all(self.shown(offer) == before[offer.pk] for offer in moved),
        )
        self.rule.refresh_from_db()
        expect("the rule is paused", self.rule.is_paused)
        return {
            "days with changes on the board": days,
            "points in the listing's charts": chart,
            "said": said,
            "prices back, here and there": moved.count(),
            "calls for it": self.calls(UPDATE_PRICES) - calls,
            "the rule": self.rule.paused_why,
        }

    def _let_them_be_past(self) -> None:
        """The days were the sandbox's, which is ahead: move what was noted to before now."""
        ahead = timedelta(seconds=self.sandbox.get("/clock")["offset"])
        move_back(PriceChange, ahead, "at", run__rule=self.rule)
        move_back(PriceRun, ahead, "ended_at", rule=self.rule, by=BY)
        move_back(PriceRule, ahead, "last_run_at", pk=self.rule.pk)
