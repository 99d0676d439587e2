from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from catalog.models import FulfillmentCenter, Merchant, Shop, Variant
from marketplace.kernel.models import Stamped
from marketplace.kernel.money import Money
from orders.models.channel_order import ChannelOrder
from orders.states import OrderState

TO_SHIP = (OrderState.UNSHIPPED, OrderState.PARTIALLY_SHIPPED)
WAITS_FOR_AN_ANSWER = Q(cancel_requested=True) & ~Q(state=OrderState.CANCELED)


class OrderQuerySet(models.QuerySet["Order"]):
    def pending(self) -> OrderQuerySet:
        return self.filter(state=OrderState.PENDING).order_by("due_at", "pk")

    def to_ship(self) -> OrderQuerySet:
        """Something of it still has to leave our hands, soonest due first.

        What the channel ships from its own warehouse is not ours to ship.
        """
        ours = self.filter(state__in=TO_SHIP, channel_order__fulfilled_by_channel=False)
        return ours.order_by("due_at", "pk")

    def late(self, now: datetime) -> OrderQuerySet:
        return self.to_ship().filter(due_at__lt=now)

    def due_within(self, now: datetime, span: timedelta) -> OrderQuerySet:
        """Not late yet, and due before the span is over."""
        return self.to_ship().filter(due_at__gte=now, due_at__lt=now + span)

    def canceled_by_channel_within(self, now: datetime, span: timedelta) -> OrderQuerySet:
        """Not shipped yet, and the channel cancels it before the span is over."""
        return self.to_ship().filter(channel_order__auto_cancel_at__lt=now + span)

    def sales(self) -> OrderQuerySet:
        """What somebody paid for: no samples, nothing given away."""
        return self.filter(channel_order__is_sample=False, channel_order__is_free=False)

    def with_cancellation_requested(self) -> OrderQuerySet:
        return self.filter(WAITS_FOR_AN_ANSWER).order_by("due_at", "pk")

    def with_open_attention(self, *kinds: str) -> OrderQuerySet:
        """Something of these kinds waits for a person, soonest due first."""
        open_ones = OrderAttention.objects.filter(resolved_at=None, kind__in=kinds)
        return self.filter(pk__in=open_ones.values("order")).order_by("due_at", "pk")

    def needing_attention(self) -> OrderQuerySet:
        """Whatever it is, soonest due first."""
        open_ones = OrderAttention.objects.filter(resolved_at=None)
        return self.filter(pk__in=open_ones.values("order")).order_by("due_at", "pk")


class Order(Stamped):
    """An order part: all units of one SKU of a channel order (R79).

    `reserved` units are promised at the fulfillment center now, `consumed` ones have left it.
    `uncovered` ones left although no stock of ours stood behind them.
    """

    channel_order = models.ForeignKey(ChannelOrder, models.PROTECT, related_name="parts")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="orders")
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="orders")
    external_id = models.CharField("Order id on the channel", max_length=60)
    part = models.CharField("SKU id on the channel", max_length=100)
    seller_sku = models.CharField("SKU", max_length=100, blank=True)
    product_external_id = models.CharField("Product id on the channel", max_length=60, blank=True)
    title = models.CharField(max_length=300, blank=True)
    options = models.CharField(max_length=200, blank=True)
    variant = models.ForeignKey(
        Variant, models.PROTECT, null=True, blank=True, related_name="orders"
    )
    state = models.CharField(max_length=20, choices=OrderState.choices, default=OrderState.PENDING)
    created_on_channel_at = models.DateTimeField("Placed")
    due_at = models.DateTimeField(
        "Ship by", help_text="The channel's date, else 72 hours after the order was placed"
    )
    cancel_requested = models.BooleanField(default=False)
    cancel_reason = models.CharField(max_length=300, blank=True)
    canceled_by = models.CharField(max_length=40, blank=True)

    fulfillment_center = models.ForeignKey(
        FulfillmentCenter, models.PROTECT, null=True, blank=True, related_name="orders"
    )
    routing_reason = models.CharField(max_length=300, blank=True)
    tags = models.JSONField(default=list, blank=True, help_text="Put on it by routing rules")

    quantity = models.PositiveIntegerField(default=0)
    canceled_quantity = models.PositiveIntegerField(default=0)
    shipped_quantity = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)
    consumed = models.PositiveIntegerField(default=0)
    uncovered = models.PositiveIntegerField(default=0)
    stock_moves = models.PositiveIntegerField(default=0)

    currency = models.CharField(max_length=3)
    list_total = models.DecimalField(
        "Before discounts", max_digits=12, decimal_places=2, default=Decimal(0)
    )
    seller_discount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    platform_discount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    sub_total = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    tax = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-created_on_channel_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id", "part"], name="an_order_part_is_stored_once"
            ),
            models.CheckConstraint(
                condition=Q(consumed__gte=0, quantity__gte=F("reserved") + F("consumed")),
                name="an_order_never_holds_more_stock_than_its_units",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="orders_by_state_and_due"),
            models.Index(fields=["merchant", "state", "due_at"], name="orders_of_a_merchant"),
            models.Index(fields=["merchant", "-created_on_channel_at"], name="orders_newest_first"),
            models.Index(fields=["-created_on_channel_at", "-id"], name="all_orders_newest_first"),
            models.Index(
                fields=["due_at"],
                name="cancellations_to_answer",
                condition=Q(cancel_requested=True) & ~Q(state="canceled"),
            ),
            models.Index(fields=["external_id"], name="order_by_channel_id"),
            models.Index(fields=["seller_sku"], name="order_by_sku"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} · {self.seller_sku or self.part}"

    @property
    def stock_reference(self) -> str:
        """How this order signs its lines in the stock ledger."""
        return f"order:{self.shop_id}:{self.external_id}:{self.part}"

    @property
    def sub_total_money(self) -> Money:
        return Money(self.sub_total, self.currency)

    @property
    def ships_itself(self) -> bool:
        return self.channel_order.ships_itself

    @property
    def fulfilled_by_channel(self) -> bool:
        return self.channel_order.fulfilled_by_channel

    @property
    def is_sample(self) -> bool:
        return self.channel_order.is_sample


