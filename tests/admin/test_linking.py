"""Linking, unlinking, and what is asked twice before it is done on the channel."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.models import (
    FulfillmentCenter,
    Listing,
    Merchant,
    Offer,
    Product,
    Shop,
    UnlinkedListing,
)
from catalog.services import channel_sync, mapping, shops, taxonomy
from catalog.states import ListingState
from marketplace.kernel.models import Job
from tests import factories
from tests.admin.door import do, list_url, page_url, said, select
from tests.support.sandbox import Sandbox


@pytest.fixture
def live(merchant: Merchant, center: FulfillmentCenter, tiktok: Sandbox) -> Shop:
    shop = factories.connect(factories.make_shop(merchant), tiktok)
    mapping.refresh_warehouses(shop)
    first = shop.warehouses.get(external_id=tiktok.warehouses()[0])
    factories.map_warehouse(shop, center, first)
    taxonomy.refresh(shop)
    return shop


@pytest.fixture
def unlinked(live: Shop, tiktok: Sandbox) -> UnlinkedListing:
    """A listing with several SKUs that the sync set aside: they belong to two products here."""
    rows = [tiktok.product(key) for key in tiktok.seed_products(12)]
    remote = next(row for row in rows if len(row["skus"]) > 1)
    for sku in remote["skus"][:2]:
        factories.make_product(live.merchant, sku=sku["seller_sku"], title="Half of it")
    channel_sync.sync(live)
    return UnlinkedListing.objects.get()


@pytest.fixture
def on_sale(live: Shop, tiktok: Sandbox) -> list[Listing]:
    tiktok.seed_products(3)
    channel_sync.sync(live)
    tiktok.reset_calls()
    return list(Listing.objects.order_by("pk"))


def jobs(live: Shop) -> set[str]:
    return set(Job.objects.filter(subject=str(live.pk)).values_list("kind", flat=True))


def test_a_listing_that_was_set_aside_is_found_by_its_title(unlinked: UnlinkedListing) -> None:
    assert unlinked.title != ""


def test_the_form_shows_the_listing_its_skus_and_the_products_it_may_be(
    lister: Client, unlinked: UnlinkedListing
) -> None:
    page = lister.get(select(lister, "link", [unlinked]).url)
    text = page.content.decode()
    first, second = unlinked.seller_skus[:2]
    assert f"On the channel: “{unlinked.title}” with the SKUs {first}, {second}" in text
    labels = [label for _, label in page.context["form"].fields["product"].choices]
    assert labels[:2] == [
        f"Half of it ({first}): same SKU: {first}",
        f"Half of it ({second}): same SKU: {second}",
    ]
    assert labels[-1] == "None of these"
    assert f"Our SKU for “{first}”" in text


def test_a_listing_is_linked_with_the_product_and_the_skus_that_a_person_names(
    lister: Client, live: Shop, unlinked: UnlinkedListing, tiktok: Sandbox
) -> None:
    remote = tiktok.product(unlinked.external_id)["skus"]
    ours = Product.objects.create(merchant=live.merchant, sku="COLLAR", title="Dog collar")
    for place in range(len(remote)):
        factories.add_variant(ours, sku=f"MINE-{place}")
    response = select(lister, "link", [unlinked])
    page = lister.post(response.url, {"sku": "COLLAR"})
    assert "“Dog collar” has no variant that is clearly" in page.content.decode()
    named: dict[str, Any] = {
        f"named_{sku['id']}": f"MINE-{place}" for place, sku in enumerate(remote)
    }
    done = lister.post(response.url, {"sku": "MINE-1", **named})
    assert said(done)[-1] == (
        "Linked with “Dog collar”. Orders that waited for it go on by themselves."
    )
    listing = Listing.objects.get(external_id=unlinked.external_id)
    assert (listing.product, listing.events.get().by) == (ours, "Lister person")
    assert Offer.objects.filter(listing=listing).exclude(external_id="").count() == len(remote)
    assert jobs(live) >= {"pull_orders", "export_offers"}


def test_without_a_product_the_form_asks_for_one(lister: Client, unlinked: UnlinkedListing) -> None:
    page = lister.post(select(lister, "link", [unlinked]).url, {"sku": "NOWHERE"})
    assert list(page.context["form"].errors) == ["sku"]


def test_two_listings_cannot_be_linked_in_one_form(
    lister: Client, live: Shop, unlinked: UnlinkedListing
) -> None:
    other = UnlinkedListing.objects.create(shop=live, external_id="1", reason="–")
    told = said(lister.get(select(lister, "link", [unlinked, other]).url))
    assert told == ["Select one listing: each is linked with a product of its own."]


def test_what_cannot_be_imported_as_new_says_which_sku_is_taken(
    lister: Client, unlinked: UnlinkedListing
) -> None:
    first, second = unlinked.seller_skus[:2]
    assert do(lister, "import_as_new", [unlinked]) == [
        f"Imported 0. 1 refused: A SKU exists here already: “{first}”, “{second}”. "
        "Link it to its product instead."
    ]


def test_two_products_with_its_skus_are_left_to_a_person(
    lister: Client, unlinked: UnlinkedListing
) -> None:
    assert do(lister, "link_by_itself", [unlinked]) == [
        "Linked 0. 1 refused: 2 products have its SKUs or identifiers; link it to a product by "
        "hand."
    ]


def test_an_ignored_listing_leaves_the_open_tab(lister: Client, unlinked: UnlinkedListing) -> None:
    assert do(lister, "ignore", [unlinked]) == ["Ignored 1."]
    page = lister.get(list_url(UnlinkedListing))
    assert unlinked.title not in page.content.decode()


def test_unlinking_asks_whether_it_is_understood_and_calls_nobody(
    lister: Client, on_sale: list[Listing], tiktok: Sandbox
) -> None:
    row = on_sale[0]
    response = select(lister, "unlink", [row])
    page = lister.post(response.url, {})
    assert list(page.context["form"].errors) == ["understood"]
    assert said(lister.post(response.url, {"understood": "on"}))[-1] == "Unlinked 1."
    unlinked = UnlinkedListing.objects.get(resolved_at=None)
    assert unlinked.reason == f"Unlinked by Lister person from “{row.product}”."
    assert tiktok.calls() == {}
    assert "Link to a product" in lister.get(page_url(unlinked)).content.decode()


def test_deactivating_names_the_count_by_shop_and_state_before_it_is_done(
    lister: Client, live: Shop, on_sale: list[Listing]
) -> None:
    response = select(lister, "deactivate", on_sale)
    assert f"{live}: 3 Active." in lister.get(response.url).content.decode()
    done = lister.post(response.url, {"understood": "on"})
    assert said(done) == ["Deactivated 3."]
    assert set(Listing.objects.values_list("state", flat=True)) == {ListingState.INACTIVE}
    assert "sync_listings" in jobs(live)
    again = do(lister, "activate", on_sale, understood="on")
    assert again[-1] == "Activated 3."


def test_deleting_asks_for_the_number_of_listings(
    admin: Client, on_sale: list[Listing], tiktok: Sandbox
) -> None:
    response = select(admin, "delete_on_channel", on_sale[:2])
    page = admin.post(response.url, {"understood": "on", "number": "3"})
    assert page.context["form"].errors["number"] == ["Selected are 2, not 3."]
    assert tiktok.calls() == {}
    done = admin.post(response.url, {"understood": "on", "number": "2"})
    assert said(done) == ["Deleted on the channel 2."]
    assert Listing.objects.on_channel().count() == 1


def test_who_may_not_delete_listings_may_not_delete_them_on_the_channel(
    lister: Client, viewer: Client, on_sale: list[Listing], tiktok: Sandbox
) -> None:
    assert "Delete on the channel" not in lister.get(page_url(on_sale[0])).content.decode()
    select(lister, "delete_on_channel", on_sale)
    assert lister.get(f"{list_url(Listing)}verb/delete_on_channel/abc/").status_code == 403
    assert viewer.get(f"{list_url(Listing)}verb/unlink/abc/").status_code == 403
    assert viewer.get(f"{list_url(UnlinkedListing)}verb/link/abc/").status_code == 403
    assert tiktok.calls() == {}


def test_a_paused_shop_is_left_alone(
    lister: Client, live: Shop, on_sale: list[Listing], tiktok: Sandbox
) -> None:
    shops.pause(live)
    told = do(lister, "deactivate", on_sale, understood="on")
    assert told == [f"Deactivated 0. 3 refused: {live} is “Paused”, not active (3)."]
    assert (tiktok.calls(), jobs(live)) == ({}, set())
