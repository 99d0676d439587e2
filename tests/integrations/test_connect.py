"""From the Integrations page over the channel's consent to an active shop, over real HTTP."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import FulfillmentCenter, Merchant, Shop, WarehouseMapping
from catalog.states import ShopState
from integrations.models import AuthorizationRequest, Connection
from marketplace.kernel.models import Job
from tests import factories
from tests.integrations.connecting import CHANNEL, choices, connect, consent
from tests.support.sandbox import Sandbox


def test_connecting_leads_over_consent_and_mapping_to_an_active_shop(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    shop = connect(browser, tiktok)
    assert shop.state == ShopState.MAPPING_REQUIRED
    assert (shop.region, shop.currency, shop.push_quantity) == ("US", "USD", False)
    prompt = browser.get(reverse("mapping", args=[shop.pk])).content.decode()
    assert "East" in prompt
    assert "West" in prompt
    assert "Returns" not in prompt
    assert "Confirm &amp; Activate" in prompt
    assert "Mapping selections are locked afterwards" in prompt

    reno, flexport = centers
    answer = browser.post(
        reverse("mapping", args=[shop.pk]), choices(shop, reno, flexport), follow=True
    )
    assert "has successfully been integrated" in answer.content.decode()
    shop.refresh_from_db()
    assert (shop.state, shop.push_quantity) == (ShopState.ACTIVE, True)
    assert shop.activated_at is not None
    pairs = WarehouseMapping.objects.filter(shop=shop).order_by("warehouse__name")
    assert [str(row) for row in pairs] == ["East → Reno", "West → Flexport"]
    assert {row.confirmed_by.username for row in pairs} == {"alice"}
    kinds = Job.objects.filter(subject=str(shop.pk)).values_list("kind", flat=True)
    assert set(kinds) == {"export_offers", "sync_listings", "pull_orders", "refresh_taxonomy"}


def test_tokens_are_stored_encrypted(browser: Client, tiktok: Sandbox) -> None:
    shop = connect(browser, tiktok)
    token = Connection.objects.get(shop=shop).access_token
    assert token.startswith("TTP_")
    with database.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token, cipher FROM integrations_connection")
        stored = cursor.fetchone()
    assert [value.startswith("gAAAA") for value in stored] == [True, True, True]
    assert token not in str(stored)


def test_the_redirect_carries_a_state_that_works_once(browser: Client, tiktok: Sandbox) -> None:
    back = consent(browser, tiktok)
    browser.get(back)
    assert Shop.objects.count() == 1
    Connection.objects.all().delete()
    answer = browser.get(back, follow=True)
    assert "This authorization is not valid any more" in answer.content.decode()
    assert Connection.objects.count() == 0


def nothing_stored(sandbox: Sandbox) -> bool:
    asked = sandbox.calls().get("GET /api/v2/token/get", 0)
    return not Shop.objects.exists() and not Connection.objects.exists() and asked == 0


@pytest.mark.parametrize("query", ["", "?code=abc", "?code=abc&state=guess", "?state=guess"])
def test_a_callback_with_a_wrong_or_missing_state_stores_nothing(
    query: str, browser: Client, tiktok: Sandbox
) -> None:
    consent(browser, tiktok)
    answer = browser.get(reverse("oauth_callback", args=[CHANNEL]) + query, follow=True)
    assert "Nothing was stored" in answer.content.decode()
    assert nothing_stored(tiktok)


def test_a_state_is_refused_after_half_an_hour(browser: Client, tiktok: Sandbox) -> None:
    back = consent(browser, tiktok)
    AuthorizationRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "not valid any more" in browser.get(back, follow=True).content.decode()
    assert nothing_stored(tiktok)


def test_a_state_is_refused_to_another_person(
    browser: Client, tiktok: Sandbox, merchant: Merchant
) -> None:
    back = consent(browser, tiktok)
    other = Client()
    other.force_login(factories.make_member(merchant, "owner", "mallory"))
    assert "not valid any more" in other.get(back, follow=True).content.decode()
    assert nothing_stored(tiktok)


def test_whoever_became_a_viewer_meanwhile_may_not_finish(
    browser: Client, tiktok: Sandbox, alice: User
) -> None:
    back = consent(browser, tiktok)
    alice.memberships.update(role="viewer")
    assert browser.get(back).status_code == 403
    assert nothing_stored(tiktok)


def test_refusing_on_the_channels_page_connects_nothing(browser: Client, tiktok: Sandbox) -> None:
    answer = browser.get(consent(browser, tiktok, decision="refuse"), follow=True)
    assert "You did not agree on the channel" in answer.content.decode()
    assert nothing_stored(tiktok)
    assert AuthorizationRequest.objects.get().used_at is not None


def test_a_code_that_the_channel_does_not_know_is_reported_and_stores_nothing(
    browser: Client, tiktok: Sandbox
) -> None:
    back = consent(browser, tiktok)
    state = parse_qs(urlsplit(back).query)["state"][0]
    address = f"{reverse('oauth_callback', args=[CHANNEL])}?code=TTP_wrong&state={state}"
    answer = browser.get(address, follow=True)
    assert "note bad" in answer.content.decode()
    assert not Shop.objects.exists()


def test_a_shop_of_another_merchant_is_refused_in_words(
    browser: Client, tiktok: Sandbox, alice: User
) -> None:
    other = factories.make_merchant()
    taken = factories.make_shop(other, external_id=tiktok.shop["id"])
    answer = browser.get(consent(browser, tiktok), follow=True)
    assert "is already connected to another merchant here" in answer.content.decode()
    assert list(Shop.objects.all()) == [taken]
    assert not Connection.objects.exists()


def test_a_seller_with_two_shops_connects_both_with_the_same_tokens(
    browser: Client, tiktok: Sandbox
) -> None:
    tiktok.add_shop("GB", seller_id=tiktok.shop["seller_id"])
    browser.get(consent(browser, tiktok))
    rows = Connection.objects.select_related("shop").order_by("shop__region")
    assert [row.shop.region for row in rows] == ["GB", "US"]
    assert [row.shop.currency for row in rows] == ["GBP", "USD"]
    assert len({row.access_token for row in rows}) == 1
    assert len({row.cipher for row in rows}) == 2


def test_orders_count_from_the_moment_of_the_authorization(
    browser: Client, tiktok: Sandbox
) -> None:
    back = consent(browser, tiktok)
    before = timezone.now()
    browser.get(back)
    shop = Shop.objects.get()
    assert shop.connected_at is not None
    assert before <= shop.connected_at <= timezone.now()
