"""What templates make of listings, written into them; readiness is checked by whoever calls.

A value or text that a person gave one listing stays, and so does one that was read from the
channel, until a person applies a template by hand. What a template gave before and gives no
longer goes (B14).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Prefetch, QuerySet

from catalog.models import (
    AttributeKind,
    CategoryAttribute,
    ChannelCategory,
    Listing,
    ListingAttribute,
    ListingEvent,
    ListingTemplate,
    Product,
    TemplateAttribute,
    ValueOrigin,
    ValueSource,
    Variant,
)
from catalog.ports import listing_channels
from catalog.services import category_tree
from catalog.states import ListingState
from catalog.templating.recipes import Condition, Made, Recipe, fits, make
from catalog.templating.texts import ProductWords
from catalog.templating.values import FormField, Rule

Kept = Mapping[int, tuple[str, ...]]


@dataclass
class Filled:
    """Which listings changed, and what did not fit, by listing id."""

    changed: list[int] = field(default_factory=list)
    remarks: dict[int, tuple[str, ...]] = field(default_factory=dict)


def assign(listing_ids: Sequence[int], *, by: str) -> list[int]:
    """Give listings the first template whose conditions all hold; return those that got one.

    Only a listing that has neither a template nor a category, and is not on the channel, gets
    one: what a person chose is never overridden.
    """
    free = Listing.objects.filter(
        pk__in=listing_ids, template=None, category=None, external_id=""
    ).exclude(state=ListingState.PUBLISHING)
    templates = _automatic(free)
    if not templates:
        return []
    rows = list(
        free.select_for_update(of=("self",), no_key=True)
        .select_related("product")
        .prefetch_related("product__tags")
        .order_by("pk")
    )
    taken, events = [], []
    for row in rows:
        words = _plain_words(row.product)
        found = next((t for t in templates[row.shop_id] if fits(conditions_of(t), words)), None)
        if found is not None:
            row.template, row.category = found, found.category
            reason = f"Template “{found}” was taken: the product {_told(found)}."
            events.append(
                ListingEvent(listing=row, old=row.state, new=row.state, reason=reason, by=by)
            )
            taken.append(row)
    Listing.objects.bulk_update(taken, ["template", "category"])
    ListingEvent.objects.bulk_create(events)
    return [row.pk for row in taken]


def follow(listings: Sequence[Listing], *, by: str) -> None:
    """Listings are new, or their products changed: assign templates and make texts anew.

    Takes a fixed number of queries, one where the shops have no template.
    """
    taken = assign([row.pk for row in listings if row.template_id is None], by=by)
    fill([*taken, *(row.pk for row in listings if row.template_id is not None)])


def fill(listing_ids: Sequence[int], *, over_channel: bool = False, by: str = "") -> Filled:
    """Write what their templates make of these listings, in a fixed number of queries.

    `over_channel`: values that were read from the channel are overwritten too. With a name in
    `by`, the timeline of each listing says what did not fit. An inactive template makes nothing.
    """
    filled = Filled()
    rows = list(_followers(listing_ids)) if listing_ids else []
    recipes = recipes_of({row.template_id for row in rows if row.template_id})
    gone: list[int] = []
    new: list[ListingAttribute] = []
    for row in rows:
        recipe = recipes[row.template_id or 0]
        held = _by_attribute(row)
        stays = kept(row, over_channel=over_channel)
        made = make_for(row, recipe, kept=stays)
        old, added = _difference(row, recipe, made, held, stays)
        texts = (made.title, made.description)
        if old or added or texts != (row.template_title, row.template_description):
            filled.changed.append(row.pk)
        row.template_title, row.template_description = texts
        gone += old
        new += added
        if made.remarks:
            filled.remarks[row.pk] = made.remarks
    changed = set(filled.changed)
    ListingAttribute.objects.filter(pk__in=gone).delete()
    ListingAttribute.objects.bulk_create(new, ignore_conflicts=True)
    Listing.objects.bulk_update(
        [row for row in rows if row.pk in changed], ["template_title", "template_description"]
    )
    if by:
        _write_down(rows, filled, by)
    return filled


def let_go(listing_ids: Sequence[int], category: ChannelCategory) -> None:
    """Listings were put into another category: a template of the former one fits no more."""
    Listing.objects.filter(pk__in=listing_ids).exclude(template=None).exclude(
        template__category=category
    ).update(template=None, template_title="", template_description="")


def make_for(listing: Listing, recipe: Recipe, *, kept: Kept) -> Made:
    """What a recipe makes of a listing that was loaded with its product's variants and tags."""
    limits = listing_channels.get(listing.shop.channel).limits(listing.shop)
    names = {row.attribute_id: row.attribute.name for row in listing.attributes.all()}
    return make(
        recipe, words_of(listing.product), title_limit=limits.title_max, kept=kept, names=names
    )


