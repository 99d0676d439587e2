from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.kernel.models import Stamped
from orders.models.channel_order import ChannelOrder

ERASED = "Erased"


class Address(Stamped):
    """Where an order goes: personal data, with the day on which it is erased."""

    channel_order = models.OneToOneField(ChannelOrder, models.CASCADE, related_name="address")
    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    lines = models.JSONField(default=list, blank=True, help_text="Street lines, in order")
    city = models.CharField(max_length=120, blank=True)
    province = models.CharField("State or province", max_length=120, blank=True)
    postal_code = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=2, blank=True)
    is_masked = models.BooleanField("Hidden by the channel", default=False)
    purge_after = models.DateTimeField()
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "addresses"
        indexes = [
            models.Index(
                fields=["purge_after"], name="addresses_to_erase", condition=Q(purged_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.masked

    @property
    def full(self) -> str:
        """The whole address on several lines, for people who ship."""
        if self.purged_at:
            return ERASED
        town = " ".join(part for part in (self.city, self.province, self.postal_code) if part)
        rows = (self.name, *self.lines, town, self.country, self.phone)
        return "\n".join(row for row in rows if row)

    @property
    def masked(self) -> str:
        """Enough to recognize it, not enough to find anybody: “J*** D***, Reno, US”."""
        if self.purged_at:
            return ERASED
        name = " ".join(f"{word[0]}***" for word in self.name.split())
        return ", ".join(part for part in (name, self.city, self.country) if part)


class AddressLook(models.Model):
    """That a person was shown a whole address: who, when and on which page."""

    channel_order = models.ForeignKey(ChannelOrder, models.CASCADE, related_name="address_looks")
    by = models.CharField("Who", max_length=150)
    page = models.CharField("Where", max_length=60)
    at = models.DateTimeField("When", auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "look at an address"
        verbose_name_plural = "looks at addresses"
        indexes = [
            models.Index(fields=["at"], name="address_looks_by_time"),
            models.Index(fields=["by", "-id"], name="address_looks_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.by} on the {self.page}"
