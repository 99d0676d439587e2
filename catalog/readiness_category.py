"""What a category and a region demand beyond texts, pictures and prices: one check of readiness.

Properties of the form, certificates, the size chart, the persons of the EU's product safety rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from catalog.media_rules import MEGABYTE, Finding, ImageLimits, check_image

#: A plain decimal number, as channels take it.
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
#: So long before a certificate expires its merchant is told.
EXPIRES_SOON = timedelta(days=30)
SIZE_CHART_SIDE = 1024
SIZE_CHART = ImageLimits(
    min_side=SIZE_CHART_SIDE, max_bytes=10 * MEGABYTE, formats=("JPEG", "PNG", "WEBP", "BMP")
)


@dataclass(frozen=True)
class Missing:
    """One requirement that is not met: the field, a sentence, what was found, what is allowed."""

    field: str
    sentence: str
    found: str = ""
    allowed: str = ""


@dataclass(frozen=True)
class AttributeFacts:
    external_id: str
    name: str
    is_required: bool
    is_customizable: bool
    is_multiple: bool
    is_sales: bool
    choices: frozenset[str]  # names of the suggested options
    values: tuple[str, ...]  # what was filled in
    #: (attribute id, value): where one of them is chosen this is required, else it stays empty.
    required_if: tuple[tuple[str, str], ...] = ()
    takes_number: bool = False


@dataclass(frozen=True)
class CertificationFacts:
    """A document the category asks for."""

    external_id: str
    name: str
    is_required: bool
    needs_expiry: bool = False
    #: (attribute id, value): required only where one of them is chosen, if there are any.
    required_if: tuple[tuple[str, str], ...] = ()
    is_conditional: bool = False


@dataclass(frozen=True)
class CertificateFacts:
    """A document the product has; `external_id` is the certification it is for."""

    external_id: str
    name: str
    sha256: str
    expires_on: date | None


@dataclass(frozen=True)
class SizeChartFacts:
    sha256: str
    width: int
    height: int
    size: int
    format: str


@dataclass(frozen=True)
class ComplianceFacts:
    """What a product has of documents and persons; a person is all that is told of it, or empty."""

    certificates: tuple[CertificateFacts, ...] = ()
    size_chart: SizeChartFacts | None = None
    manufacturer: str = ""
    responsible_person: str = ""


NO_DOCUMENTS = ComplianceFacts()


@dataclass(frozen=True)
class CategoryFacts:
    external_id: str
    path: str
    is_leaf: bool
    is_gone: bool
    is_invite_only: bool
    is_prohibited: bool
    needs_dimensions: bool
    attributes: tuple[AttributeFacts, ...]
    certifications: tuple[CertificationFacts, ...] = ()
    needs_size_chart: bool = False
    takes_size_chart: bool = False
    needs_manufacturer: bool = False
    needs_responsible_person: bool = False


def missing_of_category(
    category: CategoryFacts | None,
    held: ComplianceFacts,
    *,
    is_on_channel: bool,
    keeps_documents: bool,
    today: date,
) -> Iterator[Missing]:
    """Yield every demand of the category that is not met; `today` is a day of UTC.

    `keeps_documents`: the channel took the listing in this category with documents and persons of
    its own, which an edit leaves as they are; that none is known here is then no reason.
    """
    if category is None:
        yield Missing("category", "The category is missing.", "none", "a lowest-level category")
        return
    yield from _place(category, is_on_channel)
    yield from _attributes(category.attributes)
    for wanted in category.certifications:
        if why := why_required(wanted, category.attributes):
            if keeps_documents and not _own(held.certificates, wanted):
                continue
            yield from _certificate(wanted, held.certificates, why, today)
    if held.size_chart or not keeps_documents:
        yield from _size_chart(category, held.size_chart)
    if not keeps_documents:
        yield from _persons(category, held)


def _place(category: CategoryFacts, is_on_channel: bool) -> Iterator[Missing]:
    if category.is_gone or not category.is_leaf:
        yield Missing(
            "category",
            "The category cannot hold products: it is not at the lowest level, or it is gone.",
            category.path,
            "a category at the lowest level",
        )
    if category.is_prohibited:
        yield Missing("category", "The channel prohibits this category.", category.path, "another")
    if category.is_invite_only and not is_on_channel:
        yield Missing(
            "category",
            "This category is invite-only. Ask for approval in Seller Center's Qualification "
            "Center, then refresh the categories here.",
            category.path,
            "an approved category",
        )


# -- properties ------------------------------------------------------------------------------


def _attributes(attributes: Sequence[AttributeFacts]) -> Iterator[Missing]:
    by_id = {attribute.external_id: attribute for attribute in attributes}
    for attribute in attributes:
        if not attribute.is_sales:
            yield from _presence(attribute, by_id)
            yield from _values(attribute)


def _presence(attribute: AttributeFacts, by_id: Mapping[str, AttributeFacts]) -> Iterator[Missing]:
    """A value must be there, or must not be: by itself, or by what another property says."""
    where = f"attribute:{attribute.external_id}"
    name = attribute.name
    conditions = [(by_id[other], value) for other, value in attribute.required_if if other in by_id]
    met = next((found for found in conditions if found[1] in found[0].values), None)
    if attribute.is_required and not attribute.values:
        yield Missing(where, f"“{name}” is required in this category.", "none", _choices(attribute))
    elif met and not attribute.values:
        sentence = f"“{name}” is required because “{met[0].name}” is “{met[1]}”."
        yield Missing(where, sentence, "none", _choices(attribute))
    elif conditions and not (met or attribute.is_required) and attribute.values:
        cases = " or ".join(f"“{other.name}” is “{value}”" for other, value in conditions)
        sentence = f"“{name}” must stay empty unless {cases}."
        yield Missing(where, sentence, ", ".join(attribute.values), "no value")


def _values(attribute: AttributeFacts) -> Iterator[Missing]:
    where = f"attribute:{attribute.external_id}"
    name, options = attribute.name, _choices(attribute)
    if len(attribute.values) > 1 and not attribute.is_multiple:
        found = ", ".join(attribute.values)
        yield Missing(where, f"“{name}” takes one value.", found, "one value")
    for value in attribute.values:
        if value in attribute.choices:
            continue
        if attribute.choices and not attribute.is_customizable:
            yield Missing(where, f"“{name}” takes only the channel's own options.", value, options)
        elif attribute.takes_number and not is_number_above_zero(value):
            yield Missing(where, f"“{name}” takes a number above zero.", value, "such as 2 or 0.5")


def _choices(attribute: AttributeFacts) -> str:
    if attribute.choices:
        return some(sorted(attribute.choices))
    return "a number above zero" if attribute.takes_number else "free text"


def is_number_above_zero(text: str) -> bool:
    return bool(NUMBER.fullmatch(text)) and Decimal(text) > 0


def some(items: Sequence[str], most: int = 5) -> str:
    """Return a few of many as one text."""
    text = ", ".join(items[:most])
    return f"{text} and {len(items) - most} more" if len(items) > most else text


# -- certificates ----------------------------------------------------------------------------


def why_required(wanted: CertificationFacts, attributes: Sequence[AttributeFacts]) -> str:
    """Return why a document is required here, or an empty text where it is not.

    One with conditions is required only where the property of a condition has its value.
    """
    if not wanted.is_conditional:
        return "The category needs a certificate" if wanted.is_required else ""
    for attribute in attributes:
        for other, value in wanted.required_if:
            if attribute.external_id == other and value in attribute.values:
                return f"“{attribute.name}” is “{value}”, so a certificate is needed"
    return ""


def is_expired(expires_on: date | None, today: date) -> bool:
    return expires_on is not None and expires_on <= today


def expires_soon(expires_on: date | None, today: date) -> bool:
    """Whether it is valid still and not for long: a warning, and no reason to hold a listing."""
    return expires_on is not None and today < expires_on <= today + EXPIRES_SOON


def _certificate(
    wanted: CertificationFacts, held: Sequence[CertificateFacts], why: str, today: date
) -> Iterator[Missing]:
    own = _own(held, wanted)
    if any(_is_good(item.expires_on, wanted, today) for item in own):
        return
    name = wanted.name
    if not own:
        sentence = f"{why}: {name}. Upload it on the product's page, under Certificates."
        yield Missing("certificate", sentence, "none", name)
        return
    newest = max(own, key=lambda item: item.expires_on or date.min)
    if newest.expires_on is None:
        sentence = f"The certificate “{name}” has no expiry date, and the channel asks for it."
        yield Missing("certificate", sentence, "no date", "the day it expires")
    else:
        sentence = (
            f"The certificate “{name}” expired on {newest.expires_on}. Upload a renewed one on the "
            "product's page, under Certificates."
        )
        found, allowed = f"expired on {newest.expires_on}", f"a date after {today}"
        yield Missing("certificate", sentence, found, allowed)


def _own(held: Sequence[CertificateFacts], wanted: CertificationFacts) -> list[CertificateFacts]:
    return [item for item in held if item.external_id == wanted.external_id]


def _is_good(expires_on: date | None, wanted: CertificationFacts, today: date) -> bool:
    if expires_on is None:
        return not wanted.needs_expiry
    return not is_expired(expires_on, today)


# -- size chart and persons ------------------------------------------------------------------


def check_size_chart(width: int, height: int, size: int, image_format: str) -> list[Finding]:
    """List what keeps a picture from being a size chart; its shape is free."""
    found = check_image(width, height, size, image_format, limits=SIZE_CHART)
    return [finding for finding in found if finding.rule != "ratio"]


def _size_chart(category: CategoryFacts, chart: SizeChartFacts | None) -> Iterator[Missing]:
    if chart is None:
        if category.needs_size_chart:
            yield Missing(
                "size_chart",
                "The category needs a size chart. Upload it on the product's page, under "
                "Size chart.",
                "none",
                f"a picture of at least {SIZE_CHART_SIDE:,} pixels on its shorter side",
            )
    elif category.needs_size_chart or category.takes_size_chart:
        for finding in check_size_chart(chart.width, chart.height, chart.size, chart.format):
            sentence = f"Size chart: {finding.title[0].lower()}{finding.title[1:]}. {finding.fix}"
            yield Missing("size_chart", sentence, finding.found, finding.allowed)


def _persons(category: CategoryFacts, held: ComplianceFacts) -> Iterator[Missing]:
    for field, words, is_needed, found in (
        ("manufacturer", "manufacturer", category.needs_manufacturer, held.manufacturer),
        (
            "responsible_person",
            "responsible person in the EU",
            category.needs_responsible_person,
            held.responsible_person,
        ),
    ):
        if is_needed and not found:
            yield Missing(
                field,
                f"The {words} is missing. Choose one on the product's page, or make one the "
                "merchant's default.",
                "none",
                "name, address, e-mail and telephone",
            )
