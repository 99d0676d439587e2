from __future__ import annotations

import io
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image as Pillow

from catalog.models import (
    FulfillmentCenter,
    Identifier,
    Image,
    Listing,
    Merchant,
    Product,
    StockLevel,
    StockMovement,
    Tag,
    Variant,
)
from catalog.services import listings
from catalog.services.import_report import ImportReport
from catalog.services.product_import import import_products
from catalog.sheets import SheetUnreadable
from marketplace.kernel.sheets.kinds import kinds
from marketplace.kernel.sheets.writing import csv_lines
from tests import factories

pytestmark = pytest.mark.django_db

DEMO = Path(__file__).parents[2] / "demo" / "catalog.csv"
HEADER = (
    "Handle,Title,Body (HTML),Vendor,Tags,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Price,Variant Barcode,Image Src,Variant Image,Variant Inventory Qty\n"
)
MUG = (
    'mug,Mug,<p onclick="x()">Hot<script>bad()</script></p>,Table Nine,"Drinkware, Gifts",'
    "Color,Red,MUG-R,9.50,036000291452,https://a.example/1.jpg,https://a.example/red.jpg,5\n"
    "mug,,,,,,Blue,MUG-B,9.75,,https://a.example/2.jpg,,0\n"
)


@pytest.fixture
def merchant() -> Merchant:
    return Merchant.objects.create(name="Harbor", slug="harbor")


@pytest.fixture
def center(merchant: Merchant) -> FulfillmentCenter:
    return FulfillmentCenter.objects.create(merchant=merchant, code="west", name="West Side")


def load(merchant: Merchant, rows: str, **options: object) -> ImportReport:
    return import_products(merchant, io.BytesIO((HEADER + rows).encode()), **options)


def stamps() -> list[tuple[str, int, object]]:
    """Return every stored row with the moment it was last written."""
    return [
        (model.__name__, *row)
        for model in (Product, Variant, Identifier, Image, Tag, StockLevel)
        for row in model.objects.order_by("pk").values_list("pk", "updated_at")
    ]


def test_a_product_comes_in_with_everything_its_rows_say(merchant: Merchant) -> None:
    report = load(merchant, MUG, source_name="shop.csv")
    product = Product.objects.get()
    assert (product.sku, product.title, product.brand) == ("mug", "Mug", "Table Nine")
    assert product.description == "<p>Hot</p>"
    assert (product.option_names, product.source) == (["Color"], "shop.csv")
    assert sorted(product.tags.values_list("name", flat=True)) == ["Drinkware", "Gifts"]
    assert list(product.variants.values_list("sku", "options", "price", "position")) == [
        ("MUG-R", ["Red"], Decimal("9.50"), 0),
        ("MUG-B", ["Blue"], Decimal("9.75"), 1),
    ]
    assert list(product.images.values_list("source_url", "position", "variant__sku")) == [
        ("https://a.example/1.jpg", 0, None),
        ("https://a.example/2.jpg", 1, None),
        ("https://a.example/red.jpg", 2, "MUG-R"),
    ]
    assert list(Identifier.objects.values_list("variant__sku", "kind", "value")) == [
        ("MUG-R", "upc", "036000291452")
    ]
    assert (report.products_created, report.variants_created, report.images_added) == (1, 2, 3)
    assert (report.rows, report.rows_used, report.rows_refused) == (2, 2, 0)
    assert report.changed_products == [product.pk]


def test_the_same_file_again_writes_no_row(merchant: Merchant, center: FulfillmentCenter) -> None:
    load(merchant, MUG, fulfillment_center=center)
    before = stamps()
    report = load(merchant, MUG, fulfillment_center=center)
    assert stamps() == before
    assert report.nothing_changed
    assert (report.products_unchanged, report.variants_unchanged) == (1, 2)
    assert (report.quantities_set, report.quantities_unchanged) == (0, 2)


def test_only_what_differs_is_written(merchant: Merchant) -> None:
    load(merchant, MUG)
    before = dict.fromkeys(stamps())
    report = load(merchant, MUG.replace("9.75", "10.25"))
    changed = [row for row in stamps() if row not in before]
    assert [(name, pk) for name, pk, _ in changed] == [
        ("Variant", Variant.objects.get(sku="MUG-B").pk)
    ]
    assert (report.products_updated, report.variants_updated) == (1, 1)
    assert report.variants_unchanged == 1


def test_an_empty_cell_erases_nothing(merchant: Merchant) -> None:
    load(merchant, MUG)
    load(merchant, "mug,Mug,,,,Color,Red,MUG-R,,,,,\n")
    assert Product.objects.get().description == "<p>Hot</p>"
    assert Variant.objects.get(sku="MUG-R").price == Decimal("9.50")
    assert Variant.objects.count() == 2


def test_a_new_variant_joins_the_product_that_is_there(merchant: Merchant) -> None:
    load(merchant, MUG)
    report = load(merchant, MUG + "mug,,,,,,Green,MUG-G,9,,,,\n")
    assert list(Variant.objects.values_list("sku", "position")) == [
        ("MUG-R", 0),
        ("MUG-B", 1),
        ("MUG-G", 2),
    ]
    assert (report.products_updated, report.variants_created) == (1, 1)


