from __future__ import annotations

from django.db import models

from catalog.models.shop import Shop
from catalog.models.taxonomy import CategoryAttribute, ChannelCategory
from marketplace.kernel.models import Stamped


class ListingTemplate(Stamped):
    """How products of one category are listed: texts, properties, and which products it fits (B14).

    A template belongs to a shop, because categories and their forms do.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="listing_templates")
    category = models.ForeignKey(ChannelCategory, models.PROTECT, related_name="templates")
    name = models.CharField(max_length=120)
    title = models.CharField(
        max_length=300, blank=True, help_text="Words and {fields}, such as “{brand} {title}”"
    )
    description = models.TextField(
        blank=True, help_text="HTML and {fields}. Empty: the product's description"
    )
    is_active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(
        default=0, help_text="Of several that fit, the lowest is taken"
    )
    carried_to = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Id of the listing up to which it was last carried"
    )

    class Meta:
        verbose_name = "listing template"
        ordering = ["shop", "position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "name"], name="one_template_of_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ValueSource(models.TextChoices):
    FIXED = "fixed", "This value"
    FIELD = "field", "From a field"


class TemplateAttribute(Stamped):
    """How one property of the category is filled in."""

    template = models.ForeignKey(ListingTemplate, models.CASCADE, related_name="attributes")
    attribute = models.ForeignKey(CategoryAttribute, models.CASCADE, related_name="+")
    source = models.CharField(max_length=5, choices=ValueSource.choices, default=ValueSource.FIXED)
    values = models.JSONField(
        default=list,
        blank=True,
        help_text="The values; for a field, what is taken where the field is empty",
    )
    field = models.CharField(max_length=60, blank=True, help_text="Such as brand, or option:Color")
    translations = models.JSONField(
        default=dict, blank=True, help_text="Value of the field → value of the channel's form"
    )

    class Meta:
        ordering = ["template", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "attribute"], name="one_rule_per_template_attribute"
            ),
        ]

    def __str__(self) -> str:
        return str(self.attribute)


class ConditionKind(models.TextChoices):
    TAG = "tag", "has the tag"
    BRAND = "brand", "has the brand"
    PRODUCT_TYPE = "type", "is of the type"


class TemplateCondition(Stamped):
    """When a template is taken by itself; all conditions of a template must hold."""

    template = models.ForeignKey(ListingTemplate, models.CASCADE, related_name="conditions")
    kind = models.CharField(max_length=5, choices=ConditionKind.choices)
    value = models.CharField(max_length=120)

    class Meta:
        ordering = ["template", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "kind", "value"], name="each_condition_of_a_template_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} “{self.value}”"
