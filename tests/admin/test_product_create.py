"""The “New product” page: from nothing to a published listing (R25), and what stops it."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import (
    CategoryAttribute,
    ChannelCategory,
    FulfillmentCenter,
    Listing,
    Merchant,
    OfferStock,
    Product,
    Shop,
    StockLevel,
)
from catalog.services import publishing, stock
from catalog.states import ListingState
from marketplace.kernel.models import Job
from tests import factories
from tests.admin.door import page_url, said
from tests.admin.product_page import words
from tests.catalog.conftest import live
from tests.support.browser import Person, chromium
from tests.support.sandbox import Sandbox

__all__ = ["chromium", "live"]

ADD = reverse("admin:catalog_product_add")


def picture(name: str = "rope.jpg", **size: int) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.picture_bytes(**size))


def filled(center: FulfillmentCenter | None = None, **changes: Any) -> dict[str, Any]:
    """What a person types for a product that lacks nothing."""
    given = {
        "merchant": center.merchant_id if center else "",
        "title": "Cotton rope dog toy with three knots",
        "sku": "ROPE-1",
        "description": "<p>Strong <b>rope</b>.</p>",
        "brand": "Ropey",
        "tags": "Dog toys, Rope",
        "price": "19.90",
        "weight": "1.2",
        "weight_unit": "lb",
        "length": "8",
        "width": "4",
        "height": "2",
        "dimension_unit": "in",
        "quantity": "7",
        "fulfillment_center": center.pk if center else "",
        "pictures": [picture()],
        "_save": "1",
    }
    return {**given, **changes}


def answers(category: ChannelCategory) -> dict[str, str]:
    """A value for every property that the category requires."""
    required = category.attributes.filter(is_required=True, kind="product")
    return {
        f"attribute_{row.pk}": row.values[0]["name"] if row.values else "Rope" for row in required
    }


def post(client: Client, given: dict[str, Any]) -> Any:
    return client.post(ADD, {name: value for name, value in given.items() if value != ""})


def test_one_page_takes_a_new_product_to_a_published_listing(
    lister: Client, live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    category = ChannelCategory.objects.get(shop=live, name="Dog Toys", is_leaf=True)
    chosen = {"shop": live.pk, "category": category.pk}
    asked = lister.post(reverse("admin:catalog_product_create_channel"), chosen)
    assert "Required properties" in words(asked)
    given = filled(center, **chosen, **answers(category), upc="012345678905", _publish="1")
    response = post(lister, given)
    listing = Listing.objects.get(shop=live)
    assert response.url == page_url(listing)
    assert said(response) == [f"“{listing.product}” was saved and is queued for {live}."]
    assert Job.objects.get(kind="publish_queued").subject == str(live.pk)

    assert publishing.publish_queued(live).published == 1
    (sent,) = tiktok.products()
    product = tiktok.product(sent["id"])
    assert (product["title"], product["description"]) == (given["title"], given["description"])
    (sku,) = product["skus"]
    assert sku["seller_sku"] == "ROPE-1"
    assert OfferStock.objects.get(offer__listing=listing).sent == 7
    assert stock.drift() == []


def test_saving_alone_publishes_nothing_and_needs_no_channel(
    lister: Client, center: FulfillmentCenter
) -> None:
    response = post(lister, filled(center))
    product = Product.objects.get()
    assert response.url == page_url(product)
    assert sorted(product.tags.values_list("name", flat=True)) == ["Dog toys", "Rope"]
    assert product.images.get().width == 800
    assert StockLevel.objects.get().on_hand == 7
    assert not Listing.objects.exists()
    assert not Job.objects.exists()


def test_what_is_missing_leaves_the_listing_incomplete_and_is_all_said_on_the_products_page(
    lister: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    given = filled(
        center, shop=shop.pk, category=category.pk, price="", weight="", pictures="", _publish="1"
    )
    response = post(lister, given)
    product, listing = Product.objects.get(), Listing.objects.get()
    assert response.url == page_url(product)
    assert listing.state == ListingState.INCOMPLETE
    assert "was saved, and not published: 4 requirements are not met." in said(response)[0]
    text = words(lister.get(response.url))
    for what in ("price of ROPE-1", "shipping weight", "primary image", "“Material” is required"):
        assert what in text
    assert not Job.objects.filter(kind="publish_queued").exists()


# -- variants ----------------------------------------------------------------------------------


def test_options_become_a_table_and_the_table_variants_with_stock(
    lister: Client, center: FulfillmentCenter
) -> None:
    options = {
        "option_1_name": "Color", "option_1_values": "Red, Blue",
        "option_2_name": "Size", "option_2_values": "S, M",
    }  # fmt: skip
    given = filled(center, **options)
    table = lister.post(reverse("admin:catalog_product_create_variants"), given)
    shown = re.findall(r'name="variants-\d-sku" value="([^"]+)"', table.content.decode())
    assert shown == ["ROPE-1-RED-S", "ROPE-1-RED-M", "ROPE-1-BLUE-S", "ROPE-1-BLUE-M"]
    rows = rows_of(table)
    rows |= {
        "variants-0-price": "5.00", "variants-1-quantity": "0", "variants-1-sku": "MINE",
        "variants-2-barcode": "4006381333931", "variants-3-leave_out": "on",
    }  # fmt: skip
    response = post(lister, {**given, "pictures": [picture()], **rows})
    assert response.status_code == 302, response.context["page"].problems()
    product = Product.objects.get()
    assert product.option_names == ["Color", "Size"]
    found = [(row.sku, row.options, row.price) for row in product.variants.all()]
    assert found == [
        ("ROPE-1-RED-S", ["Red", "S"], Decimal("5.00")),
        ("MINE", ["Red", "M"], Decimal("19.90")),
        ("ROPE-1-BLUE-S", ["Blue", "S"], Decimal("19.90")),
    ]
    units = StockLevel.objects.order_by("variant__position").values_list("on_hand", flat=True)
    assert list(units) == [7, 7]
    assert str(product.variants.get(sku="ROPE-1-BLUE-S").identifiers.get()) == "EAN 4006381333931"


def test_without_the_table_every_combination_is_made(
    lister: Client, center: FulfillmentCenter
) -> None:
    post(lister, filled(center, option_1_name="Color", option_1_values="Red, Blue"))
    skus = Product.objects.get().variants.values_list("sku", flat=True)
    assert list(skus) == ["ROPE-1-RED", "ROPE-1-BLUE"]


def test_options_that_changed_after_the_table_was_made_are_shown_first(
    lister: Client, center: FulfillmentCenter
) -> None:
    given = filled(center, option_1_name="Color", option_1_values="Red, Blue")
    table = rows_of(lister.post(reverse("admin:catalog_product_create_variants"), given))
    changed = {**given, **table, "variants-0-sku": "MINE", "option_1_values": "Red, Green"}
    response = post(lister, {**changed, "pictures": [picture()]})
    assert "The options changed, and the table of variants with them." in words(response)
    assert rows_of(response)["variants-0-sku"] == "MINE"
    assert rows_of(response)["variants-1-sku"] == "ROPE-1-GREEN"
    assert not Product.objects.exists()


# -- what is refused ---------------------------------------------------------------------------


def test_errors_are_all_said_at_once_nothing_is_saved_and_pictures_need_not_be_chosen_again(
    lister: Client, center: FulfillmentCenter
) -> None:
    wrong = filled(
        center, title="", upc="012345678904", weight_unit="", fulfillment_center="",
        pictures=[picture("one.jpg"), picture("two.jpg", width=900, height=900)],
    )  # fmt: skip
    response = post(lister, wrong)
    text = words(response)
    for sentence in (
        "Nothing was saved yet. 4 things to look at:",
        "Title: This field is required.",
        "the last digit is 4 and should be 5",
        "Weight unit: Choose the unit of the weight.",
        "At fulfillment center: Say where the quantity is.",
        "Leave out one.jpg",
    ):
        assert sentence in text
    assert 'value="Ropey"' in response.content.decode()
    assert not Product.objects.exists()

    token = response.context["page"].token
    mended = filled(center, pictures="", held=token, held_drop="000-one.jpg")
    post(lister, mended)
    assert [image.width for image in Product.objects.get().images.all()] == [900]


def test_kept_pictures_are_nobody_elses(
    lister: Client, admin: Client, center: FulfillmentCenter, settings: Any
) -> None:
    token = post(lister, filled(center, title="")).context["page"].token
    post(admin, filled(center, pictures="", held=token))
    assert Product.objects.get().images.count() == 0
    assert len(list(Path(settings.MEDIA_ROOT).glob(f"held/*/{token}/*"))) == 1


def test_a_sku_that_is_taken_is_named(lister: Client, center: FulfillmentCenter) -> None:
    factories.make_product(center.merchant, sku="ROPE-1")
    text = words(post(lister, filled(center)))
    assert f"{center.merchant} has a product with the SKU ROPE-1 already." in text


def test_shop_and_center_must_be_the_merchants_own(
    lister: Client, shop: Shop, center: FulfillmentCenter, merchant: Merchant
) -> None:
    other = factories.make_merchant()
    text = words(post(lister, filled(center, merchant=other.pk, shop=shop.pk)))
    assert f"It belongs to {merchant}, not to {other}." in text
    assert f"It does not belong to {other}." in text
    assert not Product.objects.exists()


def test_a_property_takes_only_what_the_channel_takes(
    lister: Client, shop: Shop, center: FulfillmentCenter, category: ChannelCategory
) -> None:
    material = CategoryAttribute.objects.get(category=category)
    chosen = {"shop": shop.pk, "category": category.pk, f"attribute_{material.pk}": "Gold"}
    response = post(lister, filled(center, **chosen))
    assert response.status_code == 200
    assert not Product.objects.exists()


def test_who_may_only_look_makes_no_product(viewer: Client, center: FulfillmentCenter) -> None:
    assert post(viewer, filled(center)).status_code == 403
    for name in ("variants", "channel"):
        address = reverse(f"admin:catalog_product_create_{name}")
        assert viewer.post(address, {}).status_code == 403


def rows_of(response: Any) -> dict[str, str]:
    """The table of variants as the page shows it."""
    formset = response.context["page"].rows
    forms = [formset.management_form, *formset.forms]
    return {
        field.html_name: value
        for form in forms
        for field in form
        if (value := str(field.value())) not in ("None", "", "False")
    } | {f"{formset.prefix}-TOTAL_FORMS": str(len(formset.forms))}


# -- in a browser ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser_pictures_rich_text_variants_and_properties_make_a_queued_listing(
    chromium: Any,
    live_server: Any,
    shop: Shop,
    center: FulfillmentCenter,
    category: ChannelCategory,
    lister: Client,
    tmp_path: Path,
) -> None:
    files = [tmp_path / "one.jpg", tmp_path / "two.jpg"]
    for file in files:
        file.write_bytes(factories.picture_bytes())
    ada = Person(chromium, live_server.url)
    cookie = {"name": "sessionid", "value": lister.cookies["sessionid"].value}
    ada.page.context.add_cookies([{**cookie, "url": live_server.url}])
    ada.opens(ADD)
    page = ada.page
    for name, value in (("title", "Cotton rope dog toy with knots"), ("sku", "ROPE-1")):
        page.fill(f"#id_{name}", value)
    page.click(".desk-editor-page")
    page.keyboard.type("Strong ")
    page.click("button[aria-label=Bold]")
    page.keyboard.type("rope")
    page.set_input_files("#id_pictures", files)
    assert page.locator(".desk-chosen img").count() == 2
    for name, value in (("price", "19.90"), ("weight", "1.2"), ("quantity", "7")):
        page.fill(f"#id_{name}", value)
    page.select_option("#id_fulfillment_center", str(center.pk))
    page.fill("#id_option_1_name", "Color")
    page.fill("#id_option_1_values", "Red, Blue")
    ada.presses("Show the variants")
    page.fill("[name=variants-1-sku]", "MINE")
    page.select_option("#id_shop", str(shop.pk))
    page.get_by_role("button", name="Dog toys").click()
    page.select_option("select[name^=attribute_]", "Cotton")
    ada.presses("Save and publish")
    page.wait_for_url("**/listing/*/change/")
    product = Product.objects.get()
    assert product.description == "<p>Strong <b>rope</b></p>"
    assert product.images.count() == 2
    assert list(product.variants.values_list("sku", flat=True)) == ["ROPE-1-RED", "MINE"]
    assert Listing.objects.get().state == ListingState.QUEUED
    assert ada.complaints == []
