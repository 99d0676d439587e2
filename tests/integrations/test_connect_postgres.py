"""What several processes at once may not break, on PostgreSQL."""

from __future__ import annotations

import pytest

from catalog.models import Merchant, Shop, WarehouseMapping
from catalog.services import mapping
from catalog.states import ShopState
from integrations import connections
from integrations.models import AuthorizationRequest, Connection
from marketplace.kernel.errors import Refused
from tests import factories
from tests.integrations.test_connection_tokens import expire_in, refreshes
from tests.support.processes import run_together
from tests.support.sandbox import Sandbox

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


def test_six_processes_renew_a_token_once(merchant: Merchant, tiktok: Sandbox) -> None:
    shop = factories.connect(factories.make_shop(merchant), tiktok)
    expire_in(shop, hours=-1)
    tiktok.fault("slow", path="/api/v2/token/refresh", seconds=0.5)
    tokens = run_together(lambda number: connections.access_token(shop), 6)
    assert refreshes(tiktok) == 1
    assert tokens == [Connection.objects.get(shop=shop).access_token] * 6


def test_six_processes_whose_token_was_rejected_renew_it_once(
    merchant: Merchant, tiktok: Sandbox
) -> None:
    shop = factories.connect(factories.make_shop(merchant), tiktok)
    rejected = connections.access_token(shop)
    tokens = run_together(lambda number: connections.access_token(shop, rejected=rejected), 6)
    assert refreshes(tiktok) == 1
    assert len(set(tokens)) == 1
    assert rejected not in tokens


def test_of_two_who_confirm_different_mappings_at_once_one_wins_whole(merchant: Merchant) -> None:
    shop = factories.make_shop(merchant, state=ShopState.MAPPING_REQUIRED, push_quantity=False)
    east, west = (factories.make_warehouse(shop, name=name) for name in ("East", "West"))
    reno, tulsa = (factories.make_center(merchant, name=name) for name in ("Reno", "Tulsa"))
    plans = [{east.pk: reno.pk, west.pk: tulsa.pk}, {east.pk: tulsa.pk, west.pk: reno.pk}]

    def confirm(number: int) -> str:
        try:
            mapping.confirm_and_activate(Shop.objects.get(pk=shop.pk), plans[number], by=None)
        except Refused:
            return "refused"
        return "confirmed"

    answers = run_together(confirm, 2)
    assert sorted(answers) == ["confirmed", "refused"]
    stored = WarehouseMapping.objects.values_list("warehouse", "fulfillment_center")
    assert dict(stored) == plans[answers.index("confirmed")]


def test_one_state_used_by_four_processes_at_once_connects_once(
    merchant: Merchant, tiktok: Sandbox
) -> None:
    user = factories.make_member(merchant)
    connections.begin(merchant, user, "tiktok_shop")
    state, code = AuthorizationRequest.objects.get().state, tiktok.code()

    def finish(number: int) -> str:
        try:
            connections.finish(state, code, user)
        except Refused as error:
            return error.message
        return "connected"

    answers = run_together(finish, 4)
    assert answers.count("connected") == 1
    assert sum("not valid any more" in answer for answer in answers) == 3
    assert Shop.objects.count() == 1
    assert tiktok.calls()["GET /api/v2/token/get"] == 1


def test_of_two_merchants_who_connect_the_same_shop_at_once_one_gets_it(
    merchant: Merchant, tiktok: Sandbox
) -> None:
    users = [factories.make_member(merchant), factories.make_member(factories.make_merchant())]
    for user in users:
        connections.begin(user.memberships.get().merchant, user, "tiktok_shop")
    states = [AuthorizationRequest.objects.get(user=user).state for user in users]
    codes = [tiktok.code(), tiktok.code()]

    def finish(number: int) -> str:
        try:
            connections.finish(states[number], codes[number], users[number])
        except Refused as error:
            return error.message
        return "connected"

    answers = run_together(finish, 2)
    assert answers.count("connected") == 1
    assert sum("is already connected to another merchant" in answer for answer in answers) == 1
    assert Shop.objects.count() == Connection.objects.count() == 1
