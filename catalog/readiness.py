"""Which requirements of a channel a listing misses, all at once, without asking the channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from catalog.media_rules import check_image
from catalog.ports import Dimensions, ListingLimits, Weight
from catalog.readiness_category import (
    NO_DOCUMENTS,
    CategoryFacts,
    ComplianceFacts,
    Missing,
    missing_of_category,
    some,
)

GRAMS = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
}


@dataclass(frozen=True)
class ImageFacts:
    sha256: str
    width: int
    height: int
    size: int
    format: str
    problem: str = ""


@dataclass(frozen=True)
class VariantFacts:
    sku: str
    options: tuple[str, ...]
    price: Decimal | None  # wanted in this shop, in the shop's currency
    catalog_currency: str
    weight: Weight | None
    dimensions: Dimensions | None
    quantity: int  # available units, summed over the mapped fulfillment centers
    identifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ListingFacts:
    """Everything the check looks at; loaded in bulk by `services.listing_facts`."""

    title: str
    description: str
    brand: str
    currency: str
    option_names: tuple[str, ...]
    variants: tuple[VariantFacts, ...]
    images: tuple[ImageFacts, ...]
    images_waiting: int
    #: Every picture in order, by address or content; fetching one is no change of the listing.
    image_keys: tuple[str, ...]
    category: CategoryFacts | None
    is_on_channel: bool = False
    #: The channel took it in this category with documents and persons that are not known here.
    keeps_documents: bool = False
    compliance: ComplianceFacts = NO_DOCUMENTS
    today: date = date.min  # a day of UTC, by which certificates expire


def missing(facts: ListingFacts, limits: ListingLimits) -> list[Missing]:
    """Return every unmet requirement (R39-R52); an empty list means ready to publish."""
    found: list[Missing] = []
    for check in (_texts, _variants, _weight, _images, _category):
        found.extend(check(facts, limits))
    return found


def _texts(facts: ListingFacts, limits: ListingLimits) -> Iterator[Missing]:
    length = len(facts.title)
    allowed = f"{limits.title_min} to {limits.title_max} characters"
    if not facts.title.strip():
        yield Missing("title", "The title is missing.", "none", allowed)
    elif not limits.title_min <= length <= limits.title_max:
        yield Missing("title", "The title is too long or too short.", f"{length}", allowed)
    size = len(facts.description)
    if not facts.description.strip():
        yield Missing("description", "The description is missing.", "none", "some text")
    elif size > limits.description_max:
        yield Missing(
            "description",
            "The description is too long.",
            f"{size:,} characters",
            f"at most {limits.description_max:,}",
        )


def _variants(facts: ListingFacts, limits: ListingLimits) -> Iterator[Missing]:
    if not facts.variants:
        yield Missing("sku", "The product has no SKU.", "none", "at least one")
        return
    if len(facts.variants) > limits.variants_max:
        yield Missing(
            "variants",
            "The product has too many variants.",
            f"{len(facts.variants)}",
            f"at most {limits.variants_max}",
        )
    yield from _options(facts)
    for variant in facts.variants:
        yield from _sku(variant, limits)
        yield from _price(variant, facts.currency, limits)
    if sum(variant.quantity for variant in facts.variants) <= 0:
        yield Missing(
            "quantity",
            "No quantity is available in a fulfillment center that is mapped to this shop.",
            "0",
            "at least 1",
        )


def _options(facts: ListingFacts) -> Iterator[Missing]:
    if len(facts.variants) < 2:
        return
    wanted = len(facts.option_names)
    if not wanted:
        yield Missing(
            "options",
            "The product has several variants and no option that tells them apart.",
            "none",
            "an option such as Color or Size",
        )
        return
    bad = [v.sku for v in facts.variants if len(v.options) != wanted or not all(v.options)]
    if bad:
        names = " and ".join(facts.option_names)
        yield Missing("options", f"Variants without a value for {names}.", some(bad), names)
    seen = [v.options for v in facts.variants]
    twice = [v.sku for v in facts.variants if seen.count(v.options) > 1]
    if twice:
        yield Missing(
            "options", "Variants with the same options.", some(twice), "each combination once"
        )


def _sku(variant: VariantFacts, limits: ListingLimits) -> Iterator[Missing]:
    if not variant.sku or " " in variant.sku or len(variant.sku) > limits.sku_max:
        yield Missing(
            "sku",
            f"The SKU “{variant.sku}” cannot be used on the channel.",
            f"{len(variant.sku)} characters" + (", with spaces" if " " in variant.sku else ""),
            f"1 to {limits.sku_max} characters, no spaces",
        )


def _price(variant: VariantFacts, currency: str, limits: ListingLimits) -> Iterator[Missing]:
    allowed = f"{limits.price_min:,} to {limits.price_max:,} {currency}"
    if variant.price is None and variant.catalog_currency != currency:
        yield Missing(
            "price",
            f"{variant.sku} has no price in {currency}: set an own price for this shop, or a price "
            "rule with an exchange rate.",
            f"the catalog has prices in {variant.catalog_currency}",
            allowed,
        )
    elif variant.price is None:
        yield Missing("price", f"The price of {variant.sku} is missing.", "none", allowed)
    elif not limits.price_min <= variant.price <= limits.price_max:
        yield Missing(
            "price",
            f"The price of {variant.sku} is outside the channel's limits.",
            f"{variant.price:,}",
            allowed,
        )


def _weight(facts: ListingFacts, limits: ListingLimits) -> Iterator[Missing]:
    most = limits.weight_max
    allowed = f"above 0 and at most {most.value} {most.unit}"
    without = [v.sku for v in facts.variants if v.weight is None or v.weight.value <= 0]
    if without:
        yield Missing("weight", "The shipping weight is missing.", some(without), allowed)
    for variant in facts.variants:
        if variant.weight and _grams(variant.weight) > _grams(most):
            found = f"{variant.weight.value} {variant.weight.unit}"
            yield Missing("weight", f"{variant.sku} is too heavy.", found, allowed)
    needs = limits.dimensions_required or bool(facts.category and facts.category.needs_dimensions)
    if needs and facts.variants and not any(v.dimensions for v in facts.variants):
        yield Missing(
            "dimensions", "The package dimensions are missing.", "none", "length, width and height"
        )


def _images(facts: ListingFacts, limits: ListingLimits) -> Iterator[Missing]:
    usable = [image for image in facts.images if not image.problem]
    if not usable:
        if facts.images_waiting:
            sentence = "The primary image has not been fetched yet."
        else:
            sentence = "The primary image is missing."
        broken = next((image.problem for image in facts.images), "none")
        yield Missing("image", sentence, broken, "a JPG, PNG or WEBP picture")
        return
    primary = usable[0]
    for finding in check_image(primary.width, primary.height, primary.size, primary.format):
        yield Missing("image", finding.sentence, finding.found, finding.allowed)


def _category(facts: ListingFacts, limits: ListingLimits) -> Iterator[Missing]:
    yield from missing_of_category(
        facts.category,
        facts.compliance,
        is_on_channel=facts.is_on_channel,
        keeps_documents=facts.keeps_documents,
        today=facts.today,
    )


def _grams(weight: Weight) -> Decimal:
    return weight.value * GRAMS[weight.unit]
