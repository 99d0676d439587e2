"""A merchant's cancellations and returns: which wait for an answer, soonest first (B7)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Merchant, Shop
from catalog.pages.access import MerchantRequest, merchant_required
from catalog.pages.lists import number_in, page_of, tabs_of
from orders.models import CancellationRequest, Order, ReturnRequest
from orders.pages import asked

Named = dict[str, tuple[str, str, QuerySet[Any]]]


def named_lists(merchant: Merchant) -> Named:
    """The tabs with their words and rows, each of cancellations or of returns."""
    cancellations = CancellationRequest.objects.filter(merchant=merchant)
    returns = ReturnRequest.objects.filter(merchant=merchant)
    return {
        "cancellations": (
            "Cancellations to answer",
            "Approve or decline, soonest first. When the time is over the channel approves by "
            "itself.",
            cancellations.to_answer(),
        ),
        "returns": (
            "Returns to answer",
            "Approve or decline, soonest first. When the time is over the channel decides.",
            returns.to_answer(),
        ),
        "receive": (
            "To receive",
            "Units come back, or came. Say of each whether it can be sold again.",
            returns.to_receive(),
        ),
        "all_cancellations": (
            "All cancellations",
            "By buyers, by you and by the channel, newest first.",
            cancellations,
        ),
        "all_returns": ("All returns", "Refunds, returns and replacements.", returns),
    }


@merchant_required
@require_safe
def request_list(request: MerchantRequest) -> HttpResponse:
    """Every cancellation and return of the merchant, also of orders that are not here."""
    merchant = request.access.merchant
    search, shop = request.GET.get("q", "").strip(), number_in(request, "shop")
    named = {
        key: (label, why, _narrowed(rows, search, shop))
        for key, (label, why, rows) in named_lists(merchant).items()
    }
    tabs, tab = tabs_of(named, request.GET.get("tab", ""))
    page = page_of(request, named[tab.key][2].select_related("shop"), tab.count)
    now = timezone.now()
    found = (
        asked.cancellations_asked(page.rows, now)
        if "cancellations" in tab.key
        else asked.returns_asked(page.rows, now)
    )
    parts = _first_parts(merchant, page.rows)
    context = {
        "tabs": tabs,
        "tab": tab,
        "page": page,
        "rows": [(one, parts.get(one.row.channel_order_id)) for one in found],
        "shops": Shop.objects.filter(merchant=merchant),
        "shop": shop,
        "search": search,
    }
    return render(request, "orders/requests.html", context)


def _narrowed(rows: QuerySet[Any], search: str, shop: int | None) -> QuerySet[Any]:
    if shop is not None:
        rows = rows.filter(shop=shop)
    if not search:
        return rows
    found = Q(order_external_id=search) | Q(external_id=search)
    if rows.model is ReturnRequest:
        found |= Q(tracking_number=search)
    return rows.filter(found)


def _first_parts(merchant: Merchant, rows: list[Any]) -> dict[int | None, int]:
    """A part of each channel order, to open its page."""
    heads = {row.channel_order_id for row in rows if row.channel_order_id}
    parts = Order.objects.filter(merchant=merchant, channel_order__in=heads).order_by("-pk")
    return dict(parts.values_list("channel_order", "pk"))
