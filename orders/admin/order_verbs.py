"""What can be done with selected orders: enter tracking, try again, see to attention."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.models import Shop
from marketplace.kernel.admin_verbs import Outcome, Verb, VerbForm, who
from marketplace.kernel.batch import run_batch
from marketplace.kernel.errors import Refused
from marketplace.kernel.tasks import nudge
from orders import carriers
from orders.models import TO_SHIP, Order, OrderAttention
from orders.ports import RemoteCarrier
from orders.services import attention, held, shipping

CHANGE = "orders.change_order"
SHIP = "orders.add_shipment"
#: One tracking number rarely covers more parts than a combined package may hold.
MOST_IN_A_PARCEL = 20


class TrackingForm(VerbForm):
    """The carriers come from the channel, for the delivery option of these orders (R85)."""

    carrier = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    tracking_number = forms.CharField(max_length=60, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        orders = list(self.rows.select_related("shop", "channel_order")[: MOST_IN_A_PARCEL + 1])
        _check_parcel(orders)
        self.carriers = {one.external_id: one for one in shipping.carriers(orders[0])}
        if not self.carriers:
            raise Refused("The channel names no carrier for this order's delivery option.")
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


def _check_parcel(orders: list[Order]) -> None:
    """One number is one parcel: to one buyer, from one shop, by one delivery option."""
    if len(orders) == 1:
        if why := shipping.why_not_shippable(orders[0]):
            raise Refused(why)
        return
    if len(orders) > MOST_IN_A_PARCEL:
        raise Refused(f"One parcel holds at most {MOST_IN_A_PARCEL} orders; select fewer.")
    if len({order.channel_order_id for order in orders}) > 1:
        raise Refused(
            "One tracking number is for one parcel: select parts of the same channel order, or "
            "enter tracking order by order."
        )


def enter_tracking(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    rows = Order.objects.filter(pk__in=ids).order_by("pk")

    def ship(order: Order) -> None:
        shipping.record_shipment(
            order,
            carrier=given["carrier"],
            tracking_number=given["tracking_number"],
            by=who(request),
        )

    report = run_batch("Shipped", rows.select_related("shop", "channel_order"), ship)
    if report.done:
        hurry_tracking(orders__in=ids)
    return report


def hurry_tracking(**which: Any) -> None:
    """Tracking goes out by schedule anyway; ask for it now."""
    for shop in Shop.objects.active().filter(**which).distinct():
        nudge("send_tracking", shop.pk, label=f"Send tracking: {shop}")


def retry(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    done = 0
    for shop in Shop.objects.filter(orders__in=ids).distinct():
        done += held.retry_attentions(shop=shop, by=who(request)).orders
    left = Order.objects.filter(pk__in=ids).needing_attention().count()
    return f"Tried again: {done:,} held orders went on; {left:,} selected ones still need a person."


def resolve(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    rows = OrderAttention.objects.filter(order__in=ids, resolved_at=None)
    return run_batch(
        "Marked as seen to:", rows, lambda row: attention.dismiss(row, by=who(request))
    )


def needs_attention(row: Order) -> bool:
    return row.attentions.filter(resolved_at=None).exists()


def may_ship(row: Order) -> bool:
    return row.state in TO_SHIP and not (row.ships_itself or row.fulfilled_by_channel)


VERBS = (
    Verb(
        name="enter_tracking",
        label="Enter tracking",
        run=enter_tracking,
        permission=SHIP,
        form=TrackingForm,
        button="Enter tracking",
        applies=may_ship,
        explanation="All units that are still open leave with this parcel, their stock leaves the "
        "ledger, and the tracking number goes to the channel by itself.",
    ),
    Verb(
        name="retry_attention",
        label="Retry attention",
        run=retry,
        permission=CHANGE,
        button="Try again",
        applies=needs_attention,
    ),
    Verb(
        name="resolve_attention",
        label="Mark attention as seen to",
        run=resolve,
        permission=CHANGE,
        button="Mark as seen to",
        applies=needs_attention,
    ),
)
