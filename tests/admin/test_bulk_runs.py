"""Verbs over more rows than a person waits for: begun, looked at, stopped, and carried out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from catalog.models import Listing, Offer, OfferStock, Product, Shop, Variant
from catalog.states import ShopState, shop_machine
from marketplace.kernel import bulk, jobs
from marketplace.kernel.models import BulkRun, Job, RunState
from tests import factories
from tests.admin.conftest import signed_in
from tests.admin.door import do, list_url, page_url, said, select

MANY = 1_200


def many_products(shop: Shop, number: int = MANY) -> list[Product]:
    products = Product.objects.bulk_create(
        Product(merchant=shop.merchant, sku=f"B-{i:05d}", title=f"Rope {i}") for i in range(number)
    )
    Variant.objects.bulk_create(
        Variant(merchant=shop.merchant, product=row, sku=row.sku, price="9.90", currency="USD")
        for row in products
    )
    return products


def stage_all(client: Client, shop: Shop, first: Product) -> Any:
    """Choose “Stage Listings” for everything that the filtered list holds."""
    query = f"?merchant__id__exact={shop.merchant_id}"
    form = select(client, "stage_listings", [first], query=query, across=True)
    return client.post(form.url, {"shop": shop.pk})


def work(run: BulkRun) -> str:
    """What a worker does with the run's job now."""
    said_of_it = jobs.run(Job.objects.get(key=f"bulk_run:{run.pk}").pk)
    run.refresh_from_db()
    return said_of_it


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_everything_that_the_filter_matches_is_staged_in_the_background(
    lister: Client, shop: Shop
) -> None:
    products = many_products(shop)
    outside = factories.make_product(factories.make_merchant(), with_image=False)
    response = stage_all(lister, shop, products[0])
    run = BulkRun.objects.get()
    assert (response.url, run.by) == (page_url(run), "Lister person")
    before = text_of(lister, response.url)
    assert f"Stage Listings: {shop}" in before
    assert "0 of 1,200 rows" in before
    assert 'hx-trigger="every 2s"' in before
    assert not Listing.objects.exists()

    assert work(run) == f"Stage Listings: {shop}: Done, 1,200 of 1,200"
    assert (run.done, run.skipped, run.refused) == (MANY, {}, {})
    assert Listing.objects.filter(shop=shop).count() == MANY
    assert Offer.objects.count() == OfferStock.objects.count() == MANY
    assert not outside.listings.exists()
    after = text_of(lister, response.url)
    assert "1,200 of 1,200 rows" in after
    assert 'hx-trigger="every 2s"' not in after
    assert f"{list_url(Product)}?merchant__id__exact={shop.merchant_id}" in after

    stage_all(lister, shop, products[0])
    again = BulkRun.objects.first()
    assert again is not None
    work(again)
    assert (again.done, again.skipped) == (0, {"it is staged already": MANY})
    assert Listing.objects.count() == MANY


def test_what_is_refused_is_shown_with_its_sentence(admin: Client, shop: Shop) -> None:
    products = many_products(shop, 301)
    other = factories.make_shop(factories.make_merchant())
    form = select(admin, "stage_listings", products)
    assert admin.post(form.url, {"shop": shop.pk}).status_code == 302
    run = BulkRun.objects.get()
    BulkRun.objects.update(given={"shop": other.pk})
    work(run)
    shown = text_of(admin, page_url(run))
    assert "301 refused" in shown
    assert f"It does not belong to {other.merchant}" in shown
    assert not Listing.objects.exists()


def test_few_rows_are_treated_while_the_person_waits(lister: Client, shop: Shop) -> None:
    products = many_products(shop, 300)
    assert do(lister, "apply_tag", products, name="Dog toys") == ["Tagged “Dog toys” 300."]
    assert not BulkRun.objects.exists()


def test_a_stopped_run_says_why_and_goes_on_when_it_is_asked_to(lister: Client, shop: Shop) -> None:
    stage_all(lister, shop, many_products(shop, 301)[0])
    run = BulkRun.objects.get()
    shop_machine.move(shop, ShopState.DISCONNECTED)
    work(run)
    stopped = text_of(lister, page_url(run))
    assert f"{shop} is disconnected. Connect it again before staging listings." in stopped
    assert "Go on</button>" in stopped
    shop_machine.move(shop, ShopState.MAPPING_REQUIRED)
    assert do(lister, "go_on", [run]) == ["Asked to go on: 1."]
    work(run)
    assert (run.state, run.done) == (RunState.DONE, 301)
    assert do(lister, "go_on", [run])[-1].startswith("Asked to go on: 0. 1 refused: “Done” cannot")


def test_a_run_is_canceled_on_its_page(lister: Client, shop: Shop) -> None:
    stage_all(lister, shop, many_products(shop, 301)[0])
    run = BulkRun.objects.get()
    data = {"action": "cancel", "_selected_action": run.pk, "index": "0", "_back": page_url(run)}
    response = lister.post(list_url(BulkRun), data)
    assert (response.url, said(response)) == (page_url(run), ["Canceled 1."])
    work(run)
    assert not Listing.objects.exists()
    assert "Canceled. What was done until then stays done." in text_of(lister, page_url(run))


def test_people_see_their_own_runs_and_those_with_the_permission_see_all(
    admin: Client, lister: Client, clerk: Client, shop: Shop
) -> None:
    stage_all(lister, shop, many_products(shop, 301)[0])
    run = BulkRun.objects.get()
    progress = f"{list_url(BulkRun)}{run.pk}/progress/"
    assert "Stage Listings" in text_of(lister, list_url(BulkRun))
    assert "Stage Listings" in text_of(admin, list_url(BulkRun))
    assert "Stage Listings" not in text_of(clerk, list_url(BulkRun))
    assert clerk.get(page_url(run)).status_code == clerk.get(progress).status_code == 403
    select(clerk, "cancel", [run])
    run.refresh_from_db()
    assert run.state == RunState.WAITING
    assert Client().get(progress).status_code == 302


def test_who_may_see_a_run_of_another_may_not_stop_it_for_that(lister: Client, shop: Shop) -> None:
    stage_all(lister, shop, many_products(shop, 301)[0])
    run = BulkRun.objects.get()
    looker = factories.make_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_bulkrun"))
    assert do(signed_in(looker), "cancel", [run])[0].startswith("Canceled 0. 1 refused: It was")
    run.refresh_from_db()
    assert run.state == RunState.WAITING


def test_who_lost_the_permission_for_the_verb_cannot_let_the_run_go_on(
    lister: Client, shop: Shop
) -> None:
    stage_all(lister, shop, many_products(shop, 301)[0])
    run = BulkRun.objects.get()
    bulk.run_machine.move(run, RunState.FAILED, problem="x")
    user = User.objects.get(username="Lister person")
    user.groups.clear()
    assert do(signed_in(user), "go_on", [run])[0].startswith(
        "Asked to go on: 0. 1 refused: You have no permission"
    )


def test_the_list_costs_the_same_for_any_number_of_runs(
    admin: Client, shop: Shop, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        bulk.start("stage_listings", range(1000), {}, label=f"Run {number}", user=None)
    text_of(admin, list_url(BulkRun))
    with django_assert_max_num_queries(20):
        assert "0 of 1,000" in text_of(admin, list_url(BulkRun))
