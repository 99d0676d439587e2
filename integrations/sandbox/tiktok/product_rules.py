"""Is a product fit to be listed? Each check answers with the codes of the contract."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser

from integrations.sandbox.core import Sandbox
from integrations.sandbox.tiktok.attribute_rules import attributes, certificates
from integrations.sandbox.tiktok.brands import brand_of
from integrations.sandbox.tiktok.compliance import persons
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.rules import Draft, Problems, has_good_ratio, number, places
from integrations.sandbox.tiktok.shops import warehouses
from integrations.sandbox.tiktok.sku_rules import (
    identifiers,
    inventories,
    pictures,
    prices,
    seller_skus,
    variants,
)
from integrations.sandbox.tiktok.taxonomy import checked_leaf, permission

CHINESE = re.compile(r"[一-鿿]")
ESCAPE = re.compile(r"&[a-zA-Z]+;|&#\d+;")
# HTML cannot do without these few; which ones TikTok takes is not documented.
ODD_ESCAPE = re.compile(r"&(?!amp;|lt;|gt;|quot;)[a-zA-Z]+;")
RUN = re.compile(r"(.)\1{9,}")
TEXT_TAGS = {"p", "br", "ul", "ol", "li", "b", "strong", "i", "em", "u", "img", "div", "span"}
TABLE_TAGS = {"table", "thead", "tbody", "tr", "td", "th"}
KNOWN_TAGS = TEXT_TAGS | TABLE_TAGS | {"h1", "h2", "h3", "h4", "h5", "h6"}
FORBIDDEN_TAGS = {"script", "style", "iframe", "object", "embed", "form", "input", "link", "meta"}
WEIGHT_PLACES = {"KILOGRAM": 3, "POUND": 2, "GRAM": 0}
WEIGHT_UNITS = {"US": ("KILOGRAM", "POUND"), "MX": ("KILOGRAM", "GRAM")}
IMPERIAL = {"POUND": "INCH"}


def seller(draft: Draft) -> Problems:
    """The shop must be able to sell and to take returns."""
    if draft.shop["status"] != "ACTIVE":
        yield 12052700, "The seller is not active."
    if not draft.is_draft and not warehouses(draft.sandbox, draft.shop["id"], "RETURN_WAREHOUSE"):
        yield 12052535, "The shop has no return warehouse."


def title(draft: Draft) -> Problems:
    """The title must be there, short enough, and plain text."""
    text = str(draft.body.get("title") or "").strip()
    longest = 300 if draft.shop["region"] in ("BR", "MX") else 255
    if not text:
        yield 12052261, "The title is empty."
    if len(text) > longest:
        yield 12052051, f"The title is longer than {longest} characters."
    if CHINESE.search(text):
        yield 12052262, "The title has Chinese characters."
    elif text and not _is_plain(text):
        yield 12052931, "The title has an escape, an emoji, a control character or a long run."


def _is_plain(text: str) -> bool:
    if ESCAPE.search(text) or RUN.search(text) or not any(char.isalnum() for char in text):
        return False
    return not any(
        unicodedata.category(char) in ("Cc", "So") for char in text if char not in "®©°™"
    )


class _Html(HTMLParser):
    """Notes what a description is made of."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: set[str] = set()
        self.images: list[dict[str, str]] = []
        self.handlers = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.add(tag)
        self.handlers |= any(name.startswith("on") for name, _value in attrs)
        if tag == "img":
            self.images.append({name: value or "" for name, value in attrs})


def description(draft: Draft) -> Problems:
    """The description must be there, short enough, and of allowed HTML."""
    text = str(draft.body.get("description") or "")
    if not text.strip():
        yield 12052015, "The description is empty."
        return
    if len(text) > 10_000:
        yield 12052013, "The description is longer than 10000 characters."
    if ODD_ESCAPE.search(text) or RUN.search(text):
        yield 12052932, "The description has an escape such as &nbsp; or a long run."
    html = _Html()
    html.feed(text)
    if html.tags & FORBIDDEN_TAGS:
        yield 12052345, "The description has a tag that is not allowed."
    if html.handlers:
        yield 12052350, "A tag of the description has an attribute that is not allowed."
    odd = sorted(html.tags - KNOWN_TAGS - FORBIDDEN_TAGS)
    if odd:
        draft.warnings.append(f"The description has unusual tags: {', '.join(odd)}.")
    yield from _description_images(html)


def _description_images(html: _Html) -> Problems:
    if len(html.images) > 30:
        yield 12052056, "The description has more than 30 pictures."
    for image in html.images:
        if not all(image.get(name) for name in ("src", "width", "height")):
            yield 12052348, "A picture of the description lacks src, width or height."
        elif "/files/sandbox-img/" not in image["src"]:
            yield 12052340, "A picture of the description was not uploaded here."


