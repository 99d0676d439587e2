from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from catalog.models.merchant import Merchant
from catalog.models.shop import Shop
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import Stamped


class CenterKind(models.TextChoices):
    OWN = "own", "Own warehouse"
    THIRD_PARTY = "third_party", "3rd-party fulfillment service"


class Provider(models.TextChoices):
    AMAZON_MCF = "amazon_mcf", "Amazon MCF"
    FLEXPORT = "flexport", "Flexport"
    CART_COM = "cart_com", "Cart.com"
    FULFILLED_BY_TIKTOK = "fulfilled_by_tiktok", "Fulfilled by TikTok"


class FulfillmentCenter(Stamped):
    """Where stock is: an own warehouse, or a 3PL run by a provider."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="fulfillment_centers")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=CenterKind.choices, default=CenterKind.OWN)
    provider = models.CharField(max_length=20, choices=Provider.choices, blank=True)
    country = models.CharField(max_length=2, default="US")
    state = models.CharField("State or province", max_length=60, blank=True)
    city = models.CharField(max_length=80, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "code"], name="one_center_per_code"),
            models.CheckConstraint(
                condition=models.Q(kind="own", provider="")
                | (models.Q(kind="third_party") & ~models.Q(provider="")),
                name="a_third_party_center_names_its_provider",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WarehouseKind(models.TextChoices):
    SALES = "sales", "Sales warehouse"
    RETURN = "return", "Return warehouse"
    CHANNEL_FULFILLED = "channel_fulfilled", "Fulfilled by the channel"


class ChannelWarehouseQuerySet(models.QuerySet["ChannelWarehouse"]):
    def sellable(self) -> ChannelWarehouseQuerySet:
        """Quantity can be sold from these; the return warehouse is never one of them (R15)."""
        return self.filter(kind=WarehouseKind.SALES)

    def unmapped(self) -> ChannelWarehouseQuerySet:
        return self.sellable().filter(mapping__isnull=True)


class ChannelWarehouse(Stamped):
    """A warehouse that exists on the channel."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="warehouses")
    external_id = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=WarehouseKind.choices)
    is_default = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)
    location = models.CharField(max_length=300, blank=True)

    objects = ChannelWarehouseQuerySet.as_manager()

    class Meta:
        ordering = ["shop", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id"], name="one_row_per_channel_warehouse"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MappingLocked(Refused):
    """A confirmed mapping changes only by disconnecting and authorizing the shop again (R18)."""


class WarehouseMapping(Stamped):
    """Channel warehouse -> fulfillment center, one to one within a shop, locked once made."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="mappings")
    warehouse = models.OneToOneField(ChannelWarehouse, models.CASCADE, related_name="mapping")
    fulfillment_center = models.ForeignKey(
        FulfillmentCenter, models.PROTECT, related_name="mappings"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["shop", "warehouse"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "fulfillment_center"], name="one_warehouse_per_center_of_a_shop"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.warehouse} → {self.fulfillment_center}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise MappingLocked(_LOCKED)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise MappingLocked(_LOCKED)


_LOCKED = (
    "A confirmed warehouse mapping cannot be changed. Disconnect the shop and authorize it again "
    "to map its warehouses anew."
)
