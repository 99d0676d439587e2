"""Listing templates: what they give listings, what stays a person's, how changes travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import tasks
from catalog.models import (
    AttributeKind,
    CategoryAttribute,
    ChannelCategory,
    Listing,
    ListingAttribute,
    ListingTemplate,
    Product,
    Shop,
    Tag,
    ValueOrigin,
    ValueSource,
)
from catalog.ports import AttributeValue, RemoteListing, RemoteOffer, RemoteStatus
from catalog.services import listing_import, listings, products, templates
from catalog.states import ListingState, ReviewState
from marketplace.kernel.errors import Refused
from tests import factories


@pytest.fixture
def toys(shop: Shop) -> ChannelCategory:
    """Dog toys: “Material” takes the channel's options, “Care” any text."""
    category = factories.make_category(shop, name="Dog toys", path="Pets > Dog toys")
    options = [{"id": "1", "name": "Cotton"}, {"id": "2", "name": "Nylon"}]
    for external_id, name, values in (("100", "Material", options), ("200", "Care", [])):
        CategoryAttribute.objects.create(
            category=category,
            external_id=external_id,
            name=name,
            kind=AttributeKind.PRODUCT,
            values=values,
        )
    return category


@pytest.fixture
def template(shop: Shop, toys: ChannelCategory) -> ListingTemplate:
    """“{brand} {title}”, cotton; taken for what has the tag “Dog”."""
    row = ListingTemplate.objects.create(
        shop=shop, category=toys, name="Toys", title="{brand} {title} [of {attribute:Material}]"
    )
    row.conditions.create(kind="tag", value="dog")
    row.attributes.create(attribute=attribute(toys, "Material"), values=["Cotton"])
    return row


def attribute(category: ChannelCategory, name: str) -> CategoryAttribute:
    return category.attributes.get(name=name)


def rope(shop: Shop, tag: str = "", **changes: Any) -> Product:
    product = factories.make_product(
        shop.merchant, **{"title": "Rope", "brand": "Harbor", "with_image": False, **changes}
    )
    if tag:
        product.tags.add(Tag.objects.get_or_create(merchant=shop.merchant, name=tag)[0])
    return product


def staged(shop: Shop, tag: str = "", **changes: Any) -> Listing:
    product = rope(shop, tag, **changes)
    listings.stage([product.pk], shop, by="test")
    return Listing.objects.get(product=product, shop=shop)


def values(listing: Listing) -> dict[str, tuple[str, str]]:
    return {
        row.attribute.name: (row.value, row.origin)
        for row in listing.attributes.select_related("attribute")
    }


def again(listing: Listing) -> Listing:
    return Listing.objects.get(pk=listing.pk)


def save(template: ListingTemplate, **changes: Any) -> None:
    """As the admin's page saves a template."""
    for name, value in {"carried_to": 0, **changes}.items():
        setattr(template, name, value)
    template.save()


def published(listing: Listing) -> Listing:
    """As if the channel had it as it is now."""
    now = again(listing)
    Listing.objects.filter(pk=listing.pk).update(
        external_id=f"17{listing.pk}", published_hash=now.content_hash
    )
    return again(listing)


