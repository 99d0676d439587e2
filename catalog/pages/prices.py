"""A merchant's own prices: set for single SKUs, and taken back from their history."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from catalog.models import Offer, PriceChange
from catalog.pages.access import MerchantRequest, may_change_required
from catalog.pages.forms import OwnPriceForm
from catalog.pages.listings import show_listing
from catalog.services import own_prices, price_history
from marketplace.kernel.errors import Refused
from marketplace.kernel.money import Money
from marketplace.kernel.tasks import nudge


@may_change_required
@require_POST
def set_prices(request: MerchantRequest, pk: int) -> HttpResponse:
    """Set or take away a SKU's own price, floor and ceiling on one shop."""
    offers = Offer.objects.filter(listing__shop__merchant=request.access.merchant)
    offer = get_object_or_404(offers.select_related("variant", "listing__shop"), pk=pk)
    form = OwnPriceForm(offer, request.POST)
    if not form.is_valid():
        return show_listing(request, offer.listing_id, form)
    changes = form.changes()
    if not changes:
        messages.info(request, f"Nothing was changed for {offer.variant.sku}.")
        return _back(offer)
    by = request.user.get_username()
    report = own_prices.set_own({offer.pk: changes}, by=by, now=timezone.now())
    if report.refused:
        form.add_error(None, " ".join(report.refused))
        return show_listing(request, offer.listing_id, form)
    _say(request, offer)
    return _back(offer)


@may_change_required
@require_POST
def roll_back(request: MerchantRequest, pk: int) -> HttpResponse:
    """Give a SKU the price it had before a change, as its own price."""
    changes = PriceChange.objects.filter(offer__listing__shop__merchant=request.access.merchant)
    change = get_object_or_404(
        changes.select_related("offer__variant", "offer__listing__shop"), pk=pk
    )
    try:
        price_history.rollback_change(change, by=request.user.get_username(), now=timezone.now())
    except Refused as error:
        messages.error(request, f"Nothing was rolled back. {error.message}")
    else:
        _say(request, change.offer)
    return _back(change.offer)


def _say(request: MerchantRequest, offer: Offer) -> None:
    """Tell what the price is now and why, and hurry it to the channel."""
    offer.refresh_from_db()
    shop = offer.listing.shop
    if offer.price_wanted is None:
        price = "has no price"
    else:
        price = f"is {Money(offer.price_wanted, offer.currency)} on {shop}"
    text = f"Saved: {offer.variant.sku} {price}. {offer.price_why}"
    if not shop.push_price:
        text = f"{text} It is not sent, because sending prices is off for {shop}."
    elif shop.is_active:
        nudge("export_offers", shop.pk, label=f"Send prices and quantities: {shop}")
    messages.success(request, text)


def _back(offer: Offer) -> HttpResponse:
    page = reverse("listing", args=[offer.listing_id])
    return HttpResponseRedirect(f"{page}?sku={offer.variant_id}#prices")
