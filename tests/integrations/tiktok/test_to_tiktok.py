from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.ports import (
    AttributeValue,
    CertificateDraft,
    Dimensions,
    ListingDraft,
    OfferDraft,
    Weight,
)
from integrations.tiktok.to_tiktok import (
    dimensions,
    edited_parts,
    edited_product,
    new_product,
    price,
    price_changes,
    weight,
)
from marketplace.kernel.money import Money


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


SIMPLE = ListingDraft(
    key="listing-1-a",
    title="Rope ball for dogs",
    description="<p>Strong.</p>",
    category_id="600155",
    image_uris=("tos/1", "tos/2"),
    weight=Weight(Decimal("350"), "g"),
    offers=(OfferDraft("ROPE", usd("12.5"), {"w1": 3, "w2": 0}),),
)


def variant(sku: str, *options: tuple[str, str], image: str = "", key: str = "") -> OfferDraft:
    return OfferDraft(sku, usd("9"), {"w1": 1}, options, image_uri=image, external_id=key)


def test_a_simple_product_is_sent_whole() -> None:
    draft = replace(
        SIMPLE,
        brand_id="70",
        dimensions=Dimensions(Decimal("10.2"), Decimal(6), Decimal(2), "cm"),
        attributes=(
            AttributeValue("100", "7", "All Season"),
            AttributeValue("100", "8", "Winter"),
            AttributeValue("101", "", "Merino wool blend"),
        ),
        certificates=(CertificateDraft("55", ("tos/9",), "2027-01-31"),),
        size_chart_uri="tos/chart",
    )
    assert new_product(draft, region="US") == {
        "save_mode": "LISTING",
        "title": "Rope ball for dogs",
        "description": "<p>Strong.</p>",
        "category_id": "600155",
        "brand_id": "70",
        "main_images": [{"uri": "tos/1"}, {"uri": "tos/2"}],
        "package_weight": {"value": "0.35", "unit": "KILOGRAM"},
        "package_dimensions": {
            "length": "11",
            "width": "6",
            "height": "2",
            "unit": "CENTIMETER",
        },
        "product_attributes": [
            {"id": "100", "values": [{"id": "7"}, {"id": "8"}]},
            {"id": "101", "values": [{"name": "Merino wool blend"}]},
        ],
        "certifications": [
            {"id": "55", "images": [{"uri": "tos/9"}], "expiration_date": 1801353600}
        ],
        "size_chart": {"image": {"uri": "tos/chart"}},
        "idempotency_key": "listing-1-a",
        "external_product_id": "listing-1-a",
        "skus": [
            {
                "seller_sku": "ROPE",
                "price": {"amount": "12.50", "currency": "USD"},
                "inventory": [
                    {"warehouse_id": "w1", "quantity": 3},
                    {"warehouse_id": "w2", "quantity": 0},
                ],
            }
        ],
    }


def test_what_a_listing_does_not_have_is_not_sent() -> None:
    payload = new_product(SIMPLE, region="US")
    absent = {"brand_id", "package_dimensions", "certifications", "size_chart"}
    assert absent & set(payload) == set()


@pytest.mark.parametrize(
    ("identifiers", "sent"),
    [
        ({"gtin": "2", "upc": "1", "ean": "3"}, {"type": "UPC", "code": "1"}),
        ({"ean": "3", "gtin": "2"}, {"type": "GTIN", "code": "2"}),
        ({"isbn": "4", "ean": "3"}, {"type": "EAN", "code": "3"}),
        ({"isbn": "4"}, {"type": "ISBN", "code": "4"}),
        ({"upc": "", "ean": "3"}, {"type": "EAN", "code": "3"}),
        ({}, None),
    ],
)
def test_of_several_identifiers_the_upc_is_sent(
    identifiers: dict[str, str], sent: dict[str, str] | None
) -> None:
    offer = replace(SIMPLE.offers[0], identifiers=identifiers)
    (sku,) = new_product(replace(SIMPLE, offers=(offer,)), region="US")["skus"]
    assert sku.get("identifier_code") == sent


def test_options_keep_their_order_and_the_first_one_carries_the_pictures() -> None:
    offers = (
        variant("R-M", ("Color", "Red"), ("Size", "M"), image="tos/red"),
        variant("R-L", ("Color", "Red"), ("Size", "L"), image="tos/red-again"),
        variant("B-M", ("Color", "Blue"), ("Size", "M"), image="tos/blue"),
    )
    skus = new_product(replace(SIMPLE, offers=offers), region="US")["skus"]
    assert [sku["sales_attributes"] for sku in skus] == [
        [
            {"name": "Color", "value_name": color, "sku_img": {"uri": uri}},
            {"name": "Size", "value_name": size},
        ]
        for color, size, uri in [
            ("Red", "M", "tos/red"),
            ("Red", "L", "tos/red"),
            ("Blue", "M", "tos/blue"),
        ]
    ]


def test_without_a_picture_for_every_color_none_is_sent() -> None:
    offers = (
        variant("R", ("Color", "Red"), image="tos/red"),
        variant("B", ("Color", "Blue")),
    )
    skus = new_product(replace(SIMPLE, offers=offers), region="US")["skus"]
    assert [sku["sales_attributes"] for sku in skus] == [
        [{"name": "Color", "value_name": "Red"}],
        [{"name": "Color", "value_name": "Blue"}],
    ]


SIZED = replace(SIMPLE, dimensions=Dimensions(Decimal(20), Decimal(10), Decimal(5), "cm"))


