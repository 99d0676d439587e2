"""Listing templates as a person of operations makes, tries and applies them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import (
    CategoryAttribute,
    ChannelCategory,
    Listing,
    ListingTemplate,
    Product,
    Shop,
    Tag,
)
from catalog.services import listings
from catalog.states import ListingState
from marketplace.kernel.models import Job
from tests import factories
from tests.admin.door import do, list_url, page_url, said, select
from tests.admin.rows import stage

ADD = reverse("admin:catalog_listingtemplate_add")


@pytest.fixture
def template(shop: Shop, category: ChannelCategory) -> ListingTemplate:
    row = ListingTemplate.objects.create(
        shop=shop, category=category, name="Toys", title="{brand} {title}"
    )
    row.conditions.create(kind="tag", value="Dog")
    row.attributes.create(attribute=material(category), values=["Cotton"])
    return row


def material(category: ChannelCategory) -> CategoryAttribute:
    return category.attributes.get(name="Material")


def rope(shop: Shop, sku: str, *tags: str) -> Product:
    product = factories.make_product(shop.merchant, sku=sku, title=f"Rope {sku}", brand="Harbor")
    for name in tags:
        product.tags.add(Tag.objects.get_or_create(merchant=shop.merchant, name=name)[0])
    return product


EMPTY = {"attributes": {"source": "fixed"}, "conditions": {"kind": "tag", "value": ""}}


def rows(prefix: str, *given: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """The fields of an inline as a browser posts them, with the empty row at their end."""
    posted: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(given) + 1,
        f"{prefix}-INITIAL_FORMS": initial,
    }
    for number, one in enumerate([*given, EMPTY[prefix]]):
        posted |= {f"{prefix}-{number}-{name}": value for name, value in one.items()}
    return posted


def typed(template: ListingTemplate, rule: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The template's page with its condition, one rule changed, and other fields as given."""
    condition = template.conditions.get()
    kept = template.attributes.get()
    known = {"id": kept.pk, "template": template.pk, "attribute": kept.attribute_id}
    return {
        "name": template.name,
        "title": template.title,
        "is_active": "on",
        "position": "0",
        **rows("attributes", {**known, "source": "fixed", **rule}, initial=1),
        **rows(
            "conditions",
            {"id": condition.pk, "template": template.pk, "kind": "tag", "value": "Dog"},
            initial=1,
        ),
        **changes,
    }


def test_a_template_is_made_in_two_steps(
    lister: Client, shop: Shop, category: ChannelCategory
) -> None:
    assert lister.get(ADD).url == f"{ADD}?shop={shop.pk}"
    assert "Dog toys" not in lister.get(f"{ADD}?shop={shop.pk}").content.decode()
    made = lister.post(
        f"{ADD}?shop={shop.pk}",
        {
            "shop": shop.pk,
            "category": category.pk,
            "name": "Toys",
            "title": "{brand} {title}",
            "is_active": "on",
            "position": "0",
            **rows("conditions", {"kind": "tag", "value": " Dog "}),
        },
    )
    row = ListingTemplate.objects.get()
    assert made.url.startswith(page_url(row))
    assert (row.shop, row.category, row.conditions.get().value) == (shop, category, "Dog")
    page = lister.get(made.url).content.decode()
    assert "Material (required)" in page
    lister.post(made.url, typed_new(row, material(category), "cotton"))
    assert row.attributes.get().values == ["Cotton"]


def typed_new(
    template: ListingTemplate, attribute: CategoryAttribute, values: str
) -> dict[str, Any]:
    rule = {"template": template.pk, "attribute": attribute.pk, "source": "fixed"}
    return {
        "name": template.name,
        "title": template.title,
        "is_active": "on",
        "position": "0",
        **rows("attributes", {**rule, "values": values}),
        **rows("conditions"),
    }


def test_of_several_shops_one_is_chosen_first(lister: Client, shop: Shop) -> None:
    second = factories.make_shop(factories.make_merchant(name="Bay Goods"))
    page = lister.get(ADD).content.decode()
    assert f"?shop={second.pk}" in page
    assert "Bay Goods" in page


