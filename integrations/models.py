from __future__ import annotations

from django.conf import settings
from django.db import models

from catalog.models import Channel, Merchant, Shop
from marketplace.kernel.models import Stamped
from marketplace.kernel.secrets import EncryptedTextField


class AuthorizationRequest(Stamped):
    """A merchant's user was sent to the channel with this one-time state (R11, R12)."""

    state = models.CharField(max_length=64, unique=True)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    channel = models.CharField(max_length=20, choices=Channel.choices)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.merchant} → {self.get_channel_display()}"


class Connection(Stamped):
    """The tokens of one shop, encrypted at rest; the domain never sees them."""

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="connection")
    access_token = EncryptedTextField(blank=True)
    access_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_token = EncryptedTextField(blank=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    cipher = EncryptedTextField(blank=True)
    account_id = models.CharField(max_length=120, blank=True)
    seller_name = models.CharField(max_length=120, blank=True)
    scopes = models.JSONField(default=list, blank=True)
    refreshing_by = models.CharField(max_length=64, blank=True)
    refreshing_until = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"Connection of {self.shop}"


class Exchange(models.Model):
    """One call to a remote system: what was asked and answered, without secrets and people."""

    shop = models.ForeignKey(Shop, models.CASCADE, null=True, blank=True, related_name="exchanges")
    channel = models.CharField(max_length=20)
    method = models.CharField(max_length=6)
    path = models.CharField(max_length=300)
    status = models.PositiveSmallIntegerField("HTTP status", null=True, blank=True)
    code = models.CharField("Code of the channel", max_length=20, blank=True)
    message = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True, db_index=True)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = "call"
        verbose_name_plural = "calls to channels"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def was_good(self) -> bool:
        return self.code in ("", "0") and self.status == 200


class WebhookDelivery(Stamped):
    """A notice from a channel, stored once; it only makes us look, the reading is the truth."""

    channel = models.CharField(max_length=20)
    delivery_id = models.CharField(max_length=100)
    shop = models.ForeignKey(Shop, models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=100, blank=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "notice of a channel"
        verbose_name_plural = "notices of channels"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "delivery_id"], name="each_notice_is_stored_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
