"""The channel's categories, forms and brands, cached as rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from catalog.models import (
    AttributeKind,
    CategoryAttribute,
    ChannelCategory,
    Listing,
    ListingAttribute,
    Shop,
)
from catalog.ports import CategoryRules, RemoteAttribute, RemoteCategory, taxonomy_sources
from catalog.services import listings
from marketplace.kernel.errors import Refused

TREE_KEPT_FOR = timedelta(hours=1)
FORM_KEPT_FOR = timedelta(days=7)
BRAND_KNOWN_FOR = 24 * 60 * 60
ROOTS = ("", "0")


@dataclass
class FormsReport:
    """What became of the forms that were due."""

    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    is_complete: bool = True

    def summary(self) -> str:
        told = "".join(f"; {words} ({count:,})" for words, count in self.refused.items())
        return f"{self.read:,} forms read again{told}"


def refresh(shop: Shop) -> int:
    """Fetch the shop's category tree and return its size.

    A category that is gone stays as a row, so that listings in it can say so. Listings whose
    category came, went, or is open in another way are checked again.
    """
    tree = taxonomy_sources.get(shop.channel).categories(shop)
    before = _standing(shop)
    with transaction.atomic():
        _store_tree(shop, tree)
        here = {node.external_id for node in tree}
        gone = [pk for pk, (external_id, *_) in before.items() if external_id not in here]
        ChannelCategory.objects.filter(pk__in=gone, is_gone=False).update(is_gone=True)
        shop.taxonomy_refreshed_at = timezone.now()
        shop.save(update_fields=["taxonomy_refreshed_at", "updated_at"])
        after = _standing(shop)
        changed = [pk for pk, standing in before.items() if after[pk] != standing]
        touched = Listing.objects.filter(shop=shop, category__in=changed)
        listings.refresh_readiness(list(touched.values_list("pk", flat=True)))
    return len(tree)


def _standing(shop: Shop) -> dict[int, tuple[str, bool, bool, str]]:
    """What of each category decides whether it can hold products."""
    rows = ChannelCategory.objects.filter(shop=shop).values_list(
        "pk", "external_id", "is_leaf", "is_gone", "permission"
    )
    return {pk: standing for pk, *standing in rows.iterator()}  # type: ignore[misc]


def _store_tree(shop: Shop, tree: Iterable[RemoteCategory]) -> None:
    nodes = list(tree)
    paths = _paths(nodes)
    ChannelCategory.objects.bulk_create(
        [
            ChannelCategory(
                shop=shop,
                external_id=node.external_id,
                parent_external_id="" if node.parent_id in ROOTS else node.parent_id,
                name=node.name,
                path=paths[node.external_id],
                is_leaf=node.is_leaf,
                is_gone=False,
                permission=node.permission,
            )
            for node in nodes
        ],
        update_conflicts=True,
        unique_fields=["shop", "external_id"],
        update_fields=["parent_external_id", "name", "path", "is_leaf", "is_gone", "permission"],
        batch_size=500,
    )


def is_fresh(shop: Shop) -> bool:
    """Whether the tree was fetched so lately that asking again would bring nothing new."""
    last = shop.taxonomy_refreshed_at
    return last is not None and timezone.now() - last < TREE_KEPT_FOR


def refresh_forms(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> FormsReport:
    """Fetch the forms of categories in use that are a week old, the oldest first.

    A form that the channel refuses is told and does not stop the others.
    """
    report = FormsReport()
    used = (
        ChannelCategory.objects.filter(shop=shop)
        .leaves()
        .filter(Exists(Listing.objects.filter(category=OuterRef("pk"))))
    )
    old = Q(attributes_fetched_at=None) | Q(
        attributes_fetched_at__lt=timezone.now() - FORM_KEPT_FOR
    )
    due = (
        used.filter(old)
        .select_related("shop")
        .order_by(F("attributes_fetched_at").asc(nulls_first=True))
    )
    for category in list(due):
        if until():
            report.is_complete = False
            break
        try:
            fetch_form(category)
        except Refused as error:
            report.refused[f"{category.path}: {error.message}"] += 1
        else:
            report.read += 1
    return report


def ensure_form(category: ChannelCategory) -> None:
    """Fetch a category's form unless it is here already."""
    if category.attributes_fetched_at is None:
        fetch_form(category)


def fetch_form(category: ChannelCategory) -> None:
    """Fetch what the category demands: its attributes, certifications, size chart, dimensions."""
    source = taxonomy_sources.get(category.shop.channel)
    attributes = source.attributes(category.shop, category.external_id)
    rules = source.rules(category.shop, category.external_id)
    with transaction.atomic():
        _store_form(category, attributes, rules)
        used = Listing.objects.filter(category=category).values_list("pk", flat=True)
        listings.refresh_readiness(list(used))


