"""The client's calls about warehouses, delivery options and carriers."""

from __future__ import annotations

from integrations.http.errors import RemoteRefused
from integrations.tiktok.client import TikTokClient
from integrations.tiktok.schemas import (
    DeliveryOptionRow,
    FbtWarehouseRow,
    ShippingProviderRow,
    ShopRow,
    WarehouseRow,
)

SALES_WAREHOUSE = "SALES_WAREHOUSE"
#: The delivery option is carried by TikTok, or the shop has not subscribed to it.
SHIPS_ITSELF = frozenset({"21008116", "21008117"})


class LogisticsCalls:
    """What can be asked about how a shop ships."""

    def __init__(self, client: TikTokClient) -> None:
        self._client = client

    def shops(self) -> list[ShopRow]:
        """Return the shops that the authorization covers."""
        answer = self._client.get("/authorization/202309/shops", scoped=False)
        return [ShopRow.parse(row) for row in answer.rows("shops")]

    def warehouses(self) -> list[WarehouseRow]:
        answer = self._client.get("/logistics/202309/warehouses")
        return [WarehouseRow.parse(row) for row in answer.rows("warehouses")]

    def fbt_warehouses(self) -> list[FbtWarehouseRow]:
        """Return the sites of Fulfilled by TikTok that the shop may use."""
        answer = self._client.get("/fbt/202408/warehouses")
        return [FbtWarehouseRow.parse(row) for row in answer.rows("warehouses")]

    def delivery_options(self, warehouse_id: str) -> list[DeliveryOptionRow]:
        path = f"/logistics/202309/warehouses/{warehouse_id}/delivery_options"
        answer = self._client.get(path, {"scope": "WAREHOUSE"})
        return [DeliveryOptionRow.parse(row) for row in answer.rows("delivery_options")]

    def shipping_providers(self, delivery_option_id: str) -> list[ShippingProviderRow]:
        """Return the carriers that may bring orders of a delivery option."""
        path = f"/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers"
        answer = self._client.get(path)
        return [ShippingProviderRow.parse(row) for row in answer.rows("shipping_providers")]

    def seller_providers(self, delivery_option_id: str) -> list[ShippingProviderRow]:
        """Return the carriers a seller may use for an option: none where TikTok ships itself."""
        try:
            return self.shipping_providers(delivery_option_id)
        except RemoteRefused as error:
            if error.code not in SHIPS_ITSELF:
                raise
            return []

    def all_shipping_providers(self) -> list[ShippingProviderRow]:
        """Return the carriers of every delivery option that leaves shipping to the seller."""
        selling = [row for row in self.warehouses() if row.kind == SALES_WAREHOUSE]
        options = {option.id for row in selling for option in self.delivery_options(row.id)}
        found = {row.id: row for key in sorted(options) for row in self.seller_providers(key)}
        return sorted(found.values(), key=lambda row: row.name)
