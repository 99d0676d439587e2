"""Parcels over HTTP against the sandbox: together, corrected, labeled by the channel, and kinds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import SamplePolicy, Shop
from catalog.services import stock
from marketplace.kernel.errors import Refused, TryLater
from orders import tasks
from orders.models import AttentionKind, Label, Order, OrderAttention, Shipment
from orders.ports import RemoteCarrier
from orders.ports_labels import DROP_OFF, PICKUP, ParcelSize
from orders.services import (
    attention,
    corrections,
    label_queue,
    labels,
    parcel_rules,
    shipping,
    tracking,
)
from orders.services.recording import Outcome, record
from orders.states import LabelState, OrderState, ShipmentState
from tests.orders.memory_channel import remote_order
from tests.orders.test_tiktok_orders import Place
from tests.orders.world import World
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

FIRST, SECOND, THIRD = "1Z999AA10123456784", "1Z999AA10123456795", "1Z999AA10123456806"
MARK = "POST /fulfillment/202309/orders/{order_id}/packages"
CORRECT = "POST /fulfillment/202309/packages/{package_id}/shipping_info/update"
BUY = "POST /fulfillment/202309/packages"
ARRANGE = "POST /fulfillment/202309/packages/{package_id}/ship"
JANE = {"seed": "Jane"}
LIGHT = ParcelSize(Decimal("2.5"), "POUND")
TOO_HEAVY = ParcelSize(Decimal(100), "POUND")


@pytest.fixture
def place(tiktok: Sandbox) -> Place:
    return Place(tiktok)


def bought(place: Place, *quantities: int, **wishes: Any) -> dict[str, Any]:
    """An order that awaits shipment, read here."""
    order = place.buy(*quantities, **wishes)
    place.sandbox.advance(3700)
    place.look()
    return order


def sent(place: Place, order: Order, number: str = FIRST) -> Shipment:
    shipment = shipping.record_shipment(
        order, carrier=place.carrier(order), tracking_number=number, by="ann"
    )
    tracking.send_tracking(place.shop)
    shipment.refresh_from_db()
    assert shipment.state == ShipmentState.SENT
    return shipment


def correct(place: Place, shipment: Shipment, number: str = SECOND) -> None:
    order = Order.objects.filter(channel_order=shipment.channel_order)[0]
    corrections.correct_tracking(
        shipment, carrier=place.carrier(order), tracking_number=number, by="ann"
    )


def number_there(place: Place, order: dict[str, Any]) -> str:
    return str(place.sandbox.control("GET", f"/orders/{order['id']}")["tracking_number"])


def send(place: Place) -> None:
    """Send until nothing is to be tried again."""
    for _ in range(3):
        try:
            tracking.send_tracking(place.shop)
        except TryLater:
            continue


# -- a number that the channel has -------------------------------------------------------------


def test_a_number_that_the_channel_has_is_replaced_there_once(place: Place) -> None:
    order = bought(place, 1)
    shipment = sent(place, place.part(order))
    correct(place, shipment)
    assert shipment.state == ShipmentState.WANTED
    reports = [tracking.send_tracking(place.shop).summary() for _ in range(2)]
    assert reports == [
        "Tracking numbers: 1 corrected on the channel.",
        "Tracking numbers: none to send.",
    ]
    assert number_there(place, order) == SECOND
    calls = place.sandbox.calls()
    assert (calls[MARK], calls[CORRECT]) == (1, 1)
    shipment.refresh_from_db()
    assert (shipment.sent_number, shipment.corrections) == (SECOND, 1)
    with pytest.raises(Refused, match="lets a tracking number be changed once"):
        correct(place, shipment, THIRD)


def test_a_lost_answer_to_a_correction_is_not_corrected_twice(place: Place) -> None:
    order = bought(place, 1)
    shipment = sent(place, place.part(order))
    correct(place, shipment)
    place.sandbox.fault("lost_answer", path="/fulfillment/*", count=1)
    send(place)
    shipment.refresh_from_db()
    assert (shipment.state, shipment.corrections) == (ShipmentState.SENT, 1)
    assert (number_there(place, order), place.sandbox.calls()[CORRECT]) == (SECOND, 1)


def test_after_three_days_a_number_stays_as_it_is_and_the_reason_is_said(place: Place) -> None:
    shipment = sent(place, place.part(bought(place, 1)))
    Shipment.objects.update(sent_at=timezone.now() - timedelta(hours=73))
    with pytest.raises(Refused, match="within 72 hours of shipping, and that time is over"):
        correct(place, shipment)
    shipment.refresh_from_db()
    assert (shipment.state, shipment.tracking_number) == (ShipmentState.SENT, FIRST)


def test_a_correction_that_the_channel_refuses_says_what_it_still_has_and_can_be_taken_back(
    place: Place,
) -> None:
    order = bought(place, 1)
    shipment = sent(place, place.part(order))
    place.tell(order, "transit")
    place.tell(order, "deliver")
    correct(place, shipment)
    assert tracking.send_tracking(place.shop).refused == 1
    (open_one,) = OrderAttention.objects.filter(resolved_at=None)
    assert open_one.kind == AttentionKind.TRACKING_REFUSED
    assert "The package is delivered already" in open_one.sentence
    assert f"The channel still has {FIRST}" in open_one.sentence
    shipment.refresh_from_db()
    correct(place, shipment, FIRST)
    assert tracking.send_tracking(place.shop).known == 1
    assert not OrderAttention.objects.filter(resolved_at=None).exists()
    assert place.sandbox.calls()[CORRECT] == 1


def test_before_it_was_sent_a_correction_is_an_edit(place: Place) -> None:
    order = bought(place, 1)
    Shop.objects.update(push_tracking=False)
    shipment = shipping.record_shipment(
        place.part(order), carrier=place.carrier(place.part(order)), tracking_number=FIRST, by="ann"
    )
    correct(place, shipment)
    assert (shipment.state, shipment.tracking_number) == (ShipmentState.HELD, SECOND)
    Shop.objects.update(push_tracking=True)
    place.shop.refresh_from_db()
    assert tracking.send_tracking(place.shop).sent == 1
    calls = place.sandbox.calls()
    assert (number_there(place, order), calls[MARK], CORRECT in calls) == (SECOND, 1, False)


def test_a_number_is_not_changed_while_it_is_being_sent(place: Place) -> None:
    order = place.part(bought(place, 1))
    carrier = place.carrier(order)
    shipment = shipping.record_shipment(order, carrier=carrier, tracking_number=FIRST, by="ann")
    assert tracking.TrackingOutbox(place.shop).claim(shipment.pk) is not None
    with pytest.raises(Refused, match="being sent to the channel right now"):
        correct(place, shipment)


# -- one parcel for several orders -------------------------------------------------------------


def test_parts_of_one_order_go_in_one_package_and_the_channel_is_told_once(place: Place) -> None:
    order = bought(place, 2, 1)
    parts = [place.part(order, 0), place.part(order, 1)]
    (shipment,) = shipping.record_parcel(
        parts, carrier=place.carrier(parts[0]), tracking_number=FIRST, by="ann"
    )
    assert tracking.send_tracking(place.shop).sent == 1
    assert (shipment.lines.count(), place.sandbox.calls()[MARK]) == (3, 1)
    assert [place.part(order, number).state for number in (0, 1)] == [OrderState.SHIPPED] * 2
    place.look()
    assert Shipment.objects.count() == 1
    assert stock.drift() == []


def test_one_number_covers_orders_of_one_recipient_and_no_other_ones(place: Place) -> None:
    mine = [bought(place, 1, buyer=JANE), bought(place, 1, buyer=JANE)]
    other = bought(place, 1, buyer={"name": "John Roe"})
    parts = [place.part(order) for order in mine]
    carrier = place.carrier(parts[0])
    stranger = place.part(other)
    with pytest.raises(Refused, match="go to different recipients"):
        shipping.record_parcel([*parts, stranger], carrier=carrier, tracking_number=FIRST, by="ann")
    assert Shipment.objects.count() == 0
    shipping.record_parcel(parts, carrier=carrier, tracking_number=FIRST, by="ann")
    assert tracking.send_tracking(place.shop).sent == 2
    assert [number_there(place, order) for order in mine] == [FIRST, FIRST]
    with pytest.raises(Refused, match="which goes to another recipient"):
        shipping.record_shipment(stranger, carrier=carrier, tracking_number=FIRST, by="ann")


# -- labels of the channel ---------------------------------------------------------------------


def want(place: Place, order: dict[str, Any], size: ParcelSize = LIGHT) -> Label:
    (label,) = labels.want_labels([place.part(order)], labels.Plan(size=size), by="ann")
    return label


def test_a_label_is_bought_once_and_the_order_follows_its_parcel(place: Place) -> None:
    order = bought(place, 2, shipping_type="TIKTOK")
    offers = labels.services([place.part(order)], LIGHT)
    assert [(one.name, f"{one.price.amount:.2f}") for one in offers][:2] == [
        ("USPS Ground Advantage", "5.83"),
        ("USPS Priority Mail", "9.85"),
    ]
    plan = labels.Plan(size=LIGHT, service=offers[1])
    (label,) = labels.want_labels([place.part(order)], plan, by="ann")
    with pytest.raises(Refused, match="a label was asked for already"):
        want(place, order)
    reports = [label_queue.buy_labels(place.shop).summary() for _ in range(2)]
    assert reports == ["Labels: 1 bought.", "Labels: none to buy."]
    label.refresh_from_db()
    assert (label.state, label.service, str(label.price)) == (
        LabelState.BOUGHT,
        "USPS Priority Mail",
        "9.85",
    )
    assert place.sandbox.calls()[BUY] == 1
    place.look()
    part = place.part(order)
    assert (part.state, place.on_hand(), place.reserved()) == (OrderState.SHIPPED, 98, 0)
    assert Shipment.objects.get().made_on_channel is True
    place.tell(order, "transit")
    place.tell(order, "deliver")
    place.look()
    assert (place.part(order).state, place.on_hand()) == (OrderState.DELIVERED, 98)
    assert not OrderAttention.objects.filter(resolved_at=None).exists()
    assert stock.drift() == []


def test_the_document_of_a_label_is_fetched_when_it_is_looked_at(
    place: Place, settings: Any
) -> None:
    settings.IMAGE_FETCH_ALLOW_PRIVATE = True
    order = bought(place, 1, shipping_type="TIKTOK")
    label = want(place, order)
    with pytest.raises(Refused, match="not bought yet"):
        labels.document(label)
    label_queue.buy_labels(place.shop)
    label.refresh_from_db()
    assert labels.document(label).startswith(b"%PDF")


def test_a_lost_answer_buys_no_second_label(place: Place) -> None:
    label = want(place, bought(place, 1, shipping_type="TIKTOK"))
    place.sandbox.fault("lost_answer", path="/fulfillment/*", count=1)
    with pytest.raises(TryLater):
        label_queue.buy_labels(place.shop)
    assert label_queue.buy_labels(place.shop).known == 1
    label.refresh_from_db()
    assert (label.state, place.sandbox.calls()[BUY]) == (LabelState.BOUGHT, 1)
    assert label.package_external_id != ""


def test_a_label_that_is_refused_is_shown_with_its_cause_and_asked_for_anew(place: Place) -> None:
    order = bought(place, 1, shipping_type="TIKTOK")
    want(place, order, TOO_HEAVY)
    assert label_queue.buy_labels(place.shop).refused == 1
    trouble = OrderAttention.objects.filter(resolved_at=None, kind=AttentionKind.LABEL_TROUBLE)
    assert trouble.get().sentence.startswith(
        "The channel made no label: No shipping service takes this parcel. Check its weight"
    )
    assert (place.part(order).state, place.reserved()) == (OrderState.UNSHIPPED, 1)
    want(place, order)
    assert not trouble.exists()
    assert label_queue.buy_labels(place.shop).sent == 1
    assert Label.objects.get().state == LabelState.BOUGHT


def test_a_label_made_in_seller_center_is_not_bought_again(place: Place) -> None:
    order = bought(place, 1, shipping_type="TIKTOK")
    want(place, order)
    place.tell(order, "ship")
    assert label_queue.buy_labels(place.shop).known == 1


def test_where_parcels_exist_before_one_is_arranged_with_a_pickup_time(place: Place) -> None:
    place.sandbox.change_shop(region="GB")
    Shop.objects.update(region="GB")
    place.shop.refresh_from_db()
    order = bought(place, 1, shipping_type="TIKTOK")
    ways = labels.handover(place.part(order))
    assert (ways.can_pickup, ways.can_drop_off, len(ways.pickup_times)) == (True, True, 4)
    plan = labels.Plan(handover=PICKUP, pickup=ways.pickup_times[0])
    labels.want_labels([place.part(order)], plan, by="ann")
    assert label_queue.buy_labels(place.shop).sent == 1
    assert place.sandbox.calls()[ARRANGE] == 1
    place.look()
    assert (place.part(order).state, place.on_hand()) == (OrderState.SHIPPED, 99)
    other = bought(place, 1, shipping_type="TIKTOK")
    labels.want_labels([place.part(other)], labels.Plan(handover=DROP_OFF), by="ann")
    assert tasks.buy_labels(place.shop.pk).endswith("Labels: 1 bought.")


def test_where_parcels_exist_before_a_number_goes_out_for_a_whole_parcel_only(place: Place) -> None:
    place.sandbox.change_shop(region="MX")
    Shop.objects.update(region="MX")
    place.shop.refresh_from_db()
    whole, some = bought(place, 1), place.part(bought(place, 2))
    sent(place, place.part(whole))
    calls = place.sandbox.calls()
    assert (calls[ARRANGE], MARK in calls, number_there(place, whole)) == (1, False, FIRST)
    parcel = {"carrier": place.carrier(some), "tracking_number": SECOND, "by": "ann"}
    shipping.record_shipment(some, units=1, **parcel)
    assert tracking.send_tracking(place.shop).refused == 1
    assert "ships packages whole" in OrderAttention.objects.get(resolved_at=None).sentence
    with pytest.raises(Refused, match="orders cannot share a tracking number"):
        parcel_rules.check_together([place.part(whole), some])


# -- kinds of orders ---------------------------------------------------------------------------


def test_what_tiktok_fulfills_follows_without_touching_our_stock(place: Place) -> None:
    order = bought(place, 2, fulfillment_type="FULFILLMENT_BY_TIKTOK")
    place.sandbox.advance(7 * 3600)
    place.tell(order, "transit")
    place.look()
    part = place.part(order)
    assert (part.state, part.fulfillment_center) == (OrderState.SHIPPED, None)
    assert (place.on_hand(), place.reserved(), OrderAttention.objects.count()) == (100, 0, 0)
    assert labels.why_no_label(part).startswith("The channel ships this order from its own")


def test_an_order_that_nobody_pays_for_is_no_sale(place: Place) -> None:
    free, paid = bought(place, 1, is_zero_price=True), bought(place, 1)
    assert place.part(free).channel_order.is_free is True
    assert [order.external_id for order in Order.objects.sales()] == [paid["id"]]


def a_sample(world: World, policy: SamplePolicy) -> Outcome:
    Shop.objects.update(sample_orders=policy)
    world.shop.refresh_from_db()
    world.variant(on_hand=5)
    status = remote_order().status.AWAITING_SHIPMENT
    return record(world.shop, remote_order(status=status, is_sample=True)).outcome


def test_a_sample_comes_in_like_any_order_and_is_no_sale(world: World) -> None:
    assert a_sample(world, SamplePolicy.IMPORT) == Outcome.CREATED
    assert shipping.why_not_shippable(Order.objects.get()) == ""
    assert not Order.objects.sales().exists()


def test_a_sample_can_be_left_on_the_channel(world: World) -> None:
    assert a_sample(world, SamplePolicy.IGNORE) == Outcome.SKIPPED
    assert not Order.objects.exists()


def test_a_held_sample_leaves_only_after_a_person_released_it(world: World) -> None:
    assert a_sample(world, SamplePolicy.HOLD) == Outcome.CREATED
    order = Order.objects.get()
    parcel = {"carrier": RemoteCarrier("7", "UPS"), "tracking_number": FIRST, "by": "ann"}
    with pytest.raises(Refused, match="holds samples until a person releases them"):
        shipping.record_shipment(order, **parcel)
    attention.dismiss(OrderAttention.objects.get(kind=AttentionKind.SAMPLE_HELD), by="ann")
    shipping.record_shipment(order, **parcel)
    assert order.state == OrderState.SHIPPED
