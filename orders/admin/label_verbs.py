"""Getting a label of the channel: its price first, then once (R80, GB6)."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from catalog.models import Shop, WeightUnit
from marketplace.kernel.admin_verbs import LOOK_FIELD, Outcome, Verb, VerbForm, who
from marketplace.kernel.errors import Failure, Refused
from orders.admin.outgoing import hurry
from orders.models import TO_SHIP, Order
from orders.ports_labels import DROP_OFF, PICKUP, LabelService, ParcelSize, PickupTime
from orders.services import labels

BUY = "orders.add_label"
MOST_AT_ONCE = 50
WEIGHT_UNITS = (("POUND", "pounds"), ("GRAM", "grams"))
SIZE_UNITS = (("INCH", "inches"), ("CM", "centimeters"))
SIDES = ("length", "width", "height")


def _number() -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_digits=9,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )


class LabelForm(VerbForm):
    """Weight and service where labels are bought by weight; else how the parcel is handed over."""

    look_button = "Show services and prices"

    weight = forms.DecimalField(
        min_value=Decimal("0.001"),
        max_digits=9,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Of the packed parcel; it starts with what the goods weigh",
    )
    weight_unit = forms.ChoiceField(choices=WEIGHT_UNITS, widget=UnfoldAdminSelectWidget)
    length, width, height = _number(), _number(), _number()
    size_unit = forms.ChoiceField(choices=SIZE_UNITS, widget=UnfoldAdminSelectWidget)
    service = forms.ChoiceField(
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Enter the weight, then look at the prices to choose one",
    )
    handover = forms.ChoiceField(label="Hand over by", widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = self.rows.select_related("shop", "channel_order", "variant").order_by("pk")
        self.orders = list(rows[: MOST_AT_ONCE + 1])
        _check(self.orders)
        self.one_order = len({order.channel_order_id for order in self.orders}) == 1
        self.services: dict[str, LabelService] = {}
        self.pickups: dict[str, PickupTime] = {}
        self.trouble = ""
        if labels.sells_by_weight(self.orders[0]):
            self._ask_for_weight()
        else:
            self._ask_for_handover()

    def _ask_for_weight(self) -> None:
        del self.fields["handover"]
        self.fields["service"].choices = [("", "The channel's own choice")]  # type: ignore[attr-defined]
        if self.one_order and (grams := labels.goods_weight(self.orders)):
            pounds = (grams / labels.GRAMS[WeightUnit.POUND]).quantize(Decimal("0.01"), ROUND_UP)
            self.initial = {"weight": pounds}
        if not self.one_order:
            self.look_button = ""
            self.fields["service"].help_text = "Several orders go by the channel's own choice"
        elif size := self._size_of(self.data):
            self._ask_prices(size)

    def _ask_prices(self, size: ParcelSize) -> None:
        try:
            found = labels.services(self.orders, size)
        except Failure as error:
            self.trouble = str(error)
            return
        self.services = {one.external_id: one for one in found}
        self.fields["service"].choices = [  # type: ignore[attr-defined]
            ("", "The channel's own choice"),
            *((one.external_id, _offer(one)) for one in found),
        ]

    def _ask_for_handover(self) -> None:
        for name in ("weight", "weight_unit", *SIDES, "size_unit", "service"):
            del self.fields[name]
        self.look_button = ""
        choices = [(DROP_OFF, "Drop it off at the carrier"), (PICKUP, "Let the carrier pick it up")]
        if self.one_order:
            found = labels.handover(self.orders[0])
            self.pickups = {_key(one): one for one in found.pickup_times}
            choices = [choices[0]] if found.can_drop_off else []
            if found.can_pickup:
                choices += [(key, _when(one)) for key, one in self.pickups.items()]
        self.fields["handover"].choices = choices  # type: ignore[attr-defined]

    def preview(self) -> list[str]:
        if self.trouble:
            return [self.trouble]
        if self.services and LOOK_FIELD in self.data:
            return [f"{_offer(one)}." for one in self.services.values()]
        return []

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        sides = [given.get(name) for name in SIDES]
        if any(sides) and not all(sides):
            raise forms.ValidationError("Enter length, width and height, or none of them.")
        if self.trouble:
            raise forms.ValidationError(self.trouble)
        return given

    def plan(self) -> labels.Plan:
        """What the person chose, for the service."""
        given = self.cleaned_data
        if "handover" in given:
            pickup = self.pickups.get(given["handover"])
            return labels.Plan(handover=PICKUP if pickup else given["handover"], pickup=pickup)
        return labels.Plan(
            size=self._size_of(given), service=self.services.get(given.get("service", ""))
        )

    def _size_of(self, given: Any) -> ParcelSize | None:
        try:
            weight = self.fields["weight"].clean(given.get("weight"))
            sides = [self.fields[name].clean(given.get(name)) for name in SIDES]
        except forms.ValidationError:
            return None
        whole = (sides[0], sides[1], sides[2]) if all(sides) else None
        units = given.get("weight_unit", ""), given.get("size_unit", "")
        return ParcelSize(weight, units[0], whole, units[1] if whole else "")

    def is_valid(self) -> bool:
        """The plan travels with the cleaned data, because it holds what the channel offered."""
        if not super().is_valid():
            return False
        self.cleaned_data["plan"] = self.plan()
        return True


def _check(orders: list[Order]) -> None:
    if len(orders) > MOST_AT_ONCE:
        raise Refused(f"At most {MOST_AT_ONCE} labels at a time; select fewer orders.")
    if len({order.shop_id for order in orders}) > 1:
        raise Refused("These orders are of several shops: get their labels shop by shop.")
    for order in orders:
        if why := labels.why_no_label(order):
            raise Refused(f"{order}: {why}" if len(orders) > 1 else why)


def _offer(one: LabelService) -> str:
    best, worst = one.days
    days = f"{best} to {worst} days" if best != worst else f"{best} days"
    chosen = " (the channel's own choice)" if one.is_default else ""
    return f"{one.name}, {one.price}, {days}{chosen}"


def _key(one: PickupTime) -> str:
    return f"{int(one.start.timestamp())}-{int(one.end.timestamp())}"


def _when(one: PickupTime) -> str:
    def local(moment: datetime) -> datetime:
        return timezone.localtime(moment)

    return f"Pickup on {local(one.start):%a %d %b, %H:%M} to {local(one.end):%H:%M} UTC"


def get_labels(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    orders = list(Order.objects.filter(pk__in=ids).order_by("pk"))
    wanted = labels.want_labels(orders, given["plan"], by=who(request))
    hurry("buy_labels", "Buy labels", Shop.objects.active().filter(labels__in=wanted))
    return (
        f"{len(wanted):,} label{'s are' if len(wanted) > 1 else ' is'} being bought. They stand "
        "under Labels within a minute, ready to print."
    )


def may_have_label(row: Order) -> bool:
    return row.state in TO_SHIP and row.ships_itself and not row.fulfilled_by_channel


GET_LABEL = Verb(
    name="get_label",
    label="Get label",
    run=get_labels,
    permission=BUY,
    form=LabelForm,
    button="Get label",
    applies=may_have_label,
    explanation="The channel makes the label and takes its price from your account with it. The "
    "order moves on by itself when the channel reports the parcel.",
)