def kept(listing: Listing, *, over_channel: bool = False) -> dict[int, tuple[str, ...]]:
    """Values by attribute id that stay: a person's, and the channel's unless `over_channel`."""
    stays = {ValueOrigin.PERSON} if over_channel else {ValueOrigin.PERSON, ValueOrigin.CHANNEL}
    return {
        attribute: tuple(row.value for row in rows)
        for attribute, rows in _by_attribute(listing).items()
        if any(row.origin in stays for row in rows)
    }


def with_product_words(rows: QuerySet[Listing]) -> QuerySet[Listing]:
    """These listings with all that a template looks at."""
    return rows.select_related("shop", "product").prefetch_related(
        "product__tags",
        _variants("product__variants"),
        Prefetch("attributes", ListingAttribute.objects.select_related("attribute")),
    )


def with_words(products: QuerySet[Product]) -> QuerySet[Product]:
    """These products with all that a template looks at."""
    return products.prefetch_related("tags", _variants("variants"))


def words_of(product: Product) -> ProductWords:
    """What a template reads of a product that was loaded with its tags, variants, identifiers."""
    variants = list(product.variants.all())
    weights = {f"{v.weight.normalize():f} {v.weight_unit}" if v.weight else "" for v in variants}
    numbers: dict[str, set[str]] = defaultdict(set)
    for variant in variants:
        for row in variant.identifiers.all():
            numbers[row.kind].add(row.value)
    options = {
        str(name): tuple(dict.fromkeys(str(v.options[at]) for v in variants if at < len(v.options)))
        for at, name in enumerate(product.option_names)
    }
    return ProductWords(
        title=product.title,
        brand=product.brand,
        product_type=product.product_type,
        sku=product.sku,
        description=product.description,
        weight=weights.pop() if len(weights) == 1 else "",
        tags=tuple(tag.name for tag in product.tags.all()),
        options=options,
        identifiers={kind: next(iter(v)) for kind, v in numbers.items() if len(v) == 1},
    )


def recipes_of(templates: Iterable[int]) -> dict[int, Recipe]:
    """The recipes of templates by their ids."""
    ids = set(templates)
    if not ids:
        return {}
    rows = ListingTemplate.objects.filter(pk__in=ids).prefetch_related(
        Prefetch("attributes", TemplateAttribute.objects.select_related("attribute")),
        "category__attributes",
    )
    return {row.pk: recipe_of(row) for row in rows}


def recipe_of(template: ListingTemplate) -> Recipe:
    """A template's recipe."""
    form = list(template.category.attributes.all())
    rules = (
        Rule(
            form_field=form_field(rule.attribute, form),
            values=tuple(str(value) for value in rule.values),
            source=rule.field if rule.source == ValueSource.FIELD else "",
            translations={str(word): str(to) for word, to in rule.translations.items()},
        )
        for rule in template.attributes.all()
        if rule.attribute.kind == AttributeKind.PRODUCT
    )
    return Recipe(template.title, template.description, tuple(rules))


