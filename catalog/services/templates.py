"""Verbs on listing templates: apply one, take it off, carry its change to its listings (B14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Case, F, QuerySet, When

from catalog.models import (
    Listing,
    ListingAttribute,
    ListingEvent,
    ListingTemplate,
    Product,
    ValueOrigin,
)
from catalog.ports import listing_channels
from catalog.services import category_tree, listings, template_filling
from catalog.states import ListingState
from catalog.templating.recipes import Condition, Made, Recipe, make
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused

CHUNK = 200


@dataclass
class Applied(BatchReport):
    """What was applied, and how often each value did not fit; the rest of those was filled in."""

    remarks: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """The report's sentence, then what did not fit."""
        if not self.remarks:
            return super().summary()
        told = " ".join(
            f"{text} ({count:,})" if count > 1 else text
            for text, count in self.remarks.most_common(5)
        )
        return f"{super().summary()} Not everything could be filled in: {told}"

    @property
    def is_clean(self) -> bool:
        return super().is_clean and not self.remarks


@dataclass(frozen=True)
class Renewal:
    """How many listings follow a template, how many of them changed now, and if all were seen."""

    seen: int
    changed: int
    is_complete: bool


@dataclass(frozen=True)
class Outlook:
    """What a template would make of one listing, beside what the listing has now."""

    listing: Listing
    title: str
    made: Made
    is_title_by_hand: bool
    is_description_by_hand: bool
    is_other_category: bool
    kept: dict[int, tuple[str, ...]]


def apply(
    listing_ids: Iterable[int], template: ListingTemplate, *, by: str, replace: bool = False
) -> Applied:
    """Put a template on listings: its category, its texts, and its values for properties.

    What a person gave a listing stays, unless `replace`; what was read from the channel does not.
    Raises `Refused` if the template is inactive or its category cannot hold products.
    """
    if not template.is_active:
        raise Refused(f"The template “{template}” is inactive. Activate it first.")
    if reason := category_tree.why_closed(template.category):
        raise Refused(reason)
    report = Applied("Applied to")
    ids = list(listing_ids)
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            _apply_chunk(ids[start : start + CHUNK], template, by, replace, report)
    return report


def _apply_chunk(
    ids: Sequence[int], template: ListingTemplate, by: str, replace: bool, report: Applied
) -> None:
    rows = Listing.objects.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk")
    found = list(rows.values_list("pk", "shop", "state"))
    here = [(pk, state) for pk, shop, state in found if shop == template.shop_id]
    free = {pk: state for pk, state in here if state != ListingState.PUBLISHING}
    if foreign := len(found) - len(here):
        report.refused[f"It is not on {template.shop}"] += foreign
    if busy := len(here) - len(free):
        report.refused["It is being published right now"] += busy
    kept = ListingAttribute.objects.filter(listing__in=free)
    kept.exclude(attribute__category=template.category_id).delete()
    changes: dict[str, object] = {"template": template, "category": template.category}
    if replace:
        kept.filter(attribute__in=template.attributes.values("attribute")).delete()
        changes |= {"title": "", "description": ""}
    Listing.objects.filter(pk__in=free).update(**changes)
    ListingEvent.objects.bulk_create(
        ListingEvent(
            listing_id=pk, old=state, new=state, reason=f"Template “{template}” was applied.", by=by
        )
        for pk, state in free.items()
    )
    filled = template_filling.fill(list(free), over_channel=True, by=by)
    listings.refresh_readiness(list(free), by=by)
    report.done += len(free)
    report.remarks.update(remark for told in filled.remarks.values() for remark in told)


def take_off(listing_ids: Iterable[int], *, keep: bool, by: str) -> BatchReport:
    """Take the template off listings; their category stays.

    `keep`: the texts and values it gave become the listing's own; else they go with it.
    """
    report = BatchReport("Taken off")
    ids = list(listing_ids)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with transaction.atomic():
            rows = Listing.objects.filter(pk__in=chunk).exclude(template=None)
            held = {
                pk: (state, name)
                for pk, state, name in rows.values_list("pk", "state", "template__name")
            }
            _release(Listing.objects.filter(pk__in=held), keep=keep)
            ListingEvent.objects.bulk_create(
                ListingEvent(
                    listing_id=pk,
                    old=state,
                    new=state,
                    reason=f"Template “{name}” was taken off.",
                    by=by,
                )
                for pk, (state, name) in held.items()
            )
            listings.refresh_readiness(list(held), by=by)
        report.done += len(held)
        if rest := len(set(chunk)) - len(held):
            report.skipped["it has no template"] += rest
    return report


