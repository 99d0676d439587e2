"""Connecting a merchant's shops: consent, tokens, renewal and the way back.

Tokens belong to a seller account, and one account may cover several shops. Whatever replaces
tokens replaces them for all shops of that account and merchant in one statement.
"""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.models import Merchant, Shop, WarehouseMapping
from catalog.services import listings, mapping, shops
from catalog.states import ShopState, shop_machine
from integrations.models import AuthorizationRequest, Connection
from integrations.ports import Grant, GrantedShop, connectors
from marketplace.kernel.errors import Failure, Reconnect, Refused, TryLater

STATE_LIVES = timedelta(minutes=30)
REFRESH_BEFORE = timedelta(days=1)
CLAIM_LASTS = timedelta(seconds=90)  # longer than the call may take
WAIT_SECONDS = 10.0
WAIT_STEP = 0.1
KEPT_SECONDS = 10.0
_KEPT = "_credentials"  # among a shop object's own values

_START_AGAIN = (
    "This authorization is not valid any more: it was used, it is too old, or another person "
    "started it. Nothing was stored. Start again on the Integrations page."
)
_DISCONNECTED = "This shop is disconnected. Connect it on the Integrations page."


@dataclass(frozen=True)
class Credentials:
    """What a call needs: the shop's cipher and a token, and until when they need no new look."""

    cipher: str
    access_token: str
    until: float = field(default_factory=lambda: time.monotonic() + KEPT_SECONDS)


@dataclass(frozen=True)
class Connected:
    """The shops that are connected now, and a sentence for each one that could not be."""

    shops: list[Shop]
    refused: list[str]


# -- consent --------------------------------------------------------------------------------


def begin(merchant: Merchant, user: AbstractBaseUser, channel: str) -> str:
    """Return the channel's address where the merchant agrees; its state works once."""
    if channel not in connectors:
        raise Refused("This sales channel is not available here.")
    state = secrets.token_urlsafe(32)
    url = connectors.get(channel).authorize_url(state)
    AuthorizationRequest.objects.create(
        state=state,
        merchant=merchant,
        user_id=user.pk,
        channel=channel,
        expires_at=timezone.now() + STATE_LIVES,
    )
    return url


def finish(state: str, code: str, user: AbstractBaseUser) -> Connected:
    """Exchange the channel's answer for tokens and store the shops they cover.

    A state that is unknown, used, too old or another person's is refused before anything is
    asked of the channel, and nothing is stored.
    """
    asked = _use(state, user)
    if not code:
        raise Refused("The channel sent no authorization code. Nothing was stored; start again.")
    connector = connectors.get(asked.channel)
    grant = connector.exchange_code(code)
    granted = connector.shops(grant.access_token)
    if not granted:
        raise Refused("This account has no shop that can be connected.")
    connected, refused = [], []
    for one in granted:
        try:
            connected.append(_store(asked, grant, one))
        except Refused as error:
            refused.append(error.message)
    if not connected:
        raise Refused(" ".join(refused))
    for shop in connected:
        _read_warehouses(shop)
    return Connected(connected, refused)


def withdraw_request(state: str, user: AbstractBaseUser) -> None:
    """Forget a state whose consent was refused on the channel's page."""
    _use(state, user)


def _use(state: str, user: AbstractBaseUser) -> AuthorizationRequest:
    now = timezone.now()
    asked = AuthorizationRequest.objects.filter(
        state=state, user_id=user.pk, used_at=None, expires_at__gt=now
    )
    if not state or not asked.update(used_at=now):
        raise Refused(_START_AGAIN)
    return AuthorizationRequest.objects.select_related("merchant").get(state=state)


def _store(asked: AuthorizationRequest, grant: Grant, granted: GrantedShop) -> Shop:
    taken = Shop.objects.connected().filter(channel=asked.channel, external_id=granted.external_id)
    refusal = (
        f"“{granted.name}” is already connected to another merchant here. "
        "It must be disconnected there first."
    )
    if taken.exclude(merchant=asked.merchant).exists():
        raise Refused(refusal)
    try:
        with transaction.atomic():
            shop = _open_shop(asked, granted)
            Connection.objects.update_or_create(
                shop=shop,
                defaults={
                    **_token_columns(grant),
                    "cipher": granted.cipher,
                    "account_id": grant.account_id,
                    "seller_name": grant.seller_name,
                },
            )
    except IntegrityError:
        raise Refused(refusal) from None  # the other merchant was faster by a moment
    return shop


