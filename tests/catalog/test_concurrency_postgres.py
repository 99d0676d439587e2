"""Publishing, stock and staging by several processes at once, on PostgreSQL."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import (
    ChannelCategory,
    FulfillmentCenter,
    Listing,
    ListingEvent,
    Offer,
    OfferStock,
    Product,
    Shop,
    StockLevel,
    UnlinkedListing,
    Variant,
)
from catalog.services import (
    exporting,
    linking,
    listings,
    products,
    publishing,
    stock,
    taxonomy,
)
from catalog.states import ListingState
from marketplace.kernel.errors import Refused
from tests import factories
from tests.support import promises
from tests.support.processes import run_together
from tests.support.running import KILLED, die_when, wait_until
from tests.support.sandbox import Sandbox

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

CREATE = "POST /product/202309/products"
UPLOAD = "/product/202309/images/upload"


def queued_listings(shop: Shop, center: FulfillmentCenter, count: int) -> list[Listing]:
    """Complete listings with 12 units each that were asked to be published."""
    made = [factories.make_product(shop.merchant, sku=f"ROPE-{n:02}") for n in range(count)]
    for product in made:
        factories.put_stock(product, center, 12)
    listings.stage([product.pk for product in made], shop, by="test")
    rows = list(Listing.objects.filter(shop=shop).order_by("product__sku"))
    ids = [row.pk for row in rows]
    category = ChannelCategory.objects.get(shop=shop, name="Dog Toys", is_leaf=True)
    taxonomy.ensure_form(category)
    listings.categorize(ids, category, by="test")
    for attribute in category.attributes.filter(is_required=True, kind="product"):
        value = attribute.values[0]["name"] if attribute.values else "Rope"
        listings.set_attribute(ids, attribute, [value], by="test")
    report = publishing.request_publish_many(ids, by="test")
    assert report.done == count, report.summary()
    return rows


def skus_on(sandbox: Sandbox) -> list[str]:
    """The seller SKUs of every product that the channel has, with repetitions."""
    return sorted(sku for row in sandbox.products() for sku in row["seller_skus"])


def claims_expire(shop: Shop) -> None:
    """Let the time pass for which a worker may hold a listing."""
    held = Listing.objects.filter(shop=shop, state=ListingState.PUBLISHING)
    assert held.update(claimed_until=timezone.now() - timedelta(seconds=1))


# -- a product is created at most once ---------------------------------------------------------


def test_twelve_queued_listings_and_six_publishing_processes_make_twelve_products(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    rows = queued_listings(live, center, 12)
    reports = run_together(lambda number: publishing.publish_queued(live), 6)
    assert tiktok.calls()[CREATE] == 12
    assert skus_on(tiktok) == [f"ROPE-{n:02}" for n in range(12)]
    assert sum(report.published for report in reports) == 12
    ids = Listing.objects.filter(pk__in=[row.pk for row in rows]).values_list("external_id")
    assert sorted(ids) == sorted((row["id"],) for row in tiktok.products())
    moves = Counter(ListingEvent.objects.filter(old__gt="").values_list("listing", "new"))
    assert {move for _, move in moves} >= {"queued", "publishing", "in_review"}
    assert set(moves.values()) == {1}


def kill_one_in_its_create_call(shop: Shop, sandbox: Sandbox) -> None:
    """A process is killed after its call left and before the answer is here."""
    sandbox.fault("slow", path="/product/202309/products", method="POST", count=1, seconds=1)

    def publish_and_die(number: int) -> None:
        sent = Listing.objects.filter(shop=shop).exclude(create_intent="")
        rules = f"{sandbox.url}/_sandbox/faults"
        die_when(lambda: sent.exists() and not sandbox.session.get(rules).json()["faults"])
        publishing.publish_queued(shop)

    assert run_together(publish_and_die, 1) == [KILLED]
    wait_until(sandbox.products)


def test_the_product_of_a_process_that_was_killed_during_the_call_is_adopted(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    (listing,) = queued_listings(live, center, 1)
    kill_one_in_its_create_call(live, tiktok)
    listing.refresh_from_db()
    assert (listing.state, listing.external_id) == (ListingState.PUBLISHING, "")
    assert skus_on(tiktok) == ["ROPE-00"]

    publishing.publish_queued(live)
    listing.refresh_from_db()
    assert listing.state == ListingState.PUBLISHING, "a claim that stands is left alone"

    claims_expire(live)
    reports = run_together(lambda number: publishing.publish_queued(live), 4)
    assert sum(report.published for report in reports) == 1
    listing.refresh_from_db()
    assert [listing.external_id] == [row["id"] for row in tiktok.products()]
    assert tiktok.calls()[CREATE] == 1
    assert listing.create_intent == ""


def test_a_process_killed_before_its_call_leaves_a_listing_that_another_creates_once(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    (listing,) = queued_listings(live, center, 1)
    tiktok.fault("slow", path=UPLOAD, count=1, seconds=1)

    def claim_and_die(number: int) -> None:
        claimed = Listing.objects.filter(pk=listing.pk, state=ListingState.PUBLISHING)
        die_when(claimed.exists)
        publishing.publish_queued(live)

    assert run_together(claim_and_die, 1) == [KILLED]
    claims_expire(live)
    run_together(lambda number: publishing.publish_queued(live), 4)
    listing.refresh_from_db()
    assert listing.external_id
    assert (tiktok.calls()[CREATE], skus_on(tiktok)) == (1, ["ROPE-00"])


def test_a_process_that_slept_until_its_claim_was_taken_over_creates_nothing(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    (listing,) = queued_listings(live, center, 1)
    tiktok.fault("slow", path=UPLOAD, count=1, seconds=2)

    def publish(number: int) -> int:
        if number:
            wait_until(lambda: not tiktok.control("GET", "/faults")["faults"])
            claims_expire(live)
        return publishing.publish_queued(live).published

    assert run_together(publish, 2) == [0, 1]
    assert (tiktok.calls()[CREATE], skus_on(tiktok)) == (1, ["ROPE-00"])
    listing.refresh_from_db()
    assert listing.external_id == tiktok.products()[0]["id"]


# -- what is sent is what the rows say ---------------------------------------------------------


def published(shop: Shop, center: FulfillmentCenter, sandbox: Sandbox, count: int) -> list[Listing]:
    rows = queued_listings(shop, center, count)
    publishing.publish_queued(shop)
    for row in rows:
        row.refresh_from_db()
        assert row.external_id
    return rows


def figures(shop: Shop, center: FulfillmentCenter, sandbox: Sandbox) -> dict[str, list[Any]]:
    """Per SKU: available by the ledger, wanted and sent by the rows, shown by the channel."""
    warehouse = shop.mappings.get(fulfillment_center=center).warehouse
    shown = {
        sku["seller_sku"]: sku["available"][warehouse.external_id]
        for row in sandbox.products()
        for sku in sandbox.product(row["id"])["skus"]
    }
    rows = OfferStock.objects.filter(warehouse=warehouse).select_related("offer__variant")
    return {
        row.offer.variant.sku: [
            stock.available(row.offer.variant, center),
            row.wanted,
            row.sent,
            shown[row.offer.variant.sku],
        ]
        for row in rows
    }


def drain_until_quiet(shop: Shop) -> int:
    """Send what differs, again and again, until nothing changed for a second."""
    sent, quiet_since = 0, time.monotonic()
    while time.monotonic() < quiet_since + 1:
        report = exporting.send_quantities(shop)
        sent += report.sent
        if report.sent:
            quiet_since = time.monotonic()
    return sent


def test_when_all_is_quiet_the_channel_shows_what_the_ledger_says(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    rows = published(live, center, tiktok, 3)
    variants = [Variant.objects.get(product=row.product_id) for row in rows]
    tiktok.fault("slow", path="*/inventory/update", seconds=0.02)

    def work(number: int) -> int:
        if number == 0:
            return drain_until_quiet(live)
        for turn in range(20):
            variant = variants[(number + turn) % 3]
            stock.receive(variant, center, number, reference=f"in-{number}-{turn}")
            if turn % 2:
                promises.reserve(variant, center, 1, reference=f"out-{number}-{turn}")
            elif number == 1:
                # Somebody edits the product while its units come and go.
                products.changed([variant.product_id])
        return turn

    answers = run_together(work, 6)
    exporting.send_quantities(live)
    expected = {v.sku: [stock.available(v, center)] * 4 for v in variants}
    assert figures(live, center, tiktok) == expected
    levels = StockLevel.objects.values_list("on_hand", "reserved")
    assert (sum(x for x, _ in levels), sum(y for _, y in levels)) == (36 + 20 * 15, 5 * 10)
    assert answers[0] > 3
    assert stock.drift() == []


def waiting_for_a_lock() -> int:
    """How many sessions of this database wait for another one to finish."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE NOT granted AND datname = current_database()"
        )
        (count,) = cursor.fetchone()
    return int(count)


