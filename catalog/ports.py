"""What the catalog needs from a sales channel, as small Protocols.

An adapter in `integrations/` provides some of them and registers itself by the channel's name.
Every method may raise `Refused`, `TryLater` or `Reconnect` (marketplace.kernel.errors); a write
whose answer never came raises `TryLater` with `outcome_unknown=True`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from catalog.models import CategoryPermission, Shop, WarehouseKind
from catalog.states import ListingState, ReviewState
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import Money
from marketplace.kernel.registry import Registry


class DailyLimitReached(Refused):
    """The channel takes no more new listings from this shop today; nothing was created (R24)."""


@dataclass(frozen=True)
class Weight:
    value: Decimal
    unit: str  # g, kg, oz, lb (catalog.models.WeightUnit)


@dataclass(frozen=True)
class Dimensions:
    length: Decimal
    width: Decimal
    height: Decimal
    unit: str  # cm, in (catalog.models.DimensionUnit)


@dataclass(frozen=True)
class AttributeValue:
    """One value of one field of the category's form; without an id it is a value of our own."""

    attribute_id: str
    value_id: str
    value: str
    name: str = ""


@dataclass(frozen=True)
class ListingLimits:
    """What a channel accepts in one region; known without asking it."""

    title_min: int
    title_max: int
    description_max: int
    images_max: int
    sku_max: int
    variants_max: int
    quantity_max: int
    price_min: Decimal
    price_max: Decimal
    weight_max: Weight
    dimensions_required: bool = False


# -- what we send ---------------------------------------------------------------------------


@dataclass(frozen=True)
class OfferDraft:
    """One sellable variant. `options` are (option name, value) in order; empty for a simple one."""

    seller_sku: str
    price: Money
    quantities: Mapping[str, int]  # channel warehouse id -> units
    options: tuple[tuple[str, str], ...] = ()
    identifiers: Mapping[str, str] = field(default_factory=dict)  # upc/gtin/ean/isbn -> value
    image_uri: str = ""
    external_id: str = ""  # the channel's SKU id, when it exists there


@dataclass(frozen=True)
class CertificateDraft:
    external_id: str
    image_uris: tuple[str, ...] = ()
    expires_on: str = ""  # YYYY-MM-DD
    documents: tuple[tuple[str, str], ...] = ()  # (id on the channel, name) of each PDF


@dataclass(frozen=True)
class ListingDraft:
    """Everything a channel needs to show a product. `key` is the same for the same create."""

    key: str
    title: str
    description: str  # HTML, already sanitized
    category_id: str
    image_uris: tuple[str, ...]
    weight: Weight
    offers: tuple[OfferDraft, ...]
    brand_id: str = ""
    dimensions: Dimensions | None = None
    attributes: tuple[AttributeValue, ...] = ()
    certificates: tuple[CertificateDraft, ...] = ()
    size_chart_uri: str = ""
    manufacturer_ids: tuple[str, ...] = ()
    responsible_person_ids: tuple[str, ...] = ()
    video_id: str = ""  # of a video that is on the channel already; left out, an edit drops it


# -- what we get back -----------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """The channel took it: its ids (by seller SKU) and its remarks."""

    external_id: str
    offer_ids: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    request_id: str = ""


@dataclass(frozen=True)
class RemoteOffer:
    external_id: str
    seller_sku: str
    price: Money | None
    quantities: Mapping[str, int]  # channel warehouse id -> available units
    options: tuple[tuple[str, str], ...] = ()
    identifiers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OfferPage:
    """Some live listings' offers, by listing id, and where the next page begins (empty: none)."""

    offers: Mapping[str, Sequence[RemoteOffer]]
    after: str = ""


@dataclass(frozen=True)
class RemoteStatus:
    """How a listing stands on the channel, in our words and in its own."""

    external_id: str
    state: ListingState  # IN_REVIEW, ACTIVE, REJECTED or INACTIVE
    review: ReviewState
    raw_status: str
    raw_audit: str = ""
    reasons: tuple[str, ...] = ()
    updated_at: datetime | None = None
    seller_skus: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemoteListing:
    """A whole listing as it stands on the channel (R56-R71)."""

    status: RemoteStatus
    title: str
    description: str
    category_id: str
    category_path: str
    brand_id: str
    brand: str
    image_urls: tuple[str, ...]
    offers: tuple[RemoteOffer, ...]
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    attributes: tuple[AttributeValue, ...] = ()
    video_url: str = ""
    video_id: str = ""

    @property
    def external_id(self) -> str:
        return self.status.external_id


@dataclass(frozen=True)
class ItemFailure:
    """One item of a batch that the channel refused, in words for a person."""

    item_id: str
    message: str
    code: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class RemoteWarehouse:
    external_id: str
    name: str
    kind: WarehouseKind
    is_default: bool = False
    is_enabled: bool = True
    location: str = ""


@dataclass(frozen=True)
class RemoteCategory:
    external_id: str
    parent_id: str  # empty at the root
    name: str
    is_leaf: bool
    permission: CategoryPermission


@dataclass(frozen=True)
class RemoteAttribute:
    external_id: str
    name: str
    is_sales: bool
    is_required: bool
    is_customizable: bool
    is_multiple: bool
    values: tuple[tuple[str, str], ...]  # (id, name)
    #: (attribute id, value id): where one of them is chosen this is required, else it stays empty.
    required_if: tuple[tuple[str, str], ...] = ()
    takes_number: bool = False  # only a number above zero