class OrderLine(Stamped):
    """One unit of an order part; the channel counts by unit, not by quantity."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    external_id = models.CharField("Line id on the channel", max_length=60)
    price = models.DecimalField("Paid for it", max_digits=12, decimal_places=2)
    list_price = models.DecimalField("Before discounts", max_digits=12, decimal_places=2)
    seller_discount = models.DecimalField(max_digits=12, decimal_places=2)
    platform_discount = models.DecimalField(max_digits=12, decimal_places=2)
    tax = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    is_gift = models.BooleanField(default=False)
    is_canceled = models.BooleanField(default=False)
    is_shipped = models.BooleanField(default=False)
    package_external_id = models.CharField("Package on the channel", max_length=60, blank=True)
    tracking_number = models.CharField("Tracking number on the channel", max_length=60, blank=True)
    carrier = models.CharField("Carrier on the channel", max_length=120, blank=True)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "external_id"], name="a_unit_is_stored_once"),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def is_open(self) -> bool:
        """Whether it still has to leave."""
        return not (self.is_canceled or self.is_shipped)


class AttentionKind(models.TextChoices):
    UNLINKED_SKU = "unlinked_sku", "Unknown SKU"
    UNMAPPED_WAREHOUSE = "unmapped_warehouse", "Warehouse not mapped"
    NOT_ROUTED = "not_routed", "No fulfillment center"
    HELD_BY_RULE = "held_by_rule", "Held by a rule"
    RULE_NOTICE = "rule_notice", "Shown by a rule"
    OVERSOLD = "oversold", "Oversold"
    SHIPPED_UNCOVERED = "shipped_uncovered", "Shipped without stock"
    CANCELLATION_REQUESTED = "cancellation_requested", "Cancellation requested"
    CANCELED_AFTER_SHIPPING = "canceled_after_shipping", "Canceled after shipping"
    CHANNEL_SHIPPING = "channel_shipping", "Label needed"
    LABEL_TROUBLE = "label_trouble", "Label trouble"
    TRACKING_REFUSED = "tracking_refused", "Tracking refused"
    SAMPLE_HELD = "sample_held", "Sample on hold"
    MONEY_DIFFERS = "money_differs", "Figures do not add up"
    RETURN_REQUESTED = "return_requested", "Return requested"
    DECISION_REFUSED = "decision_refused", "Decision refused by the channel"


#: What stands in the way of a label, a package or its tracking number.
PARCEL_TROUBLE = (
    AttentionKind.CHANNEL_SHIPPING,
    AttentionKind.LABEL_TROUBLE,
    AttentionKind.TRACKING_REFUSED,
)


class OrderAttention(models.Model):
    """Something about an order that a person must see: what it is and what to do."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="attentions")
    kind = models.CharField(max_length=24, choices=AttentionKind.choices)
    sentence = models.TextField()
    opened_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField("Who or what", max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"],
                condition=Q(resolved_at=None),
                name="one_open_attention_of_a_kind_per_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "order"],
                name="open_attentions_by_kind",
                condition=Q(resolved_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.sentence}"