def test_a_staged_product_that_fits_is_listed_by_the_template(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    listing = staged(shop, "Dog")
    assert (listing.template, listing.category) == (template, toys)
    assert listing.title_to_send == "Harbor Rope of Cotton"
    assert values(listing) == {"Material": ("Cotton", ValueOrigin.TEMPLATE)}
    assert listing.events.get(reason__contains="Template").reason == (
        "Template “Toys” was taken: the product has the tag “dog”."
    )
    assert [item["field"] for item in listing.missing] == ["quantity", "image"]


def test_of_several_that_fit_the_first_is_taken_and_none_by_half(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    first = ListingTemplate.objects.create(shop=shop, category=toys, name="Zed")
    first.conditions.create(kind="brand", value="HARBOR")
    first.conditions.create(kind="type", value="Toys")
    ListingTemplate.objects.filter(pk=template.pk).update(position=1)
    assert staged(shop, "Dog", product_type="toys").template == first
    assert staged(shop, "Dog").template == template
    assert staged(shop, "Cat").template is None
    save(template, is_active=False, position=1)
    assert staged(shop, "Dog").template is None


def test_a_tag_given_later_brings_the_template(shop: Shop, template: ListingTemplate) -> None:
    listing = staged(shop)
    products.tag([listing.product_id], "Dog")
    assert again(listing).template == template
    assert again(listing).title_to_send == "Harbor Rope of Cotton"


def test_what_a_person_categorized_gets_no_template_by_itself(
    shop: Shop, template: ListingTemplate
) -> None:
    listing = staged(shop)
    other = factories.make_category(shop)
    listings.categorize([listing.pk], other, by="Ada")
    products.tag([listing.product_id], "Dog")
    assert (again(listing).template, again(listing).category) == (None, other)


def test_what_a_person_filled_in_stays(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    listing = staged(shop, "Dog")
    listings.set_attribute([listing.pk], attribute(toys, "Material"), ["Nylon"], by="Ada")
    assert again(listing).title_to_send == "Harbor Rope of Nylon"
    Listing.objects.filter(pk=listing.pk).update(title="My rope")
    template.attributes.update(values=["Cotton"], source=ValueSource.FIXED)
    template.attributes.create(attribute=attribute(toys, "Care"), values=["Wash cold"])
    save(template, title="{title}!")
    templates.renew(template)
    assert values(listing) == {
        "Material": ("Nylon", ValueOrigin.PERSON),
        "Care": ("Wash cold", ValueOrigin.TEMPLATE),
    }
    assert (again(listing).title_to_send, again(listing).template_title) == ("My rope", "Rope!")


def test_filling_in_what_stands_there_already_makes_it_nobody_s_own(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    listing = staged(shop, "Dog")
    listings.set_attribute([listing.pk], attribute(toys, "Material"), ["Cotton"], by="Ada")
    assert values(listing) == {"Material": ("Cotton", ValueOrigin.TEMPLATE)}


def test_a_value_the_template_no_longer_gives_goes(shop: Shop, template: ListingTemplate) -> None:
    listing = staged(shop, "Dog")
    template.attributes.all().delete()
    save(template)
    templates.renew(template)
    assert values(listing) == {}
    assert again(listing).title_to_send == "Harbor Rope"


def test_texts_follow_the_product(shop: Shop, template: ListingTemplate) -> None:
    listing = published(staged(shop, "Dog"))
    Product.objects.filter(pk=listing.product_id).update(brand="Bay")
    products.changed([listing.product_id], by="Ada")
    assert again(listing).title_to_send == "Bay Rope of Cotton"
    assert again(listing).has_unpublished_changes


def test_what_does_not_fit_is_told_on_the_listing(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    template.attributes.update(source=ValueSource.FIELD, field="brand")
    listing = staged(shop)
    report = templates.apply([listing.pk], template, by="Ada")
    told = (
        "“Material” takes only the channel's own options, not “Harbor”. Add a translation for it, "
        "or correct the product's brand."
    )
    assert report.summary() == f"Applied to 1. Not everything could be filled in: {told}"
    assert templates.remarks_of(again(listing)) == (told,)
    assert listing.events.filter(reason__endswith=told).count() == 1
    assert values(listing) == {}


def test_applying_sets_the_category_and_drops_values_of_another(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    other = factories.make_category(shop)
    size = CategoryAttribute.objects.create(category=other, external_id="9", name="Size", kind="p")
    listing = staged(shop)
    listings.categorize([listing.pk], other, by="Ada")
    listings.set_attribute([listing.pk], size, ["XL"], by="Ada")
    assert templates.apply([listing.pk], template, by="Ada").done == 1
    assert again(listing).category == toys
    assert values(listing) == {"Material": ("Cotton", ValueOrigin.TEMPLATE)}


def test_replacing_takes_what_was_filled_in_by_hand(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    listing = staged(shop, "Dog")
    listings.set_attribute([listing.pk], attribute(toys, "Material"), ["Nylon"], by="Ada")
    listings.set_attribute([listing.pk], attribute(toys, "Care"), ["Wash"], by="Ada")
    Listing.objects.filter(pk=listing.pk).update(title="My rope")
    templates.apply([listing.pk], template, by="Ada", replace=True)
    assert again(listing).title_to_send == "Harbor Rope of Cotton"
    assert values(listing) == {
        "Material": ("Cotton", ValueOrigin.TEMPLATE),
        "Care": ("Wash", ValueOrigin.PERSON),
    }


def test_what_stands_on_the_channel_stays_until_a_template_is_applied_by_hand(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    listing = staged(shop, "Dog")
    ListingAttribute.objects.filter(listing=listing).update(
        value="Nylon", origin=ValueOrigin.CHANNEL
    )
    products.changed([listing.product_id])
    assert values(listing) == {"Material": ("Nylon", ValueOrigin.CHANNEL)}
    templates.apply([listing.pk], template, by="Ada")
    assert values(listing) == {"Material": ("Cotton", ValueOrigin.TEMPLATE)}


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda t: save(t, is_active=False), "The template “Toys” is inactive"),
        (
            lambda t: ChannelCategory.objects.filter(pk=t.category_id).update(is_gone=True),
            "not at the lowest level, or it is gone",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(
    shop: Shop, template: ListingTemplate, spoil: Callable[[Any], Any], sentence: str
) -> None:
    listing = staged(shop)
    spoil(template)
    with pytest.raises(Refused, match=sentence):
        templates.apply([listing.pk], ListingTemplate.objects.get(pk=template.pk), by="Ada")
    assert again(listing).template is None


def test_listings_of_another_shop_or_under_way_are_refused(
    shop: Shop, template: ListingTemplate
) -> None:
    second = factories.make_shop(shop.merchant)
    elsewhere, busy = staged(second), staged(shop)
    Listing.objects.filter(pk=busy.pk).update(state=ListingState.PUBLISHING)
    report = templates.apply([elsewhere.pk, busy.pk], template, by="Ada")
    assert (report.done, dict(report.refused)) == (
        0,
        {f"It is not on {shop}": 1, "It is being published right now": 1},
    )
    assert not Listing.objects.exclude(template=None).exists()


@pytest.mark.parametrize(
    ("keep", "title", "left"),
    [
        (False, "Rope", {}),
        (True, "Harbor Rope of Cotton", {"Material": ("Cotton", ValueOrigin.PERSON)}),
    ],
)
def test_a_template_taken_off_leaves_its_work_or_takes_it_along(
    shop: Shop, template: ListingTemplate, keep: bool, title: str, left: dict[str, Any]
) -> None:
    listing, without = staged(shop, "Dog"), staged(shop)
    report = templates.take_off([listing.pk, without.pk], keep=keep, by="Ada")
    assert report.summary() == "Taken off 1. 1 skipped: it has no template."
    now = again(listing)
    assert (now.template, now.category, now.title_to_send) == (None, template.category, title)
    assert values(listing) == left
    products.changed([listing.product_id])
    assert again(listing).template is None


def test_another_category_takes_the_template_off(shop: Shop, template: ListingTemplate) -> None:
    listing = staged(shop, "Dog")
    listings.categorize([listing.pk], template.category, by="Ada")
    assert again(listing).template == template
    listings.categorize([listing.pk], factories.make_category(shop), by="Ada")
    assert (again(listing).template, again(listing).title_to_send) == (None, "Rope")


def test_a_deleted_template_changes_no_listing(shop: Shop, template: ListingTemplate) -> None:
    listing = published(staged(shop, "Dog"))
    templates.delete(template)
    listings.refresh_readiness([listing.pk])
    now = again(listing)
    assert (now.template, now.title_to_send) == (None, "Harbor Rope of Cotton")
    assert values(listing) == {"Material": ("Cotton", ValueOrigin.PERSON)}
    assert not now.has_unpublished_changes


def test_an_inactive_template_leaves_its_listings_as_they_are(
    shop: Shop, template: ListingTemplate
) -> None:
    listing = staged(shop, "Dog")
    save(template, is_active=False, title="{sku}")
    Product.objects.filter(pk=listing.product_id).update(brand="Bay")
    products.changed([listing.product_id])
    templates.renew(template)
    assert again(listing).title_to_send == "Harbor Rope of Cotton"


def test_a_change_reaches_all_its_listings_though_a_worker_dies(
    shop: Shop, template: ListingTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [published(staged(shop, "Dog", sku=f"R{number}")) for number in range(5)]
    monkeypatch.setattr("catalog.services.templates.CHUNK", 2)
    save(template, title="{title} {sku}")
    first = templates.renew(template, until=lambda: True)
    assert (first.seen, first.changed, first.is_complete) == (2, 2, False)
    with monkeypatch.context() as dying:
        dying.setattr(listings, "refresh_readiness", _die)
        with pytest.raises(KeyboardInterrupt):
            tasks.apply_template(template.pk)
    assert again(rows[2]).title_to_send == "Harbor Rope of Cotton"
    assert tasks.apply_template(template.pk) == "Toys: 3 of 3 listings changed"
    assert [again(row).title_to_send for row in rows] == [f"Rope R{number}" for number in range(5)]
    assert Listing.objects.with_unpublished_changes().count() == 5
    assert tasks.apply_template(template.pk) == "Toys: 0 of 0 listings changed"


def _die(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_a_template_saved_during_a_run_begins_again(shop: Shop, template: ListingTemplate) -> None:
    listing = staged(shop, "Dog")
    old = ListingTemplate.objects.get(pk=template.pk)
    save(template, title="{sku} {title}")
    assert templates.renew(old).seen == 0
    assert ListingTemplate.objects.get(pk=template.pk).carried_to == 0
    templates.renew(template)
    assert again(listing).title_to_send == f"{listing.product.sku} Rope"


def test_a_listing_found_on_the_shop_keeps_what_stands_there(
    shop: Shop, template: ListingTemplate, toys: ChannelCategory
) -> None:
    listing = staged(shop, "Dog")
    remote = RemoteListing(
        status=RemoteStatus("1729", ListingState.ACTIVE, ReviewState.APPROVED, "ACTIVATE"),
        title="Strong rope",
        description="",
        category_id=toys.external_id,
        category_path=toys.path,
        brand_id="",
        brand="",
        image_urls=(),
        offers=(RemoteOffer("1730", listing.product.sku, None, {}),),
        attributes=(AttributeValue("100", "2", "Nylon"),),
    )
    listing_import.bring_home(shop, remote)
    products.changed([listing.product_id])
    assert again(listing).title_to_send == "Strong rope"
    assert values(listing) == {"Material": ("Nylon", ValueOrigin.CHANNEL)}


def test_sixty_listings_cost_as_many_queries_as_ten(
    shop: Shop, toys: ChannelCategory, template: ListingTemplate
) -> None:
    template.attributes.create(
        attribute=attribute(toys, "Care"), source=ValueSource.FIELD, field="tags"
    )

    def queries(act: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as seen:
            act()
        return len(seen)

    counts = []
    for number in (10, 60):
        own = [rope(shop, "Dog").pk for _ in range(number)]
        listings.stage(own, shop, by="test")
        some = Listing.objects.filter(product__in=own)
        save(template, title=f"{{brand}} {{title}} [of {{attribute:Material}}] {number}")
        Listing.objects.exclude(product__in=own).update(template=None)
        counts.append(
            (
                queries(lambda: templates.renew(template)),
                queries(lambda own=own: products.changed(own)),
                queries(lambda some=some: templates.apply(pks(some), template, by="Ada")),
            )
        )
        made = f"Harbor Rope of Cotton {number}"
        assert some.filter(template=template, template_title=made).count() == number
    assert counts[0] == counts[1]


def pks(rows: Any) -> list[int]:
    return list(rows.values_list("pk", flat=True))