def _open_shop(asked: AuthorizationRequest, granted: GrantedShop) -> Shop:
    """Create the shop, or bring an earlier one back to work."""
    facts = {
        "name": granted.name,
        "region": granted.region,
        "currency": granted.currency,
        "time_zone": granted.time_zone or asked.merchant.time_zone,
    }
    shop, is_new = Shop.objects.get_or_create(
        merchant=asked.merchant,
        channel=asked.channel,
        external_id=granted.external_id,
        defaults={**facts, "connected_at": timezone.now()},
    )
    if is_new:
        return shop
    Shop.objects.filter(pk=shop.pk).update(**facts)
    if shop.state == ShopState.DISCONNECTED:
        # What was sold while nobody looked is the channel's affair (R72).
        shop_machine.move(shop, ShopState.MAPPING_REQUIRED, problem="", connected_at=timezone.now())
    elif shop.state == ShopState.NEEDS_RECONNECT:
        is_mapped = WarehouseMapping.objects.filter(shop=shop).exists()
        back = ShopState.ACTIVE if is_mapped else ShopState.MAPPING_REQUIRED
        shop_machine.move(shop, back, problem="")
    shop.refresh_from_db()
    return shop


def _read_warehouses(shop: Shop) -> None:
    """Read the shop's warehouses; if that fails now, the mapping page reads them again."""
    try:
        mapping.refresh_warehouses(shop)
    except Failure as error:
        Shop.objects.filter(pk=shop.pk).update(
            problem=f"Its warehouses could not be read: {error.message}"
        )


# -- tokens ---------------------------------------------------------------------------------


def access_token(shop: Shop, *, rejected: str = "") -> str:
    """Return a token that works, renewing it early.

    `rejected` is the token that the channel has just called expired: it is renewed at once,
    unless another process has done so meanwhile.
    """
    return _fresh(shop, rejected).access_token


def credentials(shop: Shop, *, rejected: str = "") -> Credentials:
    """The same with the cipher; read once for as long as a run's shop object is used.

    For a few seconds only, so that a shop that was disconnected meanwhile falls silent.
    """
    kept: Credentials | None = vars(shop).get(_KEPT)
    if kept and not rejected and time.monotonic() < kept.until:
        return kept
    vars(shop)[_KEPT] = found = _fresh(shop, rejected)
    return found


def _fresh(shop: Shop, rejected: str) -> Credentials:
    waited_until = time.monotonic() + WAIT_SECONDS
    while True:
        connection = _connection(shop)
        if not _should_refresh(connection, rejected):
            return Credentials(connection.cipher, connection.access_token)
        leader = _peers(connection).order_by("pk")[0]
        owner = uuid.uuid4().hex
        if _claim(leader, owner):
            return Credentials(connection.cipher, _refresh(leader, connection, owner, rejected))
        if time.monotonic() > waited_until:
            return Credentials(connection.cipher, _still_good(connection, rejected))
        time.sleep(WAIT_STEP)


def renew(shop: Shop) -> bool:
    """Renew a shop's tokens if they are near their end; say whether that was needed."""
    before = _connection(shop).access_token
    return access_token(shop) != before


def _connection(shop: Shop) -> Connection:
    connection = (
        Connection.objects.select_related("shop")
        .filter(shop_id=shop.pk)
        .exclude(refresh_token="")
        .first()
    )
    if connection is None:
        raise Reconnect(_DISCONNECTED)
    return connection


def _peers(connection: Connection) -> QuerySet[Connection]:
    """The connections that hold the same tokens: one account's, at one merchant."""
    if not connection.account_id:
        return Connection.objects.filter(pk=connection.pk)
    return Connection.objects.filter(
        account_id=connection.account_id,
        shop__channel=connection.shop.channel,
        shop__merchant_id=connection.shop.merchant_id,
    ).exclude(refresh_token="")


