"""A shop's own rules: which center ships, what is held, tagged and shown, and why (GB3, B22)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import CenterKind, FulfillmentCenter, Tag
from catalog.services import bundles, stock
from marketplace.kernel import bulk_tasks
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import BulkRun, RunState
from orders.models import (
    AttentionKind,
    Order,
    OrderAttention,
    OrderEvent,
    RoutingPolicy,
    RoutingRule,
    RuleAction,
)
from orders.ports import RemoteOrderStatus as S
from orders.routing import Decision
from orders.routing_rules import Center, OrderFacts, PartFacts, Policy, Rule, decide
from orders.services import attention, held, shipping
from orders.services.dry_run import dry_run
from orders.services.recording import record, record_all
from tests import factories
from tests.admin.door import list_url, page_url
from tests.orders.memory_channel import ADDRESS, UPS, remote_order, unit
from tests.orders.world import World, open_attentions

CENTERS = {1: Center(1, "Reno", True, "US", "NV", "89501"), 2: Center(2, "Dallas", True, "US")}
CENTERS[3] = Center(3, "Flexport", False, "US", "CA", "94103")
BY_CHANNEL = OrderFacts(Decision(2, "The channel chose Dallas."), Decimal(40), "US", "CA", "94110")

#: Units by variant (1 to 3) and center; two parts may need the same variant, as bundles do.
shelves = st.dictionaries(
    st.tuples(st.integers(1, 3), st.sampled_from([1, 2, 3])), st.integers(0, 4)
)
parts = st.lists(
    st.builds(
        PartFacts,
        sku=st.sampled_from("AB"),
        needs=st.dictionaries(st.integers(1, 3), st.integers(1, 3), min_size=1, max_size=2),
        tags=st.sets(st.sampled_from(["red", "blue"])).map(frozenset),
    ),
    min_size=1,
    max_size=3,
)
rules = st.lists(
    st.builds(
        Rule,
        name=st.sampled_from(["one", "two", "three"]),
        action=st.sampled_from(RuleAction.values),
        centers=st.permutations([1, 2, 3]).map(tuple),
        words=st.just("because"),
        skus=st.sets(st.sampled_from("AB"), max_size=1).map(frozenset),
        tags=st.sets(st.sampled_from(["red"]), max_size=1).map(frozenset),
        min_value=st.sampled_from([None, Decimal(30), Decimal(50)]),
        stocked_at=st.sampled_from([None, 1]),
    ),
    max_size=5,
).map(tuple)


@given(rules, parts, shelves, st.sampled_from([None, 2]), st.sampled_from(["seller", "label"]))
def test_every_part_gets_one_decision_with_a_reason_and_only_a_center_that_has_it_all(
    some_rules, some_parts, free, fallback, kind
) -> None:
    policy = Policy(some_rules, CENTERS, fallback)
    order = replace(BY_CHANNEL, kind="channel_label" if kind == "label" else kind)
    found = decide(policy, order, some_parts, free)
    assert len(found) == len(some_parts)
    assert found == decide(policy, order, some_parts, free)
    given_away = Counter()
    for part, one in zip(some_parts, found, strict=True):
        assert one.reason
        if kind == "label":
            assert one.center_id == 2
        elif one.reason.startswith("Rule"):
            assert CENTERS[one.center_id].name in one.reason
            given_away.update({(pk, one.center_id): units for pk, units in part.needs.items()})
        else:
            assert one.center_id == fallback
    # All that rules placed is there together, however the parts share it.
    assert all(free.get(place, 0) >= units for place, units in given_away.items())


@given(parts, shelves)
def test_a_split_never_uses_a_3pl_and_a_choice_keeps_the_parts_together(some_parts, free) -> None:
    every = (1, 2, 3)
    split = decide(Policy((Rule("s", "split", every),), CENTERS), BY_CHANNEL, some_parts, free)
    assert {one.center_id for one in split} <= {1, 2, None}
    chosen = decide(Policy((Rule("c", "choose", every),), CENTERS), BY_CHANNEL, some_parts, free)
    assert len({one.center_id for one in chosen}) == 1


def test_the_nearest_is_the_one_whose_address_is_most_like_the_buyers() -> None:
    policy = Policy((Rule("near", "nearest"),), CENTERS)
    part, free = PartFacts("A", {7: 1}), {(7, 1): 5, (7, 2): 5}
    (near,) = decide(policy, BY_CHANNEL, [part], {**free, (7, 3): 5})
    (next_best,) = decide(policy, BY_CHANNEL, [part], free)
    assert (near.center_id, next_best.center_id) == (3, 1)
    assert near.reason == "Rule “near”: the nearest center with all of it is Flexport."
    in_nevada = replace(BY_CHANNEL, region="nv", postal_code="89509")
    assert decide(policy, in_nevada, [part], {**free, (7, 3): 5})[0].center_id == 1


pytestmark = pytest.mark.django_db


def choose_ourselves(world: World, **changes: Any) -> RoutingPolicy:
    values = {"we_choose": True, **changes}
    return RoutingPolicy.objects.create(shop=world.shop, **values)


def add_rule(
    policy: RoutingPolicy, action: str, *centers: FulfillmentCenter, **changes: Any
) -> RoutingRule:
    place = policy.rules.count()
    values = {"name": f"rule {place}", "position": place, "words": "look at it", **changes}
    rule = RoutingRule.objects.create(policy=policy, action=action, **values)
    for position, center in enumerate(centers):
        rule.centers.create(center=center, position=position)
    return rule


def test_without_the_switch_rules_move_nothing(world: World) -> None:
    world.variant(on_hand=1)
    policy = choose_ourselves(world, we_choose=False)
    add_rule(policy, "choose", world.dallas)
    record(world.shop, remote_order())
    assert Order.objects.get().fulfillment_center == world.reno


def test_the_first_rule_whose_center_has_stock_places_the_order_and_is_named(world: World) -> None:
    tea = world.variant()
    stock.receive(tea, world.dallas, 3, reference="first:dallas")
    policy = choose_ourselves(world)
    add_rule(policy, "choose", world.reno, skus=["TEA"], name="west first")
    add_rule(policy, "choose", world.reno, world.dallas, name="anywhere")
    record(world.shop, remote_order(units=[unit("1"), unit("2")]))
    order = Order.objects.get()
    assert order.fulfillment_center == world.dallas
    assert order.routing_reason == ("Rule “anywhere”: the first center with all of it is Dallas.")
    assert world.figures(tea, world.dallas) == (3, 2)
    assert OrderEvent.objects.filter(reason=order.routing_reason).exists()
    # More arrives where the first rule looks: what is promised stays where it is.
    stock.receive(tea, world.reno, 9, reference="first:reno")
    record(world.shop, remote_order(units=[unit("1"), unit("2")], minutes=5, buyer_note="hi"))
    order.refresh_from_db()
    assert order.fulfillment_center == world.dallas


def test_parts_of_an_order_stay_together_unless_a_rule_splits_them(world: World) -> None:
    tea, cup = world.variant("TEA"), world.variant("CUP")
    stock.receive(tea, world.reno, 5, reference="first:1")
    stock.receive(cup, world.dallas, 5, reference="first:2")
    policy = choose_ourselves(world)
    together = add_rule(policy, "choose", world.reno, world.dallas)
    record(world.shop, remote_order(units=[unit("1", "TEA"), unit("2", "CUP")]))
    assert {kind for _, kind in open_attentions()} == {AttentionKind.NOT_ROUTED}
    assert "found no center with all of it" in Order.objects.first().routing_reason
    RoutingRule.objects.filter(pk=together.pk).update(action="split")
    assert held.look_again(held.waiting(world.shop), by="ann").orders == 2
    places = Order.objects.order_by("seller_sku").values_list("fulfillment_center__name", flat=True)
    assert list(places) == ["Dallas", "Reno"]
    assert open_attentions() == []
    assert stock.drift() == []


def test_what_no_rule_places_goes_to_the_fallback_or_waits_for_stock(world: World) -> None:
    tea = world.variant()
    policy = choose_ourselves(world)
    add_rule(policy, "choose", world.reno)
    record(world.shop, remote_order("1"))
    assert open_attentions() == [("1", AttentionKind.NOT_ROUTED)]
    assert held.retry_attentions(shop=world.shop).orders == 0
    stock.receive(tea, world.reno, 1, reference="first:1")
    assert held.retry_attentions(shop=world.shop).orders == 1
    RoutingPolicy.objects.update(fallback=world.dallas)
    record(world.shop, remote_order("2"))
    assert open_attentions() == [("2", AttentionKind.OVERSOLD)]
    order = Order.objects.get(external_id="2")
    assert order.fulfillment_center == world.dallas
    assert order.routing_reason.endswith("The fallback Dallas takes it.")


def test_a_held_order_keeps_its_stock_and_cannot_be_shipped_until_somebody_lets_it_go(
    world: World,
) -> None:
    tea = world.variant(on_hand=5)
    policy = choose_ourselves(world)
    add_rule(policy, "hold", min_value=Decimal(10), name="dear", words="call the buyer")
    add_rule(policy, "tag", words="gift")
    add_rule(policy, "notify", words="new buyer")
    add_rule(policy, "choose", world.reno)
    record(world.shop, remote_order("1", S.AWAITING_SHIPMENT))
    order = Order.objects.get()
    assert (order.reserved, order.tags, world.figures(tea)) == (1, ["gift"], (5, 1))
    assert {kind for _, kind in open_attentions()} == {
        AttentionKind.HELD_BY_RULE, AttentionKind.RULE_NOTICE,
    }  # fmt: skip
    with pytest.raises(Refused, match="Rule “dear”: call the buyer"):
        shipping.record_shipment(order, carrier=UPS, tracking_number="1Z99AA1", by="ann")
    attention.dismiss(OrderAttention.objects.get(kind=AttentionKind.HELD_BY_RULE), by="ann")
    record(world.shop, remote_order("1", S.AWAITING_SHIPMENT, minutes=5, buyer_note="hi"))
    shipping.record_shipment(order, carrier=UPS, tracking_number="1Z99AA1", by="ann")
    assert world.figures(tea) == (4, 0)


def test_a_hold_ends_when_its_rule_is_gone_or_the_order_is_canceled(world: World) -> None:
    world.variant(on_hand=5)
    policy = choose_ourselves(world, fallback=world.reno)
    rule = add_rule(policy, "hold")
    for name in "12":
        record(world.shop, remote_order(name))
    canceled = [unit("1-1", is_canceled=True)]
    record(world.shop, remote_order("1", S.CANCELED, minutes=1, units=canceled))
    assert open_attentions() == [("2", AttentionKind.HELD_BY_RULE)]
    rule.delete()
    assert held.look_again(held.waiting(world.shop), by="ann").orders == 1
    assert open_attentions() == []


def test_rules_ask_for_tags_places_and_bundles_by_what_is_on_the_shelf(world: World) -> None:
    tea, kit = world.variant("TEA"), world.variant("KIT")
    bundles.compose(kit, {tea: 2})
    stock.receive(tea, world.reno, 3, reference="first:1")
    stock.receive(tea, world.dallas, 9, reference="first:2")
    kit.product.tags.add(Tag.objects.create(merchant=world.merchant, name="Heavy"))
    policy = choose_ourselves(world)
    add_rule(policy, "hold", countries=["CA"])
    add_rule(policy, "choose", world.reno, world.dallas, tags=["heavy"], regions=["nv"])
    units = [unit("1", "KIT"), unit("2", "KIT")]
    record(world.shop, remote_order("1", units=units, address=ADDRESS))
    assert Order.objects.get().fulfillment_center == world.dallas
    assert world.figures(tea, world.dallas) == (9, 4)
    assert open_attentions() == []


def test_two_parts_that_need_one_component_are_placed_where_it_is_enough_for_both(
    world: World,
) -> None:
    tea, kit, box = world.variant("TEA"), world.variant("KIT"), world.variant("BOX")
    bundles.compose(kit, {tea: 2})
    bundles.compose(box, {tea: 1})
    stock.receive(tea, world.reno, 2, reference="first:1")
    stock.receive(tea, world.dallas, 3, reference="first:2")
    policy = choose_ourselves(world)
    rule = add_rule(policy, "choose", world.reno, world.dallas)
    both = [unit("1", "KIT"), unit("2", "BOX")]
    record(world.shop, remote_order("1", units=both))
    assert set(Order.objects.values_list("fulfillment_center__name", "reserved")) == {("Dallas", 1)}
    assert open_attentions() == []
    assert (world.figures(tea), world.figures(tea, world.dallas)) == ((2, 0), (3, 3))
    # What is there now is enough for either of them, and not for both.
    record(world.shop, remote_order("2", units=[unit("3", "KIT"), unit("4", "BOX")]))
    assert set(open_attentions()) == {("2", AttentionKind.NOT_ROUTED)}
    RoutingRule.objects.filter(pk=rule.pk).update(action="split")
    assert held.look_again(held.waiting(world.shop), by="ann").orders == 1
    assert open_attentions() == [("2", AttentionKind.NOT_ROUTED)]
    assert stock.drift() == []


def test_a_hold_that_asks_for_stock_stands_while_the_order_itself_holds_it(world: World) -> None:
    world.variant(on_hand=1)
    policy = choose_ourselves(world)
    add_rule(policy, "hold", stocked_at=world.reno)
    add_rule(policy, "choose", world.reno)
    for minutes in (0, 5):
        record(world.shop, remote_order(minutes=minutes, buyer_note=str(minutes)))
        assert Order.objects.get().reserved == 1
        assert [kind for _, kind in open_attentions()] == [AttentionKind.HELD_BY_RULE]


def test_an_order_whose_label_the_channel_makes_is_not_moved(world: World) -> None:
    tea = world.variant(on_hand=2)
    stock.receive(tea, world.dallas, 2, reference="first:2")
    add_rule(choose_ourselves(world), "choose", world.dallas)
    record(world.shop, remote_order(ships_itself=True))
    order = Order.objects.get()
    assert order.fulfillment_center == world.reno
    assert order.routing_reason.endswith("no rule moves it.")


def test_queries_do_not_grow_with_orders_or_rules(world: World) -> None:
    world.variant(on_hand=500)
    policy = choose_ourselves(world, fallback=world.reno)
    counts = []
    for number in (1, 8):
        for _ in range(number):
            add_rule(policy, "choose", world.dallas, world.reno)
        page = [remote_order(f"{number}-{n}") for n in range(number)]
        with CaptureQueriesContext(connection) as queries:
            record_all(world.shop, page)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Order.objects.filter(fulfillment_center=world.reno, reserved=1).count() == 9


def test_a_dry_run_says_what_rules_would_have_done_and_writes_nothing(
    world: World, admin_client
) -> None:
    tea = world.variant(on_hand=2)
    stock.receive(tea, world.dallas, 2, reference="first:2")
    record(world.shop, remote_order(units=[unit("1"), unit("2")]))
    policy = choose_ourselves(world, we_choose=False)
    rule = add_rule(policy, "choose", world.dallas, name="all to Dallas")
    with CaptureQueriesContext(connection) as queries:
        (trial,) = dry_run(policy)
    assert (trial.is_moved, trial.center) == (True, "Dallas")
    assert not [one["sql"] for one in queries if not one["sql"].startswith("SELECT")]
    rule.centers.update(center=world.reno)
    (trial,) = dry_run(policy)  # its own units count as free
    assert (trial.is_moved, trial.center) == (False, "Reno")
    record(world.shop, remote_order(status=S.IN_TRANSIT, units=[unit("1"), unit("2")], minutes=5))
    assert world.figures(tea) == (0, 0)
    (trial,) = dry_run(policy)  # and so do those that have left
    assert (trial.is_moved, trial.center) == (False, "Reno")
    page = admin_client.get(f"{page_url(policy).removesuffix('change/')}dry-run/")
    assert "Rule “all to Dallas”" in page.content.decode()
    assert Order.objects.get().fulfillment_center == world.reno


def sent(policy: RoutingPolicy, action: str, *centers: FulfillmentCenter, **given: Any) -> Any:
    """A rule's page as the browser sends it."""
    rows = {
        f"centers-{place}-{name}": value
        for place, center in enumerate(centers)
        for name, value in (("center", center.pk), ("position", place))
    }
    return {
        "policy": policy.pk, "name": "typed", "position": 0, "is_active": "on", "action": action,
        "centers-TOTAL_FORMS": len(centers), "centers-INITIAL_FORMS": 0, **rows, **given,
    }  # fmt: skip


