"""Stock of many orders is moved together."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import FulfillmentCenter, StockLevel, StockMovement, Variant
from catalog.services import stock
from catalog.services.booking import Booking
from marketplace.kernel.errors import Refused
from tests import factories
from tests.support import promises

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant(merchant) -> Variant:
    return factories.make_product(merchant, sku="A").variants.get()


def figures(variant: Variant, center: FulfillmentCenter) -> tuple[int, int]:
    row = StockLevel.objects.get(variant=variant, fulfillment_center=center)
    return row.on_hand, row.reserved


def test_nothing_happens_until_it_is_written(variant, center) -> None:
    stock.receive(variant, center, 5, reference="in")
    place = (variant.pk, center.pk)
    booking = Booking([place])
    booking.reserve(place, 2, reference="o", by="test")
    assert (booking.available(place), figures(variant, center)) == (3, (5, 0))
    booking.write()
    assert figures(variant, center) == (5, 2)
    assert list(StockMovement.objects.values_list("kind", "reserved", "reference")) == [
        ("reserve", 2, "o"),
        ("receive", 0, "in"),
    ]


def test_what_is_not_there_is_refused_and_leaves_no_trace(variant, center) -> None:
    stock.receive(variant, center, 1, reference="in")
    place, nowhere = (variant.pk, center.pk), (variant.pk, center.pk + 1)
    booking = Booking([place, nowhere])
    with pytest.raises(stock.NotEnoughStock, match="Not enough A at Reno: 2 wanted, 1 available"):
        booking.reserve(place, 2, reference="o", by="test")
    with pytest.raises(stock.NotEnoughStock):
        booking.reserve(nowhere, 1, reference="p", by="test")
    with pytest.raises(Refused, match="1 on hand, 0 of them promised"):
        booking.ship(place, 1, reference="q", by="test")
    booking.write()
    assert (figures(variant, center), StockMovement.objects.count()) == ((1, 0), 1)


def test_a_reference_that_was_used_changes_nothing(variant, center) -> None:
    stock.receive(variant, center, 5, reference="in")
    promises.reserve(variant, center, 2, reference="o")
    place = (variant.pk, center.pk)
    booking = Booking([place])
    booking.reserve(place, 2, reference="o", by="test")
    booking.reserve(place, 1, reference="p", by="test")
    booking.write()
    assert figures(variant, center) == (5, 3)
    assert stock.drift() == []


def test_the_queries_do_not_grow_with_the_lines(merchant, center) -> None:
    counts = []
    for first, lines in ((0, 3), (100, 40)):
        products = [factories.make_product(merchant, sku=f"S{first + n}") for n in range(lines)]
        places = []
        for product in products:
            factories.put_stock(product, center, 5)
            places.append((product.variants.get().pk, center.pk))
        with CaptureQueriesContext(connection) as queries:
            booking = Booking(places)
            for place in places:
                booking.reserve(place, 1, reference=f"o{place}", by="test")
            booking.write()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
    assert stock.drift() == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("reserve", "release", "ship")), st.integers(0, 1), st.integers(1, 4)
    ),
    max_size=12,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_it_books_what_is_there_and_refuses_the_rest(merchant, center, steps) -> None:
    with transaction.atomic():
        rows = [factories.make_product(merchant, sku=sku).variants.get() for sku in "AB"]
        for row in rows:
            stock.receive(row, center, 6, reference=f"in-{row.sku}")
        places = [(row.pk, center.pk) for row in rows]
        booking = Booking(places)
        expected = [(6, 0), (6, 0)]
        for number, (verb, which, units) in enumerate(steps):
            on_hand, reserved = expected[which]
            gone = units if verb == "ship" else 0
            after = (on_hand - gone, reserved + (units if verb == "reserve" else -units))
            is_possible = 0 <= after[1] <= after[0]
            try:
                getattr(booking, verb)(places[which], units, reference=f"r{number}", by="test")
            except Refused:
                assert not is_possible
            else:
                assert is_possible
                expected[which] = after
        booking.write()
        assert [figures(row, center) for row in rows] == expected
        assert stock.drift() == []
        transaction.set_rollback(True)