@pytest.mark.parametrize(
    ("rule", "changes", "sentence"),
    [
        ({"values": "Silk"}, {}, "not “Silk”. Options: Cotton, Nylon"),
        ({"values": ""}, {}, "Fill in the value, or choose “From a field”."),
        ({"source": "field", "field": "colour"}, {}, "There is no field “colour”. Allowed are:"),
        (
            {"source": "field", "field": "brand", "translations": "Harbor = Silk"},
            {},
            "not “Silk”. Options: Cotton, Nylon",
        ),
        (
            {"source": "field", "field": "brand", "translations": "Harbor"},
            {},
            "Write one translation to a line",
        ),
        ({"values": "Cotton"}, {"title": "{price}"}, "The price cannot stand in a text"),
        (
            {"values": "Cotton"},
            {"title": "{attribute:Size}"},
            "no property “Size”. It has: Material",
        ),
        ({"values": "Cotton"}, {"name": "Beds"}, "Another template of this shop has this name."),
    ],
)
def test_what_the_channel_would_not_take_is_not_saved(
    lister: Client,
    shop: Shop,
    category: ChannelCategory,
    template: ListingTemplate,
    rule: dict[str, Any],
    changes: dict[str, Any],
    sentence: str,
) -> None:
    ListingTemplate.objects.create(shop=shop, category=category, name="Beds")
    answer = lister.post(page_url(template), typed(template, rule, **changes))
    assert answer.status_code == 200
    assert sentence in answer.content.decode().replace("&#x27;", "'")
    assert template.attributes.get().values == ["Cotton"]


def test_two_brands_never_hold_together(
    lister: Client, shop: Shop, category: ChannelCategory, template: ListingTemplate
) -> None:
    given = typed(template, {"values": "Cotton"})
    given |= rows("conditions", *({"kind": "brand", "value": name} for name in ("A", "B")))
    page = lister.post(page_url(template), given).content.decode()
    assert "A product has one brand, so two of these never hold together." in page


def test_saving_tells_how_many_follow_and_how_many_are_to_be_published_again(
    lister: Client, shop: Shop, template: ListingTemplate
) -> None:
    first, second = (stage(rope(shop, f"R{number}", "Dog"), shop) for number in (1, 2))
    Listing.objects.filter(pk=first.pk).update(external_id="17", published_hash=first.content_hash)
    told = said(lister.post(page_url(template), typed(template, {"values": "Nylon"})))
    assert told[-1] == ("2 listings follow this template. 1 of them are to be published again.")
    assert [row.value for row in second.attributes.all()] == ["Nylon"]
    assert Job.objects.filter(key=f"apply_template:{template.pk}").exists()
    page = lister.get(list_url(ListingTemplate)).content.decode()
    assert f"?template__id__exact={template.pk}&amp;tab=changed" in page
    shown = lister.get(list_url(Listing, f"?template__id__exact={template.pk}&tab=changed"))
    assert [row.pk for row in shown.context["cl"].result_list] == [first.pk]


