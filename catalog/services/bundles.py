"""Making a variant a bundle of others, and what keeps it from being one (B19)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Q

from catalog.models import BundleComponent, FulfillmentCenter, StockLevel, Variant
from catalog.services import listings, recipes, stock, wanted
from marketplace.kernel.errors import Refused


@transaction.atomic
def compose(bundle: Variant, recipe: Mapping[Variant, int]) -> None:
    """Make a variant a bundle of these components, or, by an empty recipe, none any more.

    Raises `Refused` with every reason why it cannot be. Orders that are here keep what they took;
    quantities and readiness of the bundle follow in the same transaction.
    """
    parts = list(recipe.items())
    if reasons := problems(bundle, parts):
        raise Refused(" ".join(reasons))
    rows = BundleComponent.objects.filter(bundle=bundle)
    rows.exclude(component__in=[component.pk for component, _ in parts]).delete()
    for component, units in parts:
        BundleComponent.objects.update_or_create(
            bundle=bundle, component=component, defaults={"units": units}
        )
    changed([bundle.pk])


def problems(bundle: Variant, parts: Sequence[tuple[Variant, int]]) -> list[str]:
    """Say everything that speaks against this recipe; empty if it can be stored.

    Call it in the transaction that stores the recipe: the variants stay locked until its end, so
    that two edits at once cannot nest one bundle in another.
    """
    if not parts:
        return []
    ids = {bundle.pk} | {component.pk for component, _ in parts}
    list(Variant.objects.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk"))
    return [
        *_misfits(bundle, parts),
        *_nested(bundle, [component for component, _ in parts]),
        *_own_stock(bundle),
    ]


def changed(bundles: Iterable[int]) -> None:
    """Carry new recipes into the quantities and the readiness of these variants' listings.

    Call it in the transaction that stored the recipes.
    """
    ids = list(bundles)
    centers = FulfillmentCenter.objects.filter(merchant__variants__in=ids).order_by()
    everywhere = set(centers.values_list("pk", flat=True))
    needed = recipes.shelves(ids, recipes.of(ids))
    # A movement that is under way does not see the new recipe, so it must end before.
    stock.locked_levels({(variant, center) for variant in needed for center in everywhere})
    wanted.refresh_quantities((pk, center) for pk in ids for center in everywhere)
    listings.refresh_of_variants(ids)


def _misfits(bundle: Variant, parts: Sequence[tuple[Variant, int]]) -> list[str]:
    found = []
    for component, units in parts:
        if component.pk == bundle.pk:
            found.append(f"{bundle.sku} cannot be a component of itself.")
        if component.merchant_id != bundle.merchant_id:
            found.append(
                f"{component.sku} belongs to another merchant; choose a variant of the same one."
            )
        if units < 1:
            found.append(f"{component.sku} needs one unit or more in a bundle, not {units}.")
    counts = Counter(component.pk for component, _ in parts)
    twice = {component.sku for component, _ in parts if counts[component.pk] > 1}
    found += [f"{sku} stands here twice; give its units in one line." for sku in sorted(twice)]
    return found


def _nested(bundle: Variant, components: Sequence[Variant]) -> list[str]:
    rows = BundleComponent.objects.filter(Q(bundle__in=components) | Q(component=bundle))
    found = []
    for row in rows.exclude(bundle=bundle).select_related("bundle", "component"):
        if row.component_id == bundle.pk:
            found.append(f"{bundle.sku} is itself contained in the bundle {row.bundle.sku}.")
        else:
            found.append(f"{row.bundle.sku} is itself a bundle; name its components instead.")
    return list(dict.fromkeys(found))


def _own_stock(bundle: Variant) -> list[str]:
    rows = StockLevel.objects.filter(variant=bundle).exclude(on_hand=0, reserved=0)
    return [
        f"{row.on_hand:,} units of {bundle.sku} are booked at {row.fulfillment_center}. Count "
        "them to zero first: the stock of a bundle is that of its components."
        for row in rows.select_related("fulfillment_center")
    ]
