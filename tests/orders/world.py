"""A merchant with a shop, two warehouses and some stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from catalog.models import (
    ChannelWarehouse,
    FulfillmentCenter,
    Merchant,
    Product,
    Shop,
    StockLevel,
    StockMovement,
    Variant,
    WarehouseKind,
    WarehouseMapping,
)
from catalog.services import stock
from catalog.states import ShopState
from orders.models import OrderAttention
from tests.orders.memory_channel import NAME, PLACED


@dataclass
class World:
    """The rows that a test of orders starts from."""

    merchant: Merchant
    shop: Shop
    reno: FulfillmentCenter
    dallas: FulfillmentCenter

    def variant(self, sku: str = "TEA", *, on_hand: int = 0) -> Variant:
        product = Product.objects.create(merchant=self.merchant, sku=sku, title=f"Product {sku}")
        variant = Variant.objects.create(merchant=self.merchant, product=product, sku=sku)
        if on_hand:
            stock.receive(variant, self.reno, on_hand, reference=f"first:{sku}")
        return variant

    def figures(self, variant: Variant, center: FulfillmentCenter | None = None) -> tuple[int, int]:
        """On hand and reserved units."""
        level = StockLevel.objects.get(variant=variant, fulfillment_center=center or self.reno)
        return level.on_hand, level.reserved

    def movements(self, variant: Variant) -> list[tuple[str, int, int]]:
        """Kind, change of on hand, change of reserved; the first delivery apart."""
        rows = StockMovement.objects.filter(variant=variant).order_by("pk")
        rows = rows.exclude(reference__startswith="first:")
        return list(rows.values_list("kind", "on_hand", "reserved"))


def make_world() -> World:
    """An active shop with both of its warehouses mapped, connected an hour before PLACED."""
    merchant = Merchant.objects.create(name="Acme", slug="acme")
    shop = Shop.objects.create(
        merchant=merchant,
        channel=NAME,
        external_id="7000001",
        name="Acme US",
        region="US",
        state=ShopState.ACTIVE,
        connected_at=PLACED - timedelta(hours=1),
    )
    centers = []
    for place, name in enumerate(("Reno", "Dallas"), start=1):
        center = FulfillmentCenter.objects.create(merchant=merchant, code=name.lower(), name=name)
        warehouse = ChannelWarehouse.objects.create(
            shop=shop, external_id=f"W{place}", name=f"Warehouse {place}", kind=WarehouseKind.SALES
        )
        WarehouseMapping.objects.create(shop=shop, warehouse=warehouse, fulfillment_center=center)
        centers.append(center)
    return World(merchant, shop, *centers)


def open_attentions() -> list[tuple[str, str]]:
    """Order id and kind of everything that waits for a person, oldest first."""
    rows = OrderAttention.objects.filter(resolved_at=None).order_by("pk")
    return list(rows.values_list("order__external_id", "kind"))
