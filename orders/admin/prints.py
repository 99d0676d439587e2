"""Papers for selected orders: what to take from the shelves, and what to lay into each parcel."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone

from marketplace.kernel.admin import changelist_url
from marketplace.kernel.admin_verbs import Selection, Verb, recall, who
from orders.models import Order
from orders.services import picking, privacy

VIEW = "orders.view_order"
SEE_ADDRESS = "orders.view_address"
#: A browser still lays out and prints so many pages.
MOST_SLIPS = 500
MOST_PICKED = 5_000

VERBS = (
    Verb(
        name="picking_list",
        label="Print: Picking list",
        button="Picking list",
        permission=VIEW,
        page="admin:orders_order_picking_list",
    ),
    Verb(
        name="packing_slips",
        label="Print: Packing slips",
        button="Packing slip",
        permission=VIEW,
        page="admin:orders_order_packing_slips",
    ),
)


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of both papers."""
    return [
        path(
            "print/picking-list/<slug:token>/",
            site.admin_view(picking_list),
            name="orders_order_picking_list",
        ),
        path(
            "print/packing-slips/<slug:token>/",
            site.admin_view(packing_slips),
            name="orders_order_packing_slips",
        ),
    ]


def picking_list(request: HttpRequest, token: str) -> HttpResponse:
    """Every SKU to take, by fulfillment center, for the selected orders."""
    selection = _selection(request, token, MOST_PICKED, "orders on a picking list")
    if isinstance(selection, HttpResponse):
        return selection
    found = picking.picking_list(selection.ids)
    context = {"centers": found.centers, "left_out": found.left_out}
    return _paper(request, "orders/picking_list.html", selection, context)


def packing_slips(request: HttpRequest, token: str) -> HttpResponse:
    """One page per parcel; whole addresses only for people who may see them, written down."""
    selection = _selection(request, token, MOST_SLIPS, "packing slips at once")
    if isinstance(selection, HttpResponse):
        return selection
    found = picking.packing_slips(selection.ids)
    may_see_address = request.user.has_perm(SEE_ADDRESS)
    if may_see_address:
        seen = [slip.head.pk for slip in found.slips if slip.head.has_address_to_see]
        privacy.note_looks(seen, by=who(request), page="packing slip")
    context = {
        "slips": found.slips,
        "left_out": found.left_out,
        "may_see_address": may_see_address,
    }
    return _paper(request, "orders/packing_slips.html", selection, context)


def _selection(
    request: HttpRequest, token: str, most: int, what: str
) -> Selection | HttpResponseRedirect:
    """The orders to print, or the way back with a sentence."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    selection = recall(request, Order, token)
    if selection is None:
        messages.error(request, "This selection is no longer known. Select the orders again.")
        return HttpResponseRedirect(changelist_url(Order))
    if len(selection.ids) > most:
        messages.error(
            request,
            f"{len(selection.ids):,} orders are selected; at most {most:,} {what} can be printed. "
            "Select fewer, and print in parts.",
        )
        return HttpResponseRedirect(selection.back)
    return selection


def _paper(
    request: HttpRequest, template: str, selection: Selection, context: dict[str, Any]
) -> HttpResponse:
    count = len(selection.ids)
    shared = {"back": selection.back, "count": count, "at": timezone.now(), "by": who(request)}
    return render(request, template, {**shared, **context})
