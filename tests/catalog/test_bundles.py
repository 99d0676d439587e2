"""Bundles: units follow from components, at each place and everywhere they are sold (B19)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import BundleComponent, Listing, OfferStock, StockMovement, Variant
from catalog.services import bundles, listings, recipes, stock, wanted
from catalog.services.stock import Count
from marketplace.kernel.errors import Refused
from tests import factories
from tests.admin.door import page_url
from tests.support import promises

pytestmark = pytest.mark.django_db


def variant_of(merchant, sku: str) -> Variant:
    return factories.make_product(merchant, sku=sku).variants.get()


@pytest.fixture
def tea(merchant) -> Variant:
    return variant_of(merchant, "TEA")


@pytest.fixture
def cup(merchant) -> Variant:
    return variant_of(merchant, "CUP")


@pytest.fixture
def kit(merchant, tea, cup) -> Variant:
    """Two teas and a cup."""
    bundle = variant_of(merchant, "KIT")
    bundles.compose(bundle, {tea: 2, cup: 1})
    return bundle


def wanted_of(variant: Variant) -> list[int]:
    rows = OfferStock.objects.filter(offer__variant=variant).order_by("warehouse")
    return list(rows.values_list("wanted", flat=True))


def test_the_scarcest_component_at_each_place_says_how_many_bundles_there_are(
    merchant, shop, center, kit, tea, cup
) -> None:
    dallas = factories.make_center(merchant)
    factories.map_warehouse(shop, dallas)
    stock.receive(tea, center, 5, reference="1")
    stock.receive(cup, center, 9, reference="2")
    stock.receive(tea, dallas, 9, reference="3")
    listings.stage([kit.product_id], shop, by="test")
    assert wanted_of(kit) == [2, 0]  # cups in Reno and teas in Dallas make no bundle
    stock.receive(cup, dallas, 1, reference="4")
    assert wanted_of(kit) == [2, 1]
    assert recipes.totals([kit.pk, tea.pk]) == {kit.pk: 3, tea.pk: 14}


def test_whatever_moves_a_component_moves_every_listing_that_contains_it(
    merchant, shop, center, kit, tea, cup
) -> None:
    pair = variant_of(merchant, "PAIR")
    bundles.compose(pair, {tea: 2})
    listings.stage([row.product_id for row in (kit, pair, tea, cup)], shop, by="test")
    stock.receive_many(
        [stock.Receipt(row.pk, center.pk, 10, f"in-{row.sku}") for row in (tea, cup)]
    )
    assert [wanted_of(row) for row in (kit, pair, tea, cup)] == [[5], [5], [10], [10]]
    promises.reserve(tea, center, 3, reference="o")
    assert [wanted_of(row) for row in (kit, pair, tea, cup)] == [[3], [3], [7], [10]]
    stock.count_many([Count(cup.pk, center.pk, 1, "counted")])
    assert [wanted_of(row) for row in (kit, pair)] == [[1], [3]]


def test_an_edit_of_the_recipe_is_shown_at_once(shop, center, kit, tea, cup) -> None:
    stock.receive(tea, center, 8, reference="1")
    listings.stage([kit.product_id], shop, by="test")
    assert wanted_of(kit) == [0]
    bundles.compose(kit, {tea: 4})
    assert wanted_of(kit) == [2]
    bundles.compose(kit, {})
    assert wanted_of(kit) == [0]


def test_a_bundle_is_ready_as_soon_as_its_components_are_there(shop, center, kit, tea, cup) -> None:
    listings.stage([kit.product_id], shop, by="test")
    listing = Listing.objects.get()
    listings.categorize([listing.pk], factories.make_category(shop), by="test")
    stock.receive(tea, center, 2, reference="1")
    listing.refresh_from_db()
    assert [gap["field"] for gap in listing.missing] == ["quantity"]
    stock.receive(cup, center, 1, reference="2")
    listing.refresh_from_db()
    assert listing.missing == []


def test_what_cannot_be_a_bundle_is_refused_with_every_reason(merchant, center, kit, tea) -> None:
    other = variant_of(factories.make_merchant(), "THEIRS")
    full = variant_of(merchant, "FULL")
    stock.receive(full, center, 3, reference="1")
    with pytest.raises(Refused) as refusal:
        bundles.compose(full, {kit: 1, other: 1, tea: 0, full: 1})
    for words in (
        "THEIRS belongs to another merchant",
        "TEA needs one unit or more",
        "FULL cannot be a component of itself",
        "KIT is itself a bundle; name its components",
        "3 units of FULL are booked at Reno. Count them to zero first",
    ):
        assert words in refusal.value.message
    with pytest.raises(Refused, match="TEA is itself contained in the bundle KIT"):
        bundles.compose(tea, {full: 1})
    assert not BundleComponent.objects.filter(bundle__in=[full, tea]).exists()


def test_a_bundle_has_no_stock_of_its_own(center, kit) -> None:
    with pytest.raises(Refused, match="KIT is a bundle and has no stock of its own"):
        stock.receive(kit, center, 1, reference="1")
    with pytest.raises(Refused, match="Book its components"):
        stock.count(kit, center, 1, reference="2")
    with pytest.raises(Refused, match="Book its components"):
        stock.give_back(kit, center, 1, reference="3")
    report = stock.count_many([Count(kit.pk, center.pk, 4, "4"), Count(kit.pk, center.pk, 0, "5")])
    assert [reference for reference, _ in report.refused] == ["4"]
    assert not StockMovement.objects.exclude(on_hand=0).exists()


def test_queries_do_not_grow_with_bundles(merchant, shop, center, tea) -> None:
    stock.receive(tea, center, 100, reference="0")
    counts = []
    for number in (1, 6):
        made = [variant_of(merchant, f"B{number}-{place}") for place in range(number)]
        for bundle in made:
            bundles.compose(bundle, {tea: 1})
        listings.stage([bundle.product_id for bundle in made], shop, by="test")
        with CaptureQueriesContext(connection) as queries:
            wanted.refresh_quantities([(tea.pk, center.pk)])
            recipes.totals([bundle.pk for bundle in made])
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def fields(variant: Variant, *rows: tuple[Variant, int]) -> dict[str, object]:
    """A variant's page as the browser sends it, with these components beside those it has."""
    kept = list(variant.components.order_by("pk"))
    sent: dict[str, object] = {
        "sku": variant.sku,
        "options": "",
        "price": "9.00",
        "currency": "USD",
        **{
            f"{name}-{count}_FORMS": "0"
            for name in ("identifiers", "stock_levels", "contained_in")
            for count in ("TOTAL", "INITIAL")
        },
        "components-TOTAL_FORMS": len(kept) + len(rows),
        "components-INITIAL_FORMS": len(kept),
    }
    known = [(row.component, row.units, row.pk) for row in kept]
    for place, (component, units, *pk) in enumerate([*known, *rows]):
        sent[f"components-{place}-component"] = component.pk
        sent[f"components-{place}-units"] = units
        sent[f"components-{place}-bundle"] = variant.pk
        sent[f"components-{place}-id"] = pk[0] if pk else ""
    return sent


def test_a_person_makes_a_bundle_on_the_variants_page_and_sees_what_contains_it(
    admin_client, merchant, shop, center, tea, cup
) -> None:
    kit = variant_of(merchant, "KIT")
    stock.receive(tea, center, 6, reference="1")
    listings.stage([kit.product_id], shop, by="test")
    assert admin_client.post(page_url(kit), fields(kit, (tea, 3))).status_code == 302
    assert wanted_of(kit) == [2]
    assert "KIT" in admin_client.get(page_url(tea)).content.decode()
    page = admin_client.post(page_url(cup), fields(cup, (kit, 1)))
    assert "KIT is itself a bundle; name its components instead." in page.content.decode()
    page = admin_client.post(page_url(kit), fields(kit, (tea, 1)))
    assert "TEA stands here twice" in page.content.decode()
    assert wanted_of(kit) == [2]
