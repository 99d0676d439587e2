"""The rows of the catalog; import them from here."""

from __future__ import annotations

from catalog.models.listing import (
    Listing,
    ListingAttribute,
    ListingEvent,
    ListingQuerySet,
    UnlinkedListing,
)
from catalog.models.media import Certificate, ChannelImage, Image, Video
from catalog.models.merchant import Membership, Merchant, Role
from catalog.models.offer import Offer, OfferStock
from catalog.models.place import (
    CenterKind,
    ChannelWarehouse,
    FulfillmentCenter,
    MappingLocked,
    Provider,
    WarehouseKind,
    WarehouseMapping,
)
from catalog.models.product import (
    DimensionUnit,
    Identifier,
    IdentifierKind,
    Product,
    Tag,
    Variant,
    WeightUnit,
)
from catalog.models.shop import Channel, Shop
from catalog.models.stock import MovementKind, StockLevel, StockMovement
from catalog.models.taxonomy import (
    AttributeKind,
    CategoryAttribute,
    CategoryPermission,
    ChannelCategory,
)

__all__ = [
    "AttributeKind",
    "CategoryAttribute",
    "CategoryPermission",
    "CenterKind",
    "Certificate",
    "Channel",
    "ChannelCategory",
    "ChannelImage",
    "ChannelWarehouse",
    "DimensionUnit",
    "FulfillmentCenter",
    "Identifier",
    "IdentifierKind",
    "Image",
    "Listing",
    "ListingAttribute",
    "ListingEvent",
    "ListingQuerySet",
    "MappingLocked",
    "Membership",
    "Merchant",
    "MovementKind",
    "Offer",
    "OfferStock",
    "Product",
    "Provider",
    "Role",
    "Shop",
    "StockLevel",
    "StockMovement",
    "Tag",
    "UnlinkedListing",
    "Variant",
    "Video",
    "WarehouseKind",
    "WarehouseMapping",
    "WeightUnit",
]
