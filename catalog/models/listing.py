from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from catalog.models.product import Product
from catalog.models.shop import Shop
from catalog.models.taxonomy import CategoryAttribute, ChannelCategory
from catalog.models.template import ListingTemplate
from catalog.states import ListingState, ReviewState
from marketplace.kernel.models import Stamped


class ListingQuerySet(models.QuerySet["Listing"]):
    def incomplete(self) -> ListingQuerySet:
        return self.filter(state=ListingState.INCOMPLETE)

    def ready(self) -> ListingQuerySet:
        return self.filter(state=ListingState.READY)

    def queued(self) -> ListingQuerySet:
        """In the order in which they will be published."""
        return self.filter(state=ListingState.QUEUED).order_by("-priority", "queued_at", "pk")

    def on_channel(self) -> ListingQuerySet:
        return self.exclude(external_id="")

    def under_review(self) -> ListingQuerySet:
        return self.filter(state=ListingState.IN_REVIEW)

    def needing_attention(self) -> ListingQuerySet:
        return self.filter(
            Q(state__in=[ListingState.REJECTED, ListingState.ERROR])
            | Q(state=ListingState.IN_REVIEW, review=ReviewState.PRE_APPROVED)
        )

    def with_unpublished_changes(self) -> ListingQuerySet:
        return self.on_channel().exclude(Q(published_hash="") | Q(content_hash=F("published_hash")))


class Listing(Stamped):
    """A product offered on a shop: category, attributes, state and what was last published."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="listings")
    product = models.ForeignKey(Product, models.PROTECT, related_name="listings")
    category = models.ForeignKey(
        ChannelCategory, models.SET_NULL, null=True, blank=True, related_name="listings"
    )
    title = models.CharField(
        "Title on the channel",
        max_length=300,
        blank=True,
        help_text="Empty: from the template, else the product's",
    )
    description = models.TextField(
        "Description on the channel",
        blank=True,
        help_text="Empty: from the template, else the product's",
    )
    template = models.ForeignKey(
        ListingTemplate, models.SET_NULL, null=True, blank=True, related_name="listings"
    )
    template_title = models.CharField(
        max_length=300, blank=True, help_text="As the template last made it"
    )
    template_description = models.TextField(blank=True)
    brand_external_id = models.CharField("Brand id on the channel", max_length=60, blank=True)
    state = models.CharField(
        max_length=12, choices=ListingState.choices, default=ListingState.INCOMPLETE
    )
    review = models.CharField(max_length=12, choices=ReviewState.choices, default=ReviewState.NONE)
    missing = models.JSONField(
        default=list,
        blank=True,
        help_text="What keeps it Incomplete: [{field, sentence, found, allowed}]",
    )
    problem = models.TextField(blank=True, help_text="The channel's words and what to do")
    problem_code = models.CharField(max_length=20, blank=True)
    problem_request_id = models.CharField(max_length=64, blank=True)

    external_id = models.CharField("Product id on the channel", max_length=60, blank=True)
    external_status = models.CharField(max_length=40, blank=True)
    external_audit = models.CharField(max_length=40, blank=True)

    content_hash = models.CharField(max_length=64, blank=True)
    published_hash = models.CharField(max_length=64, blank=True)
    published_content = models.JSONField(
        default=dict, blank=True, help_text="What the channel last took, by field"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    uploaded_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was first created on the channel, by us (quota)"
    )
    priority = models.SmallIntegerField(default=0, help_text="Higher goes first")
    queued_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claimed_by = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    #: Written before the create call leaves; only an answer, or a look-up, takes it away.
    create_intent = models.CharField(max_length=64, blank=True)
    create_intent_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(null=True, blank=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "shop"], name="one_listing_per_product_and_shop"
            ),
            models.UniqueConstraint(
                fields=["shop", "external_id"],
                condition=~Q(external_id=""),
                name="one_listing_per_channel_product",
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "state", "queued_at"], name="listings_by_state"),
            models.Index(fields=["state", "id"], name="listings_of_all_shops_by_state"),
            models.Index(fields=["shop", "uploaded_at"], name="listings_by_day_of_upload"),
            models.Index(
                fields=["shop", "create_intent_at"],
                condition=~Q(create_intent=""),
                name="creates_under_way",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.product)

    @property
    def title_to_send(self) -> str:
        return self.title or self.template_title or self.product.title

    @property
    def description_to_send(self) -> str:
        return self.description or self.template_description or self.product.description

    @property
    def has_unpublished_changes(self) -> bool:
        return bool(
            self.external_id and self.published_hash and self.content_hash != self.published_hash
        )


class ValueOrigin(models.TextChoices):
    """Who filled a property in; a template overwrites only its own."""

    PERSON = "person", "Filled in by hand"
    TEMPLATE = "template", "From the template"
    CHANNEL = "channel", "Read from the channel"


class ListingAttribute(Stamped):
    """A filled-in field of the channel's form; several rows where several values are allowed."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="attributes")
    attribute = models.ForeignKey(CategoryAttribute, models.CASCADE, related_name="+")
    value_external_id = models.CharField(max_length=60, blank=True)
    value = models.CharField(max_length=2000)
    origin = models.CharField(max_length=8, choices=ValueOrigin.choices, default=ValueOrigin.PERSON)

    class Meta:
        ordering = ["attribute", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing", "attribute", "value"], name="one_row_per_attribute_value"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attribute}: {self.value}"


class ListingEvent(models.Model):
    """Who or which job moved a listing from where to where, and why."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="events")
    old = models.CharField(max_length=12, choices=ListingState.choices, blank=True)
    new = models.CharField(max_length=12, choices=ListingState.choices)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    by = models.CharField("Who or what", max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_old_display()} → {self.get_new_display()}"


class UnlinkedListing(Stamped):
    """A listing of the shop that could not be joined with a product here, and why."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="unlinked_listings")
    external_id = models.CharField(max_length=60)
    title = models.CharField(max_length=300, blank=True)
    seller_skus = models.JSONField(default=list, blank=True)
    reason = models.TextField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id"], name="one_row_per_unlinked_listing"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.external_id
