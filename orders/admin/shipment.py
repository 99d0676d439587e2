"""Shipments: what left, and whether the channel has its tracking number."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.models import Shop
from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    ago,
    first_line,
    label,
    link_to,
)
from marketplace.kernel.admin_lists import ListTab
from marketplace.kernel.admin_verbs import Outcome, Verb, who
from marketplace.kernel.errors import Refused
from marketplace.kernel.tasks import nudge
from orders import carriers
from orders.admin.labels import SHIPMENT_LABELS
from orders.admin.tracking_verbs import CarrierForm
from orders.models import Order, Shipment, ShipmentLine
from orders.ports import shipping_channels
from orders.services import corrections
from orders.states import ShipmentState

CHANGE = "orders.change_shipment"


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
        self.offer(part.select_related("shop", "channel_order")[0])
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
    nudge("send_tracking", shipment.shop_id, label=f"Send tracking: {shipment.shop}")
    if shipment.state == ShipmentState.HELD:
        return f"Changed to {shipment}. It is held: outbound tracking of this shop is off."
    return f"Changed to {shipment}. It goes to the channel by itself."


def send_now(request: HttpRequest, ids: list[int], given: dict[str, Any]) -> Outcome:
    shops = Shop.objects.filter(shipments__in=ids).distinct()
    for shop in shops:
        nudge("send_tracking", shop.pk, label=f"Send tracking: {shop}")
    return f"Asked for {len(shops):,} shops: what was not sent yet goes out now."


class UnitInline(ReadOnlyInline):
    model = ShipmentLine
    verbose_name_plural = "Units in this parcel"
    fields = ("order", "unit")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("line__order")

    @admin.display(description="Order")
    def order(self, row: ShipmentLine) -> object:
        return link_to(row.line.order)

    @admin.display(description="Unit on the channel")
    def unit(self, row: ShipmentLine) -> str:
        return row.line.external_id


def _on_the_way(rows: Any) -> Any:
    return rows.filter(state__in=[ShipmentState.WANTED, ShipmentState.SENDING])


@admin.register(Shipment)
class ShipmentAdmin(ReadOnlyAdmin):
    list_display = (
        "tracking", "order_id", "shop", "state_label", "problem_text", "shipped", "sent", "by",
    )  # fmt: skip
    list_select_related = ("shop", "channel_order")
    list_filter = (
        ("shop", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
    )
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
    inlines = (UnitInline,)
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

    @admin.display(description="Carrier and tracking number", ordering="tracking_number")
    def tracking(self, row: Shipment) -> object:
        page = carriers.tracking_page(row.carrier, row.tracking_number)
        if not page:
            return str(row)
        return format_html('{} <a href="{}" rel="noreferrer">↗</a>', str(row), page)

    @admin.display(description="Order")
    def order_id(self, row: Shipment) -> str:
        return row.channel_order.external_id

    @admin.display(description="State", ordering="state")
    def state_label(self, row: Shipment) -> object:
        return label(row.get_state_display(), SHIPMENT_LABELS[row.state])

    @admin.display(description="Problem")
    def problem_text(self, row: Shipment) -> object:
        if row.state == ShipmentState.HELD:
            return "Outbound tracking of the shop is off"
        return first_line(row.problem)

    @admin.display(description="What the channel said")
    def problem_full(self, row: Shipment) -> str:
        ids = (("code", row.problem_code), ("request", row.problem_request_id))
        words = [f"{word} {value}" for word, value in ids if value and value not in row.problem]
        return f"{row.problem} ({', '.join(words)})" if words else row.problem or "–"

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
