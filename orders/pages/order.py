"""One order of a merchant: what it is, what it needs, and what a person can do about it here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.pages.access import MerchantRequest, merchant_required
from orders import carriers, deadlines
from orders.models import TO_SHIP, ChannelOrder, Label, Order, Shipment
from orders.pages import asked
from orders.services import money_parts, privacy
from orders.states import ShipmentState

EVENTS_SHOWN = 100


@dataclass(frozen=True)
class Parcel:
    """A shipment, the carrier's page for it, and whether its number may be corrected here."""

    shipment: Shipment
    tracking_page: str
    may_correct: bool


@merchant_required
@require_safe
def order_page(request: MerchantRequest, pk: int) -> HttpResponse:
    """Units, money, address, parcels, labels, requests of the buyer, attention and timeline."""
    orders = Order.objects.filter(merchant=request.access.merchant).select_related(
        "shop",
        "fulfillment_center",
        "variant",
        "channel_order__address",
        "channel_order__warehouse",
    )
    order = get_object_or_404(orders, pk=pk)
    now = timezone.now()
    whole = order.channel_order
    may_change = request.access.may_change
    if may_change and whole.has_address_to_see:
        privacy.note_looks([whole.pk], by=request.user.get_username(), page="merchant's order page")
    context = {
        "order": order,
        "whole": whole,
        "address": getattr(whole, "address", None),
        "lines": order.lines.all(),
        "parts": _parts(whole),
        "parcels": _parcels(Shipment.objects.of_order(order).order_by("pk")),
        "labels": Label.objects.of_order(order).order_by("pk"),
        "asked": [
            *asked.cancellations_asked(list(whole.cancellationrequests.all()), now),
            *asked.returns_asked(list(whole.returnrequests.all()), now),
        ],
        "money_rows": list(money_parts.rows(order)),
        "money_proof": money_parts.proof(whole),
        "may_ship": may_change and _goes_from_here(order),
        "attentions": order.attentions.filter(resolved_at=None),
        "events": order.events.all()[:EVENTS_SHOWN],
        "standing": deadlines.standing(order.state, order.due_at, now),
        "due_words": deadlines.sentence(order.state, order.due_at, now),
    }
    return render(request, "orders/order.html", context)


def _parts(whole: ChannelOrder) -> list[Order]:
    """Every part of the channel order, with the center that ships it; this page's one too."""
    return list(whole.parts.select_related("fulfillment_center").order_by("pk"))


def _goes_from_here(order: Order) -> bool:
    """Whether tracking is entered here; what else stands in the way is said when it is tried."""
    return order.state in TO_SHIP and not (order.ships_itself or order.fulfilled_by_channel)


def _parcels(shipments: Iterable[Shipment]) -> list[Parcel]:
    return [
        Parcel(
            one,
            carriers.tracking_page(one.carrier, one.tracking_number),
            not one.made_on_channel and one.state != ShipmentState.SENDING,
        )
        for one in shipments
    ]
