"""Two who change the same prices at the same moment: no edit is lost, and history has no gap."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Offer, PriceRule, Variant
from catalog.services import own_prices, price_rules, products, repricing
from tests.catalog.price_world import assert_right, make_rule, mirror, offer_on
from tests.support.processes import run_together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("turn", range(3))
def test_a_run_beside_hand_edits_a_rule_edit_and_catalog_edits_loses_nothing(shop, turn) -> None:
    offers = [offer_on(shop) for _ in range(6)]
    ids = [row.pk for row in offers]
    rule = make_rule(shop, **mirror(modifier="10"))

    def work(number: int) -> str:
        now = timezone.now()
        if number == 0:
            return str(repricing.run_due(shop, now).changed)
        if number == 1:
            return own_prices.set_by_hand(ids[:3][::-1], Decimal("31.00"), by="ann", now=now).verb
        if number == 2:
            mine = PriceRule.objects.select_related("shop").get(pk=rule.pk)
            mine.floor = Decimal("21.50")
            price_rules.save(mine, by="ben", now=now)
            return "saved"
        Variant.objects.filter(pk=offers[5].variant_id).update(price=Decimal("40.00"))
        products.changed([offers[5].variant.product_id])
        return "catalog"

    run_together(work, 4)
    repricing.run_due(shop, timezone.now())
    assert_right(shop.merchant)
    prices = dict(Offer.objects.values_list("pk", "price_wanted"))
    expected = [Decimal("31.00")] * 3 + [Decimal("22.00")] * 2 + [Decimal("44.00")]
    assert [prices[pk] for pk in ids] == expected
