"""Product files that come in through the admin, and pictures given on a product's page."""

from __future__ import annotations

from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import Image, Merchant, Product, Variant
from marketplace.kernel.models import Job
from tests import factories

IMPORT = reverse("admin:catalog_product_import_products")


def sheet(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("sheet.csv", "\n".join(lines).encode(), content_type="text/csv")


def test_products_come_in_and_every_refused_row_is_shown_and_can_be_downloaded(
    lister: Client, merchant: Merchant
) -> None:
    file = sheet(
        "sku,title,price,image_urls",
        "ROPE,Rope,19.90,https://pictures.example/rope.jpg",
        "BALL,Ball,cheap,",
    )
    page = lister.post(IMPORT, {"file": file, "merchant": merchant.pk})
    report = page.context["report"]
    assert (report.rows, report.rows_refused, report.products_created) == (2, 1, 1)
    assert [(item.row, item.column) for item in page.context["details"]] == [(3, "price")]
    token = page.context["token"]
    answer = lister.get(reverse("admin:catalog_product_import_report", args=[token]))
    assert answer.content.decode().splitlines()[0] == "row,result,column,value,reason"
    assert Variant.objects.get(sku="ROPE").price == Decimal("19.90")
    assert Job.objects.get(kind="fetch_images").subject == str(merchant.pk)


def test_another_person_cannot_download_somebody_elses_report(
    lister: Client, admin: Client, merchant: Merchant
) -> None:
    file = sheet("sku,title,price", "BALL,Ball,cheap")
    token = lister.post(IMPORT, {"file": file, "merchant": merchant.pk}).context["token"]
    address = reverse("admin:catalog_product_import_report", args=[token])
    assert admin.get(address).status_code == 404


def test_a_viewer_cannot_open_the_import_of_products(viewer: Client) -> None:
    assert viewer.get(IMPORT).status_code == 403


def test_a_center_of_another_merchant_is_refused_beside_its_field(
    lister: Client, merchant: Merchant
) -> None:
    foreign = factories.make_center(factories.make_merchant())
    file = sheet("sku,title", "ROPE,Rope")
    given = {"file": file, "merchant": merchant.pk, "fulfillment_center": foreign.pk}
    page = lister.post(IMPORT, given)
    assert list(page.context["form"].errors) == ["fulfillment_center"]
    assert not Product.objects.exists()


def test_a_picture_uploaded_on_a_products_page_is_measured_at_once(
    lister: Client, merchant: Merchant
) -> None:
    product = factories.make_product(merchant, sku="ROPE", with_image=False)
    variant = product.variants.get()
    picture = SimpleUploadedFile("rope.jpg", factories.picture_bytes(900, 900), "image/jpeg")
    answer = lister.post(
        reverse("admin:catalog_product_change", args=[product.pk]),
        {
            "merchant": merchant.pk, "sku": "ROPE", "title": "Rope", "description": "",
            "option_names": "", "brand": "", "product_type": "",
            "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "1",
            "variants-0-id": variant.pk, "variants-0-product": product.pk,
            "variants-0-sku": "ROPE", "variants-0-price": "21.50", "variants-0-currency": "USD",
            "variants-0-options": "", "variants-0-position": "0",
            "images-TOTAL_FORMS": "1", "images-INITIAL_FORMS": "0",
            "images-0-product": product.pk, "images-0-position": "0", "images-0-file": picture,
            "certificates-TOTAL_FORMS": "0", "certificates-INITIAL_FORMS": "0",
            "size_chart-TOTAL_FORMS": "0", "size_chart-INITIAL_FORMS": "0",
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["errors"]
    image = Image.objects.get()
    assert (image.width, image.height, image.format) == (900, 900, "JPEG")
    assert Variant.objects.get().price == Decimal("21.50")
