"""Rows for the admin's pages: listings in every state, orders as a channel tells of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from catalog.models import ChannelCategory, Listing, Product, Shop, WarehouseMapping
from catalog.services import listings
from marketplace.kernel.money import Money
from orders.models import Order
from orders.ports import (
    RemoteAddress,
    RemoteOrder,
    RemoteOrderStatus,
    RemotePayment,
    RemoteUnit,
)
from orders.services import recording

_numbers = count(1)


def dollars(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def stage(product: Product, shop: Shop, category: ChannelCategory | None = None) -> Listing:
    """A staged listing, categorized if a category is given."""
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get(product=product, shop=shop)
    if category:
        listings.categorize([listing.pk], category, by="test")
    listing.refresh_from_db()
    return listing


def remote_order(
    shop: Shop,
    skus: list[str],
    *,
    status: RemoteOrderStatus = RemoteOrderStatus.AWAITING_SHIPMENT,
    ship_by: datetime | None = None,
    **changes: Any,
) -> RemoteOrder:
    """An order of one unit per SKU at the shop's mapped warehouse."""
    number, now = next(_numbers), timezone.now()
    mapping = WarehouseMapping.objects.filter(shop=shop).select_related("warehouse").first()
    units = tuple(
        RemoteUnit(
            external_id=f"line-{number}-{place}",
            product_id="",
            sku_id=f"sku-of-{sku}",
            seller_sku=sku,
            title=f"Cotton rope dog toy {sku}",
            variant="",
            price=dollars("19.90"),
            original_price=dollars("22.90"),
            seller_discount=dollars("3.00"),
            platform_discount=dollars("0"),
            tax=dollars("1.60"),
        )
        for place, sku in enumerate(skus)
    )
    total = Money(sum((u.price.amount + u.tax.amount for u in units), Decimal(0)), "USD")
    values: dict[str, Any] = {
        "external_id": f"5769{number:014d}",
        "status": status,
        "raw_status": status.upper(),
        "created_at": now - timedelta(hours=2),
        "updated_at": now - timedelta(minutes=1),
        "paid_at": now - timedelta(hours=2),
        "ship_by": ship_by or now + timedelta(hours=60),
        "units": units,
        "payment": RemotePayment(
            sub_total=Money(sum((u.price.amount for u in units), Decimal(0)), "USD"),
            shipping_fee=dollars("0"),
            seller_discount=dollars("3.00"),
            platform_discount=dollars("0"),
            tax=Money(sum((u.tax.amount for u in units), Decimal(0)), "USD"),
            total=total,
            other_fees=dollars("0"),
        ),
        "warehouse_id": mapping.warehouse.external_id if mapping else "",
        "delivery_option_id": "option-1",
        "delivery_option": "Standard shipping",
        "address": RemoteAddress(
            name="Jane Doe",
            phone="(+1)5550100",
            lines=("12 Elm Street",),
            city="Reno",
            state="Nevada",
            postal_code="89501",
            country="US",
        ),
    }
    return RemoteOrder(**{**values, **changes})


def make_order(shop: Shop, sku: str, **changes: Any) -> Order:
    """One order part, taken in as the poll would do it."""
    Shop.objects.filter(pk=shop.pk).update(connected_at=timezone.now() - timedelta(days=9))
    shop.refresh_from_db()
    remote = remote_order(shop, [sku], **changes)
    recording.record(shop, remote)
    return Order.objects.get(shop=shop, external_id=remote.external_id)
