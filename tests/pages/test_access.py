"""Every address of the merchants' pages, tried by each person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.models import Merchant, Shop, WarehouseMapping
from catalog.states import ShopState
from tests import factories
from tests.pages.conftest import People, Store

SignIn = Callable[[User], Client]

LISTS = [
    "home",
    "checklist",
    "help",
    "merchants",
    "integrations",
    "products",
    "listings",
    "orders",
]
ROWS = ["product", "listing", "order", "shop_settings"]
CHANGES = [
    "set_outbound",
    "set_quota",
    "pause_shop",
    "resume_shop",
    "disconnect",
    "refresh_warehouses",
    "add_mapping",
    "mapping",
]


def address_of(name: str, store: Store) -> str:
    rows = {"product": store.product.pk, "listing": store.listing.pk, "order": store.order.pk}
    return reverse(name, args=[rows.get(name, store.shop.pk)])


def unmapped(store: Store) -> None:
    """Put the shop before its mapping, as the mapping page expects it."""
    Shop.objects.filter(pk=store.shop.pk).update(state=ShopState.MAPPING_REQUIRED)
    WarehouseMapping.objects.filter(shop=store.shop).delete()


@pytest.mark.parametrize("name", LISTS)
def test_a_page_is_shown_to_owner_and_viewer_and_asks_others_to_sign_in(
    name: str, people: People, store: Store, sign_in: SignIn, client: Client
) -> None:
    address = reverse(name)
    assert sign_in(people.alice).get(address).status_code == 200
    assert sign_in(people.bob).get(address).status_code == 200
    assert sign_in(people.dora).get(address).status_code == 200
    answer = client.get(address)
    assert (answer.status_code, answer.url) == (302, f"{reverse('login')}?next={address}")


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_shown_to_its_own_people_and_does_not_exist_for_strangers(
    name: str, people: People, store: Store, sign_in: SignIn
) -> None:
    address = address_of(name, store)
    assert sign_in(people.alice).get(address).status_code == 200
    assert sign_in(people.bob).get(address).status_code == 200
    assert sign_in(people.charlie).get(address).status_code == 404


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_a_viewer_is_forbidden_in_words_and_a_stranger_finds_nothing(
    name: str, people: People, store: Store, sign_in: SignIn
) -> None:
    if name == "mapping":
        unmapped(store)
    before = Shop.objects.get(pk=store.shop.pk)
    address = address_of(name, store)
    forbidden = sign_in(people.bob).post(address, {})
    assert forbidden.status_code == 403
    assert "“Viewer”, which may look but not change" in forbidden.content.decode()
    assert sign_in(people.charlie).post(address, {}).status_code == 404
    after = Shop.objects.get(pk=store.shop.pk)
    assert (after.state, after.updated_at) == (before.state, before.updated_at)


def test_a_viewer_cannot_start_an_authorization(
    people: People, store: Store, sign_in: SignIn
) -> None:
    answer = sign_in(people.bob).post(reverse("connect", args=["tiktok_shop"]))
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["products", "listings", "orders", "integrations", "home"])
def test_a_list_of_a_stranger_holds_none_of_the_merchants_rows(
    name: str, people: People, store: Store, sign_in: SignIn
) -> None:
    page = sign_in(people.charlie).get(reverse(name)).content.decode()
    for word in ("ROPE-1", "Paws", "5770001", "Cotton rope", "1729"):
        assert word not in page


def test_filters_by_another_merchants_shop_or_tag_find_nothing(
    people: People, store: Store, sign_in: SignIn
) -> None:
    charlie = sign_in(people.charlie)
    tag = store.product.tags.get()
    for name in ("products", "listings", "orders"):
        page = charlie.get(reverse(name), {"shop": store.shop.pk, "tag": tag.pk})
        assert "ROPE-1" not in page.content.decode()
        assert "Dog toys" not in page.content.decode()


def test_a_person_of_two_merchants_switches_between_them(
    people: People, store: Store, merchant: Merchant, sign_in: SignIn
) -> None:
    second = factories.make_merchant(name="Zebra Goods", slug="zebra")
    second.memberships.create(user=people.alice, role="viewer")
    alice = sign_in(people.alice)
    assert "Switch merchant" in alice.get(reverse("home")).content.decode()
    answer = alice.post(reverse("switch_merchant", args=["zebra"]))
    assert (answer.status_code, answer.url) == (302, reverse("home"))
    assert alice.get(address_of("product", store)).status_code == 404
    alice.post(reverse("switch_merchant", args=[merchant.slug]))
    assert alice.get(address_of("product", store)).status_code == 200


def test_a_link_from_the_admin_opens_the_page_of_its_merchant_for_staff_only(
    people: People, store: Store, merchant: Merchant, sign_in: SignIn
) -> None:
    dora = sign_in(people.dora)
    dora.post(reverse("switch_merchant", args=[people.charlie.memberships.get().merchant.slug]))
    address = address_of("shop_settings", store)
    assert dora.get(address).status_code == 404
    assert dora.get(address, {"merchant": merchant.slug}).status_code == 200
    assert dora.get(address).status_code == 200
    answer = sign_in(people.charlie).get(address, {"merchant": merchant.slug})
    assert answer.status_code == 404


def test_a_stranger_cannot_switch_to_the_merchant(
    people: People, merchant: Merchant, sign_in: SignIn
) -> None:
    charlie = sign_in(people.charlie)
    assert charlie.post(reverse("switch_merchant", args=[merchant.slug])).status_code == 404
    session = charlie.session
    session["merchant"] = merchant.pk
    session.save()
    assert merchant.name not in charlie.get(reverse("home")).content.decode()


def test_switching_leads_to_no_other_site(
    people: People, merchant: Merchant, sign_in: SignIn
) -> None:
    address = reverse("switch_merchant", args=[merchant.slug])
    answer = sign_in(people.alice).post(address, {"next": "https://evil.example/"})
    assert answer.url == reverse("home")


def test_a_person_without_a_merchant_is_told_whom_to_ask(db: None, sign_in: SignIn) -> None:
    answer = sign_in(factories.make_user("eve")).get(reverse("home"))
    assert answer.status_code == 403
    assert "nobody has made you a member of a merchant" in answer.content.decode()


def test_staff_without_the_right_see_no_merchant(
    db: None, merchant: Merchant, sign_in: SignIn
) -> None:
    clerk = factories.make_user("clerk", is_staff=True)
    assert sign_in(clerk).get(reverse("home")).status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_pages_carry_the_strict_policy_and_nothing_inline(
    name: str, people: People, store: Store, sign_in: SignIn
) -> None:
    answer = sign_in(people.alice).get(reverse(name))
    assert "unsafe" not in answer["Content-Security-Policy"]
    page = answer.content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick" not in page
    assert page.count("<script") == page.count("<script src=")


def test_no_page_shows_a_token(people: People, store: Store, sign_in: SignIn) -> None:
    alice = sign_in(people.alice)
    for address in (reverse("integrations"), address_of("shop_settings", store)):
        page = alice.get(address).content.decode()
        assert "secret-access" not in page
        assert "secret-refresh" not in page
