from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from django.core.cache.backends.locmem import LocMemCache
from PIL import Image
from pytest_django.fixtures import Settings

from catalog.models import Channel, Merchant, Shop
from catalog.states import ShopState
from integrations.http.recorder import ExchangeNote
from integrations.http.throttle import Throttle
from integrations.http.transport import Transport
from integrations.models import Connection
from integrations.tiktok.client import App, TikTokClient
from integrations.tiktok.connector import TikTokConnector
from integrations.tiktok.listings import ListingCalls
from integrations.tiktok.logistics import LogisticsCalls
from integrations.tiktok.orders import OrderCalls
from tests.support.sandbox import Sandbox, in_process, open_sandbox


@dataclass
class Time:
    """A clock that starts now, as signatures need it, and moves when somebody sleeps."""

    now: float = field(default_factory=time.time)
    naps: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@dataclass
class FixedTokens:
    """A token, and the one that a renewal gives."""

    token: str
    next: str = ""
    renewals: list[str] = field(default_factory=list)

    def current(self) -> str:
        return self.token

    def renew(self, rejected: str) -> None:
        self.renewals.append(rejected)
        self.token = self.next or self.token


@dataclass
class World:
    """A sandbox, a client of it, and what the client left behind."""

    sandbox: Sandbox
    client: TikTokClient
    tokens: FixedTokens
    time: Time
    notes: list[ExchangeNote]

    @property
    def listings(self) -> ListingCalls:
        return ListingCalls(self.client, category_version="v2")

    @property
    def orders(self) -> OrderCalls:
        return OrderCalls(self.client)

    @property
    def logistics(self) -> LogisticsCalls:
        return LogisticsCalls(self.client)


def make_world(sandbox: Sandbox, cache_name: str) -> World:
    granted = sandbox.tokens()
    clock = Time()
    tokens = FixedTokens(granted["access_token"])
    notes: list[ExchangeNote] = []
    client = TikTokClient(
        App(sandbox.app_key, sandbox.app_secret, sandbox.url),
        tokens,
        shop_cipher=granted["cipher"],
        transport=Transport(sandbox.url, session=sandbox.session),
        throttle=Throttle(cache=LocMemCache(cache_name, {}), clock=clock, sleep=clock.sleep),
        recorder=notes.append,
        sleep=clock.sleep,
        clock=clock,
        jitter=lambda: 1.0,
        reads_per_second=1_000,
        writes_per_second=1_000,
    )
    return World(sandbox, client, tokens, clock, notes)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A client and its sandbox, both in this process."""
    handle = in_process()
    yield make_world(handle, request.node.nodeid)
    handle.session.close()
    handle.state.stop()


def picture(width: int = 600, height: int = 600, color: str = "teal") -> bytes:
    """Return a picture as bytes; another color is another content."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), color).save(stream, "JPEG")
    return stream.getvalue()


@dataclass
class Connected:
    """A shop of ours, connected to a sandbox by HTTP as the settings say."""

    sandbox: Sandbox
    shop: Shop


@pytest.fixture
def on_a_socket() -> Iterator[Sandbox]:
    """A sandbox that is reached as the real channel is."""
    server, handle = open_sandbox()
    yield handle
    handle.session.close()
    server.stop()


@pytest.fixture
def connected(
    on_a_socket: Sandbox,
    settings: Settings,
    db: None,
) -> Connected:
    """A shop whose connection holds real tokens of a sandbox on a socket."""
    sandbox = on_a_socket
    settings.TIKTOK_SHOP_APP_KEY = sandbox.app_key
    settings.TIKTOK_SHOP_APP_SECRET = sandbox.app_secret
    settings.TIKTOK_SHOP_SERVICE_ID = sandbox.service_id
    settings.TIKTOK_SHOP_API_URL = settings.TIKTOK_SHOP_AUTH_URL = sandbox.url
    settings.TIKTOK_SHOP_AUTHORIZE_URL = f"{sandbox.url}/open/authorize"
    connector = TikTokConnector()
    grant = connector.exchange_code(sandbox.code())
    (granted,) = connector.shops(grant.access_token)
    merchant = Merchant.objects.create(name="Acme", slug="acme")
    shop = Shop.objects.create(
        merchant=merchant,
        channel=Channel.TIKTOK_SHOP,
        external_id=granted.external_id,
        name=granted.name,
        region=granted.region,
        currency=granted.currency,
        state=ShopState.ACTIVE,
        connected_at=datetime.now(UTC),
    )
    Connection.objects.create(
        shop=shop,
        access_token=grant.access_token,
        access_expires_at=grant.access_expires_at,
        refresh_token=grant.refresh_token,
        refresh_expires_at=grant.refresh_expires_at,
        refreshed_at=datetime.now(UTC),
        cipher=granted.cipher,
        account_id=grant.account_id,
    )
    return Connected(sandbox, shop)
