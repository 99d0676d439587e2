"""Where a product is listed, what keeps it from being published, and where to mend that."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest
from django.urls import reverse

from catalog.admin.labels import LISTING_LABELS
from catalog.models import Listing, Product
from catalog.states import ListingState
from marketplace.kernel.admin import changelist_url, label
from marketplace.kernel.models import Stamped

#: The tab of the product's page on which a requirement is met, by its first word.
TABS = {
    "title": "general",
    "description": "general",
    "brand": "general",
    "manufacturer": "general",
    "responsible_person": "general",
    "sku": "variants",
    "price": "variants",
    "weight": "variants",
    "dimensions": "variants",
    "options": "variants",
    "variants": "variants",
    "identifiers": "variants",
    "image": "images",
    "certificate": "certificates",
    "size_chart": "size_chart",
}


@dataclass(frozen=True)
class Reason:
    """One unmet requirement; `tab` of this page or `url` of another is where it is met."""

    sentence: str
    found: str
    allowed: str
    tab: str = ""
    url: str = ""


@dataclass
class Card:
    """One listing of the product as its page shows it."""

    listing: Listing
    url: str
    state: object
    reasons: list[Reason] = field(default_factory=list)
    may_publish: bool = False


def cards_of(request: HttpRequest, product: Product) -> list[Card]:
    """The product's listings, each with all its reasons at once."""
    may_change = request.user.has_perm("catalog.change_listing")
    rows = Listing.objects.filter(product=product).select_related("shop").order_by("shop__name")
    return [_card(row, product, may_change) for row in rows]


def _card(row: Listing, product: Product, may_change: bool) -> Card:
    url = _page(row)
    is_due = row.state == ListingState.READY or (
        row.has_unpublished_changes
        and row.state not in (ListingState.QUEUED, ListingState.PUBLISHING)
    )
    return Card(
        listing=row,
        url=url,
        state=label(row.get_state_display(), LISTING_LABELS[ListingState(row.state)]),
        reasons=[_reason(item, url, product) for item in row.missing],
        may_publish=may_change and is_due and not row.missing,
    )


def _reason(item: dict[str, str], url: str, product: Product) -> Reason:
    what = item["field"].split(":")[0]
    tab = TABS.get(what, "")
    if what == "quantity":
        first = product.variants.first()
        url = _page(first) if first else url
    return Reason(
        sentence=item["sentence"],
        found=item.get("found", ""),
        allowed=item.get("allowed", ""),
        tab=tab,
        url="" if tab else url,
    )


def publish_url() -> str:
    """Where “Publish” is asked for: the verb of the listings workspace."""
    return changelist_url(Listing)


def _page(row: Stamped) -> str:
    opts = row._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
