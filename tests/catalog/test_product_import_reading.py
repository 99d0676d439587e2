from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.sheets import (
    Outcome,
    ProductDraft,
    RowNote,
    RowProblem,
    SheetUnreadable,
    open_products,
)

SHOPIFY = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n"


def read(text: str | bytes, **options: str) -> list[Outcome]:
    content = text.encode() if isinstance(text, str) else text
    return list(open_products(io.BytesIO(content), **options).outcomes())


def products(outcomes: list[Outcome]) -> list[ProductDraft]:
    return [item for item in outcomes if isinstance(item, ProductDraft)]


def problems(outcomes: list[Outcome]) -> list[tuple[int, str, str]]:
    return [
        (item.row, item.column, item.reason) for item in outcomes if isinstance(item, RowProblem)
    ]


def notes(outcomes: list[Outcome]) -> list[tuple[int, str, str]]:
    return [(item.row, item.column, item.reason) for item in outcomes if isinstance(item, RowNote)]


def test_a_default_title_makes_a_simple_product_with_the_sku_of_its_variant() -> None:
    (product,) = read(SHOPIFY + "mug,Mug,Title,Default Title,MUG-1,9.5,https://a.example/m.jpg\n")
    assert isinstance(product, ProductDraft)
    assert (product.sku, product.title, product.rows) == ("MUG-1", "Mug", (2,))
    assert product.variants[0].options == ()
    assert product.variants[0].price == Decimal("9.50")
    assert [image.url for image in product.images] == ["https://a.example/m.jpg"]


def test_rows_of_one_handle_make_one_product_with_inherited_option_names() -> None:
    (product,) = products(
        read(
            SHOPIFY
            + "cap,Cap,Color,Red,CAP-R,10,https://a.example/1.jpg\n"
            + "cap,,,Blue,CAP-B,11,\n"
            + "cap,,,,,,https://a.example/2.jpg\n"
        )
    )
    assert product.sku == "cap"
    assert product.rows == (2, 3, 4)
    assert [(item.sku, item.options) for item in product.variants] == [
        ("CAP-R", (("Color", "Red"),)),
        ("CAP-B", (("Color", "Blue"),)),
    ]
    assert [image.url for image in product.images] == [
        "https://a.example/1.jpg",
        "https://a.example/2.jpg",
    ]


def test_a_sku_used_twice_is_refused_with_both_row_numbers() -> None:
    outcomes = read(SHOPIFY + "a,A,,,SAME,1,\nb,B,,,SAME,2,\n")
    assert [product.sku for product in products(outcomes)] == ["SAME"]
    assert problems(outcomes) == [
        (3, "Variant SKU", "This SKU is used twice: in row 2 and in row 3.")
    ]


def test_a_missing_sku_gets_one_made_of_handle_and_options_that_stays_the_same() -> None:
    text = SHOPIFY + "winter-cap,Cap,Color,Dark Red,,10,\nwinter-cap,,,Grün,,10,\n"
    outcomes = read(text)
    skus = [item.sku for item in products(outcomes)[0].variants]
    assert skus == ["WINTER-CAP-DARK-RED", "WINTER-CAP-GRUN"]
    assert [note[:2] for note in notes(outcomes)] == [(2, "Variant SKU"), (3, "Variant SKU")]
    assert read(text) == outcomes


def test_made_skus_that_would_collide_or_be_too_long_stay_distinct_and_short() -> None:
    text = SHOPIFY + f"cap,Cap,Color,红,,10,\ncap,,,蓝,,10,\n{'x' * 90},Long,,,,1,\n"
    skus = [item.sku for product in products(read(text)) for item in product.variants]
    assert len(set(skus)) == 3
    assert all(len(sku) <= 50 and " " not in sku for sku in skus)
    assert skus == [item.sku for product in products(read(text)) for item in product.variants]


def test_a_handle_too_long_for_a_sku_gives_the_product_a_short_one() -> None:
    handle = "x" * 200
    (product,) = products(read(SHOPIFY + f"{handle},Cap,Size,S,S1,1,\n{handle},,,L,S2,1,\n"))
    assert product.key == handle
    assert len(product.sku) == 50


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("call us", "It is not a number. Write it like 1299.95, without a currency sign."),
        ("-1", "An amount cannot be below zero."),
        ("1.999", "An amount can have two decimals at most."),
        ("NaN", "It is not a number. Write it like 1299.95, without a currency sign."),
        ("999999999", "It is larger than 99,999,999.99."),
    ],
)
def test_a_price_that_is_none_refuses_its_row_and_no_other(price: str, reason: str) -> None:
    outcomes = read(SHOPIFY + f"cap,Cap,Color,Red,R,{price},\ncap,,,Blue,B,10,\n")
    assert problems(outcomes) == [(2, "Variant Price", reason)]
    assert [item.sku for item in products(outcomes)[0].variants] == ["B"]
    assert products(outcomes)[0].title == "Cap"


