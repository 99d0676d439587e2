"""Taking listings off sale, putting them back and deleting them, over the sandbox."""

from __future__ import annotations

import pytest

from catalog.models import Listing, Offer, Product, Shop, UnlinkedListing
from catalog.ports import listing_channels
from catalog.services import channel_state, channel_sync, exporting, listings, shops
from catalog.states import ListingState, ReviewState
from marketplace.kernel.errors import TryLater
from tests import factories
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

DEACTIVATE = "POST /product/202309/products/deactivate"


def on_sale(live: Shop, tiktok: Sandbox, count: int = 3) -> list[Listing]:
    """Listings of the shop, brought home."""
    tiktok.seed_products(count)
    channel_sync.sync(live)
    tiktok.reset_calls()
    return list(Listing.objects.order_by("pk"))


def ids(rows: list[Listing]) -> list[int]:
    return [row.pk for row in rows]


def there(tiktok: Sandbox, row: Listing) -> str:
    """The listing's status on the channel, in its own word."""
    return str(tiktok.product(row.external_id)["status"])


def test_45_listings_are_taken_off_sale_in_three_calls(live, tiktok) -> None:
    rows = on_sale(live, tiktok, 45)
    report = channel_state.deactivate(ids(rows), by="Ada")
    assert report.summary() == "Deactivated 45."
    assert tiktok.calls() == {DEACTIVATE: 3}
    assert {there(tiktok, row) for row in rows} == {"SELLER_DEACTIVATED"}
    assert set(Listing.objects.values_list("state", flat=True)) == {ListingState.INACTIVE}
    event = rows[0].events.first()
    assert (event.new, event.reason, event.by) == (
        ListingState.INACTIVE,
        "Deactivated on the channel",
        "Ada",
    )
    channel_sync.sync(live)
    assert set(Listing.objects.values_list("state", flat=True)) == {ListingState.INACTIVE}


def test_what_is_put_on_sale_again_is_reviewed_first(live, tiktok) -> None:
    (row,) = on_sale(live, tiktok, 1)
    channel_state.deactivate([row.pk], by="Ada")
    assert channel_state.activate([row.pk], by="Ada").summary() == "Activated 1."
    row.refresh_from_db()
    assert (row.state, row.review) == (ListingState.IN_REVIEW, ReviewState.IN_REVIEW)
    tiktok.advance(3600)
    channel_sync.sync(live)
    row.refresh_from_db()
    assert (row.state, there(tiktok, row)) == (ListingState.ACTIVE, "ACTIVATE")


def test_a_deleted_listing_is_a_staged_one_again_and_does_not_come_back(live, tiktok) -> None:
    (row,) = on_sale(live, tiktok, 1)
    external_id = row.external_id
    report = channel_state.delete_on_channel([row.pk], by="Ada")
    assert report.summary() == "Deleted on the channel 1."
    assert tiktok.product(external_id)["status"] == "DELETED"
    row.refresh_from_db()
    assert (row.external_id, row.external_status, row.state in listings.CHECKED) == ("", "", True)
    assert f"Deleted on the channel: {external_id}" in row.events.values_list("reason", flat=True)
    assert not Offer.objects.exclude(external_id="").exists()
    assert exporting.send_quantities(live).calls + exporting.send_prices(live).calls == 0
    report = channel_sync.sync(live)
    assert (report.imported, report.linked, report.unlinked) == (0, 0, 0)
    assert (Listing.objects.count(), Product.objects.count()) == (1, 1)
    assert not UnlinkedListing.objects.exists()


def test_one_refused_listing_is_named_with_its_request_and_the_rest_go_on(live, tiktok) -> None:
    rows = on_sale(live, tiktok, 3)
    Listing.objects.filter(pk=rows[1].pk).update(external_id="1729999999999999999")
    report = channel_state.deactivate(ids(rows), by="Ada")
    assert report.done == 2
    ((words, count),) = report.refused.items()
    event = rows[1].events.first()
    assert (count, event.request_id in words, event.request_id != "") == (1, True, True)
    assert event.reason.startswith("Deactivating was refused: ")
    states = list(Listing.objects.order_by("pk").values_list("state", flat=True))
    assert states == [ListingState.INACTIVE, ListingState.ACTIVE, ListingState.INACTIVE]


def test_a_call_that_is_refused_whole_changes_nothing_here(live, tiktok) -> None:
    rows = on_sale(live, tiktok, 2)
    tiktok.fault("business_error", path="/product/202309/products", code=12052700, message="No.")
    report = channel_state.delete_on_channel(ids(rows), by="Ada")
    assert (report.done, list(report.refused.values())) == (0, [2])
    assert "code 12052700, request " in next(iter(report.refused))
    assert Listing.objects.on_channel().count() == 2
    assert {there(tiktok, row) for row in rows} == {"ACTIVATE"}


def test_an_unclear_answer_is_settled_by_the_next_look_at_the_channel(live, tiktok) -> None:
    rows = on_sale(live, tiktok, 2)
    tiktok.fault("lost_answer", path="/product/202309/products/deactivate", count=1)
    report = channel_state.deactivate(ids(rows), by="Ada")
    assert (report.done, sum(report.refused.values())) == (0, 2)
    channel_sync.sync(live)
    assert set(Listing.objects.values_list("state", flat=True)) == {ListingState.INACTIVE}


def test_what_does_not_fit_is_skipped_in_words_and_nothing_is_asked(live, tiktok) -> None:
    on_sale(live, tiktok, 1)
    staged = factories.make_product(live.merchant)
    listings.stage([staged.pk], live, by="test")
    both = ids(list(Listing.objects.all()))
    assert channel_state.activate(both, by="Ada").summary() == (
        "Activated 0. 2 skipped: it is “Active”; it is not on the channel."
    )
    assert tiktok.calls() == {}


def test_nothing_is_asked_of_a_shop_that_is_not_active(live, tiktok) -> None:
    (row,) = on_sale(live, tiktok, 1)
    shops.pause(live)
    assert channel_state.deactivate([row.pk], by="Ada").summary() == (
        f"Deactivated 0. 1 refused: {live} is “Paused”, not active."
    )
    assert tiktok.calls() == {}


def test_what_was_deleted_in_seller_center_is_let_go_without_a_call(live, tiktok) -> None:
    (row,) = on_sale(live, tiktok, 1)
    listing_channels.get(live.channel).delete(live, [row.external_id])
    channel_sync.sync(live)
    tiktok.reset_calls()
    assert channel_state.delete_on_channel([row.pk], by="Ada").done == 1
    assert not Listing.objects.on_channel().exists()
    assert tiktok.calls() == {}


def test_a_channel_that_asks_for_a_pause_is_asked_again_later(live, tiktok) -> None:
    rows = on_sale(live, tiktok, 2)
    tiktok.fault("rate_limit", path="/product/202309/products/deactivate", count=10)
    with pytest.raises(TryLater):
        channel_state.deactivate(ids(rows), by="Ada")
    assert set(Listing.objects.values_list("state", flat=True)) == {ListingState.ACTIVE}
