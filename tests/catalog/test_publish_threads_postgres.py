"""One run publishes with several threads, on PostgreSQL, and keeps every promise of one thread."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection

from catalog.models import ChannelImage, FulfillmentCenter, Listing, Shop
from catalog.services import publishing, shops
from catalog.states import ListingState
from marketplace.kernel.errors import TryLater
from tests.catalog.test_concurrency_postgres import (
    CREATE,
    UPLOAD,
    claims_expire,
    queued_listings,
    skus_on,
)
from tests.support.processes import run_together
from tests.support.running import KILLED, die_when
from tests.support.sandbox import Sandbox

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

PRODUCTS = "/product/202309/products"


def sessions() -> int:
    """How many sessions this database has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count)


def test_the_quota_is_used_up_exactly_whatever_the_threads_do(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    shops.set_quota(live, on_probation=True, daily_limit=7)
    queued_listings(live, center, 12)
    tiktok.fault("slow", path=PRODUCTS, method="POST", seconds=0.05)
    before = sessions()
    report = publishing.publish_queued(live)
    assert (report.published, report.held) == (7, 5)
    assert tiktok.calls()[CREATE] == 7
    assert sorted(set(skus_on(tiktok))) == skus_on(tiktok)
    waiting = Listing.objects.filter(state=ListingState.QUEUED)
    assert {row.problem.split(":")[0] for row in waiting} == {"Waiting"}
    assert sessions() == before, "every thread closed its connection"


def test_several_runs_of_several_threads_share_one_quota_and_create_each_once(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    shops.set_quota(live, on_probation=True, daily_limit=9)
    queued_listings(live, center, 14)
    reports = run_together(lambda number: publishing.publish_queued(live), 3)
    assert sum(report.published for report in reports) == 9
    assert tiktok.calls()[CREATE] == 9
    assert len(set(skus_on(tiktok))) == 9


def test_the_same_picture_of_many_listings_is_one_row_between_threads(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    queued_listings(live, center, 8)
    assert publishing.publish_queued(live).published == 8
    # Those that began together may each have sent it; nobody does so later.
    assert tiktok.calls()[f"POST {UPLOAD}"] <= 4
    assert ChannelImage.objects.count() == 1


def test_when_the_channel_asks_one_thread_for_a_pause_all_stop(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    queued_listings(live, center, 10)
    tiktok.fault("rate_limit", path=PRODUCTS, method="POST", retry_after=60, count=1)
    with pytest.raises(TryLater):
        publishing.publish_queued(live)
    states = Counter(Listing.objects.values_list("state", flat=True))
    assert states[ListingState.QUEUED] >= 6
    assert states[ListingState.PUBLISHING] == 0
    assert tiktok.calls()[CREATE] <= 4


def test_a_run_killed_amid_its_creates_is_finished_by_the_next_one_without_a_second_product(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    queued_listings(live, center, 8)
    tiktok.fault("slow", path=PRODUCTS, method="POST", seconds=0.2)

    def publish_and_die(number: int) -> None:
        die_when(lambda: Listing.objects.exclude(external_id="").count() >= 2)
        publishing.publish_queued(live)

    assert run_together(publish_and_die, 1) == [KILLED]
    claims_expire(live)
    publishing.publish_queued(live)
    assert skus_on(tiktok) == [f"ROPE-{n:02}" for n in range(8)]
    ids = set(Listing.objects.values_list("external_id", flat=True))
    assert ids == {row["id"] for row in tiktok.products()}
