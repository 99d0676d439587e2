"""The rules of a shop as the pure routing wants them: read in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from catalog.models import CenterKind, FulfillmentCenter, Product, Shop, Variant
from orders.models import RoutingPolicy, RoutingRule
from orders.routing_rules import Center, Policy, Rule


def in_force(shop: Shop) -> tuple[Policy | None, dict[int, FulfillmentCenter]]:
    """The shop's rules with its merchant's centers; nothing while the channel chooses."""
    row = RoutingPolicy.objects.filter(shop=shop, we_choose=True).first()
    return read(row, shop) if row else (None, {})


def read(row: RoutingPolicy, shop: Shop) -> tuple[Policy, dict[int, FulfillmentCenter]]:
    """Read a policy, whether it is in force or not."""
    rows = FulfillmentCenter.objects.filter(merchant=shop.merchant_id).order_by("pk")
    centers = {center.pk: center for center in rows}
    rules = RoutingRule.objects.filter(policy=row, is_active=True).prefetch_related("centers")
    policy = Policy(
        rules=tuple(_rule(rule) for rule in rules.order_by("position", "pk")),
        centers={pk: _center(center) for pk, center in centers.items()},
        fallback=row.fallback_id if row.fallback_id in centers else None,
    )
    return policy, centers


def tags_of(variants: Collection[int]) -> dict[int, frozenset[str]]:
    """The tags of the products of these variants, as rules compare them."""
    owners = Variant.objects.filter(pk__in=variants).values_list("pk", "product")
    by_product: dict[int, set[str]] = defaultdict(set)
    through = Product.tags.through.objects.filter(product__variants__in=variants)
    for product, name in through.values_list("product", "tag__name").distinct():
        by_product[product].add(name.casefold())
    return {pk: frozenset(by_product[product]) for pk, product in owners}


def _center(row: FulfillmentCenter) -> Center:
    return Center(
        pk=row.pk,
        name=row.name,
        is_own=row.kind == CenterKind.OWN,
        country=row.country,
        region=row.state,
        postal_code=row.postal_code,
    )


def _rule(row: RoutingRule) -> Rule:
    return Rule(
        name=row.name,
        action=row.action,
        centers=tuple(one.center_id for one in row.centers.all()),
        words=row.words,
        skus=frozenset(row.skus),
        tags=_folded(row.tags),
        kind=row.kind,
        min_value=row.min_value,
        max_value=row.max_value,
        countries=_folded(row.countries),
        regions=_folded(row.regions),
        stocked_at=row.stocked_at_id,
    )


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)
