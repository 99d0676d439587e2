"""The rules of forms that both the admin and the merchant's pages ask; each gives the widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from catalog.models import FulfillmentCenter
from marketplace.kernel.errors import Refused
from orders import carriers
from orders.models import Condition, ReturnLine
from orders.ports import RemoteCarrier
from orders.ports_aftersale import RemoteReason

NO_REASON = "The channel names no reason for which this could be declined now."
NO_CARRIER = "The channel names no carrier for this order's delivery option."
NOT_HERE = "Not here yet"
_LINE = "line_"


class AsksCarrier(forms.Form):
    """Has the fields `carrier`, a choice, and `tracking_number` (R85)."""

    carriers: Mapping[str, RemoteCarrier]

    def offer_carriers(self, known: Sequence[RemoteCarrier]) -> None:
        """Fill the list of carriers; refuse if the channel names none."""
        if not known:
            raise Refused(NO_CARRIER)
        self.carriers = {one.external_id: one for one in known}
        self.fields["carrier"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a carrier"),
            *((key, one.name) for key, one in self.carriers.items()),
        ]

    def clean_carrier(self) -> RemoteCarrier:
        return self.carriers[self.cleaned_data["carrier"]]

    def clean_tracking_number(self) -> str:
        number: str = self.cleaned_data["tracking_number"].strip()
        if problem := carriers.problem_of(number):
            raise ValidationError(problem)
        return number


class AsksReason(forms.Form):
    """Has the field `reason`: one of the channel's own."""

    reasons: Mapping[str, RemoteReason]

    def offer_reasons(self, known: Sequence[RemoteReason]) -> None:
        """Fill the list of reasons; refuse if the channel names none."""
        if not known:
            raise Refused(NO_REASON)
        self.reasons = {reason.name: reason for reason in known}
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a reason"),
            *((reason.name, reason.words) for reason in known),
        ]

    def clean_reason(self) -> RemoteReason:
        return self.reasons[self.cleaned_data["reason"]]


class AsksConditions(forms.Form):
    """Has the field `center`, and gets one for each unit that may have come back (B7)."""

    lines: Sequence[ReturnLine]
    conditions: Mapping[ReturnLine, Condition]

    def offer_lines(
        self, lines: Sequence[ReturnLine], merchant_id: int, widget: Callable[[], forms.Select]
    ) -> None:
        """Ask of each unit in what condition it is; sellable ones go where they left from."""
        self.lines = lines
        centers = FulfillmentCenter.objects.filter(merchant=merchant_id)
        self.fields["center"].queryset = centers  # type: ignore[attr-defined]
        left_from = [line.order_line.order for line in lines if line.order_line]
        self.initial["center"] = left_from[0].fulfillment_center_id if left_from else None
        for line in lines:
            self.fields[f"{_LINE}{line.pk}"] = forms.ChoiceField(
                label=f"{line.seller_sku or line.title}, unit {line.unit_external_id}",
                choices=[("", NOT_HERE), *Condition.choices],
                required=False,
                widget=widget(),
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        given = {line: cleaned.get(f"{_LINE}{line.pk}") for line in self.lines}
        self.conditions = {
            line: Condition(condition) for line, condition in given.items() if condition
        }
        if not self.conditions:
            raise ValidationError("Say of at least one unit in what condition it arrived.")
        if Condition.SELLABLE in self.conditions.values() and not cleaned.get("center"):
            self.add_error("center", "Sellable units need a place: choose a fulfillment center.")
        return cleaned
