"""Receiving and counting stock by hand; the ledger gets one line per submitted form."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.admin.hurry import hurry_exports
from catalog.models import FulfillmentCenter, StockLevel, Variant
from catalog.services import stock
from marketplace.kernel.admin_verbs import Outcome, Verb, VerbForm, who
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused

PERMISSION = "catalog.add_stockmovement"


class UnitsForm(VerbForm):
    """How many units, and why. The hidden reference makes a second click change nothing."""

    units = forms.IntegerField(
        label="Units", min_value=0, max_value=9_999_999, widget=UnfoldAdminIntegerFieldWidget
    )
    note = forms.CharField(
        required=False, max_length=300, widget=UnfoldAdminTextInputWidget, label="Note"
    )
    reference = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("reference", f"admin:{uuid.uuid4().hex}")


class PlaceForm(UnitsForm):
    """Units of selected variants at one fulfillment center of their merchant."""

    field_order = ("fulfillment_center", "units", "note")
    fulfillment_center = forms.ModelChoiceField(
        FulfillmentCenter.objects.none(), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        merchants = list(self.rows.order_by().values_list("merchant", flat=True).distinct()[:2])
        if len(merchants) > 1:
            raise Refused("Select variants of one merchant: stock is at a merchant's own places.")
        centers = FulfillmentCenter.objects.filter(merchant__in=merchants)
        if not centers.exists():
            raise Refused("This merchant has no fulfillment center yet. Add one first.")
        self.fields["fulfillment_center"].queryset = centers  # type: ignore[attr-defined]


Write = Callable[..., bool]


def _at_place(verb: str, write: Write) -> Callable[..., Outcome]:
    def run(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        center = given["fulfillment_center"]
        variants = Variant.objects.filter(pk__in=ids)

        def one(variant: Variant) -> None:
            _write(write, variant, center, request, given)

        report = run_batch(verb, variants, one)
        hurry_exports(variants)
        return report

    return run


def _at_levels(verb: str, write: Write) -> Callable[..., Outcome]:
    def run(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
        levels = StockLevel.objects.filter(pk__in=ids)

        def one(level: StockLevel) -> None:
            _write(write, level.variant, level.fulfillment_center, request, given)

        report = run_batch(verb, levels.select_related("variant", "fulfillment_center"), one)
        hurry_exports(Variant.objects.filter(stock_levels__in=ids))
        return report

    return run


def _write(
    write: Write,
    variant: Variant,
    center: FulfillmentCenter,
    request: HttpRequest,
    given: dict[str, Any],
) -> None:
    reference = f"{given['reference']}:{variant.pk}:{center.pk}"
    write(variant, center, given["units"], reference=reference, by=who(request), note=given["note"])


RECEIVE = "Units that arrived are added to what is on hand."
COUNT = (
    "What is physically there is set to this figure; the difference becomes a line in the ledger. "
    "Fewer units than are promised to orders are refused."
)

VARIANT_VERBS = (
    Verb(
        name="receive_stock",
        label="Receive stock",
        run=_at_place("Received for", stock.receive),
        permission=PERMISSION,
        form=PlaceForm,
        button="Receive stock",
        explanation=RECEIVE,
    ),
    Verb(
        name="count_stock",
        label="Adjust stock to a count",
        run=_at_place("Adjusted", stock.count),
        permission=PERMISSION,
        form=PlaceForm,
        button="Adjust stock",
        explanation=COUNT,
    ),
)

LEVEL_VERBS = (
    Verb(
        name="receive_stock",
        label="Receive stock",
        run=_at_levels("Received for", stock.receive),
        permission=PERMISSION,
        form=UnitsForm,
        button="Receive stock",
        explanation=RECEIVE,
    ),
    Verb(
        name="count_stock",
        label="Adjust stock to a count",
        run=_at_levels("Adjusted", stock.count),
        permission=PERMISSION,
        form=UnitsForm,
        button="Adjust stock",
        explanation=COUNT,
    ),
)
