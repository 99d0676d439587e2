"""Tracking, corrections and labels as a person of operations does them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.kernel.admin_verbs import LOOK_FIELD
from marketplace.kernel.models import Job
from orders.models import Label, Order, Shipment
from orders.services import label_queue, tracking
from orders.states import OrderState, ShipmentState
from tests.admin.conftest import member_of
from tests.admin.door import do, list_url, page_url, said, select
from tests.orders.test_parcels import FIRST, SECOND, bought, number_there
from tests.orders.test_tiktok_orders import Place
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

UPS = "7117859084333745966"
UNITED_STATES = [
    "USPS", "UPS", "FedEx", "DHL eCommerce", "OnTrac", "LaserShip", "Amazon Logistics",
]  # fmt: skip


@pytest.fixture
def place(tiktok: Sandbox) -> Place:
    return Place(tiktok)


@pytest.fixture
def clerk(db: None) -> Client:
    return member_of("Order clerk")


def test_the_carriers_are_those_of_the_orders_delivery_option(place: Place, clerk: Client) -> None:
    order = place.part(bought(place, 1))
    form = clerk.get(select(clerk, "enter_tracking", [order]).url).context["form"]
    assert [name for key, name in form.fields["carrier"].choices if key] == UNITED_STATES


def test_some_units_leave_and_the_rest_stay_open(place: Place, clerk: Client) -> None:
    order = place.part(bought(place, 3))
    given = {"carrier": UPS, "tracking_number": FIRST}
    address = select(clerk, "enter_tracking", [order]).url
    page = clerk.post(address, {**given, "units": 4})
    assert page.context["form"].errors["units"] == ["3 units are still open."]
    clerk.post(address, {**given, "units": 2})
    order.refresh_from_db()
    assert (order.state, order.shipped_quantity) == (OrderState.PARTIALLY_SHIPPED, 2)


def test_one_number_is_entered_for_both_parts_of_an_order(place: Place, clerk: Client) -> None:
    row = bought(place, 1, 1)
    parts = [place.part(row, 0), place.part(row, 1)]
    told = do(clerk, "enter_tracking", parts, carrier=UPS, tracking_number=FIRST)
    assert told == [f"2 orders left with UPS {FIRST}. The number goes to the channel by itself."]
    assert Shipment.objects.get().lines.count() == 2


def test_a_correction_says_what_the_channel_has_and_how_often_it_may_be_changed(
    place: Place, clerk: Client
) -> None:
    row = bought(place, 1)
    do(clerk, "enter_tracking", [place.part(row)], carrier=UPS, tracking_number=FIRST)
    tracking.send_tracking(place.shop)
    shipment = Shipment.objects.get()
    asked = clerk.get(select(clerk, "correct_tracking", [shipment]).url)
    assert asked.context["preview"][0].startswith(
        f"The channel has {FIRST}. It lets a number be changed once, within 72 hours"
    )
    told = do(clerk, "correct_tracking", [shipment], carrier=UPS, tracking_number=SECOND)
    assert told == [f"Changed to UPS {SECOND}. It goes to the channel by itself."]
    tracking.send_tracking(place.shop)
    assert number_there(place, row) == SECOND
    again = select(clerk, "correct_tracking", [shipment])
    assert said(clerk.get(again.url))[-1].startswith("The channel lets a tracking number be")


def test_a_label_is_bought_at_the_price_that_was_shown_and_printed_without_being_kept(
    place: Place, clerk: Client, settings: Any
) -> None:
    settings.IMAGE_FETCH_ALLOW_PRIVATE = True
    order = place.part(bought(place, 1, shipping_type="TIKTOK"))
    assert said(clerk.get(select(clerk, "enter_tracking", [order]).url))[0].startswith(
        "This order goes by the channel's own shipping: get its label here"
    )
    order.variant.weight, order.variant.weight_unit = Decimal(450), "g"
    order.variant.save()
    address = select(clerk, "get_label", [order]).url
    assert clerk.get(address).context["form"].initial == {"weight": Decimal("1.00")}
    given = {"weight": "2", "weight_unit": "POUND", "size_unit": "INCH"}
    shown = clerk.post(address, {**given, LOOK_FIELD: "1"})
    assert not Label.objects.exists()
    (chosen,) = [
        key for key, name in shown.context["form"].fields["service"].choices if "UPS" in name
    ]
    assert "UPS Ground, 10.00 USD, 1 to 5 days." in shown.context["preview"]
    clerk.post(address, {**given, "service": chosen})
    assert Job.objects.get(kind="buy_labels").subject == str(place.shop.pk)
    label_queue.buy_labels(place.shop)
    label = Label.objects.get()
    assert str(label.price_money) == "10.00 USD"
    page = clerk.get(reverse("admin:orders_label_document", args=[label.pk]))
    assert page["Content-Type"] == "application/pdf"
    assert "no-store" in page["Cache-Control"]
    assert page.content.startswith(b"%PDF")
    viewer = member_of("Viewer")
    assert viewer.get(reverse("admin:orders_label_document", args=[label.pk])).status_code == 403


def test_trouble_with_a_document_is_said_on_the_labels_page(place: Place, clerk: Client) -> None:
    order = place.part(bought(place, 1, shipping_type="TIKTOK"))
    do(clerk, "get_label", [order], weight="2", weight_unit="POUND", size_unit="INCH")
    label = Label.objects.get()
    answer = clerk.get(reverse("admin:orders_label_document", args=[label.pk]), follow=True)
    assert answer.redirect_chain == [(page_url(label), 302)]
    assert b"This label is not bought yet" in answer.content
    assert order.external_id.encode() in clerk.get(list_url(Label)).content


def test_a_held_number_says_so(place: Place, clerk: Client) -> None:
    place.shop.push_tracking = False
    place.shop.save()
    order = place.part(bought(place, 1))
    told = do(clerk, "enter_tracking", [order], carrier=UPS, tracking_number=FIRST)
    assert told[0].endswith("The number is held: outbound tracking of this shop is off.")
    assert Shipment.objects.get().state == ShipmentState.HELD
    assert b"It goes once this is switched on in the shop" in clerk.get(list_url(Shipment)).content
    assert Order.objects.get().state == OrderState.SHIPPED
