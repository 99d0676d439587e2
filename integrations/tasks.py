"""Periodic work of the connections: renew tokens early, forget old call logs."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from catalog.models import Shop
from catalog.states import ShopState
from integrations import connections
from integrations.models import AuthorizationRequest, Connection, Exchange
from marketplace.kernel.errors import Reconnect
from marketplace.kernel.jobs import handler
from marketplace.kernel.tasks import nudge

KEEP_EXCHANGES = timedelta(days=30)
KEEP_STATES = timedelta(days=2)
LOOK_AHEAD = timedelta(days=2)
PRUNE_BATCH = 5_000


@handler("refresh_token")
def refresh_token(shop_id: int) -> str:
    """Renew one shop's tokens if they are near their end."""
    shop = Shop.objects.get(pk=shop_id)
    try:
        renewed = connections.renew(shop)
    except Reconnect as error:
        return f"{shop}: {error}"  # the shop itself now says what to do
    return f"{shop}: tokens renewed" if renewed else f"{shop}: tokens are still good"


def tick_refresh_tokens() -> str:
    """Ask for a renewal for every shop whose token ends within two days."""
    ending = Connection.objects.exclude(refresh_token="").filter(
        access_expires_at__lt=timezone.now() + LOOK_AHEAD,
        shop__state__in=[ShopState.ACTIVE, ShopState.PAUSED, ShopState.MAPPING_REQUIRED],
    )
    count = 0
    for connection in ending.select_related("shop").iterator():
        nudge(
            "refresh_token",
            connection.shop_id,
            label=f"Renew tokens of {connection.shop}",
            is_routine=True,
        )
        count += 1
    return f"{count} shops to renew"


def prune_exchanges() -> str:
    """Forget calls older than thirty days, in batches, and authorizations nobody finished."""
    limit = timezone.now() - KEEP_EXCHANGES
    forgotten = 0
    while True:
        ids = list(Exchange.objects.filter(at__lt=limit).values_list("pk", flat=True)[:PRUNE_BATCH])
        if not ids:
            break
        Exchange.objects.filter(pk__in=ids).delete()
        forgotten += len(ids)
    AuthorizationRequest.objects.filter(expires_at__lt=timezone.now() - KEEP_STATES).delete()
    return f"{forgotten} calls forgotten"
