"""Forms of the orders' pages. What a value means is decided by the services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from catalog.models import FulfillmentCenter, Merchant
from orders import carriers
from orders.models import Condition, OrderLine, ReturnLine
from orders.ports import RemoteCarrier
from orders.ports_aftersale import RemoteReason

_LINE = "line_"
NOT_HERE = "Not here yet"


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select"})


class DeclineForm(forms.Form):
    """One of the channel's own reasons."""

    reason = forms.ChoiceField(widget=_select())
    comment = forms.CharField(
        label="Comment (optional)",
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
        help_text="The buyer may read it.",
    )

    def __init__(self, reasons: Sequence[RemoteReason], data: Any = None) -> None:
        super().__init__(data)
        self.reasons = {reason.name: reason for reason in reasons}
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a reason"),
            *((reason.name, reason.words) for reason in reasons),
        ]

    def clean_reason(self) -> RemoteReason:
        return self.reasons[self.cleaned_data["reason"]]


class ReceiveForm(forms.Form):
    """For each unit that may come back: whether it is here, and whether it can be sold again."""

    center = forms.ModelChoiceField(
        FulfillmentCenter.objects.none(),
        label="Sellable units go to",
        required=False,
        widget=_select(),
        empty_label="Choose a fulfillment center",
    )

    def __init__(
        self,
        lines: Sequence[ReturnLine],
        merchant: Merchant,
        data: Any = None,
    ) -> None:
        super().__init__(data)
        self.lines = lines
        centers = FulfillmentCenter.objects.filter(merchant=merchant)
        self.fields["center"].queryset = centers  # type: ignore[attr-defined]
        left_from = [line.order_line.order for line in lines if line.order_line]
        self.initial["center"] = left_from[0].fulfillment_center_id if left_from else None
        for line in lines:
            self.fields[f"{_LINE}{line.pk}"] = forms.ChoiceField(
                label=f"{line.seller_sku or line.title}, unit {line.unit_external_id}",
                choices=[("", NOT_HERE), *Condition.choices],
                required=False,
                widget=_select(),
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        given = {line: cleaned.get(f"{_LINE}{line.pk}") for line in self.lines}
        self.conditions: Mapping[ReturnLine, Condition] = {
            line: Condition(condition) for line, condition in given.items() if condition
        }
        if not self.conditions:
            raise forms.ValidationError("Say of at least one unit in what condition it arrived.")
        if Condition.SELLABLE in self.conditions.values() and not cleaned.get("center"):
            self.add_error("center", "Sellable units need a place: choose a fulfillment center.")
        return cleaned


class CarrierForm(forms.Form):
    """A carrier that the channel takes, and a tracking number (R85)."""

    carrier = forms.ChoiceField(widget=_select())
    tracking_number = forms.CharField(
        max_length=60,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )

    def __init__(
        self, known: Sequence[RemoteCarrier], data: Any = None, *, initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial)
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
            raise forms.ValidationError(problem)
        return number


class TrackingForm(CarrierForm):
    """What left, by whom and with which number.

    The page names the units that were open when it was shown, so that sending it twice cannot
    ship the next ones.
    """

    first = forms.IntegerField(widget=forms.HiddenInput)
    units = forms.IntegerField(
        label="Units in this parcel",
        min_value=1,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )

    def __init__(
        self, known: Sequence[RemoteCarrier], open_lines: Sequence[OrderLine], data: Any = None
    ) -> None:
        first, most = open_lines[0].pk, len(open_lines)
        super().__init__(known, data, initial={"first": first, "units": most})
        self.open_lines = open_lines
        self.fields["units"].widget.attrs["max"] = most
        self.fields["units"].help_text = f"{most:,} still have to leave."

    def clean_units(self) -> int:
        units: int = self.cleaned_data["units"]
        if units > len(self.open_lines):
            raise forms.ValidationError(f"{len(self.open_lines):,} still have to leave.")
        return units

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("first") != self.open_lines[0].pk:
            raise forms.ValidationError(
                "A unit of this order left or was canceled since this page was shown. Look at "
                "what is still open, and enter the parcel again if it is another one."
            )
        return cleaned

    def leaving(self) -> Sequence[OrderLine]:
        """The units of this parcel, of a valid form."""
        return self.open_lines[: self.cleaned_data["units"]]
