"""A merchant sees of a bundle what its components allow (B19)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import FulfillmentCenter, Product
from catalog.services import bundles, stock
from catalog.services.booking import Booking
from tests import factories
from tests.pages.conftest import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(people: People, sign_in) -> Client:
    return sign_in(people.alice)


@pytest.fixture
def kit(merchant) -> Product:
    """A bundle of two teas and a cup."""
    kit, tea, cup = (factories.make_product(merchant, sku=sku) for sku in ("KIT", "TEA", "CUP"))
    recipe = {tea.variants.get(): 2, cup.variants.get(): 1}
    bundles.compose(kit.variants.get(), recipe)
    return kit


def receive(sku: str, center: FulfillmentCenter, units: int) -> None:
    product = Product.objects.get(sku=sku)
    stock.receive(product.variants.get(), center, units, reference=f"{sku}:{center.pk}")


def test_the_list_shows_what_the_components_allow_at_each_place(
    alice: Client, kit: Product
) -> None:
    reno = factories.make_center(kit.merchant, name="Reno")
    dallas = factories.make_center(kit.merchant, name="Dallas")
    receive("TEA", reno, 7)
    receive("CUP", dallas, 9)
    assert listed(alice) == {"KIT": (0, True), "TEA": (7, False), "CUP": (9, False)}
    assert in_tab(alice, "empty") == {"KIT"}  # components in two places make no bundle
    receive("CUP", reno, 2)
    assert listed(alice)["KIT"] == (2, True)
    assert in_tab(alice, "empty") == set()
    page = alice.get(reverse("product", args=[kit.pk])).content.decode()
    assert "A bundle of 1 × CUP, 2 × TEA" in page
    assert "Reno: <strong>2</strong> available" in page
    assert "Dallas: <strong>0</strong> available" in page


def test_units_promised_to_orders_leave_the_bundle_on_hand_and_not_available(
    alice: Client, kit: Product
) -> None:
    reno = factories.make_center(kit.merchant, name="Reno")
    receive("TEA", reno, 2)
    receive("CUP", reno, 1)
    tea = Product.objects.get(sku="TEA").variants.get()
    with transaction.atomic():
        booking = Booking({(tea.pk, reno.pk)})
        booking.reserve((tea.pk, reno.pk), 1, reference="order:1", by="test")
        booking.write()
    assert listed(alice)["KIT"] == (0, True)
    assert in_tab(alice, "empty") == set()


def test_bundles_cost_the_list_no_query_each(alice: Client, kit: Product) -> None:
    counts = []
    for number in (0, 6):
        for place in range(number):
            other = factories.make_product(kit.merchant, sku=f"BOX-{place}")
            tea = Product.objects.get(sku="TEA").variants.get()
            bundles.compose(other.variants.get(), {tea: place + 1})
        with CaptureQueriesContext(connection) as queries:
            assert alice.get(reverse("products")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def listed(client: Client) -> dict[str, tuple[int, bool]]:
    """Available units by SKU, and whether it is a bundle."""
    rows = client.get(reverse("products")).context["rows"]
    return {row.product.sku: (row.available, row.is_bundle) for row in rows}


def in_tab(client: Client, tab: str) -> set[str]:
    page = client.get(reverse("products"), {"tab": tab}).context["page"]
    return {row.sku for row in page.rows}
