"""Orders: one row per part of a channel order, soonest due first where something must leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from import_export.admin import ImportExportMixin
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    MultipleChoicesDropdownFilter,
)
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from marketplace.kernel.admin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    ago,
    label,
    link_to,
    money,
    number,
    two_lines,
)
from marketplace.kernel.admin_lists import ListTab
from orders import deadlines
from orders.admin.labels import DUE_LABELS, ORDER_LABELS
from orders.admin.order_verbs import SHIP, VERBS, hurry_tracking
from orders.models import Order, OrderAttention, OrderEvent, OrderLine, Shipment
from orders.resources import OrderResource, TrackingResource
from orders.states import OrderState, ShipmentState

Rows = QuerySet[Any]
SEE_ADDRESS = "orders.view_address"
DAY = timedelta(hours=24)


def _in(*states: OrderState) -> Any:
    return lambda rows: rows.filter(state__in=states)


TABS = (
    ListTab("all", "All", "Every order part, newest first.", lambda rows: rows),
    ListTab(
        "pending",
        "Pending",
        "On hold: the buyer may still cancel. Stock is reserved, nothing can be shipped yet.",
        lambda rows: rows.pending(),
    ),
    ListTab(
        "unshipped",
        "Unshipped",
        "To be shipped, soonest due first.",
        lambda rows: rows.to_ship(),
    ),
    ListTab(
        "today",
        "Ship today",
        "Due within 24 hours and not late yet.",
        lambda rows: rows.due_within(timezone.now(), DAY),
    ),
    ListTab(
        "late",
        "Late",
        "The time to ship is over: ship them first.",
        lambda rows: rows.late(timezone.now()),
    ),
    ListTab(
        "partial",
        "Partially shipped",
        "Some units left, others still have to.",
        _in(OrderState.PARTIALLY_SHIPPED),
    ),
    ListTab(
        "shipped",
        "Shipped",
        "Left, delivered or completed.",
        _in(OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED),
    ),
    ListTab("canceled", "Canceled", "Stock was given back once.", _in(OrderState.CANCELED)),
    ListTab(
        "cancel",
        "Cancellation requested",
        "The buyer asks to cancel; nothing has changed here. Answer on the channel.",
        lambda rows: rows.with_cancellation_requested(),
    ),
    ListTab(
        "attention",
        "Needs attention",
        "Something stands in the way. What it is and what to do is on each order.",
        lambda rows: rows.needing_attention(),
    ),
)


class LineInline(ReadOnlyInline):
    model = OrderLine
    verbose_name_plural = "Units"
    fields = (
        "external_id", "paid", "list_price", "seller_discount", "platform_discount", "tax",
        "standing", "tracking_number",
    )  # fmt: skip
    readonly_fields = fields
    tab = True

    @admin.display(description="Paid for it")
    def paid(self, row: OrderLine) -> object:
        return money(row.price, row.currency)

    @admin.display(description="Standing")
    def standing(self, row: OrderLine) -> str:
        if row.is_canceled:
            return "Canceled"
        return "Shipped" if row.is_shipped else "Open"


class AttentionInline(ReadOnlyInline):
    model = OrderAttention
    verbose_name_plural = "Attention"
    fields = ("kind", "sentence", "opened_at", "resolved_at", "resolved_by")
    readonly_fields = fields
    tab = True


class EventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = "Timeline"
    fields = ("at", "step", "reason", "by", "request_id")
    readonly_fields = fields
    per_page = 50
    tab = True

    @admin.display(description="Step")
    def step(self, row: OrderEvent) -> str:
        return (
            "–"
            if row.old == row.new
            else f"{row.get_old_display() or 'New'} → {row.get_new_display()}"
        )


@admin.register(Order)
class OrderAdmin(ImportExportMixin, ReadOnlyAdmin):
    list_display = (
        "order_and_time", "item", "units", "paid", "state_label", "due", "from_and_to",
        "attention", "shop_name",
    )  # fmt: skip
    list_display_links = ("order_and_time",)
    list_select_related = ("channel_order__address", "shop__merchant", "fulfillment_center")
    list_filter = (
        ("shop__channel", ChoicesDropdownFilter),
        ("shop", AutocompleteSelectFilter),
        ("merchant", AutocompleteSelectFilter),
        ("fulfillment_center", AutocompleteSelectFilter),
        ("state", MultipleChoicesDropdownFilter),
        ("attentions__kind", ChoicesDropdownFilter),
    )
    search_fields = (
        "external_id",
        "seller_sku",
        "title",
        "=channel_order__shipments__tracking_number",
    )
    search_help_text = "Search by order id, SKU, title or tracking number"
    fieldsets = (
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
            {"fields": (("center", "routing_reason"), ("address", "delivery"), "buyer_note")},
        ),
        (
            "The whole order on the channel",
            {"fields": (("siblings", "channel_status"), ("placed", "paid_at"), "totals")},
        ),
        ("Shipments", {"fields": ("shipments",)}),
    )
    readonly_fields = (
        "order_id", "shop_link", "state_label", "due", "attention_list", "item", "sku_link",
        "units", "paid", "center", "address", "delivery", "buyer_note", "siblings",
        "channel_status", "placed", "paid_at", "totals", "shipments",
    )  # fmt: skip
    inlines = (LineInline, AttentionInline, EventInline)
    import_export_change_list_template = "admin/order_list.html"
    import_form_class = ImportForm
    export_form_class = ExportForm
    tabs = TABS
    verbs = VERBS
    empty_hint = (
        "No order yet. Orders placed after a shop was connected come in by themselves within a "
        "few minutes."
    )

    def get_export_resource_classes(self, request: HttpRequest) -> list[Any]:
        return [OrderResource]

    def get_import_resource_classes(self, request: HttpRequest) -> list[Any]:
        return [TrackingResource]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(SHIP))

    def process_result(self, result: Any, request: HttpRequest) -> Any:
        hurry_tracking(shipments__state=ShipmentState.WANTED)
        return super().process_result(result, request)

    def prepare_page(self, rows: list[Any]) -> None:
        opened = OrderAttention.objects.filter(resolved_at=None).order_by("opened_at")
        prefetch_related_objects(rows, Prefetch("attentions", opened, to_attr="open_attentions"))

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is not None:
            obj.may_see_address = request.user.has_perm(SEE_ADDRESS)
        return super().get_form(request, obj, **kwargs)

    # -- columns -----------------------------------------------------------------------------

    @admin.display(description="Order", ordering="external_id")
    def order_id(self, row: Order) -> str:
        return row.external_id

    @admin.display(description="Order", ordering="created_on_channel_at")
    def order_and_time(self, row: Order) -> object:
        return format_html(
            '<span class="block">{}</span>'
            '<span class="block text-base-500 dark:text-base-400">{}</span>',
            row.external_id,
            ago(row.created_on_channel_at),
        )

    @admin.display(description="Item", ordering="title")
    def item(self, row: Order) -> object:
        detail = " · ".join(part for part in (row.seller_sku, row.options) if part)
        return two_lines(row.title or row.seller_sku or row.part, detail)

    @admin.display(description="Units", ordering="quantity")
    def units(self, row: Order) -> object:
        notes = [
            f"{count:,} {word}"
            for count, word in (
                (row.shipped_quantity, "shipped"),
                (row.canceled_quantity, "canceled"),
            )
            if count
        ]
        return number(f"{row.quantity:,} ({', '.join(notes)})" if notes else row.quantity)

    @admin.display(description="Paid", ordering="sub_total")
    def paid(self, row: Order) -> object:
        return money(row.sub_total, row.currency)

    @admin.display(description="State", ordering="state")
    def state_label(self, row: Order) -> object:
        return label(row.get_state_display(), ORDER_LABELS[row.state])

    @admin.display(description="Ship by", ordering="due_at")
    def due(self, row: Order) -> object:
        now = timezone.now()
        words = deadlines.sentence(row.state, row.due_at, now)
        return label(words, DUE_LABELS[deadlines.standing(row.state, row.due_at, now)])

    @admin.display(description="From and to", ordering="fulfillment_center__name")
    def from_and_to(self, row: Order) -> object:
        """The fulfillment center, with the reason on hover, and the buyer, masked."""
        address = getattr(row.channel_order, "address", None)
        return format_html(
            '<span class="block whitespace-nowrap" title="{}">{}</span>'
            '<span class="block text-base-500 whitespace-nowrap dark:text-base-400">{}</span>',
            row.routing_reason,
            row.fulfillment_center or "No center yet",
            address.masked if address else "–",
        )

    @admin.display(description="Fulfillment center")
    def center(self, row: Order) -> object:
        return link_to(row.fulfillment_center) if row.fulfillment_center else "None yet"

    @admin.display(description="Shop", ordering="shop__name")
    def shop_name(self, row: Order) -> object:
        return format_html(
            '<span class="block whitespace-nowrap">{}</span>'
            '<span class="block text-base-500 whitespace-nowrap dark:text-base-400">{}</span>',
            row.shop.name,
            row.shop.merchant,
        )

    @admin.display(description="Attention")
    def attention(self, row: Order) -> object:
        found = getattr(row, "open_attentions", [])
        lines = ((item.sentence, item.get_kind_display()) for item in found)
        return format_html_join("", '<span class="block" title="{}">{}</span>', lines) or "–"

    @admin.display(description="Placed", ordering="created_on_channel_at")
    def placed(self, row: Order) -> object:
        return ago(row.created_on_channel_at)

    # -- the page of one order ---------------------------------------------------------------

    @admin.display(description="Shop")
    def shop_link(self, row: Order) -> object:
        return link_to(row.shop)

    @admin.display(description="SKU")
    def sku_link(self, row: Order) -> object:
        if row.variant is None:
            return f"{row.seller_sku or row.part} (not known here)"
        return link_to(row.variant, row.variant.sku)

    @admin.display(description="What to do")
    def attention_list(self, row: Order) -> object:
        found = row.attentions.filter(resolved_at=None)
        lines = ((item.get_kind_display(), item.sentence) for item in found)
        return format_html_join("", "<p><strong>{}</strong>: {}</p>", lines) or "Nothing"

    @admin.display(description="Address")
    def address(self, row: Order) -> object:
        """The whole address only for those who may see it; everybody else sees a masked one."""
        found = getattr(row.channel_order, "address", None)
        if found is None:
            return "Not given by the channel yet"
        text = found.full if getattr(row, "may_see_address", False) else found.masked
        return format_html('<span style="white-space:pre-line">{}</span>', text)

    @admin.display(description="Delivery")
    def delivery(self, row: Order) -> str:
        head = row.channel_order
        kinds = [
            word
            for word, flag in (
                ("the channel makes the label", head.ships_itself),
                ("fulfilled by the channel", head.fulfilled_by_channel),
                ("sample", head.is_sample),
            )
            if flag
        ]
        return " · ".join([head.delivery_option or "Standard", *kinds])

    @admin.display(description="Note of the buyer")
    def buyer_note(self, row: Order) -> str:
        return row.channel_order.buyer_note or "–"

    @admin.display(description="Parts of this order")
    def siblings(self, row: Order) -> object:
        parts = row.channel_order.parts.order_by("pk")
        lines = ((link_to(part, f"{part} · {part.get_state_display()}"),) for part in parts)
        return format_html_join("", '<span class="block">{}</span>', lines)

    @admin.display(description="In the channel's own words")
    def channel_status(self, row: Order) -> str:
        return row.channel_order.raw_status

    @admin.display(description="Paid at")
    def paid_at(self, row: Order) -> object:
        return ago(row.channel_order.paid_at, never="not known")

    @admin.display(description="Money of the whole order")
    def totals(self, row: Order) -> object:
        head = row.channel_order
        lines = (
            ("Items", head.sub_total),
            ("Shipping", head.shipping_fee),
            ("Tax", head.tax),
            ("Other fees", head.other_fees),
            ("Total", head.total),
            ("Discount by the seller, in the items", head.seller_discount),
            ("Discount by the channel, in the items", head.platform_discount),
        )
        rows = ((name, money(amount, head.currency)) for name, amount in lines)
        body = format_html_join("", '<tr><td class="pr-8">{}</td><td>{}</td></tr>', rows)
        return format_html("<table>{}</table>", body)

    @admin.display(description="Shipments of this order")
    def shipments(self, row: Order) -> object:
        found = Shipment.objects.of_order(row)
        lines = ((link_to(item), item.get_state_display(), item.problem) for item in found)
        return format_html_join("", "<p>{} · {} {}</p>", lines) or "Nothing left yet"
