"""Filters of the order workspace."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from orders.admin.order_tabs import DAY
from orders.models import PARCEL_TROUBLE, AttentionKind, ChannelOrder, Shipment

Rows = QuerySet[Any]
#: Enough to meet every carrier that is in use.
PARCELS_LOOKED_AT = 5_000
PARCEL = "parcel"
SOON = "soon"
PLAIN_KIND = "Seller shipping"

#: Who ships an order, and orders that nobody pays: value, words, which orders.
KINDS = (
    (
        "seller",
        PLAIN_KIND,
        Q(channel_order__ships_itself=False, channel_order__fulfilled_by_channel=False),
    ),
    (
        "channel",
        "Channel's shipping: its label, our stock",
        Q(channel_order__ships_itself=True, channel_order__fulfilled_by_channel=False),
    ),
    ("fulfilled", "Fulfilled by the channel", Q(channel_order__fulfilled_by_channel=True)),
    ("sample", "Sample", Q(channel_order__is_sample=True)),
)


def kind_words(head: ChannelOrder) -> str:
    """What sort of order it is: “Seller shipping”, “Fulfilled by the channel · Sample”."""
    if head.fulfilled_by_channel:
        words = "Fulfilled by the channel"
    else:
        words = "Channel's shipping" if head.ships_itself else PLAIN_KIND
    return f"{words} · Sample" if head.is_sample else words


class KindFilter(DropdownFilter):
    """Who ships it: we, the channel's carrier, or the channel's warehouse; or a sample."""

    title = "kind of order"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, words) for value, words, _ in KINDS]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        found = next((rows for value, _, rows in KINDS if value == self.value()), None)
        return queryset.filter(found) if found else queryset


class AttentionFilter(DropdownFilter):
    """What waits for a person, one kind of it or all that concerns a parcel."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(PARCEL, "Label or package trouble"), *AttentionKind.choices]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        kind = self.value()
        if not kind:
            return queryset
        return with_attention(queryset, kind)


def with_attention(rows: Rows, kind: str) -> Rows:
    """Orders with this open; “parcel” means any trouble with a label or a package."""
    kinds = PARCEL_TROUBLE if kind == PARCEL else (kind,)
    found: Rows = rows.with_open_attention(*kinds)  # type: ignore[attr-defined]
    return found


class AutoCancelFilter(DropdownFilter):
    """Orders that the channel cancels by itself if they are not shipped."""

    title = "canceled by the channel"
    parameter_name = "autocancel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(SOON, "Within 24 hours, unless shipped")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return canceled_soon(queryset) if self.value() == SOON else queryset


def canceled_soon(rows: Rows) -> Rows:
    """Orders that the channel cancels within a day, soonest due first."""
    found: Rows = rows.canceled_by_channel_within(  # type: ignore[attr-defined]
        timezone.now(), DAY
    )
    return found


class CarrierFilter(DropdownFilter):
    """What left, of channel orders with a parcel that went by this carrier.

    Looked up by channel order, not by unit: two indexes instead of three whole tables.
    """

    title = "carrier"
    parameter_name = "carrier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        latest = Shipment.objects.order_by("-pk").values_list("carrier", flat=True)
        names = sorted({name for name in latest[:PARCELS_LOOKED_AT] if name})
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        if not self.value():
            return queryset
        heads = Shipment.objects.filter(carrier=self.value()).order_by()
        return queryset.filter(
            shipped_quantity__gt=0, channel_order__in=heads.values("channel_order")
        )
