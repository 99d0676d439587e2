"""The set-up steps in the order in which they should be done, each done or not from real rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import FulfillmentCenter, Merchant, Product, Shop, StockLevel
from catalog.pages.access import MerchantRequest, merchant_required
from catalog.states import ShopState


@dataclass(frozen=True)
class Step:
    """One step: whether it is done, what was found, and where to do it."""

    title: str
    why: str
    found: str
    is_done: bool
    url: str
    action: str


@merchant_required
@require_safe
def checklist(request: MerchantRequest) -> HttpResponse:
    """Show the three steps, with the first undone one in front."""
    steps = steps_of(request.access.merchant)
    context = {
        "steps": steps,
        "next_step": next((step for step in steps if not step.is_done), None),
    }
    return render(request, "pages/checklist.html", context)


def steps_of(merchant: Merchant) -> list[Step]:
    """Catalog first, then fulfillment centers with inventory, then sales channels (R1)."""
    return [_catalog(merchant), _centers(merchant), _channels(merchant)]


def _catalog(merchant: Merchant) -> Step:
    is_done = Product.objects.filter(merchant=merchant).exists()
    return Step(
        title="Connect your primary product catalog source",
        why="Your products, with SKU, title, pictures, weight and price, are what everything else "
        "refers to. They come from a CSV file, for instance one exported from your web shop.",
        found="Products are here." if is_done else "No product is here yet.",
        is_done=is_done,
        url=reverse("products") if is_done else reverse("help") + "#catalog",
        action="See products" if is_done else "How to import products",
    )


def _centers(merchant: Merchant) -> Step:
    centers = FulfillmentCenter.objects.filter(merchant=merchant)
    stocked = StockLevel.objects.filter(fulfillment_center=OuterRef("pk"), on_hand__gt=0)
    all_of_them, holding = centers.count(), centers.filter(Exists(stocked)).count()
    return Step(
        title="Connect your fulfillment centers with their inventory",
        why="Own warehouses and 3rd-party fulfillment services such as Amazon MCF, Cart.com and "
        "Flexport. Connect them before a sales channel, so that their quantity shows there.",
        found=f"Fulfillment centers: {all_of_them:,}. With inventory: {holding:,}.",
        is_done=holding > 0,
        url=reverse("products") if holding else reverse("help") + "#inventory",
        action="See quantities" if holding else "How to add inventory",
    )


def _channels(merchant: Merchant) -> Step:
    shops = Shop.objects.filter(merchant=merchant).connected()
    active = shops.filter(state=ShopState.ACTIVE).count()
    waiting = shops.filter(state=ShopState.MAPPING_REQUIRED).first()
    found = f"Active shops: {active:,}." if active else "No shop is active yet."
    if waiting and not active:
        found = f"{waiting} is authorized, and its warehouses wait to be mapped."
    return Step(
        title="Connect your sales channels",
        why="You agree on the channel's page, come back here and map its warehouses to your "
        "fulfillment centers.",
        found=found,
        is_done=active > 0,
        url=reverse("mapping", args=[waiting.pk]) if waiting else reverse("integrations"),
        action="Map warehouses" if waiting else "Open Integrations",
    )
