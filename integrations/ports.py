"""What connecting a shop needs from a channel's adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from marketplace.kernel.registry import Registry


@dataclass(frozen=True)
class Grant:
    """Tokens that a channel gave us. They are secrets: `repr` shows none of them."""

    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    account_id: str = ""
    seller_name: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class GrantedShop:
    """One seller account that the grant covers."""

    external_id: str
    name: str
    region: str
    currency: str
    time_zone: str
    cipher: str = field(default="", repr=False)


class Connector(Protocol):
    """Speaks the channel's authorization protocol.

    `exchange_code` and `refresh` raise `Refused` or `Reconnect` when the code or token is dead.
    """

    label: str

    def authorize_url(self, state: str) -> str: ...

    def exchange_code(self, code: str) -> Grant: ...

    def refresh(self, refresh_token: str) -> Grant: ...

    def shops(self, access_token: str) -> list[GrantedShop]: ...


connectors: Registry[Connector] = Registry("connector")