@dataclass(frozen=True)
class RemoteCertification:
    """A document a category asks for; with conditions only where one of them is met."""

    external_id: str
    name: str
    is_required: bool
    needs_expiry: bool = False
    required_if: tuple[tuple[str, str], ...] = ()  # (attribute id, value id)
    details: str = ""  # what the document must show
    sample_url: str = ""


@dataclass(frozen=True)
class CategoryRules:
    """What a category demands beyond its attributes."""

    certifications: tuple[RemoteCertification, ...] = ()
    size_chart_required: bool = False
    size_chart_supported: bool = False
    dimensions_required: bool = False
    manufacturer_required: bool = False
    responsible_person_required: bool = False
    special_product_types: tuple[str, ...] = ()  # such as PRE_ORDER, in the channel's words


@dataclass(frozen=True)
class RemoteBrand:
    external_id: str
    name: str
    is_authorized: bool
    needs_authorization: bool = False


# -- what we call ---------------------------------------------------------------------------


class ListingChannel(Protocol):
    """Publishes and reads listings."""

    def limits(self, shop: Shop) -> ListingLimits:
        """What the channel accepts in the shop's region; no call is made."""
        ...

    def upload_image(self, shop: Shop, content: bytes, *, name: str, use: str) -> str:
        """Put a picture on the channel and return its uri. Uses: main, certificate, size_chart."""
        ...

    def create(self, shop: Shop, draft: ListingDraft) -> Published: ...

    def edit(
        self,
        shop: Shop,
        external_id: str,
        draft: ListingDraft,
        *,
        parts: Collection[str] = (),
    ) -> Published:
        """Overwrite the listing's content; price and quantity travel their own way (R26).

        `parts` (names of `catalog.content`) says what differs from what stands there: a channel
        that can changes these alone and leaves the rest. Without them the whole is sent.
        """
        ...

    def read(self, shop: Shop, external_id: str) -> RemoteListing: ...

    def find_by_skus(self, shop: Shop, seller_skus: Sequence[str]) -> list[RemoteStatus]:
        """Return what stands on the channel with any of these seller SKUs, deleted ones apart."""
        ...

    def statuses(self, shop: Shop, *, updated_since: datetime | None) -> Iterator[RemoteStatus]:
        """Yield every listing changed since a moment (all of them for None)."""
        ...

    def status(self, shop: Shop, external_id: str) -> RemoteStatus:
        """How one listing stands now, with the reasons if its review failed."""
        ...

    def deactivate(self, shop: Shop, external_ids: Sequence[str]) -> list[ItemFailure]:
        """Take listings off sale; return those that were refused, by listing id."""
        ...

    def activate(self, shop: Shop, external_ids: Sequence[str]) -> list[ItemFailure]:
        """Put listings on sale again, after another review; return those that were refused."""
        ...

    def delete(self, shop: Shop, external_ids: Sequence[str]) -> list[ItemFailure]:
        """Delete listings; return those that were refused."""
        ...


class OfferChannel(Protocol):
    """Sends prices and quantities of live offers, all of one listing in one call."""

    def send_prices(
        self, shop: Shop, external_id: str, prices: Mapping[str, Money]
    ) -> list[ItemFailure]:
        """Set prices by the channel's SKU id; return what was refused."""
        ...

    def send_quantities(
        self, shop: Shop, external_id: str, quantities: Mapping[str, Mapping[str, int]]
    ) -> list[ItemFailure]:
        """Set units by SKU id and warehouse id (every warehouse of the SKU named)."""
        ...

    def read_offers(
        self, shop: Shop, external_ids: Sequence[str]
    ) -> Mapping[str, Sequence[RemoteOffer]]:
        """Read price and quantity back, by listing id; what was just written is seen."""
        ...

    def offers_page(self, shop: Shop, *, after: str = "") -> OfferPage:
        """Read a page of all live listings' offers, in the fewest calls; it may lag behind."""
        ...


class WarehouseSource(Protocol):
    """Tells which warehouses a shop has."""

    def warehouses(self, shop: Shop) -> list[RemoteWarehouse]: ...


class TaxonomySource(Protocol):
    """The channel's categories, their forms, and its brands."""

    def categories(self, shop: Shop) -> list[RemoteCategory]: ...

    def attributes(self, shop: Shop, category_id: str) -> list[RemoteAttribute]: ...

    def rules(self, shop: Shop, category_id: str) -> CategoryRules: ...

    def brands(self, shop: Shop, *, prefix: str) -> Iterator[RemoteBrand]: ...

    def recommend(self, shop: Shop, *, title: str, description: str) -> str:
        """Return the leaf category the channel suggests, or an empty text."""
        ...


class PictureSource(Protocol):
    """Fetches a picture by its address."""

    def fetch(self, address: str) -> bytes:
        """Return the bytes. Raises `Refused` with a sentence if the address is not acceptable."""
        ...


listing_channels: Registry[ListingChannel] = Registry("listing channel")
offer_channels: Registry[OfferChannel] = Registry("offer channel")
warehouse_sources: Registry[WarehouseSource] = Registry("warehouse source")
taxonomy_sources: Registry[TaxonomySource] = Registry("taxonomy source")
picture_sources: Registry[PictureSource] = Registry("picture source")
