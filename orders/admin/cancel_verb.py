"""The seller cancels an order, or single units of it where the channel lets him; asked twice."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from catalog.models import Shop
from marketplace.kernel.admin_verbs import Outcome, Verb, VerbForm, who
from marketplace.kernel.errors import Refused
from orders.admin.aftersale import hurry
from orders.models import Order, OrderLine
from orders.ports_aftersale import RemoteReason
from orders.services import cancellations
from orders.states import OrderState

CHANGE = "orders.change_cancellationrequest"
CANCELABLE = (OrderState.PENDING, OrderState.UNSHIPPED, OrderState.PARTIALLY_SHIPPED)


class CancelForm(VerbForm):
    """A reason of the channel, the units if not all, and a tick that it cannot be undone."""

    reason = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    units = forms.MultipleChoiceField(
        label="Only these units",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    sure = forms.BooleanField(
        label="Yes, cancel it: the buyer gets the money back, and it cannot be undone",
        widget=UnfoldBooleanWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        orders = list(self.rows.select_related("shop", "channel_order"))
        if len({order.channel_order_id for order in orders}) != 1:
            raise Refused("Cancel one order at a time.")
        self.head = orders[0].channel_order
        lines = OrderLine.objects.filter(order__channel_order=self.head).select_related("order")
        self.open = [line for line in lines.order_by("pk") if line.is_open]
        if not self.open:
            raise Refused("Nothing is left to cancel: all was shipped or canceled.")
        found = cancellations.cancel_reasons(orders[0].shop)
        self.reasons = {reason.name: reason for reason in found}
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a reason"),
            *((reason.name, reason.words) for reason in found),
        ]
        self._offer_units([reason.words for reason in found if reason.cancels_units])

    def _offer_units(self, single: list[str]) -> None:
        if not single or len(self.open) == 1:
            del self.fields["units"]
            return
        self.fields["units"].choices = [  # type: ignore[attr-defined]
            (line.external_id, f"{line.order.seller_sku or line.order.part}, {line.price}")
            for line in self.open
        ]
        self.fields[
            "units"
        ].help_text = f"Only with the reason “{', '.join(single)}”. None ticked: the whole order."

    def preview(self) -> list[str]:
        """Which buyer's order it is, with all of its parts."""
        skus = sorted({line.order.seller_sku or line.order.part for line in self.open})
        units = f"{len(self.open):,} unit{'s' * (len(self.open) > 1)}"
        return [
            f"Order {self.head.external_id}: {units} not shipped yet, of {', '.join(skus)}.",
            "With “Out of stock” the channel sets its own quantity of the SKU to zero.",
        ]

    def clean_reason(self) -> RemoteReason:
        return self.reasons[self.cleaned_data["reason"]]


def cancel(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    order = Order.objects.select_related("channel_order__shop").filter(pk__in=ids)[0]
    head, units = order.channel_order, given.get("units", [])
    cancellations.cancel_order(head, given["reason"], by=who(request), unit_ids=units)
    hurry(Shop.objects.filter(pk=head.shop_id))
    what = f"{len(units):,} units of order" if units else "Order"
    return f"{what} {head.external_id}: the channel is being told to cancel. Stock is back then."


CANCEL_ORDER = Verb(
    name="cancel_order",
    label="Cancel and refund",
    run=cancel,
    permission=CHANGE,
    form=CancelForm,
    button="Cancel order",
    applies=lambda row: row.state in CANCELABLE,
    explanation="The channel cancels the buyer's order and pays the money back. The stock held "
    "for it is free again as soon as the channel says so.",
)
