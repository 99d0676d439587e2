"""The page of a product: what is typed there, and what becomes of it (R39–R52, B13)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.html import dropped_parts, sanitize
from catalog.models import IdentifierKind, Image, Product, Shop, Tag, Video
from catalog.services import identifiers
from catalog.sheets.values import check_digit
from marketplace.kernel.errors import Refused
from tests import factories
from tests.admin.door import do, page_url, said
from tests.admin.product_page import save, words
from tests.admin.rows import stage


@pytest.fixture
def product(shop: Shop) -> Product:
    return factories.make_product(shop.merchant, sku="ROPE-1")


def upload(
    name: str, width: int = 800, height: int = 800, kind: str = "JPEG"
) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.picture_bytes(width, height, kind=kind))


# -- the description ---------------------------------------------------------------------------


def test_a_pasted_script_is_taken_out_and_the_person_is_told(
    lister: Client, product: Product
) -> None:
    pasted = '<p onclick="x()">Strong <b>rope</b></p><script>x()</script><img src="javascript:x()">'
    response = save(lister, product, description=pasted)
    product.refresh_from_db()
    assert product.description == "<p>Strong <b>rope</b></p><img>"
    assert said(response)[0] == (
        "The description was cleaned. Taken out, because channels do not take it: onclick, "
        "<script>, a javascript: address."
    )


def test_rich_text_is_kept_as_it_was_and_no_word_is_lost_by_saving(
    lister: Client, product: Product
) -> None:
    text = '<h3>Rope</h3><ul><li>one</li></ul><table><tbody><tr><td colspan="2">a</td></tr>'
    text += "</tbody></table>"
    Product.objects.filter(pk=product.pk).update(description=text)
    response = save(lister, product, brand="Ropey")
    product.refresh_from_db()
    assert (product.description, product.brand) == (text, "Ropey")
    assert not any("cleaned" in message for message in said(response))


@settings(max_examples=60)
@given(st.text(alphabet="<>/ab script onerror=\"'img src=javascript:\n", max_size=80))
def test_what_is_kept_has_nothing_left_to_take_out(text: str) -> None:
    assert dropped_parts(sanitize(text)) == []


# -- variants ----------------------------------------------------------------------------------


def test_cost_package_and_identifiers_are_edited_on_the_products_page(
    lister: Client, product: Product
) -> None:
    save(
        lister, product, variants__0__cost="4.50", variants__0__upc="0 12345-67890 5",
        variants__0__weight="12", variants__0__weight_unit="oz",
    )  # fmt: skip
    variant = product.variants.get()
    assert (variant.cost, variant.weight, variant.weight_unit) == (Decimal("4.50"), 12, "oz")
    assert [str(row) for row in variant.identifiers.all()] == ["UPC 012345678905"]
    save(lister, product, variants__0__upc="", variants__0__ean="4006381333931")
    assert [str(row) for row in variant.identifiers.all()] == ["EAN 4006381333931"]


def test_wrong_values_are_all_named_beside_their_fields_and_nothing_is_saved(
    lister: Client, product: Product
) -> None:
    wrong = {
        "upc": ("012345678904", "UPC 012345678904: the last digit is 4 and should be 5."),
        "ean": ("12345", "EAN 12345: 5 digits found, it has 8 or 13 or 14."),
        "gtin": ("ABC", "GTIN ABC: it is made of digits alone."),
        "weight_unit": ("", "Choose the unit of the weight."),
        "width": ("", "Give length, width and height, or none of them."),
        "price": ("-1", "It cannot be below zero: -1."),
        "currency": ("US1", "“US1” is no currency; use three letters such as USD."),
    }
    given = {f"variants__0__{field}": value for field, (value, _) in wrong.items()}
    text = words(save(lister, product, **given, title="Changed"))
    for _, sentence in wrong.values():
        assert sentence in text
    assert not Product.objects.filter(title="Changed").exists()


def test_a_sku_stands_once_on_the_page_and_once_at_the_merchant(lister: Client, shop: Shop) -> None:
    factories.make_product(shop.merchant, sku="TAKEN")
    product = factories.make_variant_product(shop.merchant, {"Color": ["Red", "Blue"]})
    other = save(lister, product, variants__0__sku="TAKEN")
    assert "Another variant of this merchant has the SKU TAKEN." in words(other)
    both = save(lister, product, variants__0__sku="SAME", variants__1__sku="SAME")
    assert "SAME stands here 2 times; a SKU is one unit." in words(both)


@settings(max_examples=50)
@given(st.sampled_from(["upc", "ean", "gtin"]), st.integers(0, 10**13 - 1), st.integers(1, 9))
def test_one_mistyped_last_digit_is_always_found(kind: str, number: int, slip: int) -> None:
    length = {"upc": 11, "ean": 12, "gtin": 13}[kind]
    body = f"{number:013}"[-length:]
    right = check_digit(body)
    assert identifiers.read(kind, f" {body[:3]}-{body[3:]}{right}") == body + right
    with pytest.raises(Refused, match=f"should be {right}"):
        identifiers.read(kind, f"{body}{(int(right) + slip) % 10}")


@pytest.mark.parametrize("code", ["0-306-40615-2", "080442957X", "978-0-306-40615-7"])
def test_an_isbn_of_either_length_is_taken(code: str) -> None:
    assert identifiers.read(IdentifierKind.ISBN, code) == code.replace("-", "")


def test_twenty_variants_take_as_many_queries_as_two(
    lister: Client, shop: Shop, django_assert_max_num_queries
) -> None:
    few = factories.make_variant_product(shop.merchant, {"Color": ["Red", "Blue"]})
    many = factories.make_variant_product(shop.merchant, {"Color": [f"No {n}" for n in range(20)]})
    with django_assert_max_num_queries(100) as context:
        lister.get(page_url(few))
    with django_assert_max_num_queries(len(context)):
        lister.get(page_url(many))


# -- pictures ----------------------------------------------------------------------------------


def test_several_pictures_come_in_at_once_behind_those_that_are_there(
    lister: Client, product: Product
) -> None:
    save(lister, product, new_pictures=[upload("a.jpg", 900, 900), upload("b.jpg", 700, 700)])
    assert [(i.position, i.width) for i in product.images.all()] == [(0, 800), (1, 900), (2, 700)]


def test_a_picture_is_made_the_primary_one_by_its_number(lister: Client, product: Product) -> None:
    last = factories.add_image(product, 900, 900)
    save(lister, product, images__1__position="0")
    assert [image.position for image in Image.objects.filter(pk=last.pk)] == [0]
    assert sorted(product.images.values_list("position", flat=True)) == [0, 1]


def test_a_heavy_picture_comes_in_and_the_fix_makes_it_fit(
    lister: Client, product: Product, shop: Shop
) -> None:
    heavy = upload("heavy.bmp", 2000, 1850, "BMP")
    save(lister, product, new_pictures=[heavy])
    image = product.images.get(width=2000)
    assert f"found {heavy.size / 1024**2:.1f} MB, allowed up to 5.0 MB. Use “Fix images”" in words(
        lister.get(page_url(product))
    )
    do(lister, "fix_images", [image], ratio="nearest", mode="white")
    text = lister.get(page_url(product)).content.decode()
    image.refresh_from_db()
    assert f'href="{image.original.url}"' in text


def test_files_that_are_no_pictures_are_named_and_none_is_kept(
    lister: Client, product: Product
) -> None:
    wrong = SimpleUploadedFile("notes.jpg", b"hello")
    response = save(lister, product, new_pictures=[upload("a.jpg"), wrong])
    assert "notes.jpg: The file is not a picture of a known format." in words(response)
    assert product.images.count() == 1


def test_a_picture_is_named_by_its_place_not_by_its_file(product: Product) -> None:
    assert str(factories.add_image(product)) == f"Image 2 of {product.title}"


# -- the rest ----------------------------------------------------------------------------------


def test_the_page_says_what_each_listing_misses_and_leads_there(
    lister: Client, product: Product, shop: Shop
) -> None:
    product.variants.update(price=None)
    listing = stage(product, shop)
    text = lister.get(page_url(product)).content.decode()
    for item in listing.missing:
        assert item["sentence"] in text
    assert {item["field"] for item in listing.missing} >= {"price", "quantity", "category"}
    assert 'href="#variants"' in text
    assert f'href="{page_url(listing)}">The category is missing.' in text


def test_a_video_is_kept_as_a_reference(lister: Client, product: Product) -> None:
    save(lister, product, video_url="https://videos.example/rope.mp4")
    assert Video.objects.get(product=product).url == "https://videos.example/rope.mp4"
    save(lister, product, video_url="")
    assert not Video.objects.filter(product=product).exists()


def test_a_tag_of_another_merchant_is_refused(lister: Client, product: Product) -> None:
    foreign = Tag.objects.create(merchant=factories.make_merchant(), name="Theirs")
    response = save(lister, product, tags=[foreign.pk])
    assert "Theirs: this tag belongs to another merchant." in words(response)


def test_who_may_only_look_sees_values_and_no_fields(viewer: Client, product: Product) -> None:
    text = viewer.get(page_url(product)).content.decode()
    assert "ROPE-1" in text
    assert 'name="variants-0-price"' not in text
    assert 'name="new_pictures"' not in text
