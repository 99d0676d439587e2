"""The first page of the admin: the board of pending actions, the shops, and signs of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Sum, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince

from catalog.models import Shop, StockLevel, StockMovement
from catalog.states import ShopState
from integrations.admin import health
from marketplace.admin import WORKER_IS_LATE
from marketplace.kernel.admin import A_MOMENT, changelist_url
from marketplace.kernel.models import Heartbeat, Job
from marketplace.kernel.tasks import queue_age
from marketplace.pages.board import groups_for

SHOPS_SHOWN = 20
RECENT_MOVEMENTS = 200


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
    context["title"] = "What needs attention"
    context["groups"] = groups_for(request.user)
    if _may_view(request, Shop):
        context["shop_rows"] = _shops()
        context["shops_url"] = changelist_url(Shop)
    if _may_view(request, Job):
        context["signs"] = [_worker(), _queue(), _stock()]
    return context


def _may_view(request: HttpRequest, model: Any) -> bool:
    opts = model._meta
    return bool(request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}"))


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