def test_a_sku_of_another_product_is_refused_by_row(merchant: Merchant) -> None:
    load(merchant, MUG)
    report = load(merchant, "cup,Cup,,,,Color,Red,MUG-R,5,,,,\ncup,,,,,,Blue,CUP-B,5,,,,\n")
    assert [(item.row, item.column, item.reason) for item in report.problems] == [
        (2, "sku", "Another product has this SKU: “Mug” (mug).")
    ]
    assert list(Product.objects.get(sku="cup").variants.values_list("sku", flat=True)) == ["CUP-B"]


def test_a_product_left_without_variants_does_not_come_in(merchant: Merchant) -> None:
    load(merchant, MUG)
    report = load(
        merchant, "cup,Cup,,,,Color,Red,MUG-R,5,,,,\ncup,,,,,,,,,,https://a.example/3.jpg,,\n"
    )
    assert report.rows_refused == 2
    assert not Product.objects.filter(sku="cup").exists()


def test_another_merchant_may_use_the_same_sku(merchant: Merchant) -> None:
    other = Merchant.objects.create(name="Other", slug="other")
    load(merchant, MUG)
    assert load(other, MUG).products_created == 1
    assert Tag.objects.filter(merchant=other).count() == 2


def test_a_product_that_gains_variants_stays_the_same_product(merchant: Merchant) -> None:
    load(merchant, "cup,Cup,,,,Title,Default Title,CUP,5,,,,\n")
    report = load(merchant, "cup,Cup,,,,Size,S,CUP,5,,,,\ncup,,,,,,L,CUP-L,6,,,,\n")
    assert (report.products_created, report.products_updated) == (0, 1)
    product = Product.objects.get()
    assert (product.sku, product.option_names) == ("CUP", ["Size"])
    assert list(product.variants.values_list("sku", "options")) == [
        ("CUP", ["S"]),
        ("CUP-L", ["L"]),
    ]


def test_a_made_sku_stays_when_its_variant_was_renamed_here(merchant: Merchant) -> None:
    rows = "cup,Cup,,,,Size,S,,5,,,,\ncup,,,,,,L,,6,,,,\n"
    load(merchant, rows)
    Variant.objects.filter(sku="CUP-L").update(sku="CUP-LARGE")
    report = load(merchant, rows)
    assert report.nothing_changed
    assert sorted(Variant.objects.values_list("sku", flat=True)) == ["CUP-LARGE", "CUP-S"]


def test_a_made_sku_avoids_the_sku_of_another_product(merchant: Merchant) -> None:
    load(merchant, "other,Other,,,,,,CUP-S,5,,,,\n")
    rows = "cup,Cup,,,,Size,S,,5,,,,\ncup,,,,,,L,,6,,,,\n"
    load(merchant, rows)
    skus = set(Product.objects.get(sku="cup").variants.values_list("sku", flat=True))
    assert "CUP-L" in skus
    assert "CUP-S" not in skus
    assert len(skus) == 2
    assert load(merchant, rows).nothing_changed


def test_a_change_reaches_the_listings_of_the_product(merchant: Merchant) -> None:
    load(merchant, MUG)
    shop = factories.make_shop(merchant)
    listings.stage([Product.objects.get().pk], shop, by="test")
    before = Listing.objects.get().content_hash
    load(merchant, MUG)
    assert Listing.objects.get().content_hash == before
    load(merchant, MUG.replace("mug,Mug", "mug,Tall Mug"))
    assert Listing.objects.get().content_hash != before


def test_products_exported_and_imported_again_change_nothing(merchant: Merchant) -> None:
    load(merchant, MUG + "cup,=Cup,,,,Title,Default Title,CUP,5,,https://a.example/4.jpg,,\n")
    ids = list(Product.objects.values_list("pk", flat=True))
    kind = kinds.get("products")
    headers = kind.headers("catalog.product", ids)
    sheet = "".join(csv_lines(headers, kind.rows("catalog.product", ids, headers)))
    before = stamps()
    report = import_products(merchant, io.BytesIO(sheet.encode()))
    assert (report.rows, report.rows_refused, report.notes) == (3, 0, [])
    assert stamps() == before
    assert report.nothing_changed


def test_quantities_are_left_alone_without_a_fulfillment_center(merchant: Merchant) -> None:
    load(merchant, MUG)
    assert StockMovement.objects.count() == 0


def test_quantities_go_through_the_ledger_of_the_center_given(
    merchant: Merchant, center: FulfillmentCenter
) -> None:
    report = load(merchant, MUG, fulfillment_center=center, actor="Ann", source_name="shop.csv")
    assert list(StockLevel.objects.values_list("variant__sku", "on_hand")) == [
        ("MUG-R", 5),
        ("MUG-B", 0),
    ]
    movement = StockMovement.objects.get(variant__sku="MUG-R")
    assert (movement.on_hand, movement.by, movement.note) == (5, "Ann", "shop.csv")
    assert report.quantities_set == 1


