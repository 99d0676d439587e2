"""The publish queue: days, order, forecast, and what one run asks of the database and channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import FulfillmentCenter, Listing, Shop
from catalog.services import forecast, publishing, shops
from catalog.states import ListingState
from integrations import connections
from marketplace.kernel.errors import Reconnect, TryLater
from tests import factories
from tests.catalog.test_publishing import CREATE, queue, ready_listing
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # nine o'clock in Los Angeles


def queued(shop: Shop, center: FulfillmentCenter, count: int) -> list[Listing]:
    rows = [ready_listing(shop, center) for _ in range(count)]
    for row in rows:
        queue(row)
    return rows


def queued_rows(shop: Shop, count: int, **changes: Any) -> list[Listing]:
    """Rows in the queue, for what never looks at their content."""
    products = [factories.make_product(shop.merchant, with_image=False) for _ in range(count)]
    return [
        Listing.objects.create(
            shop=shop,
            product=product,
            **{"state": ListingState.QUEUED, "queued_at": timezone.now(), **changes},
        )
        for product in products
    ]


def words_of(rows: list[Listing]) -> list[str]:
    found = forecast.of_listings(Listing.objects.filter(pk__in=[row.pk for row in rows]))
    return [found[row.pk].words() for row in rows]


# -- days --------------------------------------------------------------------------------------


def test_five_listings_of_a_shop_that_takes_two_a_day_go_out_on_three_days_of_the_shop(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    shops.set_quota(live, on_probation=True, daily_limit=2)
    tiktok.change_shop(probation={"daily_listing_limit": 2})
    done = []
    with time_machine.travel(MORNING) as clock:
        rows = queued(live, center, 5)
        assert words_of(rows) == [
            "today",
            "today",
            "tomorrow (24 Nov)",
            "tomorrow (24 Nov)",
            "in 2 days (25 Nov)",
        ]
        for _ in range(3):
            # Late in the evening of the same day nothing more goes; UTC has another day by then.
            done.append((publishing.publish_queued(live).published, evening(clock, live)))
            clock.move_to(timezone.now() + timedelta(hours=10))
            tiktok.advance(24 * 3600)
    assert done == [(2, 0), (2, 0), (1, 0)]
    assert tiktok.calls()[CREATE] == 5, "the channel refused none of them"
    on_channel = [Listing.objects.get(pk=row.pk).external_id for row in rows]
    assert len(set(on_channel)) == 5


def evening(clock: Any, shop: Shop) -> int:
    clock.move_to(timezone.now() + timedelta(hours=14))
    return publishing.publish_queued(shop).published


def test_another_limit_holds_from_the_next_run_on_and_none_means_none(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    shops.set_quota(live, on_probation=True, daily_limit=1)
    queued(live, center, 4)
    report = publishing.publish_queued(live)
    assert (report.published, report.held) == (1, 3)
    shops.set_quota(live, on_probation=True, daily_limit=2)
    report = publishing.publish_queued(live)
    assert (report.published, report.held) == (1, 2)
    shops.set_quota(live, on_probation=False, daily_limit=2)
    report = publishing.publish_queued(live)
    assert (report.published, report.held) == (2, 0)


def test_a_new_limit_is_tried_although_the_channel_said_that_today_is_used_up(shop: Shop) -> None:
    Shop.objects.update(uploads_spent_at=timezone.now())
    shops.set_quota(shop, on_probation=shop.on_probation, daily_limit=shop.daily_listing_limit)
    assert shop.uploads_spent_at, "saving the same again is no new limit"
    shops.set_quota(shop, on_probation=True, daily_limit=1_000)
    assert shop.uploads_spent_at is None


# -- order and forecast ------------------------------------------------------------------------


def test_what_a_person_puts_first_goes_before_what_was_queued_earlier(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    shops.set_quota(live, on_probation=True, daily_limit=1)
    rows = queued(live, center, 3)
    publishing.set_priority([rows[2].pk], publishing.FIRST)
    publishing.set_priority([rows[0].pk], publishing.LAST)
    assert words_of(rows)[1:] == [
        f"tomorrow ({_day(live, 1)})",
        "today",
    ]
    publishing.publish_queued(live)
    published = Listing.objects.exclude(external_id="")
    assert [row.pk for row in published] == [rows[2].pk]


def _day(shop: Shop, days: int) -> str:
    local = timezone.now().astimezone(timezone.zoneinfo.ZoneInfo(shop.time_zone))
    return f"{local + timedelta(days=days):%-d %b}"


@time_machine.travel(MORNING, tick=False)
def test_the_plan_says_how_many_of_the_selected_go_on_which_day(shop: Shop) -> None:
    shops.set_quota(shop, on_probation=True, daily_limit=100)
    queued_rows(shop, 60)
    selected = queued_rows(shop, 190, state=ListingState.READY)
    plan = forecast.if_queued(shop, {row.pk for row in selected})
    assert forecast.sentence(plan) == ("40 today, 100 tomorrow (24 Nov), 50 in 2 days (25 Nov)")
    publishing.set_priority([row.pk for row in selected], publishing.FIRST)
    plan = forecast.if_queued(shop, {row.pk for row in selected})
    assert forecast.sentence(plan) == "100 today, 90 tomorrow (24 Nov)"


@time_machine.travel(MORNING, tick=False)
def test_edits_need_no_quota_and_go_today(shop: Shop) -> None:
    shops.set_quota(shop, on_probation=True, daily_limit=1)
    edit, unclear = queued_rows(shop, 2)
    Listing.objects.filter(pk=edit.pk).update(external_id="123")
    Listing.objects.filter(pk=unclear.pk).update(
        create_intent="mm-1", create_intent_at=timezone.now()
    )
    new = queued_rows(shop, 2)
    # The create whose answer is not here took today's one upload.
    assert words_of([edit, unclear, *new]) == [
        "today",
        "today",
        "tomorrow (24 Nov)",
        "in 2 days (25 Nov)",
    ]


def test_a_page_of_forecasts_costs_the_same_for_any_number_of_rows(shop: Shop) -> None:
    few = queued_rows(shop, 2)
    with CaptureQueriesContext(connection) as for_two:
        words_of(few)
    many = [*few, *queued_rows(shop, 8)]
    with CaptureQueriesContext(connection) as for_ten:
        words_of(many)
    # The shop of each row is read too: the test's rows come without it.
    assert len(for_ten) - len(many) == len(for_two) - len(few)


# -- nothing twice -----------------------------------------------------------------------------


def test_while_the_channel_cannot_be_asked_an_unclear_create_stays_unclear(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    (listing,) = queued(live, center, 1)
    tiktok.fault("lost_answer", path="/product/202309/products", method="POST", count=1)
    publishing.publish_queued(live)
    tiktok.fault("rate_limit", path="*/products/search", count=9, retry_after=60)
    with pytest.raises(TryLater):
        publishing.publish_queued(live)
    listing.refresh_from_db()
    assert listing.create_intent, "only an answer takes it away"
    tiktok.clear_faults()
    cache.clear()  # the pause that the channel asked for is over
    publishing.publish_queued(live)
    listing.refresh_from_db()
    assert [row["id"] for row in tiktok.products()] == [listing.external_id]


def test_a_run_reads_the_credentials_once_and_not_after_a_disconnect(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    queued(live, center, 3)
    with CaptureQueriesContext(connection) as queries:
        assert publishing.publish_queued(live).published == 3
    reads = [q["sql"] for q in queries if 'FROM "integrations_connection"' in q["sql"]]
    assert len(reads) == 1
    connections.credentials(live)
    connections.disconnect(live, None)
    with pytest.raises(Reconnect):
        connections.credentials(live)
