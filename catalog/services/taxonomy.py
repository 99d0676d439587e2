"""The channel's categories, forms and brands, cached as rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from catalog.models import AttributeKind, CategoryAttribute, ChannelCategory, Listing, Shop
from catalog.ports import CategoryRules, RemoteAttribute, RemoteCategory, taxonomy_sources
from catalog.services import listings

BRAND_KNOWN_FOR = 24 * 60 * 60
ROOTS = ("", "0")


def refresh(shop: Shop) -> int:
    """Fetch the shop's category tree, then the forms of categories in use; return its size.

    A category that is gone stays as a row, so that listings in it can say so.
    """
    tree = taxonomy_sources.get(shop.channel).categories(shop)
    paths = _paths(tree)
    rows = [
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
        for node in tree
    ]
    with transaction.atomic():
        ChannelCategory.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["shop", "external_id"],
            update_fields=[
                "parent_external_id",
                "name",
                "path",
                "is_leaf",
                "is_gone",
                "permission",
            ],
            batch_size=500,
        )
        here = {node.external_id for node in tree}
        known = ChannelCategory.objects.filter(shop=shop, is_gone=False)
        gone = [pk for pk, eid in known.values_list("pk", "external_id") if eid not in here]
        ChannelCategory.objects.filter(pk__in=gone).update(is_gone=True)
        Shop.objects.filter(pk=shop.pk).update(taxonomy_refreshed_at=timezone.now())
    used = ChannelCategory.objects.filter(shop=shop, listings__isnull=False, is_gone=False)
    for category in used.distinct():
        fetch_form(category)
    return len(rows)


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
        "certifications": [
            {"id": item.external_id, "name": item.name, "required": item.is_required}
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
