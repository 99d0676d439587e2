"""Which categories fit a product, judged by its words and by what was chosen before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import CategoryPermission
from catalog.suggesting import Chosen, Clues, Leaf, Ranker, Suggestion, singular, why_not, words_of

PATHS = (
    "Womenswear > Tops > T-shirts",
    "Menswear > Tops > T-shirts",
    "Menswear > Tops > Hoodies",
    "Beauty & Personal Care > Makeup > Lipstick",
    "Beauty & Personal Care > Hair Care > Shampoo",
    "Home & Kitchen > Drinkware > Mugs",
    "Home & Kitchen > Drinkware > Tumblers",
    "Home & Kitchen > Cookware > Frying Pans",
    "Pet Supplies > Dogs > Dog Toys",
    "Pet Supplies > Dogs > Dog Beds",
    "Pet Supplies > Cats > Cat Toys",
    "Food & Beverages > Drinks > Coffee",
    "Toys & Hobbies > Vehicles > Toy Vehicles",
)


def leaves() -> list[Leaf]:
    return [
        Leaf(
            place,
            f"id-{place}",
            path,
            CategoryPermission.INVITE_ONLY
            if path.endswith("Coffee")
            else CategoryPermission.AVAILABLE,
        )
        for place, path in enumerate(PATHS, start=1)
    ]


def suggest(clues: Clues, chosen: Chosen | None = None) -> list[Suggestion]:
    return Ranker(leaves(), chosen).suggest(clues)


def names(found: list[Suggestion]) -> list[str]:
    return [one.path.split(" > ", 1)[1] for one in found]


@pytest.mark.parametrize(
    ("clues", "expected"),
    [
        (
            Clues("Harbor Rope Tug Toy", ("Dog toys", "Pet Supplies"), "Pet Supplies"),
            ["Dogs > Dog Toys", "Cats > Cat Toys", "Dogs > Dog Beds"],
        ),
        (
            Clues("Studio Coffee Mug", ("Drinkware",), "Home & Kitchen"),
            ["Drinkware > Mugs", "Drinkware > Tumblers", "Drinks > Coffee"],
        ),
        (Clues("Velvet Lip Gloss", ("Lip makeup",)), ["Makeup > Lipstick"]),
        (Clues("Women's crew neck T-Shirt"), ["Tops > T-shirts", "Tops > T-shirts"]),
        (Clues("Copper kettle"), []),
        (Clues(""), []),
    ],
)
def test_the_three_best_come_in_order(clues: Clues, expected: list[str]) -> None:
    assert names(suggest(clues)) == expected


def test_the_reason_is_told_in_words() -> None:
    best = suggest(Clues("Harbor Rope Tug Toy", ("Dog toys",)))[0]
    assert best.reason == "tag “Dog toys”; “toy” in the title"
    assert best.confidence == 79


@pytest.mark.parametrize(
    ("title", "first"), [("Women's T-Shirt", "Womenswear"), ("T-Shirt for men", "Menswear")]
)
def test_women_and_men_are_told_apart_by_the_branch(title: str, first: str) -> None:
    assert suggest(Clues(title))[0].path == f"{first} > Tops > T-shirts"


def test_what_the_title_is_for_does_not_say_what_it_is() -> None:
    found = suggest(Clues("Shampoo for hoodies and mugs"))
    assert names(found)[0] == "Hair Care > Shampoo"


def test_two_categories_of_one_name_are_left_to_a_person() -> None:
    found = suggest(Clues("Pocket T-Shirt", ("T-shirts",)))
    assert [one.confidence for one in found] == [47, 47]
    assert why_not(found, at_least=10) == "two categories fit about equally well"


def test_a_choice_made_before_outweighs_the_words() -> None:
    clues = Clues("Heritage Cast Iron Skillet", ("Cookware", "Drinkware"))
    assert [(one.name, one.confidence) for one in suggest(clues)] == [
        ("Frying Pans", 11),
        ("Mugs", 11),
        ("Tumblers", 11),
    ]
    after = suggest(clues, {("tag", "drinkware"): {"id-7": 12}})
    assert (after[0].name, after[0].confidence) == ("Tumblers", 84)
    assert "chosen 12 times for tag “Drinkware”" in after[0].reason


def test_one_choice_counts_less_than_many() -> None:
    clues = Clues("Gift", ("Bestsellers",))
    once = suggest(clues, {("tag", "bestsellers"): {"id-6": 1}})
    often = suggest(clues, {("tag", "bestsellers"): {"id-6": 40}})
    torn = suggest(clues, {("tag", "bestsellers"): {"id-6": 20, "id-9": 20}})
    assert [(one.name, one.confidence) for one in once] == [("Mugs", 31)]
    assert [(one.name, one.confidence) for one in often] == [("Mugs", 90)]
    assert [(one.name, one.confidence) for one in torn] == [("Mugs", 21), ("Dog Toys", 21)]
    assert once[0].reason == "chosen once for tag “Bestsellers”"


def test_what_the_channel_recommends_counts() -> None:
    found = suggest(Clues("Copper kettle", recommended="id-8"))
    assert [(one.name, one.confidence, one.reason) for one in found] == [
        ("Frying Pans", 65, "the channel recommends it")
    ]


def test_an_invite_only_category_is_named_but_never_taken_by_itself() -> None:
    found = suggest(Clues("Roasted coffee", ("Coffee",)))
    assert (found[0].name, found[0].restriction) == (
        "Coffee",
        "Invite-only: ask for approval in Seller Center",
    )
    assert why_not(found, at_least=50) == (
        "Invite-only: ask for approval in Seller Center (“Food & Beverages > Drinks > Coffee”)"
    )


def test_below_the_threshold_nothing_is_taken() -> None:
    found = suggest(Clues("Gift", ("Bestsellers",)), {("tag", "bestsellers"): {"id-6": 1}})
    assert why_not(found, at_least=31) == ""
    assert why_not(found, at_least=32) == "no category is 32% certain"
    assert why_not([], at_least=1) == "no category fits its words"


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("toys", "toy"), ("leashes", "leash"), ("boxes", "box"), ("knives", "knife"),
        ("accessories", "accessory"), ("dress", "dress"), ("gloves", "glove"), ("pan", "pan"),
    ],
)  # fmt: skip
def test_plurals_are_understood(plural: str, expected: str) -> None:
    assert singular(plural) == expected


def test_hyphens_apostrophes_and_stop_words_do_not_hide_a_word() -> None:
    assert [stem for stem, _ in words_of("The Dog’s non-slip T-SHIRTS & a set")] == [
        "dog", "non", "slip", "tshirt",
    ]  # fmt: skip


WORDS = st.sampled_from(
    ["Dog", "toys", "mug", "T-Shirt", "&", "coffee", "lip", "Ärmel", "犬", "'s", "-", "with", "0"]
)
PHRASES = st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=6).map(" ".join))
LEAVES = st.lists(
    st.builds(
        Leaf,
        pk=st.integers(1, 5),
        external_id=st.sampled_from("abcde"),
        path=st.lists(PHRASES, min_size=1, max_size=4).map(" > ".join),
        permission=st.sampled_from(CategoryPermission.values),
        is_leaf=st.booleans(),
        is_gone=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda leaf: leaf.pk,
)
CHOSEN = st.dictionaries(
    st.tuples(st.sampled_from(["tag", "type"]), PHRASES.map(str.casefold)),
    st.dictionaries(st.sampled_from("abcdex"), st.integers(0, 10**6), max_size=4),
    max_size=4,
)
CLUES = st.builds(
    Clues,
    title=PHRASES,
    tags=st.lists(PHRASES, max_size=3).map(tuple),
    product_type=PHRASES,
    recommended=st.sampled_from(["", "a", "b", "x"]),
)


@given(LEAVES, CHOSEN, CLUES)
def test_only_what_can_hold_products_is_suggested_for_any_words(
    tree: list[Leaf], chosen: Chosen, clues: Clues
) -> None:
    found = Ranker(tree, chosen).suggest(clues)
    open_ones = {leaf.pk for leaf in tree if leaf.can_hold_products}
    assert {one.category_id for one in found} <= open_ones
    assert len({one.category_id for one in found}) == len(found) <= 3
    assert all(1 <= one.confidence <= 100 and one.reason for one in found)
    assert [one.confidence for one in found] == sorted(
        (one.confidence for one in found), reverse=True
    )
    assert all(
        leaf.is_leaf and not leaf.is_gone and leaf.permission != CategoryPermission.PROHIBITED
        for leaf in tree
        if leaf.pk in {one.category_id for one in found}
    )


@given(CLUES)
def test_the_same_words_get_the_same_answer(clues: Clues) -> None:
    assert suggest(clues) == Ranker(reversed(leaves())).suggest(clues)
