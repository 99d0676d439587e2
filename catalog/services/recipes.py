"""What bundles are made of, and how many whole ones the shelves give.

A bundle has no stock of its own: at each place it has as many units as its scarcest component
allows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import F, Q, QuerySet, Sum

from catalog.models import BundleComponent, StockLevel

#: Units of each component (variant id) in one bundle.
Recipe = Mapping[int, int]


def of(variants: Collection[int]) -> dict[int, Recipe]:
    """The recipes of those of these variants that are bundles."""
    return _read(Q(bundle__in=variants))


def around(variants: Collection[int]) -> dict[int, Recipe]:
    """The recipes of these variants, and of every bundle that contains one of them."""
    containing = BundleComponent.objects.filter(component__in=variants).values("bundle")
    return _read(Q(bundle__in=variants) | Q(bundle__in=containing))


def moved_with(variants: Collection[int]) -> set[int]:
    """These variants, and the bundles whose availability changes with them."""
    return set(variants) | around(variants).keys()


def shelves(variants: Iterable[int], recipes: Mapping[int, Recipe]) -> set[int]:
    """The variants whose levels say what is available of the given ones."""
    found: set[int] = set()
    for variant in variants:
        found |= recipes[variant].keys() if variant in recipes else {variant}
    return found


def available(variant: int, recipes: Mapping[int, Recipe], free: Mapping[int, int]) -> int:
    """Units of a variant at one place; `free` are the available units of its shelves there."""
    recipe = recipes.get(variant)
    return whole(recipe, free) if recipe else free.get(variant, 0)


def whole(recipe: Recipe, free: Mapping[int, int]) -> int:
    """How many whole bundles the components give."""
    return min(free.get(component, 0) // units for component, units in recipe.items())


def totals(variants: Collection[int], centers: Collection[int] | None = None) -> dict[int, int]:
    """Available units of each variant, summed over these places, or over all.

    One query more while no bundle is among them. Components at two places make no bundle.
    """
    recipes = of(variants)
    plain = [variant for variant in variants if variant not in recipes]
    rows = StockLevel.objects.all() if centers is None else _at(centers)
    sums = rows.filter(variant__in=plain).values_list("variant").order_by()
    found: dict[int, int] = dict(sums.annotate(units=Sum(F("on_hand") - F("reserved"))))
    for bundle, places in by_center(recipes, rows).items():
        found[bundle] = sum(places.values())
    return found


def by_center(
    recipes: Mapping[int, Recipe], rows: QuerySet[StockLevel] | None = None
) -> dict[int, dict[int, int]]:
    """Whole bundles that can be sold from each place with some component, by bundle and place."""
    if not recipes:
        return {}
    rows = StockLevel.objects.all() if rows is None else rows
    free: dict[int, dict[int, int]] = defaultdict(dict)
    columns = ("fulfillment_center", "variant", F("on_hand") - F("reserved"))
    levels = rows.filter(variant__in=shelves(recipes, recipes))
    for center, variant, units in levels.values_list(*columns):
        free[center][variant] = units
    return {
        bundle: {
            center: whole(recipe, here)
            for center, here in free.items()
            if not recipe.keys().isdisjoint(here)
        }
        for bundle, recipe in recipes.items()
    }


def _at(centers: Collection[int]) -> QuerySet[StockLevel]:
    return StockLevel.objects.filter(fulfillment_center__in=centers)


def _read(which: Q) -> dict[int, Recipe]:
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = BundleComponent.objects.filter(which).order_by("bundle", "component")
    for bundle, component, units in rows.values_list("bundle", "component", "units"):
        found[bundle][component] = units
    return dict(found)
