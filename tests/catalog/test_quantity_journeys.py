"""Any order of stock, rules, tags and mappings ends with what the rules make of the stock (B8)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import (
    BundleComponent,
    Merchant,
    OfferStock,
    QuantityRule,
    Tag,
)
from catalog.quantities import Place, Rule, shown
from catalog.services import (
    bulk_edits,
    listings,
    products,
    quantity_looks,
    quantity_rules,
    recipes,
    stock,
    wanted,
)
from tests import factories
from tests.support.quantities import nearest

NOBODY = "test"

SKUS = ("A", "B", "KIT")
TAGS = ("x", "y")
rule_values = st.fixed_dictionaries(
    {
        "percent": st.integers(0, 100),
        "buffer": st.integers(0, 3),
        "threshold": st.integers(0, 4),
        "maximum": st.none() | st.integers(0, 9),
        "fixed": st.none() | st.integers(0, 9),
        "position": st.integers(0, 1),
    }
)
scopes = st.tuples(
    st.integers(0, 1),  # shop
    st.booleans(),  # names the warehouse
    st.sampled_from([None, *TAGS, *SKUS]),
)
steps = st.one_of(
    st.tuples(st.just("count"), st.sampled_from(SKUS[:2]), st.integers(0, 1), st.integers(0, 30)),
    st.tuples(st.just("rule"), scopes, rule_values, st.booleans()),
    st.tuples(st.just("drop"), scopes),
    st.tuples(st.just("switch"), scopes, st.booleans()),
    st.tuples(st.just("tags"), st.sampled_from(SKUS), st.frozensets(st.sampled_from(TAGS))),
    st.tuples(st.just("tag"), st.sampled_from(SKUS), st.sampled_from(TAGS)),
    st.tuples(st.just("map"), st.integers(0, 1)),
    st.tuples(st.just("stage"), st.sampled_from(SKUS), st.integers(0, 1)),
)


class World:
    """Two shops of a merchant that share centers, two products and a bundle of both."""

    def __init__(self) -> None:
        self.merchant: Merchant = factories.make_merchant()
        self.centers = [factories.make_center(self.merchant) for _ in range(2)]
        self.shops = [factories.make_shop(self.merchant) for _ in range(2)]
        self.warehouses = [factories.make_warehouse(shop) for shop in self.shops]
        for shop, warehouse in zip(self.shops, self.warehouses, strict=True):
            factories.map_warehouse(shop, self.centers[0], warehouse)
        self.products = {
            sku: factories.make_product(self.merchant, sku=f"{sku}-{self.merchant.pk}")
            for sku in SKUS
        }
        self.variants = {sku: row.variants.get() for sku, row in self.products.items()}
        for sku, units in (("A", 1), ("B", 2)):
            BundleComponent.objects.create(
                bundle=self.variants["KIT"], component=self.variants[sku], units=units
            )
        self.tags = {name: Tag.objects.create(merchant=self.merchant, name=name) for name in TAGS}
        self.moves = 0

    def scope(self, given: tuple[int, bool, str | None]) -> dict[str, Any]:
        number, names_warehouse, what = given
        return {
            "shop": self.shops[number],
            "warehouse": self.warehouses[number] if names_warehouse else None,
            "tag": self.tags.get(what or ""),
            "variant": self.variants.get(what or ""),
        }

    def stored(self, given: tuple[int, bool, str | None]) -> list[QuantityRule]:
        return list(QuantityRule.objects.filter(**_by_null(self.scope(given))))

    def count(self, sku: str, center: int, units: int) -> None:
        self.moves += 1
        reference = f"count-{self.merchant.pk}-{self.moves}"
        stock.count(self.variants[sku], self.centers[center], units, reference=reference)

    def rule(self, scope: Any, values: dict[str, Any], may_exceed: bool) -> None:
        found = self.stored(scope)
        row = found[0] if found else QuantityRule(**self.scope(scope))
        for name, value in values.items():
            setattr(row, name, value)
        row.may_exceed = may_exceed and row.fixed is not None
        quantity_rules.save(row, by=NOBODY)

    def drop(self, scope: Any) -> None:
        quantity_rules.delete(self.stored(scope))

    def switch(self, scope: Any, is_active: bool) -> None:
        quantity_rules.set_active(self.stored(scope), is_active, by=NOBODY)

    def set_tags(self, sku: str, names: frozenset[str]) -> None:
        bulk_edits.set_tags({self.products[sku].pk: sorted(names)})
        products.changed([self.products[sku].pk])

    def map(self, number: int) -> None:
        """Open a second warehouse of the shop, mapped to the other center."""
        shop = self.shops[number]
        if shop.mappings.count() == 1:
            factories.map_warehouse(shop, self.centers[1])
            wanted.refresh_shop(shop)

    def stage(self, sku: str, number: int) -> None:
        listings.stage([self.products[sku].pk], self.shops[number], by=NOBODY)

    def do(self, name: str, *given: Any) -> None:
        doors = {
            "tags": self.set_tags,
            "tag": lambda sku, name: products.tag([self.products[sku].pk], name),
        }
        doors.get(name, getattr(self, name, None))(*given)


def _by_null(scope: dict[str, Any]) -> dict[str, Any]:
    return {
        (name if value is not None else f"{name}__isnull"): (True if value is None else value)
        for name, value in scope.items()
    }


def as_it_should_be(row: OfferStock) -> tuple[int, int]:
    """What is available behind a quantity row, and what of it its shop should show."""
    variant, center = row.offer.variant, row.warehouse.mapping.fulfillment_center
    recipe = recipes.of([variant.pk]).get(variant.pk)
    free = {level.variant_id: level.available for level in center.stock_levels.all()}
    available = recipes.whole(recipe, free) if recipe else free.get(variant.pk, 0)
    tags = frozenset(variant.product.tags.values_list("pk", flat=True))
    rules = [
        Rule(
            **{
                name: getattr(one, name)
                for name in (
                    "pk", "position", "percent", "buffer", "threshold", "maximum", "fixed",
                    "may_exceed",
                )
            },
            shop=one.shop_id,
            warehouse=one.warehouse_id,
            tag=one.tag_id,
            variant=one.variant_id,
        )
        for one in QuantityRule.objects.filter(is_active=True)
    ]  # fmt: skip
    place = Place(row.warehouse.shop_id, row.warehouse_id, variant.pk, tags)
    return available, shown(available, nearest(rules, place)).units


@pytest.mark.django_db
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(journey=st.lists(steps, max_size=14))
def test_whatever_happens_the_row_is_what_the_rules_make_of_what_is_available(
    journey: list[Any],
) -> None:
    world = World()
    for sku in SKUS[:2]:
        world.count(sku, 0, 12)
    world.stage("A", 0)
    world.stage("KIT", 0)
    world.stage("KIT", 1)
    for step in journey:
        world.do(*step)
        for row in OfferStock.objects.filter(warehouse__shop__in=world.shops):
            available, units = as_it_should_be(row)
            assert row.wanted == units, (step, str(row))
            look = quantity_looks.looks([row.pk])[row.pk]
            assert (look.available, look.units) == (available, units)
            if not (look.rule and look.rule.may_exceed):
                assert row.wanted <= available