def test_a_row_may_name_its_own_fulfillment_center(
    merchant: Merchant, center: FulfillmentCenter
) -> None:
    text = "sku,title,quantity,fulfillment_center\nA,A,4,West side\nB,B,4,nowhere\nC,C,4,\n"
    report = import_products(merchant, io.BytesIO(text.encode()))
    assert list(StockLevel.objects.values_list("variant__sku", "on_hand")) == [("A", 4)]
    assert [(note.row, note.column) for note in report.notes] == [(3, "fulfillment_center")]


def test_the_demo_catalog_comes_in_whole_but_for_its_faults(merchant: Merchant) -> None:
    report = import_products(merchant, DEMO)
    assert [(item.row, item.column) for item in report.problems] == [
        (107, "Variant SKU"),
        (157, "Variant Price"),
        (259, "Title"),
        (325, "Handle"),
    ]
    assert [(item.row, item.column) for item in report.notes] == [
        (28, "Variant SKU"),
        (56, "Variant SKU"),
        (203, "Variant Inventory Qty"),
        (758, "Variant Barcode"),
    ]
    assert report.products_created == 329
    assert report.rows == 867
    assert report.rows_used == 863
    assert Product.objects.values("product_type").distinct().count() == 5
    before = stamps()
    again = import_products(merchant, DEMO)
    assert stamps() == before
    assert again.nothing_changed
    assert again.products_unchanged == 329


def test_a_sheet_of_parcel_sizes_completes_the_products_that_are_there(merchant: Merchant) -> None:
    import_products(merchant, DEMO)
    report = import_products(merchant, DEMO.with_name("parcels.csv"))
    assert (report.problems, report.notes, report.products_created) == ([], [], 0)
    assert report.variants_updated == report.rows == 808
    variant = Variant.objects.get(sku="DTOY-0002")
    assert (variant.length, variant.width, variant.height) == (9, 6, 4)
    assert variant.dimension_unit == "in"
    assert Variant.objects.filter(length=None).count() == 2


def test_importing_more_products_takes_no_more_queries(
    merchant: Merchant, django_assert_num_queries: object
) -> None:
    def rows(first: int, last: int) -> str:
        return "".join(f"p{n},P{n},,,Tag,,,S{n},1,,,,\n" for n in range(first, last))

    queries = 12
    load(merchant, rows(0, 1))
    with django_assert_num_queries(queries):
        load(merchant, rows(1, 3))
    with django_assert_num_queries(queries):
        load(merchant, rows(3, 53))


def test_the_command_reports_and_succeeds_although_rows_were_refused(
    merchant: Merchant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shop.csv"
    file.write_text(HEADER + MUG + ",Lost,,,,,,X,1,,,,\n", encoding="utf-8")
    listing = tmp_path / "report.csv"
    call_command("import_products", str(file), "--merchant", "harbor", "--report", str(listing))
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == (
        "3 rows read: 2 used, 1 refused. Products: 1 created, 0 updated, 0 unchanged. "
        "Variants: 2 created, 0 updated, 0 unchanged. "
        "Pictures: 3 new addresses, 0 read, 0 unusable."
    )
    assert "  Row 4, Handle: It is empty, so the row belongs to no product." in shown
    assert listing.read_text(encoding="utf-8").splitlines() == [
        "row,result,column,value,reason",
        '4,refused,Handle,,"It is empty, so the row belongs to no product."',
    ]


def test_the_command_exits_with_two_when_the_file_makes_no_sense(
    merchant: Merchant, tmp_path: Path
) -> None:
    file = tmp_path / "photo.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(CommandError, match="not a header we know") as failure:
        call_command("import_products", str(file), "--merchant", "harbor")
    assert failure.value.returncode == 2


def test_a_file_that_is_not_there_is_refused_as_a_whole(merchant: Merchant, tmp_path: Path) -> None:
    with pytest.raises(SheetUnreadable, match="cannot be opened"):
        import_products(merchant, tmp_path / "none.csv")


def test_pictures_are_read_from_the_directory_given(
    merchant: Merchant, tmp_path: Path, settings: object
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    folder = tmp_path / "pictures"
    folder.mkdir()
    Pillow.new("RGB", (800, 600), "white").save(folder / "1.jpg")
    (folder / "red.jpg").write_bytes(b"not a picture")
    report = load(merchant, MUG, pictures=folder)
    assert (report.images_fetched, report.images_unusable) == (1, 1)
    first = Image.objects.get(source_url="https://a.example/1.jpg")
    assert (first.width, first.height, first.format) == (800, 600, "JPEG")
    assert first.file.size == first.size == (folder / "1.jpg").stat().st_size
    assert Image.objects.get(source_url="https://a.example/red.jpg").problem == (
        "The file is not a picture of a known format."
    )
    assert Image.objects.to_fetch().count() == 1
    before = stamps()
    assert load(merchant, MUG, pictures=folder).nothing_changed
    assert stamps() == before
    shutil.rmtree(folder)
