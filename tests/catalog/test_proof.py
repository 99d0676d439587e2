"""The channel is read back; what it shows and was not sent is listed, named and sent again (B5)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog import tasks
from catalog.models import Drift, DriftCause, Listing, Offer, OfferStock, QuantityRule, Shop
from catalog.services import (
    channel_sync,
    drifts,
    exporting,
    products,
    quantity_rules,
    read_back,
    stock,
)
from marketplace.kernel.errors import Refused
from orders.services import intake
from tests.support import promises

pytestmark = pytest.mark.django_db

SEARCH = "POST /product/202502/products/search"


@pytest.fixture
def listed(live, tiktok, center) -> Shop:
    """Three listings whose quantities were sent, orders read since."""
    tiktok.seed_products(3)
    channel_sync.sync(live)
    for row in _rows():
        stock.receive(row.offer.variant, center, 5, reference=f"first:{row.pk}")
    exporting.send_quantities(live)
    intake.pull_orders(live)
    tiktok.reset_calls()
    live.refresh_from_db()
    return live


def _rows():
    rows = OfferStock.objects.filter(warehouse__mapping__isnull=False)
    return rows.select_related("offer__listing", "offer__variant", "warehouse").order_by("pk")


def _shown(tiktok, row: OfferStock) -> int:
    product = tiktok.product(row.offer.listing.external_id)
    (sku,) = [sku for sku in product["skus"] if sku["id"] == row.offer.external_id]
    return sku["available"][row.warehouse.external_id]


def _change_there(tiktok, row: OfferStock, units: int) -> None:
    available = {row.offer.external_id: {row.warehouse.external_id: units}}
    path = f"/products/{row.offer.listing.external_id}"
    tiktok.control("PATCH", path, {"available": available})


def _price_there(tiktok, offer: Offer, price: str) -> None:
    path = f"/products/{offer.listing.external_id}"
    tiktok.control("PATCH", path, {"prices": {offer.external_id: price}})


def _buy(tiktok, row: OfferStock, units: int) -> None:
    items = [{"sku_id": row.offer.external_id, "quantity": units}]
    where = row.warehouse.external_id
    tiktok.control("POST", "/shops/first/orders", {"items": items, "warehouse_id": where})


def _cycle(shop: Shop) -> drifts.DriftReport:
    """What the schedule does in an hour: read back, read orders, compare, send."""
    shop.refresh_from_db()
    read_back.read_back(shop)
    intake.pull_orders(shop)
    report = drifts.compare(shop)
    exporting.send_quantities(shop)
    exporting.send_prices(shop)
    return report


def test_where_the_channel_shows_what_was_sent_nothing_is_sent_and_one_page_is_read(
    listed, tiktok
) -> None:
    report = read_back.read_back(listed)
    assert (report.listings, report.differing) == (3, 0)
    assert report.proven
    assert tiktok.calls() == {SEARCH: 1}
    assert drifts.compare(listed).found == 0
    again = read_back.read_back(listed)
    assert (again.listings, again.proven) == (3, 0)
    listed.refresh_from_db()
    assert listed.offers_read_at is not None


def test_zero_that_the_channel_only_said_it_took_is_corrected_in_the_next_cycle(
    listed, tiktok, center
) -> None:
    row = _rows().first()
    units = stock.available(row.offer.variant, center)
    promises.reserve(row.offer.variant, center, units, reference="all")
    tiktok.fault("false_success", path="*/inventory/update", count=1)
    exporting.send_quantities(listed)
    row.refresh_from_db()
    assert (row.sent, _shown(tiktok, row) > 0) == (0, True)
    report = _cycle(listed)
    assert (report.found, report.again) == (1, 1)
    assert _shown(tiktok, row) == 0
    drift = Drift.objects.open().get()
    assert (drift.offer, drift.sent, drift.cause) == (row.offer, 0, DriftCause.FALSE_SUCCESS)
    assert _cycle(listed).found == 0
    drift.refresh_from_db()
    assert drift.corrected_at is not None


def test_a_quantity_changed_in_seller_center_is_named_so_and_put_back(listed, tiktok) -> None:
    row = _rows().first()
    ours = row.wanted
    read_back.read_back(listed)
    _change_there(tiktok, row, ours + 40)
    _cycle(listed)
    assert Drift.objects.open().get().cause == DriftCause.CHANGED_THERE
    assert _shown(tiktok, row) == ours


def test_fewer_units_than_sent_go_out_again_only_when_seen_twice(listed, tiktok) -> None:
    row = _rows().first()
    ours = row.wanted
    _change_there(tiktok, row, ours - 1)
    assert _cycle(listed).again == 0
    assert _shown(tiktok, row) == ours - 1
    assert drifts.compare(listed).again == 0
    assert _cycle(listed).again == 1
    assert _shown(tiktok, row) == ours


def test_a_sale_that_is_not_here_yet_is_no_difference_and_is_not_oversold(listed, tiktok) -> None:
    row = _rows().first()
    ours = row.wanted
    _buy(tiktok, row, 2)
    assert _shown(tiktok, row) == ours - 2
    read_back.read_back(listed)
    assert drifts.compare(listed).again == 0
    assert _cycle(listed).again == 0
    row.refresh_from_db()
    assert (row.wanted, row.sent, _shown(tiktok, row)) == (ours - 2, ours - 2, ours - 2)
    assert not Drift.objects.exists()


def test_what_a_sale_took_off_there_is_said_again_where_a_rule_shows_as_much_as_before(
    listed, tiktok
) -> None:
    row = _rows().first()
    quantity_rules.save(QuantityRule(shop=listed, maximum=3), by="ann")
    exporting.send_quantities(listed)
    assert _shown(tiktok, row) == 3
    _buy(tiktok, row, 1)
    assert _shown(tiktok, row) == 2
    intake.pull_orders(listed)
    tiktok.reset_calls()
    exporting.send_quantities(listed)
    assert _shown(tiktok, row) == 3
    exporting.send_quantities(listed)
    assert sum(tiktok.calls().values()) == 1


def test_quantities_wait_until_orders_were_read_beyond_the_reading(listed, tiktok) -> None:
    row = _rows().first()
    _change_there(tiktok, row, row.wanted + 40)
    read_back.read_back(listed)
    assert drifts.compare(listed).found == 0
    intake.pull_orders(listed)
    assert drifts.compare(listed).found == 1


def test_a_price_changed_in_seller_center_is_put_back_and_the_cause_named(listed, tiktok) -> None:
    offer = Offer.objects.order_by("pk").first()
    offer.variant.price = Decimal("55.00")
    offer.variant.save()
    products.changed([offer.variant.product_id])
    exporting.send_prices(listed)
    _cycle(listed)
    _price_there(tiktok, offer, "1.00")
    assert _cycle(listed).found == 1
    drift = Drift.objects.open().get()
    assert (drift.warehouse, drift.sent, drift.shown) == (None, Decimal("55.00"), Decimal("1.00"))
    assert drift.cause == DriftCause.CHANGED_THERE
    sku = tiktok.product(offer.listing.external_id)["skus"][0]
    assert Decimal(sku["price"]) == Decimal("55.00")


def test_a_price_that_only_the_channel_has_is_left_to_it(listed, tiktok) -> None:
    offer = Offer.objects.order_by("pk").first()
    _price_there(tiktok, offer, "77.00")
    assert _cycle(listed).found == 0
    offer.refresh_from_db()
    assert offer.price_confirmed == Decimal("77.00")


def test_with_outbound_off_differences_are_listed_and_nothing_leaves(listed, tiktok) -> None:
    row = _rows().first()
    _change_there(tiktok, row, row.wanted + 40)
    Shop.objects.update(push_quantity=False)
    assert _cycle(listed).found == 1
    assert _shown(tiktok, row) == row.wanted + 40
    Shop.objects.update(push_quantity=True)
    listed.refresh_from_db()
    exporting.send_quantities(listed)
    assert _shown(tiktok, row) == row.wanted


def test_a_reading_cut_short_goes_on_where_it_stopped(listed, tiktok, monkeypatch) -> None:
    monkeypatch.setattr("integrations.tiktok.listings.FULL_PAGE", 2)
    first = read_back.read_back(listed, until=lambda: True)
    listed.refresh_from_db()
    assert (first.listings, first.is_complete, bool(listed.offers_read_after)) == (2, False, True)
    second = read_back.read_back(listed)
    listed.refresh_from_db()
    assert (second.listings, second.is_complete, listed.offers_read_after) == (1, True, "")
    assert tiktok.calls()[SEARCH] == 2


def test_a_place_that_the_channel_forgot_starts_the_reading_anew(listed, tiktok) -> None:
    Shop.objects.update(offers_read_after="forgotten")
    listed.refresh_from_db()
    tiktok.fault("business_error", path="*/products/search", count=1, code=36009004, message="no")
    with pytest.raises(Refused):
        read_back.read_back(listed)
    listed.refresh_from_db()
    assert listed.offers_read_after == ""
    assert read_back.read_back(listed).listings == 3


def test_differences_of_what_is_not_on_sale_any_more_end(listed, tiktok) -> None:
    row = _rows().first()
    _change_there(tiktok, row, row.wanted - 1)
    _cycle(listed)
    tiktok.control(
        "PATCH", f"/products/{row.offer.listing.external_id}", {"status": "SELLER_DEACTIVATED"}
    )
    channel_sync.sync(listed)
    drifts.compare(listed)
    assert not Drift.objects.open().exists()


def test_what_is_sent_while_the_channel_is_read_is_not_judged_by_that_reading(
    listed, tiktok
) -> None:
    row = _rows().first()
    _change_there(tiktok, row, row.wanted + 40)
    OfferStock.objects.filter(pk=row.pk).update(sent_at=timezone.now() + timedelta(minutes=1))
    report = read_back.read_back(listed)
    assert report.differing == 0


def test_the_ticks_compare_only_shops_where_something_differs(listed, tiktok) -> None:
    assert tasks.tick_compare() == "0 shops"
    row = _rows().first()
    _change_there(tiktok, row, row.wanted + 40)
    read_back.read_back(listed)
    assert tasks.tick_compare() == "1 shops"
    assert tasks.tick_read_back() == "1 shops"
    listing = Listing.objects.get(pk=row.offer.listing_id)
    assert "1 listings read back" in tasks.read_listing_back(listing.pk)


@pytest.mark.parametrize("changed", [1, 60])
def test_comparing_takes_as_many_queries_for_many_as_for_one(
    live, tiktok, center, django_assert_max_num_queries, changed
) -> None:
    tiktok.seed_products(60)
    channel_sync.sync(live)
    for row in _rows()[:changed]:
        _change_there(tiktok, row, 4_000)
    read_back.read_back(live)
    intake.pull_orders(live)
    with django_assert_max_num_queries(16):
        assert drifts.compare(live).found == changed
