"""A shop's settings: what leaves for it, its quota, its warehouses, and the end of it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.models import ChannelWarehouse, Shop, WarehouseMapping
from catalog.pages.access import MerchantRequest, may_change_required, merchant_required
from catalog.pages.mapping import shop_of, start_work
from catalog.services import mapping, shops
from catalog.states import ShopState
from integrations import connections
from integrations.models import Connection
from integrations.pages.forms import OutboundForm, QuotaForm
from marketplace.kernel.errors import Refused
from marketplace.kernel.tasks import nudge
from orders.models import IntakeCursor

LOCKED_STATES = (ShopState.ACTIVE, ShopState.PAUSED)


@merchant_required
@require_safe
def shop_settings(request: MerchantRequest, pk: int) -> HttpResponse:
    """Everything that can be decided about one shop, on one page."""
    shop = shop_of(request, pk)
    proposal = mapping.propose(shop)
    context = {
        "shop": shop,
        "connection": Connection.objects.filter(shop=shop).first(),
        "cursor": IntakeCursor.objects.filter(shop=shop).first(),
        "outbound": OutboundForm(instance=shop),
        "quota": QuotaForm(instance=shop),
        "mappings": WarehouseMapping.objects.filter(shop=shop).select_related(
            "warehouse", "fulfillment_center", "confirmed_by"
        ),
        "unmapped": ChannelWarehouse.objects.filter(shop=shop).unmapped(),
        "choices": [choice for choice in proposal.choices if choice.is_free],
        "shared_choices": proposal.shared,
        "shared_pools": mapping.shared_pools(shop),
        "may_map": shop.state in LOCKED_STATES,
        "is_mapping_required": shop.state == ShopState.MAPPING_REQUIRED,
        "is_disconnected": shop.state == ShopState.DISCONNECTED,
        "needs_reconnect": shop.state == ShopState.NEEDS_RECONNECT,
        "is_paused": shop.state == ShopState.PAUSED,
    }
    return render(request, "integrations/shop.html", context)


@may_change_required
@require_POST
def set_outbound(request: MerchantRequest, pk: int) -> HttpResponse:
    """Switch quantity, price and tracking on or off."""
    shop = shop_of(request, pk)
    form = OutboundForm(request.POST, instance=Shop(pk=shop.pk))
    form.is_valid()  # three switches: nothing can be invalid
    wanted = form.cleaned_data
    try:
        shops.set_outbound(
            shop,
            quantity=wanted["push_quantity"],
            price=wanted["push_price"],
            tracking=wanted["push_tracking"],
        )
    except Refused as error:
        messages.error(request, error.message)
        return redirect("shop_settings", pk)
    nudge("export_offers", shop.pk, label=f"Send quantities and prices to {shop}")
    nudge("send_tracking", shop.pk, label=f"Send tracking to {shop}")
    on = [
        word
        for word, name in (
            ("quantity", "push_quantity"),
            ("price", "push_price"),
            ("tracking", "push_tracking"),
        )
        if wanted[name]
    ]
    messages.success(request, f"Saved. Sent to the channel: {', '.join(on) or 'nothing'}.")
    return redirect("shop_settings", pk)


@may_change_required
@require_POST
def set_quota(request: MerchantRequest, pk: int) -> HttpResponse:
    """Say how many uploads a day the channel takes."""
    shop = shop_of(request, pk)
    form = QuotaForm(request.POST, instance=Shop(pk=shop.pk))
    if not form.is_valid():
        messages.error(request, "The daily limit is a whole number, such as 100.")
        return redirect("shop_settings", pk)
    wanted = form.cleaned_data
    return _act(
        request,
        pk,
        lambda: shops.set_quota(
            shop,
            on_probation=wanted["on_probation"],
            daily_limit=wanted["daily_listing_limit"],
        ),
        "Saved. The new limit counts from now on.",
    )


@may_change_required
@require_POST
def pause(request: MerchantRequest, pk: int) -> HttpResponse:
    """Stop all work for the shop for a while."""
    shop = shop_of(request, pk)
    why = f"Paused by {request.user.get_username()}. Nothing is sent or read until it is resumed."
    return _act(
        request,
        pk,
        lambda: shops.pause(shop, why),
        "Paused. Nothing is sent or read until you resume it.",
    )


@may_change_required
@require_POST
def resume(request: MerchantRequest, pk: int) -> HttpResponse:
    """Let a paused shop work again."""
    shop = shop_of(request, pk)

    def again() -> None:
        shops.resume(shop)
        start_work(shop)

    return _act(request, pk, again, "It works again; what waited is being sent now.")


@may_change_required
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: MerchantRequest, pk: int) -> HttpResponse:
    """Ask once more, then end the connection."""
    shop = shop_of(request, pk)
    if request.method != "POST":
        return render(request, "integrations/disconnect.html", {"shop": shop})
    try:
        connections.disconnect(shop, request.user)
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            f"{shop} is disconnected. Its products, listings and orders are kept; connect it "
            "again to map its warehouses anew.",
        )
    return redirect("integrations")


def _act(request: MerchantRequest, pk: int, act: Callable[[], None], success: str) -> HttpResponse:
    try:
        act()
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, success)
    return redirect("shop_settings", pk)
