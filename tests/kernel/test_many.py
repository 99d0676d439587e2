"""Columns of many rows, written in one statement."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from catalog.models import Listing, Merchant, Offer, Product, Shop, Variant
from catalog.services import listings
from marketplace.kernel import many
from tests import factories

pytestmark = pytest.mark.django_db

TITLE = "“Rope”, it's {x} %s"


@pytest.fixture
def rows(shop: Shop) -> list[Listing]:
    products = [factories.make_product(shop.merchant, with_image=False).pk for _ in range(3)]
    listings.stage(products, shop, by="test")
    return list(Listing.objects.order_by("pk"))


def test_each_row_gets_values_of_its_own_in_one_statement(
    rows: list[Listing], django_assert_num_queries: Any
) -> None:
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    values = [
        ([{"field": 'it’s "quoted" – “so”', "n": 1}], "a'b%s", moment),
        ([], "", None),
        ([1, None, "x"], "{c,d}", moment),
    ]
    for row, (missing, text, queued) in zip(rows, values, strict=True):
        row.missing, row.content_hash, row.queued_at = missing, text, queued
        row.title = "not to be written"
    with django_assert_num_queries(1):
        many.write(rows, ["missing", "content_hash", "queued_at"])
    found = Listing.objects.order_by("pk").values_list(
        "missing", "content_hash", "queued_at", "title"
    )
    assert list(found) == [(*value, "") for value in values]


def test_amounts_and_relations_keep_their_kind(rows: list[Listing], shop: Shop) -> None:
    offers = list(Offer.objects.order_by("pk"))
    other = factories.make_product(shop.merchant, with_image=False).variants.get()
    offers[0].price_wanted, offers[1].price_wanted = Decimal("12.50"), None
    offers[2].variant = other
    many.write(offers, ["price_wanted", "variant"])
    assert list(Offer.objects.order_by("pk").values_list("price_wanted", "variant")) == [
        (Decimal("12.50"), offers[0].variant_id),
        (None, offers[1].variant_id),
        (offers[2].price_wanted, other.pk),
    ]


def test_nothing_is_asked_of_the_database_for_no_row(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        many.write([], ["name"])


def test_a_state_is_left_to_its_machine(rows: list[Listing]) -> None:
    with pytest.raises(ValueError, match="machine"):
        many.write(rows, ["missing", "state"])


def test_other_rows_stay_as_they_are(merchant: Merchant) -> None:
    other = factories.make_merchant()
    merchant.name, before = "Renamed", other.name
    many.write([merchant], ["name"])
    assert set(Merchant.objects.values_list("name", flat=True)) == {"Renamed", before}


def test_new_rows_get_ids_and_stamps_and_the_ids_of_their_parents(
    merchant: Merchant, django_assert_num_queries: Any
) -> None:
    first = factories.make_product(merchant, with_image=False)
    products = [
        Product(
            merchant=merchant, sku=f"P-{n}", title="“Rope”, it's {x} %s", option_names=["Color"]
        )
        for n in range(3)
    ]
    variants = [
        Variant(merchant=merchant, product=row, sku=row.sku, price=Decimal("1.50"), options=["Red"])
        for row in products
    ]
    with django_assert_num_queries(4):
        many.insert(products)
        many.insert(variants)
    found = Variant.objects.exclude(product=first).order_by("pk").select_related("product")
    assert list(found) == variants
    assert [row.product for row in found] == products
    assert found[0].product.title == TITLE
    assert (found[0].options, found[0].price, found[0].weight) == (["Red"], Decimal("1.50"), None)
    assert found[0].created_at == variants[0].created_at is not None
    products[0].title = "Saved again"
    products[0].save()
    later = factories.make_product(merchant, with_image=False)
    assert later.pk > products[-1].pk
    assert Product.objects.count() == 5


def test_a_value_that_is_too_long_is_refused_and_never_cut(rows: list[Listing]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps texts of any length")
    rows[0].content_hash = "x" * 65
    with pytest.raises(DataError), transaction.atomic():
        many.write(rows, ["content_hash"])


def test_a_row_that_is_there_already_is_refused(merchant: Merchant) -> None:
    known = factories.make_product(merchant, with_image=False)
    twin = Product(merchant=merchant, sku=known.sku, title="Twin")
    with pytest.raises(IntegrityError), transaction.atomic():
        many.insert([twin])
