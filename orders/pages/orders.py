"""A merchant's orders: what must leave, until when, and what is wrong with which."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Merchant, Shop
from catalog.pages.access import MerchantRequest, merchant_required
from catalog.pages.lists import Count, number_in, page_of, tabs_of
from orders import deadlines
from orders.models import (
    PARCEL_TROUBLE,
    AttentionKind,
    IntakeCursor,
    IntakeProblem,
    Order,
    OrderAttention,
    OrderQuerySet,
)
from orders.pages.requests import named_lists as request_lists
from orders.services import finding
from orders.states import OrderState

DAY = timedelta(hours=24)
SEARCH = "Order id, SKU or tracking number"
SEARCH_BY_BUYER = f"{SEARCH}, or the buyer's full name"
PROBLEMS_SHOWN = 20
ON_ITS_WAY = (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED)


#: The tabs of the list: key, label, and why an order is there.
TABS = {
    "all": ("All", "Every order since the shop was connected, newest first."),
    "pending": (
        "Pending",
        "On hold at the channel: the buyer may still cancel in the first hour. The units are "
        "reserved, and nothing can be shipped yet.",
    ),
    "unshipped": ("Unshipped", "Ready to ship, soonest due first."),
    "late": ("Late", "The ship-by time has passed."),
    "soon": ("Due in 24 h", "The ship-by time is less than a day away."),
    "autocancel": (
        "Canceled soon",
        "The channel cancels these within 24 hours, unless they are shipped.",
    ),
    "parcel": (
        "Label or package trouble",
        "A label is to be made on the channel, or it refused a tracking number.",
    ),
    "unlinked": (
        "Unknown SKU",
        "No product here has this SKU, so no stock is held. Give a product the SKU, or link the "
        "listing; the order then goes on by itself.",
    ),
    "attention": (
        "Needs attention",
        "Something about these orders needs a person. What and why is beside each.",
    ),
    "cancel": (
        "Cancellation requested",
        "The buyer asks to cancel. Open the order to approve or decline; nothing changes here "
        "until the channel says so.",
    ),
    "returns": (
        "Return requested",
        "The buyer wants the money back, or another piece. Open the order to answer before the "
        "time is over.",
    ),
    "shipped": ("Shipped", "On their way or delivered."),
    "canceled": ("Canceled", "Canceled; what was reserved is back in stock."),
}


def named_lists(found: OrderQuerySet) -> dict[str, tuple[str, str, QuerySet[Order]]]:
    """Which of these orders are in which tab: its label, why an order is there, and the orders."""
    now = timezone.now()
    rows = {
        "all": found,
        "pending": found.pending(),
        "unshipped": found.to_ship(),
        "late": found.late(now),
        "soon": found.due_within(now, DAY),
        "autocancel": found.canceled_by_channel_within(now, DAY),
        "parcel": found.with_open_attention(*PARCEL_TROUBLE),
        "unlinked": found.with_open_attention(AttentionKind.UNLINKED_SKU),
        "attention": found.needing_attention(),
        "cancel": found.with_cancellation_requested(),
        "returns": found.with_open_attention(AttentionKind.RETURN_REQUESTED),
        "shipped": found.filter(state__in=ON_ITS_WAY),
        "canceled": found.filter(state=OrderState.CANCELED),
    }
    return {key: (*words, rows[key]) for key, words in TABS.items()}


@merchant_required
@require_safe
def order_list(request: MerchantRequest) -> HttpResponse:
    """Every order of the merchant, with its ship-by time and whatever needs attention."""
    merchant = request.access.merchant
    shops = list(Shop.objects.filter(merchant=merchant))
    search, shop = request.GET.get("q", "").strip(), number_in(request, "shop")
    found = Order.objects.filter(merchant=merchant)
    if shop is not None:
        found = found.filter(shop=shop)
    if search:
        may_see = request.access.may_change
        found = finding.search(found, search, by_buyer=may_see, merchant=merchant)
    named = named_lists(found)
    tabs, tab = tabs_of(named, request.GET.get("tab", ""))
    open_ones = OrderAttention.objects.filter(resolved_at=None)
    rows = (
        named[tab.key][2]
        .select_related("shop", "fulfillment_center", "channel_order")
        .prefetch_related(Prefetch("attentions", open_ones, to_attr="open_attentions"))
    )
    page = page_of(request, rows, tab.count)
    now = timezone.now()
    context = {
        "tabs": tabs,
        "tab": tab,
        "page": page,
        "rows": [(order, *_due(order, now)) for order in page.rows],
        "shops": shops,
        "shop": shop,
        "search": search,
        "search_words": SEARCH_BY_BUYER if request.access.may_change else SEARCH,
        "waiting": _requests_waiting(merchant),
        "cursors": IntakeCursor.objects.filter(shop__in=shops).select_related("shop"),
        "problems": IntakeProblem.objects.unresolved()
        .filter(shop__in=shops)
        .select_related("shop")[:PROBLEMS_SHOWN],
    }
    return render(request, "orders/orders.html", context)


def _due(order: Order, now: datetime) -> tuple[deadlines.Standing, str]:
    return (
        deadlines.standing(order.state, order.due_at, now),
        deadlines.sentence(order.state, order.due_at, now),
    )


def _requests_waiting(merchant: Merchant) -> Count:
    """How many cancellations and returns wait for an answer."""
    named = request_lists(merchant)
    found = [Count.of(named[tab][2]).value for tab in ("cancellations", "returns")]
    return Count(sum(found))
