"""The repricing board: what rules do, what they changed, and which prices are held (B12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from catalog.models import Drift, Offer, PriceChange, PriceRule, PriceRun
from catalog.services import price_looks
from marketplace.kernel.admin import BaseAdmin, changelist_url

DAYS = 30
RUNS_SHOWN = 20


@dataclass(frozen=True)
class Figure:
    """A number, its words, and the list of exactly those rows."""

    label: str
    count: int
    url: str
    is_loud: bool = False


def board_view(request: HttpRequest, model_admin: BaseAdmin) -> HttpResponse:
    """Figures of repricing, each opening its list; the same few queries however many rows."""
    if not request.user.has_perms(["catalog.view_pricerule", "catalog.view_pricechange"]):
        raise PermissionDenied
    now = timezone.now()
    today = datetime.combine(now.date(), time.min, UTC)
    days = price_looks.changes_by_day(now, DAYS)
    standing = price_looks.standing()
    runs = PriceRun.objects.filter(created_at__gte=today).select_related("shop", "rule")
    return model_admin.page(
        request,
        "admin/price_board.html",
        "Repricing board",
        rules=_rules(now),
        figures=_figures(standing, today),
        reasons=_reasons(standing),
        runs=list(runs[:RUNS_SHOWN]),
        runs_url=_url(PriceRun, tab="today"),
        chart=_chart(days) if any(up or down for _, up, down in days) else None,
    )


def _url(model: type[Model], **query: object) -> str:
    return f"{changelist_url(model)}?{urlencode(query)}" if query else changelist_url(model)


def _rules(now: datetime) -> list[Figure]:
    rules = PriceRule.objects.all()
    in_force = rules.counting(now).filter(is_paused=False, problem="").count()
    paused = rules.filter(is_paused=True).count()
    stuck = rules.filter(is_paused=False).exclude(problem="").count()
    return [
        Figure("Rules running", in_force, _url(PriceRule, tab="running")),
        Figure("Rules paused", paused, _url(PriceRule, tab="paused")),
        Figure("Rules that cannot run", stuck, _url(PriceRule, tab="problem"), stuck > 0),
    ]


def _figures(standing: dict[str, int], today: datetime) -> list[Figure]:
    changes = PriceChange.objects.filter(at__gte=today).count()
    drifts = Drift.objects.open().filter(Q(warehouse__isnull=True)).count()
    drift_url = _url(Drift, tab="open", warehouse__isnull="True")
    found = [Figure("Prices changed today", changes, _url(PriceChange, tab="today"))]
    for key, label, is_loud in (
        ("floor", "At the floor", False),
        ("ceiling", "At the ceiling", False),
        ("own", "Own prices", False),
        ("kept", "Kept as they are", True),
        ("unsent", "Not sent", True),
        ("region", "Outside the region", True),
    ):
        count = standing[key]
        found.append(Figure(label, count, _url(Offer, tab=key), is_loud and count > 0))
    return [*found, Figure("Shown differently there", drifts, drift_url, drifts > 0)]


def _reasons(standing: dict[str, int]) -> list[Figure]:
    """Why prices stay, the most frequent reason first."""
    named = [(key, words) for key, words, _ in price_looks.HELD_REASONS]
    found = [
        Figure(words, standing[f"held_{key}"], _url(Offer, tab="kept", held=key))
        for key, words in [*named, (price_looks.OTHER, "Other reasons")]
    ]
    return sorted((one for one in found if one.count), key=lambda one: -one.count)


def _chart(days: list[tuple[str, int, int]]) -> dict[str, Any]:
    return {
        "kind": "bar",
        "stacked": True,
        "labels": [day for day, _, _ in days],
        "series": [
            {"name": "Raised", "color": "green", "values": [up for _, up, _ in days]},
            {"name": "Lowered", "color": "orange", "values": [down for _, _, down in days]},
        ],
    }
