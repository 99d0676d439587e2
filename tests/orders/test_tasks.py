from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Listing, Offer, Shop
from catalog.services import shops, stock
from marketplace.kernel import jobs
from marketplace.kernel.errors import Reconnect
from marketplace.kernel.models import Job
from orders import tasks
from orders.models import IntakeCursor, Order
from orders.ports import RemoteOrderStatus as S
from orders.services import shipping
from orders.services.recording import record
from tests.orders.memory_channel import UPS, MemoryChannel, remote_order
from tests.orders.world import World

pytestmark = pytest.mark.django_db


def wanted_jobs() -> list[tuple[str, str]]:
    return list(Job.objects.order_by("key").values_list("kind", "subject"))


def test_reading_orders_hurries_every_shop_that_offers_what_was_sold(
    world: World, channel: MemoryChannel
) -> None:
    tea = world.variant(on_hand=5)
    second = Shop.objects.create(
        merchant=world.merchant,
        channel="memory",
        external_id="7000002",
        name="Second",
        region="US",
        state="active",
    )
    listing = Listing.objects.create(shop=second, product=tea.product)
    Offer.objects.create(listing=listing, variant=tea, external_id="1", currency="USD")
    channel.listed = [remote_order()]
    sentence = tasks.pull_orders(world.shop.pk)
    assert sentence == ("Acme US (memory US): 1 orders seen: 1 new, 0 changed, 0 unchanged.")
    assert wanted_jobs() == [("export_offers", str(second.pk))]


def test_held_orders_go_on_at_the_next_look(world: World, channel: MemoryChannel) -> None:
    tea = world.variant()
    channel.listed = [remote_order()]
    tasks.pull_orders(world.shop.pk)
    stock.receive(tea, world.reno, 1, reference="delivery")
    assert tasks.pull_orders(world.shop.pk).endswith(" 1 held orders went on.")
    assert world.figures(tea) == (1, 1)


def test_nothing_is_read_or_sent_for_a_shop_that_is_not_active(
    world: World, channel: MemoryChannel
) -> None:
    shops.pause(world.shop)
    channel.listed = [remote_order()]
    for work in (tasks.pull_orders, tasks.reconcile_orders, tasks.send_tracking):
        assert work(world.shop.pk) == "Acme US (memory US) is “Paused”: nothing was done."
    assert (channel.asked_since, Order.objects.count()) == ([], 0)
    for tick in (tasks.tick_pull_orders, tasks.tick_reconcile):
        assert tick() == "0 shops"


def test_dead_credentials_stop_the_shop_until_it_is_authorized_again(
    world: World, channel: MemoryChannel
) -> None:
    world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT))
    shipping.record_shipment(Order.objects.get(), carrier=UPS, tracking_number="1Z99", by="ann")
    channel.failures = [Reconnect("The authorization was revoked.")]
    with pytest.raises(Reconnect):
        tasks.send_tracking(world.shop.pk)
    world.shop.refresh_from_db()
    assert (world.shop.state, world.shop.problem) == (
        "needs_reconnect",
        "The authorization was revoked.",
    )


def test_each_minute_every_active_shop_is_read(world: World) -> None:
    assert tasks.tick_pull_orders() == "1 shops"
    assert wanted_jobs() == [("pull_orders", str(world.shop.pk))]


def test_only_shops_with_a_tracking_number_to_send_are_asked_for(world: World) -> None:
    world.variant(on_hand=5)
    record(world.shop, remote_order(status=S.AWAITING_SHIPMENT))
    assert tasks.tick_send_tracking() == "0 shops"
    shipping.record_shipment(Order.objects.get(), carrier=UPS, tracking_number="1Z99", by="ann")
    assert tasks.tick_send_tracking() == "1 shops"
    assert wanted_jobs() == [("send_tracking", str(world.shop.pk))]


def test_the_job_that_reads_orders_runs_by_its_name(world: World, channel: MemoryChannel) -> None:
    channel.listed = [remote_order()]
    job = jobs.want("pull_orders", world.shop.pk)
    assert jobs.run(job.pk).endswith("1 new, 0 changed, 0 unchanged.")
    assert IntakeCursor.objects.get().last_result.startswith("1 orders seen")


def test_a_comparison_that_ran_out_of_time_asks_to_go_on(
    world: World, channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "time_is_up", lambda: lambda: True)
    channel.listed = [remote_order(updated_at=timezone.now())]
    assert tasks.reconcile_orders(world.shop.pk).endswith("0 were right. It goes on by itself.")
    assert wanted_jobs() == [("reconcile_orders", str(world.shop.pk))]


def test_comparing_all_shops_is_spread_out(world: World) -> None:
    Shop.objects.create(
        merchant=world.merchant,
        channel="memory",
        external_id="7000002",
        name="Second",
        region="US",
        state="active",
    )
    assert tasks.tick_reconcile() == "2 shops"
    first, second = Job.objects.order_by("pk")
    assert second.next_attempt_at - first.next_attempt_at >= timedelta(seconds=5)
