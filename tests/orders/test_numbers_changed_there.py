"""A tracking number that was changed or entered in Seller Center is ours too, and not re-sent."""

from __future__ import annotations

import pytest

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from orders.models import AttentionKind, Order, OrderEvent, Shipment
from orders.ports import RemoteOrderStatus as S
from orders.ports import shipping_channels
from orders.services import corrections, shipping, tracking
from orders.services.recording import record
from orders.states import ShipmentState
from tests.orders.memory_channel import UPS, MemoryChannel, remote_order, unit
from tests.orders.test_parcels import FIRST, SECOND, THIRD, bought, sent
from tests.orders.test_tiktok_orders import Place
from tests.orders.world import World, open_attentions
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db

#: Minutes after which the channel says something that is newer than what we sent meanwhile.
LATER = 60 * 24 * 365 * 50


@pytest.fixture
def place(tiktok: Sandbox) -> Place:
    return Place(tiktok)


def change_there(place: Place, order: Order, package_id: str, number: str) -> None:
    """What another tool, or a person in Seller Center, does with the same shop."""
    shipping_channels.get(place.shop.channel).correct_tracking(
        place.shop,
        order.external_id,
        package_id=package_id,
        carrier_id=place.carrier(order).external_id,
        tracking_number=number,
    )


def test_a_number_changed_in_seller_center_is_copied_and_not_sent_again(place: Place) -> None:
    order = place.part(bought(place, 1))
    shipment = sent(place, order)
    place.look()
    change_there(place, order, shipment.package_external_id, SECOND)
    before = place.sandbox.calls()
    for _ in range(2):
        place.look()
        assert tracking.send_tracking(place.shop).summary() == "Tracking numbers: none to send."
    shipment = Shipment.objects.get()
    assert (shipment.tracking_number, shipment.sent_number) == (SECOND, SECOND)
    assert (shipment.state, shipment.carrier) == (ShipmentState.SENT, "UPS")
    text = f"Tracking number changed on the channel: UPS {FIRST} → UPS {SECOND}."
    assert OrderEvent.objects.filter(order=order, reason=text, by="the channel").count() == 1
    after = place.sandbox.calls()
    assert not [call for call in after if "shipping_info" in call and after[call] != before[call]]


def shipped(world: World, number: str = FIRST) -> Shipment:
    world.variant(on_hand=5)
    record(world.shop, remote_order("1", S.AWAITING_SHIPMENT, units=[unit("a"), unit("b")]))
    return shipping.record_shipment(
        Order.objects.get(), carrier=UPS, tracking_number=number, by="ann"
    )


def hear(world: World, *numbers: str, minutes: int = LATER) -> Shipment:
    """The channel says that units have these numbers; the shipment afterwards."""
    names = [chr(ord("a") + place) for place in range(len(numbers))]
    units = [
        unit(name, tracking_number=number, carrier="UPS", package_id=f"p-{number}")
        for name, number in zip(names, numbers, strict=True)
    ]
    record(world.shop, remote_order("1", S.IN_TRANSIT, units=units, minutes=minutes))
    return Shipment.objects.get()


def test_what_the_channel_said_before_it_heard_our_number_changes_nothing(
    world: World, channel: MemoryChannel
) -> None:
    shipment = shipped(world)
    tracking.send_tracking(world.shop)
    shipment.refresh_from_db()
    corrections.correct_tracking(shipment, carrier=UPS, tracking_number=SECOND, by="ann")
    assert hear(world, FIRST, FIRST, minutes=1).state == ShipmentState.WANTED
    tracking.send_tracking(world.shop)
    # Read before the correction, stored after it.
    assert hear(world, FIRST, FIRST, minutes=2).tracking_number == SECOND
    assert hear(world, SECOND, SECOND).tracking_number == SECOND
    assert not OrderEvent.objects.filter(reason__contains="changed on the channel").exists()


def test_a_number_that_waits_here_is_not_sent_over_one_that_was_entered_there(
    world: World, channel: MemoryChannel
) -> None:
    Shop.objects.update(push_tracking=False)
    world.shop.refresh_from_db()
    shipped(world)
    tracking.send_tracking(world.shop)
    shipment = hear(world, THIRD, THIRD)
    assert (shipment.state, str(shipment)) == (ShipmentState.SENT, f"UPS {THIRD}")
    Shop.objects.update(push_tracking=True)
    world.shop.refresh_from_db()
    tracking.send_tracking(world.shop)
    assert channel.sent == []


def test_a_refused_number_ends_its_note_when_the_channel_has_one(
    world: World, channel: MemoryChannel
) -> None:
    channel.failures.append(Refused("The number matches no carrier.", code="11028006"))
    shipped(world)
    tracking.send_tracking(world.shop)
    assert open_attentions() == [("1", AttentionKind.TRACKING_REFUSED)]
    shipment = hear(world, FIRST, FIRST)
    assert (shipment.state, shipment.problem, open_attentions()) == (ShipmentState.SENT, "", [])
    assert OrderEvent.objects.filter(reason=f"Tracking number is there: UPS {FIRST}.").exists()


def test_a_correction_that_waits_for_the_switch_is_kept(
    world: World, channel: MemoryChannel
) -> None:
    shipment = shipped(world)
    tracking.send_tracking(world.shop)
    shipment.refresh_from_db()
    Shop.objects.update(push_tracking=False)
    shipment.shop.refresh_from_db()
    corrections.correct_tracking(shipment, carrier=UPS, tracking_number=SECOND, by="ann")
    shipment = hear(world, FIRST, FIRST)
    assert (shipment.state, shipment.tracking_number) == (ShipmentState.HELD, SECOND)


def test_units_with_several_numbers_there_leave_ours_as_it_is(
    world: World, channel: MemoryChannel
) -> None:
    shipped(world)
    tracking.send_tracking(world.shop)
    assert hear(world, FIRST, SECOND).tracking_number == FIRST


def test_a_parcel_made_there_follows_its_number(world: World, channel: MemoryChannel) -> None:
    world.variant(on_hand=5)
    hear(world, FIRST, FIRST, minutes=5)
    shipment = hear(world, SECOND, SECOND)
    assert (shipment.made_on_channel, str(shipment)) == (True, f"UPS {SECOND}")
    assert shipment.lines.count() == 2
