from __future__ import annotations

from django.apps import AppConfig


class TikTokConfig(AppConfig):
    name = "integrations.tiktok"
    label = "tiktok"
    verbose_name = "TikTok Shop"

    def ready(self) -> None:
        """Offer what TikTok Shop can do under the channel's name."""
        from catalog import ports as catalog_ports
        from catalog import ports_compliance
        from catalog.models import Channel
        from integrations import ports
        from integrations.tiktok import adapter
        from integrations.tiktok.aftersale import TikTokAftersale
        from integrations.tiktok.compliance import TikTokCompliance
        from integrations.tiktok.connector import TikTokConnector
        from integrations.tiktok.gateway import ShopLog
        from integrations.tiktok.labels import TikTokLabels
        from integrations.tiktok.shipping import TikTokShipping
        from orders import ports as order_ports
        from orders import ports_aftersale, ports_labels

        channel = Channel.TIKTOK_SHOP.value
        catalog_ports.listing_channels.register(channel, adapter.TikTokListings())
        catalog_ports.offer_channels.register(channel, adapter.TikTokOffers())
        catalog_ports.warehouse_sources.register(channel, adapter.TikTokWarehouses())
        catalog_ports.taxonomy_sources.register(channel, adapter.TikTokTaxonomy())
        ports_compliance.compliance_channels.register(channel, TikTokCompliance())
        order_ports.order_channels.register(channel, adapter.TikTokOrders())
        order_ports.shipping_channels.register(channel, TikTokShipping())
        ports_labels.label_channels.register(channel, TikTokLabels())
        ports_aftersale.aftersale_channels.register(channel, TikTokAftersale())
        ports.connectors.register(channel, TikTokConnector(recorder=ShopLog(None)))
