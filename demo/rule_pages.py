"""The pages of price rules, and looking at prices here and there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from catalog.models import Offer, PriceRule, Shop, Tag
from demo.looking import Looking
from demo.steps import expect

RULES = "/admin/catalog/pricerule/"
TRIED = re.compile(r"[\d,]+ up, [\d,]+ down[^.]*")


class RulePages(Looking):
    """A price rule is typed, tried and saved by a person in the admin."""

    def make_rule(self, shop: Shop, *, tag: Tag | None = None, **typed: Any) -> str:
        """Fill in a rule, try it unsaved, go on and save it; return what the dry run said."""
        admin = self.day.admin
        before = self.prices(shop)
        admin.open(f"{RULES}add/?shop={shop.pk}" + (f"&tag={tag.pk}" if tag else ""))
        admin.submit("#pricerule_form", button="1", **typed)
        expect("the dry run says that it changes nothing", "Nothing is changed" in admin.text())
        found = TRIED.search(admin.text())
        assert found, admin.text()[:500]
        expect("it changed nothing", self.prices(shop) == before)
        if before and any(before.values()):
            expect("it has charts", len(self.points(admin.window.page)) >= 2)
        admin.open(str(admin.window.page.find("a", string=re.compile("Go on to save"))["href"]))
        # “Save” stands apart from the form; without any button the form is saved.
        for only_tries in admin.window.page.select('button[name="_dry_run"]'):
            only_tries.decompose()
        admin.submit("#pricerule_form")
        stored = PriceRule.objects.filter(shop=shop, name=typed["name"])
        expect(f"the rule is stored: {admin.text()[:300]}", stored.exists())
        return found.group()

    @staticmethod
    def points(page: Any) -> dict[str, int]:
        """How many figures other than zero each chart of a page draws."""
        found = {}
        for script in page.select('script[type="application/json"][id]'):
            drawing = json.loads(script.string)
            if isinstance(drawing, dict) and "series" in drawing:
                found[script["id"]] = sum(
                    bool(value[-1] if isinstance(value, list) else value)
                    for one in drawing["series"]
                    for value in one["values"]
                )
        return found

    def shown(self, offer: Offer) -> Decimal:
        return Decimal(self.day.figures_shown(offer)[0])

    def prices(self, shop: Shop, *, but: Offer | None = None) -> dict[int, Any]:
        rows = Offer.objects.filter(listing__shop=shop)
        rows = rows.exclude(pk=but.pk) if but else rows
        return dict(rows.values_list("pk", "price_wanted"))

    def prices_of(self, offers: Iterable[Offer]) -> dict[int, Decimal]:
        ids = [offer.pk for offer in offers]
        rows = Offer.objects.filter(pk__in=ids).values_list("pk", "price_wanted")
        found = {pk: price for pk, price in rows if price is not None}
        expect("each of them has a price", len(found) == len(ids))
        return found