def test_a_person_adds_a_rule_and_what_waited_goes_on(world: World, admin_client) -> None:
    world.variant(on_hand=2)
    policy = choose_ourselves(world)
    record(world.shop, remote_order())
    assert [kind for _, kind in open_attentions()] == [AttentionKind.NOT_ROUTED]
    add = list_url(RoutingRule) + "add/"
    foreign = factories.make_center(factories.make_merchant())
    flexport = factories.make_center(
        world.merchant, kind=CenterKind.THIRD_PARTY, provider="flexport"
    )
    for wrong, words in (
        (sent(policy, "choose"), "Name at least one center"),
        (sent(policy, "choose", foreign), "belongs to another merchant"),
        (sent(policy, "split", flexport), "is a 3PL. An order is split over own centers only"),
        (sent(policy, "hold"), "Say why, what the tag is"),
        (sent(policy, "choose", world.reno, min_value=9, max_value=5), "below the least total"),
    ):
        assert words in admin_client.post(add, wrong).content.decode()
    given = sent(policy, "choose", world.reno, skus="TEA / CUP")
    assert admin_client.post(add, given).status_code == 302
    assert RoutingRule.objects.get().skus == ["TEA", "CUP"]
    assert open_attentions() == []
    page = admin_client.get(page_url(policy)).content.decode()
    assert "SKU TEA, CUP" in page


