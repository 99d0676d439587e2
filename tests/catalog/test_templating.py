"""What a template makes of a product: texts without gaps, and values the channel takes."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.templating.recipes import Condition, Recipe, fits, make
from catalog.templating.texts import (
    FIELDS,
    ProductWords,
    check_field,
    check_text,
    make_description,
    make_title,
)
from catalog.templating.values import FormField, Rule, choose
from marketplace.kernel.errors import Refused

ROPE = ProductWords(
    title="Rope tug toy",
    brand="Harbor",
    product_type="Dog toys",
    sku="TUG-1",
    description="<p>Strong.</p>",
    weight="0.5 kg",
    tags=("Dog", "Rope"),
    options={"Color": ("Red", "Blue")},
    identifiers={"upc": "012345678905"},
)
MATERIAL = FormField(1, "100", "Material", {"Cotton": "1", "Nylon": "2"})
COLORS = FormField(2, "200", "Colors", {"Red": "3", "Blue": "4"}, is_multiple=True)
PACK = FormField(3, "300", "Pack size", takes_number=True)


def title(text: str, words: ProductWords = ROPE, limit: int = 255, **properties: Any) -> str:
    return make_title(text, words, properties, limit=limit).text


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{brand} {title}", "Harbor Rope tug toy"),
        ("{title} ({option:color}) {upc}", "Rope tug toy (Red, Blue) 012345678905"),
        ("{ Title } – {tags}, {weight}", "Rope tug toy – Dog, Rope, 0.5 kg"),
        ("{title} of {attribute:material}", "Rope tug toy of Cotton"),
        ("[New] {title}", "[New] Rope tug toy"),
        ("", ""),
    ],
)
def test_fields_become_the_product_s_words(text: str, made: str) -> None:
    assert title(text, Material=("Cotton",)) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{brand} {title}", "Mug"),
        ("{brand} - {title}", "Mug"),
        ("{title} - {brand} - {sku}", "Mug - M1"),
        ("{title}, {brand}, {ean}", "Mug"),
        ("{title} ({brand})", "Mug"),
        ("{title} ({brand}, {sku})", "Mug (M1)"),
        ("{title} ({sku}, {brand})", "Mug (M1)"),
        ("{title} | {brand}: {weight} | {sku}", "Mug | M1"),
        ("{title} [in {option:Color}] [by {brand}], {sku}", "Mug, M1"),
        ("{brand}{sku}", "M1"),
        ("{title} {brand} {sku}", "Mug M1"),
    ],
)
def test_an_empty_field_leaves_no_gap(text: str, made: str) -> None:
    assert title(text, ProductWords(title="Mug", sku="M1")) == made


def test_a_title_is_cut_after_a_whole_word_and_says_so() -> None:
    made = make_title("{title} - {brand}", ROPE, {}, limit=15)
    assert made.text == "Rope tug toy"
    assert made.remark == (
        "The title would have 21 characters; it is cut to the 15 that the channel takes."
    )
    assert make_title("{sku}", ProductWords(sku="A" * 30), {}, limit=10).text == "A" * 10


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{colour}", "There is no field “colour”. Allowed are: title, brand, product_type"),
        ("{option:}", "There is no field “option:”"),
        ("{title} {Price}", "The price cannot stand in a text.*Take {price} out"),
        ("{attribute:Colour}", "no property “Colour”. It has: Material"),
        ("{title", "A brace stands alone"),
        ("{description}", "There is no field “description”"),
    ],
)
def test_what_is_not_a_field_is_refused_with_those_that_are(text: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        check_text(text, properties=["Material"])


def test_known_fields_are_taken_in_any_spelling() -> None:
    check_text("{ BRAND } {option:Color} {Attribute:material}", properties=["Material"])
    check_text("{description}", properties=[], is_description=True)
    check_field("option:Size")
    with pytest.raises(Refused, match="There is no field “attribute:Material”"):
        check_field("attribute:Material")


def test_a_description_escapes_values_and_drops_what_is_empty() -> None:
    words = ProductWords(title="<b>A&B</b>", description="<p>Strong.</p><script>x()</script>")
    made = make_description(
        "<h2>{title}</h2><ul><li>{brand}</li>[<li>Made of {attribute:Material}</li>]</ul>"
        "<p>{brand}, sold here</p>{description}",
        words,
        {},
    )
    assert made == "<h2>&lt;b&gt;A&amp;B&lt;/b&gt;</h2><p> sold here</p><p>Strong.</p>"


TEXT = st.text(string.printable + "äß…–{}[]()<>&\x00\u2028", max_size=40)
TEMPLATE = st.lists(
    st.sampled_from([f"{{{name}}}" for name in FIELDS] + ["{option:Color}", "[in {brand}]"]) | TEXT,
    max_size=6,
).map("".join)
WORDS = st.builds(
    ProductWords,
    title=TEXT,
    brand=TEXT,
    sku=TEXT,
    description=TEXT,
    tags=st.lists(TEXT, max_size=3).map(tuple),
    options=st.dictionaries(st.just("Color"), st.lists(TEXT, max_size=3).map(tuple)),
)


@settings(max_examples=120)
@given(TEMPLATE, WORDS, st.integers(1, 60))
def test_a_title_is_one_clean_line_within_the_limit(
    text: str, words: ProductWords, limit: int
) -> None:
    made = make_title(text, words, {}, limit=limit).text
    assert len(made) <= limit
    assert not set("{}\0\n\t") & set(made)
    assert "  " not in made
    assert made == made.strip()


@settings(max_examples=80)
@given(TEXT, TEXT)
def test_a_value_brings_no_markup_into_a_description(value: str, brand: str) -> None:
    words = ProductWords(title=value, brand=brand)
    made = make_description("<p>{title}</p><p>x{brand}</p>", words, {})
    assert made.replace("<p>", "").replace("</p>", "").count("<") == 0
    assert "{" not in made
    assert "\0" not in made


def test_values_are_fixed_or_come_from_a_field() -> None:
    assert choose(Rule(MATERIAL, ("Cotton",)), ROPE).values == ("Cotton",)
    assert choose(Rule(COLORS, source="option:color"), ROPE).values == ("Red", "Blue")
    crimson = ProductWords(options={"Color": ("crimson", "BLUE")})
    rule = Rule(COLORS, source="option:Color", translations={"Crimson": "Red"})
    assert choose(rule, crimson).values == ("Red", "Blue")


def test_another_value_is_taken_only_where_the_field_is_empty() -> None:
    rule = Rule(MATERIAL, ("Nylon",), source="brand")
    assert choose(rule, ProductWords()).values == ("Nylon",)
    found = choose(rule, ROPE)
    assert (found.values, found.remark) == (
        (),
        "“Material” takes only the channel's own options, not “Harbor”. Add a translation for it, "
        "or correct the product's brand.",
    )


@pytest.mark.parametrize(
    ("rule", "remark"),
    [
        (Rule(PACK, source="weight"), "“Pack size” takes a number above zero"),
        (Rule(MATERIAL, source="option:Color"), "“Material” takes one value, not 2."),
        (Rule(MATERIAL, source="tags"), "No tag of the product is an option of “Material”."),
    ],
)
def test_what_does_not_fit_is_told_and_not_taken(rule: Rule, remark: str) -> None:
    found = choose(rule, ROPE)
    assert found.values == ()
    assert found.remark.startswith(remark)


def test_of_tags_those_that_name_an_option_are_taken() -> None:
    words = ProductWords(tags=("Sale", "red", "Summer"))
    assert choose(Rule(COLORS, source="tags"), words).values == ("Red",)


def test_a_property_that_must_stay_empty_is_not_filled_in() -> None:
    battery = FormField(4, "400", "Contains battery", {"Yes": "1", "No": "2"})
    kind = FormField(5, "500", "Battery type", required_if=(("400", "Yes"),))
    rules = (Rule(battery, ("No",)), Rule(kind, ("Lithium",)))
    assert make(Recipe(rules=rules), ROPE, title_limit=255).values == {4: ("No",)}
    by_hand = make(Recipe(rules=rules), ROPE, title_limit=255, kept={4: ("Yes",)})
    assert by_hand.values == {5: ("Lithium",)}


def test_all_conditions_must_hold_and_none_fits_nothing() -> None:
    tag, brand = Condition("tag", " dog "), Condition("brand", "HARBOR")
    assert fits([tag, brand, Condition("type", "dog toys")], ROPE)
    assert not fits([tag, Condition("brand", "Other")], ROPE)
    assert not fits([], ROPE)
