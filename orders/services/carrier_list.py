"""The carriers that the channel takes for a delivery option, asked once a day (R85)."""

from __future__ import annotations

from django.core.cache import cache

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from orders.models import Order
from orders.ports import RemoteCarrier, shipping_channels

CARRIERS_LAST = 24 * 60 * 60  # seconds


def carriers(order: Order) -> list[RemoteCarrier]:
    """The carriers for this order's delivery option."""
    return carriers_of(order.shop, order.channel_order.delivery_option_id)


def carriers_of(shop: Shop, delivery_option_id: str) -> list[RemoteCarrier]:
    """The same for any order of a shop. An empty answer is not kept: it may be mended there."""
    key = f"carriers:{shop.pk}:{delivery_option_id}"
    found: list[RemoteCarrier] | None = cache.get(key)
    if found is None:
        found = shipping_channels.get(shop.channel).carriers(shop, delivery_option_id)
        if found:
            cache.set(key, found, CARRIERS_LAST)
    return found


def carrier_named(shop: Shop, delivery_option_id: str, name: str) -> RemoteCarrier:
    """The channel's carrier of that name, as somebody wrote it in a sheet."""
    known = carriers_of(shop, delivery_option_id)
    for carrier in known:
        if carrier.name.casefold() == name.strip().casefold():
            return carrier
    names = ", ".join(carrier.name for carrier in known)
    raise Refused(f"The channel knows no carrier “{name}” for this order. It takes: {names}.")
