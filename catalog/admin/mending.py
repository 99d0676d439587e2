"""Where a person mends what keeps a listing from being published: one table (B3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.property_fields import PREFIX
from catalog.models import CategoryAttribute, Listing

#: Tabs of the product's page, by the field of the requirement.
PRODUCT_TABS = {
    "sku": "variants",
    "variants": "variants",
    "options": "variants",
    "price": "variants",
    "weight": "variants",
    "dimensions": "variants",
    "image": "images",
    "size_chart": "size_chart",
    "certificate": "certificates",
}
#: Verbs of the listing that fill the field in.
LISTING_VERBS = {"category": "categorize", "attribute": "fill_in"}
#: These may be written on the listing itself, over the product's own.
TEXTS = ("title", "description")


def where_to_mend(listing: Listing, field: str) -> str | None:
    """Return the page on which the field of a `Missing` is set; None for a field nobody sets.

    Needs `listing.product`, and asks the database nothing.
    """
    name, _, detail = field.partition(":")
    product = reverse("admin:catalog_product_change", args=[listing.product_id])
    if name in PRODUCT_TABS:
        return f"{product}#{PRODUCT_TABS[name]}"
    if name in LISTING_VERBS:
        url = reverse("admin:catalog_listing_mend", args=[listing.pk, LISTING_VERBS[name]])
        return f"{url}?{urlencode({'attribute': detail})}" if detail else url
    if name in TEXTS:
        own = reverse("admin:catalog_listing_change", args=[listing.pk])
        return f"{own if getattr(listing, name) else product}#id_{name}"
    if name == "quantity":
        levels = reverse("admin:catalog_stocklevel_changelist")
        return f"{levels}?{urlencode({'q': listing.product.sku})}"
    if name in ("manufacturer", "responsible_person"):
        return f"{product}#id_{name}"
    return None


def mending_link(listing: Listing, item: dict[str, Any]) -> str | SafeString:
    """The sentence of a `Missing` as a link to where it is mended."""
    url = where_to_mend(listing, item["field"])
    if url is None:
        return str(item["sentence"])
    return format_html(
        '<a class="text-primary-600 hover:underline" href="{}">{}</a>', url, item["sentence"]
    )


def fragment_of(listing: Listing, attribute: str) -> str:
    """The place of a property in the form that fills properties in, by the channel's id of it."""
    rows = CategoryAttribute.objects.filter(category=listing.category_id, external_id=attribute)
    found = rows.values_list("pk", flat=True).first() if attribute else None
    return f"#id_{PREFIX}{found}" if found else ""
