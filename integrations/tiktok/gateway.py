"""The way from one of our shops to its client: tokens, cipher, budget and call log."""

from __future__ import annotations

import logging
import os
import threading
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError

from catalog.models import Channel, Shop
from integrations import connections
from integrations.http.recorder import ExchangeNote
from integrations.http.transport import Transport
from integrations.models import Exchange
from integrations.tiktok.client import TikTokClient
from integrations.tiktok.connector import app_from_settings
from integrations.tiktok.listings import ListingCalls
from integrations.tiktok.logistics import LogisticsCalls
from integrations.tiktok.orders import OrderCalls
from integrations.tiktok.parcels import ParcelCalls
from integrations.tiktok.regions import region_of
from marketplace.kernel.errors import Reconnect

logger = logging.getLogger(__name__)


class ShopTokens:
    """A shop's access token; renewed when the channel rejects it."""

    def __init__(self, shop: Shop, token: str) -> None:
        self._shop = shop
        self._token = token

    def current(self) -> str:
        return self._token

    def renew(self, rejected: str) -> None:
        self._token = connections.credentials(self._shop, rejected=rejected).access_token


class ShopLog:
    """Keeps each call to the channel as a row that staff can look at."""

    def __init__(self, shop: Shop | None) -> None:
        self._shop = shop

    def __call__(self, note: ExchangeNote) -> None:
        try:
            self._keep(note)
        except DatabaseError as error:
            # The call itself is done: it must not look undone because its log is not written.
            logger.warning("A call to %s was not logged: %s", note.path, error)

    def _keep(self, note: ExchangeNote) -> None:
        Exchange.objects.create(
            shop=self._shop,
            channel=Channel.TIKTOK_SHOP,
            method=note.method,
            path=note.path[:300],
            status=note.http_status or None,
            code=note.code[:20],
            message=note.message[:500],
            request_id=note.request_id[:64],
            request=note.request,
            answer=note.response,
            milliseconds=note.milliseconds,
        )


def client_of(shop: Shop) -> TikTokClient:
    """Return the client that speaks for a shop."""
    known = connections.credentials(shop)
    if not known.cipher:
        raise Reconnect(f"{shop.name} is not connected. Connect it on the Integrations page.")
    return TikTokClient(
        app_from_settings(),
        ShopTokens(shop, known.access_token),
        shop_cipher=known.cipher,
        transport=_transport(settings.TIKTOK_SHOP_API_URL, os.getpid(), threading.get_ident()),
        recorder=ShopLog(shop),
        reads_per_second=settings.TIKTOK_SHOP_READS_PER_SECOND,
        writes_per_second=settings.TIKTOK_SHOP_WRITES_PER_SECOND,
    )


@lru_cache(maxsize=16)
def _transport(base_url: str, process: int, thread: int) -> Transport:
    """Return this thread's kept-alive connection; forked children and threads share none."""
    return Transport(base_url)


def listing_calls(shop: Shop) -> ListingCalls:
    return ListingCalls(client_of(shop), category_version=region_of(shop.region).category_version)


def order_calls(shop: Shop) -> OrderCalls:
    return OrderCalls(client_of(shop))


def parcel_calls(shop: Shop) -> ParcelCalls:
    return ParcelCalls(client_of(shop))


def logistics_calls(shop: Shop) -> LogisticsCalls:
    return LogisticsCalls(client_of(shop))
