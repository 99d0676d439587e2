"""Background work of orders: each fetches its shop, calls one service, says what happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Shop
from catalog.tasks import for_active_shop, time_is_up
from marketplace.kernel import jobs
from marketplace.kernel.tasks import nudge
from orders.models import Shipment
from orders.services import held, intake, privacy, tracking


@jobs.handler("pull_orders")
@for_active_shop
def pull_orders(shop: Shop) -> str:
    report = intake.pull_orders(shop, until=time_is_up())
    released = held.retry_attentions(shop=shop)
    _nudge_exports(report.variant_ids | released.variant_ids)
    if not report.is_complete:
        nudge("pull_orders", shop.pk, label=f"Read orders: {shop}")
    went_on = f" {released.orders:,} held orders went on." if released.orders else ""
    return f"{report.summary()}{went_on}"


@jobs.handler("reconcile_orders")
@for_active_shop
def reconcile_orders(shop: Shop) -> str:
    report = intake.reconcile(shop, until=time_is_up())
    _nudge_exports(report.variant_ids)
    return report.summary()


@jobs.handler("send_tracking")
@for_active_shop
def send_tracking(shop: Shop) -> str:
    return tracking.send_tracking(shop).summary()


def tick_pull_orders() -> str:
    """Every minute: every active shop (R77)."""
    return _nudge_shops("pull_orders", Shop.objects.active(), "Read orders")


def tick_send_tracking() -> str:
    """Every minute: shops with a tracking number to send, or one that a lost worker was sending."""
    mine = Shipment.objects.to_send(timezone.now())
    waiting = Shop.objects.active().filter(pk__in=mine.values("shop"))
    return _nudge_shops("send_tracking", waiting, "Send tracking")


def tick_reconcile() -> str:
    """Every night: every active shop; spread out, so that they do not all ask at once."""
    shops = list(Shop.objects.active())
    for place, shop in enumerate(shops):
        wait = timedelta(seconds=5 * place)
        label = f"Compare orders: {shop}"
        nudge("reconcile_orders", shop.pk, label=label, delay=wait, is_routine=True)
    return f"{len(shops)} shops"


def tick_erase_personal_data() -> str:
    """Every night: addresses whose time is over."""
    return f"{privacy.erase_personal_data(timezone.now()):,} addresses erased"


def _nudge_exports(variant_ids: Iterable[int]) -> None:
    """Sold here is gone everywhere: hurry every shop that offers what was touched."""
    sellers = Shop.objects.active().filter(listings__offers__variant__in=set(variant_ids))
    _nudge_shops("export_offers", sellers, "Send quantities")


def _nudge_shops(kind: str, shops: QuerySet[Shop], label: str) -> str:
    found = list(shops.distinct())
    for shop in found:
        nudge(kind, shop.pk, label=f"{label}: {shop}", is_routine=True)
    return f"{len(found)} shops"
