"""Sheets that go in and out through the admin."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import (
    FulfillmentCenter,
    Image,
    Merchant,
    Product,
    Shop,
    StockLevel,
    StockMovement,
    Variant,
)
from catalog.services import products
from marketplace.kernel.models import Job
from orders.models import Shipment
from tests import factories
from tests.admin.rows import make_order

IMPORT = reverse("admin:catalog_product_import_products")


def sheet(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("sheet.csv", "\n".join(lines).encode(), content_type="text/csv")


def bring_in(client: Client, model: str, *lines: str) -> str:
    """Upload a sheet, look at the preview, and confirm it; return the preview."""
    base = f"admin:catalog_{model}"
    preview = client.post(
        reverse(f"{base}_import"), {"import_file": sheet(*lines), "format": "0", "resource": "0"}
    )
    form = preview.context.get("confirm_form")
    if form is not None:
        client.post(reverse(f"{base}_process_import"), form.initial)
    return preview.content.decode()


def take_out(client: Client, resource: int) -> list[dict[str, str]]:
    answer = client.post(
        reverse("admin:catalog_product_export"), {"format": "0", "resource": str(resource)}
    )
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


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


def test_tags_go_out_are_filled_in_and_come_back(lister: Client, merchant: Merchant) -> None:
    product = factories.make_product(merchant, sku="ROPE", title="Rope")
    products.tag([product.pk], "Old")
    assert take_out(lister, 1) == [
        {"merchant": merchant.slug, "sku": "ROPE", "title": "Rope", "tags": "Old"}
    ]
    bring_in(lister, "product", "merchant,sku,tags", f'{merchant.slug},ROPE,"Dog toys, Sale"')
    assert [tag.name for tag in product.tags.order_by("name")] == ["Dog toys", "Sale"]
    product.refresh_from_db()
    assert product.title == "Rope"


def test_a_tag_row_of_an_unknown_sku_is_refused_and_nothing_comes_in(
    lister: Client, merchant: Merchant
) -> None:
    product = factories.make_product(merchant, sku="ROPE")
    preview = bring_in(lister, "product", "sku,tags", "ROPE,Sale", "NOPE,Sale")
    assert "There is no product with the SKU “NOPE”." in preview
    assert not product.tags.exists()


def test_exported_products_can_be_imported_again_and_change_nothing(
    lister: Client, merchant: Merchant
) -> None:
    factories.make_variant_product(merchant, {"Color": ["Red", "Blue"]})
    factories.make_product(merchant, sku="ROPE", brand="Happy Paws")
    answer = lister.post(reverse("admin:catalog_product_export"), {"format": "0", "resource": "0"})
    file = SimpleUploadedFile("products.csv", answer.content, content_type="text/csv")
    report = lister.post(IMPORT, {"file": file, "merchant": merchant.pk}).context["report"]
    assert (report.rows, report.rows_refused, report.products_unchanged) == (3, 0, 2)


def test_a_cell_that_looks_like_a_formula_leaves_as_text(
    lister: Client, merchant: Merchant
) -> None:
    factories.make_product(merchant, sku="ROPE", title="=HYPERLINK(1)")
    assert take_out(lister, 1)[0]["title"] == "HYPERLINK(1)"


def test_counts_come_in_through_the_ledger(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    product = factories.make_product(shop.merchant, sku="ROPE")
    factories.put_stock(product, center, 5)
    lines = ("sku,fulfillment_center,quantity", f"ROPE,{center.code},12")
    bring_in(clerk, "stocklevel", *lines)
    assert StockLevel.objects.get().on_hand == 12
    line = StockMovement.objects.get(kind="count")
    assert (line.on_hand, line.by) == (7, "Order clerk person")
    bring_in(clerk, "stocklevel", *lines)
    assert StockMovement.objects.filter(kind="count").count() == 1


def test_a_count_that_cannot_be_is_shown_in_the_preview_and_changes_nothing(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    product = factories.make_product(shop.merchant, sku="ROPE")
    factories.put_stock(product, center, 5)
    preview = bring_in(
        clerk, "stocklevel", "sku,fulfillment_center,quantity", f"ROPE,{center.code},many"
    )
    assert "“many” is not a number of units." in preview
    assert StockLevel.objects.get().on_hand == 5


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
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["errors"]
    image = Image.objects.get()
    assert (image.width, image.height, image.format) == (900, 900, "JPEG")
    assert Variant.objects.get().price == Decimal("21.50")


def test_tracking_numbers_come_in_by_sheet_and_orders_go_out_without_people(
    clerk: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    factories.put_stock(factories.make_product(shop.merchant, sku="ROPE"), center, 5)
    order = make_order(shop, "ROPE")
    lines = ("order_id,sku,carrier,tracking_number", f"{order.external_id},ROPE,UPS,1Z0001")
    base = "admin:orders_order"
    preview = clerk.post(
        reverse(f"{base}_import"), {"import_file": sheet(*lines), "format": "0", "resource": "0"}
    )
    clerk.post(reverse(f"{base}_process_import"), preview.context["confirm_form"].initial)
    assert Shipment.objects.get().tracking_number == "1Z0001"
    assert Job.objects.get(kind="send_tracking").subject == str(shop.pk)
    text = clerk.post(reverse(f"{base}_export"), {"format": "0"}).content.decode()
    assert "1Z0001" in text
    assert "Jane" not in text
    assert "Elm Street" not in text


def test_a_lister_may_not_bring_tracking_numbers_in(lister: Client) -> None:
    assert lister.get(reverse("admin:orders_order_import")).status_code == 403
