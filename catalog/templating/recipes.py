"""What a template makes of one product, and which template fits it (B14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.templating.texts import ProductWords, make_description, make_title
from catalog.templating.values import Rule, choose


@dataclass(frozen=True)
class Condition:
    """A product has a tag, a brand or a type (`kind` is one of catalog.models.ConditionKind)."""

    kind: str
    value: str


@dataclass(frozen=True)
class Recipe:
    """A template apart from its row, so that one which is not saved yet can be tried."""

    title: str = ""
    description: str = ""
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Made:
    """What a template gives one listing: texts, values by attribute id, and what did not fit."""

    title: str = ""
    description: str = ""
    values: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def make(
    recipe: Recipe,
    words: ProductWords,
    *,
    title_limit: int,
    kept: Mapping[int, tuple[str, ...]] | None = None,
    names: Mapping[int, str] | None = None,
) -> Made:
    """Return what the recipe makes of a product. Nothing is given where a value is `kept`.

    `kept` are values by attribute id that stay as they are, `names` what these are called.
    """
    stay, called = kept or {}, dict(names or {})
    called |= {rule.form_field.pk: rule.form_field.name for rule in recipe.rules}
    given: dict[int, tuple[str, ...]] = {}
    remarks: list[str] = []
    for rule in recipe.rules:
        if rule.form_field.pk in stay:
            continue
        choice = choose(rule, words)
        if choice.values:
            given[rule.form_field.pk] = choice.values
        if choice.remark:
            remarks.append(choice.remark)
    given = _only_where_asked(recipe.rules, given, stay)
    shown = {called[pk]: values for pk, values in {**given, **stay}.items() if pk in called}
    title = make_title(recipe.title, words, shown, limit=title_limit)
    if title.remark:
        remarks.insert(0, title.remark)
    return Made(
        title=title.text,
        description=make_description(recipe.description, words, shown),
        values=given,
        remarks=tuple(remarks),
    )


def _only_where_asked(
    rules: Sequence[Rule], given: dict[int, tuple[str, ...]], stay: Mapping[int, tuple[str, ...]]
) -> dict[int, tuple[str, ...]]:
    """Drop values of properties that must stay empty, as another property is not so."""
    all_values = {**given, **stay}
    by_id = {rule.form_field.external_id: all_values.get(rule.form_field.pk, ()) for rule in rules}
    dropped = {
        rule.form_field.pk
        for rule in rules
        if rule.form_field.required_if
        and not rule.form_field.is_required
        and all(other in by_id for other, _ in rule.form_field.required_if)
        and not any(value in by_id[other] for other, value in rule.form_field.required_if)
    }
    return {pk: values for pk, values in given.items() if pk not in dropped}


def fits(conditions: Iterable[Condition], words: ProductWords) -> bool:
    """Whether all conditions hold; without any, a template is taken by hand alone."""
    rows = list(conditions)
    return bool(rows) and all(_holds(row, words) for row in rows)


def _holds(condition: Condition, words: ProductWords) -> bool:
    wanted = condition.value.strip().casefold()
    held = {
        "tag": words.tags,
        "brand": (words.brand,),
        "type": (words.product_type,),
    }[condition.kind]
    return any(value.strip().casefold() == wanted for value in held)
