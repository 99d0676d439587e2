"""The first page: each figure equals the list it opens, and signs of life tell the truth."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import FulfillmentCenter, Shop, StockLevel, UnlinkedListing
from catalog.states import ShopState
from marketplace.kernel.models import Heartbeat, Job, JobState
from orders.services import problems
from tests import factories
from tests.admin.rows import make_order, stage

INDEX = reverse("admin:index")


def test_each_figure_is_the_number_of_rows_of_the_list_it_opens(
    admin: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    product = factories.make_product(shop.merchant, sku="ROPE")
    stage(product, shop)
    make_order(shop, "ROPE", ship_by=timezone.now() - timedelta(hours=1))
    make_order(shop, "ROPE", cancel_requested=True)
    problems.note(shop, "57", "No units.")
    UnlinkedListing.objects.create(shop=shop, external_id="9", reason="No SKU.")
    factories.make_shop(shop.merchant, state=ShopState.NEEDS_RECONNECT)
    Job.objects.create(
        key="x:1", kind="x", subject="1", state=JobState.FAILED, next_attempt_at=timezone.now()
    )
    page = admin.get(INDEX)
    counters = [one for group in page.context["groups"] for one in group.counters]
    figures = {one.label: one.count for one in counters}
    assert figures["Incomplete"] == "1"
    assert figures["Overdue"] == "1"
    assert figures["Cancellation requested"] == "1"
    assert figures["Orders not taken in"] == "1"
    assert figures["Unlinked listings"] == "1"
    assert figures["Shops that need a person"] == "1"
    assert figures["Background work that failed"] == "1"
    for one in counters:
        shown = admin.get(one.url).context["cl"].result_count
        assert (one.label, one.count) == (one.label, str(shown))


def test_a_person_sees_figures_only_of_what_they_may_view(db: None) -> None:
    client = Client()
    client.force_login(factories.make_user(is_staff=True))
    page = client.get(INDEX)
    assert page.context["groups"] == []
    assert "no group gives you anything to see yet" in page.content.decode()


def test_a_worker_that_was_never_seen_is_said_so(admin: Client) -> None:
    assert signs(admin)["Worker"] == (False, "Never seen. Nothing happens in the background.")


def test_a_worker_that_fell_silent_is_noticed(admin: Client) -> None:
    Heartbeat.objects.create(name="worker", at=timezone.now() - timedelta(minutes=10))
    assert signs(admin)["Worker"][0] is False
    Heartbeat.objects.update(at=timezone.now())
    assert signs(admin)["Worker"] == (True, "Seen now")


def test_a_level_that_differs_from_its_ledger_is_noticed(
    admin: Client, shop: Shop, center: FulfillmentCenter
) -> None:
    factories.put_stock(factories.make_product(shop.merchant), center, 5)
    assert signs(admin)["Stock"] == (True, "1 levels moved last agree with the ledger")
    StockLevel.objects.update(on_hand=F("on_hand") + 1)
    assert signs(admin)["Stock"] == (False, "1 levels differ from their ledger")


def signs(client: Client) -> dict[str, tuple[bool, str]]:
    found = client.get(INDEX).context["signs"]
    return {sign.label: (sign.is_well, sign.text.replace("\xa0", " ")) for sign in found}


def test_the_groups_are_the_same_after_the_command_is_repeated(db: None) -> None:
    def held() -> dict[str, int]:
        return {group.name: group.permissions.count() for group in Group.objects.all()}

    call_command("sync_groups", verbosity=0)
    before = held()
    Group.objects.get(name="Viewer").permissions.add(
        Permission.objects.get(codename="change_listing")
    )
    call_command("sync_groups", verbosity=0)
    assert held() == before
    assert sorted(before) == ["Administrator", "Lister", "Order clerk", "Pricing", "Viewer"]
