"""Whatever changes here and there, in any order: in the end the channel shows our rows (B5)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Offer, OfferStock, Shop
from catalog.services import channel_sync, drifts, exporting, own_prices, read_back, stock
from orders.services import intake
from tests.orders.test_any_order_of_messages import undone

pytestmark = pytest.mark.django_db

PLACES = st.integers(0, 2)
UNITS = st.integers(1, 9)
PRICES = st.integers(500, 9_999).map(lambda cents: Decimal(cents) / 100)
FAULTS = st.sampled_from(["lost_answer", "false_success", "error_500"])
STEPS = st.one_of(
    st.tuples(st.just("receive"), PLACES, UNITS),
    st.tuples(st.just("count_zero"), PLACES),
    st.tuples(st.just("sell"), PLACES, UNITS),
    st.tuples(st.just("own_price"), PLACES, st.one_of(st.none(), PRICES)),
    st.tuples(st.just("change_units_there"), PLACES, UNITS),
    st.tuples(st.just("change_price_there"), PLACES, PRICES),
    st.tuples(st.just("switch"), st.sampled_from(["push_price", "push_quantity"]), st.booleans()),
    st.tuples(st.just("fault"), FAULTS, st.sampled_from(["inventory", "prices"])),
    st.tuples(st.just("read_orders")),
    st.tuples(st.just("send")),
    st.tuples(st.just("read_back")),
    st.tuples(st.just("compare")),
)


class Place:
    """A shop with three listings, and everything that can happen to them."""

    def __init__(self, shop, tiktok, center) -> None:
        self.shop, self.tiktok, self.center = shop, tiktok, center
        self.count = 0

    def row(self, place: int) -> OfferStock:
        rows = OfferStock.objects.filter(warehouse__mapping__isnull=False)
        rows = rows.select_related("offer__listing", "offer__variant", "warehouse")
        return rows.order_by("pk")[place]

    def sku(self, offer: Offer) -> dict:
        product = self.tiktok.product(offer.listing.external_id)
        (sku,) = [sku for sku in product["skus"] if sku["id"] == offer.external_id]
        return sku

    def shown(self, row: OfferStock) -> int:
        return self.sku(row.offer)["available"][row.warehouse.external_id]

    def receive(self, place: int, units: int) -> None:
        self.count += 1
        variant = self.row(place).offer.variant
        stock.receive(variant, self.center, units, reference=f"more:{self.count}")

    def count_zero(self, place: int) -> None:
        self.count += 1
        level = self.row(place).offer.variant.stock_levels.get()
        count = stock.Count(level.variant_id, self.center.pk, level.reserved, f"count:{self.count}")
        stock.count_many([count])

    def sell(self, place: int, units: int) -> None:
        row = self.row(place)
        if units <= self.shown(row):
            items = [{"sku_id": row.offer.external_id, "quantity": units}]
            body = {"items": items, "warehouse_id": row.warehouse.external_id}
            self.tiktok.control("POST", "/shops/first/orders", body)

    def own_price(self, place: int, price: Decimal | None) -> None:
        own_prices.set_by_hand([self.row(place).offer_id], price, by="ann", now=timezone.now())

    def change_units_there(self, place: int, units: int) -> None:
        row = self.row(place)
        available = {row.offer.external_id: {row.warehouse.external_id: units}}
        path = f"/products/{row.offer.listing.external_id}"
        self.tiktok.control("PATCH", path, {"available": available})

    def change_price_there(self, place: int, price: Decimal) -> None:
        offer = self.row(place).offer
        path = f"/products/{offer.listing.external_id}"
        self.tiktok.control("PATCH", path, {"prices": {offer.external_id: str(price)}})

    def switch(self, which: str, is_on: bool) -> None:
        Shop.objects.update(**{which: is_on})

    def fault(self, kind: str, what: str) -> None:
        self.tiktok.fault(kind, path=f"*/{what}/update", count=1)

    def read_orders(self) -> None:
        intake.pull_orders(self.fresh())

    def send(self) -> None:
        exporting.send_quantities(self.fresh())
        exporting.send_prices(self.fresh())
        # The half hour that a refused figure rests is over.
        Offer.objects.update(retry_at=None)

    def read_back(self) -> None:
        read_back.read_back(self.fresh())

    def compare(self) -> None:
        drifts.compare(self.fresh())

    def fresh(self) -> Shop:
        return Shop.objects.select_related("merchant").get(pk=self.shop.pk)

    def settle(self) -> None:
        """Nothing goes wrong any more, and the schedule comes round a few times."""
        self.tiktok.clear_faults()
        Shop.objects.update(push_price=True, push_quantity=True)
        for _ in range(3):
            self.read_orders()
            self.send()
            self.read_back()
            self.read_orders()
            self.compare()
        self.send()


@pytest.fixture
def world(live, tiktok, center) -> Place:
    tiktok.seed_products(3)
    channel_sync.sync(live)
    return Place(live, tiktok, center)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
@undone
def test_any_order_of_changes_and_sends_ends_with_the_channel_showing_our_rows(
    world: Place, steps: list[tuple]
) -> None:
    for name, *given_values in steps:
        try:
            getattr(world, name)(*given_values)
        except exporting.TryLater:
            # The schedule comes again.
            continue
    world.settle()
    for place in range(3):
        row = world.row(place)
        level = row.offer.variant.stock_levels.get()
        assert world.shown(row) == row.wanted == row.sent == level.available
        if row.offer.price_sent_at:
            assert Decimal(world.sku(row.offer)["price"]) == row.offer.price_wanted
