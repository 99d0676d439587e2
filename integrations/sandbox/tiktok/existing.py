"""Products that were on a shop before any app was connected to it."""

from __future__ import annotations

import io
import random
from decimal import Decimal
from itertools import product as combinations

from PIL import Image, ImageDraw

from integrations.sandbox.core import Sandbox, seed
from integrations.sandbox.store import Doc, Query
from integrations.sandbox.tiktok.brands import FIRST_BRAND
from integrations.sandbox.tiktok.product_store import save_product
from integrations.sandbox.tiktok.rules import Draft
from integrations.sandbox.tiktok.shops import warehouses
from integrations.sandbox.tiktok.sku_rules import resolve_sales_attributes
from integrations.sandbox.tiktok.taxonomy import (
    PRODUCT,
    Category,
    attributes_of,
    leaf_named,
)
from integrations.sandbox.tiktok.taxonomy_data import BRANDS
from integrations.sandbox.tiktok.uploads import keep_file, keep_image

# Leaf, title, price, attributes that the variants differ by. No attribute: a simple product.
Model = tuple[str, str, str, dict[str, tuple[str, ...]]]
MODELS: tuple[Model, ...] = (
    ("Mugs", "Stoneware Camp Mug", "14.00", {}),
    ("T-shirts", "Organic Cotton Tee", "22.00", {"Color": ("Black", "White"), "Size": ("S", "M")}),
    ("Socks", "Merino Trail Socks", "18.50", {"Color": ("Charcoal", "Olive")}),
    ("Face Serums", "Vitamin C Face Serum", "29.90", {"Volume": ("30 ml", "50 ml")}),
    ("Frying Pans", "Cast Iron Skillet", "39.00", {}),
    (
        "Blankets",
        "Wool Picnic Blanket",
        "64.00",
        {"Color": ("Red", "Navy"), "Size": ("M", "L"), "Weave": ("Plain", "Twill")},
    ),
    ("Yoga Mats", "Natural Rubber Yoga Mat", "48.00", {"Color": ("Green", "Purple")}),
    ("Cat Toys", "Feather Wand Cat Toy", "9.75", {}),
    ("Board Games", "Harbor Traders Board Game", "34.00", {}),
    (
        "Sneakers",
        "Everyday Canvas Sneakers",
        "55.00",
        {"Color": ("White",), "Shoe Size": ("7", "8")},
    ),
)
BRAND_IDS = [
    str(FIRST_BRAND + index)
    for index, (_name, _protected, authorized) in enumerate(BRANDS, start=1)
    if authorized
]
#: What the channel takes in every region.
MOST_VARIANTS = 100
COLORS = ("#d97706", "#0f766e", "#7c3aed", "#be123c", "#1d4ed8", "#4d7c0f")


