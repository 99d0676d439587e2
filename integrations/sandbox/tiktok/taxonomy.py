"""Categories, what each one asks for, and a guess of the right one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache

from flask import request

from integrations.sandbox.store import Doc
from integrations.sandbox.tiktok.errors import ApiError
from integrations.sandbox.tiktok.taxonomy_data import (
    ATTRIBUTES,
    ATTRIBUTES_OF,
    CERTIFICATES,
    CONDITIONAL_CERTIFICATES,
    CONDITIONS,
    KEYWORDS,
    PRODUCT,
    PROHIBITED,
    SALES,
    TREE,
)
from integrations.sandbox.tiktok.wire import Call, endpoint

READ = "seller.product.basic"
# The two generations of the tree have different ids, as the real ones do.
FIRST_IDS = {"v1": 810000, "v2": 600000}
# Here the product safety rules of the EU ask for a manufacturer and a responsible person.
EUROPEAN = ("DE", "FR")


@dataclass(frozen=True)
class Category:
    """One node of a tree."""

    id: str
    parent_id: str
    name: str
    version: str
    chain: tuple[str, ...]
    flags: str | None

    @property
    def is_leaf(self) -> bool:
        """Products belong to leaves only."""
        return self.flags is not None

    def has(self, flag: str) -> bool:
        """Tell whether the leaf carries a flag of taxonomy_data."""
        return flag in (self.flags or "")


@dataclass(frozen=True)
class Attribute:
    """One question that a category asks about a product."""

    id: str
    name: str
    type: str
    flags: str
    values: tuple[tuple[str, str], ...]
    condition: tuple[str, str] | None

    @property
    def is_required(self) -> bool:
        """Without an answer the product is not listed."""
        return "r" in self.flags

    @property
    def is_customizable(self) -> bool:
        """The seller may answer in own words."""
        return "c" in self.flags

    @property
    def is_multiple(self) -> bool:
        """Several answers are allowed."""
        return "m" in self.flags

    def value_id(self, name: str) -> str | None:
        """Return the id of a listed value by its name."""
        return next((key for key, text in self.values if text.lower() == name.lower()), None)

    def value_name(self, key: str) -> str | None:
        """Return the name of a listed value by its id."""
        return next((text for known, text in self.values if known == key), None)


@dataclass(frozen=True)
class Certification:
    """A document that a category asks for; with a condition only where that answer is given."""

    id: str
    name: str
    details: str
    expires: bool
    condition: tuple[str, str] | None = None

    def is_required(self, answers: dict[str, set[str]]) -> bool:
        """Tell whether a product with these answers (value ids by attribute id) needs it."""
        if self.condition is None:
            return True
        attribute, value = self.condition
        return value in answers.get(attribute, set())


def made_up_id(prefix: str, *parts: str) -> str:
    """Return the same 19-digit id for the same words, for values that sellers invent."""
    digest = hashlib.sha256("\0".join(parts).lower().encode()).hexdigest()
    return prefix + str(int(digest[:15], 16)).zfill(19)[-(19 - len(prefix)) :]


@cache
def tree(version: str) -> dict[str, Category]:
    """Return a whole tree by id."""
    found: dict[str, Category] = {}
    number = FIRST_IDS[version]

    def add(parent: Category | None, name: str, flags: str | None) -> Category:
        nonlocal number
        number += 1
        chain = (*(parent.chain if parent else ()), str(number))
        parent_id = parent.id if parent else "0"
        category = Category(str(number), parent_id, name, version, chain, flags)
        found[category.id] = category
        return category

    for department, groups in TREE.items():
        top = add(None, department, None)
        for group, leaves in groups.items():
            middle = add(top, group, None)
            for leaf in leaves:
                name, _, flags = leaf.partition(":")
                add(middle, name, flags)
    return found


def category_of(category_id: str) -> Category | None:
    """Return a category of either tree."""
    return next((tree(v)[category_id] for v in FIRST_IDS if category_id in tree(v)), None)


def leaf_named(name: str, version: str = "v2") -> Category:
    """Return the leaf with a name."""
    return next(c for c in tree(version).values() if c.is_leaf and c.name == name)


@cache
def _attribute(code: str) -> Attribute:
    key, name, kind, flags, values = ATTRIBUTES[code]
    numbered = tuple((f"{key}{index:03d}", text) for index, text in enumerate(values, start=1))
    condition = None
    if code in CONDITIONS:
        other, wanted = CONDITIONS[code]
        parent = _attribute(other)
        condition = (parent.id, str(parent.value_id(wanted)))
    return Attribute(key, name, kind, flags, numbered, condition)


@cache
def attributes_of(category: Category) -> tuple[Attribute, ...]:
    """Return the attributes of a leaf: those of its group, or else of its department."""
    names = [tree(category.version)[key].name for key in category.chain]
    codes = next((ATTRIBUTES_OF[name] for name in reversed(names) if name in ATTRIBUTES_OF), ())
    return tuple(_attribute(code) for code in codes)


@cache
def certifications_of(category: Category) -> tuple[Certification, ...]:
    """Return the certificates that a leaf asks for."""
    if not category.has("c"):
        return ()
    names = [tree(category.version)[key].name for key in category.chain]
    always = next(CERTIFICATES[name] for name in reversed(names) if name in CERTIFICATES)
    found = [Certification(*always)]
    if category.name in CONDITIONAL_CERTIFICATES:
        facts, (code, wanted) = CONDITIONAL_CERTIFICATES[category.name]
        asked = _attribute(code)
        found.append(Certification(*facts, (asked.id, str(asked.value_id(wanted)))))
    return tuple(found)


def permission(category: Category, shop: Doc) -> str:
    """Return what a shop may do in a category."""
    if category.has("p"):
        return "PROHIBITED"
    if category.id in shop["approved_categories"]:
        return "AVAILABLE"
    if category.has("i"):
        return "INVITE_ONLY"
    return "NON_MAIN_CATEGORY" if category.has("n") else "AVAILABLE"


def required_version(shop: Doc) -> str | None:
    """Return the only version that a region takes, if there is only one."""
    return "v2" if shop["region"] == "US" else None


def checked_leaf(shop: Doc, category_id: str, version: str) -> Category:
    """Return the leaf that a call names, or refuse as the contract says."""
    only = required_version(shop)
    if only is not None and version != only:
        raise ApiError(12052217, "This region takes category_version v2 only.")
    category = category_of(category_id)
    if category is None:
        raise ApiError(12052023, "There is no such category.")
    if not category.is_leaf:
        raise ApiError(12052024, "This category has subcategories: choose one of them.")
    if category.version != version:
        raise ApiError(12052230, "The category does not belong to this category version.")
    return category


# -- calls -------------------------------------------------------------------------------------


@endpoint("GET", "/product/202309/categories", scope=READ)
def list_categories(call: Call) -> Doc:
    """List the whole tree, flat."""
    version = call.query("category_version", "v1")
    if version not in FIRST_IDS:
        raise ApiError(12052217, "category_version must be v1 or v2.")
    shown = [
        category
        for category in tree(version).values()
        if call.query("include_prohibited_categories") == "true" or not _is_prohibited(category)
    ]
    keyword = call.query("keyword").lower()
    if keyword:
        hits = {key for c in shown if keyword in c.name.lower() for key in c.chain}
        shown = [category for category in shown if category.id in hits]
    return {"categories": [_shown(category, call.shop) for category in shown]}


def _is_prohibited(category: Category) -> bool:
    return tree(category.version)[category.chain[0]].name == PROHIBITED


def _shown(category: Category, shop: Doc) -> Doc:
    return {
        "id": category.id,
        "parent_id": category.parent_id,
        "local_name": category.name,
        "is_leaf": category.is_leaf,
        "permission_statuses": [permission(category, shop)],
    }


def _leaf_of_call(call: Call) -> Category:
    version = call.query("category_version", "v1")
    return checked_leaf(call.shop, call.path["category_id"], version)


@endpoint("GET", "/product/202309/categories/{category_id}/rules", scope=READ)
def category_rules(call: Call) -> Doc:
    """Tell what a category requires beside its attributes."""
    category = _leaf_of_call(call)
    european = call.shop["region"] in EUROPEAN
    chart = category.has("z")
    return {
        "product_certifications": [_certificate(item) for item in certifications_of(category)],
        "size_chart": {"is_supported": chart or category.has("s"), "is_required": chart},
        "cod": {"is_supported": False},
        "package_dimension": {"is_required": not category.has("k")},
        "epr": {"is_required": False},
        "responsible_person": {"is_required": european},
        "manufacturer": {"is_required": european},
        "allowed_special_product_types": [] if category.has("i") else SPECIAL_TYPES,
        "fees": [],
    }


SPECIAL_TYPES = ["PRE_ORDER", "MADE_TO_ORDER"]


def _certificate(asked: Certification) -> Doc:
    return {
        "id": asked.id,
        "name": asked.name,
        "is_required": True,
        "document_details": asked.details,
        "sample_image_url": f"{request.host_url}_static/icon.svg",
        "requirement_conditions": [] if asked.condition is None else [_condition(asked.condition)],
        "expiration_date": {"is_required": asked.expires},
    }


def _condition(condition: tuple[str, str]) -> Doc:
    other, value = condition
    return {
        "condition_type": "VALUE_ID_MATCH",
        "attribute_id": other,
        "attribute_value_id": value,
    }


@endpoint("GET", "/product/202309/categories/{category_id}/attributes", scope=READ)
def category_attributes(call: Call) -> Doc:
    """List the attributes of a category with the values to choose from."""
    return {"attributes": [_question(item) for item in attributes_of(_leaf_of_call(call))]}


def _question(attribute: Attribute) -> Doc:
    return {
        "id": attribute.id,
        "name": attribute.name,
        "type": attribute.type,
        # The wire spells it so.
        "is_requried": attribute.is_required,
        "is_customizable": attribute.is_customizable,
        "is_multiple_selection": attribute.is_multiple,
        "values": [{"id": key, "name": name} for key, name in attribute.values],
        "value_data_format": "POSITIVE_INT_OR_DECIMAL" if "n" in attribute.flags else "",
        "requirement_conditions": []
        if attribute.condition is None
        else [_condition(attribute.condition)],
    }


@endpoint(
    "POST",
    "/product/202309/categories/recommend",
    scope=READ,
    body={
        "product_title*": "string",
        "description": "string",
        "images": [{"uri": "string"}],
        "category_version": "string",
    },
)
def recommend_category(call: Call) -> Doc:
    """Guess the category of a product from its title."""
    version = call.body.get("category_version") or "v1"
    if required_version(call.shop) not in (None, version):
        raise ApiError(12052217, "This region takes category_version v2 only.")
    leaf = _guess(call.body["product_title"], version)
    if leaf is None:
        raise ApiError(12019064, "No category fits this title.")
    chain = [tree(version)[key] for key in leaf.chain]
    return {
        "leaf_category_id": leaf.id,
        "categories": [
            {
                "id": category.id,
                "name": category.name,
                "level": level,
                "is_leaf": category.is_leaf,
                "permission_statuses": [permission(category, call.shop)],
            }
            for level, category in enumerate(chain, start=1)
        ],
    }


def _stems(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z]+", text.lower())}


def _guess(title: str, version: str) -> Category | None:
    """Return the leaf whose words the title shares most; own words count before keywords."""
    words = _stems(title)
    best, most = None, 0
    for category in tree(version).values():
        own = _stems(category.name)
        if category.is_leaf and not category.has("p") and own <= words and len(own) > most:
            best, most = category, len(own)
    if best is not None:
        return best
    hit = next((leaf for word, leaf in KEYWORDS.items() if word.removesuffix("s") in words), None)
    return None if hit is None else leaf_named(hit, version)


__all__ = ["PRODUCT", "SALES", "Attribute", "Category"]
