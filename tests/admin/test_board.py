"""The board of pending actions: every figure is the number of rows of the list it opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import (
    Certificate,
    Drift,
    DriftCause,
    FulfillmentCenter,
    Offer,
    Shop,
    UnlinkedListing,
)
from catalog.states import ListingState, listing_machine
from integrations.models import Connection
from marketplace.kernel.models import Heartbeat, Job, JobState
from marketplace.pages import board
from orders.models import (
    AttentionKind,
    CancellationRequest,
    Order,
    ReturnKind,
    ReturnLine,
    ReturnRequest,
)
from orders.ports import RemoteCarrier
from orders.services import attention, problems, shipping
from orders.states import ShipmentState, shipment_machine
from tests import factories
from tests.admin.rows import make_order, stage

INDEX = reverse("admin:index")
#: What `trouble` makes: one row in the list of each of these.
ONE_EACH = {
    "Ship within 24 h", "Overdue", "Canceled by the channel within 24 h",
    "Cancellation requested", "Cancellations to answer", "Return requested",
    "Label or package trouble",
    "Unknown SKU", "Tracking refused",
    "Orders not taken in", "Listing errors", "Offers refused", "Channel differs",
    "Unlinked listings", "Certificates to renew", "Authorizations that end",
    "Workers that fell silent", "Background work that failed",
}  # fmt: skip


@pytest.fixture
def trouble(shop: Shop, center: FulfillmentCenter) -> None:
    """One of everything that the board counts."""
    now = timezone.now()
    product = factories.make_product(shop.merchant, sku="ROPE")
    factories.put_stock(product, center, 50)
    make_order(shop, "ROPE", ship_by=now - timedelta(hours=1))
    make_order(shop, "ROPE", ship_by=now + timedelta(hours=5))
    make_order(shop, "ROPE", auto_cancel_at=now + timedelta(hours=20))
    make_order(shop, "ROPE", auto_cancel_at=now + timedelta(hours=30))
    make_order(shop, "ROPE", cancel_requested=True)
    make_order(shop, "UNKNOWN")
    asked_back(make_order(shop, "ROPE"))
    refused_parcel(make_order(shop, "ROPE"))
    problems.note(shop, "57", "No units.")
    trouble_of_listings(shop, product)
    Connection.objects.create(shop=shop, refresh_expires_at=now + timedelta(days=1))
    Heartbeat.objects.create(name="worker", at=now - timedelta(minutes=10))
    Job.objects.create(key="x:1", kind="x", subject="1", state=JobState.FAILED, next_attempt_at=now)


def asked_back(order: Order) -> None:
    """The buyer of an order wants to cancel, and to send something back."""
    now = timezone.now()
    asked: dict[str, Any] = {
        "shop": order.shop,
        "merchant": order.merchant,
        "channel_order": order.channel_order,
        "order_external_id": order.external_id,
        "created_on_channel_at": now,
        "updated_on_channel_at": now,
        "respond_by": now + timedelta(hours=20),
    }
    CancellationRequest.objects.create(external_id="1", **asked)
    request = ReturnRequest.objects.create(external_id="2", kind=ReturnKind.RETURN, **asked)
    line = order.lines.get()
    ReturnLine.objects.create(
        return_request=request, external_id="3", unit_external_id="4", order_line=line
    )
    attention.flag(order, AttentionKind.RETURN_REQUESTED, "Answer it.")


def refused_parcel(order: Order) -> None:
    shipment = shipping.record_shipment(
        order, carrier=RemoteCarrier("1", "UPS"), tracking_number="1Z00000001", by="x"
    )
    if shipment.state == ShipmentState.HELD:
        shipment_machine.move(shipment, ShipmentState.WANTED)
    shipment_machine.move(shipment, ShipmentState.SENDING)
    shipment_machine.move(shipment, ShipmentState.REFUSED)
    attention.flag(order, AttentionKind.TRACKING_REFUSED, "Another number, please.")


def trouble_of_listings(shop: Shop, product: Any) -> None:
    listing = stage(product, shop)
    for state in (
        ListingState.READY,
        ListingState.QUEUED,
        ListingState.PUBLISHING,
        ListingState.ERROR,
    ):
        listing_machine.move(listing, state)
    offer = Offer.objects.filter(listing=listing).first() or Offer.objects.create(
        listing=listing, variant=product.variants.get(), currency="USD"
    )
    Offer.objects.filter(pk=offer.pk).update(problem="Price too low.")
    now = timezone.now()
    Drift.objects.create(
        offer=offer, warehouse=shop.warehouses.get(), sent=5, shown=7,
        cause=DriftCause.CHANGED_THERE, found_at=now, seen_at=now,
    )  # fmt: skip
    UnlinkedListing.objects.create(shop=shop, external_id="9", reason="No SKU.")
    Certificate.objects.create(
        product=product,
        external_id="1",
        name="CPC",
        file="certificates/cpc.pdf",
        expires_on=now.date() + timedelta(days=5),
    )


def counters(client: Client) -> list[board.Counter]:
    groups = client.get(INDEX).context["groups"]
    return [one for group in groups for one in group.counters]


def test_every_figure_is_the_number_of_rows_of_the_list_it_opens(
    admin: Client, trouble: None
) -> None:
    found = counters(admin)
    shown = {one.label: admin.get(one.url).context["cl"].result_count for one in found}
    assert {one.label: one.count for one in found} == {
        label: str(rows) for label, rows in shown.items()
    }
    figures = {one.label: one.count for one in found}
    assert {label for label in ONE_EACH if figures[label] != "1"} == set()


def test_the_board_costs_the_same_for_any_number_of_rows(
    admin: Client, trouble: None, shop: Shop
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            admin.get(INDEX)
        return len(found)

    before = queries()
    for _ in range(5):
        make_order(shop, "ROPE", ship_by=timezone.now() - timedelta(hours=1))
    assert queries() == before


def test_a_merchants_figures_are_the_rows_of_the_lists_they_open(trouble: None, shop: Shop) -> None:
    client = Client()
    client.force_login(factories.make_member(shop.merchant))
    other = factories.make_shop(factories.make_merchant())
    make_order(other, "ROPE", cancel_requested=True)
    found = client.get(reverse("home")).context
    figures = {one.label: one for one in (*found["attention"], *found["standing"])}
    for one in figures.values():
        page = client.get(one.url).context["page"]
        assert (one.label, str(one.count)) == (one.label, str(page.total))
    assert {
        "Orders late", "Orders due within 24 h", "Canceled by the channel within 24 h",
        "Cancellations to answer", "Returns to answer", "Label or package trouble",
        "Orders of an unknown SKU", "Orders that need a person", "Listings with a problem",
        "The channel shows something else",
    } <= set(figures)  # fmt: skip
    assert str(figures["Cancellations to answer"].count) == "1"
    unknown = client.get(figures["Orders of an unknown SKU"].url).context["rows"]
    assert [order.seller_sku for order, *_ in unknown] == ["UNKNOWN"]