def category(draft: Draft) -> Problems:
    """The category must be a leaf of the right tree that the shop may sell in."""
    try:
        found = checked_leaf(
            draft.shop,
            str(draft.body.get("category_id") or ""),
            draft.body.get("category_version") or "v1",
        )
    except ApiError as error:
        yield error.code, error.message
        return
    draft.category = found
    allowed = permission(found, draft.shop)
    if allowed == "PROHIBITED":
        yield 12052220, "This category is prohibited."
    if allowed == "NON_MAIN_CATEGORY":
        yield 12052225, "This category is outside of the shop's main category."
    if allowed == "INVITE_ONLY" and draft.shop["region"] != "US":
        yield 12052223, "This category is restricted: the shop has to apply for it."


def brand(draft: Draft) -> Problems:
    """A protected brand needs an authorization; another one is just not shown without it."""
    brand_id = draft.body.get("brand_id")
    if not brand_id:
        return
    found = brand_of(draft.sandbox, draft.shop["seller_id"], brand_id)
    if found is None:
        yield 12052026, "There is no such brand."
    elif found["authorized_status"] != "AUTHORIZED":
        if found["is_t1_brand"]:
            yield 12052208, "This brand needs an authorization."
        else:
            draft.body.pop("brand_id")
            draft.warnings.append("The brand is not authorized and is not shown.")


def main_images(draft: Draft) -> Problems:
    """One to nine pictures, uploaded here, of a good size and ratio."""
    images = draft.body.get("main_images") or []
    if not images and not draft.is_draft:
        yield 12052028, "A main picture is required."
    if len(images) > 9:
        yield 12052306, "There are more than 9 main pictures."
    for sent in images:
        kept = draft.image(sent["uri"])
        if kept is None:
            yield 12052300, f"No picture was uploaded with the uri {sent['uri']}."
        elif min(kept["width"], kept["height"]) < 300:
            yield 12052301, f"A main picture needs at least 300 x 300 pixels: {sent['uri']}."
        elif max(kept["width"], kept["height"]) > 4000:
            yield 12052302, f"A main picture has at most 4000 x 4000 pixels: {sent['uri']}."
        elif not has_good_ratio(kept):
            yield 12052305, f"A main picture must be between 3:4 and 4:3: {sent['uri']}."


def video(draft: Draft) -> Problems:
    """A video must have been uploaded here."""
    sent = draft.body.get("video") or {}
    if sent.get("id") and draft.sandbox.store.get("file", sent["id"]) is None:
        yield 12052360, "There is no such video."


def package(draft: Draft) -> Problems:
    """Weight and dimensions must be numbers in units of the region and of one system."""
    weight = draft.body.get("package_weight") or {}
    unit = weight.get("unit", "")
    if unit not in WEIGHT_UNITS.get(draft.shop["region"], ("KILOGRAM",)):
        yield 12052916, "This unit of weight is not used in the region."
        return
    value = number(weight.get("value"))
    if value is None or value < 0:
        yield 12019011, "The weight is not a number."
    elif value == 0:
        yield 12052181, "The weight is zero."
    elif places(value) > WEIGHT_PLACES[unit]:
        yield 12052006, "The weight has too many decimal places."
    yield from _dimensions(draft, IMPERIAL.get(unit, "CENTIMETER"))


def _dimensions(draft: Draft, unit: str) -> Problems:
    sizes = draft.body.get("package_dimensions")
    if not sizes:
        required = draft.category is not None and not draft.category.has("k")
        if required and not draft.is_draft:
            yield 12019012, "The category requires the dimensions of the parcel."
        return
    values = [number(sizes.get(side)) for side in ("length", "width", "height")]
    if any(v is None or v <= 0 or v != v.to_integral_value() for v in values):
        yield 12019012, "The dimensions of the parcel must be whole numbers above zero."
    elif sizes.get("unit") != unit:
        yield 12052915, "Weight and dimensions must use the same system of units."
    elif draft.shop["region"] == "MX" and sum(v for v in values if v) > 160:
        yield 12052116, "The sides of the parcel add up to more than 160 cm."


def terms(draft: Draft) -> Problems:
    """Cash on delivery does not exist in the regions that the sandbox knows."""
    if draft.body.get("is_cod_allowed"):
        yield 12052222, "There is no cash on delivery in this region."


Check = Callable[[Draft], Problems]
# The category stands first: later checks depend on it.
CHECKS: tuple[Check, ...] = (
    seller,
    category,
    title,
    description,
    brand,
    main_images,
    video,
    variants,
    pictures,
    seller_skus,
    prices,
    inventories,
    identifiers,
    attributes,
    certificates,
    persons,
    package,
    terms,
)


def problems(draft: Draft) -> list[tuple[int, str]]:
    """Return everything that stands against the product."""
    return [problem for check in CHECKS for problem in check(draft)]


def refuse_bad(draft: Draft) -> None:
    """Refuse a product with the first thing that stands against it."""
    for check in CHECKS:
        for code, message in check(draft):
            raise ApiError(code, message)


__all__ = ["Draft", "Sandbox", "problems", "refuse_bad"]