def form_field(attribute: CategoryAttribute, form: Iterable[CategoryAttribute] = ()) -> FormField:
    """A property of a category; what it depends on is named by the other properties of `form`."""
    options = {
        (row.external_id, str(choice["id"])): str(choice["name"])
        for row in (form if attribute.required_if else ())
        for choice in row.values
    }
    asked = ((str(one["attribute"]), str(one["value"])) for one in attribute.required_if)
    return FormField(
        pk=attribute.pk,
        external_id=attribute.external_id,
        name=attribute.name,
        choices={str(choice["name"]): str(choice["id"]) for choice in attribute.values},
        is_required=attribute.is_required,
        is_multiple=attribute.is_multiple,
        is_customizable=attribute.is_customizable,
        takes_number=attribute.takes_number,
        required_if=tuple((one[0], options[one]) for one in asked if one in options),
    )


def conditions_of(template: ListingTemplate) -> list[Condition]:
    """When a template is taken by itself."""
    return [Condition(row.kind, row.value) for row in template.conditions.all()]


def _automatic(free: QuerySet[Listing]) -> dict[int, list[ListingTemplate]]:
    """Per shop, the templates that may be taken by themselves, in their order."""
    found: dict[int, list[ListingTemplate]] = defaultdict(list)
    rows = (
        ListingTemplate.objects.filter(
            is_active=True,
            shop__in=free.order_by().values("shop"),
            category__attributes_fetched_at__isnull=False,
            conditions__isnull=False,
        )
        .select_related("category")
        .prefetch_related("conditions")
        .distinct()
        .order_by("position", "name", "pk")
    )
    for row in rows:
        if not category_tree.why_closed(row.category):
            found[row.shop_id].append(row)
    return found


def _plain_words(product: Product) -> ProductWords:
    tags = tuple(tag.name for tag in product.tags.all())
    return ProductWords(brand=product.brand, product_type=product.product_type, tags=tags)


def _told(template: ListingTemplate) -> str:
    return " and ".join(str(row) for row in template.conditions.all())


def _followers(listing_ids: Sequence[int]) -> QuerySet[Listing]:
    """Locked, for of a person's value and a template's written at once the person's must win."""
    rows = Listing.objects.filter(pk__in=listing_ids, template__is_active=True)
    return with_product_words(rows.select_for_update(of=("self",), no_key=True)).order_by("pk")


def _variants(path: str) -> Prefetch[str, QuerySet[Variant], str]:
    return Prefetch(path, Variant.objects.prefetch_related("identifiers"))


def _by_attribute(listing: Listing) -> dict[int, list[ListingAttribute]]:
    held: dict[int, list[ListingAttribute]] = defaultdict(list)
    for row in listing.attributes.all():
        held[row.attribute_id].append(row)
    return held


def _difference(
    listing: Listing,
    recipe: Recipe,
    made: Made,
    held: Mapping[int, list[ListingAttribute]],
    stays: Kept,
) -> tuple[list[int], list[ListingAttribute]]:
    """Ids of values to delete and values to create, so that the listing has what was made."""
    forms = {rule.form_field.pk: rule.form_field for rule in recipe.rules}
    gone: list[int] = []
    new: list[ListingAttribute] = []
    for attribute in {*held, *made.values} - {*stays}:
        values = made.values.get(attribute, ())
        mine = [row for row in held.get(attribute, ()) if row.origin == ValueOrigin.TEMPLATE]
        theirs = [row for row in held.get(attribute, ()) if row.origin != ValueOrigin.TEMPLATE]
        if [row.value for row in mine] == list(values) and not (theirs and values):
            continue
        gone += [row.pk for row in (*mine, *(theirs if values else ()))]
        new += [
            ListingAttribute(
                listing=listing,
                attribute_id=attribute,
                value=value,
                value_external_id=forms[attribute].choices.get(value, ""),
                origin=ValueOrigin.TEMPLATE,
            )
            for value in values
        ]
    return gone, new


def _write_down(rows: Sequence[Listing], filled: Filled, by: str) -> None:
    ListingEvent.objects.bulk_create(
        ListingEvent(
            listing=row,
            old=row.state,
            new=row.state,
            reason=" ".join(["The template could not fill in everything.", *remarks]),
            by=by,
        )
        for row in rows
        if (remarks := filled.remarks.get(row.pk))
    )