def test_units_that_come_while_the_product_is_edited_are_wanted_on_the_channel(
    shop: Shop, center: FulfillmentCenter
) -> None:
    product = factories.make_product(shop.merchant, with_image=False)
    variant = product.variants.get()
    listings.stage([product.pk], shop, by="test")
    OfferStock.objects.update(wanted=7)

    def free_rows() -> list[OfferStock]:
        with transaction.atomic():
            return list(OfferStock.objects.select_for_update(skip_locked=True))

    def work(number: int) -> None:
        if number == 0:
            with transaction.atomic():
                list(OfferStock.objects.select_for_update())
                wait_until(lambda: waiting_for_a_lock() == 2)
        elif number == 1:
            wait_until(lambda: not free_rows())
            stock.receive(variant, center, 3, reference="in")
        else:
            # It comes second, and must not write what it could read while the first one waited.
            wait_until(lambda: waiting_for_a_lock() == 1)
            products.changed([product.pk])

    run_together(work, 3)
    assert (stock.available(variant, center), OfferStock.objects.get().wanted) == (3, 3)


def test_a_change_during_the_call_is_sent_next(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    (row,) = published(live, center, tiktok, 1)
    variant = Variant.objects.get(product=row.product_id)
    stock.receive(variant, center, 1, reference="before")
    tiktok.fault("slow", path="*/inventory/update", count=1, seconds=0.5)

    def work(number: int) -> int:
        if number == 0:
            return exporting.send_quantities(live).sent
        wait_until(lambda: not tiktok.control("GET", "/faults")["faults"])
        promises.reserve(variant, center, 5, reference="meanwhile")
        return 0

    assert run_together(work, 2) == [1, 0]
    assert figures(live, center, tiktok) == {"ROPE-00": [8, 8, 13, 13]}
    assert exporting.has_differences(live)
    exporting.send_quantities(live)
    assert figures(live, center, tiktok) == {"ROPE-00": [8, 8, 8, 8]}


# -- staging -----------------------------------------------------------------------------------


def test_the_same_fifty_products_staged_by_four_people_become_fifty_listings(
    shop: Shop, center: FulfillmentCenter
) -> None:
    made = [factories.make_product(shop.merchant, with_image=False) for _ in range(50)]
    ids = [product.pk for product in made]
    orders = [ids, ids[::-1], ids[25:] + ids[:25], ids]
    reports = run_together(lambda number: listings.stage(orders[number], shop, by=f"p{number}"), 4)
    assert Listing.objects.filter(shop=shop).count() == Product.objects.count() == 50
    assert Offer.objects.count() == OfferStock.objects.count() == 50
    assert sum(report.done for report in reports) == 50
    assert ListingEvent.objects.filter(reason="Staged").count() == 50


def test_two_people_who_import_one_listing_at_once_make_one_product(
    live: Shop, tiktok: Sandbox
) -> None:
    (external_id,) = tiktok.seed_products(1)
    waiting = UnlinkedListing.objects.create(shop=live, external_id=external_id, reason="–")
    tiktok.fault("slow", path="/product/202309/products/*", count=2, seconds=1)

    def import_it(number: int) -> str:
        row = UnlinkedListing.objects.select_related("shop__merchant").get(pk=waiting.pk)
        try:
            linking.import_anyway(row, by=f"person {number}")
        except Refused as refusal:
            return refusal.message
        return "imported"

    answers = sorted(run_together(import_it, 2))
    assert answers[1] == "imported"
    assert answers[0].startswith("It is linked with")
    assert (Product.objects.count(), Listing.objects.count()) == (1, 1)
