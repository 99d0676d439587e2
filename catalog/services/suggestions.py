"""Suggesting categories for listings and taking suggestions, so that each one can be reviewed."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count

from catalog.models import ChannelCategory, Listing, ListingEvent, Shop
from catalog.ports import taxonomy_sources
from catalog.services import listings, taxonomy
from catalog.states import ListingState
from catalog.suggesting import Chosen, Clues, Leaf, Ranker, Suggestion, why_not
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.errors import Failure, Refused

CHUNK = 500
RECOMMENDATION_KEPT_FOR = 24 * 60 * 60
CATEGORIZED = "it has a category already"

Counts = dict[tuple[str, str], dict[str, int]]


@dataclass
class Plan:
    """What would be taken, by category and listing, and why the rest would not."""

    taken: dict[int, dict[int, Suggestion]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)


def suggest(listing_ids: Sequence[int]) -> dict[int, list[Suggestion]]:
    """The three categories that fit each listing best; the channel is not asked.

    What the merchant chose before for the same tag or type counts, on any shop of that channel.
    """
    found: dict[int, list[Suggestion]] = {}
    for start in range(0, len(listing_ids), CHUNK):
        rows = list(
            Listing.objects.filter(pk__in=listing_ids[start : start + CHUNK])
            .select_related("product", "shop")
            .prefetch_related("product__tags")
        )
        rankers = _rankers(rows)
        recommended = cache.get_many([_recommendation_key(row) for row in rows])
        for row in rows:
            clues = Clues(
                title=row.title_to_send,
                tags=tuple(tag.name for tag in row.product.tags.all()),
                product_type=row.product.product_type,
                recommended=recommended.get(_recommendation_key(row), ""),
            )
            found[row.pk] = rankers[row.shop_id].suggest(clues)
    return found


def plan(listing_ids: Sequence[int], *, at_least: int) -> Plan:
    """What `accept` would do, without doing it."""
    result = Plan()
    ids = list(dict.fromkeys(listing_ids))
    uncategorized: list[int] = []
    for start in range(0, len(ids), CHUNK):
        some = Listing.objects.filter(pk__in=ids[start : start + CHUNK])
        uncategorized += some.filter(category=None).order_by("pk").values_list("pk", flat=True)
    if rest := len(ids) - len(uncategorized):
        result.skipped[CATEGORIZED] += rest
    for listing, found in suggest(uncategorized).items():
        if reason := why_not(found, at_least=at_least):
            result.skipped[reason] += 1
        else:
            result.taken.setdefault(found[0].category_id, {})[listing] = found[0]
    return result


def accept(listing_ids: Sequence[int], *, at_least: int, by: str) -> BatchReport:
    """Categorize every listing whose best suggestion is certain enough, open, and without a rival.

    What has a category keeps it.
    """
    report = BatchReport("Categorized")
    wanted = plan(listing_ids, at_least=at_least)
    report.skipped.update(wanted.skipped)
    categories = ChannelCategory.objects.select_related("shop").in_bulk(wanted.taken)
    for category_id, taken in wanted.taken.items():
        category = categories[category_id]
        try:
            taxonomy.ensure_form(category)
        except Failure as error:
            report.refused[error.message] += len(taken)
            continue
        for some in _in_chunks(taken):
            _categorize(some, category, by, report)
    return report


def take(listing_id: int, category_id: int, *, by: str) -> Suggestion:
    """Set one suggestion that a person chose, restricted or not; return it."""
    chosen = next(
        (one for one in suggest([listing_id])[listing_id] if one.category_id == category_id), None
    )
    if chosen is None:
        raise Refused("This category is no longer suggested. Look at the suggestions again.")
    category = ChannelCategory.objects.select_related("shop").get(pk=category_id)
    taxonomy.ensure_form(category)
    report = BatchReport("Categorized")
    _categorize({listing_id: chosen}, category, by, report)
    if not report.done:
        raise Refused(report.summary())
    return chosen


def ask_channel(listing: Listing) -> ChannelCategory | None:
    """Ask the channel which category it recommends; its answer counts as a clue for a day."""
    source = taxonomy_sources.get(listing.shop.channel)
    answer = source.recommend(
        listing.shop, title=listing.title_to_send, description=listing.description_to_send
    )
    cache.set(_recommendation_key(listing), answer, RECOMMENDATION_KEPT_FOR)
    return ChannelCategory.objects.filter(shop=listing.shop, external_id=answer).first()


def ask_many(listing_ids: Sequence[int]) -> BatchReport:
    """Ask the channel about each without a category; an answer of today is not asked for again."""
    report = BatchReport("Asked the channel about")
    rows = list(
        Listing.objects.filter(pk__in=listing_ids).select_related("product", "shop").order_by("pk")
    )
    known = cache.get_many([_recommendation_key(row) for row in rows])
    for row in rows:
        if row.category_id is not None:
            report.skipped[CATEGORIZED] += 1
        elif _recommendation_key(row) in known:
            report.skipped["the channel was asked today"] += 1
        else:
            _ask_into(report, row)
    return report


def _ask_into(report: BatchReport, row: Listing) -> None:
    try:
        found = ask_channel(row)
    except Refused as error:
        report.refused[error.message] += 1
        return
    report.done += found is not None
    if found is None:
        report.skipped["the channel recommends none"] += 1


def _categorize(
    taken: Mapping[int, Suggestion], category: ChannelCategory, by: str, report: BatchReport
) -> None:
    try:
        with transaction.atomic():
            # A person may have categorized some meanwhile: theirs stands.
            free = dict(
                Listing.objects.filter(pk__in=taken, category=None)
                .exclude(state=ListingState.PUBLISHING)
                .select_for_update(no_key=True)
                .order_by("pk")
                .values_list("pk", "state")
            )
            ListingEvent.objects.bulk_create(
                ListingEvent(listing_id=pk, old=state, new=state, reason=_words(taken[pk]), by=by)
                for pk, state in free.items()
            )
            done = listings.categorize(free, category, by=by)
    except Failure as error:
        report.refused[error.message] += len(taken)
        return
    report.done += done.done
    report.refused.update(done.refused)
    if rest := len(taken) - len(free):
        report.skipped[CATEGORIZED] += rest


def _words(chosen: Suggestion) -> str:
    return f"Category “{chosen.path}” was suggested, {chosen.confidence}% certain: {chosen.reason}"


def _in_chunks(taken: Mapping[int, Suggestion]) -> Iterator[dict[int, Suggestion]]:
    items = list(taken.items())
    for start in range(0, len(items), CHUNK):
        yield dict(items[start : start + CHUNK])


def _rankers(rows: Sequence[Listing]) -> dict[int, Ranker]:
    """One ranker per shop of these listings."""
    shops: dict[int, Shop] = {row.shop_id: row.shop for row in rows}
    leaves: dict[int, list[Leaf]] = defaultdict(list)
    nodes = ChannelCategory.objects.filter(shop__in=shops).leaves().order_by("pk")
    for pk, shop_id, external_id, path, permission in nodes.values_list(
        "pk", "shop", "external_id", "path", "permission"
    ):
        leaves[shop_id].append(Leaf(pk, external_id, path, permission))
    chosen = _chosen(rows)
    return {
        pk: Ranker(leaves[pk], chosen[shop.merchant_id, shop.channel]) for pk, shop in shops.items()
    }


def _chosen(rows: Sequence[Listing]) -> Mapping[tuple[int, str], Chosen]:
    """What each merchant chose on each channel for the tags and types of these listings."""
    before = Listing.objects.filter(
        shop__merchant__in={row.shop.merchant_id for row in rows}, category__isnull=False
    ).order_by()
    tags = {tag.pk for row in rows for tag in row.product.tags.all()}
    types = {row.product.product_type for row in rows} - {""}
    found: dict[tuple[int, str], Counts] = defaultdict(lambda: defaultdict(dict))
    for kind, field_name, some in (
        ("tag", "product__tags__name", before.filter(product__tags__in=tags)),
        ("type", "product__product_type", before.filter(product__product_type__in=types)),
    ):
        counts = some.values_list(
            "shop__merchant", "shop__channel", field_name, "category__external_id"
        ).annotate(count=Count("pk"))
        for merchant, channel, text, external_id, count in counts:
            known = found[merchant, channel][kind, text.strip().casefold()]
            known[external_id] = known.get(external_id, 0) + count
    return found


def _recommendation_key(listing: Listing) -> str:
    digest = hashlib.sha256(listing.title_to_send.encode()).hexdigest()[:32]
    return f"category:{listing.shop_id}:{digest}"
