from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Listing, OfferStock, StockLevel, StockMovement
from catalog.services import listings, stock
from catalog.states import ListingState
from marketplace.kernel.errors import Refused
from tests import factories
from tests.support import promises

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant(merchant):
    return factories.make_product(merchant, sku="A").variants.get()


def level(variant, center) -> tuple[int, int]:
    row = StockLevel.objects.get(variant=variant, fulfillment_center=center)
    return row.on_hand, row.reserved


def test_reserving_more_than_on_hand_is_refused_and_leaves_no_trace(variant, center) -> None:
    stock.receive(variant, center, 1, reference="in")
    with pytest.raises(stock.NotEnoughStock, match="Not enough A at Reno: 2 wanted, 1 available"):
        promises.reserve(variant, center, 2, reference="order-1")
    assert level(variant, center) == (1, 0)
    assert StockMovement.objects.filter(reference="order-1").exists() is False


def test_repeating_a_reference_changes_nothing(variant, center) -> None:
    assert stock.receive(variant, center, 5, reference="in") is True
    assert stock.receive(variant, center, 5, reference="in") is False
    promises.reserve(variant, center, 2, reference="o")
    promises.reserve(variant, center, 2, reference="o")
    assert level(variant, center) == (5, 2)


def test_a_reservation_is_released_or_shipped(variant, center) -> None:
    stock.receive(variant, center, 5, reference="in")
    promises.reserve(variant, center, 2, reference="o1")
    promises.release(variant, center, 2, reference="o1:cancel")
    promises.reserve(variant, center, 3, reference="o2")
    promises.ship(variant, center, 3, reference="o2:ship")
    assert level(variant, center) == (2, 0)
    assert stock.available(variant, center) == 2


def test_a_count_below_what_is_promised_is_refused_in_plain_words(variant, center) -> None:
    stock.receive(variant, center, 5, reference="in")
    promises.reserve(variant, center, 4, reference="o1")
    with pytest.raises(Refused, match="5 on hand, 4 of them promised to orders"):
        stock.count(variant, center, 3, reference="count")
    assert level(variant, center) == (5, 4)


def test_a_count_books_the_difference_and_an_expected_count_changes_nothing(
    variant, center
) -> None:
    stock.receive(variant, center, 5, reference="in")
    assert stock.count(variant, center, 9, reference="c1") is True
    assert stock.count(variant, center, 9, reference="c2") is False
    movements = StockMovement.objects.order_by("pk").values_list("on_hand", flat=True)
    assert list(movements) == [5, 4, 0]


def test_a_count_that_is_read_again_after_a_sale_does_not_put_the_sold_units_back(
    variant, center
) -> None:
    stock.receive(variant, center, 5, reference="in")
    assert stock.count(variant, center, 5, reference="file-1") is False
    promises.reserve(variant, center, 2, reference="o")
    promises.ship(variant, center, 2, reference="o:ship")
    assert stock.count(variant, center, 5, reference="file-1") is False
    assert level(variant, center) == (3, 0)


@pytest.mark.parametrize("units", [0, -1])
def test_units_of_nothing_are_refused(variant, center, units) -> None:
    with pytest.raises(Refused, match="must be above zero"):
        stock.receive(variant, center, units, reference="in")


def test_a_level_that_differs_from_its_ledger_is_found(variant, center) -> None:
    stock.receive(variant, center, 5, reference="in")
    assert stock.drift() == []
    StockLevel.objects.update(on_hand=6)
    assert stock.drift() == ["A at Reno"]


def test_every_movement_carries_the_wanted_quantity_of_every_shop_along(
    merchant, shop, center
) -> None:
    product = factories.make_product(merchant)
    factories.put_stock(product, center, 7)
    listings.stage([product.pk], shop, by="test")
    assert OfferStock.objects.get().wanted == 7
    promises.reserve(product.variants.get(), center, 3, reference="o")
    assert OfferStock.objects.get().wanted == 4


def test_stock_of_an_unmapped_center_shows_nowhere(merchant, shop, center) -> None:
    product = factories.make_product(merchant)
    listings.stage([product.pk], shop, by="test")
    factories.put_stock(product, factories.make_center(merchant), 7)
    assert OfferStock.objects.get().wanted == 0


def test_the_first_unit_takes_quantity_off_the_reasons_and_the_last_brings_it_back(
    merchant, shop, center
) -> None:
    product = factories.make_product(merchant)
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get()
    listings.categorize([listing.pk], factories.make_category(shop), by="test")
    listing.refresh_from_db()
    assert [gap["field"] for gap in listing.missing] == ["quantity"]
    factories.put_stock(product, center, 1)
    listing.refresh_from_db()
    assert listing.state == ListingState.READY
    promises.reserve(product.variants.get(), center, 1, reference="o")
    listing.refresh_from_db()
    assert listing.state == ListingState.INCOMPLETE


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "reserve", "release", "ship", "give_back", "count"]),
        st.integers(0, 6),
        st.integers(0, 8),
    ),
    max_size=25,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(operations=OPERATIONS)
def test_whatever_is_asked_the_ledger_adds_up_and_nothing_is_promised_twice(
    variant, center, operations
) -> None:
    StockMovement.objects.all().delete()
    StockLevel.objects.all().delete()
    for verb, units, reference in operations:
        try:
            act = getattr(promises if hasattr(promises, verb) else stock, verb)
            act(variant, center, units, reference=f"{verb}-{reference}")
        except Refused:
            continue
    assert stock.drift() == []
    row = StockLevel.objects.filter(variant=variant).first()
    if row is not None:
        assert row.reserved >= 0
        assert row.available >= 0
