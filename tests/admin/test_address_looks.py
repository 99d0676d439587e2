"""Who looked at which buyer's address: a list that nobody can change, kept for a year."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Shop
from marketplace.schedules import SCHEDULES
from orders import tasks
from orders.models import AddressLook
from orders.services import privacy
from tests.admin.rows import make_order

pytestmark = pytest.mark.django_db
LIST = reverse("admin:orders_addresslook_changelist")


def look(shop: Shop, by: str, days_ago: int) -> AddressLook:
    head = make_order(shop, "ROPE").channel_order
    privacy.note_looks([head.pk], by=by, page="order page")
    row = AddressLook.objects.latest("pk")
    AddressLook.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(days=days_ago))
    return row


def shown(client: Client, **query: object) -> list[str]:
    return sorted(row.by for row in client.get(LIST, query).context["cl"].result_list)


def test_looks_are_listed_masked_and_narrowed_by_person_and_day(admin: Client, shop: Shop) -> None:
    first, second = look(shop, "ann", 0), look(shop, "bob", 40)
    page = admin.get(LIST).content.decode()
    assert first.channel_order.external_id in page
    assert "J*** D***, Reno, US" in page
    assert "12 Elm Street" not in page
    assert shown(admin) == ["ann", "bob"]
    assert shown(admin, by="bob") == ["bob"]
    since = (timezone.now() - timedelta(days=2)).date()
    assert shown(admin, at_from=since) == ["ann"]
    assert shown(admin, at_to=since) == ["bob"]
    assert shown(admin, q=second.channel_order.external_id) == ["bob"]


def test_nobody_changes_it_and_only_who_may_sees_it(
    admin: Client, clerk: Client, viewer: Client, shop: Shop
) -> None:
    row = look(shop, "ann", 0)
    page = reverse("admin:orders_addresslook_change", args=[row.pk])
    delete = reverse("admin:orders_addresslook_delete", args=[row.pk])
    assert admin.get(page).status_code == 200
    assert admin.post(page, {"by": "nobody"}).status_code == 403
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    assert clerk.get(LIST).status_code == viewer.get(LIST).status_code == 403
    assert AddressLook.objects.get().by == "ann"


def test_looks_are_forgotten_after_a_year_by_a_nightly_tick(shop: Shop) -> None:
    for by, days in (("ann", 366), ("bob", 364)):
        look(shop, by, days)
    assert "orders.tasks.tick_forget_looks" in {one.task for one in SCHEDULES}
    assert tasks.tick_forget_looks() == "1 looks at addresses forgotten"
    assert [row.by for row in AddressLook.objects.all()] == ["bob"]
    assert tasks.tick_forget_looks() == "0 looks at addresses forgotten"
