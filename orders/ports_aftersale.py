"""What cancellations and returns need from a sales channel; see catalog.ports for the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from catalog.models import Shop
from marketplace.kernel.money import Money
from marketplace.kernel.registry import Registry


class RemoteCancellationStatus(StrEnum):
    """How a cancellation stands; CLOSED: withdrawn or declined, the order goes on."""

    REQUESTED = "requested"
    APPROVED = "approved"
    COMPLETED = "completed"
    CLOSED = "closed"


class RemoteReturnStatus(StrEnum):
    """How a return stands; UNKNOWN: the channel has a word for it that we do not."""

    REQUESTED = "requested"
    AWAITING_BUYER = "awaiting_buyer"
    SENT_BACK = "sent_back"
    APPROVED = "approved"
    COMPLETED = "completed"
    DECLINED = "declined"
    PARCEL_DECLINED = "parcel_declined"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class RemoteReturnKind(StrEnum):
    REFUND = "refund"
    RETURN = "return"
    REPLACEMENT = "replacement"


class RemoteAsker(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    CHANNEL = "channel"


@dataclass(frozen=True)
class RemoteCancellation:
    """A cancellation; `respond_by` is given while the seller must answer it."""

    external_id: str
    order_id: str
    status: RemoteCancellationStatus
    raw_status: str
    asked_by: RemoteAsker
    created_at: datetime
    updated_at: datetime
    unit_ids: tuple[str, ...] = ()
    reason: str = ""
    refund: Money | None = None
    respond_by: datetime | None = None


@dataclass(frozen=True)
class RemoteReturnUnit:
    external_id: str
    unit_id: str
    seller_sku: str = ""
    title: str = ""
    refund: Money | None = None


@dataclass(frozen=True)
class RemoteReturn:
    """A return or refund; `respond_by` is given while the seller must answer it."""

    external_id: str
    order_id: str
    kind: RemoteReturnKind
    status: RemoteReturnStatus
    raw_status: str
    asked_by: RemoteAsker
    created_at: datetime
    updated_at: datetime
    units: tuple[RemoteReturnUnit, ...] = ()
    reason: str = ""
    refund: Money | None = None
    respond_by: datetime | None = None
    tracking_number: str = ""
    carrier: str = ""


@dataclass(frozen=True)
class UnreadableRequest:
    """A cancellation or return that could not be understood; the rest go on."""

    external_id: str
    reason: str
    updated_at: datetime | None = None


@dataclass(frozen=True)
class RemoteReason:
    """A reason that the channel takes: its name, its words, and whether it may name units."""

    name: str
    words: str
    cancels_units: bool = False


class AftersaleChannel(Protocol):
    """Reads cancellations and returns, and takes the seller's word on them.

    A `key` makes a repeated answer the same answer. `cancel` has none: look before repeating it.
    """

    def cancellations_since(
        self, shop: Shop, since: datetime
    ) -> Iterator[RemoteCancellation | UnreadableRequest]:
        """Yield each cancellation changed at or after a moment, oldest change first."""
        ...

    def cancellations(
        self, shop: Shop, order_ids: Sequence[str]
    ) -> Iterator[RemoteCancellation | UnreadableRequest]:
        """Yield every cancellation of these orders as it stands now."""
        ...

    def returns_since(
        self, shop: Shop, since: datetime
    ) -> Iterator[RemoteReturn | UnreadableRequest]:
        """Yield each return changed at or after a moment, oldest change first."""
        ...

    def returns(
        self, shop: Shop, order_ids: Sequence[str]
    ) -> Iterator[RemoteReturn | UnreadableRequest]:
        """Yield every return of these orders as it stands now."""
        ...

    def decline_reasons(self, shop: Shop, request_id: str) -> list[RemoteReason]:
        """With which a cancellation or return may be declined."""
        ...

    def cancel_reasons(self, shop: Shop) -> list[RemoteReason]:
        """For which the seller may cancel a paid order."""
        ...

    def approve_cancellation(self, shop: Shop, request_id: str, *, key: str) -> None: ...

    def decline_cancellation(
        self, shop: Shop, request_id: str, *, reason: str, comment: str, key: str
    ) -> None: ...

    def approve_return(
        self,
        shop: Shop,
        request_id: str,
        *,
        kind: RemoteReturnKind,
        status: RemoteReturnStatus,
        key: str,
    ) -> None:
        """Agree to what was asked, or, once it was sent back, to the parcel that came."""
        ...

    def decline_return(
        self,
        shop: Shop,
        request_id: str,
        *,
        kind: RemoteReturnKind,
        status: RemoteReturnStatus,
        reason: str,
        comment: str,
        key: str,
    ) -> None: ...

    def cancel(self, shop: Shop, order_id: str, *, reason: str, unit_ids: Sequence[str]) -> str:
        """Cancel an order, or only the named units; return the id of the cancellation."""
        ...


aftersale_channels: Registry[AftersaleChannel] = Registry("aftersale channel")
