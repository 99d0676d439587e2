from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from catalog.models.product import Product, Variant
from catalog.models.shop import Shop
from marketplace.kernel.models import Stamped

WEB_ADDRESS = URLValidator(schemes=["http", "https"])


class ImageQuerySet(models.QuerySet["Image"]):
    def to_fetch(self) -> ImageQuerySet:
        """Known by address only, and not yet found unusable."""
        return self.filter(sha256="", problem="").exclude(source_url="")


class Image(Stamped):
    """A picture of a product; the one with the lowest position is the primary image.

    Size and shape are kept as columns, so that a whole catalog can be checked without a file read.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="images"
    )
    file = models.ImageField(upload_to="products/%Y/%m/", blank=True, max_length=200)
    source_url = models.CharField("Address", max_length=1000, blank=True, validators=[WEB_ADDRESS])
    position = models.PositiveIntegerField(default=0)
    alt_text = models.CharField(max_length=300, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True, help_text="pixels")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="pixels")
    size = models.PositiveIntegerField(null=True, blank=True, help_text="bytes")
    format = models.CharField(max_length=10, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    problem = models.TextField(blank=True, help_text="Why it could not be fetched or read")
    original = models.ImageField(
        upload_to="products/%Y/%m/", blank=True, max_length=200, help_text="As it was before a fix"
    )
    fixed_as = models.CharField(max_length=300, blank=True, help_text="What the fix changed")

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["product", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "source_url"],
                condition=~Q(source_url=""),
                name="one_image_per_address_of_a_product",
            ),
        ]

    def __str__(self) -> str:
        return f"Image {self.position + 1} of {self.product}"


class Video(Stamped):
    """A reference to a product's video on a channel or elsewhere (GB2)."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="video")
    url = models.CharField(max_length=1000, blank=True, validators=[WEB_ADDRESS])
    external_id = models.CharField(max_length=100, blank=True)
    cover_url = models.CharField(max_length=1000, blank=True, validators=[WEB_ADDRESS])

    def __str__(self) -> str:
        return self.url or self.external_id


class Certificate(Stamped):
    """A document that a category asks for, uploaded in the Images section of a product (R51)."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="certificates")
    external_id = models.CharField("Kind on the channel", max_length=60)
    name = models.CharField(max_length=200)
    file = models.FileField(upload_to="certificates/%Y/%m/", help_text="A picture or a PDF")
    size = models.PositiveIntegerField(null=True, blank=True, help_text="bytes")
    format = models.CharField(max_length=10, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    expires_on = models.DateField(
        null=True,
        blank=True,
        help_text="As the document says; from this day on it counts as expired",
    )

    class Meta:
        ordering = ["product", "external_id", "pk"]
        indexes = [models.Index(fields=["expires_on"], name="certificates_by_expiry")]

    def __str__(self) -> str:
        return self.name


class SizeChart(Stamped):
    """A picture of a product's sizes, where the category asks for one (R52)."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="size_chart")
    file = models.ImageField(upload_to="size-charts/%Y/%m/", max_length=200)
    width = models.PositiveIntegerField(null=True, blank=True, help_text="pixels")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="pixels")
    size = models.PositiveIntegerField(null=True, blank=True, help_text="bytes")
    format = models.CharField(max_length=10, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"Size chart of {self.product}"


class ChannelImage(Stamped):
    """That a picture or document of this content is on the channel: each goes up once per use."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="channel_images")
    sha256 = models.CharField(max_length=64)
    use = models.CharField(max_length=30)
    uri = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "sha256", "use"], name="each_picture_goes_up_once"
            ),
        ]

    def __str__(self) -> str:
        return self.uri