def test_a_long_line_of_waiting_orders_is_looked_at_in_the_background(
    world: World, admin_client, monkeypatch
) -> None:
    monkeypatch.setattr(held, "TOGETHER", 2)
    tea = world.variant()
    policy = choose_ourselves(world)
    record_all(world.shop, [remote_order(str(number)) for number in range(5)])
    stock.receive(tea, world.reno, 4, reference="first:1")
    reply = admin_client.post(
        list_url(RoutingRule) + "add/", sent(policy, "choose", world.reno), follow=True
    )
    words = reply.content.decode()
    assert "The 5 orders that wait are looked at again in the background." in words
    run = BulkRun.objects.get()
    assert f"/bulkrun/{run.pk}/" in words
    assert len(open_attentions()) == 5
    bulk_tasks.carry_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done, run.position) == (RunState.DONE, 4, 5)
    assert run.skipped == {"still waiting, for the reason on its page": 1}
    assert open_attentions() == [("4", AttentionKind.NOT_ROUTED)]
    assert world.figures(tea) == (4, 4)


def test_what_waits_in_vain_keeps_no_later_order_from_its_stock(world: World, monkeypatch) -> None:
    monkeypatch.setattr(held, "TOGETHER", 2)
    tea, cup, kit = world.variant("TEA"), world.variant("CUP"), world.variant("KIT")
    bundles.compose(kit, {cup: 1})
    add_rule(choose_ourselves(world), "choose", world.reno)
    record_all(world.shop, [remote_order(str(n), units=[unit(f"k{n}", "KIT")]) for n in range(5)])
    record(world.shop, remote_order("9"))
    stock.receive(tea, world.reno, 1, reference="first:1")
    assert held.retry_attentions(shop=world.shop, until=lambda: True).orders == 0
    assert held.retry_attentions(shop=world.shop).orders == 1
    assert world.figures(tea) == (1, 1)
