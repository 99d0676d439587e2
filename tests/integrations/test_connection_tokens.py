"""Tokens are renewed early, once, and for every shop of the account; dead ones stop the shop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from catalog.models import Merchant, Shop
from catalog.states import ShopState
from integrations import connections, tasks
from integrations.models import AuthorizationRequest, Connection, Exchange
from marketplace.kernel.errors import Reconnect, TryLater
from marketplace.kernel.models import Job
from tests import factories
from tests.support.sandbox import Sandbox

REFRESH = "GET /api/v2/token/refresh"


@pytest.fixture
def linked(merchant: Merchant, tiktok: Sandbox) -> Shop:
    """A shop with tokens of the sandbox that are good for six days."""
    return factories.connect(factories.make_shop(merchant), tiktok)


def expire_in(shop: Shop, **span: float) -> str:
    """Let the shop's token end soon; return it."""
    Connection.objects.filter(shop=shop).update(
        access_expires_at=timezone.now() + timedelta(**span),
        refreshed_at=timezone.now() - timedelta(days=6),
    )
    return Connection.objects.get(shop=shop).access_token


def refreshes(sandbox: Sandbox) -> int:
    return sandbox.calls().get(REFRESH, 0)


def test_a_good_token_is_used_as_it_is(linked: Shop, tiktok: Sandbox) -> None:
    stored = Connection.objects.get(shop=linked).access_token
    assert connections.access_token(linked) == stored
    assert refreshes(tiktok) == 0


def test_a_token_that_ends_within_a_day_is_renewed_with_both_tokens_stored(
    linked: Shop, tiktok: Sandbox
) -> None:
    old = expire_in(linked, hours=23)
    old_refresh = Connection.objects.get(shop=linked).refresh_token
    new = connections.access_token(linked)
    kept = Connection.objects.get(shop=linked)
    assert new != old
    assert kept.access_token == new
    assert kept.refresh_token != old_refresh
    assert kept.access_expires_at is not None
    assert kept.access_expires_at - timezone.now() > timedelta(days=6)
    assert (kept.refreshing_by, kept.refreshing_until) == ("", None)
    assert connections.access_token(linked) == new
    assert refreshes(tiktok) == 1


def test_a_short_lived_token_is_renewed_in_the_last_fifth_of_its_life(
    linked: Shop, tiktok: Sandbox
) -> None:
    now = timezone.now()
    rows = Connection.objects.filter(shop=linked)
    rows.update(
        refreshed_at=now - timedelta(minutes=40), access_expires_at=now + timedelta(minutes=20)
    )
    connections.access_token(linked)
    assert refreshes(tiktok) == 0
    rows.update(
        refreshed_at=now - timedelta(minutes=50), access_expires_at=now + timedelta(minutes=10)
    )
    connections.access_token(linked)
    assert refreshes(tiktok) == 1


def test_a_token_that_the_channel_rejected_is_renewed_once_for_all_who_hold_it(
    linked: Shop, tiktok: Sandbox
) -> None:
    rejected = connections.access_token(linked)
    new = connections.access_token(linked, rejected=rejected)
    assert new != rejected
    assert connections.access_token(linked, rejected=rejected) == new
    assert refreshes(tiktok) == 1


def test_all_shops_of_an_account_get_the_new_tokens(
    linked: Shop, merchant: Merchant, tiktok: Sandbox
) -> None:
    second = factories.make_shop(merchant)
    stranger = factories.make_shop(factories.make_merchant())
    first = Connection.objects.get(shop=linked)
    for shop in (second, stranger):
        Connection.objects.create(
            shop=shop, access_token=first.access_token, refresh_token=first.refresh_token
        )
    Connection.objects.update(account_id="seller-1")
    expire_in(linked, hours=1)
    new = connections.access_token(linked)
    assert Connection.objects.get(shop=second).access_token == new
    assert Connection.objects.get(shop=stranger).access_token == first.access_token


def test_a_dead_refresh_token_stops_the_shop_and_says_what_to_do(
    linked: Shop, tiktok: Sandbox
) -> None:
    tiktok.control("POST", "/shops/first/deauthorize")
    expire_in(linked, hours=-1)
    with pytest.raises(Reconnect, match="Connect it again"):
        connections.access_token(linked)
    linked.refresh_from_db()
    assert linked.state == ShopState.NEEDS_RECONNECT
    assert linked.problem.startswith("The channel no longer accepts our authorization.")
    assert Connection.objects.get(shop=linked).refreshing_by == ""