def _store_form(
    category: ChannelCategory, attributes: Iterable[RemoteAttribute], rules: CategoryRules
) -> None:
    _store_attributes(category, attributes)
    category.rules = {
        "dimensions_required": rules.dimensions_required,
        "size_chart_required": rules.size_chart_required,
        "size_chart_supported": rules.size_chart_supported,
        "manufacturer_required": rules.manufacturer_required,
        "responsible_person_required": rules.responsible_person_required,
        "special_product_types": list(rules.special_product_types),
        "certifications": [
            {
                "id": item.external_id,
                "name": item.name,
                "required": item.is_required,
                "needs_expiry": item.needs_expiry,
                "details": item.details,
                "sample_url": item.sample_url,
                "required_if": [
                    {"attribute": other, "value": value} for other, value in item.required_if
                ],
            }
            for item in rules.certifications
        ],
    }
    category.attributes_fetched_at = timezone.now()
    category.save(update_fields=["rules", "attributes_fetched_at", "updated_at"])


def _store_attributes(category: ChannelCategory, attributes: Iterable[RemoteAttribute]) -> None:
    rows = [
        CategoryAttribute(
            category=category,
            external_id=item.external_id,
            name=item.name,
            kind=AttributeKind.SALES if item.is_sales else AttributeKind.PRODUCT,
            is_required=item.is_required,
            is_customizable=item.is_customizable,
            is_multiple=item.is_multiple,
            values=[{"id": value_id, "name": name} for value_id, name in item.values],
            required_if=[{"attribute": other, "value": value} for other, value in item.required_if],
            takes_number=item.takes_number,
            position=position,
        )
        for position, item in enumerate(attributes)
    ]
    CategoryAttribute.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["category", "external_id"],
        update_fields=[
            "name",
            "kind",
            "is_required",
            "is_customizable",
            "is_multiple",
            "values",
            "required_if",
            "takes_number",
            "position",
        ],
    )
    CategoryAttribute.objects.filter(category=category).exclude(
        external_id__in=[row.external_id for row in rows]
    ).delete()
    _follow_options(category)


def _follow_options(category: ChannelCategory) -> None:
    """Filled-in values take the option's new name; those whose option went away are own values.

    Whether an own value is allowed there is for the requirement check to say.
    """
    forms = {row.pk: row for row in CategoryAttribute.objects.filter(category=category)}
    filled = ListingAttribute.objects.filter(attribute__category=category).order_by()
    known = filled.values_list("attribute", "value_external_id", "value").distinct()
    for attribute, value_id, value in list(known):
        names = {str(choice["id"]): str(choice["name"]) for choice in forms[attribute].values}
        ids = {name: key for key, name in names.items()}
        same = filled.filter(attribute=attribute, value_external_id=value_id, value=value)
        if value_id in names and names[value_id] != value:
            there = filled.filter(attribute=attribute, value=names[value_id])
            same.filter(listing__in=there.values("listing")).delete()
            same.update(value=names[value_id])
        elif value_id not in names and ids.get(value, "") != value_id:
            same.update(value_external_id=ids.get(value, ""))


def brand_id(shop: Shop, name: str) -> str:
    """Return the channel's id of a brand, or an empty text where it does not know the name (R42).

    Asked once a day per name. A listing without a brand id is shown as “No brand” there.
    """
    if not name.strip():
        return ""
    digest = hashlib.sha256(name.strip().lower().encode()).hexdigest()[:32]
    key = f"brand:{shop.pk}:{digest}"
    known: str | None = cache.get(key)
    if known is None:
        brands = taxonomy_sources.get(shop.channel).brands(shop, prefix=name.strip())
        wanted = name.strip().lower()
        known = next((b.external_id for b in brands if b.name.strip().lower() == wanted), "")
        cache.set(key, known, BRAND_KNOWN_FOR)
    return known


def _paths(tree: Iterable[RemoteCategory]) -> Mapping[str, str]:
    nodes = {node.external_id: node for node in tree}
    paths: dict[str, str] = {}
    for node in nodes.values():
        names, current, seen = [node.name], node, {node.external_id}
        while (parent := nodes.get(current.parent_id)) and parent.external_id not in seen:
            seen.add(parent.external_id)
            names.append(parent.name)
            current = parent
        paths[node.external_id] = " > ".join(reversed(names))[:500]
    return paths