@pytest.mark.parametrize(
    ("draft", "parts", "names"),
    [
        (SIMPLE, {"title"}, {"title"}),
        (SIMPLE, {"images", "description"}, {"main_images", "description"}),
        (SIZED, {"package"}, {"package_weight", "package_dimensions"}),
        (replace(SIMPLE, brand_id="7"), {"brand"}, {"brand_id"}),
        # What is empty by now must be cleared there, which only the whole product does.
        (SIMPLE, {"title", "package"}, None),
        (SIMPLE, {"brand"}, None),
        (SIMPLE, {"attributes"}, None),
        # These cannot be sent alone, and what nobody knows is not left out.
        (SIMPLE, {"category"}, None),
        (SIMPLE, {"title", "variants"}, None),
        (SIMPLE, {"title", "horoscope"}, None),
        (SIMPLE, set(), None),
    ],
)
def test_only_what_can_be_changed_alone_is_sent_alone(
    draft: ListingDraft, parts: set[str], names: set[str] | None
) -> None:
    payload = edited_parts(draft, parts, region="US")
    assert (payload and set(payload)) == (names and names | {"save_mode"})


def test_an_edit_leaves_price_and_quantity_of_known_skus_alone() -> None:
    offers = (
        variant("OLD", ("Color", "Red"), key="1729"),
        variant("NEW", ("Color", "Blue")),
    )
    payload = edited_product(replace(SIMPLE, offers=offers), region="US")
    old, new = payload["skus"]
    assert (old["id"], "price" in old, "inventory" in old) == ("1729", False, False)
    assert "id" not in new
    assert new["price"] == {"amount": "9.00", "currency": "USD"}
    assert new["inventory"] == [{"warehouse_id": "w1", "quantity": 1}]
    assert "idempotency_key" not in payload


@pytest.mark.parametrize(
    ("value", "unit", "region", "dimension_unit", "sent"),
    [
        ("350", "g", "US", "", ("0.35", "KILOGRAM")),
        ("12", "oz", "US", "", ("0.75", "POUND")),
        ("2.5", "lb", "US", "", ("2.5", "POUND")),
        ("1", "kg", "US", "in", ("2.2", "POUND")),
        ("2.5", "lb", "US", "cm", ("1.134", "KILOGRAM")),
        ("2.5", "lb", "GB", "", ("1.134", "KILOGRAM")),
        ("350", "g", "GB", "", ("0.35", "KILOGRAM")),
        ("350.6", "g", "MX", "", ("351", "GRAM")),
        ("12", "oz", "MX", "", ("0.34", "KILOGRAM")),
        ("0.2", "g", "US", "", ("0.001", "KILOGRAM")),
        ("0.01", "oz", "US", "", ("0.01", "POUND")),
        ("100", "kg", "US", "", ("100", "KILOGRAM")),
    ],
)
def test_a_weight_is_sent_in_a_unit_that_the_region_takes(
    value: str, unit: str, region: str, dimension_unit: str, sent: tuple[str, str]
) -> None:
    size = Dimensions(Decimal(1), Decimal(1), Decimal(1), dimension_unit)
    found = weight(
        Weight(Decimal(value), unit), region=region, dimensions=size if dimension_unit else None
    )
    assert (found["value"], found["unit"]) == sent


@pytest.mark.parametrize(
    ("length", "unit", "region", "sent"),
    [
        ("10", "in", "US", ("10", "INCH")),
        ("10.01", "in", "US", ("11", "INCH")),
        ("10", "in", "GB", ("26", "CENTIMETER")),
        ("25.4", "cm", "US", ("26", "CENTIMETER")),
        ("0.3", "cm", "DE", ("1", "CENTIMETER")),
    ],
)
def test_dimensions_are_whole_numbers_rounded_up(
    length: str, unit: str, region: str, sent: tuple[str, str]
) -> None:
    side = Decimal(length)
    found = dimensions(Dimensions(side, side, side, unit), region=region)
    assert (found["length"], found["unit"]) == sent
    assert found["length"] == found["width"] == found["height"]


@given(
    value=st.decimals(min_value="0.001", max_value="99999", places=3),
    unit=st.sampled_from(["g", "kg", "oz", "lb"]),
    region=st.sampled_from(["US", "GB", "DE", "MX", "JP", "XX"]),
    size_unit=st.sampled_from(["", "cm", "in"]),
)
def test_weight_and_dimensions_are_always_of_one_system_and_never_zero(
    value: Decimal, unit: str, region: str, size_unit: str
) -> None:
    size = Dimensions(Decimal(1), Decimal(1), Decimal(1), size_unit) if size_unit else None
    found = weight(Weight(value, unit), region=region, dimensions=size)
    assert Decimal(found["value"]) > 0
    assert "E" not in found["value"]
    if size:
        imperial = dimensions(size, region=region)["unit"] == "INCH"
        assert imperial == (found["unit"] == "POUND")


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(Decimal("12.5"), "USD"), "12.50"),
        (Money(Decimal(1234567), "USD"), "1234567.00"),
        (Money(Decimal("1980"), "JPY"), "1980"),
        (Money(Decimal("5E+4"), "VND"), "50000"),
    ],
)
def test_a_price_is_a_plain_number(money: Money, amount: str) -> None:
    assert price(money) == {"amount": amount, "currency": money.currency}


def test_price_changes_name_the_channel_s_skus() -> None:
    assert price_changes({"17": usd("3.99")}) == [
        {"id": "17", "price": {"amount": "3.99", "currency": "USD"}}
    ]
