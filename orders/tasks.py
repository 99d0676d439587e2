"""Background work of orders: each fetches its shop, calls one service, says what happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Shop
from catalog.services import recipes
from catalog.tasks import for_active_shop
from marketplace.kernel import jobs
from marketplace.kernel.tasks import nudge, time_is_up
from orders.models import AftersaleDecision, Label, Shipment
from orders.services import aftersale, held, intake, label_queue, privacy, telling, tracking
from orders.services.taking import IntakeReport


@jobs.handler("pull_orders")
@for_active_shop
def pull_orders(shop: Shop) -> str:
    until = time_is_up()
    report = intake.pull_orders(shop, until=until)
    released = held.retry_attentions(shop=shop, until=until)
    nudge_exports(report.variant_ids | released.variant_ids)
    if not report.is_complete:
        nudge("pull_orders", shop.pk, label=f"Read orders: {shop}")
    went_on = f" {released.orders:,} held orders went on." if released.orders else ""
    return f"{report.summary()}{went_on}"


@jobs.handler("reconcile_orders")
@for_active_shop
def reconcile_orders(shop: Shop) -> str:
    report = intake.reconcile(shop, until=time_is_up())
    nudge_exports(report.variant_ids)
    if not report.is_complete:
        nudge("reconcile_orders", shop.pk, label=f"Compare orders: {shop}")
    return intake.comparison(report)


@jobs.handler("send_tracking")
@for_active_shop
def send_tracking(shop: Shop) -> str:
    return tracking.send_tracking(shop).summary()


@jobs.handler("buy_labels")
@for_active_shop
def buy_labels(shop: Shop) -> str:
    report = label_queue.buy_labels(shop)
    if report.sent or report.known:
        # The order's new state and its tracking number come with the next look.
        nudge("pull_orders", shop.pk, label=f"Read orders: {shop}")
    return report.summary()


def tick_buy_labels() -> str:
    """Every minute: shops with a label to buy, or one that a lost worker was buying."""
    mine = Label.objects.to_send(timezone.now())
    waiting = Shop.objects.active().filter(pk__in=mine.values("shop"))
    return _nudge_shops("buy_labels", waiting, "Buy labels")


@jobs.handler("pull_aftersale")
@for_active_shop
def pull_aftersale(shop: Shop) -> str:
    report = aftersale.pull_aftersale(shop, until=time_is_up())
    taken = IntakeReport()
    aftersale.refresh_orders(shop, report.order_ids, taken)
    nudge_exports(taken.variant_ids)
    if not report.is_complete:
        nudge("pull_aftersale", shop.pk, label=f"Read cancellations and returns: {shop}")
    return report.summary()


@jobs.handler("tell_decisions")
@for_active_shop
def tell_decisions(shop: Shop) -> str:
    """Tell what the seller decided, then read what came of it: stock is back at once."""
    report = telling.tell_decisions(shop)
    taken = aftersale.read_again(shop, report.order_ids)
    nudge_exports(taken.variant_ids)
    if report.trouble:
        raise report.trouble
    return report.summary()


def tick_pull_orders() -> str:
    """Every minute: every active shop (R77)."""
    return _nudge_shops("pull_orders", Shop.objects.active(), "Read orders")


def tick_send_tracking() -> str:
    """Every minute: shops with a tracking number to send, or one that a lost worker was sending."""
    mine = Shipment.objects.to_send(timezone.now())
    waiting = Shop.objects.active().filter(pk__in=mine.values("shop"))
    return _nudge_shops("send_tracking", waiting, "Send tracking")


def tick_pull_aftersale() -> str:
    """Every two minutes: every active shop, so that a request is here within five (B7)."""
    return _nudge_shops("pull_aftersale", Shop.objects.active(), "Read cancellations and returns")


def tick_tell_decisions() -> str:
    """Every minute: shops with a decision that the channel does not know yet."""
    mine = AftersaleDecision.objects.to_send(timezone.now())
    waiting = Shop.objects.active().filter(pk__in=mine.values("shop"))
    return _nudge_shops("tell_decisions", waiting, "Tell decisions")


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


def tick_forget_looks() -> str:
    """Every night: who looked at an address, once a year has passed."""
    return f"{privacy.forget_looks(timezone.now()):,} looks at addresses forgotten"


def nudge_exports(variant_ids: Iterable[int]) -> None:
    """Sold here is gone everywhere: hurry every shop that offers what was touched."""
    touched = recipes.moved_with(set(variant_ids))
    sellers = Shop.objects.active().filter(listings__offers__variant__in=touched)
    _nudge_shops("export_offers", sellers, "Send quantities")


def _nudge_shops(kind: str, shops: QuerySet[Shop], label: str) -> str:
    found = list(shops.distinct())
    for shop in found:
        nudge(kind, shop.pk, label=f"{label}: {shop}", is_routine=True)
    return f"{len(found)} shops"
