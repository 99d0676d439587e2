from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.tiktok.fields import Fields
from integrations.tiktok.orders_from_tiktok import order
from marketplace.kernel.money import Money
from orders.ports import RemoteAddress, RemoteOrder, RemoteOrderStatus, UnreadableOrder

ADDRESS: dict[str, Any] = {
    "name": "Alex Morgan",
    "phone_number": "(+1)415-555-0132",
    "region_code": "US",
    "postal_code": "94110",
    "full_address": "88 Example Street, Apt 5, San Francisco",
    "address_line1": "88 Example Street",
    "address_line2": "Apt 5",
    "address_line3": "",
    "district_info": [
        {"address_level": "L0", "address_level_name": "Country", "address_name": "United States"},
        {
            "address_level": "L1",
            "address_level_name": "State",
            "address_name": "California",
            "iso_code": "US-CA",
        },
        {"address_level": "L2", "address_level_name": "County", "address_name": "Frisco County"},
        {"address_level": "L3", "address_level_name": "City", "address_name": "San Francisco"},
    ],
}


def unit(key: str, sku: str, price: str = "19.99", **changes: Any) -> dict[str, Any]:
    return {
        "id": key,
        "sku_id": sku,
        "seller_sku": f"OUR-{sku}",
        "product_id": "1",
        "product_name": "Socks",
        "sku_name": "Olive, M",
        "currency": "USD",
        "sale_price": price,
        "original_price": "21.99",
        "seller_discount": "2.00",
        "platform_discount": "0",
        "item_tax": [{"tax_amount": "1.00"}, {"tax_amount": "0.73"}],
        "display_status": "AWAITING_SHIPMENT",
        **changes,
    }


ORDER: dict[str, Any] = {
    "id": "577",
    "status": "AWAITING_SHIPMENT",
    "create_time": 1791795000,
    "update_time": 1791798660,
    "paid_time": 1791795060,
    "fulfillment_type": "FULFILLMENT_BY_SELLER",
    "shipping_type": "SELLER",
    "delivery_option_id": "73",
    "delivery_option_name": "Standard",
    "warehouse_id": "w1",
    "rts_sla_time": 1792054200,
    "cancel_order_sla_time": 1792227000,
    "buyer_message": "Side door",
    "payment": {
        "currency": "USD",
        "sub_total": "39.98",
        "shipping_fee": "4.99",
        "seller_discount": "4.00",
        "platform_discount": "0",
        "tax": "3.46",
        "total_amount": "48.93",
        "retail_delivery_fee": "0.50",
    },
    "recipient_address": ADDRESS,
    "packages": [{"id": "p1"}],
    "line_items": [unit("u1", "s1"), unit("u2", "s1")],
}


def read(**changes: Any) -> RemoteOrder:
    found = order(Fields({**ORDER, **changes}, "order"))
    assert isinstance(found, RemoteOrder)
    return found


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def test_an_order_comes_over_whole() -> None:
    found = read()
    assert (found.external_id, found.status) == ("577", RemoteOrderStatus.AWAITING_SHIPMENT)
    assert found.created_at == datetime(2026, 10, 12, 8, 50, tzinfo=UTC)
    assert found.ship_by == datetime(2026, 10, 15, 8, 50, tzinfo=UTC)
    assert found.auto_cancel_at == datetime(2026, 10, 17, 8, 50, tzinfo=UTC)
    assert (found.warehouse_id, found.delivery_option_id) == ("w1", "73")
    assert (found.buyer, found.buyer_note) == ("Alex Morgan", "Side door")
    assert found.package_ids == ("p1",)
    assert (found.ships_itself, found.fulfilled_by_channel) == (False, False)
    first = found.units[0]
    assert (first.external_id, first.sku_id, first.seller_sku) == ("u1", "s1", "OUR-s1")
    assert (first.price, first.original_price) == (usd("19.99"), usd("21.99"))
    assert (first.seller_discount, first.tax) == (usd("2"), usd("1.73"))


def test_an_order_s_money_adds_up_to_its_total() -> None:
    paid = read().payment
    assert paid.other_fees == usd("0.50")
    assert paid.sub_total + paid.shipping_fee + paid.tax + paid.other_fees == paid.total


def test_an_address_is_read_from_its_districts() -> None:
    assert read().address == RemoteAddress(
        name="Alex Morgan",
        phone="(+1)415-555-0132",
        lines=("88 Example Street", "Apt 5"),
        city="San Francisco",
        state="CA",
        postal_code="94110",
        country="US",
        is_masked=False,
    )


