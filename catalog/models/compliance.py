from __future__ import annotations

from django.db import models

from catalog.models.merchant import Merchant
from catalog.models.shop import Shop
from marketplace.kernel.models import Stamped


class PersonKind(models.TextChoices):
    MANUFACTURER = "manufacturer", "Manufacturer"
    RESPONSIBLE_PERSON = "responsible", "Responsible person in the EU"


class CompliancePerson(Stamped):
    """Who made a product, or who answers for it in the EU (GPSR, B25)."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="compliance_persons")
    kind = models.CharField(max_length=12, choices=PersonKind.choices)
    name = models.CharField("Name or company", max_length=200)
    email = models.EmailField()
    phone_country_code = models.CharField(max_length=5, help_text="Such as +49")
    phone_number = models.CharField(max_length=30, help_text="Digits, without the country code")
    street = models.CharField(max_length=200)
    street2 = models.CharField("Street, second line", max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    province = models.CharField("Province or state", max_length=100, blank=True)
    postal_code = models.CharField(max_length=20)
    country = models.CharField(max_length=2, help_text="ISO country of two letters, such as DE")
    is_default = models.BooleanField(
        default=False, help_text="Stands for every product that names none of its own"
    )

    class Meta:
        verbose_name = "manufacturer or responsible person"
        verbose_name_plural = "manufacturers and responsible persons"
        ordering = ["merchant", "kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind"],
                condition=models.Q(is_default=True),
                name="one_default_person_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ChannelPerson(Stamped):
    """That a shop's channel knows this person, by which id, and what it was told."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="channel_persons")
    person = models.ForeignKey(CompliancePerson, models.CASCADE, related_name="on_channels")
    external_id = models.CharField(
        max_length=60, blank=True, help_text="Empty: asked for, and not known yet"
    )
    sent_hash = models.CharField(
        max_length=64, blank=True, help_text="Of the facts the channel has"
    )
    #: Whoever holds this tells the channel; the others wait, so that nobody is created twice.
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "person"], name="one_channel_id_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.shop}"
