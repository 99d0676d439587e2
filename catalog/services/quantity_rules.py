"""Saving and dropping quantity rules, and working the quantities out again that they count for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.models import (
    Offer,
    QuantityRenewal,
    QuantityRule,
    Shop,
    Tag,
    WarehouseKind,
    WarehouseMapping,
    quantity_rule,
)
from catalog.services import recipes, stock, wanted
from marketplace.kernel.errors import Refused

#: What `problems` says of a rule whose scope has one already.
TAKEN = quantity_rule.TAKEN
#: A person waits for so many SKUs; more are worked out in the background.
AT_ONCE = 300
CHUNK = 500


@dataclass(frozen=True)
class Applied:
    """What a change of rules did: SKUs worked out at once, on which shops, and whose turn comes
    later.
    """

    skus: int = 0
    now: tuple[Shop, ...] = ()
    later: tuple[Shop, ...] = ()

    @property
    def words(self) -> str:
        """One or two sentences for the person who changed the rule."""
        found = []
        if self.skus:
            found.append(
                f"The quantities of {self.skus:,} SKU{'s' if self.skus > 1 else ''} were worked "
                "out again; what changed is sent now."
            )
        if self.later:
            names = ", ".join(str(shop) for shop in self.later)
            found.append(f"The quantities of {names} are worked out again in the background.")
        return " ".join(found) or "No listing is concerned yet."


def problems(rule: QuantityRule) -> dict[str, list[str]]:
    """Why a rule cannot be saved: sentences by field, those of no field under `__all__`."""
    found: dict[str, list[str]] = defaultdict(list)
    try:
        rule.full_clean()
    except ValidationError as error:
        found.update(error.message_dict)
    owner = rule.shop.merchant
    if rule.tag is not None and rule.tag.merchant_id != owner.pk:
        found["tag"].append(f"“{rule.tag}” is a tag of another merchant; choose one of {owner}.")
    if rule.variant is not None and rule.variant.merchant_id != owner.pk:
        found["variant"].append(
            f"{rule.variant.sku} belongs to another merchant; choose a SKU of {owner}."
        )
    if rule.warehouse is not None:
        found["warehouse"] += _of_warehouse(rule)
    return {name: sentences for name, sentences in found.items() if sentences}


def _of_warehouse(rule: QuantityRule) -> list[str]:
    warehouse = rule.warehouse
    if warehouse is None:
        return []
    if warehouse.shop_id != rule.shop_id:
        return [f"“{warehouse}” is a warehouse of another shop; choose one of {rule.shop}."]
    if warehouse.kind != WarehouseKind.SALES:
        return [f"“{warehouse}” is no sales warehouse, so no quantity of ours is shown there."]
    return []


def save(rule: QuantityRule, *, by: str) -> Applied:
    """Store a rule and bring the quantities up to date that it counts for, or counted for.

    Those of few SKUs in this transaction, more of them in the background: the shop is marked, and
    the caller nudges `renew_quantities`. Raises `Refused`, saving nothing, if it cannot be.
    """
    if found := problems(rule):
        raise Refused(" ".join(text for texts in found.values() for text in texts))
    with transaction.atomic():
        before = list(QuantityRule.objects.filter(pk=rule.pk)) if rule.pk else []
        rule.by = by
        rule.save()
        return _apply([*before, rule])


def delete(rules: Iterable[QuantityRule]) -> Applied:
    """Drop rules; what they held back is shown again, as far as no other rule counts."""
    with transaction.atomic():
        gone = _locked(rules)
        QuantityRule.objects.filter(pk__in=[row.pk for row in gone]).delete()
        return _apply(gone)


def set_active(rules: Iterable[QuantityRule], is_active: bool, *, by: str) -> Applied:
    """Put rules in force, or out of force without losing them."""
    with transaction.atomic():
        changing = [row for row in _locked(rules) if row.is_active != is_active]
        QuantityRule.objects.filter(pk__in=[row.pk for row in changing]).update(
            is_active=is_active, by=by, updated_at=timezone.now()
        )
        return _apply(changing)


def delete_tags(tags: Iterable[Tag]) -> Applied:
    """Delete tags together with the rules that are set on them."""
    ids = [tag.pk for tag in tags]
    with transaction.atomic():
        applied = delete(QuantityRule.objects.filter(tag__in=ids))
        Tag.objects.filter(pk__in=ids).delete()
    return applied


def _locked(rules: Iterable[QuantityRule]) -> list[QuantityRule]:
    ids = [row.pk for row in rules]
    return list(
        QuantityRule.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
    )


def _apply(rules: Sequence[QuantityRule]) -> Applied:
    by_shop: dict[int, list[QuantityRule]] = defaultdict(list)
    for rule in rules:
        by_shop[rule.shop_id].append(rule)
    shops = Shop.objects.in_bulk(by_shop)
    skus, now, later = 0, [], []
    for pk, changed in sorted(by_shop.items()):
        variants = _concerned(pk, changed)
        if len(variants) > AT_ONCE:
            ask_for_renewal(shops[pk])
            later.append(shops[pk])
        else:
            _work_out(pk, variants)
            skus += len(variants)
            now.append(shops[pk])
    return Applied(skus, tuple(now), tuple(later))


def _concerned(shop: int, rules: Sequence[QuantityRule]) -> set[int]:
    """SKUs (variant ids) of the shop that one of these rules may count for; one more than a
    person waits for says that there are too many.
    """
    rows: QuerySet[Offer] = Offer.objects.filter(listing__shop=shop)
    if all(rule.tag_id or rule.variant_id for rule in rules):
        rows = rows.filter(
            Q(variant__in=[rule.variant_id for rule in rules if rule.variant_id])
            | Q(variant__product__tags__in=[rule.tag_id for rule in rules if rule.tag_id])
        )
    return set(rows.order_by().values_list("variant", flat=True).distinct()[: AT_ONCE + 1])


def _work_out(shop: int, variants: Collection[int]) -> None:
    mappings = WarehouseMapping.objects.filter(shop=shop)
    centers = list(mappings.values_list("fulfillment_center", flat=True))
    shelves = recipes.shelves(variants, recipes.of(variants))
    # Whoever makes new quantity rows holds their levels, and may not have seen the new rule.
    stock.locked_levels({(variant, center) for variant in shelves for center in centers})
    wanted.refresh_quantities((variant, center) for variant in variants for center in centers)


# -- in the background -------------------------------------------------------------------------


def ask_for_renewal(shop: Shop) -> None:
    """Mark a shop: all of its quantities are to be worked out again, from the first offer on."""
    QuantityRenewal.objects.update_or_create(
        shop=shop, defaults={"asked_at": timezone.now(), "position": 0}
    )


@dataclass(frozen=True)
class Renewal:
    """How many offers were gone through, and whether these were the last."""

    offers: int
    is_complete: bool


def renew(shop: Shop, *, until: Callable[[], bool] = lambda: False) -> Renewal:
    """Go on working out the quantities of a marked shop, chunk by chunk, until time is up.

    A chunk and the position commit together. A rule that changes meanwhile sets the position back.
    """
    total = 0
    while True:
        done = _renew_chunk(shop)
        if not done:
            return Renewal(total, is_complete=True)
        total += done
        if until():
            return Renewal(total, is_complete=False)


@transaction.atomic
def _renew_chunk(shop: Shop) -> int:
    mark = QuantityRenewal.objects.filter(shop=shop).select_for_update(of=("self",)).first()
    if mark is None:
        return 0
    offers = Offer.objects.filter(listing__shop=shop, pk__gt=mark.position).order_by("pk")
    found = list(offers.values_list("pk", "variant")[:CHUNK])
    if not found:
        mark.delete()
        return 0
    _work_out(shop.pk, {variant for _, variant in found})
    mark.position = found[-1][0]
    mark.save(update_fields=["position"])
    return len(found)


def to_renew() -> QuerySet[Shop]:
    """Shops of which quantities are still to be worked out."""
    return Shop.objects.filter(quantity_renewal__isnull=False)


def check_all() -> int:
    """Mark every shop that has rules, against whatever slipped by; return how many shops."""
    shops = Shop.objects.filter(quantity_rules__is_active=True).distinct()
    for shop in shops:
        QuantityRenewal.objects.get_or_create(shop=shop, defaults={"asked_at": timezone.now()})
    return len(shops)
