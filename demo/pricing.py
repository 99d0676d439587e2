"""Prices of one shop are copied to another in another currency, by a rate with its date."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Offer, PriceRule, Shop
from catalog.states import ShopState
from demo.day import connect_shop
from demo.looking import SHOPS
from demo.proof import OFFERS
from demo.rule_pages import RULES, RulePages
from demo.steps import Figures, expect, wait_until

RATES = "/admin/catalog/exchangerate/"
CENT = Decimal("0.01")
LISTED_THERE = 12
RATE, PLUS_PERCENT = Decimal("0.79"), Decimal(5)
LOWEST, HIGHEST = Decimal("8.00"), Decimal("45.00")


class Copying(RulePages):
    """What a rule copies, told by what the sandbox shows in both shops."""

    def copy_prices(self) -> Figures:
        """A British shop copies the American one: by a rate with its date, plus 5 %, in bounds."""
        shop = self._second_shop()
        mine = Offer.objects.filter(listing__shop=shop).select_related("listing", "variant")
        self._enter_rate()
        tried = self.make_rule(
            shop,
            name="Copy of the American shop",
            strategy="mirror",
            mirror__source=str(self.day.shop.pk),
            mirror__modifier=str(PLUS_PERCENT),
            mirror__modifier_unit="percent",
            floor=str(LOWEST),
            ceiling=str(HIGHEST),
        )
        self._wait_for_copies(mine)
        own = mine.order_by("pk").first()
        assert own
        source = Offer.objects.get(listing__shop=self.day.shop, variant=own.variant)
        others = self.prices(self.day.shop, but=source)
        price = (source.price_wanted or Decimal(10)) + Decimal("1.10")
        self.day.admin.act(OFFERS, "set_own_price", [source.pk], price=str(price))
        wait_until("the American shop shows it", lambda: self.shown(source) == price)
        rule = PriceRule.objects.get(shop=shop)
        self.day.admin.act(RULES, "run_now", [rule.pk])
        self._wait_for_copies(mine)
        own.refresh_from_db()
        expect("no other American price moved", self.prices(self.day.shop, but=source) == others)
        return {
            "SKUs on both shops": mine.count(),
            "the dry run said": tried,
            "copied and shown there": mine.count(),
            "at the floor or the ceiling": mine.filter(price_wanted__in=[LOWEST, HIGHEST]).count(),
            "after a change in the American shop": f"{source.variant.sku}: {own.price_why}",
        }

    def _second_shop(self) -> Shop:
        """A British shop with some of the same SKUs; it shares both fulfillment centers."""
        there = self.sandbox.post("/shops", {"region": "GB", "name": "Harbor & Home UK"})
        self.sandbox.post(f"/shops/{there['id']}/existing", {"count": LISTED_THERE})
        connect_shop(self.day.owner, there["id"], ["Amazon MCF East", "Reno Warehouse"])
        shop = Shop.objects.get(external_id=there["id"], state=ShopState.ACTIVE)
        expect(f"it sells in GBP, not {shop.currency}", shop.currency == "GBP")
        expect("its price goes out", shop.push_price)
        skus = sum(
            len(row["seller_skus"])
            for row in self.sandbox.get(f"/shops/{there['id']}/products")["products"]
        )
        linked = Offer.objects.filter(
            listing__shop=shop, variant__offers__listing__shop=self.day.shop
        )
        wait_until("its listings are those of SKUs known here", lambda: linked.count() == skus)
        self.day.admin.open(f"{SHOPS}{shop.pk}/change/")
        shared = self.day.admin.text().count("also mapped in")
        expect("both centers are announced as shared", shared >= 2)
        return shop

    def _enter_rate(self) -> None:
        self.day.admin.open(f"{RATES}add/")
        self.day.admin.submit(
            "#exchangerate_form",
            base="USD",
            quote="GBP",
            rate=str(RATE),
            as_of=str(timezone.now().date()),
        )

    def _wait_for_copies(self, mine: QuerySet[Offer]) -> None:
        """Until the British shop shows what is reckoned here from what the American one shows."""
        expected = {}
        for row in mine:
            source = Offer.objects.get(listing__shop=self.day.shop, variant=row.variant_id)
            copied = _cents(_cents(self.shown(source) * RATE) * (100 + PLUS_PERCENT) / 100)
            expected[row] = min(max(copied, LOWEST), HIGHEST)
        wait_until(
            "the sandbox shows every copied price",
            lambda: all(self.shown(row) == price for row, price in expected.items()),
            seconds=60,
        )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
