"""The mapping prompt after the authorization, and warehouses that are opened later."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from catalog.models import ChannelWarehouse, FulfillmentCenter, Shop, WarehouseMapping
from catalog.pages.access import (
    MerchantRequest,
    may_change_required,
    merchant_required,
    require_change,
)
from catalog.pages.forms import MappingForm
from catalog.services import mapping
from catalog.states import ShopState
from marketplace.kernel.errors import Failure, Refused
from marketplace.kernel.tasks import nudge

#: What an active shop does first: job kind and its name for people.
FIRST_WORK = (
    ("export_offers", "Send quantities and prices to"),
    ("refresh_taxonomy", "Read categories of"),
    ("sync_listings", "Import listings of"),
    ("pull_orders", "Read orders of"),
)


@merchant_required
@require_http_methods(["GET", "HEAD", "POST"])
def mapping_page(request: MerchantRequest, pk: int) -> HttpResponse:
    """Map each sales warehouse of the shop to a fulfillment center, then “Confirm & Activate”."""
    shop = shop_of(request, pk)
    if shop.state != ShopState.MAPPING_REQUIRED:
        return redirect("shop_settings", shop.pk)
    proposal = mapping.propose(shop)
    form = MappingForm(proposal, request.POST or None)
    if request.method == "POST":
        require_change(request.access)
        if form.is_valid() and _activated(request, shop, form):
            return redirect("shop_settings", shop.pk)
    context = {
        "shop": shop,
        "form": form,
        "proposal": proposal,
        "waiting": Shop.objects.filter(
            merchant=shop.merchant, state=ShopState.MAPPING_REQUIRED
        ).exclude(pk=shop.pk),
    }
    return render(request, "catalog/mapping.html", context)


def _activated(request: MerchantRequest, shop: Shop, form: MappingForm) -> bool:
    try:
        mapping.confirm_and_activate(shop, form.choices(), by=request.user)
    except Refused as error:
        messages.error(request, error.message)
        return False
    start_work(shop)
    messages.success(
        request,
        f"{shop} has successfully been integrated. It is active: quantities are being sent, and "
        "listings and orders are being read.",
    )
    return True


def start_work(shop: Shop) -> None:
    """Hurry everything that a newly active shop waits for; the schedule would come anyway."""
    for kind, words in FIRST_WORK:
        nudge(kind, shop.pk, label=f"{words} {shop}")


@may_change_required
@require_POST
def refresh_warehouses(request: MerchantRequest, pk: int) -> HttpResponse:
    """Read the shop's warehouses from the channel again."""
    shop = shop_of(request, pk)
    try:
        new = mapping.refresh_warehouses(shop)
    except Failure as error:
        messages.error(request, f"The warehouses could not be read. {error.message}")
    else:
        unmapped = ChannelWarehouse.objects.filter(shop=shop).unmapped().count()
        messages.success(request, f"Warehouses read: {new} new, {unmapped} waiting to be mapped.")
    is_waiting = shop.state == ShopState.MAPPING_REQUIRED
    return redirect("mapping" if is_waiting else "shop_settings", shop.pk)


@may_change_required
@require_POST
def add_mapping(request: MerchantRequest, pk: int) -> HttpResponse:
    """Map one warehouse that was opened after the activation."""
    shop = shop_of(request, pk)
    merchant = request.access.merchant
    warehouse = get_object_or_404(ChannelWarehouse, shop=shop, pk=_number(request, "warehouse"))
    center = FulfillmentCenter.objects.filter(
        merchant=merchant, pk=_number(request, "center")
    ).first()
    if center is None:
        messages.error(request, f"Choose a fulfillment center for “{warehouse}”.")
        return redirect("shop_settings", shop.pk)
    try:
        row: WarehouseMapping = mapping.add_mapping(shop, warehouse, center, by=request.user)
    except Refused as error:
        messages.error(request, error.message)
    else:
        nudge("export_offers", shop.pk, label=f"Send quantities and prices to {shop}")
        messages.success(request, f"Mapped: {row}. Its quantities are being sent.")
    return redirect("shop_settings", shop.pk)


def shop_of(request: MerchantRequest, pk: int) -> Shop:
    """The shop, if it is the current merchant's."""
    return get_object_or_404(Shop, merchant=request.access.merchant, pk=pk)


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
