from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.models.place import ChannelWarehouse
from catalog.models.product import Tag, Variant
from catalog.models.shop import Shop
from marketplace.kernel.models import Stamped

TAKEN = "There is a rule for exactly this already. Change that one, or choose another scope."


def _one_per(*set_ones: str) -> models.UniqueConstraint:
    scopes = {name: name in set_ones for name in ("warehouse", "tag", "variant")}
    return models.UniqueConstraint(
        fields=["shop", *set_ones],
        condition=Q(**{f"{name}__isnull": not is_set for name, is_set in scopes.items()}),
        name=f"one_quantity_rule_per_{'_and_'.join(set_ones) or 'shop'}",
        violation_error_message=TAKEN,
    )


class QuantityRule(Stamped):
    """How much of what is available a shop shows (B8): one rule counts for a quantity, alone.

    The nearest one counts: SKU before tag before neither; of two such the one that names the
    warehouse; of several tags then the lowest position. Units go through it in this order: percent
    (rounded down), less the buffer, zero below the threshold, not above the maximum. A fixed
    quantity takes the place of all that, and stays within what is available unless a person has
    said that it may exceed it.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="quantity_rules")
    warehouse = models.ForeignKey(
        ChannelWarehouse, models.CASCADE, null=True, blank=True, related_name="quantity_rules"
    )
    tag = models.ForeignKey(
        Tag, models.CASCADE, null=True, blank=True, related_name="quantity_rules"
    )
    variant = models.ForeignKey(
        Variant,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="quantity_rules",
        verbose_name="SKU",
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Where a product has several of the tags, the lowest number counts"
    )
    percent = models.PositiveSmallIntegerField(
        default=100,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="Of what is available, rounded down; 0 sends zero, so that nothing is sold",
    )
    buffer = models.PositiveIntegerField(default=0, help_text="Units kept back")
    threshold = models.PositiveIntegerField(
        "Zero below", default=0, help_text="Fewer units than this are shown as none"
    )
    maximum = models.PositiveIntegerField(
        "Never more than", null=True, blank=True, help_text="Empty: no such limit"
    )
    fixed = models.PositiveIntegerField(
        "Always this many",
        null=True,
        blank=True,
        help_text="Takes the place of all the above; never more than is available",
    )
    may_exceed = models.BooleanField(
        "May exceed what is available",
        default=False,
        help_text="Orders above the stock become oversold and wait for a person",
    )
    is_active = models.BooleanField("In force", default=True)
    by = models.CharField("Made by", max_length=150, blank=True)

    class Meta:
        ordering = ["shop", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(tag__isnull=True) | Q(variant__isnull=True),
                name="a_quantity_rule_names_a_tag_or_a_sku",
                violation_error_message="Choose a tag or a SKU, not both.",
            ),
            models.CheckConstraint(
                condition=Q(percent__lte=100), name="a_quantity_rule_shows_no_more_than_all"
            ),
            models.CheckConstraint(
                condition=Q(may_exceed=False) | Q(fixed__isnull=False),
                name="only_a_fixed_quantity_may_exceed",
                violation_error_message=(
                    "Only a fixed quantity may exceed what is available: fill in “Always this "
                    "many”, or take “May exceed” away."
                ),
            ),
            _one_per(),
            _one_per("warehouse"),
            _one_per("tag"),
            _one_per("warehouse", "tag"),
            _one_per("variant"),
            _one_per("warehouse", "variant"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} of {self.shop}"

    @property
    def scope(self) -> str:
        """What it is set on, in words."""
        what = "everything"
        if self.variant is not None:
            what = f"SKU {self.variant.sku}"
        elif self.tag is not None:
            what = f"tag “{self.tag}”"
        return f"{what} in {self.warehouse}" if self.warehouse_id else what

    @property
    def words(self) -> str:
        """What it shows of what is available, in a few words."""
        if self.fixed is not None:
            return f"Always {self.fixed:,}" + (", even if fewer are there" * self.may_exceed)
        if self.percent == 0:
            return "Sends zero: nothing is sold"
        words = ["All" if self.percent == 100 else f"{self.percent} %"]
        if self.buffer:
            words.append(f"less {self.buffer:,}")
        if self.threshold:
            words.append(f"zero below {self.threshold:,}")
        if self.maximum is not None:
            words.append(f"{self.maximum:,} at most")
        return ", ".join(words)


class QuantityRenewal(models.Model):
    """That a shop's rules changed, so that every quantity is to be worked out again.

    It is written with the change and goes when the last offer is done; `position` is the offer up
    to which that is.
    """

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="quantity_renewal")
    asked_at = models.DateTimeField()
    position = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.shop}: up to offer {self.position}"
