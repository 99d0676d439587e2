from __future__ import annotations

from django import forms

from catalog.models import Shop


def _switch() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"class": "form-check-input", "role": "switch"})


class OutboundForm(forms.ModelForm[Shop]):
    """What leaves for the shop by itself."""

    class Meta:
        model = Shop
        fields = ("push_quantity", "push_price", "push_tracking")
        widgets = {
            "push_quantity": _switch(),
            "push_price": _switch(),
            "push_tracking": _switch(),
        }
        help_texts = {
            "push_quantity": "Changes of quantity go to each mapped warehouse.",
            "push_price": "Changes of price go to the shop's listings.",
            "push_tracking": "Carrier and tracking number go out for each shipment.",
        }


class QuotaForm(forms.ModelForm[Shop]):
    """How many listings a day the channel takes."""

    class Meta:
        model = Shop
        fields = ("on_probation", "daily_listing_limit")
        widgets = {
            "on_probation": _switch(),
            "daily_listing_limit": forms.NumberInput(attrs={"class": "form-control", "min": 1}),
        }
        help_texts = {
            "on_probation": "New shops may upload 100 listings a day until they are trusted.",
            "daily_listing_limit": "Counts while the shop is on probation, from midnight to "
            "midnight in the shop's time zone.",
        }