def test_a_british_address_has_its_post_town() -> None:
    address = {**ADDRESS, "region_code": "GB", "post_town": "Leeds", "district_info": []}
    found = read(recipient_address=address).address
    assert found is not None
    assert (found.city, found.state, found.country) == ("Leeds", "", "GB")


def test_a_hidden_address_is_known_to_be_hidden() -> None:
    address = {"name": "A***n", "full_address": "8***", "region_code": "US"}
    found = read(recipient_address=address, shipping_type="TIKTOK")
    assert found.ships_itself is True
    assert found.address is not None
    assert found.address.is_masked is True
    assert found.address.lines == ("8***",)


@pytest.mark.parametrize("address", [None, {}])
def test_an_order_on_hold_has_no_address(address: Any) -> None:
    found = read(status="ON_HOLD", recipient_address=address, buyer_nickname="al")
    assert (found.status, found.address, found.buyer) == (RemoteOrderStatus.ON_HOLD, None, "al")


def test_an_order_fulfilled_by_the_channel_is_shipped_by_it_too() -> None:
    found = read(fulfillment_type="FULFILLMENT_BY_TIKTOK")
    assert (found.ships_itself, found.fulfilled_by_channel) == (True, True)


@pytest.mark.parametrize("status", ["CANCEL", "CANCELLED"])
def test_both_spellings_of_canceled_are_understood(status: str) -> None:
    items = [unit("u1", "s1", display_status=status), unit("u2", "s1")]
    found = read(status=status, line_items=items)
    assert found.status is RemoteOrderStatus.CANCELED
    assert [item.is_canceled for item in found.units] == [True, False]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "MELTED"}, "the order's status “MELTED” is not one we know"),
        ({"line_items": [{"id": "u1"}]}, "order.line_items[0].sku_id is missing"),
        ({"payment": None}, "order.payment is missing"),
        (
            {"payment": {"currency": "USD", "total_amount": "1e99"}},
            "order.payment.total_amount is not an amount",
        ),
        ({"update_time": "soon"}, "order.update_time is not a whole number"),
    ],
)
def test_an_order_that_cannot_be_read_is_named_with_the_reason(
    changes: dict[str, Any], reason: str
) -> None:
    changed_at = None if "update_time" in changes else datetime(2026, 10, 12, 9, 51, tzinfo=UTC)
    found = order(Fields({**ORDER, **changes}, "order"))
    assert found == UnreadableOrder("577", reason, changed_at)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ecom_order_to_ship_canceled_reason_no_longer_needed", "No longer needed"),
        ("seller_cancel_reason_out_of_stock", "Out of stock"),
        ("I changed my mind", "I changed my mind"),
        ("", ""),
    ],
)
def test_the_name_of_a_reason_becomes_words(name: str, words: str) -> None:
    assert read(cancel_reason=name).cancel_reason == words


def test_the_buyers_free_hour_counts_as_on_hold_under_either_name() -> None:
    found = read(status="AWAITING_SHIPMENT", is_on_hold_order=True)
    assert (found.status, found.raw_status) == (RemoteOrderStatus.ON_HOLD, "AWAITING_SHIPMENT")


def test_an_order_written_out_for_a_log_shows_no_payload() -> None:
    assert "v4@chat.example" not in repr(read(buyer_email="v4@chat.example"))


units = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2", "s3"]),
        st.decimals(min_value=0, max_value=9999, places=2),
    ),
    min_size=1,
    max_size=30,
)


@given(units)
def test_no_unit_and_no_cent_is_lost(items: list[tuple[str, Decimal]]) -> None:
    lines = [unit(f"u{n}", sku, str(price)) for n, (sku, price) in enumerate(items)]
    total = sum((price for _sku, price in items), Decimal(0))
    payment = {"currency": "USD", "sub_total": str(total), "total_amount": str(total)}
    found = read(line_items=lines, payment=payment)
    assert Counter(item.sku_id for item in found.units) == Counter(sku for sku, _ in items)
    assert sum((item.price.amount for item in found.units), Decimal(0)) == total
    assert found.payment.total == usd(str(total))
    assert found.payment.other_fees == usd("0")


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
junk = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(st.sampled_from(sorted(ORDER)), junk)
def test_no_payload_breaks_the_stream(name: str, value: Any) -> None:
    found = order(Fields({**ORDER, name: value}, "order"))
    assert isinstance(found, RemoteOrder | UnreadableOrder)
