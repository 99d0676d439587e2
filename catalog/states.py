"""The states of shops and listings, and the moves between them, as data."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.states import Machine


class ShopState(TextChoices):
    MAPPING_REQUIRED = "mapping_required", "Warehouse mapping required"
    ACTIVE = "active", "Active"
    NEEDS_RECONNECT = "needs_reconnect", "Needs re-authorization"
    PAUSED = "paused", "Paused"
    DISCONNECTED = "disconnected", "Disconnected"


shop_machine = Machine(
    ShopState,
    {
        ShopState.MAPPING_REQUIRED: {
            ShopState.ACTIVE,
            ShopState.NEEDS_RECONNECT,
            ShopState.DISCONNECTED,
        },
        ShopState.ACTIVE: {
            ShopState.NEEDS_RECONNECT,
            ShopState.PAUSED,
            ShopState.DISCONNECTED,
        },
        ShopState.NEEDS_RECONNECT: {
            ShopState.ACTIVE,
            ShopState.MAPPING_REQUIRED,
            ShopState.DISCONNECTED,
        },
        ShopState.PAUSED: {
            ShopState.ACTIVE,
            ShopState.NEEDS_RECONNECT,
            ShopState.DISCONNECTED,
        },
        ShopState.DISCONNECTED: {ShopState.MAPPING_REQUIRED},
    },
)


class ListingState(TextChoices):
    INCOMPLETE = "incomplete", "Incomplete"
    READY = "ready", "Ready to Publish"
    QUEUED = "queued", "Queued"
    PUBLISHING = "publishing", "Publishing"
    IN_REVIEW = "in_review", "Suspended"
    ACTIVE = "active", "Active"
    REJECTED = "rejected", "Rejected in review"
    ERROR = "error", "Publishing error"
    INACTIVE = "inactive", "Inactive"


_ON_CHANNEL = {
    ListingState.IN_REVIEW,
    ListingState.ACTIVE,
    ListingState.REJECTED,
    ListingState.INACTIVE,
}

listing_machine = Machine(
    ListingState,
    {
        # An unpublished listing may also turn out to exist on the channel already (R57).
        ListingState.INCOMPLETE: {ListingState.READY, *_ON_CHANNEL},
        ListingState.READY: {ListingState.INCOMPLETE, ListingState.QUEUED, *_ON_CHANNEL},
        ListingState.QUEUED: {
            ListingState.PUBLISHING,
            ListingState.READY,
            ListingState.INCOMPLETE,
            *_ON_CHANNEL,
        },
        ListingState.PUBLISHING: {
            ListingState.QUEUED,
            ListingState.ERROR,
            *_ON_CHANNEL,
        },
        # What is unlinked, or deleted on the channel by us, is a staged listing again (B11).
        ListingState.IN_REVIEW: {
            ListingState.ACTIVE,
            ListingState.REJECTED,
            ListingState.INACTIVE,
            ListingState.QUEUED,
            ListingState.INCOMPLETE,
        },
        ListingState.ACTIVE: {
            ListingState.IN_REVIEW,
            ListingState.REJECTED,
            ListingState.INACTIVE,
            ListingState.QUEUED,
            ListingState.INCOMPLETE,
        },
        ListingState.REJECTED: {
            ListingState.IN_REVIEW,
            ListingState.ACTIVE,
            ListingState.INACTIVE,
            ListingState.QUEUED,
            ListingState.INCOMPLETE,
        },
        ListingState.ERROR: {
            ListingState.INCOMPLETE,
            ListingState.READY,
            ListingState.QUEUED,
            *_ON_CHANNEL,
        },
        ListingState.INACTIVE: {
            ListingState.IN_REVIEW,
            ListingState.ACTIVE,
            ListingState.REJECTED,
            ListingState.QUEUED,
            ListingState.INCOMPLETE,
        },
    },
)


class ReviewState(TextChoices):
    """What the channel's own review says; kept beside the listing's state, never mixed with it."""

    NONE = "none", "Not reviewed"
    IN_REVIEW = "in_review", "In review"
    PRE_APPROVED = "pre_approved", "Approved, waiting for a permission"
    APPROVED = "approved", "Approved"
    FAILED = "failed", "Failed"
