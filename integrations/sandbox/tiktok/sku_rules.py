"""Checks of a product's SKUs: variants, pictures, prices, quantities and identifiers."""

from __future__ import annotations

import re
from decimal import Decimal

from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.rules import Draft, Problems, has_good_ratio, number, places
from integrations.sandbox.tiktok.taxonomy import SALES, attributes_of, made_up_id

MANY_SKUS = {"BR", "DE", "ES", "FR", "IE", "IT", "JP", "MX", "GB", "US"}
OWN_ATTRIBUTE, OWN_VALUE = "71", "73"
MAX_QUANTITY = 99_999
DIGITS = {
    "GTIN": r"\d{14}",
    "EAN": r"\d{8}|\d{13}|\d{14}",
    "UPC": r"\d{12}",
    "ISBN": r"\d{13}|\d{9}[\dX]",
    "JAN": r"\d{8}|\d{13}",
}
PRICES = {
    "US": ("0.01", "7600"),
    "GB": ("0.01", "5600"),
    "DE": ("0.01", "6300"),
    "FR": ("0.01", "6300"),
    "MX": ("1", "50000"),
}


def resolve_sales_attributes(draft: Draft) -> None:
    """Give every sales attribute and value its id and its name; ids win over names."""
    known = [] if draft.category is None else attributes_of(draft.category)
    by_id = {attribute.id: attribute for attribute in known if attribute.type == SALES}
    by_name = {attribute.name.lower(): attribute for attribute in by_id.values()}
    for sku in draft.skus:
        for sent in sku.get("sales_attributes") or []:
            found = by_id.get(sent.get("id", "")) or by_name.get(sent.get("name", "").lower())
            if found is not None:
                sent.update(id=found.id, name=found.name)
            elif sent.get("name"):
                sent.setdefault("id", made_up_id(OWN_ATTRIBUTE, sent["name"]))
            name = sent.get("value_name", "")
            listed = None
            if found is not None:
                listed = found.value_id(name)
                name = found.value_name(sent.get("value_id", "")) or name
            if name:
                sent["value_name"] = name
                sent.setdefault("value_id", listed or made_up_id(OWN_VALUE, sent["id"], name))


def variants(draft: Draft) -> Problems:
    """Several SKUs must differ by the same kinds of attributes, each in its own way."""
    skus = draft.skus
    if not skus:
        yield 12052902, "There is no SKU."
        return
    most = 300 if draft.shop["region"] in MANY_SKUS else 100
    if len(skus) > most:
        yield 12052050, f"A product has at most {most} SKUs."
    if len(skus) > 1 and not all(sku.get("sales_attributes") for sku in skus):
        yield 12019117, "With several SKUs each one needs sales attributes."
        return
    unnamed = list(_names(skus))
    yield from unnamed
    if unnamed:
        return
    resolve_sales_attributes(draft)
    yield from _known(draft)
    yield from _combinations(skus)


def _names(skus: list[Doc]) -> Problems:
    for sent in (sent for sku in skus for sent in sku.get("sales_attributes") or []):
        if not sent.get("id") and not sent.get("name"):
            yield 12052241, "A sales attribute has neither id nor name."
        if not sent.get("value_id") and not sent.get("value_name"):
            yield 12052248, "A sales attribute has neither value id nor value name."
        if len(sent.get("name") or "") > 20:
            yield 12052242, "The name of a sales attribute has more than 20 characters."
        if len(sent.get("value_name") or "") > 50:
            yield 12052249, "The value of a sales attribute has more than 50 characters."


def _known(draft: Draft) -> Problems:
    for sent in (sent for sku in draft.skus for sent in sku.get("sales_attributes") or []):
        if not sent.get("name") and not str(sent.get("id", "")).startswith(OWN_ATTRIBUTE):
            yield 12052527, f"The category has no sales attribute {sent.get('id')}."
        if not sent.get("value_name") and not str(sent["value_id"]).startswith(OWN_VALUE):
            yield 12052529, f"The sales attribute has no value {sent['value_id']}."


def _combinations(skus: list[Doc]) -> Problems:
    kinds = [tuple(sent.get("id") for sent in sku.get("sales_attributes") or []) for sku in skus]
    if any(len(kind) > 3 for kind in kinds):
        yield 12052525, "A product has at most 3 kinds of sales attributes."
    if any(len(set(kind)) != len(kind) for kind in kinds):
        yield 12052254, "A SKU names a sales attribute twice."
    if len({frozenset(kind) for kind in kinds}) > 1:
        yield 12052550, "Every SKU needs the same kinds of sales attributes."
    chosen = [
        frozenset((sent.get("id"), sent.get("value_id")) for sent in sku["sales_attributes"])
        for sku in skus
        if sku.get("sales_attributes")
    ]
    if len(set(chosen)) != len(chosen):
        yield 12052560, "Two SKUs have the same sales attributes."