def delete(template: ListingTemplate) -> None:
    """Delete a template; its listings keep its texts and values as their own."""
    with transaction.atomic():
        _release(Listing.objects.filter(template=template), keep=True)
        template.delete()


def _release(rows: QuerySet[Listing], *, keep: bool) -> None:
    values = ListingAttribute.objects.filter(
        listing__in=rows.order_by().values("pk"), origin=ValueOrigin.TEMPLATE
    )
    changes: dict[str, object] = {}
    if keep:
        values.update(origin=ValueOrigin.PERSON)
        changes = {
            "title": _own_or_made("title"),
            "description": _own_or_made("description"),
        }
    else:
        values.delete()
    rows.update(**changes, template_title="", template_description="", template=None)


def _own_or_made(name: str) -> Case:
    return Case(When(**{name: ""}, then=F(f"template_{name}")), default=F(name))


def renew(template: ListingTemplate, *, until: Callable[[], bool] = lambda: False) -> Renewal:
    """Carry the template's last change to the listings that follow it, from where it stopped.

    Each chunk is written down with the position, so a killed worker loses nothing; a template
    that is changed meanwhile begins anew with its own run.
    """
    seen = changed = 0
    while chunk := _next_followers(template):
        with transaction.atomic():
            filled = template_filling.fill(chunk, by=f"template “{template}”"[:150])
            listings.refresh_readiness(filled.changed, by=f"template “{template}”"[:150])
            # A template that was saved meanwhile has begun again.
            mine = ListingTemplate.objects.filter(pk=template.pk, updated_at=template.updated_at)
            if not mine.update(carried_to=chunk[-1]):
                transaction.set_rollback(True)
                return Renewal(seen, changed, is_complete=True)
        template.carried_to = chunk[-1]
        seen += len(chunk)
        changed += len(filled.changed)
        if until():
            return Renewal(seen, changed, is_complete=not _next_followers(template))
    return Renewal(seen, changed, is_complete=True)


def _next_followers(template: ListingTemplate) -> list[int]:
    rows = Listing.objects.filter(template=template, pk__gt=template.carried_to).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:CHUNK])


# -- looking before anything happens -------------------------------------------------------------


def outlook(
    template: ListingTemplate, rows: QuerySet[Listing], *, replace: bool = False
) -> list[Outlook]:
    """What `apply` would make of these listings, without doing it."""
    recipe = template_filling.recipes_of([template.pk])[template.pk]
    loaded = template_filling.with_product_words(rows)
    found = []
    for row in loaded:
        in_form = {rule.form_field.pk for rule in recipe.rules}
        kept = template_filling.kept(row, over_channel=True)
        if replace:
            kept = {pk: values for pk, values in kept.items() if pk not in in_form}
        found.append(
            Outlook(
                listing=row,
                title=row.title_to_send,
                made=template_filling.make_for(row, recipe, kept=kept),
                is_title_by_hand=bool(row.title) and not replace,
                is_description_by_hand=bool(row.description) and not replace,
                is_other_category=row.category_id != template.category_id,
                kept={pk: values for pk, values in kept.items() if pk in in_form},
            )
        )
    return found


def remarks_of(listing: Listing) -> tuple[str, ...]:
    """What the listing's template cannot fill in now, in plain words."""
    if listing.template is None or not listing.template.is_active:
        return ()
    recipe = template_filling.recipes_of([listing.template.pk])[listing.template.pk]
    (row,) = template_filling.with_product_words(Listing.objects.filter(pk=listing.pk))
    return template_filling.make_for(row, recipe, kept=template_filling.kept(row)).remarks


def try_on(template: ListingTemplate, recipe: Recipe, product: Product) -> Made:
    """What a recipe, saved or not, makes of one product on the template's shop."""
    limits = listing_channels.get(template.shop.channel).limits(template.shop)
    return make(recipe, template_filling.words_of(product), title_limit=limits.title_max)


def fitting_products(
    template: ListingTemplate, conditions: Sequence[Condition], *, most: int
) -> list[Product]:
    """The newest products of the merchant that meet the conditions; without any, the newest."""
    merchant = template.shop.merchant_id
    rows = template_filling.with_words(Product.objects.filter(merchant=merchant)).order_by("-pk")
    for condition in conditions:
        field_name = {"tag": "tags__name", "brand": "brand", "type": "product_type"}[condition.kind]
        rows = rows.filter(**{f"{field_name}__iexact": condition.value.strip()})
    return list(rows[:most])
