"""Entering tracking numbers: for one order, some of its units, or several orders in one parcel."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.models import Shop
from marketplace.kernel.admin_verbs import Outcome, Verb, VerbForm, who
from marketplace.kernel.errors import Refused
from orders.admin.outgoing import hurry
from orders.asking import AsksCarrier
from orders.models import TO_SHIP, Order, Shipment
from orders.services import carrier_list, parcel_rules, shipping
from orders.states import ShipmentState

SHIP = "orders.add_shipment"
#: More parts than this are not one parcel; the channel's own limit is on its orders.
MOST_IN_A_PARCEL = 100


class CarrierForm(AsksCarrier, VerbForm):
    """A carrier of the channel for these orders' delivery option, and a number (R85)."""

    carrier = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    tracking_number = forms.CharField(max_length=60, widget=UnfoldAdminTextInputWidget)


class TrackingForm(CarrierForm):
    """What left, by whom, and with which number."""

    units = forms.IntegerField(
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="How many of the open units are in this parcel. Empty: all of them.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = self.rows.select_related("shop", "channel_order__address")
        self.orders = list(rows[: MOST_IN_A_PARCEL + 1])
        _check(self.orders)
        self.offer_carriers(carrier_list.carriers(self.orders[0]))
        self.open_units = sum(_open_units(order) for order in self.orders)
        if len(self.orders) > 1 or self.open_units == 1:
            del self.fields["units"]

    def preview(self) -> list[str]:
        heads = len({order.channel_order_id for order in self.orders})
        units = f"{self.open_units:,} open unit{'s' * (self.open_units > 1)}"
        if len(self.orders) == 1:
            words = [f"{units} of {self.orders[0]}."]
        elif heads == 1:
            words = [f"One package with {len(self.orders)} parts of one order: {units}."]
        else:
            words = [f"One number for {heads} orders of the same recipient: {units}."]
        if not self.orders[0].shop.push_tracking:
            words.append(
                "Outbound tracking of this shop is off: the number is held here and goes to the "
                "channel when it is switched on."
            )
        return words

    def clean_units(self) -> int | None:
        units: int | None = self.cleaned_data["units"]
        if units and units > self.open_units:
            raise forms.ValidationError(f"{self.open_units:,} units are still open.")
        return units


def _open_units(order: Order) -> int:
    return order.quantity - order.canceled_quantity - order.shipped_quantity


def _check(orders: list[Order]) -> None:
    if len(orders) > MOST_IN_A_PARCEL:
        raise Refused(f"One parcel holds at most {MOST_IN_A_PARCEL} order parts; select fewer.")
    for order in orders:
        if why := parcel_rules.why_not_shippable(order):
            raise Refused(f"{order}: {why}" if len(orders) > 1 else why)
    parcel_rules.check_together(orders)


def enter_tracking(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    orders = list(Order.objects.filter(pk__in=ids).order_by("pk"))
    parcel = {
        "carrier": given["carrier"],
        "tracking_number": given["tracking_number"],
        "by": who(request),
    }
    if len(orders) == 1:
        sent = [shipping.record_shipment(orders[0], units=given.get("units"), **parcel)]
    else:
        sent = shipping.record_parcel(orders, **parcel)
    hurry_tracking(orders__in=ids)
    return _told(sent, len(orders))


def _told(shipments: list[Shipment], parts: int) -> str:
    what = f"{parts:,} orders left" if parts > 1 else "It left"
    if shipments[0].state == ShipmentState.HELD:
        rest = "The number is held: outbound tracking of this shop is off."
    else:
        rest = "The number goes to the channel by itself."
    return f"{what} with {shipments[0]}. {rest}"


def hurry_tracking(**which: Any) -> None:
    """Tracking goes out by schedule anyway; ask for it now."""
    hurry("send_tracking", "Send tracking", Shop.objects.active().filter(**which))


def may_ship(row: Order) -> bool:
    return row.state in TO_SHIP and not (row.ships_itself or row.fulfilled_by_channel)


ENTER_TRACKING = Verb(
    name="enter_tracking",
    label="Enter tracking",
    run=enter_tracking,
    permission=SHIP,
    form=TrackingForm,
    button="Enter tracking",
    applies=may_ship,
    explanation="The units leave with this parcel, their stock leaves the ledger, and the "
    "tracking number goes to the channel by itself. Several selected orders are one parcel.",
)
