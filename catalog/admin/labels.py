"""The colors of states; the word always stands beside the color."""

from __future__ import annotations

from catalog.models import CategoryPermission, MovementKind
from catalog.states import ListingState, ReviewState, ShopState
from marketplace.kernel.admin import colors

LISTING_LABELS = colors(
    ListingState,
    {
        ListingState.READY: "info",
        ListingState.QUEUED: "info",
        ListingState.PUBLISHING: "info",
        ListingState.IN_REVIEW: "warning",
        ListingState.ACTIVE: "success",
        ListingState.REJECTED: "danger",
        ListingState.ERROR: "danger",
    },
)
REVIEW_LABELS = colors(
    ReviewState,
    {
        ReviewState.IN_REVIEW: "warning",
        ReviewState.PRE_APPROVED: "warning",
        ReviewState.APPROVED: "success",
        ReviewState.FAILED: "danger",
    },
)
SHOP_LABELS = colors(
    ShopState,
    {
        ShopState.MAPPING_REQUIRED: "warning",
        ShopState.ACTIVE: "success",
        ShopState.NEEDS_RECONNECT: "danger",
        ShopState.PAUSED: "warning",
    },
)
PERMISSION_LABELS = colors(
    CategoryPermission,
    {
        CategoryPermission.AVAILABLE: "success",
        CategoryPermission.INVITE_ONLY: "warning",
        CategoryPermission.PROHIBITED: "danger",
    },
)
MOVEMENT_LABELS = colors(
    MovementKind,
    {
        MovementKind.RECEIVE: "success",
        MovementKind.RETURN: "success",
        MovementKind.RESERVE: "info",
        MovementKind.SHIP: "warning",
    },
)
