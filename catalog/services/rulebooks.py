"""The quantity rules in force, read for the rows that are being worked on."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Q

from catalog.models import Product, QuantityRule
from catalog.quantities import Rule, Rulebook

#: Tags of each variant's product that some rule names.
Tags = dict[int, frozenset[int]]


def load(
    shops: Collection[int], variants: Collection[int], *, instead: Iterable[QuantityRule] = ()
) -> tuple[Rulebook, Tags]:
    """The rules of these shops that may count for these variants, and the variants' tags.

    One query while no rule names a tag, two otherwise. `instead` are rules to be tried as if they
    were in force, each in the place of the stored one of its id.
    """
    tried = list(instead)
    rows = QuantityRule.objects.filter(
        Q(variant__isnull=True) | Q(variant__in=variants), shop__in=shops, is_active=True
    ).exclude(pk__in=[row.pk for row in tried if row.pk])
    stored = list(rows.select_related("warehouse", "tag", "variant").order_by("pk"))
    # A rule that is tried comes last: on the same scope it takes the stored one's place.
    rules = [facts(row) for row in (*stored, *tried)]
    named = {rule.tag for rule in rules if rule.tag is not None}
    return Rulebook(rules), _tags(variants, named) if named else {}


def facts(row: QuantityRule) -> Rule:
    """A stored rule, or one being typed, as the calculation needs it."""
    return Rule(
        # One that is not saved yet would be the youngest.
        pk=row.pk or sys.maxsize,
        shop=row.shop_id,
        warehouse=row.warehouse_id,
        tag=row.tag_id,
        variant=row.variant_id,
        position=row.position,
        percent=row.percent,
        buffer=row.buffer,
        threshold=row.threshold,
        maximum=row.maximum,
        fixed=row.fixed,
        may_exceed=row.may_exceed,
        scope=row.scope,
    )


def _tags(variants: Collection[int], named: Collection[int]) -> Tags:
    links = Product.tags.through._default_manager.filter(
        tag__in=named, product__variants__in=variants
    )
    found: dict[int, set[int]] = defaultdict(set)
    for variant, tag in links.values_list("product__variants", "tag"):
        found[variant].add(tag)
    return {variant: frozenset(tags) for variant, tags in found.items()}
