"""The products workspace of a merchant: what there is, where its stock is, where it is listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import nh3
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import (
    BundleComponent,
    Certificate,
    FulfillmentCenter,
    Image,
    Listing,
    Product,
    StockLevel,
    Tag,
    Variant,
)
from catalog.pages.access import MerchantRequest, merchant_required
from catalog.pages.lists import number_in, page_of, tabs_of
from catalog.readiness_category import expires_soon, is_expired
from catalog.services import compliance, price_view, recipes, side_by_side
from catalog.services.price_view import Asked
from marketplace.kernel.money import Money

TAGS_SHOWN = 500
#: Pictures inside a description come from other hosts, and these pages ask no other host.
SHOWN_TAGS = nh3.ALLOWED_TAGS - {"img", "a", "iframe"}


@dataclass
class ProductRow:
    """One product as the list shows it.

    What a bundle has available lies with its components: it has nothing on hand itself.
    """

    product: Product
    image: Image | None
    lowest: Money | None = None
    highest: Money | None = None
    on_hand: int = 0
    available: int = 0
    variants: int = 0
    bundles: int = 0
    listings: list[Listing] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    @property
    def is_bundle(self) -> bool:
        """Whether nothing of it but bundles is sold."""
        return self.bundles > 0 and self.bundles == self.variants


@merchant_required
@require_safe
def product_list(request: MerchantRequest) -> HttpResponse:
    """Every product of the merchant, newest first."""
    merchant = request.access.merchant
    search, tag = request.GET.get("q", "").strip(), number_in(request, "tag")
    found = _search(Product.objects.filter(merchant=merchant), search, tag)
    listed = Exists(Listing.objects.filter(product=OuterRef("pk")))
    stocked = _is_stocked()
    named = {
        "all": ("All", "Every product you have.", found),
        "unlisted": ("Not listed", "No listing was staged for any shop.", found.exclude(listed)),
        "listed": ("Listed", "At least one listing exists.", found.filter(listed)),
        "empty": ("Out of stock", "No fulfillment center holds a unit.", found.exclude(stocked)),
    }
    tabs, tab = tabs_of(named, request.GET.get("tab", ""))
    page = page_of(request, named[tab.key][2], tab.count)
    context = {
        "tabs": tabs,
        "tab": tab,
        "page": page,
        "rows": _rows(page.rows),
        "tags": Tag.objects.filter(merchant=merchant)[:TAGS_SHOWN],
        "tag": tag,
        "search": search,
    }
    return render(request, "catalog/products.html", context)


def _is_stocked() -> Exists | Q:
    """Units of it are somewhere, or all that one bundle takes is in one place."""
    own = StockLevel.objects.filter(variant__product=OuterRef("pk"), on_hand__gt=0)
    enough = StockLevel.objects.filter(
        variant=OuterRef("component"),
        fulfillment_center=OuterRef(OuterRef("center")),
        on_hand__gte=OuterRef("units"),
    )
    missing = BundleComponent.objects.filter(bundle=OuterRef("bundle")).exclude(Exists(enough))
    whole = (
        BundleComponent.objects.filter(bundle__product=OuterRef("pk"))
        .annotate(center=F("component__stock_levels__fulfillment_center"))
        .filter(~Exists(missing))
    )
    return Exists(own) | Exists(whole)


def _search(products: QuerySet[Product], search: str, tag: int | None) -> QuerySet[Product]:
    if tag is not None:
        products = products.filter(tags=tag)
    if search:
        by_sku = Exists(Variant.objects.filter(product=OuterRef("pk"), sku__iexact=search))
        products = products.filter(
            Q(title__icontains=search) | Q(sku__icontains=search) | Q(by_sku)
        )
    return products


def _rows(products: list[Product]) -> list[ProductRow]:
    """Collect what the list shows with a fixed number of queries."""
    ids = [product.pk for product in products]
    rows = {product.pk: ProductRow(product, None) for product in products}
    for image in Image.objects.filter(product__in=ids).order_by("-position", "-pk"):
        rows[image.product_id].image = image
    prices: dict[int, list[Money]] = defaultdict(list)
    owners: dict[int, ProductRow] = {}
    for variant in Variant.objects.filter(product__in=ids):
        row = owners[variant.pk] = rows[variant.product_id]
        row.variants += 1
        if variant.price is not None:
            prices[variant.product_id].append(Money(variant.price, variant.currency))
    for pk, found in prices.items():
        rows[pk].lowest = min(found, key=_amount)
        rows[pk].highest = max(found, key=_amount)
    _add_stock(owners)
    for listing in Listing.objects.filter(product__in=ids).select_related("shop").order_by("pk"):
        rows[listing.product_id].listings.append(listing)
    for tag in Product.tags.through.objects.filter(product__in=ids).select_related("tag"):
        rows[tag.product_id].tags.append(tag.tag.name)
    return list(rows.values())


def _add_stock(owners: Mapping[int, ProductRow]) -> None:
    """Add what is on hand and what can be sold of each variant to the row of its product."""
    levels = StockLevel.objects.filter(variant__in=list(owners)).order_by()
    for variant, units in levels.values_list("variant").annotate(units=Sum("on_hand")):
        owners[variant].on_hand += units
    for variant, free in recipes.totals(owners.keys()).items():
        owners[variant].available += free
    for variant in recipes.of(owners.keys()):
        owners[variant].bundles += 1


def _amount(money: Money) -> Decimal:
    return money.amount


def _standing(row: Certificate) -> tuple[str, str]:
    """How long a certificate is valid still, and the color of that word."""
    today = compliance.today()
    if is_expired(row.expires_on, today):
        return "bad", f"Expired on {row.expires_on}"
    if expires_soon(row.expires_on, today):
        return "busy", f"Expires on {row.expires_on}"
    return "", f"valid until {row.expires_on}" if row.expires_on else ""


def _pools(variants: Iterable[Variant]) -> list[str]:
    """A sentence for each center of their stock from which several shops sell (B21)."""
    levels = [level for row in variants for level in row.stock_levels.all()]
    centers = {level.fulfillment_center_id: str(level.fulfillment_center) for level in levels}
    return [
        f"{centers[pk]} is a shared pool: {', '.join(map(str, shops))} sell the same units."
        for pk, shops in side_by_side.sharing(centers).items()
        if len(shops) > 1
    ]


def _with_bundles(variants: Iterable[Variant]) -> list[tuple[Variant, list[tuple[str, int]]]]:
    """Variants, each with where whole bundles of it can be sold from; empty if it is none."""
    found = list(variants)
    places = recipes.by_center(recipes.of([row.pk for row in found]))
    centers = FulfillmentCenter.objects.filter(pk__in={pk for one in places.values() for pk in one})
    names = {center.pk: str(center) for center in centers} if places else {}
    return [
        (row, sorted((names[pk], units) for pk, units in places.get(row.pk, {}).items()))
        for row in found
    ]


@merchant_required
@require_safe
def product_page(request: MerchantRequest, pk: int) -> HttpResponse:
    """One product whole: texts, pictures, variants, stock per fulfillment center, listings."""
    levels = StockLevel.objects.select_related("fulfillment_center").order_by(
        "fulfillment_center__name"
    )
    variants = Variant.objects.prefetch_related(
        Prefetch("stock_levels", levels), "identifiers", "components__component"
    ).order_by("position", "pk")
    products = (
        Product.objects.filter(merchant=request.access.merchant)
        .select_related("video", "size_chart", "manufacturer", "responsible_person")
        .prefetch_related("tags", "images", "certificates", Prefetch("variants", variants))
    )
    product = get_object_or_404(products, pk=pk)
    context = {
        "product": product,
        "variants": _with_bundles(product.variants.all()),
        "pools": _pools(product.variants.all()),
        "view": price_view.of_product(product, Asked.of(request.GET), timezone.now()),
        "images": [image for image in product.images.all() if image.file],
        "certificates": [(row, *_standing(row)) for row in product.certificates.all()],
        "pictures_waiting": [image for image in product.images.all() if not image.file],
        "description": nh3.clean(product.description, tags=SHOWN_TAGS, attributes={}),
        "listings": Listing.objects.filter(product=product).select_related("shop", "category"),
    }
    return render(request, "catalog/product.html", context)
