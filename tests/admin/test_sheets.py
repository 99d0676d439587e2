"""Sheets that go out and come in through the admin."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import (
    ChannelCategory,
    FulfillmentCenter,
    Listing,
    ListingAttribute,
    Merchant,
    Offer,
    OfferStock,
    Product,
    Shop,
    StockLevel,
    StockMovement,
    Variant,
)
from catalog.services import products
from marketplace.kernel.models import Job, SheetImport
from orders.models import Order, Shipment
from tests import factories
from tests.admin import sheets
from tests.admin.door import select
from tests.admin.rows import make_order, stage
from tests.admin.sheets import ask, counts, diff, give, give_lines, refusals

# -- out -----------------------------------------------------------------------------------------


def test_a_list_goes_out_as_its_search_and_filters_show_it(
    lister: Client, merchant: Merchant
) -> None:
    for sku in ("ROPE", "BALL", "BONE"):
        factories.make_product(merchant, sku=sku, title=f"A {sku}")
    products.tag([Product.objects.get(sku="BALL").pk], "Sale")
    all_rows = sheets.read_csv(sheets.taken_out(lister, Product, "tags.csv"))
    assert [row["sku"] for row in all_rows] == ["BONE", "BALL", "ROPE"]
    found = sheets.read_csv(sheets.taken_out(lister, Product, "tags.csv", query="?q=BALL"))
    assert found == [{"merchant": merchant.slug, "sku": "BALL", "title": "A BALL", "tags": "Sale"}]


def test_selected_rows_go_out_alone(lister: Client, merchant: Merchant) -> None:
    rope = factories.make_product(merchant, sku="ROPE")
    factories.make_product(merchant, sku="BALL")
    answer = select(lister, "export_sheet", [rope])
    page = lister.get(answer.url)
    assert page.context["count"] == 1
    query = "?" + answer.url.partition("?")[2]
    rows = sheets.read_csv(sheets.taken_out(lister, Product, "prices.csv", query=query))
    assert [row["sku"] for row in rows] == ["ROPE"]


def test_texts_stay_texts_and_amounts_are_numbers_in_a_workbook(
    lister: Client, merchant: Merchant
) -> None:
    factories.make_product(merchant, sku="00123", title="=HYPERLINK(1)")
    header, row = sheets.read_xlsx(sheets.taken_out(lister, Variant, "prices.xlsx"))
    found = dict(zip(header, row, strict=False))
    assert (found["sku"], found["title"], found["price"]) == ("00123", "'=HYPERLINK(1)", 19.9)
    text = sheets.taken_out(lister, Variant, "prices.csv").decode()
    assert text.startswith("\ufeffmerchant,")
    assert ",'=HYPERLINK(1)," in text


def test_a_sheet_that_went_out_comes_back_and_changes_nothing(
    admin: Client, shop: Shop, category: ChannelCategory, center: FulfillmentCenter
) -> None:
    product = factories.make_product(
        shop.merchant, sku="ROPE", title="'=1+1 rope", brand="-5", description="a\r\nb"
    )
    factories.make_variant_product(shop.merchant, {"Color": ["Red", "Blue"]})
    products.tag([product.pk], "Dog toys")
    factories.put_stock(product, center, 5)
    stage(product, shop, category)
    places = {
        Product: ("products", "tags"), Variant: ("prices",), StockLevel: ("stock",),
        Listing: ("listings", "properties"),
    }  # fmt: skip
    for model, kinds in places.items():
        for kind in kinds:
            for form in ("csv", "xlsx"):
                content = sheets.taken_out(admin, model, f"{kind}.{form}")
                sheet = give(admin, kind, content, f"{kind}.{form}")
                changed, added, refused, unchanged = counts(sheet)
                assert (kind, form, diff(sheet), refusals(sheet)) == (kind, form, [], [])
                assert (changed, added, refused) == (0, 0, 0)
                assert unchanged > 0


# -- in: prices, as an example of every kind -------------------------------------------------------


@pytest.fixture
def rope(merchant: Merchant) -> Variant:
    return factories.make_product(merchant, sku="ROPE").variants.get()


def prices_of(variant: Variant) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    variant.refresh_from_db()
    return variant.price, variant.compare_at_price, variant.cost


def test_a_sheet_shows_what_it_would_change_and_changes_it_when_applied(
    lister: Client, shop: Shop, rope: Variant
) -> None:
    stage(rope.product, shop)
    sheet = give_lines(lister, "prices", "sku,price,cost", "ROPE,21.50,7")
    assert (sheet.state, counts(sheet)) == ("checked", (1, 0, 0, 0))
    assert diff(sheet) == [(2, {"price": ["19.90", "21.50"], "cost": ["", "7.00"]})]
    assert prices_of(rope) == (Decimal("19.90"), None, None)
    ask(lister, sheet, "apply")
    assert sheet.state == "applied"
    assert prices_of(rope) == (Decimal("21.50"), None, Decimal("7.00"))
    assert Offer.objects.get(variant=rope).price_wanted == Decimal("21.50")
    ask(lister, sheet, "undo")
    assert sheet.state == "undone"
    assert prices_of(rope) == (Decimal("19.90"), None, None)
    assert Offer.objects.get(variant=rope).price_wanted == Decimal("19.90")


def test_refused_rows_stay_out_and_can_be_downloaded_mended_and_imported_again(
    lister: Client, rope: Variant
) -> None:
    sheet = give_lines(
        lister, "prices", "sku,price", "ROPE,20", "NOPE,1", "ROPE,21", "ROPE,cheap", ",1"
    )
    assert counts(sheet) == (1, 0, 4, 0)
    assert refusals(sheet) == [
        (3, "sku", "There is no variant with the SKU “NOPE”."),
        (4, "", "Row 2 is about the same: ROPE."),
        (5, "", "Row 2 is about the same: ROPE."),
        (6, "sku", "It is empty."),
    ]
    ask(lister, sheet, "apply")
    assert prices_of(rope)[0] == Decimal("20.00")
    answer = lister.get(reverse("admin:kernel_sheetimport_refused", args=[sheet.pk]))
    content = b"".join(answer.streaming_content)
    assert sheets.read_csv(content)[0] == {
        "sku": "NOPE", "price": "1", "refused row": "3",
        "refused because": "sku: There is no variant with the SKU “NOPE”.",
    }  # fmt: skip
    again = give(lister, "prices", content.replace(b"NOPE", b"ROPE"))
    assert diff(again) == [(2, {"price": ["20.00", "1.00"]})]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "The submitted file is empty."),
        (b"\n", "The first row must hold the names of the columns; it is empty."),
        (b"price\n1\n", "The file has no column “sku”."),
        (b"sku,price,price\nA,1,1\n", "These columns stand there twice: “price”."),
        (b"sku,prise\nA,1\n", "A sheet of “Prices” has no column “prise”."),
        (b"sku,title\nA,x\n", "The file has no column that could change anything."),
        (b"sku,price\n", "The file has no row below its header."),
        (b'sku,price\nA,"1\n' + b"x" * 1_100_000, "The file cannot be read from row 2 on;"),
        (b"PK\x03\x04nonsense", "The file cannot be read as a workbook."),
        (b"\xd0\xcf\x11\xe0", "This is an old Excel file (.xls)."),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(
    lister: Client, rope: Variant, content: bytes, problem: str
) -> None:
    url = reverse("admin:kernel_sheetimport_upload", args=["prices"])
    page = lister.post(url, {"file": SimpleUploadedFile("x.csv", content)}, follow=True)
    assert problem in page.content.decode()
    assert not SheetImport.objects.exclude(state="failed").exists()


def test_any_common_make_of_csv_is_read(lister: Client, rope: Variant) -> None:
    for content in (
        b"\xef\xbb\xbfSKU;Price\r\nROPE;20,00\r\n",
        "sku\tprice\nROPE\t20.00\n".encode("utf-16"),
        "sku,price,title\nROPE,20.00,Caf\u00e9\n".encode("cp1252"),
    ):
        assert diff(give(lister, "prices", content)) == [(2, {"price": ["19.90", "20.00"]})]


def test_a_column_that_is_not_in_the_file_stays_and_an_empty_cell_empties(
    lister: Client, rope: Variant
) -> None:
    Variant.objects.update(compare_at_price=Decimal("30"), cost=Decimal("5"))
    sheet = give_lines(lister, "prices", "sku,compare_at_price", "ROPE,")
    assert diff(sheet) == [(2, {"compare_at_price": ["30.00", ""]})]
    ask(lister, sheet, "apply")
    assert prices_of(rope) == (Decimal("19.90"), None, Decimal("5.00"))


def test_a_row_that_changed_after_the_check_stops_the_whole_apply(
    lister: Client, merchant: Merchant, rope: Variant
) -> None:
    ball = factories.make_product(merchant, sku="BALL").variants.get()
    sheet = give_lines(lister, "prices", "sku,price", "BALL,5", "ROPE,6")
    Variant.objects.filter(pk=rope.pk).update(price=Decimal("18"))
    page = ask(lister, sheet, "apply").content.decode()
    assert sheet.state == "checked"
    assert "row 3 (ROPE): price is “18.00” now, not “19.90”" in page
    assert prices_of(ball)[0] == Decimal("19.90")
    ask(lister, sheet, "again")
    assert diff(sheet)[1] == (3, {"price": ["18.00", "6.00"]})
    ask(lister, sheet, "apply")
    assert (prices_of(ball)[0], prices_of(rope)[0]) == (Decimal("5.00"), Decimal("6.00"))


def test_an_undo_names_rows_that_were_changed_since_and_puts_none_back(
    lister: Client, merchant: Merchant, rope: Variant
) -> None:
    ball = factories.make_product(merchant, sku="BALL").variants.get()
    sheet = give_lines(lister, "prices", "sku,price", "BALL,5", "ROPE,6")
    ask(lister, sheet, "apply")
    Variant.objects.filter(pk=ball.pk).update(price=Decimal("7"))
    page = ask(lister, sheet, "undo").content.decode()
    assert sheet.state == "applied"
    assert "row 2 (BALL): price is “7.00” now, not “5.00”" in page
    assert (prices_of(ball)[0], prices_of(rope)[0]) == (Decimal("7.00"), Decimal("6.00"))


def test_only_the_last_applied_sheet_of_a_kind_can_be_undone(lister: Client, rope: Variant) -> None:
    first = give_lines(lister, "prices", "sku,price", "ROPE,5")
    ask(lister, first, "apply")
    second = give_lines(lister, "prices", "sku,price", "ROPE,6")
    ask(lister, second, "apply")
    assert (
        "was applied after it. Undo that one first." in ask(lister, first, "undo").content.decode()
    )
    assert prices_of(rope)[0] == Decimal("6.00")
    ask(lister, second, "undo")
    ask(lister, first, "undo")
    assert prices_of(rope)[0] == Decimal("19.90")


def test_a_discarded_sheet_changes_nothing_any_more(lister: Client, rope: Variant) -> None:
    sheet = give_lines(lister, "prices", "sku,price", "ROPE,5")
    ask(lister, sheet, "discard")
    page = ask(lister, sheet, "apply").content.decode()
    assert "“Discarded” cannot become “Being applied”." in page
    assert prices_of(rope)[0] == Decimal("19.90")


def test_a_sku_of_several_merchants_needs_the_merchant_and_a_foreign_one_is_refused(
    lister: Client, merchant: Merchant, rope: Variant
) -> None:
    other = factories.make_merchant()
    theirs = factories.make_product(other, sku="ROPE").variants.get()
    factories.make_product(other, sku="THEIRS")
    sheet = give_lines(
        lister,
        "prices",
        "merchant,sku,price",
        ",ROPE,5",
        f"{other.slug},ROPE,6",
        f"{merchant.slug},THEIRS,7",
    )
    assert refusals(sheet) == [
        (
            2,
            "merchant",
            "Several merchants have a variant with the SKU “ROPE”: fill in the column “merchant”.",
        ),
        (4, "sku", f"There is no variant with the SKU “THEIRS” at the merchant “{merchant.slug}”."),
    ]
    ask(lister, sheet, "apply")
    assert (prices_of(theirs)[0], prices_of(rope)[0]) == (Decimal("6.00"), Decimal("19.90"))


def test_who_may_not_import_a_kind_sees_nothing_of_it(
    viewer: Client, clerk: Client, lister: Client, rope: Variant
) -> None:
    sheet = give_lines(lister, "prices", "sku,price", "ROPE,5")
    step = reverse("admin:kernel_sheetimport_step", args=[sheet.pk, "apply"])
    page = reverse("admin:kernel_sheetimport_change", args=[sheet.pk])
    refused = reverse("admin:kernel_sheetimport_refused", args=[sheet.pk])
    upload = reverse("admin:kernel_sheetimport_upload", args=["prices"])
    for person in (viewer, clerk):
        assert person.post(step).status_code == 403
        assert [person.get(url).status_code for url in (page, refused, upload)] == [403] * 3
    assert lister.get(reverse("admin:kernel_sheetimport_upload", args=["stock"])).status_code == 403
    assert lister.get(step).status_code == 405
    assert prices_of(rope)[0] == Decimal("19.90")
    imports = reverse("admin:kernel_sheetimport_changelist")
    assert viewer.get(imports).status_code == 403
    assert "sheet.csv" not in clerk.get(imports).content.decode()
    assert "sheet.csv" in lister.get(imports).content.decode()


def test_a_large_sheet_is_left_to_a_worker(lister: Client, merchant: Merchant) -> None:
    lines = [f"S-{number},1" for number in range(201)]
    sheet = give_lines(lister, "prices", "sku,price", *lines)
    assert sheet.state == "checking"
    assert Job.objects.get(kind="check_sheet").subject == str(sheet.pk)
    page = lister.get(reverse("admin:kernel_sheetimport_change", args=[sheet.pk])).content.decode()
    assert 'hx-trigger="every 2s"' in page


# -- the other kinds -------------------------------------------------------------------------------


def test_tags_go_out_are_filled_in_come_back_and_are_undone(
    lister: Client, merchant: Merchant
) -> None:
    product = factories.make_product(merchant, sku="ROPE", title="Rope")
    products.tag([product.pk], "Old")
    sheet = give_lines(
        lister, "tags", "merchant,sku,tags", f'{merchant.slug},ROPE,"Dog toys, Sale"'
    )
    ask(lister, sheet, "apply")
    assert [tag.name for tag in product.tags.order_by("name")] == ["Dog toys", "Sale"]
    ask(lister, sheet, "undo")
    assert [tag.name for tag in product.tags.all()] == ["Old"]


def test_counts_come_in_through_the_ledger_and_an_undo_counts_back(
    clerk: Client, shop: Shop, center: FulfillmentCenter, rope: Variant
) -> None:
    factories.put_stock(rope.product, center, 5)
    listing = stage(rope.product, shop)
    factories.make_product(shop.merchant, sku="BALL")
    sheet = give_lines(
        clerk,
        "stock",
        "sku,fulfillment_center,quantity",
        f"ROPE,{center.code},12",
        f"BALL,{center.code},",
        "BALL,nowhere,1",
    )
    assert counts(sheet) == (1, 0, 1, 1)
    ask(clerk, sheet, "apply")
    assert StockLevel.objects.get().on_hand == 12
    line = StockMovement.objects.get(kind="count")
    assert (line.on_hand, line.by) == (7, "Order clerk person")
    assert OfferStock.objects.get(offer__listing=listing).wanted == 12
    ask(clerk, sheet, "undo")
    assert StockLevel.objects.get().on_hand == 5
    assert [row.on_hand for row in StockMovement.objects.filter(kind="count")] == [-7, 7]


def test_a_product_and_its_variants_change_together_and_new_ones_are_added_and_taken_back(
    lister: Client, merchant: Merchant
) -> None:
    collar = factories.make_variant_product(merchant, {"Color": ["Red", "Blue"]}, brand="Old")
    before = sheets.taken_out(lister, Product, "products.csv")
    red, blue = (f"{collar.sku}-{color}" for color in ("Red", "Blue"))
    sheet = give_lines(
        lister,
        "products",
        "sku,parent_sku,title,brand,tags,price,upc,option1_name,option1_value",
        f"{red},{collar.sku},{collar.title},New,Sale,21,036000291452,Color,Red",
        f"{blue},{collar.sku},{collar.title},New,Sale,19.90,,Color,Blue",
        f"{collar.sku}-Green,{collar.sku},,,,18,,Color,Green",
        "BED-S,BED,Bed,Happy Paws,Beds,50,,Size,S",
        "BED-L,BED,,,,60,,Size,L",
        "BOWL,,Bowl,,,9,,,",
        "CUP,,,,,9,,,",
    )
    assert refusals(sheet) == [
        (8, "title", "There is no variant with the SKU “CUP”. To add it, fill in its title.")
    ]
    assert counts(sheet) == (1, 4, 1, 1)
    assert diff(sheet)[0][1] == {
        "brand": ["Old", "New"], "tags": ["", "Sale"], "price": ["19.90", "21.00"],
        "upc": ["", "036000291452"],
    }  # fmt: skip
    ask(lister, sheet, "apply")
    assert sheet.state == "applied", sheet.problem
    bed = Product.objects.get(sku="BED")
    assert (bed.title, bed.option_names, bed.tags.get().name) == ("Bed", ["Size"], "Beds")
    assert [(v.sku, v.options, v.currency) for v in bed.variants.all()] == [
        ("BED-S", ["S"], "USD"),
        ("BED-L", ["L"], "USD"),
    ]
    assert [v.sku for v in collar.variants.all()] == [red, blue, f"{collar.sku}-Green"]
    collar.refresh_from_db()
    assert collar.brand == "New"
    ask(lister, sheet, "undo")
    assert sheet.state == "undone", sheet.problem
    assert sheets.taken_out(lister, Product, "products.csv") == before
    assert not Product.objects.filter(sku="BED").exists()


def test_an_added_product_that_is_in_use_stops_the_undo(
    lister: Client, shop: Shop, rope: Variant
) -> None:
    sheet = give_lines(lister, "products", "sku,title,price", "BOWL,Bowl,9", "ROPE,Rope,5")
    ask(lister, sheet, "apply")
    stage(Product.objects.get(sku="BOWL"), shop)
    page = ask(lister, sheet, "undo").content.decode()
    assert "row 2 (BOWL): it is in use" in page
    assert (sheet.state, prices_of(rope)[0]) == ("applied", Decimal("5.00"))


def test_two_rows_that_want_different_things_of_one_product_are_not_both_taken(
    lister: Client, merchant: Merchant
) -> None:
    collar = factories.make_variant_product(merchant, {"Color": ["Red", "Blue"]})
    sheet = give_lines(
        lister, "products", "sku,brand", f"{collar.sku}-Red,One", f"{collar.sku}-Blue,Two"
    )
    assert refusals(sheet) == [
        (3, "brand", "Row 2 gives the same product another value. Keep one of them.")
    ]


def test_a_listing_moves_to_another_category_and_back_with_its_properties(
    lister: Client, shop: Shop, category: ChannelCategory, rope: Variant
) -> None:
    listing = stage(rope.product, shop, category)
    material = category.attributes.get()
    ListingAttribute.objects.create(
        listing=listing, attribute=material, value="Cotton", value_external_id="1", origin="channel"
    )
    other = factories.make_category(shop, path="Pets > Cat toys")
    sheet = give_lines(
        lister,
        "listings",
        "shop_id,sku,category,title,priority",
        f"{shop.external_id},ROPE,Pets > Cat toys,Rope for cats,3",
    )
    assert diff(sheet)[0][1] == {
        "category": ["Pets > Dog toys", "Pets > Cat toys"],
        "title": ["", "Rope for cats"],
        "priority": ["0", "3"],
        "properties": ["Material: Cotton", ""],
    }
    ask(lister, sheet, "apply")
    listing.refresh_from_db()
    assert (listing.category, listing.title, listing.priority) == (other, "Rope for cats", 3)
    assert not listing.attributes.exists()
    ask(lister, sheet, "undo")
    listing.refresh_from_db()
    assert (listing.category, listing.title, listing.priority) == (category, "", 0)
    held = listing.attributes.values_list("attribute", "value", "value_external_id", "origin")
    assert list(held) == [(material.pk, "Cotton", "1", "channel")]


def test_properties_have_a_column_each_and_filling_them_in_completes_a_listing(
    lister: Client, shop: Shop, category: ChannelCategory, center: FulfillmentCenter, rope: Variant
) -> None:
    factories.put_stock(rope.product, center, 5)
    listing = stage(rope.product, shop, category)
    content = sheets.taken_out(lister, Listing, "properties.csv")
    assert list(sheets.read_csv(content)[0])[-2:] == ["category", "Material"]
    for value in ("Steel", "Cotton;Nylon"):
        wrong = sheets.with_cells(content, Material=value)
        assert [row[:2] for row in refusals(give(lister, "properties", wrong))] == [(2, "material")]
    sheet = give(lister, "properties", sheets.with_cells(content, Material="Cotton"))
    ask(lister, sheet, "apply")
    listing.refresh_from_db()
    assert (listing.state, listing.attributes.get().value_external_id) == ("ready", "1")
    ask(lister, sheet, "undo")
    listing.refresh_from_db()
    assert (listing.state, listing.attributes.exists()) == ("incomplete", False)


def test_tracking_numbers_come_in_cannot_be_undone_and_orders_go_out_without_people(
    clerk: Client, shop: Shop, center: FulfillmentCenter, rope: Variant
) -> None:
    factories.put_stock(rope.product, center, 5)
    order = make_order(shop, "ROPE")
    lines = ("order_id,sku,carrier,tracking_number", f"{order.external_id},ROPE,UPS,1Z0001")
    sheet = give_lines(clerk, "tracking", *lines)
    assert not Shipment.objects.exists()
    ask(clerk, sheet, "apply")
    assert Shipment.objects.get().tracking_number == "1Z0001"
    assert Job.objects.get(kind="send_tracking").subject == str(shop.pk)
    assert "this cannot be undone" in ask(clerk, sheet, "undo").content.decode()
    assert sheet.state == "applied"
    assert counts(give_lines(clerk, "tracking", *lines)) == (0, 0, 0, 1)
    text = sheets.taken_out(clerk, Order, "orders.csv").decode()
    assert "1Z0001" in text
    assert "Jane" not in text
    assert "Elm Street" not in text


def test_a_lister_may_not_bring_tracking_numbers_in(lister: Client) -> None:
    upload = reverse("admin:kernel_sheetimport_upload", args=["tracking"])
    assert lister.get(upload).status_code == 403
