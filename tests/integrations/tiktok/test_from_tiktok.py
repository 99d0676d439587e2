from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import CategoryPermission, WarehouseKind
from catalog.ports import AttributeValue, Dimensions, RemoteOffer, Weight
from catalog.states import ListingState, ReviewState
from integrations.tiktok import from_tiktok
from integrations.tiktok.fields import Fields
from integrations.tiktok.schemas import CategoryRow, WarehouseRow
from integrations.tiktok.schemas_products import ProductRow, SkuRow
from marketplace.kernel.money import Money

SOCKS: dict[str, Any] = {
    "id": "1729500100200300401",
    "title": "Merino socks",
    "status": "ACTIVATE",
    "description": "<p>Warm.</p>",
    "category_chains": [
        {"id": "600001", "local_name": "Womenswear"},
        {"id": "600155", "local_name": "Socks"},
    ],
    "brand": {"id": "70", "name": "Northwind"},
    "main_images": [{"uri": "tos/1", "urls": ["https://img.example/1.jpg"], "width": 900}],
    "package_dimensions": {"length": "10", "width": "6", "height": "2", "unit": "INCH"},
    "package_weight": {"value": "0.35", "unit": "POUND"},
    "product_attributes": [
        {"id": "100", "name": "Season", "values": [{"id": "7", "name": "All"}, {"name": "Snow"}]}
    ],
    "skus": [
        {
            "id": "411",
            "seller_sku": "SOCK-M",
            "price": {"currency": "USD", "sale_price": "19.99", "tax_exclusive_price": "18.99"},
            "inventory": [
                {"warehouse_id": "w1", "quantity": 118},
                {"warehouse_id": "w2", "quantity": 0},
            ],
            "identifier_code": {"code": "036000291452", "type": "UPC"},
            "sales_attributes": [
                {"id": "1", "name": "Color", "value_id": "9", "value_name": "Charcoal"},
                {"id": "2", "name": "Size", "value_id": "8", "value_name": "M"},
            ],
        }
    ],
    "audit": {"status": "APPROVED"},
    "video": {"id": "v9", "url": "https://video.example/9.mp4"},
    "update_time": 1791622200,
}


def product(**changes: Any) -> ProductRow:
    return ProductRow.parse(Fields({**SOCKS, **changes}, "product"))


def test_every_field_of_a_listing_comes_over() -> None:
    found = from_tiktok.listing(product())
    assert found.external_id == "1729500100200300401"
    assert found.title == "Merino socks"
    assert found.description == "<p>Warm.</p>"
    assert (found.category_id, found.category_path) == ("600155", "Womenswear > Socks")
    assert (found.brand_id, found.brand) == ("70", "Northwind")
    assert found.image_urls == ("https://img.example/1.jpg",)
    assert found.weight == Weight(Decimal("0.35"), "lb")
    assert found.dimensions == Dimensions(Decimal(10), Decimal(6), Decimal(2), "in")
    assert found.attributes == (
        AttributeValue("100", "7", "All", "Season"),
        AttributeValue("100", "", "Snow", "Season"),
    )
    assert found.offers == (
        RemoteOffer(
            external_id="411",
            seller_sku="SOCK-M",
            price=Money(Decimal("18.99"), "USD"),
            quantities={"w1": 118, "w2": 0},
            options=(("Color", "Charcoal"), ("Size", "M")),
            identifiers={"upc": "036000291452"},
        ),
    )
    assert (found.video_id, found.video_url) == ("v9", "https://video.example/9.mp4")
    assert found.status.seller_skus == ("SOCK-M",)


def test_a_bare_listing_comes_over_without_what_it_lacks() -> None:
    row = ProductRow.parse(Fields({"id": "1", "status": "DRAFT", "skus": [{"id": "2"}]}, "product"))
    found = from_tiktok.listing(row)
    assert (found.weight, found.dimensions, found.category_id) == (None, None, "")
    assert found.offers[0].price is None
    assert found.status.state is ListingState.INACTIVE


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", ListingState.IN_REVIEW),
        ("ACTIVATE", ListingState.ACTIVE),
        ("FAILED", ListingState.REJECTED),
        ("DRAFT", ListingState.INACTIVE),
        ("SELLER_DEACTIVATED", ListingState.INACTIVE),
        ("PLATFORM_DEACTIVATED", ListingState.INACTIVE),
        ("FREEZE", ListingState.INACTIVE),
        ("DELETED", ListingState.INACTIVE),
        ("INVENTED_IN_2030", ListingState.INACTIVE),
    ],
)
def test_a_listing_s_status_is_told_in_our_words_and_kept_in_the_channel_s(
    status: str, state: ListingState
) -> None:
    found = from_tiktok.status(product(status=status))
    assert (found.state, found.raw_status) == (state, status)


