from __future__ import annotations

from typing import Any

from django.db import models

from catalog.models.shop import Shop
from marketplace.kernel.models import Stamped


class CategoryPermission(models.TextChoices):
    AVAILABLE = "available", "Open to this shop"
    INVITE_ONLY = "invite_only", "Invite-only: ask for approval in Seller Center"
    NOT_MAIN = "not_main", "Outside the shop's main category"
    PROHIBITED = "prohibited", "Prohibited"


class ChannelCategoryQuerySet(models.QuerySet["ChannelCategory"]):
    def leaves(self) -> ChannelCategoryQuerySet:
        return self.filter(is_leaf=True, is_gone=False)


class ChannelCategory(Stamped):
    """A node of the channel's category tree as this shop sees it, cached."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="categories")
    external_id = models.CharField(max_length=60)
    parent_external_id = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=200)
    path = models.CharField(max_length=500, help_text="Names from the root, joined by “>”")
    is_leaf = models.BooleanField()
    is_gone = models.BooleanField(default=False, help_text="No longer in the channel's tree")
    permission = models.CharField(
        max_length=12, choices=CategoryPermission.choices, default=CategoryPermission.AVAILABLE
    )
    rules = models.JSONField(
        default=dict,
        blank=True,
        help_text="What the channel demands here: certifications, size chart, package dimensions",
    )
    attributes_fetched_at = models.DateTimeField(null=True, blank=True)

    objects = ChannelCategoryQuerySet.as_manager()

    class Meta:
        verbose_name = "category"
        verbose_name_plural = "categories"
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id"], name="one_row_per_channel_category"
            ),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def needs_dimensions(self) -> bool:
        return bool(self.rules.get("dimensions_required"))

    @property
    def needs_size_chart(self) -> bool:
        return bool(self.rules.get("size_chart_required"))

    @property
    def takes_size_chart(self) -> bool:
        return self.needs_size_chart or bool(self.rules.get("size_chart_supported"))

    @property
    def needs_manufacturer(self) -> bool:
        return bool(self.rules.get("manufacturer_required"))

    @property
    def needs_responsible_person(self) -> bool:
        return bool(self.rules.get("responsible_person_required"))

    @property
    def certifications(self) -> list[dict[str, Any]]:
        """Documents the channel takes here.

        [{id, name, required, needs_expiry, details, sample_url, required_if: [{attribute, value}]}]
        """
        found: list[dict[str, Any]] = self.rules.get("certifications", [])
        return found


class AttributeKind(models.TextChoices):
    PRODUCT = "product", "Product property"
    SALES = "sales", "Variant option"


class CategoryAttribute(Stamped):
    """One field of the channel's form for a category."""

    category = models.ForeignKey(ChannelCategory, models.CASCADE, related_name="attributes")
    external_id = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=AttributeKind.choices)
    is_required = models.BooleanField(default=False)
    is_customizable = models.BooleanField(
        default=False, help_text="A value of one's own is allowed (GB1)"
    )
    is_multiple = models.BooleanField(default=False)
    values = models.JSONField(default=list, blank=True, help_text="[{id, name}]; empty: free text")
    required_if = models.JSONField(
        default=list,
        blank=True,
        help_text="[{attribute, value}], ids: required where one of them is chosen, else empty",
    )
    takes_number = models.BooleanField(
        default=False, help_text="A value of one's own is a number above zero"
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["category", "-is_required", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "external_id"], name="one_row_per_category_attribute"
            ),
        ]

    def __str__(self) -> str:
        return self.name