def test_while_the_channel_is_down_the_old_token_serves_until_its_end(
    linked: Shop, tiktok: Sandbox
) -> None:
    tiktok.fault("error_500", path="/api/v2/token/refresh")
    old = expire_in(linked, hours=5)
    assert connections.access_token(linked) == old
    expire_in(linked, hours=-5)
    with pytest.raises(TryLater):
        connections.access_token(linked)
    linked.refresh_from_db()
    assert linked.state == ShopState.ACTIVE
    tiktok.clear_faults()
    assert connections.access_token(linked) != old


def test_the_claim_of_a_dead_worker_is_taken_over(linked: Shop, tiktok: Sandbox) -> None:
    old = expire_in(linked, hours=1)
    Connection.objects.update(
        refreshing_by="gone", refreshing_until=timezone.now() - timedelta(seconds=1)
    )
    assert connections.access_token(linked) != old
    assert refreshes(tiktok) == 1


def test_whoever_waits_in_vain_for_a_renewal_uses_the_old_token_or_tries_later(
    linked: Shop, tiktok: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "WAIT_SECONDS", 0.2)
    old = expire_in(linked, hours=1)
    Connection.objects.update(
        refreshing_by="busy", refreshing_until=timezone.now() + timedelta(minutes=1)
    )
    assert connections.access_token(linked) == old
    with pytest.raises(TryLater, match="is being renewed"):
        connections.access_token(linked, rejected=old)
    assert refreshes(tiktok) == 0


def test_a_disconnected_shop_has_no_token(linked: Shop, tiktok: Sandbox) -> None:
    connections.disconnect(linked, None)
    with pytest.raises(Reconnect, match="is disconnected"):
        connections.access_token(linked)


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_renew_a_token_once(merchant: Merchant, tiktok: Sandbox) -> None:
    shop = factories.connect(factories.make_shop(merchant), tiktok)
    expire_in(shop, hours=1)
    tiktok.fault("slow", path="/api/v2/token/refresh", seconds=0.5)
    tokens = together(8, lambda: connections.access_token(shop))
    assert refreshes(tiktok) == 1
    assert tokens == [Connection.objects.get(shop=shop).access_token] * 8


@pytest.mark.django_db(transaction=True)
def test_a_renewal_that_ends_after_the_disconnection_brings_no_token_back(
    merchant: Merchant, tiktok: Sandbox
) -> None:
    shop = factories.connect(factories.make_shop(merchant), tiktok)
    expire_in(shop, hours=-1)
    tiktok.fault("slow", path="/api/v2/token/refresh", seconds=1.0)
    renewal = threading.Thread(target=swallow, args=(lambda: connections.access_token(shop),))
    renewal.start()
    wait_until(lambda: Connection.objects.exclude(refreshing_by="").exists())
    connections.disconnect(Shop.objects.get(pk=shop.pk), None)
    renewal.join()
    assert Connection.objects.get(shop=shop).access_token == ""


def test_the_job_renews_what_ends_soon_and_the_tick_finds_it(linked: Shop, tiktok: Sandbox) -> None:
    assert tasks.tick_refresh_tokens() == "0 shops to renew"
    expire_in(linked, hours=20)
    assert tasks.tick_refresh_tokens() == "1 shops to renew"
    assert Job.objects.get().key == f"refresh_token:{linked.pk}"
    assert tasks.refresh_token(linked.pk) == f"{linked}: tokens renewed"
    assert tasks.refresh_token(linked.pk) == f"{linked}: tokens are still good"


def test_calls_older_than_thirty_days_are_forgotten(linked: Shop) -> None:
    for days in (1, 29, 31, 400):
        call = Exchange.objects.create(channel="tiktok_shop", method="GET", path=f"/{days}")
        Exchange.objects.filter(pk=call.pk).update(at=timezone.now() - timedelta(days=days))
    user = factories.make_user()
    for days in (1, -3):
        AuthorizationRequest.objects.create(
            state=f"state {days}",
            merchant=linked.merchant,
            user=user,
            channel="tiktok_shop",
            expires_at=timezone.now() + timedelta(days=days),
        )
    assert tasks.prune_exchanges() == "2 calls forgotten"
    assert [call.path for call in Exchange.objects.order_by("pk")] == ["/1", "/29"]
    assert AuthorizationRequest.objects.get().state == "state 1"


def together(count: int, act: Callable[[], str]) -> list[str]:
    """Run it in so many threads at once, each with a database connection of its own."""
    gate, found = threading.Barrier(count), []

    def run() -> None:
        gate.wait()
        try:
            found.append(act())
        finally:
            database.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def swallow(act: Callable[[], str]) -> None:
    """Run it in a thread; that it is refused in the end is expected."""
    try:
        act()
    except Reconnect:
        pass
    finally:
        database.close()


def wait_until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    """Look every few milliseconds until it is so."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if is_so():
            return
        pause.wait(0.02)
    raise AssertionError("it never came to be so")
