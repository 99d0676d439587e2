"""Prices and quantities of listings that were just joined, for many of them at once (R69, R70)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from catalog.models import (
    ChannelWarehouse,
    Listing,
    Offer,
    OfferStock,
    Shop,
    Variant,
    WarehouseMapping,
)
from catalog.ports import RemoteListing
from catalog.services import stock, wanted


@dataclass(frozen=True)
class Joined:
    """A listing of ours, what the channel says of it, and its variants by the channel's SKU id.

    `new` are the ids of variants that were made for it: what the channel shows of them is stock.
    """

    listing: Listing
    remote: RemoteListing
    variants: Mapping[str, Variant]
    new: frozenset[int] = frozenset()


def keep(shop: Shop, joined: Sequence[Joined]) -> None:
    """Store the channel's SKU ids, prices and quantities; new variants get their first stock."""
    wanted.refresh_offers([one.listing for one in joined])
    offers = _keep_prices(joined)
    warehouses = {row.external_id: row for row in ChannelWarehouse.objects.filter(shop=shop)}
    centers = dict(
        WarehouseMapping.objects.filter(shop=shop).values_list("warehouse", "fulfillment_center")
    )
    shown: dict[tuple[int, int], int] = {}
    receipts: list[stock.Receipt] = []
    for one in joined:
        for remote in one.remote.offers:
            variant = one.variants[remote.external_id]
            offer = offers[one.listing.pk, variant.pk]
            for warehouse_id, units in remote.quantities.items():
                if warehouse_id not in warehouses:
                    continue
                warehouse = warehouses[warehouse_id]
                shown[offer.pk, warehouse.pk] = units
                if warehouse.pk in centers and units and variant.pk in one.new:
                    reference = f"import:{shop.pk}:{remote.external_id}:{warehouse_id}"
                    note = f"Quantity shown in {warehouse}"
                    place = (variant.pk, centers[warehouse.pk])
                    receipts.append(stock.Receipt(*place, units, reference, note))
    _keep_quantities(shown, ours=set(centers))
    stock.receive_many(receipts, by="listing import")


def _keep_prices(joined: Sequence[Joined]) -> dict[tuple[int, int], Offer]:
    rows = Offer.objects.filter(listing__in=[one.listing.pk for one in joined])
    offers = {(row.listing_id, row.variant_id): row for row in rows}
    for one in joined:
        for remote in one.remote.offers:
            offer = offers[one.listing.pk, one.variants[remote.external_id].pk]
            offer.external_id = remote.external_id
            offer.price_confirmed = remote.price.amount if remote.price else None
            # Linking is no change of price (R89): what stands there stays until our price changes.
            offer.price_sent = offer.price_wanted
    Offer.objects.bulk_update(
        offers.values(), ["external_id", "price_confirmed", "price_sent"], batch_size=500
    )
    return offers


def _keep_quantities(shown: Mapping[tuple[int, int], int], *, ours: set[int]) -> None:
    """Keep what the channel shows; in a warehouse that is not mapped it stays as it is there."""
    known = {
        (row.offer_id, row.warehouse_id): row
        for row in OfferStock.objects.filter(offer__in={offer for offer, _ in shown})
        .select_for_update(of=("self",))
        .order_by("offer__variant", "pk")
    }
    rows = []
    for (offer, warehouse), units in shown.items():
        row = known.get((offer, warehouse)) or OfferStock(offer_id=offer, warehouse_id=warehouse)
        row.sent = row.confirmed = units
        row.confirmed_at = timezone.now()
        if warehouse not in ours:
            row.wanted = units
        rows.append(row)
    OfferStock.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["offer", "warehouse"],
        update_fields=["sent", "confirmed", "confirmed_at", "wanted"],
        batch_size=500,
    )
