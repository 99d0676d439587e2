from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from catalog.models.compliance import CompliancePerson, PersonKind
from catalog.models.merchant import Merchant
from marketplace.kernel.models import Stamped


class WeightUnit(models.TextChoices):
    GRAM = "g", "g"
    KILOGRAM = "kg", "kg"
    OUNCE = "oz", "oz"
    POUND = "lb", "lb"


class DimensionUnit(models.TextChoices):
    CENTIMETER = "cm", "cm"
    INCH = "in", "in"


class Tag(Stamped):
    """A merchant's own word for a group of products, such as “Dog toys”."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="one_tag_of_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Product(Stamped):
    """What a merchant sells; its variants are the units a buyer can choose."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="products")
    sku = models.CharField("SKU", max_length=100, help_text="The parent SKU of a variant product")
    title = models.CharField(max_length=300)
    description = models.TextField("Description (HTML)", blank=True)
    brand = models.CharField(max_length=120, blank=True)
    product_type = models.CharField(max_length=120, blank=True)
    option_names = models.JSONField(
        default=list, blank=True, help_text="Names of the options, such as Color and Size, in order"
    )
    tags = models.ManyToManyField(Tag, related_name="products", blank=True)
    manufacturer = models.ForeignKey(
        CompliancePerson,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"kind": PersonKind.MANUFACTURER},
    )
    responsible_person = models.ForeignKey(
        CompliancePerson,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"kind": PersonKind.RESPONSIBLE_PERSON},
    )
    source = models.CharField(
        max_length=60, blank=True, help_text="Where it came from: a file or a shop"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sku"], name="one_product_per_sku"),
        ]

    def __str__(self) -> str:
        return self.title or self.sku


class Variant(Stamped):
    """The sellable unit. A simple product has one variant, with the product's SKU."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="variants")
    product = models.ForeignKey(Product, models.CASCADE, related_name="variants")
    sku = models.CharField("SKU", max_length=100)
    options = models.JSONField(
        default=list, blank=True, help_text="Values in the order of the product's option names"
    )
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    compare_at_price = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    fulfillment_cost = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="To pick, pack and ship one",
    )
    map_price = models.DecimalField(
        "Minimum advertised price", max_digits=12, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(max_length=3, default="USD")
    weight = models.DecimalField(max_digits=10, decimal_places=3, null=True, blank=True)
    weight_unit = models.CharField(max_length=2, choices=WeightUnit.choices, blank=True)
    length = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    width = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    height = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    dimension_unit = models.CharField(max_length=2, choices=DimensionUnit.choices, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["product", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sku"], name="one_variant_per_sku"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=Decimal(0)),
                name="a_price_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.option_text}".strip()

    @property
    def option_text(self) -> str:
        return " / ".join(str(value) for value in self.options)


class IdentifierKind(models.TextChoices):
    UPC = "upc", "UPC"
    GTIN = "gtin", "GTIN"
    EAN = "ean", "EAN"
    ISBN = "isbn", "ISBN"


class Identifier(Stamped):
    """A product number from a public register."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=4, choices=IdentifierKind.choices)
    value = models.CharField(max_length=20)

    class Meta:
        ordering = ["variant", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "kind"], name="one_identifier_of_a_kind_per_variant"
            ),
        ]
        indexes = [models.Index(fields=["value"], name="identifier_by_value")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"
