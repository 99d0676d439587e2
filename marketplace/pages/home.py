"""A merchant's first page: what needs attention, and the way to each of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Listing, Merchant, PriceRule, Product, Shop
from catalog.pages.access import (
    MerchantRequest,
    choose_merchant,
    merchant_required,
    visible_merchants,
)
from catalog.pages.listings import named_lists as listing_lists
from catalog.pages.lists import Count
from catalog.states import ListingState, ShopState
from marketplace.pages.checklist import steps_of
from orders.models import IntakeProblem, Order
from orders.pages.orders import named_lists as order_lists
from orders.pages.requests import named_lists as request_lists

MERCHANTS_SHOWN = 50
RULES_SHOWN = 10


@dataclass(frozen=True)
class Counter:
    """One figure with its words, and the list of exactly these rows."""

    label: str
    count: Count
    url: str
    hint: str = ""
    is_alert: bool = True


@merchant_required
@require_safe
def home(request: MerchantRequest) -> HttpResponse:
    """What needs a person now; then how things stand."""
    merchant = request.access.merchant
    shops = list(Shop.objects.filter(merchant=merchant))
    context = {
        "attention": [
            counter
            for counter in (*_orders_to_see(merchant), *_listings_to_see(shops))
            if counter.count
        ],
        "standing": _standing(merchant, shops),
        "troubled": [shop for shop in shops if shop.state in _TROUBLE],
        "problems": IntakeProblem.objects.unresolved().filter(shop__in=shops).count(),
        "stuck_rules": _stuck_rules(shops),
        "steps_left": [step for step in steps_of(merchant) if not step.is_done],
    }
    return render(request, "pages/home.html", context)


def _stuck_rules(shops: list[Shop]) -> list[PriceRule]:
    """Price rules that cannot run; each says why."""
    rules = PriceRule.objects.filter(shop__in=shops, is_paused=False).exclude(problem="")
    return list(rules.select_related("shop")[:RULES_SHOWN])


_TROUBLE = (ShopState.MAPPING_REQUIRED, ShopState.NEEDS_RECONNECT, ShopState.PAUSED)


#: What waits in the merchant's orders: words, the tab that holds exactly these, what it means.
_ORDERS_TO_SEE = (
    ("Orders late", "late", ""),
    ("Orders due within 24 h", "soon", ""),
    ("Canceled by the channel within 24 h", "autocancel", "Unless they are shipped"),
    ("Label or package trouble", "parcel", "A label to make, or a tracking number refused"),
    ("Orders of an unknown SKU", "unlinked", "No stock is held for them"),
    ("Orders that need a person", "attention", "Whatever stands in the way"),
)


#: The same for what buyers ask back.
_REQUESTS_TO_SEE = (
    ("Cancellations to answer", "cancellations", "Approve or decline before the time is over"),
    ("Returns to answer", "returns", "Approve or decline before the time is over"),
    ("Returns to receive", "receive", "Say whether the units can be sold again"),
)


def _orders_to_see(merchant: Merchant) -> list[Counter]:
    lists = order_lists(Order.objects.filter(merchant=merchant))
    requests = request_lists(merchant)
    return [
        Counter(label, Count.of(named[tab][2]), _tab(page, tab), hint)
        for page, named, shown in (
            ("orders", lists, _ORDERS_TO_SEE),
            ("requests", requests, _REQUESTS_TO_SEE),
        )
        for label, tab, hint in shown
    ]


def _listings_to_see(shops: list[Shop]) -> list[Counter]:
    listings = Listing.objects.filter(shop__in=shops)
    lists = listing_lists(listings)
    return [
        Counter(
            "Listings with a problem",
            Count.of(listings.needing_attention()),
            _tab("listings", "attention"),
            "Refused, or failed in review",
        ),
        Counter(
            "The channel shows something else",
            Count.of(lists["drift"][2]),
            _tab("listings", "drift"),
            "Another price or quantity than was sent",
        ),
        Counter(
            "Prices held back",
            Count.of(lists["held"][2]),
            _tab("listings", "held"),
            "A rate is missing, or the limits leave no price",
        ),
        Counter(
            "Listings incomplete",
            Count.of(listings.incomplete()),
            _tab("listings", "incomplete"),
            "Something is missing before they can be published",
            is_alert=False,
        ),
        Counter(
            "Changes not published",
            Count.of(listings.with_unpublished_changes()),
            _tab("listings", "changed"),
            is_alert=False,
        ),
    ]


def _standing(merchant: Merchant, shops: list[Shop]) -> list[Counter]:
    orders = Order.objects.filter(merchant=merchant)
    listings = Listing.objects.filter(shop__in=shops)
    return [
        _figure("Products", Product.objects.filter(merchant=merchant), reverse("products")),
        _figure("Ready to Publish", listings.ready(), _tab("listings", "ready")),
        _figure("In review", listings.under_review(), _tab("listings", "suspended")),
        _figure(
            "Active listings",
            listings.filter(state=ListingState.ACTIVE),
            _tab("listings", "active"),
        ),
        _figure("Pending orders", orders.pending(), _tab("orders", "pending")),
        _figure("Orders to ship", orders.to_ship(), _tab("orders", "unshipped")),
    ]


def _figure(label: str, rows: QuerySet[Any], url: str) -> Counter:
    return Counter(label, Count.of(rows), url, is_alert=False)


def _tab(page: str, tab: str) -> str:
    return f"{reverse(page)}?tab={tab}"


@merchant_required
@require_safe
def merchants(request: MerchantRequest) -> HttpResponse:
    """The merchants a person may see, to switch between them."""
    search = request.GET.get("q", "").strip()
    found = visible_merchants(request.user)
    if search:
        found = found.filter(name__icontains=search)
    context = {"merchants": found.order_by("name")[:MERCHANTS_SHOWN], "search": search}
    return render(request, "pages/merchants.html", context)


@merchant_required
@require_POST
def switch_merchant(request: MerchantRequest, slug: str) -> HttpResponse:
    """See another merchant's pages from now on."""
    choose_merchant(request, get_object_or_404(visible_merchants(request.user), slug=slug))
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if is_ours else "home")
