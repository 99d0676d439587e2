"""Changing many rows at once, each in its own way, with a fixed number of queries.

Everything here runs inside the caller's transaction. Whoever changes products calls
`products.changed` afterward, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import ForeignObjectRel, QuerySet
from django.utils import timezone

from catalog.models import (
    CategoryAttribute,
    Identifier,
    Listing,
    ListingAttribute,
    ListingTemplate,
    Product,
    Tag,
    Variant,
)
from catalog.services import template_filling

BATCH = 500


def locked(rows: QuerySet[Any], ids: Iterable[int]) -> dict[int, Any]:
    """Rows by id, locked in one order until the transaction ends."""
    found = rows.filter(pk__in=sorted(set(ids))).select_for_update(of=("self",), no_key=True)
    return {row.pk: row for row in found.order_by("pk")}


def save(rows: Iterable[Any], names: Iterable[str]) -> None:
    """Write these fields of rows of one model, with the time of the change."""
    changed, now = list(rows), timezone.now()
    if not changed:
        return
    for row in changed:
        row.updated_at = now
    meta = type(changed[0])._meta
    fields = [meta.get_field(name) for name in (*names, "updated_at")]
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    # `bulk_update` builds an expression per row and field, which takes ten times as long.
    statement = f"UPDATE {quote(meta.db_table)} SET {columns} WHERE {quote(meta.pk.column)} = %s"
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                [
                    *(f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields),
                    row.pk,
                ]
                for row in changed
            ],
        )


def set_tags(products: Mapping[int, Sequence[str]]) -> None:
    """Give products exactly the tags of these names; each merchant has its own tags."""
    if not products:
        return
    owners = dict(Product.objects.filter(pk__in=products).values_list("pk", "merchant"))
    wanted = {(owners[pk], name) for pk, names in products.items() for name in names}
    Tag.objects.bulk_create(
        [Tag(merchant_id=merchant, name=name) for merchant, name in sorted(wanted)],
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    known = Tag.objects.filter(
        merchant__in={merchant for merchant, _ in wanted}, name__in={name for _, name in wanted}
    )
    tags = {(tag.merchant_id, tag.name): tag.pk for tag in known}
    link = Product.tags.through
    link._default_manager.filter(product__in=products).delete()
    link._default_manager.bulk_create(
        [
            link(product_id=pk, tag_id=tags[owners[pk], name])
            for pk, names in products.items()
            for name in names
        ],
        batch_size=BATCH,
    )


def set_identifiers(variants: Mapping[int, Mapping[str, str]]) -> None:
    """Set identifiers of variants by kind; an empty value takes one away."""
    if not variants:
        return
    old = Identifier.objects.filter(variant__in=variants)
    gone = [row.pk for row in old if row.kind in variants[row.variant_id]]
    Identifier.objects.filter(pk__in=gone).delete()
    Identifier.objects.bulk_create(
        [
            Identifier(variant_id=pk, kind=kind, value=value)
            for pk, values in variants.items()
            for kind, value in values.items()
            if value
        ],
        batch_size=BATCH,
    )


#: Value, its id on the channel, and who filled it in.
Filled = tuple[str, str, str]


def set_properties(fills: Mapping[tuple[int, int], Sequence[Filled]]) -> None:
    """Set properties of listings, by (listing id, property id), to exactly these values."""
    if not fills:
        return
    listings, attributes = ({pair[place] for pair in fills} for place in (0, 1))
    old = ListingAttribute.objects.filter(listing__in=listings, attribute__in=attributes)
    gone = [
        pk
        for pk, listing, attribute in old.values_list("pk", "listing", "attribute")
        if (listing, attribute) in fills
    ]
    ListingAttribute.objects.filter(pk__in=gone).delete()
    ListingAttribute.objects.bulk_create(
        [
            ListingAttribute(
                listing_id=listing,
                attribute_id=attribute,
                value=value,
                value_external_id=external_id,
                origin=origin,
            )
            for (listing, attribute), values in fills.items()
            for value, external_id, origin in values
        ],
        batch_size=BATCH,
    )


def add_variants(variants: Sequence[Variant]) -> None:
    """Create variants behind those that their products have."""
    ids = {variant.product_id for variant in variants}
    last: dict[int, int] = {}
    for product, position in Variant.objects.filter(product__in=ids).values_list(
        "product", "position"
    ):
        last[product] = max(position, last.get(product, -1))
    for variant in variants:
        variant.position = last[variant.product_id] = last.get(variant.product_id, -1) + 1
    Variant.objects.bulk_create(variants, batch_size=BATCH)


def used_by(model: type[Any], ids: Sequence[int], *, apart_from: Iterable[str]) -> dict[int, str]:
    """Which of these rows others point to, and in one word what does; `apart_from` names models."""
    found: dict[int, str] = {}
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.many_to_many:
            continue
        other: Any = relation.related_model
        if other._meta.auto_created or other._meta.model_name in apart_from:
            continue
        name = relation.field.name
        pointing = other._base_manager.filter(**{f"{name}__in": ids})
        for pk in pointing.order_by().values_list(name, flat=True).distinct():
            found.setdefault(pk, str(other._meta.verbose_name))
    return found


@dataclass(frozen=True)
class HeldValue:
    """One value that a listing has filled in."""

    attribute_id: int
    name: str
    value: str
    external_id: str
    origin: str


def held_values(listings: Iterable[int]) -> dict[int, list[HeldValue]]:
    """What listings (ids) have filled in, by property name."""
    rows = ListingAttribute.objects.filter(listing__in=list(listings))
    found: dict[int, list[HeldValue]] = {}
    for listing, pk, name, value, external_id, origin in rows.order_by(
        "attribute__name", "value", "pk"
    ).values_list(
        "listing", "attribute", "attribute__name", "value", "value_external_id", "origin"
    ):
        held = HeldValue(pk, name, value, external_id, origin)
        found.setdefault(listing, []).append(held)
    return found


def properties_of(categories: Iterable[int]) -> dict[int, dict[str, CategoryAttribute]]:
    """The properties of categories, by category id and by name in small letters."""
    rows = CategoryAttribute.objects.filter(category__in=set(categories), kind="product")
    found: dict[int, dict[str, CategoryAttribute]] = {}
    for row in rows.order_by("category", "position", "pk"):
        found.setdefault(row.category_id, {}).setdefault(row.name.casefold(), row)
    return found


def without_category(listings: Iterable[int]) -> int:
    """Take listings out of their category, with the properties of its form; return how many."""
    ids = list(listings)
    ListingAttribute.objects.filter(listing__in=ids).delete()
    return Listing.objects.filter(pk__in=ids).update(
        category=None, template=None, template_title="", template_description=""
    )


def set_templates(templates: Mapping[int, int]) -> None:
    """Give listings (ids) these templates (ids) again, as far as they still exist."""
    known = ListingTemplate.objects.in_bulk(set(templates.values()))
    rows = list(Listing.objects.filter(pk__in=[a for a, b in templates.items() if b in known]))
    for row in rows:
        row.template_id = templates[row.pk]
    save(rows, ["template"])
    template_filling.fill([row.pk for row in rows])
