"""Rows to measure with: a merchant, products by the thousand, and a shop on the sandbox."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone

from catalog.models import (
    Channel,
    FulfillmentCenter,
    Image,
    Merchant,
    Product,
    Shop,
    Variant,
    WarehouseKind,
    WarehouseMapping,
)
from catalog.services import mapping, stock
from catalog.states import ShopState
from integrations.models import Connection

BATCH = 1000
_numbers = count(1)


def make_merchant() -> Merchant:
    number = next(_numbers)
    return Merchant.objects.create(name=f"Merchant {number}", slug=f"merchant-{number}")


def make_center(merchant: Merchant) -> FulfillmentCenter:
    number = next(_numbers)
    return FulfillmentCenter.objects.create(
        merchant=merchant, code=f"center-{number}", name=f"Center {number}"
    )


def make_shop(merchant: Merchant, center: FulfillmentCenter) -> Shop:
    """An active shop without a connection, with one warehouse that is mapped."""
    number = next(_numbers)
    shop = _shop(merchant, external_id=f"shop-{number}", name=f"Shop {number}")
    warehouse = shop.warehouses.create(
        external_id=f"warehouse-{number}", name="Sales", kind=WarehouseKind.SALES
    )
    WarehouseMapping.objects.create(shop=shop, warehouse=warehouse, fulfillment_center=center)
    return shop


def _shop(merchant: Merchant, *, external_id: str, name: str) -> Shop:
    return Shop.objects.create(
        merchant=merchant,
        channel=Channel.TIKTOK_SHOP,
        external_id=external_id,
        name=name,
        region="US",
        currency="USD",
        time_zone="America/Los_Angeles",
        state=ShopState.ACTIVE,
        push_quantity=True,
        connected_at=timezone.now() - timedelta(days=1),
    )


def make_products(merchant: Merchant, number: int, center: FulfillmentCenter) -> list[int]:
    """Simple products that miss nothing but a category; returns their ids."""
    names = [f"P-{next(_numbers):07d}" for _ in range(number)]
    products = Product.objects.bulk_create(
        (
            Product(merchant=merchant, sku=sku, title=f"Rope toy {sku}", description="<p>Rope</p>")
            for sku in names
        ),
        batch_size=BATCH,
    )
    variants = Variant.objects.bulk_create(map(_variant, products), batch_size=BATCH)
    Image.objects.bulk_create(map(_image, products), batch_size=BATCH)
    stock.count_many(stock.Count(row.pk, center.pk, 12, f"first:{row.pk}") for row in variants)
    return [product.pk for product in products]


def _variant(product: Product) -> Variant:
    return Variant(
        merchant_id=product.merchant_id,
        product=product,
        sku=product.sku,
        price=Decimal("19.90"),
        weight=Decimal("0.5"),
        weight_unit="kg",
        length=Decimal(20),
        width=Decimal(10),
        height=Decimal(5),
        dimension_unit="cm",
    )


def _image(product: Product) -> Image:
    digest = hashlib.sha256(product.sku.encode()).hexdigest()
    return Image(product=product, sha256=digest, width=800, height=800, size=90_000, format="JPEG")


@dataclass
class Remote:
    """The sandbox, and the shop that is connected to it."""

    url: str
    shop: Shop

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Do on the channel's side what sellers and buyers would do."""
        return _control(f"{self.url}/_sandbox/shops/{self.shop.external_id}{path}", body)


def _control(address: str, body: dict[str, Any]) -> Any:
    answer = requests.post(address, json=body, timeout=300)
    answer.raise_for_status()
    return answer.json()


def connect(merchant: Merchant) -> Remote:
    """Connect a new shop of the sandbox and map each of its warehouses to a center of its own."""
    url = settings.TIKTOK_SHOP_API_URL
    opened = _control(f"{url}/_sandbox/shops", {"region": "US"})
    tokens = _control(f"{url}/_sandbox/shops/{opened['id']}/authorize", {"tokens": True})
    shop = _shop(merchant, external_id=tokens["shop_id"], name="Sandbox shop")
    Connection.objects.create(
        shop=shop,
        access_token=tokens["access_token"],
        access_expires_at=timezone.now() + timedelta(days=6),
        refresh_token=tokens["refresh_token"],
        refresh_expires_at=timezone.now() + timedelta(days=300),
        cipher=tokens["cipher"],
    )
    mapping.refresh_warehouses(shop)
    for warehouse in shop.warehouses.sellable():
        WarehouseMapping.objects.create(
            shop=shop, warehouse=warehouse, fulfillment_center=make_center(merchant)
        )
    return Remote(url, shop)
