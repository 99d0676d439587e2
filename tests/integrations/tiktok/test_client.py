from __future__ import annotations

import pytest

from integrations.http.errors import RemoteBusy, RemoteDenied, RemoteRefused
from integrations.tiktok.client import App, TikTokClient
from tests.integrations.tiktok.conftest import World

WAREHOUSES = "GET /logistics/202309/warehouses"
NEW_BRAND = "POST /product/202309/brands"


def test_a_read_names_the_shop_and_an_upload_does_not(world: World) -> None:
    world.logistics.warehouses()
    world.logistics.shops()
    (scoped,) = world.sandbox.recent_calls("/logistics/202309/warehouses")
    (unscoped,) = world.sandbox.recent_calls("/authorization/202309/shops")
    assert "shop_cipher" in scoped["query"]
    assert "shop_cipher" not in unscoped["query"]


def test_a_call_is_recorded_with_its_request_id(world: World) -> None:
    world.logistics.warehouses()
    (note,) = world.notes
    assert (note.method, note.path) == ("GET", "/logistics/202309/warehouses")
    assert (note.http_status, note.code, len(note.request_id)) == (200, "0", 34)
    assert world.tokens.token not in note.request + note.response


@pytest.mark.parametrize(
    "fault", ["error_500", "error_503", "lost_answer", "gateway_timeout", "rate_limit"]
)
def test_a_read_is_repeated_until_it_works(world: World, fault: str) -> None:
    world.sandbox.fault(fault, path="/logistics/*", count=3)
    assert len(world.logistics.warehouses()) == 3
    assert world.time.naps == [0.5, 1.0, 2.0]
    assert len(world.notes) == 4


def test_a_read_is_given_up_after_three_repeats(world: World) -> None:
    world.sandbox.fault("error_500", path="/logistics/*")
    with pytest.raises(RemoteBusy) as caught:
        world.logistics.warehouses()
    assert caught.value.outcome_unknown is False
    assert (caught.value.code, len(caught.value.request_id)) == ("36009003", 34)
    assert world.sandbox.calls()[WAREHOUSES] == 4


def test_a_wait_the_channel_asks_for_is_kept(world: World) -> None:
    world.sandbox.fault("rate_limit", path="/logistics/*", count=1, retry_after=7)
    world.logistics.warehouses()
    assert world.time.naps == [7.0]


def test_a_wait_that_is_too_long_is_left_to_the_schedule(world: World) -> None:
    world.sandbox.fault("rate_limit", path="/logistics/*", count=1, retry_after=21)
    with pytest.raises(RemoteBusy) as caught:
        world.logistics.warehouses()
    assert caught.value.retry_after == 21.0
    assert world.time.naps == []
    assert world.sandbox.calls()[WAREHOUSES] == 1


def test_after_a_long_wait_was_asked_for_nobody_calls(world: World) -> None:
    world.sandbox.fault("rate_limit", path="/logistics/*", count=1, retry_after=60)
    with pytest.raises(RemoteBusy):
        world.logistics.warehouses()
    with pytest.raises(RemoteBusy, match="budget"):
        world.logistics.warehouses()
    assert world.sandbox.calls()[WAREHOUSES] == 1


def test_a_write_is_repeated_when_it_was_turned_away(world: World) -> None:
    world.sandbox.fault("rate_limit", path="/product/202309/brands", count=2)
    assert world.listings.create_brand("Northwind Trail") != ""
    assert world.sandbox.calls()[NEW_BRAND] == 3


@pytest.mark.parametrize("fault", ["error_500", "error_503", "lost_answer", "gateway_timeout"])
def test_a_write_that_may_have_been_done_is_not_repeated(world: World, fault: str) -> None:
    world.sandbox.fault(fault, path="/product/202309/brands", method="POST", count=1)
    with pytest.raises(RemoteBusy) as caught:
        world.listings.create_brand("Northwind Trail")
    assert caught.value.outcome_unknown is True
    assert world.sandbox.calls()[NEW_BRAND] == 1
    assert world.time.naps == []


def test_an_expired_token_is_renewed_once_and_the_call_repeated(world: World) -> None:
    world.sandbox.advance(8 * 86_400)
    old, world.tokens.next = world.tokens.token, world.sandbox.tokens()["access_token"]
    assert len(world.logistics.warehouses()) == 3
    assert world.tokens.renewals == [old]
    assert world.tokens.token != old


def test_a_write_with_an_expired_token_is_done_once_with_the_new_one(world: World) -> None:
    world.sandbox.advance(8 * 86_400)
    world.tokens.next = world.sandbox.tokens()["access_token"]
    brand_id = world.listings.create_brand("Northwind Trail")
    assert [row.id for row in world.listings.brands(prefix="Northwind Trail")] == [brand_id]


def test_a_token_that_stays_rejected_asks_for_the_merchant(world: World) -> None:
    world.sandbox.fault("bad_token", path="/logistics/*")
    with pytest.raises(RemoteDenied, match="authorization has expired"):
        world.logistics.warehouses()
    assert len(world.tokens.renewals) == 1
    assert world.sandbox.calls()[WAREHOUSES] == 2


def test_a_token_the_channel_never_gave_asks_for_the_merchant(world: World) -> None:
    world.tokens.token = "TTP_invented"
    with pytest.raises(RemoteDenied):
        world.logistics.warehouses()


def test_a_missing_permission_is_told_to_a_person(world: World) -> None:
    world.sandbox.fault("missing_scope", path="/logistics/*")
    with pytest.raises(RemoteRefused, match="lacks a permission") as caught:
        world.logistics.warehouses()
    assert caught.value.code == "105005"


def test_a_wrong_secret_is_told_to_a_person(world: World) -> None:
    app = App(world.sandbox.app_key, "wrong", world.sandbox.url)
    client = TikTokClient(
        app, world.tokens, transport=world.client._transport, throttle=world.client._throttle
    )
    with pytest.raises(RemoteRefused, match="does not accept the app's signature"):
        client.get("/authorization/202309/shops", scoped=False)


def test_the_budget_is_kept(world: World) -> None:
    world.client._rates = {False: 2, True: 1}
    for _ in range(6):
        world.logistics.warehouses()
    assert len(world.time.naps) == 2


def test_letters_beyond_ascii_are_signed_as_they_are_sent(world: World) -> None:
    leaf, path = world.listings.recommend(title="Caña – 图 cotton socks", description="é")
    assert leaf == path[-1].id
