"""Suggested categories as a person of operations sees and takes them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import CategoryPermission, ChannelCategory, Listing, Shop, Tag
from marketplace.kernel import bulk
from marketplace.kernel.models import BulkRun
from tests import factories
from tests.admin.door import do, list_url, page_url, said, select
from tests.admin.rows import stage


def rope(shop: Shop, number: int = 1, tag: str = "Dog toys") -> Listing:
    product = factories.make_product(shop.merchant, title=f"Rope toy {number}")
    product.tags.add(Tag.objects.get_or_create(merchant=shop.merchant, name=tag)[0])
    return stage(product, shop)


@pytest.fixture
def beds(shop: Shop) -> ChannelCategory:
    factories.make_category(shop, name="Mugs", path="Home > Mugs")
    return factories.make_category(shop, name="Dog beds", path="Pets > Dog beds")


def take(client: Client, listing: Listing, category: object) -> Any:
    return client.post(
        reverse("admin:catalog_listing_take", args=[listing.pk]), {"category": category}
    )


def test_the_form_says_how_many_would_go_where(
    lister: Client, shop: Shop, category: ChannelCategory, beds: ChannelCategory
) -> None:
    rows = [rope(shop, number) for number in range(3)]
    strange = stage(factories.make_product(shop.merchant, title="Copper kettle"), shop)
    begun = select(lister, "accept_suggestions", [*rows, strange])
    page = lister.get(begun.url).content.decode()
    assert "From 70%, 3 of 4 without a category would get one:" in page
    assert "3 → Pets &gt; Dog toys (at least 87% certain)" in page
    assert "1 would stay as they are: no category fits its words (1)." in page
    told = said(lister.post(begun.url, {"at_least": "70"}))
    assert told == ["Categorized 3. 1 skipped: no category fits its words."]
    assert Listing.objects.filter(category=category).count() == 3


def test_a_higher_threshold_takes_fewer(
    lister: Client, shop: Shop, category: ChannelCategory, beds: ChannelCategory
) -> None:
    told = do(lister, "accept_suggestions", [rope(shop)], at_least="90")
    assert told == ["Categorized 0. 1 skipped: no category is 90% certain."]


def test_the_preview_can_be_seen_for_another_threshold_before_anything_happens(
    lister: Client, shop: Shop, category: ChannelCategory, beds: ChannelCategory
) -> None:
    listing = rope(shop)
    begun = select(lister, "accept_suggestions", [listing])
    page = lister.post(begun.url, {"at_least": "90", "_look": "1"}).content.decode()
    assert "From 90%, 0 of 1 without a category would get one." in page
    assert "1 would stay as they are: no category is 90% certain (1)." in page
    listing.refresh_from_db()
    assert listing.category is None


def test_a_threshold_outside_of_one_to_a_hundred_is_asked_for_again(
    lister: Client, shop: Shop, category: ChannelCategory
) -> None:
    listing = rope(shop)
    begun = select(lister, "accept_suggestions", [listing])
    page = lister.post(begun.url, {"at_least": "0"}).content.decode()
    assert "greater than or equal to 1" in page
    listing.refresh_from_db()
    assert listing.category is None


def test_the_preview_judges_the_first_two_thousand(
    lister: Client, shop: Shop, category: ChannelCategory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.admin.suggestions.MOST_PREVIEWED", 2)
    begun = select(lister, "accept_suggestions", [rope(shop, number) for number in range(3)])
    page = lister.get(begun.url).content.decode()
    assert "From 70%, 2 of the first 2 without a category would get one:" in page


def test_the_incomplete_tab_shows_the_best_suggestion(
    lister: Client, shop: Shop, category: ChannelCategory, beds: ChannelCategory
) -> None:
    rope(shop)
    page = lister.get(list_url(Listing, "?tab=incomplete")).content.decode()
    assert "Suggested category" in page
    assert "87% certain" in page
    assert "Pets &gt; Dog toys: tag “Dog toys”; “toy” in the title" in page
    assert "Suggested category" not in lister.get(list_url(Listing)).content.decode()


def test_a_page_of_fifty_costs_no_more_queries_than_a_page_of_two(
    lister: Client, shop: Shop, category: ChannelCategory, django_assert_max_num_queries: Any
) -> None:
    def queries(rows: int) -> int:
        for number in range(Listing.objects.count(), rows):
            rope(shop, number)
        with django_assert_max_num_queries(200) as seen:
            lister.get(list_url(Listing, "?tab=incomplete"))
        return len(seen.captured_queries)

    queries(2)
    assert queries(2) == queries(50)


def test_the_page_of_a_listing_offers_three_and_takes_one(
    lister: Client, shop: Shop, category: ChannelCategory, beds: ChannelCategory
) -> None:
    listing = stage(factories.make_product(shop.merchant, title="Dog blanket"), shop)
    page = lister.get(page_url(listing)).content.decode()
    assert page.count("% certain:") == 2
    assert 'aria-label="Accept Pets &gt; Dog beds"' in page
    assert said(take(lister, listing, beds.pk)) == ["Categorized in “Pets > Dog beds”."]
    listing.refresh_from_db()
    assert listing.category == beds
    after = lister.get(page_url(listing)).content.decode()
    assert "Suggested categories" not in after
    assert "was suggested" in after


def test_an_invite_only_suggestion_says_so(
    lister: Client, shop: Shop, category: ChannelCategory
) -> None:
    ChannelCategory.objects.update(permission=CategoryPermission.INVITE_ONLY)
    listing = rope(shop)
    assert "Invite-only: ask for approval in Seller Center" in (
        lister.get(page_url(listing)).content.decode()
    )
    assert "Invite-only: ask for approval in Seller Center" in (
        lister.get(list_url(Listing, "?tab=incomplete")).content.decode()
    )


@pytest.mark.parametrize("wrong", ["", "x", "²", "999999"])
def test_a_category_that_is_not_suggested_is_refused_in_words(
    lister: Client, shop: Shop, category: ChannelCategory, wrong: str
) -> None:
    listing = rope(shop)
    assert said(take(lister, listing, wrong)) == [
        "This category is no longer suggested. Look at the suggestions again."
    ]
    listing.refresh_from_db()
    assert listing.category is None


def test_who_may_only_look_sees_suggestions_and_takes_none(
    viewer: Client, lister: Client, shop: Shop, category: ChannelCategory
) -> None:
    listing = rope(shop)
    page = viewer.get(page_url(listing)).content.decode()
    assert "Suggested categories" in page
    assert 'aria-label="Accept' not in page
    assert take(viewer, listing, category.pk).status_code == 403
    assert lister.get(reverse("admin:catalog_listing_take", args=[listing.pk])).status_code == 405
    listing.refresh_from_db()
    assert listing.category is None


def test_many_are_asked_about_in_the_background(
    lister: Client, shop: Shop, category: ChannelCategory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def answer(listing: Listing) -> ChannelCategory | None:
        asked.append(listing.pk)
        return category if len(asked) == 1 else None

    monkeypatch.setattr("catalog.services.suggestions.ask_channel", answer)
    rows = [rope(shop, number) for number in range(22)]
    begun = select(lister, "ask_category", rows)
    run = BulkRun.objects.get()
    assert begun.url.endswith(page_url(run))
    assert asked == []
    bulk.carry_on(run.pk, until=lambda: False)
    run.refresh_from_db()
    assert (run.done, dict(run.skipped)) == (1, {"the channel recommends none": 21})
    assert sorted(asked) == sorted(row.pk for row in rows)
