"""The Integrations page, the way to the channel's consent and the way back from it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Channel, Shop
from catalog.pages.access import (
    MerchantRequest,
    access_to,
    choose_merchant,
    may_change_required,
    merchant_required,
    require_change,
)
from catalog.pages.mapping import start_work
from catalog.states import ShopState
from integrations import connections
from integrations.models import AuthorizationRequest, Connection
from integrations.ports import connectors
from marketplace.kernel.errors import Failure
from orders.models import IntakeCursor

DENIED = "You did not agree on the channel's page, so nothing was connected. You can try again."


@dataclass(frozen=True)
class ChannelCard:
    """One sales channel on the Integrations page, with the shops connected to it."""

    channel: Channel
    is_available: bool
    shops: list[ShopCard]


@dataclass(frozen=True)
class ShopCard:
    """One connected shop: its state, who sold us the access, and the last look at its orders."""

    shop: Shop
    connection: Connection | None
    cursor: IntakeCursor | None


@merchant_required
@require_safe
def integrations_page(request: MerchantRequest) -> HttpResponse:
    """The sales channels, the state of each connection, and advice before the first one."""
    shops = Shop.objects.filter(merchant=request.access.merchant).select_related("connection")
    cursors = {row.shop_id: row for row in IntakeCursor.objects.filter(shop__in=shops)}
    cards = [
        ChannelCard(
            channel=channel,
            is_available=channel.value in connectors,
            shops=[
                ShopCard(shop, getattr(shop, "connection", None), cursors.get(shop.pk))
                for shop in shops
                if shop.channel == channel.value
            ],
        )
        for channel in Channel
    ]
    context = {"cards": cards, "support_email": settings.SUPPORT_EMAIL}
    return render(request, "integrations/integrations.html", context)


@may_change_required
@require_POST
def connect(request: MerchantRequest, channel: str) -> HttpResponse:
    """Send the merchant to the channel's page to agree (R11)."""
    if channel not in connectors:
        raise Http404("There is no such sales channel.")
    try:
        url = connections.begin(request.access.merchant, request.user, channel)
    except Failure as error:
        messages.error(request, error.message)
        return redirect("integrations")
    return HttpResponseRedirect(url)


@login_required
@require_safe
def oauth_callback(request: HttpRequest, channel: str) -> HttpResponse:
    """Take the merchant back from the channel and lead on to the mapping (R12, R13)."""
    user = request.user
    if not user.is_authenticated:  # `login_required` saw to it; this tells the type checker
        raise PermissionDenied
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    _check_role(request, user, state)
    try:
        if request.GET.get("error") or code == "null":
            connections.withdraw_request(state, user)
            messages.warning(request, DENIED)
            return redirect("integrations")
        connected = connections.finish(state, code, user)
    except Failure as error:
        messages.error(request, error.message)
        return redirect("integrations")
    for sentence in connected.refused:
        messages.warning(request, sentence)
    return _lead_on(request, connected.shops)


def _check_role(request: HttpRequest, user: User, state: str) -> None:
    """Whoever lost the right to change since the start may not finish."""
    asked = (
        AuthorizationRequest.objects.select_related("merchant")
        .filter(state=state, user=user)
        .first()
    )
    if asked is None:
        return
    access = access_to(user, asked.merchant)
    if access is None:
        raise PermissionDenied(f"You no longer work for {asked.merchant}.")
    require_change(access)
    choose_merchant(request, asked.merchant)


def _lead_on(request: HttpRequest, shops: list[Shop]) -> HttpResponse:
    for shop in shops:
        if shop.state == ShopState.ACTIVE:
            start_work(shop)
            messages.success(request, f"{shop} is authorized again and active.")
    waiting = [shop for shop in shops if shop.state == ShopState.MAPPING_REQUIRED]
    if not waiting:
        return redirect("integrations")
    names = ", ".join(str(shop) for shop in waiting)
    messages.success(request, f"{names} is authorized. One step is left: map its warehouses.")
    return redirect("mapping", waiting[0].pk)
