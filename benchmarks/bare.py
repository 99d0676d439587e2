"""A client that signs, calls and unpacks: no log, no row; the floor that the product stands on."""

from __future__ import annotations

from django.conf import settings

from catalog.models import Shop
from integrations import connections
from integrations.http.transport import Transport
from integrations.tiktok.client import TikTokClient
from integrations.tiktok.connector import app_from_settings
from integrations.tiktok.gateway import ShopTokens


def bare_client(shop: Shop) -> TikTokClient:
    """Return a client for a connected shop with the same budgets as the product's, and no more."""
    known = connections.credentials(shop)
    return TikTokClient(
        app_from_settings(),
        ShopTokens(shop, known.access_token),
        shop_cipher=known.cipher,
        transport=Transport(settings.TIKTOK_SHOP_API_URL),
        reads_per_second=settings.TIKTOK_SHOP_READS_PER_SECOND,
        writes_per_second=settings.TIKTOK_SHOP_WRITES_PER_SECOND,
    )