def _should_refresh(connection: Connection, rejected: str) -> bool:
    """Near its end means: less than a day, or a fifth of its life if that is less."""
    if rejected:
        return connection.access_token == rejected
    expires, issued = connection.access_expires_at, connection.refreshed_at
    if expires is None:
        return True
    early = REFRESH_BEFORE
    if issued is not None:
        early = min(early, (expires - issued) / 5)
    return timezone.now() >= expires - early


def _claim(leader: Connection, owner: str) -> bool:
    now = timezone.now()
    free = Q(refreshing_by="") | Q(refreshing_until__lt=now)
    return bool(
        Connection.objects.filter(free, pk=leader.pk).update(
            refreshing_by=owner, refreshing_until=now + CLAIM_LASTS
        )
    )


def _refresh(leader: Connection, seen: Connection, owner: str, rejected: str) -> str:
    """Carry out a claimed renewal. The tokens are read after the claim, so none is used twice."""
    current = _connection(seen.shop)
    if not _should_refresh(current, rejected):
        _release(leader, owner)
        return current.access_token
    try:
        grant = connectors.get(current.shop.channel).refresh(current.refresh_token)
    except TryLater as error:
        _release(leader, owner, problem=error.message)
        return _still_good(current, rejected)
    except (Refused, Reconnect) as error:
        _release(leader, owner, problem=error.message)
        why = f"The channel no longer accepts our authorization. Connect it again. ({error})"
        for peer in _peers(current).select_related("shop"):
            shops.needs_reconnect(peer.shop, why)
        raise Reconnect(why, code=error.code, request_id=error.request_id) from error
    except BaseException:
        _release(leader, owner)
        raise
    return _keep(leader, current, owner, grant)


def _keep(leader: Connection, current: Connection, owner: str, grant: Grant) -> str:
    """Store both new tokens, unless the shop was authorized anew or disconnected meanwhile."""
    with transaction.atomic():
        mine = Connection.objects.filter(pk=leader.pk, refreshing_by=owner)
        if mine.update(refreshing_by="", refreshing_until=None):
            _peers(current).update(**_token_columns(grant))
            return grant.access_token
    return _connection(current.shop).access_token


def _release(leader: Connection, owner: str, *, problem: str = "") -> None:
    Connection.objects.filter(pk=leader.pk, refreshing_by=owner).update(
        refreshing_by="", refreshing_until=None, problem=problem
    )


def _still_good(connection: Connection, rejected: str) -> str:
    """The old token serves while the new one is late, if it is neither expired nor rejected."""
    expires = connection.access_expires_at
    if rejected or expires is None or expires <= timezone.now():
        raise TryLater("The shop's authorization is being renewed. Try again in a minute.")
    return connection.access_token


def _token_columns(grant: Grant) -> dict[str, object]:
    return {
        "access_token": grant.access_token,
        "access_expires_at": grant.access_expires_at,
        "refresh_token": grant.refresh_token,
        "refresh_expires_at": grant.refresh_expires_at,
        "scopes": list(grant.scopes),
        "refreshed_at": timezone.now(),
        "refreshing_by": "",
        "refreshing_until": None,
        "problem": "",
    }


# -- the way back ---------------------------------------------------------------------------


def disconnect(shop: Shop, by: AbstractBaseUser | None) -> None:
    """End the connection: no tokens, no mappings, no jobs. Products, listings, orders stay."""
    who = by.get_username() if by else "the system"
    vars(shop).pop(_KEPT, None)
    with transaction.atomic():
        shop_machine.move(
            shop,
            ShopState.DISCONNECTED,
            push_quantity=False,
            problem=f"Disconnected by {who} on {timezone.now():%Y-%m-%d %H:%M} UTC.",
        )
        _erase_tokens(shop)
        # A query's delete passes by the lock of the rows: this is the one way out (R18, R21).
        WarehouseMapping.objects.filter(shop=shop).delete()
    listings.refresh_of_shop(shop)


def _erase_tokens(shop: Shop) -> None:
    Connection.objects.filter(shop=shop).update(
        access_token="",
        access_expires_at=None,
        refresh_token="",
        refresh_expires_at=None,
        cipher="",
        scopes=[],
        refreshing_by="",
        refreshing_until=None,
    )
