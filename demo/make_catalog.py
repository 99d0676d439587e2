"""Write the demo shop's sheets of products, parcel sizes and stock; the same ones every time."""

from __future__ import annotations

import csv
import random
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from families import COLORS, FAMILIES, SIZES, Family, Item

HERE = Path(__file__).parent
PICTURES = "https://pictures.example/catalog"
CENTERS = ("reno-warehouse", "amazon-mcf-east")
HEADER = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published",
    "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value",
    "Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Fulfillment Service", "Variant Price", "Variant Compare At Price",
    "Variant Requires Shipping", "Variant Taxable", "Variant Barcode", "Image Src",
    "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description",
    "Google Shopping / Google Product Category", "Google Shopping / Gender",
    "Google Shopping / Age Group", "Google Shopping / MPN",
    "Google Shopping / AdWords Grouping", "Google Shopping / AdWords Labels",
    "Google Shopping / Condition", "Google Shopping / Custom Product",
    "Google Shopping / Custom Label 0", "Google Shopping / Custom Label 1",
    "Google Shopping / Custom Label 2", "Google Shopping / Custom Label 3",
    "Google Shopping / Custom Label 4", "Variant Image", "Variant Weight Unit",
    "Variant Tax Code",
)  # fmt: skip

# Length, width and height of the parcel in inches, by what is in it.
PARCELS = {
    "cushion": (24, 18, 8), "pan": (16, 12, 6), "jar": (10, 8, 8), "hoodie": (14, 11, 3),
    "shirt": (12, 9, 1), "sock": (8, 5, 1), "lipstick": (5, 2, 2), "dropper": (6, 3, 3),
    "bear": (12, 10, 8), "blocks": (14, 10, 6),
}  # fmt: skip
USUAL_PARCEL = (9, 6, 4)
PARCEL_HEADER = (
    "sku", "parent_sku", "title", "option1_name", "option1_value", "option2_name",
    "option2_value", "length", "width", "height", "dimension_unit",
)  # fmt: skip
REFUSED = {"training-dummy-on-request", "product-without-a-name", "twin-squeaky-ball", ""}

Row = dict[str, str]


@dataclass
class Maker:
    """Hands out the numbers that must not repeat."""

    dice: random.Random = field(default_factory=lambda: random.Random(20261123))
    products: int = 0
    barcodes: int = 0

    def barcode(self) -> str:
        """Return the next UPC with its check digit."""
        self.barcodes += 1
        body = f"0850071{self.barcodes:04d}"
        odd, even = sum(map(int, body[::2])), sum(map(int, body[1::2]))
        return body + str(-(odd * 3 + even) % 10)


