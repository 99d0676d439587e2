"""Which fulfillment center stands behind which warehouse of the channel; locked once confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import (
    ChannelWarehouse,
    FulfillmentCenter,
    OfferStock,
    Shop,
    WarehouseMapping,
)
from catalog.ports import warehouse_sources
from catalog.services import listings, wanted
from catalog.states import ShopState, shop_machine
from marketplace.kernel.errors import Refused

NO_INVENTORY = (
    "None of your fulfillment centers holds inventory yet. Connect your warehouses and 3rd-party "
    "fulfillment services first, so that their quantities show on the channel."
)


@dataclass(frozen=True)
class CenterChoice:
    """A fulfillment center as it is offered for mapping, with the stock it holds."""

    center: FulfillmentCenter
    on_hand: int
    available: int
    skus: int
    used_for: str = ""  # a warehouse of this shop that it already stands behind
    shared_with: tuple[str, ...] = ()  # other shops that sell from it (B21)

    @property
    def is_free(self) -> bool:
        return not self.used_for


@dataclass(frozen=True)
class Proposal:
    """The warehouses still to be mapped, what they can be mapped to, and what to beware of."""

    warehouses: list[ChannelWarehouse]
    choices: list[CenterChoice]
    warnings: list[str] = field(default_factory=list)

    @property
    def shared(self) -> list[str]:
        """A sentence for each center to choose from which other shops sell too (B21)."""
        return [
            _shared_words(str(choice.center), choice.shared_with)
            for choice in self.choices
            if choice.shared_with and choice.is_free
        ]


def refresh_warehouses(shop: Shop) -> int:
    """Read the shop's warehouses from the channel; return how many were not known before."""
    found = warehouse_sources.get(shop.channel).warehouses(shop)
    new = 0
    with transaction.atomic():
        for remote in found:
            _, is_new = ChannelWarehouse.objects.update_or_create(
                shop=shop,
                external_id=remote.external_id,
                defaults={
                    "name": remote.name,
                    "kind": remote.kind,
                    "is_default": remote.is_default,
                    "is_enabled": remote.is_enabled,
                    "location": remote.location,
                },
            )
            new += is_new
        gone = shop.warehouses.exclude(external_id__in=[remote.external_id for remote in found])
        gone.update(is_enabled=False)
    return new


def propose(shop: Shop) -> Proposal:
    """Return what the mapping prompt shows. The return warehouse is never part of it (R15)."""
    warehouses = list(ChannelWarehouse.objects.filter(shop=shop).unmapped())
    choices = center_choices(shop)
    warnings = []
    if not any(choice.on_hand for choice in choices):
        warnings.append(NO_INVENTORY)
    warnings += [
        f"“{warehouse}” is switched off on the channel; nothing can be sold from it now."
        for warehouse in warehouses
        if not warehouse.is_enabled
    ]
    proposal = Proposal(warehouses, choices, warnings)
    proposal.warnings.extend(proposal.shared)
    return proposal


def center_choices(shop: Shop) -> list[CenterChoice]:
    """Return every fulfillment center of the merchant with its stock and its other uses."""
    centers = FulfillmentCenter.objects.filter(merchant_id=shop.merchant_id).annotate(
        units=Coalesce(Sum("stock_levels__on_hand"), 0),
        units_free=Coalesce(Sum(F("stock_levels__on_hand") - F("stock_levels__reserved")), 0),
        skus=Count("stock_levels", filter=Q(stock_levels__on_hand__gt=0)),
    )
    mappings = WarehouseMapping.objects.filter(shop__merchant_id=shop.merchant_id).select_related(
        "warehouse", "shop"
    )
    used: dict[int, str] = {}
    shared: dict[int, list[str]] = {}
    for row in mappings:
        if row.shop_id == shop.pk:
            used[row.fulfillment_center_id] = row.warehouse.name
        else:
            shared.setdefault(row.fulfillment_center_id, []).append(str(row.shop))
    return [
        CenterChoice(
            center=center,
            on_hand=center.units,
            available=center.units_free,
            skus=center.skus,
            used_for=used.get(center.pk, ""),
            shared_with=tuple(shared.get(center.pk, ())),
        )
        for center in centers
    ]


def shared_pools(shop: Shop) -> list[str]:
    """A sentence for each center of the shop from which other shops sell too (B21)."""
    centers = WarehouseMapping.objects.filter(shop=shop).values("fulfillment_center")
    others = WarehouseMapping.objects.filter(fulfillment_center__in=centers).exclude(shop=shop)
    return _sentences(others)


def shops_sharing(center: FulfillmentCenter) -> str:
    """That several shops sell from a center, in a sentence; empty where none or one does."""
    names = [str(row.shop) for row in center.mappings.select_related("shop").order_by("shop__name")]
    if len(names) < 2:
        return ""
    return f"{_in_a_row(names)} sell the same units: what one sells, the others no longer show."


