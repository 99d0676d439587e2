"""What can be done with selected shops: read now, pause, resume."""

from __future__ import annotations

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


def _asking(name: str, kind: str, label: str) -> Verb:
    """A verb that asks a worker to do something for each active shop."""

    def run(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        report = BatchReport("Asked for")
        for shop in Shop.objects.filter(pk__in=ids):
            if not _is_active(shop):
                report.refused[f"{shop} is “{shop.get_state_display()}”, not active"] += 1
                continue
            nudge(kind, shop.pk, label=f"{label.removesuffix(' now')}: {shop}")
            report.done += 1
        return report

    return Verb(name, label, CHANGE, run=run, button=label, applies=_is_active)


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
    _asking("read_orders", "pull_orders", "Read orders now"),
    _asking("sync_listings", "sync_listings", "Sync listings now"),
    _asking("send_offers", "export_offers", "Send prices and quantities now"),
    _asking("read_back", "read_back", "Read prices and quantities back"),
    _asking("refresh_categories", "refresh_taxonomy", "Refresh categories"),
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
