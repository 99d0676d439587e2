"""Which of our rows an order's ids mean: looked up for a whole page of orders at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from catalog.models import ChannelWarehouse, FulfillmentCenter, Offer, Shop, Variant
from catalog.services import recipes
from catalog.services.recipes import Recipe
from orders.ports import RemoteOrder
from orders.routing import Warehouse
from orders.routing_rules import Policy
from orders.services import routing_policy


@dataclass(frozen=True)
class Links:
    """What a page of orders speaks of, in our rows."""

    by_offer: dict[str, Variant] = field(default_factory=dict)
    by_sku: dict[str, Variant] = field(default_factory=dict)
    warehouses: dict[str, Warehouse] = field(default_factory=dict)
    warehouse_ids: dict[str, int] = field(default_factory=dict)
    centers: dict[int, FulfillmentCenter] = field(default_factory=dict)
    recipes: dict[int, Recipe] = field(default_factory=dict)
    policy: Policy | None = None
    tags: dict[int, frozenset[str]] = field(default_factory=dict)

    def variant(self, sku_id: str, seller_sku: str) -> Variant | None:
        """The variant of the listing that was sold, else the merchant's variant of that SKU."""
        return self.by_offer.get(sku_id) or self.by_sku.get(seller_sku)


def links_for(shop: Shop, orders: Iterable[RemoteOrder]) -> Links:
    """Look up everything that these orders name; queries do not grow with them."""
    units = [unit for order in orders for unit in order.units]
    return links_of_skus(shop, {unit.sku_id for unit in units}, {unit.seller_sku for unit in units})


def links_of_skus(shop: Shop, sku_ids: set[str], seller_skus: set[str]) -> Links:
    """Look up variants by the channel's SKU ids and by SKU, and the shop's warehouses."""
    offers = Offer.objects.filter(listing__shop=shop, external_id__in=sku_ids - {""})
    variants = Variant.objects.filter(merchant=shop.merchant_id, sku__in=seller_skus - {""})
    by_offer = {offer.external_id: offer.variant for offer in offers.select_related("variant")}
    by_sku = {variant.sku: variant for variant in variants}
    found = {variant.pk for variant in (*by_offer.values(), *by_sku.values())}
    policy, rows = routing_policy.in_force(shop)
    links = Links(
        by_offer=by_offer,
        by_sku=by_sku,
        centers=rows,
        recipes=recipes.of(found),
        policy=policy,
        tags=routing_policy.tags_of(found) if policy else {},
    )
    _add_warehouses(links, shop)
    return links


def _add_warehouses(links: Links, shop: Shop) -> None:
    rows = ChannelWarehouse.objects.filter(shop=shop)
    for row in rows.select_related("mapping__fulfillment_center"):
        mapping = getattr(row, "mapping", None)
        center = mapping.fulfillment_center if mapping else None
        links.warehouse_ids[row.external_id] = row.pk
        if center is None:
            links.warehouses[row.external_id] = Warehouse(row.name)
        else:
            links.centers[center.pk] = center
            links.warehouses[row.external_id] = Warehouse(row.name, center.pk, center.name)
