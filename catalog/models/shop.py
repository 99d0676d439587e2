from __future__ import annotations

from django.db import models
from django.db.models import Q

from catalog.models.merchant import Merchant
from catalog.states import ShopState
from marketplace.kernel.models import Stamped


class Channel(models.TextChoices):
    TIKTOK_SHOP = "tiktok_shop", "TikTok"


class SamplePolicy(models.TextChoices):
    """What becomes of a sample that somebody orders on the channel."""

    IMPORT = "import", "Import: ship it like any order"
    HOLD = "hold", "Hold: import it, and ship it only after a person released it"
    IGNORE = "ignore", "Ignore: leave it on the channel"


class ShopQuerySet(models.QuerySet["Shop"]):
    def active(self) -> ShopQuerySet:
        """Only these have jobs."""
        return self.filter(state=ShopState.ACTIVE)

    def connected(self) -> ShopQuerySet:
        return self.exclude(state=ShopState.DISCONNECTED)


class Shop(Stamped):
    """One seller account on one channel, with what may leave towards it."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="shops")
    channel = models.CharField(max_length=20, choices=Channel.choices)
    external_id = models.CharField("Shop id on the channel", max_length=60)
    name = models.CharField(max_length=120)
    region = models.CharField(max_length=2, help_text="ISO country, as the channel gives it")
    currency = models.CharField(max_length=3, default="USD")
    time_zone = models.CharField(
        max_length=60, default="UTC", help_text="Its day is the day of the upload quota"
    )
    state = models.CharField(
        max_length=20, choices=ShopState.choices, default=ShopState.MAPPING_REQUIRED
    )
    problem = models.TextField(blank=True, help_text="Why it stopped and what to do")

    push_quantity = models.BooleanField("Outbound quantity", default=False)
    push_price = models.BooleanField("Outbound price", default=True)
    push_tracking = models.BooleanField("Outbound tracking", default=True)

    sample_orders = models.CharField(
        max_length=6,
        choices=SamplePolicy.choices,
        default=SamplePolicy.IMPORT,
        help_text="Samples are shown as such and never counted as sales",
    )

    on_probation = models.BooleanField("New shop (probation)", default=True)
    daily_listing_limit = models.PositiveIntegerField("Listing uploads per day", default=100)

    uploads_spent_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the channel last said that the day's uploads are used up",
    )

    connected_at = models.DateTimeField(
        null=True, blank=True, help_text="Orders created before this moment stay on the channel"
    )
    activated_at = models.DateTimeField(null=True, blank=True)
    listings_imported_at = models.DateTimeField(null=True, blank=True)
    listings_seen_through = models.DateTimeField(
        null=True, blank=True, help_text="The newest change on the channel that was read here"
    )
    offers_read_at = models.DateTimeField(
        "Prices and quantities read back", null=True, blank=True, help_text="All of them"
    )
    offers_read_after = models.CharField(
        max_length=300, blank=True, help_text="Where a reading that was cut short goes on"
    )
    prices_to_settle_after = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Prices of offers above this id are to be worked out again"
    )
    taxonomy_refreshed_at = models.DateTimeField(null=True, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                condition=~Q(state="disconnected"),
                name="a_shop_is_connected_to_one_merchant",
            ),
            models.UniqueConstraint(
                fields=["merchant", "channel", "external_id"], name="one_row_per_shop_of_a_merchant"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_channel_display()} {self.region})"

    @property
    def is_active(self) -> bool:
        return self.state == ShopState.ACTIVE
