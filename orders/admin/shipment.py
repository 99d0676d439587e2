"""Shipments: what left, and whether the channel has its tracking number."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from catalog.models import Shop
from marketplace.kernel.admin import ago, first_line
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb, who
from marketplace.kernel.errors import Refused
from orders import carriers
from orders.admin.labels import SHIPMENT_LABELS
from orders.admin.outgoing import OutgoingAdmin, UnitInline, hurry
from orders.admin.tables import stacked
from orders.admin.tracking_verbs import CarrierForm
from orders.models import Order, Shipment, ShipmentLine
from orders.ports import shipping_channels
from orders.services import carrier_list, corrections
from orders.states import ShipmentState

CHANGE = "orders.change_shipment"
HELD_NOTE = "It goes once this is switched on in the shop"


class CorrectForm(CarrierForm):
    """Another carrier or number for one parcel."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.rows.count() != 1:
            raise Refused("Correct one tracking number at a time.")
        self.shipment = self.rows.select_related("shop").get()
        if why := corrections.why_not_correctable(self.shipment):
            raise Refused(why)
        part = Order.objects.filter(channel_order=self.shipment.channel_order_id)
        order = part.select_related("shop", "channel_order")[0]
        self.offer_carriers(carrier_list.carriers(order))
        named = {one.name: key for key, one in self.carriers.items()}
        self.initial = {
            "carrier": self.shipment.carrier_external_id or named.get(self.shipment.carrier, ""),
            "tracking_number": self.shipment.tracking_number,
        }

    def preview(self) -> list[str]:
        row = self.shipment
        if not row.sent_number:
            return ["The channel has no number for this parcel yet: this is only an edit here."]
        rules = shipping_channels.get(row.shop.channel).rules(row.shop)
        times = "once" if rules.corrections == 1 else f"{rules.corrections} times"
        within = ""
        if rules.correct_within:
            within = f", within {int(rules.correct_within.total_seconds() // 3600)} hours"
        return [
            f"The channel has {row.sent_number}. It lets a number be changed {times}{within}: "
            "check the new one before you send it."
        ]


def correct(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    shipment = Shipment.objects.select_related("shop").get(pk=ids[0])
    corrections.correct_tracking(
        shipment,
        carrier=given["carrier"],
        tracking_number=given["tracking_number"],
        by=who(request),
    )
    hurry("send_tracking", "Send tracking", Shop.objects.filter(pk=shipment.shop_id))
    if shipment.state == ShipmentState.HELD:
        return f"Changed to {shipment}. It is held: outbound tracking of this shop is off."
    return f"Changed to {shipment}. It goes to the channel by itself."


def send_now(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    shops = hurry("send_tracking", "Send tracking", Shop.objects.filter(shipments__in=ids))
    return f"Asked for {shops:,} shops: what was not sent yet goes out now."


class ShipmentUnitInline(UnitInline):
    model = ShipmentLine


def _on_the_way(rows: Any) -> Any:
    return rows.filter(state__in=[ShipmentState.WANTED, ShipmentState.SENDING])


@admin.register(Shipment)
class ShipmentAdmin(OutgoingAdmin):
    colors = SHIPMENT_LABELS
    list_display = (
        "parcel", "order_and_shop", "state_and_problem", "shipped_and_by", "sent",
    )  # fmt: skip
    search_fields = ("tracking_number", "channel_order__external_id")
    search_help_text = "Search by tracking number or order id"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("tracking", "state_label"),
                    ("shop", "order_id"),
                    "problem_full",
                    ("shipped", "sent"),
                    ("on_channel", "corrections"),
                    ("package_external_id", "attempts"),
                    "by",
                )
            },
        ),
    )
    readonly_fields = (
        "tracking",
        "state_label",
        "order_id",
        "problem_full",
        "shipped",
        "sent",
        "on_channel",
    )
    inlines = (ShipmentUnitInline,)
    tabs = (
        ListTab("all", "All", "Every parcel that left.", lambda rows: rows),
        ListTab("wanted", "To be sent", "Their number goes to the channel next.", _on_the_way),
        ListTab(
            "held",
            "Held",
            "Outbound tracking of the shop is off. They go out when it is switched on.",
            lambda rows: rows.filter(state=ShipmentState.HELD),
        ),
        ListTab(
            "refused",
            "Refused",
            "The channel did not take the number. Correct it, or correct the order there.",
            lambda rows: rows.filter(state=ShipmentState.REFUSED),
        ),
    )
    verbs = (
        Verb(
            name="correct_tracking",
            label="Correct tracking",
            run=correct,
            permission=CHANGE,
            form=CorrectForm,
            button="Correct tracking",
            applies=lambda row: not row.made_on_channel,
        ),
        Verb(
            name="send_tracking",
            label="Send tracking now",
            run=send_now,
            permission=CHANGE,
            button="Send tracking now",
            applies=lambda row: row.state != ShipmentState.SENT,
        ),
    )
    empty_hint = "Nothing left yet. Open an order and use “Enter tracking”."

    @admin.display(description="Parcel", ordering="tracking_number")
    def parcel(self, row: Shipment) -> object:
        """The carrier above the number: it leads to the parcel's page."""
        return stacked(row.carrier or "Parcel", row.tracking_number)

    @admin.display(description="State", ordering="state")
    def state_and_problem(self, row: Shipment) -> object:
        note = HELD_NOTE if row.state == ShipmentState.HELD else row.problem
        return stacked(self.state_label(row), *([first_line(note)] if note else []))

    @admin.display(description="Shipped", ordering="shipped_at")
    def shipped_and_by(self, row: Shipment) -> object:
        return stacked(self.shipped(row), f"by {row.by}" if row.by else "")

    @admin.display(description="Carrier and tracking number", ordering="tracking_number")
    def tracking(self, row: Shipment) -> object:
        page = carriers.tracking_page(row.carrier, row.tracking_number)
        if not page:
            return str(row)
        return format_html('{} <a href="{}" rel="noreferrer">↗</a>', str(row), page)

    @admin.display(description="Shipped", ordering="shipped_at")
    def shipped(self, row: Shipment) -> object:
        return ago(row.shipped_at)

    @admin.display(description="What the channel has")
    def on_channel(self, row: Shipment) -> str:
        if row.made_on_channel:
            return str(row)
        return f"{row.sent_carrier} {row.sent_number}".strip() or "Nothing yet"

    @admin.display(description="Sent to the channel", ordering="sent_at")
    def sent(self, row: Shipment) -> object:
        if row.made_on_channel:
            return "Shipped there"
        return ago(row.sent_at, never="not yet")