@pytest.mark.parametrize(
    ("text", "price"), [("1299.95", "1299.95"), ("1,299.95", "1299.95"), ('"12,5"', "12.50")]
)
def test_prices_are_read_as_shops_write_them(text: str, price: str) -> None:
    cell = text if text.startswith('"') else f'"{text}"'
    (product,) = products(read(SHOPIFY + f"a,A,,,S,{cell},\n"))
    assert product.variants[0].price == Decimal(price)


def test_a_product_without_title_is_refused_with_all_its_rows() -> None:
    outcomes = read(SHOPIFY + "a,,,Red,S1,1,\na,,,Blue,S2,1,\nb,B,,,S3,1,\n")
    assert problems(outcomes) == [
        (2, "Title", "The product has no title."),
        (3, "Handle", "It belongs to the product of row 2, which cannot be used."),
    ]
    assert [product.sku for product in products(outcomes)] == ["S3"]


def test_a_row_without_handle_is_refused() -> None:
    outcomes = read(SHOPIFY + ",Lost,,,S1,1,\n")
    assert problems(outcomes) == [(2, "Handle", "It is empty, so the row belongs to no product.")]


def test_a_handle_that_comes_back_later_is_refused_with_the_row_it_began_in() -> None:
    outcomes = read(SHOPIFY + "a,A,,,S1,1,\nb,B,,,S2,1,\na,,,Red,S3,1,\n")
    assert [product.key for product in products(outcomes)] == ["a", "b"]
    assert problems(outcomes) == [
        (
            4,
            "Handle",
            "“a” began in row 2; the rows of one product must follow one another. "
            "Sort the file by this column.",
        )
    ]


def test_a_variant_named_twice_is_refused() -> None:
    outcomes = read(SHOPIFY + "a,A,Size,M,S1,1,\na,,,m,S2,1,\n")
    assert problems(outcomes) == [
        (3, "Option1 Value", "Row 2 is the same variant of this product.")
    ]


def test_a_quantity_below_zero_leaves_the_quantity_out_and_says_so() -> None:
    text = "Handle,Title,Variant SKU,Variant Inventory Qty\na,A,S1,-3\nb,B,S2,7\n"
    outcomes = read(text)
    assert [item.variants[0].quantity for item in products(outcomes)] == [None, 7]
    assert notes(outcomes) == [
        (
            2,
            "Variant Inventory Qty",
            "A quantity cannot be below zero. The product goes in without its quantity.",
        )
    ]


@pytest.mark.parametrize(
    ("barcode", "identifiers"),
    [
        ("036000291452", (("upc", "036000291452"),)),
        ("4006381333931", (("ean", "4006381333931"),)),
        ("96385074", (("ean", "96385074"),)),
        ("10012345678902", (("gtin", "10012345678902"),)),
        ("'036000291452", (("upc", "036000291452"),)),
        ("036000291453", ()),
        ("3.6E+10", ()),
        ("ABC", ()),
    ],
)
def test_a_barcode_is_known_by_its_length_and_check_digit(
    barcode: str, identifiers: tuple[tuple[str, str], ...]
) -> None:
    outcomes = read(f"Handle,Title,Variant SKU,Variant Barcode\na,A,S1,{barcode}\n")
    assert products(outcomes)[0].variants[0].identifiers == identifiers
    assert len(notes(outcomes)) == (not identifiers)


@pytest.mark.parametrize(
    ("grams", "unit", "weight", "shown_unit"),
    [
        ("340", "oz", "11.993", "oz"),
        ("1500", "kg", "1.5", "kg"),
        ("454", "lb", "1.001", "lb"),
        ("250", "", "250", "g"),
    ],
)
def test_grams_are_the_truth_and_the_unit_is_how_they_are_shown(
    grams: str, unit: str, weight: str, shown_unit: str
) -> None:
    text = f"Handle,Title,Variant Grams,Variant Weight Unit\na,A,{grams},{unit}\n"
    variant = products(read(text))[0].variants[0]
    assert (variant.weight, variant.weight_unit) == (Decimal(weight), shown_unit)


def test_zero_grams_mean_that_nobody_weighed_it() -> None:
    text = "Handle,Title,Variant Grams,Variant Weight Unit\na,A,0,kg\n"
    variant = products(read(text))[0].variants[0]
    assert (variant.weight, variant.weight_unit) == (None, "")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfHANDLE,title\r\na,Caf\xc3\xa9\r\n",
        b"Handle;Title\r\na;Caf\xc3\xa9\r\n",
        b"Handle\tTitle\na\tCaf\xc3\xa9\n",
        "Handle,Title\na,Café\n".encode("utf-16"),
        b'Handle,Title\na,"Caf\xc3\xa9"',
    ],
)
def test_files_of_any_program_are_read(content: bytes) -> None:
    assert [product.title for product in products(read(content))] == ["Café"]


