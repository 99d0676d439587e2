"""Forms of the catalog's pages. What a value means is decided by the services."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from catalog.models import ChannelWarehouse, Offer
from catalog.services.mapping import CenterChoice, Proposal
from catalog.services.own_prices import COLUMNS
from marketplace.kernel.money import decimals

DO_NOT_USE = "none"


class CenterSelect(forms.Select):
    """A list of fulfillment centers in which the ones already used cannot be chosen."""

    def __init__(self, taken: set[int]) -> None:
        super().__init__(attrs={"class": "form-select", "data-center": ""})
        self.taken = {str(pk) for pk in taken}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.taken:
            option["attrs"] |= {"disabled": True, "data-taken": ""}
        return option


def _label(choice: CenterChoice) -> str:
    if choice.used_for:
        return f"{choice.center} (already mapped to {choice.used_for})"
    shared = ", shared pool" if choice.shared_with else ""
    return f"{choice.center} ({choice.available:,} available, {choice.on_hand:,} on hand{shared})"


class MappingForm(forms.Form):
    """One choice of a fulfillment center for each warehouse that is not mapped yet."""

    def __init__(self, proposal: Proposal, data: Any = None, *, may_skip: bool = True) -> None:
        super().__init__(data)
        self.warehouses = {self._name(row): row for row in proposal.warehouses}
        centers = [(str(choice.center.pk), _label(choice)) for choice in proposal.choices]
        skip = [(DO_NOT_USE, "Do not use this warehouse")] if may_skip else []
        taken = {choice.center.pk for choice in proposal.choices if not choice.is_free}
        for name, warehouse in self.warehouses.items():
            self.fields[name] = forms.ChoiceField(
                label=warehouse.name,
                choices=[("", "Choose a fulfillment center"), *centers, *skip],
                widget=CenterSelect(taken),
                error_messages={"required": "Choose a fulfillment center, or “Do not use”."},
            )

    @staticmethod
    def _name(warehouse: ChannelWarehouse) -> str:
        return f"warehouse_{warehouse.pk}"

    @property
    def rows(self) -> list[tuple[ChannelWarehouse, forms.BoundField]]:
        """Each warehouse with its field, for the page."""
        return [(warehouse, self[name]) for name, warehouse in self.warehouses.items()]

    def choices(self) -> dict[int, int | None]:
        """What was chosen: warehouse id -> center id, or None for “Do not use”."""
        return {
            warehouse.pk: None
            if self.cleaned_data[name] == DO_NOT_USE
            else int(self.cleaned_data[name])
            for name, warehouse in self.warehouses.items()
        }


class OwnPriceForm(forms.Form):
    """A SKU's own price and its limits, in its shop's currency; an empty field takes one away.

    What a person did not touch stays as it is, also if another changed it meanwhile.
    """

    WORDS = {
        "price_by_hand": ("Own price", "Empty: the rule or the catalog decides"),
        "price_floor": ("Never below", "Empty: no floor of its own"),
        "price_ceiling": ("Never above", "Empty: no ceiling of its own"),
    }

    def __init__(self, offer: Offer, data: Any = None) -> None:
        self.offer = offer
        super().__init__(data, initial={name: getattr(offer, name) for name in COLUMNS})
        places = decimals(offer.currency)
        for name, (label, help_text) in self.WORDS.items():
            self.fields[name] = forms.DecimalField(
                label=label,
                help_text=help_text,
                required=False,
                min_value=Decimal(1).scaleb(-places),
                max_digits=12,
                decimal_places=places,
                show_hidden_initial=True,
                widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "decimal"}),
            )

    def changes(self) -> dict[str, Decimal | None]:
        """What the person changed, by column of the offer."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
