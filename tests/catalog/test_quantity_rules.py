"""What a shop shows of what is available, by its rules: the rows (B8)."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import (
    BundleComponent,
    FulfillmentCenter,
    Listing,
    OfferStock,
    Product,
    QuantityRenewal,
    QuantityRule,
    Shop,
    Tag,
)
from catalog.services import (
    bulk_edits,
    bundles,
    listings,
    products,
    quantity_looks,
    quantity_rules,
    wanted,
)
from catalog.states import ListingState
from marketplace.kernel import jobs
from marketplace.kernel.errors import Refused
from marketplace.kernel.models import Job
from marketplace.kernel.tasks import nudge
from tests import factories
from tests.support import promises

NOBODY = "test"


def offered(shop: Shop, sku: str, units: int, center: FulfillmentCenter, *tags: str) -> Product:
    """A staged product with so many units."""
    product = factories.make_product(shop.merchant, sku=sku)
    for name in tags:
        product.tags.add(Tag.objects.get_or_create(merchant=shop.merchant, name=name)[0])
    if units:
        factories.put_stock(product, center, units)
    listings.stage([product.pk], shop, by=NOBODY)
    return product


def rule(shop: Shop, **values: Any) -> QuantityRule:
    row = QuantityRule(shop=shop, **values)
    quantity_rules.save(row, by=NOBODY)
    return row


def shows(product: Product, shop: Shop) -> int:
    return OfferStock.objects.get(offer__listing__product=product, offer__listing__shop=shop).wanted


@pytest.mark.django_db
class TestNearness:
    def test_sku_before_tag_before_shop_and_the_warehouse_among_alike(self, shop, center) -> None:
        rope = offered(shop, "ROPE", 100, center, "Dog toys", "Sale")
        here = shop.warehouses.get()
        dogs, sale = Tag.objects.get(name="Dog toys"), Tag.objects.get(name="Sale")
        steps = [
            ({}, 90),
            ({"warehouse": here}, 80),
            ({"tag": sale, "position": 2}, 70),
            ({"tag": dogs, "position": 1}, 60),
            ({"tag": sale, "position": 2, "warehouse": here}, 50),
            ({"variant": rope.variants.get()}, 40),
            ({"variant": rope.variants.get(), "warehouse": here}, 30),
        ]
        made = []
        for scope, percent in steps:
            made.append(rule(shop, percent=percent, **scope))
            assert shows(rope, shop) == percent, scope
        for row, (_, percent) in reversed(list(zip(made, steps, strict=True))):
            assert shows(rope, shop) == percent
            quantity_rules.delete([row])
        assert shows(rope, shop) == 100

    def test_a_rule_out_of_force_counts_for_nothing(self, shop, center) -> None:
        rope = offered(shop, "ROPE", 100, center)
        row = rule(shop, percent=50)
        quantity_rules.set_active([row], False, by="Ada")
        assert shows(rope, shop) == 100
        row.refresh_from_db()
        assert (row.is_active, row.by) == (False, "Ada")
        quantity_rules.set_active([row], True, by="Ada")
        assert shows(rope, shop) == 50

    def test_a_changed_scope_lets_go_of_what_it_was_set_on(self, shop, center) -> None:
        rope = offered(shop, "ROPE", 100, center)
        bowl = offered(shop, "BOWL", 100, center)
        row = rule(shop, percent=50, variant=rope.variants.get())
        row.variant = bowl.variants.get()
        quantity_rules.save(row, by=NOBODY)
        assert (shows(rope, shop), shows(bowl, shop)) == (100, 50)

    def test_what_is_staged_or_received_later_follows_at_once(self, shop, center) -> None:
        rule(shop, percent=50, buffer=1)
        rope = offered(shop, "ROPE", 10, center)
        assert shows(rope, shop) == 4
        factories.put_stock(rope, center, 10)
        assert shows(rope, shop) == 9
        promises.reserve(rope.variants.get(), center, 4, reference="o")
        assert shows(rope, shop) == 7

    def test_a_bundle_goes_through_the_same_rules(self, shop, center) -> None:
        tea = offered(shop, "TEA", 21, center)
        box = offered(shop, "BOX", 0, center, "Gifts")
        bundle, part = box.variants.get(), tea.variants.get()
        BundleComponent.objects.create(bundle=bundle, component=part, units=2)
        bundles.changed([bundle.pk])
        assert shows(box, shop) == 10
        rule(shop, tag=Tag.objects.get(name="Gifts"), percent=55)
        assert shows(box, shop) == 5
        promises.reserve(part, center, 3, reference="o")
        assert (shows(tea, shop), shows(box, shop)) == (18, 4)

    def test_only_a_fixed_quantity_that_may_exceed_shows_more_than_there_is(
        self, shop, center
    ) -> None:
        rope = offered(shop, "ROPE", 3, center)
        row = rule(shop, fixed=20)
        assert shows(rope, shop) == 3
        row.may_exceed = True
        quantity_rules.save(row, by=NOBODY)
        assert shows(rope, shop) == 20

    def test_a_rule_of_one_shop_never_touches_another(self, shop, center) -> None:
        other = factories.make_shop(shop.merchant, name="Other")
        factories.map_warehouse(other, center)
        rope = offered(shop, "ROPE", 100, center, "Dog toys")
        listings.stage([rope.pk], other, by=NOBODY)
        for scope in ({}, {"tag": Tag.objects.get()}, {"variant": rope.variants.get()}):
            rule(shop, percent=10, **scope)
            assert (shows(rope, shop), shows(rope, other)) == (10, 100)


@pytest.mark.django_db
class TestTags:
    def test_every_door_of_tags_brings_the_quantity_along(self, shop, center) -> None:
        rope = offered(shop, "ROPE", 100, center)
        dogs = Tag.objects.create(merchant=shop.merchant, name="Dog toys")
        rule(shop, tag=dogs, percent=30)
        assert shows(rope, shop) == 100
        products.tag([rope.pk], "Dog toys")
        assert shows(rope, shop) == 30
        bulk_edits.set_tags({rope.pk: []})
        products.changed([rope.pk])
        assert shows(rope, shop) == 100

    def test_deleting_a_tag_takes_its_rules_and_what_they_held_back(self, shop, center) -> None:
        rope = offered(shop, "ROPE", 100, center, "Dog toys")
        rule(shop, tag=Tag.objects.get(), percent=30)
        quantity_rules.delete_tags(Tag.objects.all())
        assert shows(rope, shop) == 100
        assert not Tag.objects.exists()
        assert not QuantityRule.objects.exists()


@pytest.mark.django_db
class TestRefused:
    def test_what_belongs_to_others_is_named(self, shop, center) -> None:
        stranger = factories.make_merchant(name="Paws")
        bowl = factories.make_product(stranger, sku="BOWL").variants.get()
        cats = Tag.objects.create(merchant=stranger, name="Cats")
        theirs = factories.make_warehouse(factories.make_shop(stranger), name="Their shed")
        back = factories.make_warehouse(shop, name="Returns dock")
        type(back).objects.filter(pk=back.pk).update(kind="return")
        back.refresh_from_db()
        for scope, words in (
            ({"variant": bowl}, "BOWL belongs to another merchant"),
            ({"tag": cats}, "“Cats” is a tag of another merchant"),
            ({"warehouse": theirs}, "“Their shed” is a warehouse of another shop"),
            ({"warehouse": back}, "“Returns dock” is no sales warehouse"),
            ({"percent": 101}, "less than or equal to 100"),
            ({"may_exceed": True}, "Only a fixed quantity may exceed"),
        ):
            with pytest.raises(Refused, match=words):
                rule(shop, **scope)
        assert not QuantityRule.objects.exists()

    def test_a_second_rule_for_the_same_is_refused(self, shop) -> None:
        rule(shop, percent=50)
        with pytest.raises(Refused, match="There is a rule for exactly this already"):
            rule(shop, percent=60)


@pytest.mark.django_db
class TestReadiness:
    def test_stock_that_comes_under_a_rule_showing_none_makes_a_listing_ready(
        self, shop, center
    ) -> None:
        category = factories.make_category(shop)
        rope = offered(shop, "ROPE", 0, center)
        listing = Listing.objects.get(product=rope)
        listings.categorize([listing.pk], category, by=NOBODY)
        rule(shop, percent=0)
        listing.refresh_from_db()
        assert [item["field"].partition(":")[0] for item in listing.missing] == ["quantity"]
        factories.put_stock(rope, center, 5)
        listing.refresh_from_db()
        assert (listing.missing, shows(rope, shop)) == ([], 0)
        assert listing.state == ListingState.READY


@pytest.mark.django_db
class TestInTheBackground:
    def test_many_skus_are_worked_out_chunk_by_chunk(self, shop, center, monkeypatch) -> None:
        monkeypatch.setattr(quantity_rules, "AT_ONCE", 2)
        monkeypatch.setattr(quantity_rules, "CHUNK", 2)
        ropes = [offered(shop, f"ROPE-{n}", 10, center) for n in range(5)]
        row = QuantityRule(shop=shop, percent=50)
        applied = quantity_rules.save(row, by=NOBODY)
        assert applied.words == f"The quantities of {shop} are worked out again in the background."
        assert [shows(rope, shop) for rope in ropes] == [10] * 5
        first = quantity_rules.renew(shop, until=lambda: True)
        assert (first.offers, first.is_complete) == (2, False)
        assert sorted(shows(rope, shop) for rope in ropes) == [5, 5, 10, 10, 10]
        row.percent = 20
        quantity_rules.save(row, by=NOBODY)
        last = quantity_rules.renew(shop)
        assert (last.offers, last.is_complete) == (5, True)
        assert [shows(rope, shop) for rope in ropes] == [2] * 5
        assert not QuantityRenewal.objects.exists()
        assert quantity_rules.renew(shop).offers == 0

    def test_the_job_goes_on_where_time_was_up_and_hurries_the_export(
        self, shop, center, monkeypatch
    ) -> None:
        rope = offered(shop, "ROPE", 10, center)
        QuantityRule.objects.create(shop=shop, percent=50)
        quantity_rules.ask_for_renewal(shop)
        nudge("renew_quantities", shop.pk)
        job = Job.objects.get(kind="renew_quantities")
        assert jobs.run(job.pk) == f"{shop}: quantities of 1 offers worked out again"
        assert shows(rope, shop) == 5
        assert Job.objects.filter(kind="export_offers", subject=str(shop.pk)).exists()

    def test_what_slipped_by_is_mended_by_the_nightly_check(self, shop, center) -> None:
        rope = offered(shop, "ROPE", 10, center)
        rule(shop, percent=50)
        OfferStock.objects.update(wanted=9)
        assert quantity_rules.check_all() == 1
        assert list(quantity_rules.to_renew()) == [shop]
        quantity_rules.renew(shop)
        assert shows(rope, shop) == 5

    def test_queries_do_not_grow_with_rows_or_rules(
        self, shop, center, django_assert_max_num_queries
    ) -> None:
        for n in range(12):
            product = offered(shop, f"ROPE-{n}", 10, center, f"tag-{n}")
            QuantityRule.objects.create(shop=shop, tag=product.tags.get(), percent=50)
        pairs = [(pk, center.pk) for pk in shop.merchant.variants.values_list("pk", flat=True)]
        # Bundles, rows, rules, tags, levels, the write, and the offers held back; two savepoints.
        with django_assert_max_num_queries(9):
            wanted.refresh_quantities(pairs)
        stocks = list(OfferStock.objects.values_list("pk", flat=True))
        with django_assert_max_num_queries(5):
            assert len(quantity_looks.why(stocks)) == 12


@pytest.mark.django_db
class TestTrying:
    def test_a_trial_shows_before_and_after_and_writes_nothing(self, shop, center) -> None:
        ropes = [offered(shop, f"ROPE-{n}", 10 * n, center) for n in range(1, 4)]
        rule(shop, percent=50)
        near = QuantityRule(shop=shop, variant=ropes[0].variants.get(), percent=10)
        rows = quantity_looks.rows_for(shop, near, [one.listings.get().pk for one in ropes])
        found = quantity_looks.trials(near, list(rows.select_related("offer__variant")))
        assert [(one.available, one.now, one.then) for one in found] == [
            (10, 5, 1),
            (20, 10, 10),
            (30, 15, 15),
        ]
        assert found[0].why == "10 available, 10 % of them: 1. By the rule for SKU ROPE-1."
        sums = quantity_looks.totals(near, rows)
        assert (sums.rows, sums.changed, sums.now, sums.then) == (3, 1, 30, 26)
        assert [shows(rope, shop) for rope in ropes] == [5, 10, 15]
        assert QuantityRule.objects.count() == 1

    def test_a_saved_rule_is_tried_in_its_own_place(self, shop, center) -> None:
        offered(shop, "ROPE", 10, center)
        row = rule(shop, percent=50)
        row.percent = 20
        (found,) = quantity_looks.trials(row, list(quantity_looks.rows_for(shop, row)))
        assert (found.now, found.then, found.change) == (5, 2, -3)

    def test_a_warehouse_that_is_not_mapped_says_so(self, shop, center) -> None:
        rope = offered(shop, "ROPE", 10, center)
        bare = factories.make_warehouse(shop)
        row = OfferStock.objects.create(
            offer=rope.listings.get().offers.get(), warehouse=bare, wanted=4
        )
        assert quantity_looks.why([row.pk]) == {row.pk: quantity_looks.NOT_MAPPED}