def test_a_file_that_is_not_utf8_is_read_and_the_reader_is_told() -> None:
    sheet = open_products(io.BytesIO("Handle,Title\na,Crêpe Pan “S”\n".encode("cp1252")))
    assert [product.title for product in products(list(sheet.outcomes()))] == ["Crêpe Pan “S”"]
    assert sheet.remarks[0].startswith("The file is not UTF-8")


def test_a_line_break_in_a_text_does_not_move_the_row_numbers() -> None:
    outcomes = read(SHOPIFY + '"a","A\n\nB",,,S1,1,\n\n,Lost,,,S2,1,\n')
    assert products(outcomes)[0].title == "A\n\nB"
    assert [row for row, _, _ in problems(outcomes)] == [4]


def test_a_row_with_more_cells_than_the_header_is_refused() -> None:
    outcomes = read("Handle,Title\na,Salt, Pepper\nb,B\n")
    assert problems(outcomes) == [
        (
            2,
            "",
            "The row has 3 cells and the header 2; "
            "a text with a comma in it needs quotation marks.",
        )
    ]
    assert [product.key for product in products(outcomes)] == ["b"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        (b"name,amount\na,1\n", "The first row is not a header we know."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "The first row is not a header we know."),
    ],
)
def test_a_file_that_is_no_product_file_is_refused_as_a_whole(content: bytes, words: str) -> None:
    with pytest.raises(SheetUnreadable, match=words):
        open_products(io.BytesIO(content))


def test_our_own_columns_make_simple_and_variant_products() -> None:
    text = (
        "sku,parent_sku,title,price,currency,weight,weight_unit,length,dimension_unit,"
        "upc,tags,image_urls,option1_name,option1_value,quantity,fulfillment_center\n"
        'MUG,,Mug,9.50,EUR,1.25,lb,10,in,036000291452,"Drinkware, Gifts",'
        "https://a.example/1.jpg|https://a.example/2.jpg,,,5,west\n"
        "TEE,,Tee,,,,,,,,Shirts,,,,,\n"
        "TEE-S,TEE,,12,,,,,,,,,Size,S,3,\n"
        "TEE-M,TEE,,12,,,,,,,,,Size,M,,\n"
    )
    mug, tee = products(read(text, currency="USD"))
    variant = mug.variants[0]
    assert (mug.sku, mug.tags, len(mug.images)) == ("MUG", ("Drinkware", "Gifts"), 2)
    assert (variant.price, variant.currency) == (Decimal("9.50"), "EUR")
    assert (variant.weight, variant.weight_unit) == (Decimal("1.25"), "lb")
    assert (variant.length, variant.dimension_unit) == (Decimal(10), "in")
    assert (variant.quantity, variant.fulfillment_center) == (5, "west")
    assert variant.identifiers == (("upc", "036000291452"),)
    assert (tee.sku, tee.title, tee.rows) == ("TEE", "Tee", (3, 4, 5))
    assert [(item.sku, item.option_values, item.currency) for item in tee.variants] == [
        ("TEE-S", ("S",), "USD"),
        ("TEE-M", ("M",), "USD"),
    ]


CELL = st.one_of(
    st.sampled_from(["", "a", "b", "Red", "M", "S1", "1", "-3", "x y", "Default Title", "Title"]),
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=12),
)
HEADERS = st.sampled_from(
    [
        ("Handle", "Title", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Price",
         "Image Src", "Variant Inventory Qty", "Variant Barcode", "Variant Grams"),
        ("sku", "parent_sku", "title", "option1_name", "option1_value", "price",
         "image_urls", "quantity", "upc", "weight"),
    ]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(header=HEADERS, rows=st.lists(st.lists(CELL, min_size=10, max_size=10), max_size=12))
def test_every_row_is_used_or_refused_exactly_once_whatever_stands_in_it(
    header: tuple[str, ...], rows: list[list[str]]
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows(rows)
    sheet = open_products(io.BytesIO(file.getvalue().encode()))
    outcomes = list(sheet.outcomes())
    used = [row for product in products(outcomes) for row in product.rows]
    refused = {row for row, _, _ in problems(outcomes)}
    assert len(used) == len(set(used))
    assert not refused & set(used)
    assert len(used) + len(refused) == sheet.row_count
    assert sheet.row_count + sheet.blank_rows <= len(rows)
    assert {row for row, _, _ in notes(outcomes)} <= set(used)
    skus = [item.sku for product in products(outcomes) for item in product.variants]
    assert len(skus) == len(set(skus))
    assert len({product.sku for product in products(outcomes)}) == len(products(outcomes))


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300))
def test_no_bytes_at_all_make_the_reader_fall_over(content: bytes) -> None:
    for head in (b"", b"Handle,Title\n", b"sku;title\n"):
        try:
            sheet = open_products(io.BytesIO(head + content))
        except SheetUnreadable:
            continue
        for outcome in sheet.outcomes():
            assert isinstance(outcome, ProductDraft | RowProblem | RowNote)
