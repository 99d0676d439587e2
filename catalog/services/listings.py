"""Staging, categorizing and filling in listings; they move between Incomplete and Ready by this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from catalog.models import (
    CategoryAttribute,
    ChannelCategory,
    Listing,
    ListingAttribute,
    ListingEvent,
    Product,
    Shop,
)
from catalog.services import category_tree, template_filling, wanted
from catalog.services.completeness import refresh_readiness as refresh_readiness
from catalog.states import ListingState, ShopState
from catalog.templating.values import misfit
from marketplace.kernel import many
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Refused

CHUNK = 500

#: In these states the requirement check alone decides where a listing stands (R36).
CHECKED = (ListingState.INCOMPLETE, ListingState.READY)


def stage(products: Iterable[int], shop: Shop, *, by: str) -> BatchReport:
    """Create one staged listing per product on a shop; a second run creates none (R27).

    `products` are ids; those of another merchant are refused.
    """
    report = BatchReport("Staged")
    if shop.state == ShopState.DISCONNECTED:
        raise Refused(f"{shop} is disconnected. Connect it again before staging listings.")
    ids = list(products)
    for start in range(0, len(ids), CHUNK):
        _stage_chunk(ids[start : start + CHUNK], shop, by, report)
    return report


def _stage_chunk(ids: Sequence[int], shop: Shop, by: str, report: BatchReport) -> None:
    with transaction.atomic():
        # Of two people who stage the same products at once, the second waits and finds them staged.
        own = set(
            Product.objects.filter(pk__in=ids, merchant=shop.merchant_id)
            .select_for_update(no_key=True)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        staged = set(
            Listing.objects.filter(shop=shop, product__in=own).values_list("product", flat=True)
        )
        new = sorted(own - staged)
        Listing.objects.bulk_create(
            [Listing(shop=shop, product_id=product) for product in new], ignore_conflicts=True
        )
        rows = list(Listing.objects.filter(shop=shop, product__in=new).select_related("shop"))
        many.insert(
            [ListingEvent(listing=row, new=row.state, reason="Staged", by=by) for row in rows]
        )
        template_filling.follow(rows, by=by)
        wanted.refresh_offers(rows)
        refresh_readiness([row.pk for row in rows], by=by)
    report.done += len(new)
    if foreign := len(set(ids)) - len(own):
        report.refused[f"It does not belong to {shop.merchant}"] += foreign
    if staged:
        report.skipped["it is staged already"] += len(staged)


def categorize(listings: Iterable[int], category: ChannelCategory, *, by: str) -> BatchReport:
    """Set one leaf category on all these listings of its shop (R31).

    Values of a former category's form are dropped, and a template of another category is taken
    off. What is being published right now is refused.
    """
    if reason := category_tree.why_closed(category):
        raise Refused(reason)
    report = BatchReport("Categorized")
    ids = list(listings)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with transaction.atomic():
            rows = Listing.objects.filter(pk__in=chunk)
            foreign = rows.exclude(shop=category.shop_id).count()
            if foreign:
                report.refused[f"It is not on {category.shop}"] += foreign
            busy = rows.filter(shop=category.shop_id, state=ListingState.PUBLISHING).count()
            if busy:
                report.refused["It is being published right now"] += busy
            free = rows.filter(shop=category.shop_id).exclude(state=ListingState.PUBLISHING)
            kept = list(free.values_list("pk", flat=True))
            ListingAttribute.objects.filter(listing__in=kept).exclude(
                attribute__category=category
            ).delete()
            template_filling.let_go(kept, category)
            report.done += Listing.objects.filter(pk__in=kept).update(category=category)
            refresh_readiness(kept, by=by)
    return report


def set_attribute(
    listings: Iterable[int], attribute: CategoryAttribute, values: Sequence[str], *, by: str
) -> BatchReport:
    """Fill one field of the category's form for many listings (R33, GB1).

    Raises `Refused`, changing nothing, if the channel's form does not take these values.
    """
    cleaned = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    check_values(attribute, cleaned)
    known = {choice["name"]: str(choice["id"]) for choice in attribute.values}
    report = BatchReport("Filled in")
    ids = list(listings)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with transaction.atomic():
            rows = Listing.objects.filter(pk__in=chunk, category=attribute.category_id)
            locked = rows.select_for_update(no_key=True).order_by("pk")
            fitting = list(locked.values_list("pk", flat=True))
            if other := len(set(chunk)) - len(fitting):
                report.refused[f"It is not in {attribute.category}"] += other
            # Where these values stand already they keep their origin, such as a template.
            changing = _holding_others(fitting, attribute, cleaned)
            ListingAttribute.objects.filter(listing__in=changing, attribute=attribute).delete()
            ListingAttribute.objects.bulk_create(
                ListingAttribute(
                    listing_id=listing,
                    attribute=attribute,
                    value=value,
                    value_external_id=known.get(value, ""),
                )
                for listing in changing
                for value in cleaned
            )
            # A template's texts may name the property.
            template_filling.fill(fitting)
            report.done += len(fitting)
            refresh_readiness(fitting, by=by)
    return report


def _holding_others(
    listing_ids: Sequence[int], attribute: CategoryAttribute, values: Sequence[str]
) -> list[int]:
    held: dict[int, list[str]] = {pk: [] for pk in listing_ids}
    rows = ListingAttribute.objects.filter(listing__in=listing_ids, attribute=attribute)
    for listing, value in rows.order_by("pk").values_list("listing", "value"):
        held[listing].append(value)
    return [pk for pk, found in held.items() if found != list(values)]


def check_values(attribute: CategoryAttribute, values: Sequence[str]) -> None:
    """Raise `Refused` if the channel's form would not take these values."""
    if reason := misfit(template_filling.form_field(attribute), values):
        raise Refused(reason)


def refresh_of_products(products: Iterable[int], *, by: str = "") -> None:
    """Products changed: bring their offers, quantities and readiness on every shop up to date."""
    ids = list(products)
    for start in range(0, len(ids), CHUNK):
        rows = list(
            Listing.objects.filter(product__in=ids[start : start + CHUNK]).select_related("shop")
        )
        with transaction.atomic():
            wanted.refresh_offers(rows)
            template_filling.follow(rows, by=by or "template")
            refresh_readiness([row.pk for row in rows], by=by)


def refresh_of_variants(variants: Iterable[int]) -> None:
    """Units came or went: listings of these variants may be ready now, or incomplete again."""
    rows = Listing.objects.filter(offers__variant__in=list(variants), state__in=CHECKED)
    refresh_readiness(sorted(set(rows.values_list("pk", flat=True))))


def refresh_of_shop(shop: Shop) -> int:
    """Check every listing of a shop again; return how many."""
    ids = list(Listing.objects.filter(shop=shop).order_by("pk").values_list("pk", flat=True))
    refresh_readiness(ids)
    return len(ids)
