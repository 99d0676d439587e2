"""The rows of the catalog; import them from here."""

from __future__ import annotations

from catalog.models.bundle import BundleComponent
from catalog.models.compliance import ChannelPerson, CompliancePerson, PersonKind
from catalog.models.drift import Drift
from catalog.models.listing import (
    Listing,
    ListingAttribute,
    ListingEvent,
    ListingQuerySet,
    UnlinkedListing,
    ValueOrigin,
)
from catalog.models.media import Certificate, ChannelImage, Image, SizeChart, Video
from catalog.models.merchant import Membership, Merchant, Role
from catalog.models.offer import DriftCause, Offer, OfferStock
from catalog.models.place import (
    CenterKind,
    ChannelWarehouse,
    FulfillmentCenter,
    MappingLocked,
    Provider,
    WarehouseKind,
    WarehouseMapping,
)
from catalog.models.price import (
    ExchangeRate,
    PriceCause,
    PriceChange,
    PriceEnding,
    PriceRule,
    PriceRun,
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
from catalog.models.quantity_rule import QuantityRenewal, QuantityRule
from catalog.models.shop import Channel, SamplePolicy, Shop
from catalog.models.stock import MovementKind, StockLevel, StockMovement
from catalog.models.taxonomy import (
    AttributeKind,
    CategoryAttribute,
    CategoryPermission,
    ChannelCategory,
)
from catalog.models.template import (
    ConditionKind,
    ListingTemplate,
    TemplateAttribute,
    TemplateCondition,
    ValueSource,
)

__all__ = [
    "AttributeKind",
    "BundleComponent",
    "CategoryAttribute",
    "CategoryPermission",
    "CenterKind",
    "Certificate",
    "Channel",
    "ChannelCategory",
    "ChannelImage",
    "ChannelPerson",
    "ChannelWarehouse",
    "CompliancePerson",
    "ConditionKind",
    "DimensionUnit",
    "Drift",
    "DriftCause",
    "ExchangeRate",
    "FulfillmentCenter",
    "Identifier",
    "IdentifierKind",
    "Image",
    "Listing",
    "ListingAttribute",
    "ListingEvent",
    "ListingQuerySet",
    "ListingTemplate",
    "MappingLocked",
    "Membership",
    "Merchant",
    "MovementKind",
    "Offer",
    "OfferStock",
    "PersonKind",
    "PriceCause",
    "PriceChange",
    "PriceEnding",
    "PriceRule",
    "PriceRun",
    "Product",
    "Provider",
    "QuantityRenewal",
    "QuantityRule",
    "Role",
    "SamplePolicy",
    "Shop",
    "SizeChart",
    "StockLevel",
    "StockMovement",
    "Tag",
    "TemplateAttribute",
    "TemplateCondition",
    "UnlinkedListing",
    "ValueOrigin",
    "ValueSource",
    "Variant",
    "Video",
    "WarehouseKind",
    "WarehouseMapping",
    "WeightUnit",
]