def pictures(draft: Draft) -> Problems:
    """Variant pictures belong to one kind of attribute and to every value of it."""
    sent = [entry for sku in draft.skus for entry in sku.get("sales_attributes") or []]
    for entry in sent:
        yield from _picture(draft, entry)
    with_picture = {entry.get("id", "") for entry in sent if entry.get("sku_img")}
    if len(with_picture) > 1:
        yield 12052528, "Only one kind of sales attribute may have pictures."
    elif any(entry.get("id", "") in with_picture and not entry.get("sku_img") for entry in sent):
        yield 12052522, "A value of the attribute with pictures has none."


def _picture(draft: Draft, entry: Doc) -> Problems:
    if len(entry.get("supplementary_sku_images") or []) > 8:
        yield 12052356, "A variant has at most 8 more pictures."
    uri = (entry.get("sku_img") or {}).get("uri")
    if not uri:
        return
    kept = draft.image(uri)
    if kept is None:
        yield 12052520, f"No picture was uploaded with the uri {uri}."
    elif not has_good_ratio(kept):
        yield 12052524, "A variant picture must be between 3:4 and 4:3."


def seller_skus(draft: Draft) -> Problems:
    """The seller's own codes must be short and without spaces."""
    outer = [sku["external_sku_id"] for sku in draft.skus if sku.get("external_sku_id")]
    if len(set(outer)) != len(outer):
        yield 12052996, "Two SKUs have the same external id."
    for sku in draft.skus:
        code = sku.get("seller_sku") or ""
        if len(code) > 50:
            yield 12052054, "A seller SKU has more than 50 characters."
        if re.search(r"\s", code):
            yield 12019059, "A seller SKU has no spaces."


def prices(draft: Draft) -> Problems:
    """Prices must be numbers in the shop's currency and within the region's limits."""
    for sku in draft.skus:
        yield from price_problems(draft.shop, sku.get("price") or {})
        listed, price = sku.get("list_price"), sku.get("price") or {}
        if listed and (number(listed.get("amount")) or 0) < (number(price.get("amount")) or 0):
            sku.pop("list_price")
            draft.warnings.append("A list price below the price was dropped.")


def price_problems(shop: Doc, price: Doc) -> Problems:
    """Return what stands against one price."""
    if price.get("currency") != shop["currency"]:
        yield 12052084, f"The shop sells in {shop['currency']}."
        return
    amount = number(price.get("amount"))
    low, high = (Decimal(limit) for limit in PRICES[shop["region"]])
    if amount is None or amount <= 0 or places(amount) > 2:
        yield 12052073, "The price is not an amount of money."
    elif not low <= amount <= high:
        yield 12052570, f"The price must be between {low} and {high}."


def inventories(draft: Draft) -> Problems:
    """Quantities must be in range, at sales warehouses of the shop that work."""
    for sku in draft.skus:
        entries = sku.get("inventory") or []
        if not entries:
            yield 12019022, "A SKU has no warehouse."
        for entry in entries:
            yield from stock_problems(draft, entry)


def stock_problems(draft: Draft, entry: Doc) -> Problems:
    """Return what stands against the quantity at one warehouse."""
    if not 0 <= int(entry.get("quantity", 0)) <= MAX_QUANTITY:
        yield 12052055, f"A quantity is between 0 and {MAX_QUANTITY}."
    owner = draft.sandbox.store.owner("warehouse", str(entry.get("warehouse_id", "")))
    if owner is None:
        yield 12052097, "There is no such warehouse."
        return
    warehouse = draft.sandbox.store.get("warehouse", entry["warehouse_id"]) or {}
    if owner != draft.shop["id"]:
        yield 12052530, "The warehouse belongs to another shop."
    elif warehouse["type"] != "SALES_WAREHOUSE":
        yield 12052532, "The warehouse is not one for sales."
    elif warehouse["effect_status"] == "DISABLED":
        yield 12052531, "The warehouse is disabled."


def identifiers(draft: Draft) -> Problems:
    """UPC, EAN and the like must have the right number of digits and be used once."""
    before = {sku["id"]: sku for sku in (draft.before or {}).get("skus", [])}
    seen: set[str] = set()
    for sku in draft.skus:
        sent = sku.get("identifier_code") or {}
        code, kind = sent.get("code") or "", sent.get("type") or ""
        if not code:
            continue
        if kind not in DIGITS:
            yield 12052600, "The type of an identifier is missing or not known."
        elif not re.fullmatch(DIGITS[kind], code):
            yield 12052591, f"A {kind} has another number of digits."
        if code in seen:
            yield 12052592, "Two SKUs have the same identifier."
        seen.add(code)
        old = before.get(sku.get("id", ""), {}).get("identifier_code")
        if old and old["code"] != code:
            yield 12052593, "An identifier cannot be changed."
