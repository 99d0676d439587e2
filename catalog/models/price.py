from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import Q

from catalog.models.listing import Listing
from catalog.models.offer import Offer
from catalog.models.product import Tag
from catalog.models.shop import Shop
from marketplace.kernel.models import Stamped


class ExchangeRate(Stamped):
    """What one unit of `base` is worth in `quote`, from a day on until a newer one is entered."""

    base = models.CharField("From", max_length=3)
    quote = models.CharField("To", max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    as_of = models.DateField("Rate of")
    source = models.CharField(max_length=120, blank=True, help_text="Who or what it comes from")

    class Meta:
        ordering = ["base", "quote", "-as_of"]
        constraints = [
            models.UniqueConstraint(fields=["base", "quote", "as_of"], name="one_rate_of_a_day"),
            models.CheckConstraint(condition=Q(rate__gt=Decimal(0)), name="a_rate_is_above_zero"),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate.normalize():f} {self.quote} ({self.as_of})"


class PriceEnding(models.TextChoices):
    """How a price ends; it goes to the nearest one that fits the bounds."""

    ANY = "", "As it comes"
    NINETY_NINE = ".99", ".99"
    NINETY_FIVE = ".95", ".95"
    NINETY = ".90", ".90"
    FORTY_NINE = ".49", ".49"
    WHOLE = ".00", ".00"


class PriceRuleQuerySet(models.QuerySet["PriceRule"]):
    def counting(self, now: datetime) -> PriceRuleQuerySet:
        """What prices follow at this moment; a paused rule counts too, it keeps them."""
        begun = Q(starts_at__isnull=True) | Q(starts_at__lte=now)
        not_over = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
        return self.filter(begun, not_over)

    def due(self, now: datetime) -> PriceRuleQuerySet:
        """What should run by now."""
        is_time = Q(next_run_at__isnull=True) | Q(next_run_at__lte=now)
        return self.counting(now).filter(is_time, is_paused=False)

    def beginning(self, now: datetime) -> PriceRuleQuerySet:
        """What began by now, while prices still stand as without it."""
        return self.counting(now).filter(is_begun=False)

    def over(self, now: datetime) -> PriceRuleQuerySet:
        """What ended by now, while prices still stand as it left them."""
        return self.filter(ends_at__lte=now, is_closed=False)


class PriceRule(Stamped):
    """How prices of a shop's offers are found, and between which bounds they stay (R91-R94).

    It is set on a listing, on a tag or on the whole shop. For an offer the one nearest to it
    counts, alone: its listing's, else that of a tag (the lowest position first), else the shop's.
    Money is in the shop's currency.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="price_rules")
    listing = models.ForeignKey(
        Listing, models.CASCADE, null=True, blank=True, related_name="price_rules"
    )
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, blank=True, related_name="price_rules")
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Where a product has several of the tags, the lowest number counts"
    )
    name = models.CharField(max_length=120)
    strategy = models.CharField(
        max_length=30, blank=True, help_text="None: the catalog's price, kept within the bounds"
    )
    settings = models.JSONField(default=dict, blank=True)

    floor = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    ceiling = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    covers_cost = models.BooleanField(
        "Never below cost, fee and margin",
        default=False,
        help_text="(cost + fulfillment) × (1 + margin) ÷ (1 − fee), for each SKU",
    )
    fulfillment_cost = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="For SKUs that have none of their own",
    )
    fee_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    margin_percent = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(0))
    keeps_map = models.BooleanField("Never below the minimum advertised price", default=True)
    ending = models.CharField(max_length=3, choices=PriceEnding.choices, blank=True)
    most_change_percent = models.DecimalField(
        "Largest change in a day, percent", max_digits=5, decimal_places=2, null=True, blank=True
    )

    every_minutes = models.PositiveIntegerField("Runs every so many minutes", default=60)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    is_paused = models.BooleanField("Paused", default=False)
    paused_why = models.CharField(max_length=200, blank=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    is_begun = models.BooleanField(
        default=False, help_text="Its time has come, and prices stay within its bounds"
    )
    is_closed = models.BooleanField(
        default=False, help_text="It ended, and prices follow what counts without it"
    )
    problem = models.TextField(blank=True, help_text="Why it cannot run and what to do")
    by = models.CharField("Made by", max_length=150, blank=True)

    objects = PriceRuleQuerySet.as_manager()

    class Meta:
        ordering = ["shop", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(listing__isnull=True) | Q(tag__isnull=True),
                name="a_price_rule_has_one_scope",
            ),
            models.UniqueConstraint(
                fields=["shop", "listing"],
                condition=Q(listing__isnull=False),
                name="one_price_rule_per_listing",
            ),
            models.UniqueConstraint(
                fields=["shop", "tag"],
                condition=Q(tag__isnull=False),
                name="one_price_rule_per_tag_of_a_shop",
            ),
            models.UniqueConstraint(
                fields=["shop"],
                condition=Q(tag__isnull=True, listing__isnull=True),
                name="one_price_rule_for_the_whole_shop",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> str:
        """What it is set on, in words."""
        if self.listing_id:
            return f"listing {self.listing}"
        return f"tag “{self.tag}”" if self.tag_id else "the whole shop"


class PriceRun(Stamped):
    """One run of a rule over its offers; `position` is the last offer done, for a run cut short."""

    rule = models.ForeignKey(PriceRule, models.SET_NULL, null=True, related_name="runs")
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="price_runs")
    rule_name = models.CharField(max_length=120)
    position = models.PositiveBigIntegerField(default=0)
    looked = models.PositiveIntegerField("Looked at", default=0)
    changed = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField("Left as they were, with a reason", default=0)
    reasons = models.JSONField(default=dict, blank=True, help_text="Why left: words and how many")
    ended_at = models.DateTimeField(null=True, blank=True)
    rolled_back_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField("Who or what", max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"],
                condition=Q(ended_at__isnull=True),
                name="a_price_rule_runs_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_name}, run {self.pk}"


class PriceCause(models.TextChoices):
    CATALOG = "catalog", "The catalog's price changed"
    HAND = "hand", "Set by hand"
    RULE = "rule", "A price rule"
    BOUNDS = "bounds", "Bounds changed"
    ROLLBACK = "rollback", "Rolled back"


class PriceChange(models.Model):
    """That the price wanted for an offer changed: when, from what, to what, by whom and why."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="price_changes")
    at = models.DateTimeField()
    old = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    new = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    cause = models.CharField(max_length=10, choices=PriceCause.choices)
    rule = models.ForeignKey(PriceRule, models.SET_NULL, null=True, blank=True, related_name="+")
    run = models.ForeignKey(
        PriceRun, models.SET_NULL, null=True, blank=True, related_name="changes"
    )
    why = models.CharField(max_length=300, blank=True)
    by = models.CharField("Who or what", max_length=150, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["offer", "-at"], name="price_history_of_an_offer"),
            models.Index(fields=["-at"], name="newest_price_changes"),
        ]

    def __str__(self) -> str:
        return f"{self.old or '—'} → {self.new or '—'} {self.currency}"
