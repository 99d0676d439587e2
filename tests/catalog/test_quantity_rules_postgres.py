"""Rules that change beside movements of stock and edits of tags, on PostgreSQL (B8)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection

from catalog.models import FulfillmentCenter, OfferStock, QuantityRule, Shop, Tag, Variant
from catalog.services import listings, products, quantity_looks, quantity_rules, stock
from tests import factories
from tests.support.processes import run_together

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

SKUS = 6
ROUNDS = 15


def _move(center: int, seed: int) -> None:
    """Receive and count units of every SKU, in some order."""
    dice, place = random.Random(seed), FulfillmentCenter.objects.get(pk=center)
    for number in range(ROUNDS):
        variant = dice.choice(list(Variant.objects.order_by("pk")))
        stock.count(variant, place, dice.randint(0, 60), reference=f"count-{seed}-{number}")


def _edit(shop: int, seed: int) -> None:
    """Save one rule again and again with other figures."""
    dice, row = random.Random(seed), QuantityRule.objects.get(shop=shop, tag__isnull=True)
    for _ in range(ROUNDS):
        row.percent, row.buffer = dice.randint(0, 100), dice.randint(0, 5)
        quantity_rules.save(row, by="test")


def _tag(shop: int, seed: int) -> None:
    """Put the tag that a rule is set on onto one product after the other."""
    dice = random.Random(seed)
    ids = list(Shop.objects.get(pk=shop).merchant.products.values_list("pk", flat=True))
    dice.shuffle(ids)
    for pk in ids:
        products.tag([pk], "Sale")


def _stage(shop: int, seed: int) -> None:
    """Offer further products on the shop, which make quantity rows of their own."""
    place = Shop.objects.get(pk=shop)
    center = place.mappings.get().fulfillment_center
    for number in range(SKUS):
        product = factories.make_product(place.merchant, sku=f"NEW-{number}", with_image=False)
        factories.put_stock(product, center, 40)
        listings.stage([product.pk], place, by="test")


def _renew(shop: int, seed: int) -> None:
    """Go through the shop in the background meanwhile."""
    place = Shop.objects.get(pk=shop)
    for _ in range(4):
        quantity_rules.ask_for_renewal(place)
        quantity_rules.renew(place)


@pytest.fixture
def offered(shop: Shop, center: FulfillmentCenter) -> Shop:
    for number in range(SKUS):
        product = factories.make_product(shop.merchant, sku=f"ROPE-{number}")
        factories.put_stock(product, center, 30)
        listings.stage([product.pk], shop, by="test")
    sale = Tag.objects.create(merchant=shop.merchant, name="Sale")
    for values in ({"percent": 50}, {"percent": 10, "tag": sale}):
        quantity_rules.save(QuantityRule(shop=shop, **values), by="test")
    return shop


@pytest.mark.parametrize("beside", [_tag, _stage, _renew])
def test_rules_edited_beside_moving_stock_end_with_the_right_quantities(
    offered: Shop, center: FulfillmentCenter, beside: Any
) -> None:
    assert connection.vendor == "postgresql"
    work = (
        lambda: _move(center.pk, 1),
        lambda: _move(center.pk, 2),
        lambda: _edit(offered.pk, 3),
        lambda: beside(offered.pk, 4),
    )
    run_together(lambda number: work[number](), len(work))
    rows = list(OfferStock.objects.all())
    looks = quantity_looks.looks([row.pk for row in rows])
    wrong = {
        str(row): (row.wanted, looks[row.pk].why)
        for row in rows
        if row.wanted != looks[row.pk].units
    }
    assert wrong == {}
