"""What a template makes of products, shown on its page, as saved or as it is being typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from catalog.models import ListingTemplate, Product
from catalog.services import template_filling, templates
from catalog.templating.recipes import Condition, Recipe, fits
from marketplace.kernel.admin import link_to

SAMPLE = 3


@dataclass(frozen=True)
class Sample:
    """One product as the template would list it."""

    product: object
    sku: str
    title: str
    is_title_made: bool
    description: SafeString
    values: list[tuple[str, str]]
    remarks: tuple[str, ...]
    fits: bool


@dataclass(frozen=True)
class Preview:
    """The products that were tried, and a sentence about which ones these are."""

    words: str
    samples: list[Sample]


def preview(
    template: ListingTemplate, recipe: Recipe, conditions: Sequence[Condition], sku: str
) -> Preview:
    """Try a recipe on the product of that SKU, else on the newest that meet the conditions."""
    if sku:
        rows = Product.objects.filter(merchant=template.shop.merchant_id, sku__iexact=sku)
        products = list(template_filling.with_words(rows)[:1])
        words = f"On {sku}:"
        if not products:
            words = f"{template.shop.merchant} has no product with the SKU “{sku}”."
    else:
        products = templates.fitting_products(template, conditions, most=SAMPLE)
        which = "that meet the conditions" if conditions else "of the merchant"
        words = f"On the newest products {which}:"
        if not products:
            words = f"There is no product yet {which.replace('meet', 'meets')}."
    names = {rule.form_field.pk: rule.form_field.name for rule in recipe.rules}
    return Preview(
        words,
        [_sample(template, recipe, conditions, row, names) for row in products],
    )


def _sample(
    template: ListingTemplate,
    recipe: Recipe,
    conditions: Sequence[Condition],
    product: Product,
    names: dict[int, str],
) -> Sample:
    made = templates.try_on(template, recipe, product)
    values = [(name, ", ".join(made.values.get(pk, ())) or "–") for pk, name in names.items()]
    return Sample(
        product=link_to(product, product.title),
        sku=product.sku,
        title=made.title or product.title,
        is_title_made=bool(made.title),
        # make_description sanitizes what it makes.
        description=mark_safe(made.description),
        values=values,
        remarks=made.remarks,
        fits=not conditions or fits(conditions, template_filling.words_of(product)),
    )


def saved(template: ListingTemplate, sku: str = "") -> Preview:
    """The preview of a template as it is in the database."""
    recipe = template_filling.recipes_of([template.pk])[template.pk]
    return preview(template, recipe, template_filling.conditions_of(template), sku)


def typed(template: ListingTemplate, form: Any, formsets: Sequence[Any], sku: str) -> Preview:
    """The preview of a form that is valid and not saved."""
    conditions, rules = formsets
    given = form.cleaned_data
    recipe = rules.recipe(given["title"], given["description"])
    return preview(template, recipe, conditions.conditions(), sku)
