"""Properties that another property asks for, and properties that take a number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog.models import CategoryAttribute, ChannelCategory, FulfillmentCenter, Listing, Shop
from catalog.readiness import missing
from catalog.readiness_category import AttributeFacts, Missing
from catalog.services import listings, publishing, taxonomy
from catalog.states import ListingState
from tests import factories
from tests.catalog.test_readiness import LIMITS, with_category
from tests.support.sandbox import Sandbox

FILTER = AttributeFacts(
    "1", "Contains Sunscreen Filter", True, False, False, False, frozenset({"Yes", "No"}), ()
)
SPF = AttributeFacts(
    "2",
    "SPF",
    is_required=False,
    is_customizable=True,
    is_multiple=False,
    is_sales=False,
    choices=frozenset({"15", "30"}),
    values=(),
    required_if=(("1", "Yes"),),
    takes_number=True,
)


def gaps(has_filter: str, *spf: str) -> list[Missing]:
    both = (replace(FILTER, values=(has_filter,)), replace(SPF, values=spf))
    return missing(with_category(attributes=both), LIMITS)


def test_a_property_that_another_one_asks_for_is_missing_and_both_are_named() -> None:
    assert gaps("Yes") == [
        Missing(
            "attribute:2",
            "“SPF” is required because “Contains Sunscreen Filter” is “Yes”.",
            "none",
            "15, 30",
        )
    ]
    assert gaps("Yes", "30") == []


def test_a_property_that_nothing_asks_for_stays_empty() -> None:
    assert gaps("No") == []
    assert gaps("No", "30") == [
        Missing(
            "attribute:2",
            "“SPF” must stay empty unless “Contains Sunscreen Filter” is “Yes”.",
            "30",
            "no value",
        )
    ]


def test_one_of_several_conditions_is_enough() -> None:
    other = AttributeFacts("3", "Use", False, False, False, False, frozenset({"Sea"}), ("Sea",))
    spf = replace(SPF, required_if=(("1", "Yes"), ("3", "Sea")))
    found = missing(with_category(attributes=(replace(FILTER, values=("No",)), spf, other)), LIMITS)
    assert [gap.sentence for gap in found] == ["“SPF” is required because “Use” is “Sea”."]


@pytest.mark.parametrize("value", ["many", "0", "-3", "1,5", "1e3", "NaN", "٣"])
def test_a_property_that_takes_a_number_takes_nothing_else(value: str) -> None:
    assert gaps("Yes", value) == [
        Missing("attribute:2", "“SPF” takes a number above zero.", value, "such as 2 or 0.5")
    ]


@pytest.mark.parametrize("value", ["45", "0.5", "30"])
def test_a_plain_number_above_zero_is_taken(value: str) -> None:
    assert gaps("Yes", value) == []


def skincare(shop: Shop, center: FulfillmentCenter) -> tuple[Listing, ChannelCategory]:
    """A listing that is ready but for what its category asks about sunscreen."""
    category = ChannelCategory.objects.get(shop=shop, name="Face Serums")
    taxonomy.ensure_form(category)
    product = factories.make_product(shop.merchant)
    factories.put_stock(product, center, 3)
    listings.stage([product.pk], shop, by="test")
    listing = Listing.objects.get(product=product)
    listings.categorize([listing.pk], category, by="test")
    required = category.attributes.filter(is_required=True, kind="product")
    for attribute in required.exclude(name="Contains Sunscreen Filter"):
        value = attribute.values[0]["name"] if attribute.values else "Water"
        listings.set_attribute([listing.pk], attribute, [value], by="test")
    return listing, category


def fill(listing: Listing, category: ChannelCategory, name: str, value: str) -> list[str]:
    attribute = CategoryAttribute.objects.get(category=category, name=name)
    listings.set_attribute([listing.pk], attribute, [value] if value else [], by="test")
    listing.refresh_from_db()
    return [gap["sentence"] for gap in listing.missing]


@pytest.mark.django_db
def test_what_the_channels_form_asks_is_asked_here_and_what_is_ready_is_taken(
    live: Shop, center: FulfillmentCenter, tiktok: Sandbox
) -> None:
    listing, category = skincare(live, center)
    spf = CategoryAttribute.objects.get(category=category, name="SPF")
    parent = CategoryAttribute.objects.get(category=category, name="Contains Sunscreen Filter")
    assert spf.required_if == [{"attribute": parent.external_id, "value": parent.values[0]["id"]}]
    assert (spf.takes_number, parent.takes_number) == (True, False)

    assert fill(listing, category, "Contains Sunscreen Filter", "Yes") == [
        "“SPF” is required because “Contains Sunscreen Filter” is “Yes”."
    ]
    assert fill(listing, category, "SPF", "50") == []
    assert fill(listing, category, "Contains Sunscreen Filter", "No") == [
        "“SPF” must stay empty unless “Contains Sunscreen Filter” is “Yes”."
    ]
    assert fill(listing, category, "SPF", "") == []
    publishing.request_publish(listing, by="test")
    assert publishing.publish_queued(live).summary() == "1 published, 0 refused"
    listing.refresh_from_db()
    assert listing.state == ListingState.IN_REVIEW
