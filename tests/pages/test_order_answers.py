"""A merchant answers, receives and ships on the pages; the channel is a sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.models import Role
from marketplace.kernel.models import Job
from orders import tasks
from orders.models import (
    AftersaleDecision,
    CancellationRequest,
    ChannelOrder,
    Order,
    ReturnRequest,
    Shipment,
)
from orders.services import shipping
from orders.states import OrderState, ReturnState, ShipmentState
from tests import factories
from tests.admin.door import said
from tests.orders.test_tiktok_orders import Place
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db
ANSWER_CANCELLATION = "POST /return_refund/202309/cancellations/{cancel_id}"
ANSWER_RETURN = "POST /return_refund/202309/returns/{return_id}"
SHIP = "POST /fulfillment/202309/orders/{order_id}/packages"
UPS_NUMBER, OTHER_NUMBER = "1Z999AA10123456784", "1Z999AA10123456795"


@pytest.fixture
def place(tiktok: Sandbox) -> Place:
    return Place(tiktok)


def person(place: Place, role: str = Role.MANAGER, name: str = "ann") -> Client:
    return signed_in(factories.make_member(place.shop.merchant, role, name))


def stranger() -> Client:
    return signed_in(factories.make_member(factories.make_merchant(), Role.OWNER))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def calls(place: Place, name: str) -> int:
    """How often the sandbox was asked this, whatever the rest of the address."""
    return sum(count for key, count in place.sandbox.calls().items() if key.startswith(name))


def unshipped(place: Place, *quantities: int) -> Order:
    bought = place.buy(*(quantities or (2,)))
    place.sandbox.advance(3700)
    place.look()
    return place.part(bought)


def asked_to_cancel(place: Place) -> CancellationRequest:
    order = unshipped(place)
    place.sandbox.control("POST", f"/orders/{order.external_id}/cancel", {})
    tasks.pull_aftersale(place.shop.pk)
    place.sandbox.reset_calls()
    return CancellationRequest.objects.get()


def asked_back(place: Place, **what: Any) -> ReturnRequest:
    order = unshipped(place)
    body = {"tracking_number": UPS_NUMBER, "provider": "UPS"}
    for step, given in (("ship", body), ("transit", {}), ("deliver", {})):
        place.sandbox.control("POST", f"/orders/{order.external_id}/{step}", given)
    place.look()
    place.sandbox.control("POST", f"/orders/{order.external_id}/return", what)
    tasks.pull_aftersale(place.shop.pk)
    place.sandbox.reset_calls()
    return ReturnRequest.objects.get()


def cancellation_url(row: CancellationRequest, verdict: str) -> str:
    return reverse("answer_cancellation", args=[row.pk, verdict])


def return_url(row: ReturnRequest, verdict: str) -> str:
    return reverse("answer_return", args=[row.pk, verdict])


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def order_text(client: Client, row: CancellationRequest | ReturnRequest) -> str:
    order = Order.objects.get(external_id=row.order_external_id)
    return text(client, reverse("order", args=[order.pk]))


def test_a_cancellation_is_approved_once_after_a_page_that_says_what_happens(place: Place) -> None:
    ann, row = person(place), asked_to_cancel(place)
    page = order_text(ann, row)
    assert "h left" in page
    assert cancellation_url(row, "approve") in page
    question = text(ann, cancellation_url(row, "approve"))
    assert "pays the money back" in question
    assert "Not needed any more" in question
    assert AftersaleDecision.objects.count() == 0
    answer = ann.post(cancellation_url(row, "approve"))
    assert said(answer) == [
        "Approved. The channel is being told; what it says shows here within a minute or two."
    ]
    assert Job.objects.filter(kind="tell_decisions").count() == 1
    *_, again = said(ann.post(cancellation_url(row, "approve")))
    assert "Somebody has decided" in again
    tasks.tell_decisions(place.shop.pk)
    tasks.tell_decisions(place.shop.pk)
    assert calls(place, ANSWER_CANCELLATION) == 1
    assert (place.reserved(), Order.objects.get().state) == (0, OrderState.CANCELED)
    page = order_text(ann, row)
    assert "Approve by ann: told to the channel." in page
    assert cancellation_url(row, "approve") not in page


def test_a_cancellation_is_declined_with_a_reason_of_the_channel(place: Place) -> None:
    ann, row = person(place), asked_to_cancel(place)
    page = ann.get(cancellation_url(row, "decline"))
    reasons = list(page.context["form"].reasons)
    assert reasons
    unsaid = ann.post(cancellation_url(row, "decline"), {"reason": ""}).content.decode()
    assert "This field is required" in unsaid
    made_up = ann.post(cancellation_url(row, "decline"), {"reason": "because"}).content.decode()
    assert "Select a valid choice" in made_up
    assert AftersaleDecision.objects.count() == 0
    ann.post(cancellation_url(row, "decline"), {"reason": reasons[0], "comment": "It is packed"})
    tasks.tell_decisions(place.shop.pk)
    decision = AftersaleDecision.objects.get()
    assert (decision.reason, decision.comment, decision.by) == (reasons[0], "It is packed", "ann")
    assert calls(place, ANSWER_CANCELLATION) == 1
    assert (place.reserved(), Order.objects.get().state) == (2, OrderState.UNSHIPPED)


def test_only_people_of_the_merchant_who_may_change_answer(place: Place) -> None:
    row, order = asked_to_cancel(place), Order.objects.get()
    bob = person(place, Role.VIEWER, "bob")
    page = order_text(bob, row)
    assert cancellation_url(row, "approve") not in page
    assert "An owner or a manager answers." in page
    assert reverse("ship_order", args=[order.pk]) not in page
    charlie = stranger()
    for address in (
        cancellation_url(row, "approve"),
        cancellation_url(row, "decline"),
        reverse("ship_order", args=[order.pk]),
    ):
        assert bob.get(address).status_code == bob.post(address).status_code == 403
        assert charlie.get(address).status_code == charlie.post(address).status_code == 404
    assert AftersaleDecision.objects.count() == Shipment.objects.count() == 0
    assert row.order_external_id not in text(charlie, reverse("requests"))


def test_a_returned_parcel_goes_back_into_stock_as_far_as_it_can_be_sold(place: Place) -> None:
    ann, row = person(place), asked_back(place)
    address = reverse("receive_return", args=[row.pk])
    (why,) = said(ann.get(address))
    assert "No unit of this return waits to be received" in why
    assert stranger().get(address).status_code == 404
    ann.post(return_url(row, "approve"))
    tasks.tell_decisions(place.shop.pk)
    assert calls(place, f"{ANSWER_RETURN}/approve") == 1
    place.sandbox.control("POST", f"/returns/{row.external_id}/send", {})
    tasks.pull_aftersale(place.shop.pk)
    row.refresh_from_db()
    assert row.state == ReturnState.SENT_BACK
    assert "You accept the parcel that came back" in text(ann, return_url(row, "approve"))
    before, (good, bad) = place.on_hand(), row.lines.all()
    center = place.part({"id": row.order_external_id}).fulfillment_center
    assert center is not None
    other = factories.make_center(factories.make_merchant(), name="Strange")
    given = {f"line_{good.pk}": "sellable", f"line_{bad.pk}": "not_sellable"}
    assert "say of at least one unit" in ann.post(address, {}).content.decode().lower()
    assert "choose a fulfillment center" in ann.post(address, given).content.decode()
    strange = ann.post(address, {**given, "center": other.pk}).content.decode()
    assert "Select a valid choice" in strange
    assert place.on_hand() == before
    (told,) = said(ann.post(address, {**given, "center": center.pk}))
    assert told == "Units received: 2."
    assert place.on_hand() == before + 1
    ann.post(address, {**given, "center": center.pk})
    assert place.on_hand() == before + 1


def test_a_refund_is_declined_on_the_list_of_requests(place: Place) -> None:
    ann, row = person(place), asked_back(place, type="REFUND")
    listed = ann.get(reverse("requests"), {"tab": "returns"})
    assert [one.row for one, _ in listed.context["rows"]] == [row]
    assert return_url(row, "decline") in listed.content.decode()
    reason = next(iter(ann.get(return_url(row, "decline")).context["form"].reasons))
    ann.post(return_url(row, "decline"), {"reason": reason})
    tasks.tell_decisions(place.shop.pk)
    assert calls(place, f"{ANSWER_RETURN}/reject") == 1
    row.refresh_from_db()
    assert row.state == ReturnState.DECLINED
    assert ann.get(reverse("requests"), {"tab": "returns"}).context["rows"] == []
    found = ann.get(reverse("requests"), {"tab": "all_returns", "q": row.order_external_id})
    assert [one.row for one, _ in found.context["rows"]] == [row]


def test_a_request_of_an_order_that_is_not_here_is_answered_too(place: Place) -> None:
    ann, row = person(place), asked_to_cancel(place)
    CancellationRequest.objects.filter(pk=row.pk).update(channel_order=None)
    page = text(ann, reverse("requests"))
    assert "Not here: placed before the shop was connected" in page
    answer = ann.post(cancellation_url(row, "approve"))
    assert answer.url == reverse("requests")
    tasks.tell_decisions(place.shop.pk)
    assert calls(place, ANSWER_CANCELLATION) == 1


def test_what_the_channel_refuses_is_shown_with_the_next_step(place: Place) -> None:
    ann, row = person(place), asked_to_cancel(place)
    ann.post(cancellation_url(row, "approve"))
    AftersaleDecision.objects.update(
        state="refused", problem="The order is locked.", problem_request_id="req-9"
    )
    page = order_text(ann, row)
    assert "The order is locked." in page
    assert "req-9" in page
    assert cancellation_url(row, "approve") in page


def test_reasons_that_cannot_be_had_are_told_and_nothing_is_decided(place: Place) -> None:
    ann, row = person(place), asked_to_cancel(place)
    reasons = "/return_refund/*"
    place.sandbox.fault("business_error", path=reasons, message="Not today", code=25001009, count=1)
    answer = ann.get(cancellation_url(row, "decline"))
    assert answer.status_code == 302
    (why,) = said(answer)
    assert "Not today" in why
    assert "(request " in why
    assert AftersaleDecision.objects.count() == 0


def test_tracking_is_entered_with_a_carrier_of_the_channel_and_sent_once(place: Place) -> None:
    ann, order = person(place), unshipped(place, 3)
    address = reverse("ship_order", args=[order.pk])
    assert address in text(ann, reverse("order", args=[order.pk]))
    form = ann.get(address).context["form"]
    ups = place.carrier(order).external_id
    assert ups in form.carriers
    given = {"carrier": ups, "first": form.initial["first"], "units": 2}
    wrong = ann.post(address, {**given, "tracking_number": "1 Z"}).content.decode()
    assert "cannot be a tracking number" in wrong
    many = ann.post(address, {**given, "units": 4, "tracking_number": UPS_NUMBER})
    assert "3 units still have to leave." in many.content.decode()
    assert Shipment.objects.count() == 0
    parcel = {**given, "tracking_number": UPS_NUMBER}
    (told,) = said(ann.post(address, parcel))
    assert told.startswith(f"It left with UPS {UPS_NUMBER}.")
    twice = ann.post(address, {**parcel, "units": 1}).content.decode()
    assert "since this page was shown" in twice
    tasks.send_tracking(place.shop.pk)
    tasks.send_tracking(place.shop.pk)
    assert calls(place, SHIP) == 1
    order.refresh_from_db()
    assert (order.state, order.shipped_quantity) == (OrderState.PARTIALLY_SHIPPED, 2)


def test_an_order_that_may_not_leave_says_why(place: Place) -> None:
    ann, bought = person(place), place.buy(1)
    place.look()
    (why,) = said(ann.get(reverse("ship_order", args=[place.part(bought).pk])))
    assert "on hold" in why
    order = unshipped(place)
    ChannelOrder.objects.filter(pk=order.channel_order_id).update(ships_itself=True)
    page = text(ann, reverse("order", args=[order.pk]))
    assert reverse("ship_order", args=[order.pk]) not in page
    assert "channel's own shipping" in page


def test_a_refused_number_is_corrected_where_it_is_shown(place: Place) -> None:
    ann, order = person(place), unshipped(place)
    shipment = shipping.record_shipment(
        order, carrier=place.carrier(order), tracking_number=UPS_NUMBER, by="ann"
    )
    Shipment.objects.filter(pk=shipment.pk).update(
        state=ShipmentState.REFUSED, problem="No such number.", sent_number=""
    )
    page = text(ann, reverse("order", args=[order.pk]))
    address = reverse("correct_shipment", args=[shipment.pk])
    assert address in page
    assert "No such number." in page
    assert stranger().get(address).status_code == 404
    assert person(place, Role.VIEWER, "bob").get(address).status_code == 403
    question = ann.get(address).content.decode()
    assert UPS_NUMBER in question
    given = {"carrier": place.carrier(order).external_id, "tracking_number": OTHER_NUMBER}
    (told,) = said(ann.post(address, given))
    assert told.startswith(f"It is UPS {OTHER_NUMBER} now.")
    tasks.send_tracking(place.shop.pk)
    assert calls(place, SHIP) == 1
    shipment.refresh_from_db()
    assert (shipment.state, shipment.tracking_number) == (ShipmentState.SENT, OTHER_NUMBER)


def test_orders_are_found_by_id_sku_tracking_and_by_buyer_only_for_who_sees_addresses(
    place: Place,
) -> None:
    order = unshipped(place)
    items = [{"seller_sku": place.skus[1], "quantity": 1}]
    other = place.sandbox.control("POST", "/shops/first/orders", {"items": items})
    place.look()
    ChannelOrder.objects.filter(pk=order.channel_order_id).update(buyer="Jane Doe")
    shipping.record_shipment(
        order, carrier=place.carrier(order), tracking_number=UPS_NUMBER, by="ann"
    )
    assert other["id"] != order.external_id

    def found(client: Client, words: str) -> list[str]:
        rows = client.get(reverse("orders"), {"q": words}).context["rows"]
        return [row.external_id for row, *_ in rows]

    ann, bob = person(place), person(place, Role.VIEWER, "bob")
    for words in (order.external_id, order.seller_sku.lower(), UPS_NUMBER):
        assert found(ann, words) == found(bob, words) == [order.external_id]
    assert found(ann, "jane doe") == [order.external_id]
    assert found(bob, "jane doe") == []
    assert found(stranger(), order.external_id) == []


def test_the_money_of_a_part_and_of_the_whole_order_stands_apart(place: Place) -> None:
    order = unshipped(place, 1, 2)
    client: Callable[..., Any] = person(place).get
    page = client(reverse("order", args=[order.pk]))
    rows = {name: (part, whole) for name, part, whole in page.context["money_rows"]}
    head = order.channel_order
    assert rows["Items"] == (order.sub_total, head.sub_total)
    assert rows["Discount by the seller"] == (-order.seller_discount, -head.seller_discount)
    assert rows["Total"] == (None, head.total)
    assert "add up to the total" in page.content.decode()
    sibling = Order.objects.exclude(pk=order.pk).get()
    assert reverse("order", args=[sibling.pk]) in page.content.decode()
