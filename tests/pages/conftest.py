"""Alice owns the merchant, Bob may look, Charlie works for another one, and Dora is staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from catalog.models import (
    FulfillmentCenter,
    Listing,
    ListingEvent,
    Merchant,
    Offer,
    OfferStock,
    Product,
    Role,
    Shop,
    Tag,
    WarehouseMapping,
)
from catalog.states import ListingState
from integrations.models import Connection
from orders.models import (
    Address,
    AttentionKind,
    ChannelOrder,
    IntakeCursor,
    IntakeProblem,
    Order,
    OrderAttention,
    OrderEvent,
    OrderLine,
    Shipment,
    ShipmentLine,
)
from orders.states import OrderState
from tests import factories


@dataclass
class People:
    alice: User
    bob: User
    charlie: User
    dora: User


@pytest.fixture
def people(merchant: Merchant) -> People:
    other = factories.make_merchant(name="Other Goods")
    return People(
        alice=factories.make_member(merchant, Role.OWNER, "alice"),
        bob=factories.make_member(merchant, Role.VIEWER, "bob"),
        charlie=factories.make_member(other, Role.OWNER, "charlie"),
        dora=factories.make_user("dora", is_staff=True, is_superuser=True),
    )


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return enter


@dataclass
class Store:
    """One row of everything that a merchant's page can show."""

    shop: Shop
    center: FulfillmentCenter
    mapping: WarehouseMapping
    product: Product
    listing: Listing
    order: Order


@pytest.fixture
def store(merchant: Merchant, center: FulfillmentCenter) -> Store:
    shop = factories.make_shop(merchant, name="Paws & Co")
    mapping = factories.map_warehouse(shop, center)
    Connection.objects.create(
        shop=shop, access_token="secret-access", refresh_token="secret-refresh"
    )
    product = factories.make_product(merchant, sku="ROPE-1", title="Cotton rope dog toy")
    product.tags.add(Tag.objects.create(merchant=merchant, name="Dog toys"))
    factories.put_stock(product, center, 12)
    listing = make_listing(shop, product, mapping)
    order = make_order(shop, product, center)
    IntakeCursor.objects.create(shop=shop, updated_through=timezone.now())
    IntakeProblem.objects.create(
        shop=shop, external_id="577", reason="It has no lines.", next_attempt_at=timezone.now()
    )
    return Store(shop, center, mapping, product, listing, order)


def make_listing(shop: Shop, product: Product, mapping: WarehouseMapping) -> Listing:
    listing = Listing.objects.create(
        shop=shop,
        product=product,
        state=ListingState.REJECTED,
        category=factories.make_category(shop),
        problem="The title looks like spam.",
        problem_code="12052",
        problem_request_id="req-77",
        external_id="1729",
        missing=[{"field": "title", "sentence": "The title is too long.", "found": "300"}],
    )
    offer = Offer.objects.create(
        listing=listing,
        variant=product.variants.get(),
        external_id="sku-9",
        currency="USD",
        price_wanted=Decimal("19.90"),
    )
    OfferStock.objects.create(offer=offer, warehouse=mapping.warehouse, wanted=12)
    ListingEvent.objects.create(listing=listing, new=ListingState.REJECTED, reason="Review failed")
    return listing


def make_order(shop: Shop, product: Product, center: FulfillmentCenter) -> Order:
    now = timezone.now()
    money = {"sub_total": Decimal("18.90"), "seller_discount": Decimal(1), "tax": Decimal("1.50")}
    whole = ChannelOrder.objects.create(
        shop=shop,
        merchant=shop.merchant,
        external_id="5770001",
        status="awaiting_shipment",
        raw_status="AWAITING_SHIPMENT",
        created_on_channel_at=now,
        updated_on_channel_at=now,
        currency="USD",
        shipping_fee=Decimal(5),
        platform_discount=Decimal(0),
        other_fees=Decimal(0),
        total=Decimal("25.40"),
        **money,
    )
    Address.objects.create(
        channel_order=whole,
        name="Jane Doe",
        phone="+1 555 0100",
        lines=["1 Main St"],
        city="Reno",
        country="US",
        purge_after=now + timedelta(days=90),
    )
    order = Order.objects.create(
        channel_order=whole,
        merchant=shop.merchant,
        shop=shop,
        external_id="5770001",
        part="sku-9",
        seller_sku="ROPE-1",
        title="Cotton rope dog toy",
        variant=product.variants.get(),
        state=OrderState.UNSHIPPED,
        created_on_channel_at=now,
        due_at=now + timedelta(hours=20),
        fulfillment_center=center,
        quantity=1,
        reserved=1,
        currency="USD",
        **money,
    )
    line = OrderLine.objects.create(
        order=order,
        external_id="line-1",
        price=Decimal("18.90"),
        list_price=Decimal("19.90"),
        seller_discount=Decimal(1),
        platform_discount=Decimal(0),
        tax=Decimal("1.50"),
        currency="USD",
    )
    shipment = Shipment.objects.create(
        shop=shop, channel_order=whole, carrier="USPS", tracking_number="9400", shipped_at=now
    )
    ShipmentLine.objects.create(shipment=shipment, line=line)
    OrderAttention.objects.create(
        order=order, kind=AttentionKind.OVERSOLD, sentence="2 units are missing at Reno."
    )
    OrderEvent.objects.create(order=order, old="pending", new="unshipped", reason="Released")
    return order
