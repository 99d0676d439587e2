"""Orders for bundles hold, ship and give back what the bundle is made of (B19)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Channel, OfferStock, StockLevel, StockMovement, Variant
from catalog.services import bundles, listings, recipes, stock
from orders.models import AttentionKind, Order, OrderComponent
from orders.ports import RemoteOrderStatus as S
from orders.services import held, shipping
from orders.services.recording import record
from tests.orders.memory_channel import UPS, remote_order, unit
from tests.orders.test_any_order_of_messages import undone
from tests.orders.world import World, make_world, open_attentions

pytestmark = pytest.mark.django_db


def make_kit(world: World, *, tea: int = 0, cup: int = 0) -> tuple[Variant, Variant, Variant]:
    """A bundle of two teas and a cup, with so many units of each in Reno."""
    parts = world.variant("TEA", on_hand=tea), world.variant("CUP", on_hand=cup)
    kit = world.variant("KIT")
    bundles.compose(kit, dict(zip(parts, (2, 1), strict=True)))
    return kit, *parts


def offer(world: World, *variants: Variant) -> None:
    """Stage listings of these on the shop."""
    world.shop.channel = Channel.TIKTOK_SHOP
    world.shop.save()
    listings.stage([row.product_id for row in variants], world.shop, by="test")


def kits(order_id: str, count: int, status: S = S.AWAITING_SHIPMENT, **changes: object):
    units = [unit(f"{order_id}-{n}", "KIT", **changes) for n in range(count)]
    return remote_order(order_id, status, units=units, minutes=list(S).index(status))


def test_an_order_holds_and_ships_the_components_and_updates_every_listing(world: World) -> None:
    kit, tea, cup = make_kit(world, tea=10, cup=10)
    offer(world, kit, tea, cup)
    recorded = record(world.shop, kits("1", 2))
    assert (world.figures(tea), world.figures(cup)) == ((10, 4), (10, 2))
    assert recipes.moved_with(recorded.variant_ids) == {kit.pk, tea.pk, cup.pk}
    rows = OfferStock.objects.filter(warehouse__external_id="W1").order_by("offer__variant__sku")
    assert list(rows.values_list("offer__variant__sku", "wanted")) == [
        ("CUP", 8), ("KIT", 3), ("TEA", 6),
    ]  # fmt: skip
    order = Order.objects.get()
    shipping.record_shipment(order, carrier=UPS, tracking_number="1Z99AA1012", by="ann")
    assert (world.figures(tea), world.figures(cup)) == ((6, 0), (8, 0))
    assert not StockLevel.objects.filter(variant=kit).exists()
    assert stock.drift() == []


def test_a_canceled_order_gives_each_component_back_once(world: World) -> None:
    _, tea, cup = make_kit(world, tea=4, cup=4)
    for message in (kits("1", 2), kits("1", 2, S.CANCELED, is_canceled=True)) * 2:
        record(world.shop, message)
    assert world.movements(tea) == [("reserve", 0, 4), ("release", 0, -4)]
    assert world.movements(cup) == [("reserve", 0, 2), ("release", 0, -2)]
    references = StockMovement.objects.filter(variant__in=[tea, cup], kind="release")
    assert len({row.reference for row in references}) == 2


def test_an_edit_of_the_bundle_does_not_reach_an_open_order(world: World) -> None:
    kit, tea, cup = make_kit(world, tea=9, cup=9)
    record(world.shop, kits("1", 1))
    bundles.compose(kit, {cup: 3})
    record(world.shop, kits("1", 1, S.CANCELED, is_canceled=True))
    assert (world.figures(tea), world.figures(cup)) == ((9, 0), (9, 0))
    record(world.shop, kits("2", 1))
    assert (world.figures(tea), world.figures(cup)) == ((9, 0), (9, 3))


def test_what_left_before_its_sku_became_a_bundle_stays_as_it_was(world: World) -> None:
    kit, tea = world.variant("KIT", on_hand=1), world.variant("TEA", on_hand=4)
    record(world.shop, kits("1", 1, S.IN_TRANSIT))
    bundles.compose(kit, {tea: 2})
    record(world.shop, kits("1", 1, S.DELIVERED))
    assert not OrderComponent.objects.exists()
    assert (world.figures(kit), world.figures(tea)) == ((0, 0), (4, 0))


def test_a_bundle_goes_on_when_the_last_component_arrives(world: World) -> None:
    _, tea, cup = make_kit(world, tea=4, cup=1)
    record(world.shop, kits("1", 2))
    assert open_attentions() == [("1", AttentionKind.OVERSOLD)]
    assert (world.figures(tea), world.figures(cup)) == ((4, 0), (1, 0))
    stock.receive(tea, world.reno, 4, reference="first:more")
    assert held.retry_attentions(variant=tea).orders == 0
    stock.receive(cup, world.reno, 1, reference="first:more cups")
    released = held.retry_attentions(variant=cup)
    assert (released.orders, released.variant_ids) == (1, {tea.pk, cup.pk})
    assert open_attentions() == []


def test_an_order_that_waits_for_stock_goes_on_when_its_sku_becomes_a_bundle(world: World) -> None:
    kit, tea = world.variant("KIT"), world.variant("TEA", on_hand=3)
    record(world.shop, kits("1", 1))
    assert open_attentions() == [("1", AttentionKind.OVERSOLD)]
    bundles.compose(kit, {tea: 3})
    assert held.retry_attentions(shop=world.shop).orders == 1
    assert world.figures(tea) == (3, 3)
    assert OrderComponent.objects.get().units == 3


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["order", "single", "cancel", "ship", "receive", "retry", "edit"]),
        st.integers(1, 4),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
@undone
def test_after_any_steps_the_ledger_adds_up_and_a_bundle_has_what_its_components_give(
    steps: list[tuple[str, int]],
) -> None:
    world = make_world()
    kit, tea, cup = make_kit(world, tea=6, cup=4)
    offer(world, kit, tea, cup)
    for number, (verb, size) in enumerate(steps):
        _take_step(world, (kit, tea, cup), number, verb, size)
        assert stock.drift() == []
        free = {row.variant_id: row.available for row in StockLevel.objects.all()}
        assert min(free.values()) >= 0
        recipe = recipes.of([kit.pk])[kit.pk]
        expected = min(free[component] // units for component, units in recipe.items())
        rows = OfferStock.objects.filter(warehouse__external_id="W1")
        assert rows.get(offer__variant=kit).wanted == expected
        assert rows.get(offer__variant=tea).wanted == free[tea.pk]


def _take_step(
    world: World, variants: tuple[Variant, ...], number: int, verb: str, size: int
) -> None:
    kit, tea, cup = variants
    name = str(1 + number % 3)
    if verb == "order":
        record(world.shop, kits(name, size))
    elif verb == "single":
        units = [unit(f"s{number}-{n}", "TEA") for n in range(size)]
        record(world.shop, remote_order(f"s{number}", S.AWAITING_SHIPMENT, units=units))
    elif verb == "cancel":
        record(world.shop, kits(name, size, S.CANCELED, is_canceled=True))
    elif verb == "ship":
        record(world.shop, kits(name, size, S.IN_TRANSIT))
    elif verb == "receive":
        stock.receive(tea if size % 2 else cup, world.reno, size, reference=f"first:{number}")
    elif verb == "retry":
        held.retry_attentions(shop=world.shop)
    else:
        bundles.compose(kit, {tea: size, cup: 1})