def _sentences(others: QuerySet[WarehouseMapping]) -> list[str]:
    found: dict[str, list[str]] = {}
    rows = others.select_related("fulfillment_center", "shop")
    for row in rows.order_by("fulfillment_center__name", "shop__name"):
        found.setdefault(str(row.fulfillment_center), []).append(str(row.shop))
    return [_shared_words(center, names) for center, names in found.items()]


def _shared_words(center: str, others: Sequence[str]) -> str:
    both = "both" if len(others) == 1 else "all of them"
    return f"{center} is also mapped in {_in_a_row(others)}: {both} sell the same units."


def _in_a_row(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def confirm_and_activate(
    shop: Shop, choices: Mapping[int, int | None], by: AbstractBaseUser | None
) -> None:
    """Lock the chosen mapping and let the shop work; all of it happens, or nothing (R17-R19).

    `choices` says for each warehouse id the center's id, or None for “Do not use”.
    """
    with transaction.atomic():
        locked = Shop.objects.select_for_update().get(pk=shop.pk)
        if locked.state != ShopState.MAPPING_REQUIRED:
            raise Refused(
                "The warehouses of this shop are mapped already. To map them anew, disconnect "
                "the shop and authorize it again."
            )
        pairs = _checked(locked, choices)
        for warehouse, center in pairs:
            _map(locked, warehouse, center, by)
        shop_machine.move(
            locked,
            ShopState.ACTIVE,
            push_quantity=True,
            activated_at=timezone.now(),
            problem="",
        )
        # Whatever was sent under an earlier connection, every quantity goes out anew.
        OfferStock.objects.filter(offer__listing__shop=locked).update(sent=None)
    _refresh(shop)


def add_mapping(
    shop: Shop, warehouse: ChannelWarehouse, center: FulfillmentCenter, by: AbstractBaseUser | None
) -> WarehouseMapping:
    """Map a warehouse that was opened later; what was mapped before stays locked (R20)."""
    with transaction.atomic():
        locked = Shop.objects.select_for_update().get(pk=shop.pk)
        if locked.state not in (ShopState.ACTIVE, ShopState.PAUSED):
            raise Refused("Warehouses can be added once the shop is active.")
        open_ones = {row.pk: row for row in ChannelWarehouse.objects.filter(shop=locked).unmapped()}
        if warehouse.pk not in open_ones:
            raise Refused(f"“{warehouse}” cannot be mapped: it is mapped already, or returns-only.")
        if WarehouseMapping.objects.filter(shop=locked, fulfillment_center=center).exists():
            raise Refused(f"“{center}” already stands behind another warehouse of this shop.")
        if center.merchant_id != locked.merchant_id:
            raise Refused("This fulfillment center is not one of yours.")
        row = _map(locked, warehouse, center, by)
    _refresh(shop)
    return row


def _refresh(shop: Shop) -> None:
    """Prepare what the mapped warehouses should show, in short transactions of its own."""
    shop.refresh_from_db()
    wanted.refresh_shop(shop)
    listings.refresh_of_shop(shop)


def _checked(
    shop: Shop, choices: Mapping[int, int | None]
) -> list[tuple[ChannelWarehouse, FulfillmentCenter]]:
    """Return the pairs to store, or refuse with the sentence that says what is wrong."""
    warehouses = {row.pk: row for row in ChannelWarehouse.objects.filter(shop=shop).sellable()}
    if set(choices) - set(warehouses):
        raise Refused("One of the warehouses is not a sales warehouse of this shop.")
    unanswered = [row.name for pk, row in warehouses.items() if pk not in choices]
    if unanswered:
        raise Refused(
            "Choose a fulfillment center, or “Do not use”, for: " + ", ".join(unanswered) + "."
        )
    chosen = {pk: center for pk, center in choices.items() if center is not None}
    if not chosen:
        raise Refused("Map at least one warehouse; without one, nothing can be sold.")
    centers = FulfillmentCenter.objects.filter(merchant_id=shop.merchant_id).in_bulk(
        set(chosen.values())
    )
    if len(centers) < len(set(chosen.values())):
        raise Refused("One of the fulfillment centers is not one of yours.")
    if len(set(chosen.values())) < len(chosen):
        raise Refused("Each warehouse needs a fulfillment center of its own.")
    return [(warehouses[pk], centers[center]) for pk, center in chosen.items()]


def _map(
    shop: Shop,
    warehouse: ChannelWarehouse,
    center: FulfillmentCenter,
    by: AbstractBaseUser | None,
) -> WarehouseMapping:
    return WarehouseMapping.objects.create(
        shop=shop,
        warehouse=warehouse,
        fulfillment_center=center,
        confirmed_by_id=by.pk if by else None,
    )
