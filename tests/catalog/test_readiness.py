from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from catalog.content import content_of, fingerprint
from catalog.ports import ListingLimits, Weight
from catalog.readiness import ImageFacts, ListingFacts, VariantFacts, missing
from catalog.readiness_category import AttributeFacts, CategoryFacts, CertificationFacts

LIMITS = ListingLimits(
    title_min=1,
    title_max=255,
    description_max=10_000,
    images_max=9,
    sku_max=50,
    variants_max=100,
    quantity_max=99_999,
    price_min=Decimal("0.01"),
    price_max=Decimal(7600),
    weight_max=Weight(Decimal(150), "lb"),
)
CATEGORY = CategoryFacts(
    external_id="1",
    path="Pets > Dog toys",
    is_leaf=True,
    is_gone=False,
    is_invite_only=False,
    is_prohibited=False,
    needs_dimensions=False,
    attributes=(),
)
VARIANT = VariantFacts("A", (), Decimal("9.99"), "USD", Weight(Decimal("0.5"), "kg"), None, 3)
IMAGE = ImageFacts("f" * 64, 1000, 1000, 200_000, "JPEG")
GOOD = ListingFacts(
    title="Rope",
    description="<p>Strong</p>",
    brand="",
    currency="USD",
    option_names=(),
    variants=(VARIANT,),
    images=(IMAGE,),
    images_waiting=0,
    image_keys=("front",),
    category=CATEGORY,
)
MATERIAL = AttributeFacts("9", "Material", True, False, False, False, frozenset({"Cotton"}), ())


def hash_of(facts: ListingFacts) -> str:
    return fingerprint(content_of(facts))


def fields(facts: ListingFacts) -> list[str]:
    return [item.field for item in missing(facts, LIMITS)]


def with_variant(**changes: object) -> ListingFacts:
    return replace(GOOD, variants=(replace(VARIANT, **changes),))


def with_category(**changes: object) -> ListingFacts:
    return replace(GOOD, category=replace(CATEGORY, **changes))


def with_image(**changes: object) -> ListingFacts:
    return replace(GOOD, images=(replace(IMAGE, **changes),))


def test_a_complete_listing_misses_nothing_and_needs_no_identifier() -> None:
    assert missing(GOOD, LIMITS) == []


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (replace(GOOD, title=" "), "title"),
        (replace(GOOD, title="x" * 256), "title"),
        (replace(GOOD, description=""), "description"),
        (replace(GOOD, description="x" * 10_001), "description"),
        (replace(GOOD, variants=()), "sku"),
        (with_variant(sku="A B"), "sku"),
        (with_variant(sku="A" * 51), "sku"),
        (with_variant(price=None), "price"),
        (with_variant(price=Decimal("7600.01")), "price"),
        (with_variant(price=None, catalog_currency="EUR"), "price"),
        (with_variant(weight=None), "weight"),
        (with_variant(weight=Weight(Decimal(0), "kg")), "weight"),
        (with_variant(weight=Weight(Decimal(69), "kg")), "weight"),
        (with_variant(quantity=0), "quantity"),
        (replace(GOOD, images=()), "image"),
        (replace(GOOD, images=(), images_waiting=1), "image"),
        (with_image(width=1600, height=900), "image"),
        (with_image(width=200, height=200), "image"),
        (replace(GOOD, category=None), "category"),
        (with_category(is_leaf=False), "category"),
        (with_category(is_gone=True), "category"),
        (with_category(is_invite_only=True), "category"),
        (with_category(is_prohibited=True), "category"),
        (with_category(needs_dimensions=True), "dimensions"),
        (
            with_category(certifications=(CertificationFacts("7", "Toy safety", True),)),
            "certificate",
        ),
        (with_category(needs_manufacturer=True), "manufacturer"),
        (with_category(needs_responsible_person=True), "responsible_person"),
        (with_category(needs_size_chart=True), "size_chart"),
        (with_category(attributes=(MATERIAL,)), "attribute:9"),
    ],
)
def test_each_unmet_requirement_is_named_by_its_field(facts: ListingFacts, field: str) -> None:
    assert fields(facts) == [field]


def test_all_reasons_come_at_once() -> None:
    facts = replace(
        GOOD,
        title="",
        description="",
        category=None,
        images=(),
        variants=(replace(VARIANT, price=None, quantity=0, weight=None),),
    )
    assert fields(facts) == [
        "title",
        "description",
        "price",
        "quantity",
        "weight",
        "image",
        "category",
    ]


def test_a_wrong_ratio_says_what_was_found_and_what_is_allowed() -> None:
    (found,) = missing(with_image(width=1600, height=900), LIMITS)
    assert found.sentence.startswith("Image aspect ratio is not compliant")
    assert "16:9" in found.found
    assert "1:1" in found.allowed


def test_an_own_value_passes_only_where_the_form_allows_it() -> None:
    closed = replace(MATERIAL, values=("Hemp",))
    assert fields(with_category(attributes=(closed,))) == ["attribute:9"]
    opened = replace(closed, is_customizable=True)
    assert fields(with_category(attributes=(opened,))) == []


def test_several_values_pass_only_where_the_form_allows_them() -> None:
    facts = replace(MATERIAL, values=("Cotton", "Wool"), choices=frozenset({"Cotton", "Wool"}))
    assert fields(with_category(attributes=(facts,))) == ["attribute:9"]
    assert fields(with_category(attributes=(replace(facts, is_multiple=True),))) == []


def test_an_optional_attribute_left_empty_is_no_reason() -> None:
    optional = replace(MATERIAL, is_required=False)
    assert fields(with_category(attributes=(optional,))) == []


def test_variants_that_cannot_be_told_apart_are_named() -> None:
    twins = (
        replace(VARIANT, sku="A", options=("Red",)),
        replace(VARIANT, sku="B", options=("Red",)),
    )
    facts = replace(GOOD, option_names=("Color",), variants=twins)
    (found,) = missing(facts, LIMITS)
    assert (found.field, found.found) == ("options", "A, B")


def test_a_listing_that_is_on_the_channel_keeps_its_invite_only_category() -> None:
    assert fields(replace(with_category(is_invite_only=True), is_on_channel=True)) == []


def test_price_and_quantity_do_not_touch_the_fingerprint_and_the_rest_does() -> None:
    same = with_variant(price=Decimal(1), quantity=99)
    assert hash_of(same) == hash_of(GOOD)
    for other in (
        replace(GOOD, title="Other"),
        replace(GOOD, description="Other"),
        with_variant(weight=Weight(Decimal(1), "kg")),
        replace(GOOD, image_keys=("front", "back")),
        with_category(external_id="2"),
        with_variant(identifiers=(("upc", "1"),)),
    ):
        assert hash_of(other) != hash_of(GOOD)


def test_the_same_weight_written_with_more_zeros_is_the_same_content() -> None:
    assert hash_of(with_variant(weight=Weight(Decimal("0.500"), "kg"))) == hash_of(GOOD)
