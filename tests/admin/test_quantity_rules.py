"""Quantity rules as a person of operations makes, tries, pauses and drops them (B8, B21)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import FulfillmentCenter, Listing, OfferStock, Product, QuantityRule, Shop, Tag
from catalog.services import listings, mapping, quantity_rules
from marketplace.kernel.models import Job
from tests import factories
from tests.admin.conftest import member_of
from tests.admin.door import do, list_url, page_url, said, select

pytestmark = pytest.mark.django_db

ADD = reverse("admin:catalog_quantityrule_add")
ALL = reverse("admin:catalog_quantityrule_preview", args=["all"])


@pytest.fixture
def pricing(db: None) -> Client:
    return member_of("Pricing")


def offered(shop: Shop, center: FulfillmentCenter, sku: str, units: int, *tags: str) -> Product:
    product = factories.make_product(shop.merchant, sku=sku)
    for name in tags:
        product.tags.add(Tag.objects.get_or_create(merchant=shop.merchant, name=name)[0])
    factories.put_stock(product, center, units)
    listings.stage([product.pk], shop, by="test")
    return product


def shows(product: Product) -> int:
    return OfferStock.objects.get(offer__listing__product=product).wanted


def typed(**changes: Any) -> dict[str, Any]:
    """The form as a browser posts it."""
    plain = {
        "warehouse": "", "tag": "", "variant": "", "position": 0, "percent": 100, "buffer": 0,
        "threshold": 0, "maximum": "", "fixed": "", "is_active": "on",
    }  # fmt: skip
    return {**plain, **changes}


def saved(shop: Shop, **values: Any) -> QuantityRule:
    row = QuantityRule(shop=shop, **values)
    quantity_rules.save(row, by="test")
    return row


def text(response: Any) -> str:
    return response.content.decode()


# -- making and changing -----------------------------------------------------------------------


def test_a_rule_is_made_for_one_shop_and_goes_out_at_once(pricing, shop, center) -> None:
    rope = offered(shop, center, "ROPE", 12, "Dog toys")
    factories.make_shop(shop.merchant, name="Shop B")
    assert "For which shop?" in text(pricing.get(ADD))
    url = f"{ADD}?shop={shop.pk}"
    page = text(pricing.get(url))
    assert str(shop.warehouses.get()) in page
    response = pricing.post(url, typed(tag=Tag.objects.get().pk, percent=80, buffer=2))
    row = QuantityRule.objects.get()
    assert (row.shop, row.tag.name, row.by) == (shop, "Dog toys", "Pricing person")
    assert shows(rope) == 7
    assert "The quantities of 1 SKU were worked out again; what changed is sent now." in said(
        response
    )
    assert Job.objects.filter(kind="export_offers", subject=str(shop.pk)).exists()


def test_a_refused_form_leaves_the_buttons_of_what_is_stored(pricing, shop) -> None:
    row = saved(shop, percent=80)
    page = text(pricing.post(page_url(row), typed(percent=180, is_active="")))
    assert "Ensure this value is less than or equal to" in page
    assert "Take out of force</button>" in page
    assert "Put in force</button>" not in page


def test_with_one_shop_there_is_nothing_to_choose(pricing, shop) -> None:
    assert pricing.get(ADD).url == f"{ADD}?shop={shop.pk}"


def test_a_rule_is_changed_paused_put_back_and_deleted(pricing, shop, center) -> None:
    rope = offered(shop, center, "ROPE", 12)
    row = saved(shop, percent=50)
    pricing.post(page_url(row), typed(percent=25), follow=True)
    assert shows(rope) == 3
    assert do(pricing, "take_out_of_force", [row]) == [
        "1 rule is out of force. The quantities of 1 SKU were worked out again; what changed is "
        "sent now."
    ]
    assert shows(rope) == 12
    do(pricing, "put_in_force", [row])
    assert shows(rope) == 3
    pricing.post(reverse("admin:catalog_quantityrule_delete", args=[row.pk]), {"post": "yes"})
    assert shows(rope) == 12
    assert not QuantityRule.objects.exists()


def test_deleting_many_from_the_list_brings_the_quantities_back(pricing, shop, center) -> None:
    ropes = [offered(shop, center, f"ROPE-{n}", 10) for n in range(2)]
    rows = [saved(shop, variant=rope.variants.get(), percent=10) for rope in ropes]
    pricing.post(
        list_url(QuantityRule),
        {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"},
    )
    assert [shows(rope) for rope in ropes] == [10, 10]


def test_many_skus_are_left_to_the_background(pricing, shop, center, monkeypatch) -> None:
    monkeypatch.setattr(quantity_rules, "AT_ONCE", 1)
    for n in range(2):
        offered(shop, center, f"ROPE-{n}", 10)
    response = pricing.post(f"{ADD}?shop={shop.pk}", typed(percent=50))
    words = f"The quantities of {shop} are worked out again in the background."
    assert words in said(response)
    assert Job.objects.filter(kind="renew_quantities", subject=str(shop.pk)).exists()


def test_what_is_wrong_is_said_beside_its_field(pricing, shop) -> None:
    cats = Tag.objects.create(merchant=factories.make_merchant(name="Paws"), name="Cats")
    saved(shop, percent=50)
    url = f"{ADD}?shop={shop.pk}"
    for changes, words in (
        ({"tag": cats.pk}, "“Cats” is a tag of another merchant; choose one of"),
        ({"percent": 101}, "less than or equal to 100"),
        ({"may_exceed": "on"}, "Only a fixed quantity may exceed what is available"),
        ({}, "There is a rule for exactly this already"),
    ):
        assert words in text(pricing.post(url, typed(**changes))), changes
    assert QuantityRule.objects.count() == 1


def test_the_list_says_what_each_rule_shows(pricing, shop, center) -> None:
    assert "No quantity rule yet" in text(pricing.get(list_url(QuantityRule)))
    saved(shop, percent=0)
    saved(shop, warehouse=shop.warehouses.get(), percent=80, buffer=2, threshold=3, maximum=9)
    saved(
        shop,
        variant=offered(shop, center, "ROPE", 1).variants.get(),
        fixed=5,
        may_exceed=True,
    )
    page = text(pricing.get(list_url(QuantityRule)))
    for words in (
        "Sends zero: nothing is sold",
        "80 %, less 2, zero below 3, 9 at most",
        "Always 5, even if fewer are there",
        f"Everything in {shop.warehouses.get()}",
    ):
        assert words in page


@pytest.mark.parametrize("group", ["Viewer", "Order clerk"])
def test_others_look_and_change_nothing(group: str, shop, center) -> None:
    rope = offered(shop, center, "ROPE", 10)
    row = saved(shop, percent=50)
    client = member_of(group)
    assert client.get(page_url(row)).status_code == 200
    assert client.get(f"{ALL}?shop={shop.pk}").status_code == 200
    assert client.post(f"{ADD}?shop={shop.pk}", typed(percent=1)).status_code == 403
    assert client.post(page_url(row), typed(percent=1)).status_code == 403
    select(client, "take_out_of_force", [row])
    row.refresh_from_db()
    assert (row.is_active, row.percent, shows(rope)) == (True, 50, 5)


def test_a_stranger_sees_no_preview(shop) -> None:
    client = Client()
    client.force_login(factories.make_user(is_staff=True))
    assert client.get(f"{ALL}?shop={shop.pk}").status_code == 403


# -- tags --------------------------------------------------------------------------------------


def test_a_tag_put_on_by_a_verb_hurries_what_its_rule_changes(admin, shop, center) -> None:
    rope = offered(shop, center, "ROPE", 10)
    saved(shop, tag=Tag.objects.create(merchant=shop.merchant, name="Sale"), percent=50)
    do(admin, "apply_tag", [rope], name="Sale")
    assert shows(rope) == 5
    assert Job.objects.filter(kind="export_offers", subject=str(shop.pk)).exists()


@pytest.mark.parametrize("from_list", [True, False])
def test_deleting_a_tag_shows_what_its_rule_held_back(admin, shop, center, from_list) -> None:
    rope = offered(shop, center, "ROPE", 10, "Sale")
    tag = Tag.objects.get()
    saved(shop, tag=tag, percent=50)
    if from_list:
        given = {"action": "delete_selected", "_selected_action": [tag.pk], "post": "yes"}
        admin.post(list_url(Tag), given)
    else:
        admin.post(reverse("admin:catalog_tag_delete", args=[tag.pk]), {"post": "yes"})
    assert shows(rope) == 10
    assert not Tag.objects.exists()


# -- trying ------------------------------------------------------------------------------------


def test_listings_are_tried_with_a_rule_that_is_not_saved(pricing, shop, center) -> None:
    rope = offered(shop, center, "ROPE", 12)
    offered(shop, center, "BOWL", 12)
    url = select(pricing, "preview_quantities", [rope.listings.get()]).url
    page = text(pricing.get(url))
    assert "12 units shown now, 12 by the rules in force; 0 of 1 quantity would change." in page
    assert "12 available: 12. No quantity rule counts here." in page
    page = text(pricing.get(url, typed(percent=80, buffer=2)))
    assert "12 units shown now, 7 with the rule; 1 of 1 quantity would change." in page
    assert "12 available, 80 % of them, less 2 kept back: 7. By the rule for everything." in page
    assert "BOWL" not in page
    assert shows(rope) == 12
    assert not QuantityRule.objects.exists()
    save = next(part for part in page.split('"') if part.startswith(f"{ADD}?"))
    assert 'name="percent" value="80"' in text(pricing.get(save.replace("&amp;", "&")))


def test_a_saved_rule_is_tried_on_all_that_it_is_set_on(pricing, shop, center) -> None:
    offered(shop, center, "ROPE", 12, "Dog toys")
    offered(shop, center, "BOWL", 12)
    row = saved(shop, tag=Tag.objects.get(), percent=50)
    url = select(pricing, "preview", [row]).url
    page = text(pricing.get(url))
    assert "All that the rule for tag “Dog toys” is set on" in page
    assert "6 units shown now, 6 with the rule; 0 of 1 quantity" in page
    page = text(pricing.get(url, typed(percent=25, tag=row.tag.pk)))
    assert "6 units shown now, 3 with the rule; 1 of 1 quantity" in page
    row.refresh_from_db()
    assert row.percent == 50


def test_a_preview_says_what_cannot_be_tried(pricing, shop, center) -> None:
    offered(shop, center, "ROPE", 12)
    dogs = Tag.objects.create(merchant=shop.merchant, name="Dog toys")
    url = f"{ALL}?shop={shop.pk}"
    asked = {**typed(), "shop": shop.pk}
    for changes, words in (
        ({"sku": "NONE"}, f"{shop.merchant} has no SKU “NONE”."),
        ({"percent": 101}, "less than or equal to 100"),
        ({"may_exceed": "on"}, "Only a fixed quantity may exceed what is available"),
        ({"sku": "ROPE", "tag": dogs.pk}, "Choose a tag or a SKU, not both."),
    ):
        page = text(pricing.get(url, {**asked, **changes}))
        assert words in page, changes
        assert "units shown now" not in page
    assert "12 units shown now, 12 with the rule" in text(
        pricing.get(url, {**asked, "sku": "ROPE"})
    )


def test_a_preview_of_nothing_says_so(pricing, shop) -> None:
    page = text(pricing.get(f"{ALL}?shop={shop.pk}"))
    assert "No quantity is concerned" in page


def test_listings_of_two_shops_are_tried_shop_by_shop(pricing, shop, center) -> None:
    other = factories.make_shop(shop.merchant, name="Shop B")
    factories.map_warehouse(other, center)
    rope = offered(shop, center, "ROPE", 12)
    listings.stage([rope.pk], other, by="test")
    url = select(pricing, "preview_quantities", Listing.objects.all()).url
    assert "Rules are those of one shop: choose whose." in text(pricing.get(url))
    page = text(pricing.get(url, {"shop": other.pk}))
    assert "12 units shown now, 12 by the rules in force; 0 of 1 quantity" in page


def test_a_long_preview_is_paged_with_its_rule(pricing, shop, center, monkeypatch) -> None:
    monkeypatch.setattr("catalog.admin.quantity_preview.PER_PAGE", 2)
    for n in range(3):
        offered(shop, center, f"ROPE-{n}", 10)
    page = text(pricing.get(ALL, {**typed(percent=50), "shop": shop.pk}))
    assert "Page 1 of 2" in page
    assert "30 units shown now, 15 with the rule; 3 of 3 quantities" in page
    later = next(part for part in page.split('"') if part.endswith("page=2"))
    page = text(pricing.get(ALL + later.replace("&amp;", "&")))
    assert "ROPE-2" in page
    assert "ROPE-0" not in page


def test_a_forgotten_selection_leads_back(pricing, shop) -> None:
    response = pricing.get(reverse("admin:catalog_quantityrule_preview", args=["0" * 32]))
    assert said(response) == ["This selection is no longer known. Select the rows again."]


# -- why, and who shares -----------------------------------------------------------------------


def test_a_listing_says_why_it_shows_its_quantity(admin, shop, center) -> None:
    rope = offered(shop, center, "ROPE", 12)
    saved(shop, percent=80, buffer=2)
    listing = rope.listings.get()
    why = "12 available, 80 % of them, less 2 kept back: 7. By the rule for everything."
    assert why in text(admin.get(page_url(listing)))


def test_a_center_of_two_shops_is_announced_as_a_shared_pool(admin, shop, center) -> None:
    alone = "No other shop sells from its warehouses."
    assert alone in text(admin.get(page_url(shop)))
    other = factories.make_shop(shop.merchant, name="Shop B")
    factories.map_warehouse(other, center)
    words = f"Reno is also mapped in {other}: both sell the same units."
    assert mapping.shared_pools(shop) == [words]
    assert words in text(admin.get(page_url(shop)))
    names = " and ".join(sorted([str(shop), str(other)]))
    assert f"{names} sell the same units" in text(admin.get(page_url(center)))
    page = text(admin.get(list_url(type(shop.mappings.get()))))
    assert page.count("Shares its units with") >= 1
    assert str(other) in page