def _picture(sandbox: Sandbox, number: int, side: int = 800) -> Doc:
    image = Image.new("RGB", (side, side), COLORS[number % len(COLORS)])
    ImageDraw.Draw(image).ellipse((side // 5, side // 5, side * 4 // 5, side * 4 // 5), "white")
    out = io.BytesIO()
    image.save(out, "PNG")
    return keep_image(sandbox, out.getvalue(), "MAIN_IMAGE")


def _barcode(number: int) -> str:
    """Return a UPC with a right check digit."""
    digits = f"0{number:010d}"[-11:]
    odd, even = sum(map(int, digits[0::2])), sum(map(int, digits[1::2]))
    return digits + str(-(odd * 3 + even) % 10)


def add_products(
    sandbox: Sandbox, shop: Doc, count: int, *, variants: int | None = None
) -> list[str]:
    """Put so many live products on a shop; return their ids.

    They are of all kinds, or all of one kind with so many variants each.
    """
    if variants is not None and not 1 <= variants <= MOST_VARIANTS:
        raise ValueError(f"a product has 1 to {MOST_VARIANTS} variants")
    with sandbox.store.transaction():
        images = [_picture(sandbox, number) for number in range(len(COLORS))]
        chart = _picture(sandbox, 1, 1100)
        clip = keep_file(sandbox, b"\0\0\0\x18ftypmp42 a short clip", "clip.mp4")
        sites = [w["id"] for w in warehouses(sandbox, shop["id"], "SALES_WAREHOUSE")]
        first = sandbox.store.count(Query("product", shop_id=shop["id"]))
        kit: Doc = {"images": images, "chart": chart, "clip": clip, "sites": sites}
        return [
            _add(sandbox, shop, number, kit, _model(number, variants))
            for number in range(first, first + count)
        ]


def _model(number: int, variants: int | None) -> Model:
    """Which kind of product has this number; with `variants`, the kind with so many of them."""
    if variants is None:
        return MODELS[number % len(MODELS)]
    designs = tuple(f"{place:03d} Stripes" for place in range(variants))
    return ("Mugs", "Striped Enamel Mug", "14.00", {"Design": designs} if variants > 1 else {})


def _add(sandbox: Sandbox, shop: Doc, number: int, kit: Doc, model: Model) -> str:
    leaf, name, *_ = model
    version = "v2" if shop["region"] == "US" else "v1"
    category = leaf_named(leaf, version)
    round_number = number // len(MODELS)
    title = name if round_number == 0 else f"{name}, Edition {round_number + 1}"
    # The same number gives the same product, wherever it is added.
    dice = random.Random(number)
    images = [kit["images"][(number + step) % len(COLORS)]["uri"] for step in range(2)]
    content: Doc = {
        "title": title,
        "description": f"<p><strong>{title}</strong>, made to last.</p><ul><li>Tested</li></ul>",
        "category_id": category.id,
        "category_version": version,
        "brand_id": BRAND_IDS[number % len(BRAND_IDS)],
        "main_images": [{"uri": uri} for uri in images],
        "package_weight": _weight(shop, dice),
        "package_dimensions": _sizes(shop, dice),
        "product_attributes": _answers(category),
        "external_product_id": f"OLD-{number:05d}",
    }
    if category.has("z"):
        content["size_chart"] = {"image": {"uri": kit["chart"]["uri"]}}
    if number % 3 == 0:
        content["video"] = {"id": kit["clip"]["id"]}
    content["skus"] = _skus(sandbox, shop, number, model)
    resolve_sales_attributes(Draft(sandbox, shop, content, category=category))
    return _keep(sandbox, shop, content, kit["sites"], dice)


def _keep(sandbox: Sandbox, shop: Doc, content: Doc, sites: list[str], dice: random.Random) -> str:
    moment = sandbox.now() - dice.randint(30, 400) * 24 * 3600
    doc: Doc = {
        "id": sandbox.store.next_id(),
        "shop_id": shop["id"],
        "status": "ACTIVATE",
        "audit": {"status": "APPROVED"},
        "create_time": moment,
        "update_time": moment + 3600,
        "was_live": True,
        "content": content,
        "stock": {
            sku["id"]: {site: {"available": dice.randint(0, 60), "committed": 0} for site in sites}
            for sku in content["skus"]
        },
    }
    save_product(sandbox, doc, touch=False)
    return str(doc["id"])


def _weight(shop: Doc, dice: random.Random) -> Doc:
    value = str(Decimal(dice.randint(20, 600)) / 100)
    return {"value": value, "unit": "POUND" if shop["region"] == "US" else "KILOGRAM"}


def _sizes(shop: Doc, dice: random.Random) -> Doc:
    sides = {side: str(dice.randint(3, 14)) for side in ("length", "width", "height")}
    return {**sides, "unit": "INCH" if shop["region"] == "US" else "CENTIMETER"}


def _answers(category: Category) -> list[Doc]:
    """Answer what the category requires, with the last listed value or in own words."""
    answers = []
    for item in attributes_of(category):
        if item.type != PRODUCT or not item.is_required:
            continue
        key, name = item.values[-1] if item.values else ("", "See the label")
        value = {"id": key, "name": name} if key else {"id": f"73{item.id}", "name": name}
        answers.append({"id": item.id, "name": item.name, "values": [value]})
    return answers


def _skus(sandbox: Sandbox, shop: Doc, number: int, model: Model) -> list[Doc]:
    _leaf, name, price, axes = model
    base = f"{name.split()[0][:4].upper()}-{number:05d}"
    skus = []
    for index, chosen in enumerate(combinations(*axes.values())):
        skus.append(
            {
                "id": sandbox.store.next_id(),
                "seller_sku": "-".join([base, *(value[:3].upper().strip() for value in chosen)]),
                "price": {"amount": str(Decimal(price) + index), "currency": shop["currency"]},
                "identifier_code": {"type": "UPC", "code": _barcode(number * 100 + index)},
                "sales_attributes": [
                    {"name": axis, "value_name": value}
                    for axis, value in zip(axes, chosen, strict=True)
                ],
            }
        )
    return skus


@seed
def existing_at_start(sandbox: Sandbox) -> None:
    """A sandbox that was asked for them starts with products."""
    if sandbox.config.existing:
        shop = sandbox.store.find(Query("shop"), limit=1)[0]
        add_products(sandbox, shop, sandbox.config.existing)


__all__ = ["add_products"]
