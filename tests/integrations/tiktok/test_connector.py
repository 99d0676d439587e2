from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django.fixtures import Settings

from integrations.http.errors import RemoteBusy, RemoteDenied, RemoteRefused
from integrations.models import Connection, Exchange
from integrations.ports import connectors
from integrations.tiktok.connector import TikTokConnector
from integrations.tiktok.gateway import ShopLog, client_of, listing_calls, logistics_calls
from marketplace.kernel.errors import Reconnect
from tests.integrations.http.peer import Peer
from tests.integrations.tiktok.conftest import Connected


def test_the_merchant_is_sent_to_consent_with_the_service_and_the_state(
    settings: Settings,
) -> None:
    settings.TIKTOK_SHOP_SERVICE_ID = "7000"
    settings.TIKTOK_SHOP_AUTHORIZE_URL = "https://services.example/open/authorize"
    url = urlsplit(TikTokConnector().authorize_url("one&time"))
    assert url._replace(query="").geturl() == "https://services.example/open/authorize"
    assert parse_qs(url.query) == {"service_id": ["7000"], "state": ["one&time"]}


def test_a_code_becomes_tokens_with_their_ends_as_moments(connected: Connected) -> None:
    grant = TikTokConnector().exchange_code(connected.sandbox.code())
    in_a_week = datetime.now(UTC) + timedelta(days=7)
    assert abs(grant.access_expires_at - in_a_week) < timedelta(minutes=1)
    assert grant.refresh_expires_at > in_a_week
    assert grant.access_token.startswith("TTP_")
    assert "seller.order.info" in grant.scopes
    assert grant.account_id != ""
    assert grant.access_token not in repr(grant)


def test_the_shop_comes_with_its_currency_and_its_day(connected: Connected) -> None:
    grant = TikTokConnector().exchange_code(connected.sandbox.code())
    (shop,) = TikTokConnector().shops(grant.access_token)
    assert (shop.region, shop.currency, shop.time_zone) == ("US", "USD", "America/Los_Angeles")
    assert shop.external_id == connected.shop.external_id
    assert shop.cipher not in repr(shop)


def test_a_code_works_once(connected: Connected) -> None:
    code = connected.sandbox.code()
    TikTokConnector().exchange_code(code)
    with pytest.raises(RemoteDenied, match="not completed in time"):
        TikTokConnector().exchange_code(code)


def test_a_renewal_changes_both_tokens(connected: Connected) -> None:
    first = TikTokConnector().exchange_code(connected.sandbox.code())
    second = TikTokConnector().refresh(first.refresh_token)
    assert {first.access_token, first.refresh_token}.isdisjoint(
        {second.access_token, second.refresh_token}
    )
    with pytest.raises(RemoteDenied):
        TikTokConnector().refresh(first.refresh_token)


def test_a_renewal_without_an_answer_may_have_used_up_the_token(
    settings: Settings,
) -> None:
    peer = Peer(b"")
    settings.TIKTOK_SHOP_AUTH_URL = peer.url
    with pytest.raises(RemoteBusy) as caught:
        TikTokConnector().refresh("TTP_x")
    peer.close()
    assert caught.value.outcome_unknown is True


def test_the_log_of_an_authorization_holds_no_secret(connected: Connected) -> None:
    code = connected.sandbox.code()
    grant = TikTokConnector(recorder=ShopLog(None)).exchange_code(code)
    exchange = Exchange.objects.get(path="/api/v2/token/get")
    kept = exchange.request + exchange.answer
    secrets = (code, grant.access_token, grant.refresh_token, connected.sandbox.app_secret)
    assert [secret for secret in secrets if secret in kept] == []
    assert exchange.was_good is True


def test_an_expired_token_is_renewed_and_kept(connected: Connected) -> None:
    before = Connection.objects.get()
    connected.sandbox.advance(8 * 86_400)
    assert len(logistics_calls(connected.shop).warehouses()) == 3
    after = Connection.objects.get()
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token


def test_a_shop_whose_authorization_was_withdrawn_asks_for_the_merchant(
    connected: Connected,
) -> None:
    Connection.objects.update(access_token="TTP_dead", refresh_token="TTP_dead_too")
    with pytest.raises(Reconnect):
        logistics_calls(connected.shop).warehouses()
    connected.shop.refresh_from_db()
    assert connected.shop.state == "needs_reconnect"


def test_a_shop_without_a_connection_is_not_called(connected: Connected) -> None:
    Connection.objects.update(cipher="")
    connected.sandbox.reset_calls()
    with pytest.raises(Reconnect, match="Connect it on the Integrations page"):
        client_of(connected.shop)
    assert connected.sandbox.calls() == {}


def test_each_call_leaves_a_row_of_its_shop(connected: Connected) -> None:
    Exchange.objects.all().delete()
    logistics_calls(connected.shop).warehouses()
    exchange = Exchange.objects.get()
    assert (exchange.shop, exchange.method, exchange.status) == (connected.shop, "GET", 200)
    assert re.fullmatch(r"\d{14}[0-9A-F]{20}", exchange.request_id)


def test_a_refused_call_is_logged_with_the_channel_s_words(connected: Connected) -> None:
    with pytest.raises(RemoteRefused):
        listing_calls(connected.shop).product("1")
    exchange = Exchange.objects.get(path="/product/202309/products/1")
    assert exchange.was_good is False
    assert exchange.code == "12052260"
    assert exchange.message != ""


def test_the_channel_is_registered_under_its_name() -> None:
    assert connectors.get("tiktok_shop").label == "TikTok"
