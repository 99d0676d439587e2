from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from catalog.models.listing import Listing
from catalog.models.place import ChannelWarehouse
from catalog.models.product import Variant
from marketplace.kernel.models import Stamped

PRICE_DIFFERS = Q(price_wanted__isnull=False) & (
    Q(price_sent__isnull=True) | ~Q(price_wanted=F("price_sent"))
)
QUANTITY_DIFFERS = Q(sent__isnull=True) | ~Q(wanted=F("sent"))
#: Read back after it was sent, and the channel shows another figure.
QUANTITY_DRIFTS = (
    Q(confirmed__isnull=False, sent__isnull=False)
    & ~Q(confirmed=F("sent"))
    & (Q(sent_at__isnull=True) | Q(confirmed_at__gte=F("sent_at")))
)


PRICE_DRIFTS = (
    Q(price_confirmed__isnull=False, price_sent__isnull=False)
    & ~Q(price_confirmed=F("price_sent"))
    & Q(price_confirmed_at__gte=F("price_sent_at"))
)


class DriftCause(models.TextChoices):
    """Why the channel shows something else than what was sent.

    It said that it took the figure and never showed it; or it showed it, and was changed there.
    """

    FALSE_SUCCESS = "false_success", "Confirmed, but not taken"
    CHANGED_THERE = "changed_there", "Changed on the channel"


class OfferQuerySet(models.QuerySet["Offer"]):
    def with_price_to_send(self) -> OfferQuerySet:
        return self.filter(PRICE_DIFFERS).exclude(external_id="")

    def drifting(self) -> OfferQuerySet:
        """The channel showed another price than the one sent, when it was last read.

        A price that we never sent, such as that of a listing just linked, is the channel's own.
        """
        return self.filter(PRICE_DRIFTS)

    def not_held(self, now: datetime) -> OfferQuerySet:
        """Apart from those that the channel refused a short while ago."""
        return self.exclude(retry_at__gt=now)


class Offer(Stamped):
    """A listing's variant on the channel: the price we want there, and the one last sent."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="offers")
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="offers")
    external_id = models.CharField("SKU id on the channel", max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    price_wanted = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    price_sent = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    price_sent_at = models.DateTimeField(null=True, blank=True)
    price_confirmed = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    price_confirmed_at = models.DateTimeField(null=True, blank=True)
    price_drift_cause = models.CharField(max_length=15, choices=DriftCause.choices, blank=True)
    price_why = models.CharField("Why this price", max_length=300, blank=True)
    price_by_hand = models.DecimalField(
        "Own price",
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Set by a person for this shop: rules and the catalog's price leave it alone",
    )
    price_quoted = models.DecimalField(
        "Price by rule", max_digits=12, decimal_places=2, null=True, blank=True
    )
    price_quoted_by = models.ForeignKey(
        "catalog.PriceRule",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The rule of that price; once another rule counts, it is forgotten",
    )
    price_floor = models.DecimalField(
        "Never below", max_digits=12, decimal_places=2, null=True, blank=True
    )
    price_ceiling = models.DecimalField(
        "Never above", max_digits=12, decimal_places=2, null=True, blank=True
    )
    problem = models.TextField(blank=True, help_text="Why the channel refused price or quantity")
    retry_at = models.DateTimeField(null=True, blank=True, help_text="Not sent before this moment")

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["listing", "variant"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing", "variant"], name="one_offer_per_listing_and_variant"
            ),
            models.CheckConstraint(
                condition=Q(price_floor__isnull=True)
                | Q(price_ceiling__isnull=True)
                | Q(price_floor__lte=F("price_ceiling")),
                name="a_floor_is_not_above_its_ceiling",
            ),
        ]
        indexes = [
            models.Index(fields=["external_id"], name="offer_by_channel_sku"),
            models.Index(
                fields=["listing"], name="offers_with_price_to_send", condition=PRICE_DIFFERS
            ),
            models.Index(fields=["listing"], name="prices_that_drift", condition=PRICE_DRIFTS),
        ]

    def __str__(self) -> str:
        return f"{self.variant.sku} on {self.listing.shop}"

    @property
    def price_standing(self) -> tuple[Decimal | None, bool]:
        """The price wanted, and whether this shop has one of its own: by hand, or by a rule."""
        has_source = self.price_by_hand is not None or self.price_quoted is not None
        return self.price_wanted, has_source


class OfferStockQuerySet(models.QuerySet["OfferStock"]):
    def to_send(self) -> OfferStockQuerySet:
        return self.filter(QUANTITY_DIFFERS).exclude(offer__external_id="")

    def drifting(self) -> OfferStockQuerySet:
        """The channel showed something else than what was sent, when it was last read."""
        return self.filter(QUANTITY_DRIFTS)


class OfferStock(Stamped):
    """An offer's quantity in one channel warehouse: wanted, sent and confirmed."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="stocks")
    warehouse = models.ForeignKey(ChannelWarehouse, models.CASCADE, related_name="offer_stocks")
    wanted = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    confirmed = models.PositiveIntegerField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    drift_cause = models.CharField(max_length=15, choices=DriftCause.choices, blank=True)

    objects = OfferStockQuerySet.as_manager()

    class Meta:
        ordering = ["offer", "warehouse"]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "warehouse"], name="one_quantity_per_offer_and_warehouse"
            ),
        ]
        indexes = [
            models.Index(fields=["offer"], name="quantities_to_send", condition=QUANTITY_DIFFERS),
            models.Index(fields=["offer"], name="quantities_that_drift", condition=QUANTITY_DRIFTS),
        ]

    def __str__(self) -> str:
        return f"{self.offer} in {self.warehouse}: {self.wanted}"
