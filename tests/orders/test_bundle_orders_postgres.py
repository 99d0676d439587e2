"""Bundles and their components sold side by side on PostgreSQL."""

from __future__ import annotations

import pytest

from catalog.models import Channel, OfferStock
from catalog.services import bundles, listings, recipes, stock
from orders.models import Order, OrderAttention
from orders.services.recording import record
from tests.orders.memory_channel import remote_order, unit
from tests.orders.world import make_world
from tests.support.processes import run_together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.postgres,
]


def test_bundles_and_components_sold_at_once_neither_block_nor_oversell_nor_differ() -> None:
    world = make_world()
    tea, cup = world.variant("TEA", on_hand=20), world.variant("CUP", on_hand=9)
    kit = world.variant("KIT")
    bundles.compose(kit, {tea: 2, cup: 1})
    world.shop.channel = Channel.TIKTOK_SHOP
    world.shop.save()
    listings.stage([row.product_id for row in (kit, tea, cup)], world.shop, by="test")

    def work(number: int) -> str:
        for turn in range(3):
            sku = ("KIT", "TEA", "CUP")[(number + turn) % 3]
            name = str(1000 + 10 * number + turn)
            record(world.shop, remote_order(name, units=[unit(name, sku)]))
            if sku == "CUP" and number == 1:
                bundles.compose(kit, {tea: 2, cup: 1})
        return "done"

    assert run_together(work, 8) == ["done"] * 8
    assert stock.drift() == []
    assert Order.objects.count() == 24
    short = OrderAttention.objects.filter(resolved_at=None, kind="oversold").count()
    assert Order.objects.filter(reserved=1).count() == 24 - short
    shown = OfferStock.objects.filter(warehouse__external_id="W1")
    found = dict(shown.values_list("offer__variant", "wanted"))
    assert found == recipes.totals([kit.pk, tea.pk, cup.pk], [world.reno.pk])
