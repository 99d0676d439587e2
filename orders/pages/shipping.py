"""A merchant enters what left, and mends a tracking number (R85, R86)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog.pages.access import MerchantRequest, may_change_required
from marketplace.kernel.errors import Failure, Refused
from orders.models import Order, Shipment
from orders.pages import ask
from orders.pages.forms import CarrierForm, TrackingForm
from orders.services import carrier_list, corrections, shipping
from orders.states import ShipmentState

NUMBER_IS_HELD = (
    "Outbound tracking of this shop is off: the number is kept here and goes to the channel when "
    "it is switched on."
)
NUMBER_GOES = "The tracking number goes to the channel by itself, once."


@may_change_required
@require_http_methods(["GET", "HEAD", "POST"])
def ship_order(request: MerchantRequest, pk: int) -> HttpResponse:
    """Enter the carrier and tracking number of units that left."""
    orders = Order.objects.filter(merchant=request.access.merchant)
    order = get_object_or_404(orders.select_related("shop", "channel_order"), pk=pk)
    back = reverse("order", args=[order.pk])
    lines = list(order.lines.filter(is_canceled=False, is_shipped=False).order_by("pk"))
    try:
        if why := shipping.why_not_shippable(order):
            raise Refused(why)
        if not lines:
            raise Refused("No unit of this order is left to ship.")
        known = carrier_list.carriers(order)
        form = TrackingForm(known, lines, request.POST if request.method == "POST" else None)
    except Failure as error:
        return ask.refuse(request, back, error)
    if form.is_valid():
        return ask.act(request, back, lambda: _shipped(request, order, form))
    question = ask.Question(
        title=f"Ship order {order.external_id}",
        sentences=[
            f"The units of {order.seller_sku or order.part} leave with this parcel, and their "
            "stock leaves the ledger.",
            NUMBER_GOES if order.shop.push_tracking else NUMBER_IS_HELD,
        ],
        button="Enter tracking",
        back=back,
    )
    return ask.show(request, question, form)


def _shipped(request: MerchantRequest, order: Order, form: TrackingForm) -> str:
    shipment = shipping.record_shipment(
        order,
        carrier=form.cleaned_data["carrier"],
        tracking_number=form.cleaned_data["tracking_number"],
        lines=form.leaving(),
        by=request.user.get_username(),
    )
    ask.hurry("send_tracking", order.shop, "Send tracking")
    return f"It left with {shipment}. {_where_it_goes(shipment)}"


@may_change_required
@require_http_methods(["GET", "HEAD", "POST"])
def correct_shipment(request: MerchantRequest, pk: int) -> HttpResponse:
    """Another carrier or number for a parcel, such as one that the channel refused."""
    shipments = Shipment.objects.filter(shop__merchant=request.access.merchant)
    shipment = get_object_or_404(shipments.select_related("shop", "channel_order"), pk=pk)
    back = _order_of(shipment)
    try:
        if why := corrections.why_not_correctable(shipment):
            raise Refused(why)
        option = shipment.channel_order.delivery_option_id
        known = carrier_list.carriers_of(shipment.shop, option)
        here = {
            "carrier": shipment.carrier_external_id,
            "tracking_number": shipment.tracking_number,
        }
        form = CarrierForm(known, request.POST if request.method == "POST" else None, initial=here)
    except Failure as error:
        return ask.refuse(request, back, error)
    if form.is_valid():
        return ask.act(request, back, lambda: _corrected(request, shipment, form))
    said = f"The channel said of {shipment}: {shipment.problem}" if shipment.problem else ""
    held = "" if shipment.shop.push_tracking else NUMBER_IS_HELD
    question = ask.Question(
        title=f"Correct tracking of order {shipment.channel_order.external_id}",
        sentences=[line for line in (said, held or NUMBER_GOES) if line],
        button="Save the correction",
        back=back,
    )
    return ask.show(request, question, form)


def _corrected(request: MerchantRequest, shipment: Shipment, form: CarrierForm) -> str:
    corrections.correct_tracking(
        shipment,
        carrier=form.cleaned_data["carrier"],
        tracking_number=form.cleaned_data["tracking_number"],
        by=request.user.get_username(),
    )
    ask.hurry("send_tracking", shipment.shop, "Send tracking")
    return f"It is {shipment} now. {_where_it_goes(shipment)}"


def _where_it_goes(shipment: Shipment) -> str:
    return NUMBER_IS_HELD if shipment.state == ShipmentState.HELD else NUMBER_GOES


def _order_of(shipment: Shipment) -> str:
    part = Order.objects.filter(lines__shipment_line__shipment=shipment).order_by("pk").first()
    return reverse("order", args=[part.pk]) if part else reverse("orders")
