"""Everything that is known of one order, on its page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from catalog.models import StockMovement
from catalog.models.place import CenterKind
from marketplace.kernel.admin import ago, label, link_to, money
from orders import carriers
from orders.admin.labels import LABEL_LABELS, SHIPMENT_LABELS
from orders.admin.once import once
from orders.admin.order_aftersale import aftersale_words
from orders.admin.order_filters import kind_words
from orders.admin.order_money import money_table
from orders.admin.tables import stacked, table
from orders.models import AddressLook, Label, Order, Shipment
from orders.states import ShipmentState

SEE_CALLS = "integrations.view_exchange"
LOOKS_SHOWN = 5
MOVEMENTS_SHOWN = 50
NO_MOVEMENT = "Nothing was moved yet"
_MASKED = "Your groups do not show whole addresses."
_SMALL = '<span class="block text-base-500 dark:text-base-400">{}</span>'
_LINK = '<a class="text-primary-600 hover:underline" href="{}">{}</a>'

FIELDSETS = (
    (
        None,
        {
            "fields": (
                ("order_id", "shop_link"),
                ("state_label", "due"),
                "attention_list",
                ("item", "sku_link"),
                ("units", "paid"),
            )
        },
    ),
    (
        "Who ships it and where it goes",
        {
            "fields": (
                ("center", "routing_reason"),
                "rule_tags",
                "provider_requests",
                ("address", "delivery"),
                "buyer_note",
            )
        },
    ),
    ("Shipments and packages", {"fields": ("shipments", "packages", "labels")}),
    ("Money", {"fields": ("money_parts",)}),
    ("Cancellations and returns", {"fields": ("aftersale",)}),
    ("Stock", {"fields": ("held", "movements")}),
    (
        "The whole order on the channel",
        {
            "fields": (
                ("siblings", "channel_status"),
                ("placed", "paid_at"),
                ("ship_by", "auto_cancel"),
                "calls",
            )
        },
    ),
)
READONLY = (
    "order_id", "shop_link", "state_label", "due", "attention_list", "item", "sku_link", "units",
    "paid", "center", "rule_tags", "provider_requests", "address", "delivery", "buyer_note",
    "shipments", "packages", "labels", "money_parts", "aftersale", "held", "movements", "siblings",
    "channel_status", "placed", "paid_at", "ship_by", "auto_cancel", "calls",
)  # fmt: skip


class OrderPage:
    """The columns of the page of one order; `OrderAdmin` shows them."""

    @admin.display(description="Order", ordering="external_id")
    def order_id(self, row: Order) -> str:
        return row.external_id

    @admin.display(description="Shop")
    def shop_link(self, row: Order) -> object:
        return link_to(row.shop)

    @admin.display(description="SKU")
    def sku_link(self, row: Order) -> object:
        if row.variant is None:
            return f"{row.seller_sku or row.part} (not known here)"
        return link_to(row.variant, row.variant.sku)

    @admin.display(description="What to do")
    @once
    def attention_list(self, row: Order) -> object:
        found = row.attentions.filter(resolved_at=None)
        lines = ((item.get_kind_display(), item.sentence) for item in found)
        return format_html_join("", "<p><strong>{}</strong>: {}</p>", lines) or "Nothing"

    # -- who ships it and where it goes ------------------------------------------------------

    @admin.display(description="Fulfillment center")
    def center(self, row: Order) -> object:
        return link_to(row.fulfillment_center) if row.fulfillment_center else "None yet"

    @admin.display(description="Tags")
    def rule_tags(self, row: Order) -> str:
        return ", ".join(row.tags) or "–"

    @admin.display(description="Requests to a 3rd-party fulfillment service")
    def provider_requests(self, row: Order) -> str:
        center = row.fulfillment_center
        if row.fulfilled_by_channel:
            return "None: the channel ships this order from its own warehouse."
        if center is None:
            return "None: it is not known yet who ships this order."
        if center.kind != CenterKind.THIRD_PARTY:
            return f"None: {center} is an own warehouse."
        return f"None was sent to {center.get_provider_display()}: hand the order over there."

    @admin.display(description="Address")
    @once
    def address(self, row: Order) -> object:
        """The whole address only for those who may see it; everybody else sees a masked one."""
        found = getattr(row.channel_order, "address", None)
        if found is None:
            return "Not given by the channel yet"
        if not getattr(row, "may_see_address", False):
            return format_html(f"{{}}{_SMALL}", found.masked, _MASKED)
        looks = row.channel_order.address_looks.all()[:LOOKS_SHOWN]
        seen = format_html_join("", _SMALL, ((_seen_words(one),) for one in looks))
        return format_html('<span style="white-space:pre-line">{}</span>{}', found.full, seen)

    @admin.display(description="Delivery")
    def delivery(self, row: Order) -> str:
        head = row.channel_order
        return f"{head.delivery_option or 'Standard'} · {kind_words(head)}"

    @admin.display(description="Note of the buyer")
    def buyer_note(self, row: Order) -> str:
        return row.channel_order.buyer_note or "–"

    # -- shipments and packages --------------------------------------------------------------

    @admin.display(description="Shipments of this order")
    @once
    def shipments(self, row: Order) -> object:
        found = Shipment.objects.of_order(row).order_by("pk")
        rows = (
            (
                link_to(item, item.carrier or "Parcel"),
                _tracking(item),
                label(item.get_state_display(), SHIPMENT_LABELS[item.state]),
                _on_channel(item),
            )
            for item in found
        )
        return (
            table(("Carrier", "Tracking number", "State", "On the channel"), rows)
            or "Nothing left yet"
        )

    @admin.display(description="Packages on the channel")
    @once
    def packages(self, row: Order) -> object:
        units: dict[tuple[str, str, str], int] = {}
        for line in row.lines.exclude(package_external_id="").order_by("pk"):
            key = (line.package_external_id, line.carrier, line.tracking_number)
            units[key] = units.get(key, 0) + 1
        rows = (
            (package, carrier or "–", number or "–", f"{count:,}")
            for (package, carrier, number), count in units.items()
        )
        return table(("Package", "Carrier", "Tracking number", "Units"), rows) or "Not packed yet"

    @admin.display(description="Labels of the channel")
    @once
    def labels(self, row: Order) -> object:
        rows = (
            (
                link_to(one, one.service or "The channel's choice"),
                label(one.get_state_display(), LABEL_LABELS[one.state]),
                money(one.price, one.currency),
                one.problem or "–",
            )
            for one in Label.objects.of_order(row).order_by("pk")
        )
        return table(("Service", "State", "Price", "Problem"), rows) or "No label was asked for"

    # -- money, cancellations, stock ---------------------------------------------------------

    @admin.display(description="This part and the whole order")
    @once
    def money_parts(self, row: Order) -> object:
        return money_table(row)

    @admin.display(description="Cancellations and returns")
    @once
    def aftersale(self, row: Order) -> object:
        return aftersale_words(row)

    @admin.display(description="Held for this order")
    @once
    def held(self, row: Order) -> str:
        words = [f"{row.reserved:,} promised", f"{row.consumed:,} taken out of stock"]
        if row.uncovered:
            words.append(f"{row.uncovered:,} left without stock behind them")
        if contents := [
            f"{one.units:,} × {one.variant.sku}" for one in row.components.select_related("variant")
        ]:
            words.append(f"each unit a bundle of {' and '.join(contents)}")
        return ", ".join(words)

    @admin.display(description="Stock movements")
    @once
    def movements(self, row: Order) -> object:
        if not row.stock_moves:
            return NO_MOVEMENT
        found = StockMovement.objects.filter(reference__startswith=f"{row.stock_reference}:")
        rows = (
            (
                ago(one.at),
                link_to(one, one.get_kind_display()),
                one.variant.sku,
                one.fulfillment_center,
                _change(one.on_hand),
                _change(one.reserved),
                one.by,
            )
            for one in found.select_related("variant", "fulfillment_center").order_by("pk")[
                :MOVEMENTS_SHOWN
            ]
        )
        heads = ("When", "What", "SKU", "Center", "On hand", "Promised", "By")
        return table(heads, rows) or NO_MOVEMENT

    # -- the whole order on the channel ------------------------------------------------------

    @admin.display(description="Parts of this order")
    @once
    def siblings(self, row: Order) -> object:
        parts = row.channel_order.parts.order_by("pk")
        lines = ((link_to(part, f"{part} · {part.get_state_display()}"),) for part in parts)
        return format_html_join("", '<span class="block">{}</span>', lines)

    @admin.display(description="In the channel's own words")
    def channel_status(self, row: Order) -> str:
        return row.channel_order.raw_status

    @admin.display(description="Placed", ordering="created_on_channel_at")
    def placed(self, row: Order) -> object:
        return ago(row.created_on_channel_at)

    @admin.display(description="Paid at")
    def paid_at(self, row: Order) -> object:
        return ago(row.channel_order.paid_at, never="not known")

    @admin.display(description="Ship by, as the channel asks")
    def ship_by(self, row: Order) -> object:
        return ago(row.channel_order.ship_by, never="not given: 72 hours after it was placed")

    @admin.display(description="Canceled by the channel, unless shipped")
    def auto_cancel(self, row: Order) -> object:
        return ago(row.channel_order.auto_cancel_at, never="not given")

    @admin.display(description="Calls to the channel")
    def calls(self, row: Order) -> object:
        if not getattr(row, "may_see_calls", False):
            return "–"
        url = f"{reverse('admin:integrations_exchange_changelist')}?q={row.external_id}"
        return format_html(_LINK, url, "See what was sent and answered")


def prepare(request: HttpRequest, row: Any) -> None:
    """Attach what this person may see to an order, before its page is made."""
    row.may_see_address = request.user.has_perm("orders.view_address")
    row.may_see_calls = request.user.has_perm(SEE_CALLS)


def _change(units: int) -> str:
    return f"{units:+,}" if units else "–"


def _seen_words(look: AddressLook) -> object:
    return format_html("Seen by {} on the {}, {}", look.by, look.page, ago(look.at))


def _tracking(item: Shipment) -> object:
    page = carriers.tracking_page(item.carrier, item.tracking_number)
    if not page:
        return item.tracking_number
    return format_html('{} <a href="{}" rel="noreferrer">↗</a>', item.tracking_number, page)


def _on_channel(item: Shipment) -> object:
    """Whether the channel has the tracking number, and what it said."""
    if item.made_on_channel:
        return "Shipped there"
    if item.state == ShipmentState.SENT:
        return format_html("Has it since {}", ago(item.sent_at, never="some time"))
    if item.state == ShipmentState.REFUSED:
        return stacked(item.problem, link_to(item, "Correct it"))
    return item.problem or "Does not have it yet"