def product_rows(maker: Maker, family: Family, item: Item, style: str) -> list[Row]:
    """Return the rows of one product as a shop's export writes them."""
    maker.products += 1
    title = f"{style} {item.name}"
    handle = slug(title)
    code = f"{family.code}-{maker.products:04d}"
    kind = family.choices[maker.products % len(family.choices)]
    price = item.cents + maker.dice.randrange(0, 4) * 100
    combos = list(option_values(maker, kind))
    rows = []
    for place, options in enumerate(combos):
        row = variant_row(maker, family, item, handle)
        row["Variant SKU"] = "-".join([code, *(short(value) for _, value in options)])
        row["Variant Price"] = money(price + 100 * extra_dollars(options))
        if maker.products % 5 == 0:
            row["Variant Compare At Price"] = money(int(price * 1.25) // 100 * 100 + 99)
        for number, (name, value) in enumerate(options or [("Title", "Default Title")], 1):
            row[f"Option{number} Name"] = name if place == 0 else ""
            row[f"Option{number} Value"] = value
        if options and options[0][0] == "Color" and maker.products % 3 == 0:
            picture = f"{PICTURES}/{handle}-{slug(options[0][1])}.jpg"
            row["Variant Image"] = picture
        rows.append(row)
    describe(rows[0], family, item, title)
    rows[0] |= picture_cells(handle, title, 1, tall=maker.products % 23 == 0)
    if maker.products % 6 == 0:
        rows.append({"Handle": handle} | picture_cells(f"{handle}-detail", title, 2))
    return rows


def variant_row(maker: Maker, family: Family, item: Item, handle: str) -> Row:
    """Return the cells that every variant has."""
    return {
        "Handle": handle,
        "Variant Grams": str(item.grams),
        "Variant Weight Unit": family.weight_unit,
        "Variant Inventory Tracker": "shopify",
        "Variant Inventory Qty": str(maker.dice.randrange(4, 180)),
        "Variant Inventory Policy": "deny",
        "Variant Fulfillment Service": "manual",
        "Variant Requires Shipping": "true",
        "Variant Taxable": "true",
        "Variant Barcode": maker.barcode() if maker.products % 7 else "",
    }


def describe(row: Row, family: Family, item: Item, title: str) -> None:
    """Fill in the cells that stand on a product's first row only."""
    points = "".join(f"<li>{point}</li>" for point in family.points)
    row |= {
        "Title": title,
        "Body (HTML)": (
            f"<p>{item.sentence} {family.sentence}</p>\n<ul>{points}</ul>"
            f"<p><strong>Care:</strong> {family.care}</p>"
        ),
        "Vendor": family.vendors[len(title) % len(family.vendors)],
        "Type": family.department,
        "Tags": f"{family.tag}, {family.department}",
        "Published": "true",
        "Gift Card": "false",
        "SEO Title": title,
        "Google Shopping / Condition": "new",
    }


def picture_cells(name: str, title: str, position: int, *, tall: bool = False) -> Row:
    """Return the cells that name one picture."""
    return {
        "Image Src": f"{PICTURES}/{name}{'-tall' if tall else ''}.jpg",
        "Image Position": str(position),
        "Image Alt Text": title if position == 1 else f"{title}, detail",
    }


def option_values(maker: Maker, kind: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield the option values of each variant of a product."""
    colors = maker.dice.sample(sorted(COLORS), 3)
    if kind == "simple":
        yield ()
    elif kind == "color":
        yield from ((("Color", color),) for color in colors)
    elif kind == "size":
        yield from ((("Size", size),) for size in SIZES[1:4])
    else:
        yield from (
            (("Color", color), ("Size", size)) for color in colors[:2] for size in SIZES[1:5]
        )


def extra_dollars(options: tuple[tuple[str, str], ...]) -> int:
    """Return what the larger sizes cost more."""
    sizes = dict(options)
    return max(SIZES.index(sizes["Size"]) - 2, 0) if "Size" in sizes else 0


def faulty_rows(maker: Maker) -> dict[int, list[Row]]:
    """Return products with the faults that real files have, by the place they stand at."""
    family, item = FAMILIES[0], FAMILIES[0].items[0]

    def product(title: str, **cells: str) -> Row:
        rows = product_rows(maker, family, item, "Sample")
        row = {"Option1 Name": "Title", "Option1 Value": "Default Title"}
        row = rows[0] | {name: "" for name in HEADER if name.startswith("Option")} | row
        describe(row, family, item, title)
        row |= {"Handle": slug(title)} | picture_cells(slug(title), title, 1)
        return row | cells

    wide = f"{PICTURES}/panorama-dog-blanket-wide.jpg"
    tiny = f"{PICTURES}/pocket-dog-whistle-thumbnail.jpg"
    return {
        12: [product("Braided Leash Without a Number", **{"Variant SKU": ""})],
        30: [product("Twin Squeaky Ball", **{"Variant SKU": "DTOY-0002"})],
        55: [product("Training Dummy on Request", **{"Variant Price": "call us"})],
        80: [product("Oversold Chew Ring", **{"Variant Inventory Qty": "-3"})],
        105: [product("Product Without a Name") | {"Title": ""}],
        130: [product("Lost Tennis Ball", Handle="")],
        155: [product("Panorama Dog Blanket", **{"Image Src": wide})],
        180: [product("Pocket Dog Whistle", **{"Image Src": tiny})],
        205: [product("Undescribed Dog Bandana", **{"Body (HTML)": ""})],
        230: [product("Weightless Dog Frisbee", **{"Variant Grams": "0"})],
        255: [product("Mistyped Barcode Bone", **{"Variant Barcode": "085007199990"})],
        280: [product("Unpriced Agility Tunnel", **{"Variant Price": ""})],
        300: [product("Pictureless Dog Raincoat", **{"Image Src": "", "Image Position": ""})],
    }


def catalog_rows() -> list[Row]:
    """Return every row of the demo catalog."""
    maker = Maker()
    products = [
        product_rows(maker, family, item, style)
        for family in FAMILIES
        for item in family.items
        for style in family.styles
    ]
    products[20][1]["Variant SKU"] = ""
    for place, rows in sorted(faulty_rows(maker).items(), reverse=True):
        products.insert(place, rows)
    return [row for rows in products for row in rows]


def parcel_rows(rows: list[Row]) -> Iterator[Row]:
    """Yield the parcel size of each SKU in our own columns; shops' exports have none."""
    shapes = {family.tag: family.shape for family in FAMILIES}
    parcel, title, names = USUAL_PARCEL, "", ("", "")
    for row in rows:
        if row.get("Title"):
            parcel = PARCELS.get(shapes[row["Tags"].split(",")[0]], USUAL_PARCEL)
            title = row["Title"]
            names = (row["Option1 Name"], row.get("Option2 Name", ""))
        if not row.get("Variant SKU") or row["Handle"] in REFUSED:
            continue
        cells = {"sku": row["Variant SKU"], "title": title, "dimension_unit": "in"}
        cells |= zip(("length", "width", "height"), map(str, parcel), strict=True)
        if names[0] != "Title":
            cells["parent_sku"] = row["Handle"]
            for number, name in enumerate(names, 1):
                cells[f"option{number}_name"] = name
                cells[f"option{number}_value"] = row.get(f"Option{number} Value", "")
        yield cells


def stock_rows(rows: list[Row]) -> Iterator[tuple[str, str, str]]:
    """Yield how many units of each SKU lie in each fulfillment center."""
    dice = random.Random(7)
    for row in rows:
        sku = row.get("Variant SKU", "")
        if not sku or row["Handle"] in REFUSED:
            continue
        yield sku, CENTERS[0], str(dice.randrange(5, 160))
        if dice.random() < 0.6:
            yield sku, CENTERS[1], str(dice.randrange(0, 90))


def slug(text: str) -> str:
    """Return a text as it stands in an address."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def short(value: str) -> str:
    """Return an option as it stands in a SKU."""
    return re.sub(r"[^A-Z0-9]", "", value.upper())[:6]


def money(cents: int) -> str:
    """Write cents as dollars."""
    return f"{cents // 100}.{cents % 100:02d}"


def write(name: str, header: tuple[str, ...], rows: Iterable[Row]) -> None:
    """Write one sheet beside this script."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Write the three sheets."""
    rows = catalog_rows()
    stock = ("sku", "fulfillment_center", "quantity")
    write("catalog.csv", HEADER, rows)
    write("parcels.csv", PARCEL_HEADER, parcel_rows(rows))
    write("stock.csv", stock, (dict(zip(stock, line, strict=True)) for line in stock_rows(rows)))
    sys.stdout.write(f"{len(rows)} rows of products written\n")


if __name__ == "__main__":
    main()