def test_many_listings_are_brought_up_to_date_in_the_background(
    lister: Client, shop: Shop, template: ListingTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.admin.template.RENEWED_AT_ONCE", 0)
    listing = stage(rope(shop, "R1", "Dog"), shop)
    told = said(lister.post(page_url(template), typed(template, {"values": "Nylon"})))
    assert told[-1].startswith(
        "1 listing follows this template. They are being brought up to date in the background."
    )
    assert [row.value for row in listing.attributes.all()] == ["Cotton"]


def test_the_page_shows_what_it_makes_of_products_before_it_is_saved(
    lister: Client, shop: Shop, template: ListingTemplate
) -> None:
    rope(shop, "R1", "Dog")
    rope(shop, "R2")
    page = lister.get(page_url(template)).content.decode()
    assert "Harbor Rope R1" in page
    assert "Harbor Rope R2" not in page
    url = reverse("admin:catalog_listingtemplate_preview", args=[template.pk])
    given = typed(template, {"values": "Nylon"}, title="{title}!", try_sku="r2")
    tried = lister.post(url, given).content.decode()
    assert "Rope R2!" in tried
    assert "Nylon" in tried
    assert "it does not meet the conditions" in tried
    assert "no product with the SKU “X”" in (
        lister.post(url, {**given, "try_sku": "X"}).content.decode()
    )
    wrong = lister.post(url, {**given, "title": "{colour}"}).content.decode()
    assert "There is no field “colour”" in wrong
    template.refresh_from_db()
    assert (template.title, template.attributes.get().values) == ("{brand} {title}", ["Cotton"])


def test_a_template_is_looked_at_then_applied_to_selected_listings(
    lister: Client, shop: Shop, category: ChannelCategory, template: ListingTemplate
) -> None:
    plain, own = (stage(rope(shop, f"R{number}"), shop) for number in (1, 2))
    listings.categorize([own.pk], category, by="Ada")
    listings.set_attribute([own.pk], material(category), ["Nylon"], by="Ada")
    Listing.objects.filter(pk=own.pk).update(title="My rope")
    begun = select(lister, "apply_template", [plain, own])
    page = lister.get(begun.url).content.decode()
    assert "R1: “Rope R1” → “Harbor Rope R1”; Material: Cotton; category none → Pets" in page
    assert "R2: the title “My rope” was set by hand and stays; Material: Nylon (by hand)." in page
    looked = {"template": template.pk, "replace": "on", "_look": "1"}
    assert "R2: “My rope” → “Harbor Rope R2”; Material: Cotton." in (
        lister.post(begun.url, looked).content.decode()
    )
    assert not Listing.objects.exclude(template=None).exists()
    assert said(lister.post(begun.url, {"template": template.pk})) == ["Applied to 2."]
    assert Listing.objects.get(pk=own.pk).title_to_send == "My rope"
    assert "Harbor Rope R1" in lister.get(list_url(Listing)).content.decode()
    assert "From the template" in lister.get(page_url(plain)).content.decode()
    told = do(lister, "take_template_off", [plain, own], what="remove")
    assert told == ["Taken off 2."]
    assert Listing.objects.get(pk=plain.pk).title_to_send == "Rope R1"


def test_deleting_a_template_keeps_what_it_gave(
    lister: Client, shop: Shop, template: ListingTemplate
) -> None:
    listing = stage(rope(shop, "R1", "Dog"), shop)
    url = reverse("admin:catalog_listingtemplate_delete", args=[template.pk])
    lister.post(url, {"post": "yes"})
    assert not ListingTemplate.objects.exists()
    listing.refresh_from_db()
    assert (listing.title_to_send, listing.state) == ("Harbor Rope R1", ListingState.INCOMPLETE)


def test_who_may_only_look_changes_nothing(
    viewer: Client, shop: Shop, template: ListingTemplate
) -> None:
    assert viewer.get(page_url(template)).status_code == 200
    assert viewer.get(ADD).status_code == 403
    assert viewer.post(page_url(template), typed(template, {"values": "Nylon"})).status_code == 403
    url = reverse("admin:catalog_listingtemplate_preview", args=[template.pk])
    assert viewer.post(url, typed(template, {"values": "Nylon"})).status_code == 403
    assert template.attributes.get().values == ["Cotton"]


def test_a_list_of_sixty_templates_costs_no_more_queries_than_one_of_two(
    lister: Client, shop: Shop, category: ChannelCategory, django_assert_max_num_queries: Any
) -> None:
    def queries(count: int) -> int:
        for number in range(ListingTemplate.objects.count(), count):
            row = ListingTemplate.objects.create(shop=shop, category=category, name=f"T{number}")
            row.conditions.create(kind="tag", value="Dog")
        with django_assert_max_num_queries(100) as seen:
            lister.get(list_url(ListingTemplate))
        return len(seen.captured_queries)

    queries(2)
    assert queries(2) == queries(49)
