"""Authorization: where a merchant is sent, and what the code he comes back with is worth."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.conf import settings

from integrations.http.errors import RemoteBusy
from integrations.http.recorder import Recorder, Watch, keep_nothing
from integrations.http.transport import Transport
from integrations.ports import Grant, GrantedShop
from integrations.tiktok.client import App, TikTokClient, unwrap_unsigned
from integrations.tiktok.logistics import LogisticsCalls
from integrations.tiktok.regions import region_of
from integrations.tiktok.schemas import TokenRow
from marketplace.kernel.errors import Reconnect


def app_from_settings() -> App:
    """Return the app's keys and host as this installation is configured."""
    return App(
        key=settings.TIKTOK_SHOP_APP_KEY,
        secret=settings.TIKTOK_SHOP_APP_SECRET,
        api_url=settings.TIKTOK_SHOP_API_URL,
    )


class _OneToken:
    """A token that was just given to us and is used once."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        return self._token

    def renew(self, rejected: str) -> None:
        raise Reconnect("TikTok Shop did not accept the new authorization. Connect again.")


class TikTokConnector:
    """Speaks TikTok Shop's authorization protocol, with the keys from the settings."""

    label = "TikTok"

    def __init__(self, *, recorder: Recorder = keep_nothing) -> None:
        self._recorder = recorder

    def authorize_url(self, state: str) -> str:
        """Return where the merchant's browser is sent to consent."""
        asked = urlencode({"service_id": settings.TIKTOK_SHOP_SERVICE_ID, "state": state})
        return f"{settings.TIKTOK_SHOP_AUTHORIZE_URL}?{asked}"

    def exchange_code(self, code: str) -> Grant:
        """Turn the one-time code of the callback into tokens."""
        return self._grant("/api/v2/token/get", ("auth_code", code), "authorized_code")

    def refresh(self, refresh_token: str) -> Grant:
        """Get new tokens; the old refresh token is worth nothing from then on."""
        named = ("refresh_token", refresh_token)
        return self._grant("/api/v2/token/refresh", named, "refresh_token")

    def shops(self, access_token: str) -> list[GrantedShop]:
        """Return the seller accounts that the tokens cover."""
        client = TikTokClient(app_from_settings(), _OneToken(access_token), recorder=self._recorder)
        return [
            GrantedShop(
                external_id=row.id,
                name=row.name,
                region=row.region,
                currency=region_of(row.region).currency,
                time_zone=region_of(row.region).time_zone,
                cipher=row.cipher,
            )
            for row in LogisticsCalls(client).shops()
        ]

    def _grant(self, path: str, named: tuple[str, str], grant_type: str) -> Grant:
        query: Sequence[tuple[str, str]] = (
            ("app_key", settings.TIKTOK_SHOP_APP_KEY),
            ("app_secret", settings.TIKTOK_SHOP_APP_SECRET),
            named,
            ("grant_type", grant_type),
        )
        watch = Watch(self._recorder, "GET", path, query, None)
        try:
            reply = Transport(settings.TIKTOK_SHOP_AUTH_URL).send("GET", path, query=query)
        except RemoteBusy as error:
            watch.unanswered(str(error))
            raise
        row = TokenRow.parse(unwrap_unsigned(path, reply, watch))
        return Grant(
            access_token=row.access_token,
            access_expires_at=row.access_expires_at,
            refresh_token=row.refresh_token,
            refresh_expires_at=row.refresh_expires_at,
            account_id=row.open_id,
            seller_name=row.seller_name,
            scopes=row.scopes,
        )
