"""What can be decided about a connected shop. Who may decide it is the door's affair."""

from __future__ import annotations

from catalog.models import SamplePolicy, Shop
from catalog.states import ShopState, shop_machine
from marketplace.kernel.errors import Refused

MOST_UPLOADS = 100_000


def needs_reconnect(shop: Shop, why: str) -> None:
    """Stop a shop's jobs until the merchant authorizes it again; repeating it is harmless."""
    rows = Shop.objects.filter(pk=shop.pk)
    shop_machine.move_all(rows, ShopState.NEEDS_RECONNECT, problem=why)
    shop.refresh_from_db()


def pause(shop: Shop, why: str = "") -> None:
    """Stop all work for a shop without giving up the connection."""
    shop_machine.move(shop, ShopState.PAUSED, problem=why)


def resume(shop: Shop) -> None:
    """Let a paused shop work again."""
    if shop.state != ShopState.PAUSED:
        raise Refused("Only a paused shop can be resumed.")
    shop_machine.move(shop, ShopState.ACTIVE, problem="")


def set_outbound(
    shop: Shop,
    *,
    quantity: bool | None = None,
    price: bool | None = None,
    tracking: bool | None = None,
) -> None:
    """Switch on or off what leaves for the shop; None leaves a switch as it is."""
    if quantity and shop.state in (ShopState.MAPPING_REQUIRED, ShopState.DISCONNECTED):
        raise Refused("Quantities can be sent only after the warehouses are mapped.")
    wanted = {"push_quantity": quantity, "push_price": price, "push_tracking": tracking}
    changes = {name: value for name, value in wanted.items() if value is not None}
    if changes:
        Shop.objects.filter(pk=shop.pk).update(**changes)
        shop.refresh_from_db()


def set_sample_orders(shop: Shop, policy: str) -> None:
    """Say what becomes of samples that come in from now on (B23)."""
    Shop.objects.filter(pk=shop.pk).update(sample_orders=SamplePolicy(policy))
    shop.refresh_from_db()


def set_quota(shop: Shop, *, on_probation: bool, daily_limit: int) -> None:
    """Say how many listings the channel takes from this shop in a day; it holds from now on.

    After a change the channel is asked again, even if it said today that its limit is reached.
    """
    if not 1 <= daily_limit <= MOST_UPLOADS:
        raise Refused(f"The daily limit is a number from 1 to {MOST_UPLOADS:,}.")
    Shop.objects.filter(pk=shop.pk).exclude(
        on_probation=on_probation, daily_listing_limit=daily_limit
    ).update(on_probation=on_probation, daily_listing_limit=daily_limit, uploads_spent_at=None)
    shop.refresh_from_db()
