"""The workspace around publishing: reasons that lead somewhere, days, places, what changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import ChannelCategory, FulfillmentCenter, Listing, Shop
from catalog.services import listings, products, published, publishing, shops
from catalog.states import ListingState
from integrations.models import Exchange
from tests import factories
from tests.admin import rows
from tests.admin.door import do, list_url, page_url, select
from tests.support.sandbox import Sandbox

MORNING = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # nine o'clock in Los Angeles
LINK = re.compile(r'<li><a class="[^"]*" href="([^"]+)">([^<]+)</a>')


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.fixture
def faulty(shop: Shop, category: ChannelCategory) -> Listing:
    """A listing with six faults, in each place where faults are mended."""
    product = factories.make_product(
        shop.merchant, title="", weight=None, price=None, with_image=False
    )
    return rows.stage(product, shop, category)


def ready(shop: Shop, center: FulfillmentCenter, category: ChannelCategory) -> Listing:
    product = factories.make_product(shop.merchant)
    factories.put_stock(product, center, 3)
    listing = rows.stage(product, shop, category)
    listings.set_attribute([listing.pk], category.attributes.get(), ["Cotton"], by="test")
    listing.refresh_from_db()
    assert listing.state == ListingState.READY
    return listing


def queued(listing: Listing) -> Listing:
    publishing.request_publish(listing, by="test")
    return listing


# -- reasons (B3) ------------------------------------------------------------------------------


def test_a_listing_with_six_faults_shows_each_with_a_link_that_leads_there(
    lister: Client, faulty: Listing, tiktok: Sandbox
) -> None:
    page = text_of(lister, page_url(faulty))
    links = {sentence: url for url, sentence in LINK.findall(page)}
    product = f"/admin/catalog/product/{faulty.product_id}/change/"
    mend = f"/admin/catalog/listing/{faulty.pk}/mend/"
    sku = faulty.product.sku
    assert links == {
        "The title is missing.": f"{product}#id_title",
        f"The price of {sku} is missing.": f"{product}#variants",
        "No quantity is available in a fulfillment center that is mapped to this shop.": (
            f"/admin/catalog/stocklevel/?q={sku}"
        ),
        "The shipping weight is missing.": f"{product}#variants",
        "The primary image is missing.": f"{product}#images",
        "“Material” is required in this category.": f"{mend}fill_in/?attribute=100",
    }
    assert page.count("Found: ") == page.count("Allowed: ") == len(links)
    assert {lister.get(url, follow=True).status_code for url in links.values()} == {200}
    assert not Exchange.objects.exists(), "nothing was asked of the channel"
    assert tiktok.calls() == {}


def test_the_list_leads_to_the_first_reason_and_to_the_rest(
    lister: Client, faulty: Listing
) -> None:
    page = text_of(lister, list_url(Listing, "?tab=incomplete"))
    assert f'href="/admin/catalog/product/{faulty.product_id}/change/#id_title"' in page
    assert "and 5 more" in page


def test_a_property_that_is_missing_is_mended_in_its_own_field(
    lister: Client, faulty: Listing, category: ChannelCategory
) -> None:
    (attribute,) = category.attributes.all()
    begun = lister.get(f"/admin/catalog/listing/{faulty.pk}/mend/fill_in/?attribute=100")
    address, _, field = begun.url.partition("#")
    assert f'id="{field}"' in text_of(lister, address)
    lister.post(address, {field.removeprefix("id_"): "Cotton"})
    assert faulty.attributes.get(attribute=attribute).value == "Cotton"


def test_coming_to_mend_changes_nothing_and_needs_the_right_to(
    viewer: Client, lister: Client, faulty: Listing
) -> None:
    address = f"/admin/catalog/listing/{faulty.pk}/mend/categorize/"
    assert viewer.get(address).status_code == 403
    assert lister.get(f"/admin/catalog/listing/{faulty.pk}/mend/check_requirements/").status_code
    assert lister.get(address).status_code == 302
    assert faulty.events.count() == Listing.objects.get().events.count()


def test_an_error_nobody_knows_keeps_its_words_and_ids_and_names_the_support(
    lister: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    listing = ready(shop, center, category)
    Listing.objects.filter(pk=listing.pk).update(
        state="error",
        problem="TikTok Shop says: “Strange thing”.",
        problem_code="99999999",
        problem_request_id="202611230001",
    )
    page = text_of(lister, page_url(listing))
    for words in (
        "TikTok Shop says: “Strange thing”.",
        "Code 99999999 · Request 202611230001",
        f"If this does not help, write to {settings.SUPPORT_EMAIL} and quote the ids above.",
    ):
        assert words in page


# -- days and places (B4) ----------------------------------------------------------------------


@time_machine.travel(MORNING, tick=False)
def test_each_queued_listing_says_when_it_goes_out(
    lister: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    shops.set_quota(shop, on_probation=True, daily_limit=1)
    first, second = (queued(ready(shop, center, category)) for _ in range(2))
    page = text_of(lister, list_url(Listing, "?tab=publishing"))
    assert page.count("goes out today") == page.count("goes out tomorrow (24 Nov)") == 1
    assert "goes out tomorrow (24 Nov)" in text_of(lister, page_url(second))
    do(lister, "publish_first", [second])
    assert "goes out today · first" in text_of(lister, page_url(second))
    assert "goes out tomorrow (24 Nov)" in text_of(lister, page_url(first))
    found = lister.get(list_url(Listing, "?place=first")).context["cl"].result_list
    assert [row.pk for row in found] == [second.pk]


@time_machine.travel(MORNING, tick=False)
def test_the_form_says_how_many_go_on_which_day(
    lister: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    shops.set_quota(shop, on_probation=True, daily_limit=2)
    queued(ready(shop, center, category))
    selected = [ready(shop, center, category) for _ in range(4)]
    begun = select(lister, "publish", selected)
    page = text_of(lister, begun.url)
    assert "1 today, 2 tomorrow (24 Nov), 1 in 2 days (25 Nov)" in page
    shops.set_quota(shop, on_probation=False, daily_limit=2)
    assert "new listings a day" not in text_of(lister, begun.url)


def test_a_page_of_the_queue_costs_the_same_for_any_number_of_rows(
    lister: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    address = list_url(Listing, "?tab=publishing")
    queued(ready(shop, center, category))
    lister.get(address)
    with CaptureQueriesContext(connection) as for_one:
        lister.get(address)
    for _ in range(4):
        queued(ready(shop, center, category))
    with CaptureQueriesContext(connection) as for_five:
        lister.get(address)
    assert len(for_five) == len(for_one)


# -- what changed (R26) ------------------------------------------------------------------------


def test_what_a_republish_would_change_is_shown_field_by_field(
    lister: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    listing = ready(shop, center, category)
    product = listing.product
    factories.add_image(product, color="navy")
    product.description = "<p>" + "Strong rope. " * 40 + "</p>"
    product.save()
    products.changed([product.pk])
    Listing.objects.filter(pk=listing.pk).update(state="active", external_id="1729")
    published.remember_as_here([listing.pk])
    assert "No" in text_of(lister, page_url(listing))

    product.title = "Quite another title"
    product.description = product.description.replace(
        "Strong rope. </p>", "Strong <b>cord</b>.</p>"
    )
    product.save()
    product.images.first().delete()
    factories.add_image(product, color="teal", width=900)
    product.variants.update(weight="0.75")
    products.changed([product.pk])
    listings.set_attribute([listing.pk], category.attributes.get(), ["Nylon"], by="test")

    page = text_of(lister, page_url(listing))
    table = re.search(r'<table class="desk-changes">.*?</table>', page, re.DOTALL)
    assert table
    cells = [
        tuple(re.findall(r"<t[hd]>(.*?)</t[hd]>", line))
        for line in re.findall(r"<tr>(.*?)</tr>", table[0])[1:]
    ]
    was = f"Cotton rope dog toy {product.sku}"
    (title, description, images, material, weight) = cells
    assert title == ("Title", was, "Quite another title")
    assert description[1].startswith("…")
    assert description[1].endswith("Strong rope.")
    assert description[2].startswith("…")
    assert description[2].endswith("Strong cord.")
    assert re.fullmatch(r"2 images; removed here: file \w{8}", images[1])
    assert re.fullmatch(r"2 images; added: file \w{8}", images[2])
    assert material == ("Material", "Cotton", "Nylon")
    sizes = "20 × 10 × 5 cm"
    assert weight == (
        f"Weight and dimensions of {product.sku}",
        f"0.5 kg · {sizes}",
        f"0.75 kg · {sizes}",
    )
    row = text_of(lister, list_url(Listing, "?tab=changed"))
    assert "Not published: title, description, images, properties, weight and dimensions" in row
