"""Making pictures acceptable in bulk, from each list that leads to pictures."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

from catalog.admin.image_verbs import AT_ONCE
from catalog.models import Image, Product, Shop
from marketplace.kernel import bulk_tasks
from marketplace.kernel.models import BulkRun
from tests import factories
from tests.admin.door import do, list_url, page_url, said, select
from tests.admin.rows import stage

CHOICE = {"ratio": "nearest", "mode": "white"}


@pytest.fixture
def wide(shop: Shop) -> Image:
    """The only picture of a product; its shape is 16:9."""
    product = factories.make_product(shop.merchant, with_image=False)
    return factories.add_image(product, 1600, 900)


@pytest.mark.parametrize("where", ["image", "product", "listing"])
def test_a_wide_picture_is_made_acceptable_from_each_list(
    lister: Client, shop: Shop, wide: Image, where: str
) -> None:
    rows: dict[str, Model] = {
        "image": wide,
        "product": wide.product,
        "listing": stage(wide.product, shop),
    }
    assert do(lister, "fix_images", [rows[where]], **CHOICE) == ["Fixed 1."]
    wide.refresh_from_db()
    assert (wide.width, wide.height) == (1600, 1200)
    assert "Fixed: Border added, from 16:9 to 4:3" in page(lister, list_url(Image))


def test_the_choices_of_the_form_are_carried_out(lister: Client, wide: Image) -> None:
    do(lister, "fix_images", [wide], ratio="3:4", mode="crop", enlarge="on")
    wide.refresh_from_db()
    assert (wide.width, wide.height) == (675, 900)


def test_the_form_shows_before_and_after_of_what_is_chosen_and_changes_nothing_yet(
    lister: Client, wide: Image
) -> None:
    factories.add_image(wide.product)
    address = select(lister, "fix_images", [wide.product]).url
    first = page(lister, address)
    assert "Pictures: 2. Not acceptable as they are: 1." in first
    assert first.count("data:image/png;base64,") == 3
    assert "Border added, from 16:9 to 4:3" in first
    assert "Nothing: it is fine already." in first
    looked = lister.post(address, {"ratio": "1:1", "mode": "crop", "_look": "1"})
    assert looked.status_code == 200
    assert "Cropped from 16:9 to 1:1" in looked.content.decode()
    wide.refresh_from_db()
    assert wide.width == 1600
    assert said(lister.post(address, CHOICE)) == ["Fixed 1. 1 skipped: it is fine already."]


def test_the_preview_shows_six_pictures_those_to_be_changed_first(
    lister: Client, shop: Shop
) -> None:
    product = factories.make_product(shop.merchant)
    for _ in range(7):
        factories.add_image(product, 1600, 900)
    text = page(lister, select(lister, "fix_images", [product]).url)
    assert text.count("Border added, from 16:9 to 4:3") == 6
    assert "fine already" not in text


def test_an_unknown_shape_is_refused_by_the_form(lister: Client, wide: Image) -> None:
    response = lister.post(select(lister, "fix_images", [wide]).url, {"ratio": "2:1", "mode": "x"})
    assert response.status_code == 200
    assert "2:1 is not one of the available choices" in response.content.decode()


def test_products_without_a_picture_are_said_to_have_none(lister: Client, shop: Shop) -> None:
    product = factories.make_product(shop.merchant, with_image=False)
    text = page(lister, select(lister, "fix_images", [product]).url)
    assert "There is no picture among them." in text


def test_many_pictures_are_fixed_in_the_background(lister: Client, wide: Image) -> None:
    for _ in range(AT_ONCE):
        factories.add_image(wide.product, 1600, 900)
    address = select(lister, "fix_images", [wide.product]).url
    assert "More than 20 pictures are fixed in the background" in page(lister, address)
    lister.post(address, CHOICE)
    run = BulkRun.objects.get()
    assert bulk_tasks.carry_on(run.pk) == "Fix images: Done, 21 of 21"
    run.refresh_from_db()
    assert run.done == 21
    wide.refresh_from_db()
    assert (wide.width, wide.height) == (1600, 1200)


def test_the_original_is_restored_from_the_list_and_from_the_pictures_page(
    lister: Client, wide: Image
) -> None:
    do(lister, "fix_images", [wide], **CHOICE)
    assert "Restore the original" in page(lister, page_url(wide))
    assert do(lister, "restore_original", [wide]) == ["Restored 1."]
    wide.refresh_from_db()
    assert (wide.width, wide.height, wide.fixed_as) == (1600, 900, "")
    assert "Restore the original" not in page(lister, page_url(wide))


@pytest.mark.parametrize("model", [Image, Product])
def test_who_may_only_look_is_offered_no_fix(viewer: Client, wide: Image, model: Any) -> None:
    assert "fix_images" not in page(viewer, list_url(model))


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()