@pytest.mark.parametrize(
    ("audit", "review"),
    [
        ("AUDITING", ReviewState.IN_REVIEW),
        ("FAILED", ReviewState.FAILED),
        ("PRE_APPROVED", ReviewState.PRE_APPROVED),
        ("APPROVED", ReviewState.APPROVED),
        ("NONE", ReviewState.NONE),
        ("", ReviewState.NONE),
    ],
)
def test_the_review_is_told_apart_from_the_state(audit: str, review: ReviewState) -> None:
    assert from_tiktok.status(product(audit={"status": audit})).review is review


def test_a_failed_review_gives_its_reasons_in_the_channel_s_words() -> None:
    reasons = [
        {"position": "Title", "reasons": ["Looks like spam", "Too loud"], "suggestions": ["Calm"]},
        {"reasons": ["Blurred"]},
    ]
    found = from_tiktok.status(product(status="FAILED", audit_failed_reasons=reasons))
    assert found.reasons == ("Title: Looks like spam; Too loud (Calm)", "Blurred")


def test_a_listing_that_waits_for_a_permission_says_for_which() -> None:
    audit = {"status": "PRE_APPROVED", "pre_approved_reasons": ["RESTRICTED_CATEGORY_PENDING"]}
    (reason,) = from_tiktok.status(product(audit=audit)).reasons
    assert "by invitation only" in reason


@given(st.decimals(min_value="0.01", max_value="9999999", places=2))
def test_a_price_comes_over_to_the_cent(amount: Decimal) -> None:
    price = {"currency": "USD", "tax_exclusive_price": str(amount)}
    row = SkuRow.parse(Fields({"id": "1", "price": price}, "sku"))
    assert from_tiktok.offer(row).price == Money(amount, "USD")


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        ({"sale_price": "5", "tax_exclusive_price": ""}, "5"),
        ({"sale_price": "5"}, "5"),
        ({"amount": "7"}, "7"),
    ],
)
def test_a_price_is_found_under_each_of_its_names(price: dict[str, str], amount: str) -> None:
    row = SkuRow.parse(Fields({"id": "1", "price": {"currency": "GBP", **price}}, "sku"))
    assert from_tiktok.offer(row).price == Money(Decimal(amount), "GBP")


@pytest.mark.parametrize(
    ("kind", "ours"), [("UPC", "upc"), ("GTIN", "gtin"), ("EAN", "ean"), ("JAN", "ean")]
)
def test_an_identifier_keeps_its_kind(kind: str, ours: str) -> None:
    row = SkuRow.parse(Fields({"id": "1", "identifier_code": {"type": kind, "code": "5"}}, "sku"))
    assert from_tiktok.offer(row).identifiers == {ours: "5"}


@pytest.mark.parametrize(
    ("kind", "status", "ours", "enabled"),
    [
        ("SALES_WAREHOUSE", "ENABLED", WarehouseKind.SALES, True),
        ("SALES_WAREHOUSE", "RESTRICTED", WarehouseKind.SALES, False),
        ("RETURN_WAREHOUSE", "ENABLED", WarehouseKind.RETURN, True),
    ],
)
def test_a_return_warehouse_is_told_from_one_that_sells(
    kind: str, status: str, ours: WarehouseKind, enabled: bool
) -> None:
    content = {
        "id": "1",
        "name": "East",
        "type": kind,
        "effect_status": status,
        "address": {"region_code": "US", "state": "Nevada", "city": "Reno"},
    }
    found = from_tiktok.warehouse(WarehouseRow.parse(Fields(content, "warehouse")))
    assert (found.kind, found.is_enabled, found.location) == (ours, enabled, "Reno, Nevada, US")


@pytest.mark.parametrize(
    ("statuses", "permission"),
    [
        (["AVAILABLE"], CategoryPermission.AVAILABLE),
        ([], CategoryPermission.AVAILABLE),
        (["INVITE_ONLY", "NON_MAIN_CATEGORY"], CategoryPermission.INVITE_ONLY),
        (["NON_MAIN_CATEGORY"], CategoryPermission.NOT_MAIN),
        (["INVITE_ONLY", "PROHIBITED"], CategoryPermission.PROHIBITED),
    ],
)
def test_of_several_permissions_the_strictest_counts(
    statuses: list[str], permission: CategoryPermission
) -> None:
    content = {"id": "5", "parent_id": "0", "permission_statuses": statuses}
    found = from_tiktok.category(CategoryRow.parse(Fields(content, "category")))
    assert (found.permission, found.parent_id) == (permission, "")
