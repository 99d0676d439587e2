"""A merchant, a colleague of operations and a buyer, each at a browser, on one day."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, expect

from catalog import tasks as catalog_tasks
from catalog.models import FulfillmentCenter, Merchant, Product, Shop
from catalog.services import stock
from orders import tasks as order_tasks
from orders.models import Order
from tests import factories
from tests.journeys.worker import let_the_worker_work
from tests.support.browser import Person
from tests.support.sandbox import Sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

OWNER, COLLEAGUE, PASSWORD = "alice", "dora", "pw"


class Day:
    """Who takes part, and where."""

    def __init__(self, browser: Browser, home: str, sandbox: Sandbox, merchant: Merchant) -> None:
        self.merchant, self.sandbox, self.home = merchant, sandbox, home
        factories.make_member(merchant, name=OWNER)
        factories.make_user(COLLEAGUE, is_staff=True, is_superuser=True)
        self.owner = Person(browser, home)
        self.colleague = Person(browser, home)
        self.seller_center = Person(browser, sandbox.url)


@pytest.fixture
def goods(merchant: Merchant, center: FulfillmentCenter) -> list[Product]:
    made = [
        factories.make_product(merchant, sku=sku, title=f"Cotton rope dog toy, {size}")
        for sku, size in (("ROPE-S", "small"), ("ROPE-L", "large"))
    ]
    for product in made:
        factories.put_stock(product, center, 12)
    return made


@pytest.fixture
def day(
    chromium: Browser,
    live_server: Any,
    tiktok: Sandbox,
    merchant: Merchant,
    goods: list[Product],
    settings: Any,
) -> Day:
    settings.BASE_URL = live_server.url
    # Reviews wait for a person in the sandbox's Seller Center.
    tiktok.configure(
        redirect_url=f"{live_server.url}/integrations/tiktok_shop/callback/", review_delay=86_400
    )
    return Day(chromium, live_server.url, tiktok, merchant)


def test_from_signing_in_to_an_order_that_came_and_was_canceled(
    day: Day, goods: list[Product], center: FulfillmentCenter
) -> None:
    shop = the_owner_connects_the_shop(day, center)
    the_colleague_publishes(day, shop)
    tiktok_approves(day)
    number = a_buyer_orders_two(day)
    the_order_is_canceled(day, number)
    variant = goods[0].variants.get()
    assert stock.available(variant, center) == 12
    assert stock.drift() == []
    for person in (day.owner, day.colleague, day.seller_center):
        assert person.complaints == []
    ours, theirs = urlsplit(day.home).netloc, urlsplit(day.sandbox.url).netloc
    assert (day.owner.hosts, day.colleague.hosts) == ({ours, theirs}, {ours})


def the_owner_connects_the_shop(day: Day, center: FulfillmentCenter) -> Shop:
    owner, page = day.owner, day.owner.page
    owner.signs_in("/sign-in/", OWNER, PASSWORD)
    owner.follows("Setup checklist")
    expect(page.locator(".steps .is-next")).to_contain_text("Connect your sales channels")
    owner.follows("Open Integrations")
    owner.presses("Connect TikTok")
    assert page.url.startswith(day.sandbox.url)
    owner.presses("Approve")
    page.wait_for_url(f"{day.home}/shops/*/mapping/")
    prompt = page.locator("main form table")
    expect(prompt.locator("tbody tr")).to_have_count(2)
    expect(prompt).not_to_contain_text("Return")
    prompt.locator("select").nth(0).select_option(label="Reno (24 available, 24 on hand)")
    prompt.locator("select").nth(1).select_option(label="Do not use this warehouse")
    owner.presses("Confirm & Activate")
    expect(page.get_by_role("status")).to_contain_text("has successfully been integrated")
    let_the_worker_work()
    owner.follows("Setup checklist")
    expect(page.locator("main")).to_contain_text("Everything is set up")
    return Shop.objects.get(merchant=day.merchant, state="active")


def the_colleague_publishes(day: Day, shop: Shop) -> None:
    dora, page = day.colleague, day.colleague.page
    dora.signs_in("/admin/login/", COLLEAGUE, PASSWORD)
    dora.opens("/admin/catalog/product/")
    choose_for_all(dora, "stage_listings")
    page.locator("select[name=shop]").select_option(label=str(shop))
    dora.presses("Stage Listings")
    expect(page.locator("body")).to_contain_text("Staged 2")

    dora.opens("/admin/catalog/listing/")
    choose_for_all(dora, "categorize")
    picker = page.locator("category-picker")
    picker.get_by_role("searchbox").fill("Dog Toys")
    picker.get_by_role("button", name=re.compile("Dog Toys")).click()
    dora.presses("Categorize")
    expect(page.locator("body")).to_contain_text("Categorized 2")

    dora.opens("/admin/catalog/listing/")
    choose_for_all(dora, "fill_in")
    for label in page.locator("label", has_text="(required)").all():
        fill_in(page.locator(f"#{label.get_attribute('for')}"))
    dora.presses("Fill in properties")
    expect(page.locator("body")).to_contain_text("Filled in 2")

    opens_tab(dora, "catalog/listing", "Ready to Publish")
    choose_for_all(dora, "publish")
    dora.presses("Publish")
    expect(page.locator("body")).to_contain_text("Queued for publishing 2")
    let_the_worker_work()
    opens_tab(dora, "catalog/listing", "Suspended")
    expect(rows_of(dora)).to_have_count(2)


def tiktok_approves(day: Day) -> None:
    reviewer, dora = day.seller_center, day.colleague
    reviewer.opens("/seller-center/products")
    for _ in range(2):
        reviewer.page.get_by_role("button", name="Approve now").first.click()
    expect(reviewer.page.get_by_role("button", name="Approve now")).to_have_count(0)
    let_the_worker_work(catalog_tasks.tick_sync_reviews)
    opens_tab(dora, "catalog/listing", "Active")
    expect(rows_of(dora)).to_have_count(2)


def a_buyer_orders_two(day: Day) -> str:
    buyer, dora = day.seller_center, day.colleague
    buyer.opens("/seller-center/orders/new")
    buyer.page.get_by_label("Quantity of ROPE-S").fill("2")
    buyer.presses("Place order")
    expect(buyer.page.get_by_role("status")).to_contain_text("On hold")
    let_the_worker_work(order_tasks.tick_pull_orders)
    opens_tab(dora, "orders/order", "Pending")
    expect(rows_of(dora)).to_have_count(1)
    expect(rows_of(dora)).to_contain_text("ROPE-S")
    expect(rows_of(dora)).to_contain_text("Pending")
    order = Order.objects.get()
    assert units_shown(day) == {"ROPE-S": 10, "ROPE-L": 12}
    return order.external_id


def the_order_is_canceled(day: Day, number: str) -> None:
    buyer, dora, owner = day.seller_center, day.colleague, day.owner
    buyer.opens(f"/seller-center/orders/{number}")
    buyer.presses("Cancel as buyer")
    expect(buyer.page.locator("h1 + .chip")).to_contain_text("Cancel")
    let_the_worker_work(order_tasks.tick_pull_orders)
    opens_tab(dora, "orders/order", "Canceled")
    expect(rows_of(dora)).to_have_count(1)
    expect(rows_of(dora)).to_contain_text("Canceled")
    assert units_shown(day) == {"ROPE-S": 12, "ROPE-L": 12}
    owner.opens("/orders/")
    expect(owner.page.locator("main")).to_contain_text(number)
    for name in ("Overview", "Products", "Listings", "Help"):
        owner.follows(name)
    owner.follows("Orders")
    owner.page.locator("main tbody a").first.click()
    expect(owner.page.locator("main")).to_contain_text("Canceled")


def units_shown(day: Day) -> dict[str, int]:
    """What buyers see as in stock, in all warehouses."""
    return {
        sku["seller_sku"]: sum(sku["available"].values())
        for row in day.sandbox.products()
        for sku in day.sandbox.product(row["id"])["skus"]
    }


def opens_tab(person: Person, model: str, name: str) -> None:
    person.opens(f"/admin/{model}/")
    tabs = person.page.get_by_label("Parts of this list").get_by_role("link")
    tabs.filter(has_text=re.compile(rf"^\s*{name}\b")).click()


def rows_of(person: Person) -> Locator:
    return person.page.locator("#result_list tbody tr")


def fill_in(field: Locator) -> None:
    """Choose the first option of a list, or write a word."""
    if field.evaluate("element => element.tagName") != "SELECT":
        field.fill("Rope")
        return
    field.locator("+ .select2 .select2-selection").click()
    options = field.page.locator(".select2-results__option")
    options.filter(has_text=re.compile(r"\S")).first.click()


def choose_for_all(person: Person, verb: str) -> None:
    """Select every row that the list shows, and a verb for them."""
    person.page.locator("#action-toggle").check()
    person.page.locator("select[name=action]").select_option(value=verb)
    person.presses("Run")
    person.page.wait_for_url("**/verb/**")
