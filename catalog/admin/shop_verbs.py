"""What can be done with selected shops: read now, pause, resume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.models import Shop
from catalog.services import shops
from catalog.states import ShopState
from marketplace.kernel.admin_verbs import Outcome, Verb, VerbForm, who
from marketplace.kernel.batch import BatchReport, run_batch
from marketplace.kernel.tasks import nudge

CHANGE = "catalog.change_shop"


def _is_active(shop: Shop) -> bool:
    return shop.state == ShopState.ACTIVE


def _is_paused(shop: Shop) -> bool:
    return shop.state == ShopState.PAUSED


def _ask(kind: str, label: str) -> Callable[..., Outcome]:
    """A verb that asks a worker to do something for each active shop."""

    def run(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        report = BatchReport("Asked for")
        for shop in Shop.objects.filter(pk__in=ids):
            if not _is_active(shop):
                report.refused[f"{shop} is “{shop.get_state_display()}”, not active"] += 1
                continue
            nudge(kind, shop.pk, label=f"{label}: {shop}")
            report.done += 1
        return report

    return run


class PauseForm(VerbForm):
    why = forms.CharField(
        label="Why", required=False, max_length=300, widget=UnfoldAdminTextInputWidget
    )


def pause(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    why = f"Paused by {who(request)}. {given['why']}".strip()
    return run_batch("Paused", Shop.objects.filter(pk__in=ids), lambda row: shops.pause(row, why))


def resume(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    return run_batch("Resumed", Shop.objects.filter(pk__in=ids), shops.resume)


VERBS = (
    Verb(
        name="read_orders",
        label="Read orders now",
        run=_ask("pull_orders", "Read orders"),
        permission=CHANGE,
        button="Read orders now",
        applies=_is_active,
    ),
    Verb(
        name="sync_listings",
        label="Sync listings now",
        run=_ask("sync_listings", "Sync listings"),
        permission=CHANGE,
        button="Sync listings now",
        applies=_is_active,
    ),
    Verb(
        name="send_offers",
        label="Send prices and quantities now",
        run=_ask("export_offers", "Send prices and quantities"),
        permission=CHANGE,
        button="Send prices and quantities now",
        applies=_is_active,
    ),
    Verb(
        name="read_back",
        label="Read prices and quantities back",
        run=_ask("read_back", "Read prices and quantities back"),
        permission=CHANGE,
        button="Read prices and quantities back",
        applies=_is_active,
    ),
    Verb(
        name="refresh_categories",
        label="Refresh categories",
        run=_ask("refresh_taxonomy", "Refresh categories"),
        permission=CHANGE,
        button="Refresh categories",
        applies=_is_active,
    ),
    Verb(
        name="pause",
        label="Pause",
        run=pause,
        permission=CHANGE,
        form=PauseForm,
        button="Pause",
        applies=_is_active,
        explanation="Nothing is read from the channel or sent to it until the shop is resumed. "
        "The connection stays.",
    ),
    Verb(
        name="resume",
        label="Resume",
        run=resume,
        permission=CHANGE,
        button="Resume",
        applies=_is_paused,
    ),
)
