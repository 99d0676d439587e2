"""What an owner decides about a shop, and what the pages say back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.models import Merchant, Shop, StockLevel
from catalog.services import shops
from catalog.states import ShopState
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import Job
from tests import factories
from tests.pages.conftest import People, Store

SignIn = Callable[[User], Client]


@pytest.fixture
def alice(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.alice)


def said(client: Client, name: str, shop: Shop, form: dict[str, object] | None = None) -> str:
    """Post a form of the shop and return the page that follows."""
    answer = client.post(reverse(name, args=[shop.pk]), form or {}, follow=True)
    shop.refresh_from_db()
    return answer.content.decode()


def test_outbound_switches_are_saved_and_the_sending_is_hurried(
    alice: Client, store: Store
) -> None:
    shop = store.shop
    words = said(alice, "set_outbound", shop, {"push_tracking": "on"})
    assert "Saved. Sent to the channel: tracking." in words
    assert (shop.push_quantity, shop.push_price, shop.push_tracking) == (False, False, True)
    kinds = Job.objects.filter(subject=str(shop.pk)).values_list("kind", flat=True)
    assert set(kinds) == {"export_offers", "send_tracking"}
    words = said(alice, "set_outbound", shop, {"push_quantity": "on", "push_price": "on"})
    assert "Sent to the channel: quantity, price." in words
    assert (shop.push_quantity, shop.push_price, shop.push_tracking) == (True, True, False)


def test_quantity_cannot_be_switched_on_before_the_mapping(alice: Client, store: Store) -> None:
    rows = Shop.objects.filter(pk=store.shop.pk)
    rows.update(state=ShopState.MAPPING_REQUIRED, push_quantity=False)
    words = said(alice, "set_outbound", store.shop, {"push_quantity": "on"})
    assert "Quantities can be sent only after the warehouses are mapped." in words
    assert store.shop.push_quantity is False


def test_the_upload_limit_is_saved_or_refused_in_words(alice: Client, store: Store) -> None:
    shop = store.shop
    assert "Saved." in said(alice, "set_quota", shop, {"daily_listing_limit": "250"})
    assert (shop.on_probation, shop.daily_listing_limit) == (False, 250)
    words = said(alice, "set_quota", shop, {"daily_listing_limit": "0", "on_probation": "on"})
    assert "The daily limit is a number from 1 to 100,000." in words
    words = said(alice, "set_quota", shop, {"daily_listing_limit": "many"})
    assert "The daily limit is a whole number, such as 100." in words
    assert (shop.on_probation, shop.daily_listing_limit) == (False, 250)


def test_a_shop_is_paused_and_resumed(alice: Client, store: Store) -> None:
    shop = store.shop
    assert "Paused. Nothing is sent or read until you resume it." in said(alice, "pause_shop", shop)
    assert (shop.state, list(Shop.objects.active())) == (ShopState.PAUSED, [])
    assert "“Paused” cannot become “Paused”." in said(alice, "pause_shop", shop)
    assert "It works again" in said(alice, "resume_shop", shop)
    assert (shop.state, shop.problem) == (ShopState.ACTIVE, "")
    assert "Only a paused shop can be resumed." in said(alice, "resume_shop", shop)


def test_a_shop_that_needs_reconnecting_is_marked_once_and_stays_so(store: Store) -> None:
    shops.needs_reconnect(store.shop, "The token is dead.")
    shops.needs_reconnect(store.shop, "Again.")
    assert store.shop.state == ShopState.NEEDS_RECONNECT
    assert store.shop.problem == "The token is dead."
    with pytest.raises(Refused):
        shops.pause(store.shop)


def test_a_confirmed_mapping_is_shown_locked_and_offers_no_choice(
    alice: Client, store: Store
) -> None:
    page = alice.get(reverse("shop_settings", args=[store.shop.pk])).content.decode()
    assert "Locked" in page
    assert store.mapping.warehouse.name in page
    assert "<select" not in page
    assert "Confirmed mappings cannot be changed." in page


def test_a_viewer_is_offered_no_buttons(people: People, store: Store, sign_in: SignIn) -> None:
    page = sign_in(people.bob).get(reverse("shop_settings", args=[store.shop.pk])).content.decode()
    for words in ("Save</button>", "Pause</button>", "Disconnect…", "Refresh warehouses</button>"):
        assert words not in page


def test_the_integrations_page_advises_before_its_button(people: People, sign_in: SignIn) -> None:
    page = sign_in(people.alice).get(reverse("integrations")).content.decode()
    button = page.index("Connect TikTok</button>")
    for words in (
        "approval usually takes 2 to 6 days",
        "Create your warehouses in Seller Center before you authorize",
        "a single one for each 3rd-party fulfillment service",
        "Every warehouse must be covered by a shipping template",
        "Seller Shipping",
    ):
        assert 0 < page.index(words) < button


def test_the_checklist_follows_the_rows_in_this_order(alice: Client, merchant: Merchant) -> None:
    def done() -> list[bool]:
        return [step.is_done for step in alice.get(reverse("checklist")).context["steps"]]

    titles = [step.title for step in alice.get(reverse("checklist")).context["steps"]]
    assert titles == [
        "Connect your primary product catalog source",
        "Connect your fulfillment centers with their inventory",
        "Connect your sales channels",
    ]
    assert done() == [False, False, False]
    product = factories.make_product(merchant)
    assert done() == [True, False, False]
    center = factories.make_center(merchant)
    assert done() == [True, False, False]
    factories.put_stock(product, center, 1)
    assert done() == [True, True, False]
    shop = factories.make_shop(merchant, state=ShopState.MAPPING_REQUIRED)
    assert done() == [True, True, False]
    Shop.objects.filter(pk=shop.pk).update(state=ShopState.ACTIVE)
    assert done() == [True, True, True]
    StockLevel.objects.update(on_hand=0)
    assert done() == [True, False, True]


def test_the_guide_is_reached_from_the_checklist(alice: Client) -> None:
    assert f'href="{reverse("help")}"' in alice.get(reverse("checklist")).content.decode()
    page = alice.get(reverse("help")).content.decode()
    assert "mailto:support@example.com" in page
    assert "Ship within 72 hours" in page


def test_signing_in_leads_to_the_overview_and_out_again(people: People) -> None:
    client = Client()
    answer = client.post(reverse("login"), {"username": "alice", "password": "pw"})
    assert (answer.status_code, answer.url) == (302, reverse("home"))
    assert client.get(reverse("home")).status_code == 200
    assert client.post(reverse("logout")).url == reverse("login")
    assert client.get(reverse("home")).status_code == 302


def test_a_wrong_password_is_refused_and_ten_of_them_lock_the_door(
    people: People, settings: Any
) -> None:
    settings.AXES_ENABLED = True
    settings.AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
    client = Client()
    answers = [
        client.post(reverse("login"), {"username": "alice", "password": "wrong"}) for _ in range(10)
    ]
    assert "Please enter a correct username" in answers[0].content.decode()
    assert answers[9].status_code == 429
    assert "locked for a quarter of an hour" in answers[9].content.decode()
    right = client.post(reverse("login"), {"username": "alice", "password": "pw"})
    assert right.status_code == 429
