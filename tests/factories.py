"""Rows for tests: plain typed functions, each with sensible defaults."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image as Picture

from catalog.models import (
    Channel,
    ChannelCategory,
    ChannelWarehouse,
    FulfillmentCenter,
    Image,
    Membership,
    Merchant,
    Product,
    Role,
    Shop,
    Variant,
    WarehouseKind,
    WarehouseMapping,
)
from catalog.services import images, stock
from catalog.states import ShopState
from integrations.models import Connection

_numbers = count(1)


def make_merchant(**changes: Any) -> Merchant:
    number = next(_numbers)
    return Merchant.objects.create(
        **{"name": f"Merchant {number}", "slug": f"merchant-{number}", **changes}
    )


def make_user(name: str = "", **changes: Any) -> User:
    return User.objects.create_user(name or f"user-{next(_numbers)}", password="pw", **changes)


def make_member(merchant: Merchant, role: str = Role.OWNER, name: str = "") -> User:
    user = make_user(name)
    Membership.objects.create(merchant=merchant, user=user, role=role)
    return user


def make_center(merchant: Merchant, **changes: Any) -> FulfillmentCenter:
    number = next(_numbers)
    values = {"code": f"center-{number}", "name": f"Center {number}", **changes}
    return FulfillmentCenter.objects.create(merchant=merchant, **values)


def make_product(
    merchant: Merchant,
    *,
    sku: str = "",
    price: str | None = "19.90",
    weight: str | None = "0.5",
    with_image: bool = True,
    **changes: Any,
) -> Product:
    """A simple product with one variant, complete but for category and stock."""
    sku = sku or f"SKU-{next(_numbers)}"
    values = {"title": f"Cotton rope dog toy {sku}", "description": "<p>Strong rope.</p>"}
    product = Product.objects.create(merchant=merchant, sku=sku, **{**values, **changes})
    add_variant(product, sku=sku, price=price, weight=weight)
    if with_image:
        add_image(product)
    return product


def make_variant_product(
    merchant: Merchant, options: dict[str, list[str]], **changes: Any
) -> Product:
    """A product with one variant per value of a single option: {"Color": ["Red", "Blue"]}."""
    ((name, values),) = options.items()
    parent = f"PARENT-{next(_numbers)}"
    product = Product.objects.create(
        merchant=merchant,
        sku=parent,
        option_names=[name],
        **{"title": f"Dog collar {parent}", "description": "<p>Soft.</p>", **changes},
    )
    for position, value in enumerate(values):
        add_variant(product, sku=f"{parent}-{value}", options=[value], position=position)
    add_image(product)
    return product


def add_variant(
    product: Product,
    *,
    sku: str,
    price: str | None = "19.90",
    weight: str | None = "0.5",
    **more: Any,
) -> Variant:
    return Variant.objects.create(
        merchant=product.merchant,
        product=product,
        sku=sku,
        price=Decimal(price) if price else None,
        weight=Decimal(weight) if weight else None,
        weight_unit="kg" if weight else "",
        length=Decimal(20),
        width=Decimal(10),
        height=Decimal(5),
        dimension_unit="cm",
        **more,
    )


def picture_bytes(
    width: int = 800, height: int = 800, color: str = "teal", kind: str = "JPEG"
) -> bytes:
    stream = BytesIO()
    Picture.new("RGB", (width, height), color).save(stream, kind)
    return stream.getvalue()


def add_image(product: Product, width: int = 800, height: int = 800, color: str = "teal") -> Image:
    image = Image(product=product, position=product.images.count())
    images.store_picture(image, picture_bytes(width, height, color))
    image.save()
    return image


def make_shop(merchant: Merchant, **changes: Any) -> Shop:
    """An active shop without a connection, for what needs no channel."""
    number = next(_numbers)
    values = {
        "channel": Channel.TIKTOK_SHOP,
        "external_id": f"shop-{number}",
        "name": f"Shop {number}",
        "region": "US",
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "state": ShopState.ACTIVE,
        "push_quantity": True,
        "connected_at": timezone.now(),
        **changes,
    }
    return Shop.objects.create(merchant=merchant, **values)


def make_warehouse(shop: Shop, **changes: Any) -> ChannelWarehouse:
    number = next(_numbers)
    values = {"external_id": f"wh-{number}", "name": f"Warehouse {number}", **changes}
    return ChannelWarehouse.objects.create(shop=shop, kind=WarehouseKind.SALES, **values)


def map_warehouse(
    shop: Shop, center: FulfillmentCenter, warehouse: ChannelWarehouse | None = None
) -> WarehouseMapping:
    warehouse = warehouse or make_warehouse(shop)
    return WarehouseMapping.objects.create(
        shop=shop, warehouse=warehouse, fulfillment_center=center
    )


def make_category(shop: Shop, **changes: Any) -> ChannelCategory:
    number = next(_numbers)
    values = {
        "external_id": f"cat-{number}",
        "name": f"Category {number}",
        "path": f"Pets > Category {number}",
        "is_leaf": True,
        "attributes_fetched_at": timezone.now(),
        **changes,
    }
    return ChannelCategory.objects.create(shop=shop, **values)


def put_stock(product: Product, center: FulfillmentCenter, units: int) -> None:
    """Receive units of every variant of a product."""
    for variant in product.variants.all():
        stock.receive(variant, center, units, reference=f"test-{next(_numbers)}")


def connect(shop: Shop, sandbox: Any) -> Shop:
    """Give a shop tokens of the sandbox, as if it had been authorized in the browser."""
    tokens = sandbox.tokens()
    shop.external_id = tokens["shop_id"]
    shop.save()
    Connection.objects.update_or_create(
        shop=shop,
        defaults={
            "access_token": tokens["access_token"],
            "access_expires_at": timezone.now() + timedelta(days=6),
            "refresh_token": tokens["refresh_token"],
            "refresh_expires_at": timezone.now() + timedelta(days=300),
            "cipher": tokens["cipher"],
        },
    )
    return shop
