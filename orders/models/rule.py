from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from catalog.models import FulfillmentCenter, Shop
from marketplace.kernel.models import Stamped


class RoutingPolicy(Stamped):
    """Who chooses where a shop's orders ship from: the channel, unless the shop says otherwise."""

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="routing_policy")
    we_choose = models.BooleanField(
        "We choose the fulfillment center",
        default=False,
        help_text="Off: the center mapped to the channel's warehouse ships. On: the rules below.",
    )
    fallback = models.ForeignKey(
        FulfillmentCenter,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Takes what no rule places. Without one such orders wait, with the reason.",
    )

    class Meta:
        ordering = ["shop"]
        verbose_name = "order routing"
        verbose_name_plural = "order routing"

    def __str__(self) -> str:
        return f"Routing of {self.shop}"


class RuleAction(models.TextChoices):
    """What a rule does; the first that finds a center is the last one that is asked."""

    CHOOSE = "choose", "Ship from the first center that has all of it"
    NEAREST = "nearest", "Ship from the nearest center that has all of it"
    SPLIT = "split", "Split: each SKU from the first own center that has it"
    HOLD = "hold", "Hold it: keep its stock, but let nothing leave"
    TAG = "tag", "Tag it"
    NOTIFY = "notify", "Show it to a person"


class OrderKind(models.TextChoices):
    """How an order is shipped, as a rule asks for it."""

    SELLER = "seller", "Shipped by the seller"
    CHANNEL_LABEL = "channel_label", "The channel makes the label"
    SAMPLE = "sample", "Sample"


class RoutingRule(Stamped):
    """One line of a shop's rules: which orders it speaks of, and what becomes of them.

    A condition that is left empty asks nothing. Rules are tried from the top.
    """

    policy = models.ForeignKey(RoutingPolicy, models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField("On", default=True)

    skus = models.JSONField("SKUs", default=list, blank=True)
    tags = models.JSONField("Product tags", default=list, blank=True)
    kind = models.CharField(max_length=16, choices=OrderKind.choices, blank=True)
    min_value = models.DecimalField(
        "Order total from", max_digits=12, decimal_places=2, null=True, blank=True
    )
    max_value = models.DecimalField(
        "Order total up to", max_digits=12, decimal_places=2, null=True, blank=True
    )
    countries = models.JSONField(default=list, blank=True)
    regions = models.JSONField("States or provinces", default=list, blank=True)
    stocked_at = models.ForeignKey(
        FulfillmentCenter,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="Available at",
    )

    action = models.CharField(max_length=10, choices=RuleAction.choices)
    words = models.CharField(
        "Reason, tag or notice", max_length=120, blank=True, help_text="For hold, tag and show"
    )

    class Meta:
        ordering = ["policy", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(min_value=None) | Q(max_value=None) | Q(max_value__gte=F("min_value")),
                name="a_rule_has_a_range_of_values",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleCenter(Stamped):
    """A fulfillment center that a rule may choose; the first is preferred."""

    rule = models.ForeignKey(RoutingRule, models.CASCADE, related_name="centers")
    center = models.ForeignKey(FulfillmentCenter, models.PROTECT, related_name="+")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["rule", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "center"], name="a_rule_names_a_center_once"),
        ]

    def __str__(self) -> str:
        return str(self.center)
