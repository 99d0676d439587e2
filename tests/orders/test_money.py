"""Every figure of an order is kept apart, and what does not add up is shown with its figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.tiktok.fields import Fields
from integrations.tiktok.orders_from_tiktok import order as read_order
from orders.models import AttentionKind, ChannelOrder, Order, OrderAttention
from orders.ports import RemoteOrder, RemotePayment
from orders.ports import RemoteOrderStatus as S
from orders.services import attention
from orders.services.recording import record
from tests.orders.memory_channel import PLACED, remote_order, usd
from tests.orders.test_any_order_of_messages import undone
from tests.orders.world import World, make_world, open_attentions

pytestmark = pytest.mark.django_db

CENTS = st.integers(0, 99_999).map(lambda cents: Decimal(cents) / 100)
FEES = ("retail_delivery_fee", "buyer_service_fee", "handling_fee", "small_order_fee")


def line(number: int, sku: str, paid: Decimal, by_seller: Decimal, by_channel: Decimal) -> Any:
    return {
        "id": f"u{number}",
        "sku_id": f"id-{sku}",
        "seller_sku": sku,
        "product_id": "1",
        "sale_price": str(paid),
        "original_price": str(paid + by_seller + by_channel),
        "seller_discount": str(by_seller),
        "platform_discount": str(by_channel),
        "currency": "USD",
    }


@st.composite
def payloads(draw: st.DrawFn) -> dict[str, Any]:
    """An order as the wire has it, whose figures follow the channel's formulas to the cent."""
    lines = [
        line(number, draw(st.sampled_from(("TEA", "MUG"))), draw(CENTS), draw(CENTS), draw(CENTS))
        for number in range(draw(st.integers(1, 4)))
    ]
    amounts = ("sale_price", "original_price", "seller_discount", "platform_discount")
    by = {name: sum(Decimal(one[name]) for one in lines) for name in amounts}
    fee, off_seller, off_channel, off_both, tax = (draw(CENTS) for _ in range(5))
    fees = {name: draw(CENTS) for name in draw(st.sets(st.sampled_from(FEES)))}
    in_price = draw(st.booleans())
    total = by["sale_price"] + fee + sum(fees.values()) + (0 if in_price else tax)
    figures = {
        "sub_total": by["sale_price"],
        "original_total_product_price": by["original_price"],
        "seller_discount": by["seller_discount"],
        "platform_discount": by["platform_discount"],
        "shipping_fee": fee,
        "original_shipping_fee": fee + off_seller + off_channel + off_both,
        "shipping_fee_seller_discount": off_seller,
        "shipping_fee_platform_discount": off_channel,
        "shipping_fee_cofunded_discount": off_both,
        "tax": tax,
        "total_amount": total,
        **fees,
    }
    return {
        "id": "577",
        "status": "ON_HOLD",
        "create_time": int(PLACED.timestamp()),
        "update_time": int(PLACED.timestamp()),
        "paid_time": int(PLACED.timestamp()),
        "payment": {"currency": "USD", **{name: str(value) for name, value in figures.items()}},
        "line_items": lines,
    }


def parsed(payload: dict[str, Any]) -> RemoteOrder:
    found = read_order(Fields(payload, "order"))
    assert isinstance(found, RemoteOrder)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    payloads(),
    st.sampled_from(("", "total_amount", "sub_total", "original_shipping_fee", "seller_discount")),
)
@undone
def test_figures_are_kept_apart_add_up_and_are_shown_when_they_do_not(
    payload: dict[str, Any], spoiled: str
) -> None:
    world = make_world()
    paid = payload["payment"]
    if spoiled:
        # Above every other figure, so that no other reading of the sum fits by chance.
        paid[spoiled] = str(Decimal(paid[spoiled]) + 5_000_000)
    record(world.shop, parsed(payload))
    head = ChannelOrder.objects.get()
    assert {
        "sub_total": head.sub_total,
        "original_total_product_price": head.list_total,
        "seller_discount": head.seller_discount,
        "platform_discount": head.platform_discount,
        "shipping_fee": head.shipping_fee,
        "original_shipping_fee": head.shipping_list,
        "shipping_fee_seller_discount": head.shipping_seller_discount,
        "shipping_fee_platform_discount": head.shipping_platform_discount,
        "shipping_fee_cofunded_discount": head.shipping_shared_discount,
        "tax": head.tax,
        "total_amount": head.total,
    } == {name: Decimal(paid[name]) for name in paid if name != "currency" and name not in FEES}
    assert head.other_fees == sum(Decimal(paid.get(name, 0)) for name in FEES)
    assert (head.unexplained != 0) is (spoiled in ("total_amount", "sub_total"))
    parts = list(Order.objects.all())
    for name, column in (("sale_price", "sub_total"), ("original_price", "list_total")):
        every = sum(Decimal(one[name]) for one in payload["line_items"])
        assert sum(getattr(part, column) for part in parts) == every
    flagged = OrderAttention.objects.filter(kind=AttentionKind.MONEY_DIFFERS)
    assert flagged.count() == bool(spoiled)


def odd_payment() -> RemotePayment:
    return RemotePayment(
        sub_total=usd("10.00"),
        shipping_fee=usd("4.99"),
        seller_discount=usd("0"),
        platform_discount=usd("0"),
        tax=usd("0.83"),
        total=usd("16.82"),
        other_fees=usd("0"),
    )


def test_an_order_whose_figures_do_not_add_up_comes_in_and_says_which(world: World) -> None:
    tea = world.variant(on_hand=5)
    record(world.shop, remote_order(payment=odd_payment()))
    assert OrderAttention.objects.get().sentence == (
        "The channel's own figures of this order do not add up (total: 16.82 USD stated, "
        "15.82 USD by its parts). They are kept as they came. Compare them with the order on the "
        "channel before you rely on them."
    )
    assert (ChannelOrder.objects.get().unexplained, world.figures(tea)) == (Decimal("1.00"), (5, 1))
    record(world.shop, remote_order(minutes=5))
    assert open_attentions() == []


def test_odd_figures_that_a_person_has_seen_are_not_shown_again(world: World) -> None:
    world.variant(on_hand=5)
    record(world.shop, remote_order(payment=odd_payment()))
    attention.dismiss(OrderAttention.objects.get(), by="ann")
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT, payment=odd_payment(), minutes=5))
    assert open_attentions() == []
