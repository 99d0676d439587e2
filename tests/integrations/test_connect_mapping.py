"""The mapping prompt, its lock, and the way back out of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.models import FulfillmentCenter, Merchant, OfferStock, Shop, WarehouseMapping
from catalog.models.place import MappingLocked
from catalog.services import listings, mapping
from catalog.services import shops as shop_services
from catalog.states import ShopState
from integrations import connections
from integrations.models import Connection
from marketplace.kernel.errors import Refused
from tests import factories
from tests.integrations.connecting import activate, choices, connect, consent
from tests.support.sandbox import Sandbox

# -- mapping --------------------------------------------------------------------------------


def test_the_prompt_warns_when_no_center_holds_inventory(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    shop = connect(browser, tiktok)
    address = reverse("mapping", args=[shop.pk])
    warning = "None of your fulfillment centers holds inventory yet"
    assert warning in browser.get(address).content.decode()
    factories.put_stock(factories.make_product(shop.merchant), centers[0], 1250)
    page = browser.get(address).content.decode()
    assert warning not in page
    assert "Reno (1,250 available, 1,250 on hand)" in page


def test_a_center_of_another_shop_is_announced_as_a_shared_pool(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    shop = connect(browser, tiktok)
    first = factories.make_shop(shop.merchant, name="Paws")
    factories.map_warehouse(first, centers[0])
    page = browser.get(reverse("mapping", args=[shop.pk])).content.decode()
    assert "Reno is also mapped in Paws (TikTok US): both sell the same units." in page


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (("reno", "reno"), "Each warehouse needs a fulfillment center of its own"),
        (("none", "none"), "Map at least one warehouse"),
        (("", "reno"), "Choose a fulfillment center, or “Do not use”"),
        (("foreign", "reno"), "Select a valid choice"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_whole(
    order: tuple[str, str],
    words: str,
    browser: Client,
    tiktok: Sandbox,
    centers: tuple[FulfillmentCenter, FulfillmentCenter],
) -> None:
    shop = connect(browser, tiktok)
    foreign = factories.make_center(factories.make_merchant())
    values = {"reno": str(centers[0].pk), "none": "none", "": "", "foreign": str(foreign.pk)}
    form = dict(zip(choices(shop, None, None), [values[key] for key in order], strict=True))
    answer = browser.post(reverse("mapping", args=[shop.pk]), form)
    assert words in answer.content.decode()
    shop.refresh_from_db()
    assert (shop.state, shop.push_quantity) == (ShopState.MAPPING_REQUIRED, False)
    assert not WarehouseMapping.objects.exists()


def test_the_service_refuses_the_return_warehouse_and_foreign_centers(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    shop = connect(browser, tiktok)
    foreign = factories.make_center(factories.make_merchant())
    sellable = {row.pk: None for row in shop.warehouses.sellable()}
    returns = shop.warehouses.get(kind="return")
    with pytest.raises(Refused, match="not a sales warehouse"):
        mapping.confirm_and_activate(shop, {**sellable, returns.pk: centers[0].pk}, by=None)
    with pytest.raises(Refused, match="not one of yours"):
        mapping.confirm_and_activate(shop, {**sellable, max(sellable): foreign.pk}, by=None)
    with pytest.raises(Refused, match="Choose a fulfillment center, or “Do not use”, for: "):
        mapping.confirm_and_activate(shop, {}, by=None)
    assert not WarehouseMapping.objects.exists()


def test_a_confirmed_mapping_is_locked_against_every_way_of_changing_it(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    reno, flexport = centers
    shop = activate(browser, connect(browser, tiktok), reno, None)
    row = WarehouseMapping.objects.get(shop=shop)
    row.fulfillment_center = flexport
    with pytest.raises(MappingLocked):
        row.save()
    with pytest.raises(MappingLocked):
        row.delete()
    with pytest.raises(Refused, match="mapped already"):
        mapping.confirm_and_activate(shop, {row.warehouse_id: flexport.pk}, by=None)
    answer = browser.post(reverse("mapping", args=[shop.pk]), choices(shop, flexport, reno))
    assert answer.url == reverse("shop_settings", args=[shop.pk])
    assert [str(one) for one in WarehouseMapping.objects.all()] == ["East → Reno"]


def test_a_location_opened_later_is_mapped_in_the_settings_and_old_ones_stay(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    reno, flexport = centers
    tulsa = factories.make_center(reno.merchant, name="Tulsa")
    shop = activate(browser, connect(browser, tiktok), reno, flexport)
    tiktok.control("POST", f"/shops/{shop.external_id}/warehouses", {"name": "South"})
    answer = browser.post(reverse("refresh_warehouses", args=[shop.pk]), follow=True)
    page = answer.content.decode()
    assert "Warehouses read: 1 new, 1 waiting to be mapped." in page
    south = shop.warehouses.get(name="South")
    assert page.count('name="warehouse"') == 1
    assert f'value="{reno.pk}"' not in page
    added = browser.post(
        reverse("add_mapping", args=[shop.pk]),
        {"warehouse": south.pk, "center": tulsa.pk},
        follow=True,
    )
    assert "Mapped: South → Tulsa" in added.content.decode()
    again = browser.post(
        reverse("add_mapping", args=[shop.pk]),
        {"warehouse": south.pk, "center": reno.pk},
        follow=True,
    )
    assert "cannot be mapped" in again.content.decode()
    rows = WarehouseMapping.objects.order_by("warehouse__name")
    assert [str(row) for row in rows] == ["East → Reno", "South → Tulsa", "West → Flexport"]


def test_a_warehouse_that_is_switched_off_or_gone_is_marked(
    browser: Client, tiktok: Sandbox, merchant: Merchant
) -> None:
    shop = connect(browser, tiktok)
    gone = factories.make_warehouse(shop, name="Gone")
    mapping.refresh_warehouses(shop)
    gone.refresh_from_db()
    assert gone.is_enabled is False
    assert "“Gone” is switched off on the channel" in " ".join(mapping.propose(shop).warnings)


# -- the way back ---------------------------------------------------------------------------


def test_disconnecting_erases_tokens_and_mapping_and_keeps_the_rest(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    reno, flexport = centers
    shop = activate(browser, connect(browser, tiktok), reno, flexport)
    product = factories.make_product(shop.merchant)
    factories.put_stock(product, reno, 5)
    listings.stage([product.pk], shop, by="alice")
    assert "Disconnect" in browser.get(reverse("disconnect", args=[shop.pk])).content.decode()
    shop.refresh_from_db()
    assert shop.state == ShopState.ACTIVE
    browser.post(reverse("disconnect", args=[shop.pk]))
    shop.refresh_from_db()
    assert (shop.state, shop.push_quantity) == (ShopState.DISCONNECTED, False)
    kept = Connection.objects.get(shop=shop)
    assert (kept.access_token, kept.refresh_token, kept.cipher) == ("", "", "")
    assert not WarehouseMapping.objects.exists()
    assert shop.listings.get().product == product
    assert list(Shop.objects.active()) == []


def test_authorizing_again_asks_for_the_mapping_anew_with_free_choices(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    reno, flexport = centers
    shop = activate(browser, connect(browser, tiktok), reno, flexport)
    product = factories.make_product(shop.merchant)
    factories.put_stock(product, flexport, 7)
    listings.stage([product.pk], shop, by="alice")
    OfferStock.objects.update(sent=3)
    old_moment = datetime(2026, 1, 1, tzinfo=UTC)
    Shop.objects.update(connected_at=old_moment)
    browser.post(reverse("disconnect", args=[shop.pk]))
    again = connect(browser, tiktok)
    assert again.pk == shop.pk
    assert again.connected_at > old_moment
    again = activate(browser, again, flexport, reno)
    assert again.state == ShopState.ACTIVE
    rows = OfferStock.objects.order_by("warehouse__name")
    assert [(str(row.warehouse), row.wanted, row.sent) for row in rows] == [
        ("East", 7, None),
        ("West", 0, None),
    ]


def test_authorizing_an_expired_shop_again_keeps_its_mapping_and_its_first_moment(
    browser: Client, tiktok: Sandbox, centers: tuple[FulfillmentCenter, FulfillmentCenter]
) -> None:
    reno, flexport = centers
    shop = activate(browser, connect(browser, tiktok), reno, flexport)
    moment = Shop.objects.get(pk=shop.pk).connected_at
    shop_services.needs_reconnect(shop, "The token is dead.")
    assert shop.state == ShopState.NEEDS_RECONNECT
    answer = browser.get(consent(browser, tiktok), follow=True)
    assert "is authorized again and active" in answer.content.decode()
    shop.refresh_from_db()
    assert (shop.state, shop.problem, shop.connected_at) == (ShopState.ACTIVE, "", moment)
    assert WarehouseMapping.objects.filter(shop=shop).count() == 2


def test_a_shop_disconnected_by_one_merchant_can_be_connected_by_another(
    browser: Client, tiktok: Sandbox, alice: User
) -> None:
    shop = connect(browser, tiktok)
    connections.disconnect(shop, alice)
    charlie = Client()
    charlie.force_login(factories.make_member(factories.make_merchant(), "owner", "charlie"))
    charlie.get(consent(charlie, tiktok))
    assert Shop.objects.filter(external_id=shop.external_id).count() == 2
    assert Shop.objects.connected().count() == 1
