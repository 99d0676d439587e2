"""The first page of the admin: what needs attention, each figure equal to the list it opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Sum, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince

from catalog.admin.listing import TABS as LISTING_TABS
from catalog.admin.shop import ShopAdmin
from catalog.admin.unlinked import UnlinkedListingAdmin
from catalog.models import Listing, Shop, StockLevel, StockMovement, UnlinkedListing
from catalog.states import ShopState
from integrations.admin import health
from marketplace.admin import JobAdmin
from marketplace.kernel.admin import A_MOMENT, changelist_url
from marketplace.kernel.admin_lists import ListTab, count_text
from marketplace.kernel.models import Heartbeat, Job
from marketplace.kernel.tasks import queue_age
from orders.admin.intake import IntakeProblemAdmin
from orders.admin.order import TABS as ORDER_TABS
from orders.admin.shipment import ShipmentAdmin
from orders.models import IntakeProblem, Order, Shipment

SHOPS_SHOWN = 20
#: The schedule leaves a sign of life each minute.
WORKER_IS_LATE = timedelta(minutes=3)
RECENT_MOVEMENTS = 200


@dataclass(frozen=True)
class Counter:
    """One figure with its words, and the list of exactly these rows."""

    label: str
    count: str
    url: str
    is_alert: bool

    @property
    def is_loud(self) -> bool:
        return self.is_alert and self.count != "0"


@dataclass(frozen=True)
class Group:
    title: str
    counters: list[Counter]


@dataclass(frozen=True)
class ShopRow:
    """A shop as the first page shows it."""

    pk: int
    name: str
    merchant: str
    state: str
    is_well: bool
    connection: str
    orders_read: str
    problem: str


@dataclass(frozen=True)
class Sign:
    """Whether something that nobody looks at is well."""

    label: str
    text: str
    is_well: bool


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Give the admin's index what it shows; a person sees figures of what they may view."""
    groups = [
        _group(request, "Listings", Listing, LISTING_TABS, LISTING_ALERTS, LISTING_PLAIN),
        _group(request, "Orders", Order, ORDER_TABS, ORDER_ALERTS, ORDER_PLAIN),
        Group("Also", list(_others(request))),
    ]
    context["title"] = "What needs attention"
    context["groups"] = [group for group in groups if group.counters]
    if _may_view(request, Shop):
        context["shop_rows"] = _shops()
        context["shops_url"] = changelist_url(Shop)
    if _may_view(request, Job):
        context["signs"] = [_worker(), _queue(), _stock()]
    return context


LISTING_ALERTS = ("attention", "offers")
LISTING_PLAIN = ("incomplete", "ready", "changed")
ORDER_ALERTS = ("late", "attention", "cancel")
ORDER_PLAIN = ("pending", "unshipped", "today")


def _may_view(request: HttpRequest, model: Any) -> bool:
    opts = model._meta
    return bool(request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}"))


def _group(
    request: HttpRequest,
    title: str,
    model: Any,
    tabs: Sequence[ListTab],
    alerts: Sequence[str],
    plain: Sequence[str],
) -> Group:
    if not _may_view(request, model):
        return Group(title, [])
    by_key = {tab.key: tab for tab in tabs}
    counters = [_counter(model, by_key[key], is_alert=key in alerts) for key in (*alerts, *plain)]
    return Group(title, counters)


def _counter(model: Any, tab: ListTab, *, is_alert: bool, label: str = "") -> Counter:
    return Counter(
        label=label or tab.label,
        count=count_text(tab.rows(model.objects.all())),
        url=f"{changelist_url(model)}?tab={tab.key}",
        is_alert=is_alert,
    )


def _others(request: HttpRequest) -> Iterator[Counter]:
    """Lists of which one tab is what needs a person."""
    for model, tabs, key, label in (
        (Shop, ShopAdmin.tabs, "attention", "Shops that need a person"),
        (IntakeProblem, IntakeProblemAdmin.tabs, "open", "Orders not taken in"),
        (Shipment, ShipmentAdmin.tabs, "refused", "Tracking refused"),
        (UnlinkedListing, UnlinkedListingAdmin.tabs, "open", "Unlinked listings"),
        (Job, JobAdmin.tabs, "failed", "Background work that failed"),
    ):
        if _may_view(request, model):
            tab = next(tab for tab in tabs if tab.key == key)
            yield _counter(model, tab, is_alert=True, label=label)


def _shops() -> list[ShopRow]:
    first = Case(
        When(state__in=[ShopState.NEEDS_RECONNECT, ShopState.MAPPING_REQUIRED], then=Value(0)),
        When(state=ShopState.DISCONNECTED, then=Value(2)),
        default=Value(1),
        output_field=IntegerField(),
    )
    rows = Shop.objects.select_related("merchant", "connection", "intake_cursor")
    return [_shop_row(shop) for shop in rows.order_by(first, "name", "pk")[:SHOPS_SHOWN]]


def _shop_row(shop: Shop) -> ShopRow:
    cursor = getattr(shop, "intake_cursor", None)
    looked = cursor.last_run_at if cursor else None
    return ShopRow(
        pk=shop.pk,
        name=str(shop),
        merchant=str(shop.merchant),
        state=shop.get_state_display(),
        is_well=shop.state == ShopState.ACTIVE,
        connection=health(getattr(shop, "connection", None))[1],
        orders_read=f"{timesince(looked)} ago" if looked else "never",
        problem=shop.problem,
    )


def _worker() -> Sign:
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat is None:
        return Sign("Worker", "Never seen. Nothing happens in the background.", is_well=False)
    return Sign(
        "Worker",
        f"Last seen {timesince(beat.at)} ago"
        if timezone.now() - beat.at > A_MOMENT
        else "Seen now",
        is_well=timezone.now() - beat.at < WORKER_IS_LATE,
    )


def _queue() -> Sign:
    age = queue_age()
    if age <= timedelta(minutes=1):
        return Sign("Queue", "Nothing waits long", is_well=True)
    text = f"The oldest entry has waited {timesince(timezone.now() - age)}"
    return Sign("Queue", text, is_well=age < WORKER_IS_LATE)


def _stock() -> Sign:
    """Compare the levels that moved last with their ledger; all of them would take too long."""
    recent = StockMovement.objects.order_by("-pk").values_list("variant", "fulfillment_center")
    places = set(recent[:RECENT_MOVEMENTS])
    variants = {variant for variant, _ in places}
    ledger = _sums(StockMovement.objects.filter(variant__in=variants))
    levels = _sums(StockLevel.objects.filter(variant__in=variants))
    wrong = sum(ledger.get(place) != levels.get(place) for place in places)
    if wrong:
        return Sign("Stock", f"{wrong:,} levels differ from their ledger", is_well=False)
    return Sign("Stock", f"{len(places):,} levels moved last agree with the ledger", is_well=True)


def _sums(rows: QuerySet[Any]) -> dict[tuple[int, int], tuple[int, int]]:
    found = rows.order_by().values_list("variant", "fulfillment_center")
    return {
        (variant, center): (units, promised)
        for variant, center, units, promised in found.annotate(
            units=Sum("on_hand"), promised=Sum("reserved")
        )
    }
