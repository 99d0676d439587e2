"""Those who change the same listing at once wait in one line, never in a ring, on PostgreSQL.

The first holds one thing and waits until the second waits for it; then it asks for another.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.models import (
    FulfillmentCenter,
    Listing,
    ListingTemplate,
    Offer,
    OfferStock,
    Product,
    Shop,
    Variant,
)
from catalog.services import (
    channel_state,
    listings,
    own_prices,
    products,
    publishing,
    repricing,
    stock,
)
from catalog.states import ListingState
from tests import factories
from tests.catalog.test_concurrency_postgres import UPLOAD, queued_listings, waiting_for_a_lock
from tests.support.processes import run_together
from tests.support.running import wait_until
from tests.support.sandbox import Sandbox

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

CREATE = "/product/202309/products"


def beside(
    begin: Callable[[], object],
    end: Callable[[], object],
    other: Callable[[], object],
    *,
    goes_ahead: bool = False,
) -> None:
    """One transaction begins, the other thing runs into its locks, then the transaction ends.

    With `goes_ahead` the other does not wait for the beginning, which waits for it by itself.
    """
    has_begun = multiprocessing.get_context("fork").Event()

    def work(number: int) -> None:
        if number == 1:
            assert goes_ahead or has_begun.wait(20)
            other()
            return
        with transaction.atomic():
            begin()
            has_begun.set()
            wait_until(lambda: waiting_for_a_lock() == 1)
            end()

    run_together(work, 2)


def own_price(price: Decimal | None) -> None:
    ids = list(Offer.objects.values_list("pk", flat=True))
    own_prices.set_by_hand(ids, price, by="ann", now=timezone.now())


def test_the_answer_of_a_create_call_and_a_price_that_makes_the_listing_incomplete(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    queued_listings(live, center, 1)
    own_price(Decimal("20.00"))
    Variant.objects.update(price=None)
    tiktok.fault("slow", path=CREATE, method="POST", count=1, seconds=0.5)

    def begin() -> None:
        wait_until(lambda: Listing.objects.exclude(create_intent="").exists())
        own_price(Decimal("21.00"))

    beside(
        begin,
        lambda: own_price(None),
        lambda: publishing.publish_queued(live),
        goes_ahead=True,
    )
    listing, offer = Listing.objects.get(), Offer.objects.get()
    assert listing.state == ListingState.IN_REVIEW
    assert [gap["field"] for gap in listing.missing] == ["price"]
    assert (offer.external_id != "", offer.price_sent) == (True, Decimal("20.00"))


def test_an_intent_to_create_and_prices_that_are_worked_out_for_the_whole_shop(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    (listing,) = queued_listings(live, center, 1)
    tiktok.fault("slow", path=UPLOAD, count=1, seconds=0.5)
    Shop.objects.update(prices_to_settle_after=0)

    def begin() -> None:
        wait_until(lambda: Listing.objects.filter(state=ListingState.PUBLISHING).exists())
        Product.objects.update(title="Quite another rope toy")
        products.changed([listing.product_id])

    beside(
        begin,
        lambda: repricing.settle_marked(live, timezone.now()),
        lambda: publishing.publish_queued(live),
        goes_ahead=True,
    )
    live.refresh_from_db()
    assert live.prices_to_settle_after is None
    assert Listing.objects.get().state == ListingState.IN_REVIEW


def test_units_that_leave_and_a_product_whose_template_makes_another_title(
    shop: Shop, center: FulfillmentCenter
) -> None:
    product = factories.make_product(shop.merchant, with_image=False)
    variant = product.variants.get()
    stock.receive(variant, center, 5, reference="first")
    category = factories.make_category(shop, name="Dog toys", path="Pets > Dog toys")
    ListingTemplate.objects.create(shop=shop, category=category, name="Toys", title="New {title}")
    listings.stage([product.pk], shop, by="test")
    Listing.objects.update(template=ListingTemplate.objects.get(), category=category)

    def count(units: int) -> None:
        stock.count(variant, center, units, reference=f"count-{units}")

    beside(lambda: count(8), lambda: count(0), lambda: products.changed([product.pk]))
    listing = Listing.objects.get()
    assert listing.template_title == f"New {product.title}"
    assert "quantity" in [gap["field"] for gap in listing.missing]
    assert OfferStock.objects.get().wanted == 0


def test_a_listing_let_go_and_a_price_that_makes_it_incomplete(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    (listing,) = queued_listings(live, center, 1)
    publishing.publish_queued(live)
    own_price(Decimal("20.00"))
    Variant.objects.update(price=None)
    beside(
        lambda: own_price(Decimal("21.00")),
        lambda: own_price(None),
        lambda: channel_state.delete_on_channel([listing.pk], by="ben"),
    )
    listing, offer = Listing.objects.get(), Offer.objects.get()
    assert (listing.state, listing.external_id) == (ListingState.INCOMPLETE, "")
    assert "price" in [gap["field"] for gap in listing.missing]
    assert (offer.external_id, offer.price_sent) == ("", None)
