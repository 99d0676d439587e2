"""Choosing a category, and filling in what it asks, in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from catalog.models import (
    CategoryAttribute,
    CategoryPermission,
    ChannelCategory,
    Listing,
    ListingAttribute,
    Shop,
)
from tests import factories
from tests.admin.door import do, list_url, page_url, said, select
from tests.admin.rows import stage
from tests.support.browser import Person, chromium

__all__ = ["chromium"]


@pytest.fixture
def tree(shop: Shop) -> dict[str, ChannelCategory]:
    """Pets > Dogs > Toys, Beds; Pets > Jewels (prohibited) and Perfume (invite-only)."""

    def node(name: str, under: str, path: str, **changes: Any) -> ChannelCategory:
        return factories.make_category(
            shop, external_id=name, name=name, parent_external_id=under, path=path, **changes
        )

    rows = [
        node("Pets", "", "Pets", is_leaf=False),
        node("Dogs", "Pets", "Pets > Dogs", is_leaf=False),
        node("Toys", "Dogs", "Pets > Dogs > Toys"),
        node("Beds", "Dogs", "Pets > Dogs > Beds"),
        node("Jewels", "Pets", "Pets > Jewels", permission=CategoryPermission.PROHIBITED),
        node("Perfume", "Pets", "Pets > Perfume", permission=CategoryPermission.INVITE_ONLY),
    ]
    return {row.name: row for row in rows}


@pytest.fixture
def form(tree: dict[str, ChannelCategory]) -> dict[str, CategoryAttribute]:
    """What “Toys” asks: one thing always, one in some cases, and more if one likes."""

    def ask(number: int, name: str, **more: Any) -> CategoryAttribute:
        return CategoryAttribute.objects.create(
            category=tree["Toys"], external_id=str(number), name=name, kind="product", **more
        )

    yes, no = {"id": "y", "name": "Yes"}, {"id": "n", "name": "No"}
    rows = [
        ask(1, "Battery", is_required=True, values=[yes, no]),
        ask(
            2,
            "Volts",
            is_customizable=True,
            takes_number=True,
            required_if=[{"attribute": "1", "value": "y"}],
        ),
        ask(
            3, "Color", is_multiple=True, is_customizable=True, values=[{"id": "r", "name": "Red"}]
        ),
        ask(4, "Breed", values=[{"id": str(n), "name": f"Breed {n}"} for n in range(600)]),
    ]
    return {row.name: row for row in rows}


def toys(shop: Shop, tree: dict[str, ChannelCategory], count: int = 2) -> list[Listing]:
    return [stage(factories.make_product(shop.merchant), shop, tree["Toys"]) for _ in range(count)]


def looks(client: Client, shop: Shop, **asked: str) -> Any:
    return client.get(reverse("admin:catalog_channelcategory_picker", args=[shop.pk]), asked)


def held(listing: Listing) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in ListingAttribute.objects.filter(listing=listing).select_related("attribute"):
        found.setdefault(row.attribute.name, []).append(row.value)
    return found


def name_of(attribute: CategoryAttribute) -> str:
    return f"attribute_{attribute.pk}"


# -- the tree ----------------------------------------------------------------------------------


def test_the_tree_is_walked_level_by_level_and_says_what_cannot_be_chosen(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory]
) -> None:
    first = looks(lister, shop).json()
    assert [(one["name"], one["is_leaf"]) for one in first["items"]] == [("Pets", False)]
    pets = looks(lister, shop, under="Pets").json()
    assert [(one["name"], one["is_open"], one["note"][:12]) for one in pets["items"]] == [
        ("Dogs", True, ""),
        ("Jewels", False, "The channel "),
        ("Perfume", True, "Invite-only:"),
    ]
    dogs = looks(lister, shop, under="Dogs").json()
    assert [one["name"] for one in dogs["trail"]] == ["Pets", "Dogs"]
    assert [one["path"] for one in looks(lister, shop, q="dog toy").json()["items"]] == [
        "Pets > Dogs > Toys"
    ]


def test_the_tree_is_for_people_who_may_see_categories(
    clerk: Client, lister: Client, client: Client, shop: Shop
) -> None:
    User.objects.get(username="Order clerk person").groups.clear()
    assert looks(clerk, shop).status_code == 403
    assert looks(client, shop).status_code == 302
    shop.pk = 0
    assert looks(lister, shop).status_code == 404


# -- choosing one ------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["pk", "Pets > Dogs > Toys", "dogs toy"])
def test_a_category_is_set_by_its_key_and_without_scripts_by_its_words(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory], typed: str
) -> None:
    listing = stage(factories.make_product(shop.merchant), shop)
    given = str(tree["Toys"].pk) if typed == "pk" else typed
    assert do(lister, "categorize", [listing], category=given)[-1] == "Categorized 1."
    listing.refresh_from_db()
    assert listing.category == tree["Toys"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Choose a category."),
        ("pets", "Several categories fit “pets”"),
        ("kettle", "holds “kettle”"),
        ("Pets > Jewels", "The channel prohibits products of this kind."),
        ("Dogs", "is not at the lowest level"),
        ("foreign", "This category is not in the shop"),
    ],
)
def test_what_cannot_be_chosen_is_refused_beside_the_field(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory], typed: str, words: str
) -> None:
    listing = stage(factories.make_product(shop.merchant), shop)
    keys = {
        "Dogs": tree["Dogs"].pk,
        "foreign": factories.make_category(factories.make_shop(shop.merchant)).pk,
    }
    page = lister.post(
        select(lister, "categorize", [listing]).url, {"category": keys.get(typed, typed)}
    )
    (error,) = page.context["form"].errors["category"]
    assert words in error
    listing.refresh_from_db()
    assert listing.category is None


@pytest.mark.slow
@pytest.mark.browser
def test_a_category_is_found_and_set_with_the_keyboard_alone(
    chromium: Browser,
    live_server: Any,
    lister: Client,
    shop: Shop,
    tree: dict[str, ChannelCategory],
) -> None:
    listing = stage(factories.make_product(shop.merchant), shop)
    person = Person(chromium, live_server.url)
    cookie = {"name": "sessionid", "value": lister.cookies["sessionid"].value}
    person.page.context.add_cookies([{**cookie, "url": live_server.url}])
    person.opens(select(lister, "categorize", [listing]).url)
    page, picker = person.page, person.page.locator("category-picker")
    search = picker.get_by_role("searchbox")
    # Down the tree: to what is prohibited, which does not let itself be chosen.
    search.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    picker.get_by_role("button", name="Jewels").press("Enter")
    assert picker.locator("input[type=hidden]").input_value() == ""
    page.keyboard.press("ArrowLeft")
    picker.get_by_role("button", name="Pets").wait_for()
    search.fill("dogs beds")
    picker.get_by_role("button", name="Pets > Dogs > Beds").wait_for()
    search.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "Pets > Dogs > Beds" in picker.inner_text()
    person.presses("Categorize")
    page.wait_for_url("**/listing/**")
    listing.refresh_from_db()
    assert listing.category == tree["Beds"]
    assert person.complaints == []


# -- filling in --------------------------------------------------------------------------------


def test_required_properties_come_first_and_the_rest_is_folded_away(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory], form: Any
) -> None:
    page = lister.get(select(lister, "fill_in", toys(shop, tree)).url)
    sections = page.context["form"].sections()
    assert [(one.title, one.is_folded, [f.label for f in one.fields]) for one in sections] == [
        ("Required properties", False, ["Battery (required)"]),
        ("Asked for in some cases", False, ["Volts (only if Battery = Yes)"]),
        ("More properties", True, ["Color", "Breed"]),
        ("Take values off", True, ["Properties to clear"]),
    ]
    text = page.content.decode()
    assert "A number above zero, such as 2 or 0.5." in text
    # Six hundred options do not travel with the page.
    assert "Type to search the channel's 600 options." in text
    assert "Breed 599" not in text


def test_many_options_are_searched_on_the_server(
    lister: Client, viewer: Client, clerk: Client, form: dict[str, CategoryAttribute]
) -> None:
    url = reverse("admin:catalog_categoryattribute_options", args=[form["Breed"].pk])
    assert lister.get(url, {"q": "breed 59"}).json()["options"] == [
        "Breed 59",
        *(f"Breed {n}" for n in range(590, 600)),
    ]
    assert len(lister.get(url).json()["options"]) == 50


def test_values_are_filled_in_for_all_and_what_is_empty_stays(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory], form: Any
) -> None:
    first, second = toys(shop, tree)
    do(lister, "fill_in", [first], **{name_of(form["Battery"]): "No"})
    text = lister.get(select(lister, "fill_in", [first, second]).url).content.decode()
    assert "Now: “No” on 1." in text
    given = {name_of(form["Color"]): "red; Sky blue", name_of(form["Breed"]): "breed 7"}
    assert do(lister, "fill_in", [first, second], **given)[-1] == "Filled in 2."
    assert held(first) == {"Battery": ["No"], "Color": ["Red", "Sky blue"], "Breed": ["Breed 7"]}
    assert held(second) == {"Color": ["Red", "Sky blue"], "Breed": ["Breed 7"]}
    ids = ListingAttribute.objects.filter(listing=second).values_list("value", "value_external_id")
    assert dict(ids) == {"Red": "r", "Sky blue": "", "Breed 7": "7"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Volts", "many", "“Volts” takes a number above zero"),
        ("Breed", "Wolf", "“Breed” takes only the channel's own options, not “Wolf”."),
    ],
)
def test_a_value_that_the_channel_would_not_take_is_refused_beside_its_field(
    lister: Client,
    shop: Shop,
    tree: dict[str, ChannelCategory],
    form: Any,
    name: str,
    value: str,
    words: str,
) -> None:
    rows = toys(shop, tree)
    page = lister.post(select(lister, "fill_in", rows).url, {name_of(form[name]): value})
    (error,) = page.context["form"].errors[name_of(form[name])]
    assert words in error
    assert not ListingAttribute.objects.exists()


def test_nothing_filled_in_is_said_and_a_property_can_be_cleared_for_all(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory], form: Any
) -> None:
    rows = toys(shop, tree)
    color = name_of(form["Color"])
    do(lister, "fill_in", rows, **{color: "Red", name_of(form["Battery"]): "No"})
    begun = select(lister, "fill_in", rows).url
    page = lister.post(begun, {})
    assert page.context["form"].non_field_errors()[0].startswith("Nothing was filled in")
    both = lister.post(begun, {color: "Red", "clear": [color]})
    assert both.context["form"].errors["clear"] == ["“Color” is filled in and to be cleared."]
    assert said(lister.post(begun, {"clear": [color]}))[-1] == "Filled in 2."
    assert [held(row) for row in rows] == [{"Battery": ["No"]}, {"Battery": ["No"]}]


def test_on_one_listing_what_is_emptied_is_taken_off(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory], form: Any
) -> None:
    (row,) = toys(shop, tree, 1)
    color, battery = name_of(form["Color"]), name_of(form["Battery"])
    do(lister, "fill_in", [row], **{color: "Red", battery: "No"})
    begun = select(lister, "fill_in", [row]).url
    assert lister.get(begun).context["form"].initial == {color: "Red", battery: "No"}
    lister.post(begun, {color: "", battery: "Yes"})
    assert held(row) == {"Battery": ["Yes"]}


# -- looking at them ---------------------------------------------------------------------------


def test_categories_say_what_they_ask_and_what_to_do(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory], form: Any
) -> None:
    page = lister.get(page_url(tree["Toys"])).content.decode()
    assert "Only if Battery = Yes" in page
    assert "own ones are numbers above zero" in page
    assert "and 588 more" in page
    assert "Qualification Center" in lister.get(page_url(tree["Perfume"])).content.decode()
    restricted = lister.get(list_url(ChannelCategory, "?tab=restricted")).content.decode()
    assert "Pets &gt; Perfume" in restricted
    assert "Pets &gt; Dogs &gt; Toys" not in restricted


def test_a_category_that_is_gone_is_listed_with_its_listings(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory]
) -> None:
    toys(shop, tree)
    ChannelCategory.objects.filter(name__in=["Toys", "Beds"]).update(is_gone=True)
    page = lister.get(list_url(ChannelCategory, "?tab=gone")).content.decode()
    assert "Pets &gt; Dogs &gt; Toys" in page
    assert "Pets &gt; Dogs &gt; Beds" not in page


def test_the_page_of_a_listing_says_where_each_value_comes_from(
    lister: Client, shop: Shop, tree: dict[str, ChannelCategory], form: Any
) -> None:
    (row,) = toys(shop, tree, 1)
    do(lister, "fill_in", [row], **{name_of(form["Volts"]): "12", name_of(form["Color"]): "Red"})
    page = lister.get(page_url(row)).content.decode()
    for words in ("Only if Battery = Yes", "Own number", "The channel&#x27;s option", "by hand"):
        assert words in page
