"""Values for the channel's form: fixed ones, or those of a product's field, translated (B14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.readiness_category import is_number_above_zero
from catalog.templating.texts import ProductWords, words_for


@dataclass(frozen=True)
class FormField:
    """One property of a category, as far as its values are concerned."""

    pk: int
    external_id: str
    name: str
    choices: Mapping[str, str] = field(default_factory=dict)  # name of the option -> its id
    is_required: bool = False
    is_multiple: bool = False
    is_customizable: bool = False
    takes_number: bool = False
    #: (attribute's external id, value): where one of them is chosen this is asked, else not.
    required_if: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rule:
    """How one property is filled in: by these values, or from a field of the product.

    With a `source`, `values` are what is taken where that field is empty.
    """

    form_field: FormField
    values: tuple[str, ...] = ()
    source: str = ""
    translations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The values a rule gives; without any, the remark says why if there is something to mend."""

    values: tuple[str, ...] = ()
    remark: str = ""


def misfit(form_field: FormField, values: Sequence[str]) -> str:
    """Why the channel's form would not take these values, or an empty text."""
    name = form_field.name
    if len(values) > 1 and not form_field.is_multiple:
        return f"“{name}” takes one value, not {len(values)}."
    strange = [value for value in values if value not in form_field.choices]
    if strange and form_field.choices and not form_field.is_customizable:
        return f"“{name}” takes only the channel's own options, not “{strange[0]}”."
    if form_field.takes_number:
        wrong = [value for value in strange if not is_number_above_zero(value)]
        if wrong:
            return f"“{name}” takes a number above zero, such as 2 or 0.5, not “{wrong[0]}”."
    return ""


def choose(rule: Rule, words: ProductWords) -> Choice:
    """The values that a rule gives one product; what does not fit is never taken, but told."""
    found = words.values(rule.source) if rule.source else ()
    values = _translated(rule, found) if found else rule.values
    spelled = dict.fromkeys(as_the_form_spells(rule.form_field, value) for value in values)
    chosen = tuple(value for value in spelled if value)
    if rule.source == "tags" and found:
        # A product has tags for many ends; those that name an option are meant.
        return _among_tags(rule, chosen)
    reason = misfit(rule.form_field, chosen)
    if not reason:
        return Choice(chosen)
    if not found:
        return Choice(remark=reason)
    mend = f"Add a translation for it, or correct the product's {words_for(rule.source)}."
    return Choice(remark=f"{reason} {mend}")


def _among_tags(rule: Rule, chosen: tuple[str, ...]) -> Choice:
    fitting = tuple(value for value in chosen if not misfit(rule.form_field, [value]))
    if not fitting:
        return Choice(remark=f"No tag of the product is an option of “{rule.form_field.name}”.")
    reason = misfit(rule.form_field, fitting)
    return Choice(remark=reason) if reason else Choice(fitting)


def _translated(rule: Rule, values: Sequence[str]) -> list[str]:
    known = {word.strip().casefold(): to for word, to in rule.translations.items()}
    return [known.get(value.casefold(), value) for value in values]


def as_the_form_spells(form_field: FormField, value: str) -> str:
    """“cotton” is the channel's “Cotton”."""
    value = value.strip()
    if value in form_field.choices:
        return value
    wanted = value.casefold()
    return next((name for name in form_field.choices if name.casefold() == wanted), value)
