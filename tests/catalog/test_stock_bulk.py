"""Many counts at once, by the file and by the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import (
    FulfillmentCenter,
    Listing,
    Merchant,
    OfferStock,
    Shop,
    StockLevel,
    StockMovement,
    Variant,
)
from catalog.services import listings, stock
from catalog.services.stock import Count
from marketplace.kernel.errors import Refused
from tests import factories
from tests.support import promises

pytestmark = pytest.mark.django_db

_worlds = count(1)


@dataclass
class World:
    """Two variants at two mapped places, with units on hand and promised at some of them."""

    name: str
    variants: list[Variant]
    centers: list[FulfillmentCenter]

    def figures(self) -> list[tuple[int, int, int, int]]:
        return [
            (v, c, row.on_hand, row.reserved)
            for v, variant in enumerate(self.variants)
            for c, center in enumerate(self.centers)
            for row in StockLevel.objects.filter(variant=variant, fulfillment_center=center)
        ]

    def ledger(self) -> list[tuple[object, ...]]:
        places = {row.pk: n for n, row in enumerate(self.variants)}
        centers = {row.pk: n for n, row in enumerate(self.centers)}
        rows = StockMovement.objects.filter(variant__in=self.variants, kind="count").order_by("pk")
        return [
            (
                places[row.variant_id],
                centers[row.fulfillment_center_id],
                row.on_hand,
                row.reserved,
                row.reference.removeprefix(self.name),
                row.by,
                row.note,
            )
            for row in rows
        ]

    def wanted(self) -> list[int]:
        rows = OfferStock.objects.filter(offer__variant__in=self.variants)
        return list(rows.order_by("pk").values_list("wanted", flat=True))

    def readiness(self) -> list[tuple[str, list[str]]]:
        rows = Listing.objects.filter(offers__variant__in=self.variants).order_by("pk")
        return [(row.state, [gap["field"] for gap in row.missing]) for row in rows]


def make_world(start: list[tuple[int, int]]) -> World:
    """`start` has (on hand, reserved) of each variant at each center, None where no level is."""
    name = f"world-{next(_worlds)}:"
    merchant = factories.make_merchant()
    shop = factories.make_shop(merchant)
    centers = [factories.make_center(merchant, name=f"Center {n}") for n in (1, 2)]
    for center in centers:
        factories.map_warehouse(shop, center)
    products = [factories.make_product(merchant, sku=f"SKU-{n}", with_image=False) for n in (1, 2)]
    listings.stage([row.pk for row in products], shop, by="test")
    world = World(name, [row.variants.get() for row in products], centers)
    for place, (on_hand, reserved) in enumerate(start):
        variant, center = world.variants[place // 2], centers[place % 2]
        if on_hand:
            stock.receive(variant, center, on_hand, reference=f"{name}in:{place}")
        if reserved:
            promises.reserve(variant, center, reserved, reference=f"{name}order:{place}")
    return world


def one_by_one(world: World, rows: list[tuple[int, int, int, str]]) -> stock.CountReport:
    report = stock.CountReport()
    for variant, center, units, reference in rows:
        try:
            changed = stock.count(
                world.variants[variant],
                world.centers[center],
                units,
                reference=world.name + reference,
                by="Ann",
                note="sheet",
            )
        except Refused as refusal:
            report.refused.append((reference, refusal.message.replace(world.name, "")))
            continue
        report.changed += changed
        report.unchanged += not changed
    return report


def together(world: World, rows: list[tuple[int, int, int, str]]) -> stock.CountReport:
    counts = [
        Count(world.variants[v].pk, world.centers[c].pk, units, world.name + reference)
        for v, c, units, reference in rows
    ]
    report = stock.count_many(counts, by="Ann", note="sheet")
    report.refused = [(ref.removeprefix(world.name), text) for ref, text in report.refused]
    return report


LEVELS = st.integers(0, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
ROWS = st.lists(
    st.tuples(
        st.integers(0, 1), st.integers(0, 1), st.integers(-1, 5), st.sampled_from(["a", "b", "c"])
    ),
    max_size=7,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.lists(LEVELS, min_size=4, max_size=4), rows=ROWS)
def test_many_counts_do_what_the_same_counts_do_one_by_one(start, rows) -> None:
    single, bulk = make_world(start), make_world(start)
    assert together(bulk, rows) == one_by_one(single, rows)
    assert bulk.figures() == single.figures()
    assert bulk.ledger() == single.ledger()
    assert bulk.wanted() == single.wanted()
    assert bulk.readiness() == single.readiness()
    assert stock.drift() == []


def test_a_refused_count_does_not_stop_the_counts_around_it() -> None:
    world = make_world([(5, 4), (0, 0), (2, 0), (0, 0)])
    report = together(world, [(0, 0, 3, "low"), (1, 0, 9, "fine"), (1, 1, -1, "odd")])
    assert (report.changed, report.unchanged) == (1, 0)
    assert report.refused == [
        (
            "low",
            "Counted is not possible for SKU-1 at Center 1: 5 on hand, 4 of them promised to "
            "orders.",
        ),
        ("odd", "A count cannot be negative: -1."),
    ]
    assert world.figures() == [(0, 0, 5, 4), (1, 0, 9, 0)]


def test_an_expected_count_leaves_a_ledger_line_and_reading_it_again_leaves_none() -> None:
    world = make_world([(5, 0)])
    rows = [(0, 0, 5, "file")]
    assert together(world, rows).unchanged == 1
    stock.receive(world.variants[0], world.centers[0], 2, reference="later")
    assert together(world, rows).unchanged == 1
    assert world.ledger() == [(0, 0, 0, 0, "file", "Ann", "sheet")]
    assert world.figures() == [(0, 0, 7, 0)]


def test_more_counts_than_fit_in_one_transaction_are_all_booked(
    merchant: Merchant, center: FulfillmentCenter
) -> None:
    product = factories.make_product(merchant, sku="P")
    variants = Variant.objects.bulk_create(
        Variant(merchant=merchant, product=product, sku=f"V{n}", position=n) for n in range(1101)
    )
    counts = [Count(row.pk, center.pk, 1, f"c:{row.pk}") for row in variants]
    assert stock.count_many(counts).changed == 1101
    assert StockLevel.objects.filter(on_hand=1).count() == 1101
    assert stock.drift() == []


def test_a_chunk_of_counts_costs_the_same_queries_whatever_its_size(
    merchant: Merchant, shop: Shop, center: FulfillmentCenter
) -> None:
    def queries(number: int) -> int:
        products = [factories.make_product(merchant) for _ in range(number)]
        listings.stage([row.pk for row in products], shop, by="test")
        counts = [
            Count(variant.pk, center.pk, 7, f"c:{variant.pk}")
            for variant in Variant.objects.filter(product__in=products)
        ]
        with CaptureQueriesContext(
            connection,
        ) as made:
            stock.count_many(counts)
        return len(made)

    assert queries(3) == queries(30)
