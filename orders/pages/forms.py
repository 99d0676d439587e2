"""Forms of the orders' pages. What a value means is decided by the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from catalog.models import FulfillmentCenter, Merchant
from orders.asking import AsksCarrier, AsksConditions, AsksReason
from orders.models import OrderLine, ReturnLine
from orders.ports import RemoteCarrier
from orders.ports_aftersale import RemoteReason


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select"})


class DeclineForm(AsksReason):
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
        self.offer_reasons(reasons)


class ReceiveForm(AsksConditions):
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
        self.offer_lines(lines, merchant.pk, _select)


class CarrierForm(AsksCarrier):
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
        self.offer_carriers(known)


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
        self.fields["units"].help_text = _still_open(most)

    def clean_units(self) -> int:
        units: int = self.cleaned_data["units"]
        if units > len(self.open_lines):
            raise forms.ValidationError(_still_open(len(self.open_lines)))
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


def _still_open(units: int) -> str:
    return f"{units:,} units still have to leave." if units > 1 else "1 unit still has to leave."
